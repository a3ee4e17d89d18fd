//! The web chat's sender: whoever has the page open hears the reply at once.

use async_trait::async_trait;

use super::hub::{Event, Hub, LiveReply};
use super::{Sender, Sent};
use crate::store::OutboxRow;
use crate::types::Channel;

/// Hands replies to the live listeners of their conversation.
///
/// A reply counts as delivered even when nobody listens: it stands in the transcript, and a page that opens or
/// comes back reads it there. The row's id travels along, so a page shows a reply once however often it comes.
#[derive(Debug, Clone)]
pub struct WebSender {
    hub: Hub,
}

impl WebSender {
    /// Sends through `hub`.
    #[must_use]
    pub const fn new(hub: Hub) -> Self {
        Self { hub }
    }
}

#[async_trait]
impl Sender for WebSender {
    fn channel(&self) -> Channel {
        Channel::Web
    }

    async fn send(&self, row: &OutboxRow) -> Sent {
        let Some(content) = row.content.reply() else {
            return Sent::Refused("the web chat shows replies only".to_owned());
        };
        let reply = LiveReply {
            seq: row.seq,
            message_id: row.id.to_string(),
            text: content.text.clone(),
            options: content.options.clone(),
            at: row.at,
        };
        self.hub.publish(&row.pair, Event::Reply(reply));
        Sent::Delivered(None)
    }
}
