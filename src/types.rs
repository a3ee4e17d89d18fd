//! Ids and names that several rooms share.
//!
//! Ids made by us are UUIDs; names given by others (business, participant, message) are validated text,
//! so that a value of these types can be logged, stored and put into a URL without a second thought.

mod language;
mod trace;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha1::{Digest as _, Sha1};
use uuid::Uuid;

pub use language::Language;
pub use trace::{NoTrace, Trace, TraceId};

/// Why a name from outside was refused. The text says what a valid one looks like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {problem}")]
pub struct InvalidName {
    what: &'static str,
    problem: String,
}

fn validate(
    what: &'static str,
    text: &str,
    chars_max: usize,
    allowed: fn(char) -> bool,
    shape: &str,
) -> Result<(), InvalidName> {
    let problem = if text.is_empty() {
        "must not be empty".to_owned()
    } else if text.chars().count() > chars_max {
        format!("must have at most {chars_max} characters")
    } else if !text.chars().all(allowed) {
        format!("may hold only {shape}")
    } else {
        return Ok(());
    };
    Err(InvalidName { what, problem })
}

/// A validated name: text from outside with a length and a set of characters.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $chars_max:literal, $allowed:expr, $shape:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// Checks `text` and makes a name of it.
            ///
            /// # Errors
            /// When it is empty, too long, or holds a character that the name must not have.
            pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidName> {
                let text = text.as_ref();
                validate($what, text, $chars_max, $allowed, $shape)?;
                Ok(Self(text.into()))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;
            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;
            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        // Not by way of `String`: a context names dozens, and is written with every turn.
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// The value of a closed set that has this name; `what` the set is called is part of the refusal.
pub(crate) fn one_of<T: Copy>(
    what: &'static str,
    text: &str,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<T, InvalidName> {
    let found = all.iter().copied().find(|value| name(*value) == text);
    found.ok_or_else(|| {
        let names: Vec<_> = all.iter().copied().map(name).collect();
        InvalidName {
            what,
            problem: format!("must be one of: {}", names.join(", ")),
        }
    })
}

fn slug(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_')
}

fn printable(c: char) -> bool {
    !c.is_control() && c != '\u{FFFD}'
}

name!(
    /// A tenant, for example `demo-salon`.
    BusinessId, "business id", 64, slug, "lower-case letters, digits, '-' and '_'"
);
name!(
    /// An account of a business at a channel, as its operator named it: part of its webhook's address.
    AccountId, "account", 64, slug, "lower-case letters, digits, '-' and '_'"
);
name!(
    /// A service of one business, for example `gel-manicure`.
    ServiceId, "service id", 64, slug, "lower-case letters, digits, '-' and '_'"
);
name!(
    /// A person, room, chair or class of one business, for example `mai`.
    ResourceId, "resource id", 64, slug, "lower-case letters, digits, '-' and '_'"
);
name!(
    /// One customer as one business knows them. Given by the caller of the API or made by us.
    ParticipantId, "participant id", 128, printable, "printable characters"
);
name!(
    /// The id that the sender's side gave a message; unique per channel and account.
    MessageId, "message id", 128, printable, "printable characters"
);

/// A (business, participant) pair: what one conversation, one actor and one context belong to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    /// The business that is written to.
    pub business: BusinessId,
    /// The customer who writes.
    pub participant: ParticipantId,
}

impl Pair {
    /// The conversation of this pair. The id is computed, never looked up, so that a message finds its
    /// conversation without a read.
    #[must_use]
    pub fn conversation(&self) -> ConversationId {
        // Asked for several times a turn, so the parts are hashed where they are, without a text of them all.
        let hash = Sha1::new()
            .chain_update(CONVERSATIONS)
            .chain_update(self.business.as_str())
            // Neither name can hold U+001F, so two pairs never share a text.
            .chain_update("\u{1f}")
            .chain_update(self.participant.as_str())
            .finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        ConversationId(uuid::Builder::from_sha1_bytes(bytes).into_uuid())
    }
}

/// The namespace of conversation ids (RFC 9562, version 5). Changing it orphans every stored conversation.
const CONVERSATIONS: Uuid = Uuid::from_u128(0x6f1d_3c52_8f0e_5d0b_9a41_7b0f_5f0e_c0de);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

id!(
    /// The conversation of a pair.
    ConversationId
);
id!(
    /// A stretch of a conversation between two idle gaps.
    SessionId
);
id!(
    /// One attempt to answer one burst of messages. Unique per attempt, so that an unknown outcome of a
    /// commit can be asked for by it.
    TurnId
);
id!(
    /// Something that the customer wants done.
    GoalId
);
id!(
    /// A visit that occupies resources, from hold to completion.
    AppointmentId
);
id!(
    /// Somebody waiting for a slot to become free.
    WaitlistId
);

/// Where a message came from and where its reply goes. Closed, because it labels metrics.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// The JSON API; its caller delivers the reply.
    Api,
    /// The built-in web chat; the reply is pushed as a server-sent event.
    Web,
    /// `frontdesk chat`.
    Terminal,
    /// WhatsApp, through Meta's Cloud API.
    Whatsapp,
    /// Facebook Messenger.
    Messenger,
    /// Instagram's direct messages.
    Instagram,
    /// A Telegram bot.
    Telegram,
    /// SMS, and WhatsApp, through Twilio.
    Twilio,
    /// A Slack app.
    Slack,
    /// A Discord app's interactions.
    Discord,
    /// Standard Webhooks, for any platform of one's own.
    Standard,
}

