//! A place in a conversation for a message that is about to be made durable.

use std::sync::Arc;

use ractor::ActorRef;

use super::actor::{Item, Message, What};
use super::router::Place;
use super::stages::Arrival;
use crate::store::Inbound;

/// A place in a conversation. Dropping it gives the place back.
pub struct Reserved {
    actor: ActorRef<Message>,
    place: Place,
}

impl Reserved {
    pub(super) const fn new(actor: ActorRef<Message>, place: Place) -> Self {
        Self { actor, place }
    }

    /// Hands a message that is in the inbox over to its conversation, which answers it through the outbox. Never waits.
    /// An actor that has died meanwhile loses nothing: what is in the inbox is found there.
    pub fn deliver(self, message: Inbound) {
        let Self { actor, place } = self;
        let _ = actor.send_message(Message::Item(Item {
            what: What::Message(Arc::new(message), None),
            arrived: Arrival::now(),
            due: None,
            place: Some(place),
            kept: None,
        }));
    }
}
