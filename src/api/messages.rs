//! `POST /v1/messages`: the way into a conversation.

use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tracing::Instrument as _;
use utoipa::ToSchema;

use super::App;
use super::auth::Caller;
use super::body::Body;
use super::problem::{Kind, Problem};
use crate::conversation::{Answer, Said};
use crate::ids;
use crate::outbound::Event;
use crate::store::{Inbound, MessageKey};
use crate::text::{normalise_json, normalised};
use crate::types::{BusinessId, Channel, MessageId, Pair, ParticipantId, Trace};

/// The longest text, in characters.
const TEXT_CHARS_MAX: usize = 20_000;

/// The most attachments.
const ATTACHMENTS_MAX: usize = 10;

/// How late a message may be delivered at most; the inbox remembers ids as long.
const DELIVERY_MAX: SignedDuration = SignedDuration::from_hours(8 * 24);

/// A message to a business.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMessage {
    /// The business that is written to.
    #[schema(value_type = String, min_length = 1, max_length = 64, pattern = "^[a-z0-9_-]+$")]
    business_id: BusinessId,
    /// The customer, under whatever name the caller knows them: 1 to 128 printable characters.
    #[schema(value_type = String, min_length = 1, max_length = 128, pattern = r"^[^\u0000-\u001f\u007f-\u009f\ufffd]+$", example = "anna")]
    participant_id: ParticipantId,
    /// What the customer wrote.
    #[schema(
        min_length = 1,
        max_length = 20000,
        example = "gel manicure with Linh on Friday at 2pm"
    )]
    text: String,
    /// The message's id, chosen by the sender. The same id again is the same message: it is answered the same way
    /// and changes nothing. Drawn by the server when it is missing.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 128, pattern = r"^[^\u0000-\u001f\u007f-\u009f\ufffd]+$")]
    message_id: Option<MessageId>,
    /// Where the message came from: `api` (the default; the caller delivers the reply) or `web` (replies go out on
    /// the event stream, too).
    #[serde(default)]
    channel: Option<ChannelName>,
    /// Attachments as the channel described them; kept, never fetched.
    #[serde(default)]
    #[schema(max_items = 10)]
    attachments: Option<Vec<serde_json::Value>>,
    /// When the sender's side says it was sent; not believed when it is more than 8 days ago.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    sent_at: Option<Timestamp>,
}

/// Channels that speak through this API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ChannelName {
    /// The JSON API.
    Api,
    /// The web chat.
    Web,
}

/// A message that is kept and will be answered later.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AcceptedMessage {
    /// The message's id.
    #[schema(value_type = String)]
    message_id: MessageId,
}

/// Say something to a business
///
/// Waits for the answer. When that takes too long the message is kept all the same, and 202 is returned: the reply
/// follows on the event stream and in the transcript.
#[utoipa::path(
    post, path = "/v1/messages", tag = "conversations", operation_id = "sendMessage",
    params(
        ("traceparent" = Option<String>, Header, description = "The trace that the message belongs to (W3C Trace \
         Context). It is passed on with the requests that the turn makes. One that cannot be read is as good as none.",
         example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ),
    request_body = NewMessage,
    responses(
        (status = 200, description = "The answer", body = Answer),
        (status = 202, description = "Kept; the answer follows later", body = AcceptedMessage),
    )
)]
pub(super) async fn say(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    trace: Option<Extension<Trace>>,
    Body(message): Body<NewMessage>,
) -> Result<Response, Problem> {
    let channel = channel(&caller, message.channel)?;
    let mut inbound = message.into_inbound(channel, app.clock.now())?;
    inbound.trace = trace.map(|Extension(trace)| trace);
    let pair = inbound.pair();
    caller.may_speak_for(&pair, &app)?;

    let accept = tracing::debug_span!("accept", conversation = %pair.conversation(), %channel);
    let _share = app.admit(channel, &pair).instrument(accept).await?;
    if channel == Channel::Web {
        app.hub.publish(&pair, Event::Typing);
    }
    let message_id = inbound.key.message_id.clone();
    match app.conversations.say(inbound, app.settings.message_wait).await? {
        Said::Answered(answer) => {
            app.tell_state(&pair, Some(answer.version));
            Ok(Json(answer).into_response())
        }
        Said::Duplicate(answer) => Ok(Json(answer).into_response()),
        Said::Accepted => Ok((StatusCode::ACCEPTED, Json(AcceptedMessage { message_id })).into_response()),
    }
}

/// A visitor's token is for the web chat, and replies on other channels would not reach its page.
fn channel(caller: &Caller, named: Option<ChannelName>) -> Result<Channel, Problem> {
    match (caller, named) {
        (Caller::Operator, None | Some(ChannelName::Api)) => Ok(Channel::Api),
        (_, Some(ChannelName::Web)) | (Caller::Visitor(_), None) => Ok(Channel::Web),
        (Caller::Visitor(_), Some(ChannelName::Api)) => Err(Problem::new(
            Kind::Forbidden,
            "a web chat's token speaks on channel web only",
        )),
    }
}

/// "Tomorrow" counts from when a message was sent, so a sender's clock is believed only within reason: it cannot
/// write from the future, and nobody delivers a message later than providers retry.
fn credible(sent_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let oldest = now.checked_sub(DELIVERY_MAX).unwrap_or(Timestamp::MIN);
    (sent_at >= oldest).then(|| sent_at.min(now))
}

impl NewMessage {
    fn into_inbound(self, channel: Channel, now: Timestamp) -> Result<Inbound, Problem> {
        let invalid = |path: &str, message: String| Err(Problem::fault(Kind::Invalid, path, message));
        if self.text.is_empty() {
            return invalid("text", "must not be empty".to_owned());
        }
        if self.text.chars().count() > TEXT_CHARS_MAX {
            return invalid("text", format!("may have at most {TEXT_CHARS_MAX} characters"));
        }
        let mut attachments = self.attachments.unwrap_or_default();
        if attachments.len() > ATTACHMENTS_MAX {
            return invalid("attachments", format!("may hold at most {ATTACHMENTS_MAX} items"));
        }
        attachments.iter_mut().for_each(normalise_json);

        let pair = Pair {
            business: self.business_id,
            participant: self.participant_id,
        };
        let message_id = match self.message_id {
            Some(id) => id,
            None => MessageId::new(ids::new_id(now).to_string()).map_err(|_| Problem::internal())?,
        };
        Ok(Inbound {
            key: MessageKey {
                channel,
                // Clients choose ids themselves, so an id is unique only within its own conversation.
                account: format!("{}/{}", pair.business, pair.participant),
                message_id,
            },
            business: pair.business,
            participant: pair.participant,
            text: normalised(&self.text),
            attachments: (!attachments.is_empty()).then(|| serde_json::Value::Array(attachments).to_string()),
            address: None,
            sent_at: self.sent_at.and_then(|at| credible(at, now)),
            received_at: now,
            trace: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_senders_clock_is_believed_within_reason() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-11-18T15:00:00Z");
        let believed = |text: &str| credible(at(text), now);
        assert_eq!(believed("2026-11-18T14:59:00Z"), Some(at("2026-11-18T14:59:00Z")));
        assert_eq!(believed("2026-11-19T00:00:00Z"), Some(now));
        assert_eq!(believed("2026-11-11T15:00:00Z"), Some(at("2026-11-11T15:00:00Z")));
        assert_eq!(believed("2000-01-01T00:00:00Z"), None);
    }
}