impl Channel {
    /// Every channel, for creating metric labels at start.
    pub const ALL: [Self; 11] = [
        Self::Api,
        Self::Web,
        Self::Terminal,
        Self::Whatsapp,
        Self::Messenger,
        Self::Instagram,
        Self::Telegram,
        Self::Twilio,
        Self::Slack,
        Self::Discord,
        Self::Standard,
    ];

    /// Those that reach us by webhook, each with accounts of its own.
    pub const HOOKED: [Self; 8] = [
        Self::Whatsapp,
        Self::Messenger,
        Self::Instagram,
        Self::Telegram,
        Self::Twilio,
        Self::Slack,
        Self::Discord,
        Self::Standard,
    ];

    /// The name used in storage, metrics and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Web => "web",
            Self::Terminal => "terminal",
            Self::Whatsapp => "whatsapp",
            Self::Messenger => "messenger",
            Self::Instagram => "instagram",
            Self::Telegram => "telegram",
            Self::Twilio => "twilio",
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Standard => "standard",
        }
    }

    /// Whether replies are ours to deliver. Elsewhere whoever brought the message gets the reply as its answer.
    #[must_use]
    pub const fn is_ours_to_deliver(self) -> bool {
        !matches!(self, Self::Api | Self::Terminal)
    }
}

impl FromStr for Channel {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        one_of("channel", text, &Self::ALL, Self::as_str)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a customer was heard last, on a channel that has accounts: what a reply must know to find them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// The business's account at the channel.
    pub account: AccountId,
    /// The customer at the channel, as JSON that only the channel's own code writes and reads.
    pub address: String,
    /// When they were heard: providers limit what may be said to whoever has been silent for long.
    pub heard_at: jiff::Timestamp,
}

/// The longest name of a language model, in characters.
pub const MODEL_CHARS_MAX: usize = 200;

/// Whether this may be the name of a language model, as an endpoint calls it.
#[must_use]
pub fn is_model_name(name: &str) -> bool {
    validate("model", name, MODEL_CHARS_MAX, printable, "printable characters").is_ok()
}

/// Days of the week as text (`monday`), for serde; jiff leaves their form to its users.
pub mod weekday {
    use jiff::civil::Weekday;
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    const NAMES: [&str; 7] = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];

    /// The English name in lower case.
    #[must_use]
    pub fn name(day: Weekday) -> &'static str {
        NAMES[usize::from(day.to_monday_zero_offset().unsigned_abs())]
    }

    /// The day of that name; the first three letters are enough.
    #[must_use]
    pub fn parse(text: &str) -> Option<Weekday> {
        let text = text.to_ascii_lowercase();
        let at = NAMES.iter().position(|name| *name == text || name[..3] == text)?;
        Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
    }

    /// For `#[serde(with = "weekday")]`.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(day: &Weekday, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(name(*day))
    }

    /// For `#[serde(with = "weekday")]`.
    ///
    /// # Errors
    /// When the text is no day's name.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Weekday, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| {
            D::Error::custom(format!("\"{text}\" is not a day of the week (monday, tue, ...)"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_always_has_the_same_conversation_and_no_other_pair_has_it() {
        let pair = |b: &str, p: &str| Pair {
            business: BusinessId::new(b).unwrap(),
            participant: ParticipantId::new(p).unwrap(),
        };
        assert_eq!(pair("a", "b").conversation(), pair("a", "b").conversation());
        assert_ne!(pair("a", "b").conversation(), pair("a", "bb").conversation());
        assert_ne!(pair("a-b", "c").conversation(), pair("a", "b-c").conversation());
    }

    #[test]
    fn the_id_of_a_conversation_is_a_uuid_of_version_5() {
        let pair = Pair {
            business: BusinessId::new("demo-salon").unwrap(),
            participant: ParticipantId::new("Zoë").unwrap(),
        };
        let expected = Uuid::new_v5(&CONVERSATIONS, "demo-salon\u{1f}Zoë".as_bytes());
        assert_eq!(pair.conversation().0, expected);
    }

    #[test]
    fn names_say_what_is_wrong_with_them() {
        let said = |text: &str| BusinessId::new(text).unwrap_err().to_string();
        assert_eq!(said(""), "business id must not be empty");
        assert_eq!(
            said("Demo Salon"),
            "business id may hold only lower-case letters, digits, '-' and '_'"
        );
        assert_eq!(
            said(&"x".repeat(65)),
            "business id must have at most 64 characters"
        );
        assert!(ParticipantId::new("+1 (555) 010-2030 ☎").is_ok());
        assert!(ParticipantId::new("a\u{0}b").is_err());
    }
}
