//! Files that came along with messages: what has to be fetched, and what became of it.

use jiff::Timestamp;

use super::MessageKey;
use crate::types::{BusinessId, Channel, ConversationId};

/// A file that came along with a message. It is known by its message and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The message.
    pub key: MessageKey,
    /// Its place among what came along, from 0.
    pub place: u32,
    /// Whose.
    pub business: BusinessId,
    /// In which conversation.
    pub conversation: ConversationId,
    /// Where in the bucket it goes, without the ending that its type gives it. Nobody else's begins with it and a dot.
    pub base: String,
    /// What it is, as the channel said: `image`, `audio`, `video`, `document`, `sticker` or `other`.
    pub kind: String,
    /// The provider's id of the file.
    pub provider_id: Option<String>,
    /// Where it can be fetched.
    pub url: Option<String>,
    /// Its type, as the provider says.
    pub mime_type: Option<String>,
    /// Its name, as the sender gave it.
    pub name: Option<String>,
    /// Its length in bytes, as the provider says.
    pub size: Option<u64>,
    /// When it came.
    pub created_at: Timestamp,
}

/// An attachment that somebody works on, until the lease runs out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedAttachment {
    /// Its number. With `attempts` it says which claim is settled.
    pub n: i64,
    /// How often it was tried, this time included.
    pub attempts: u32,
    /// Whether it is to be deleted, because its sender took it back, and not to be fetched.
    pub erase: bool,
    /// What it is.
    pub attachment: Attachment,
}

/// What became of an attachment that was claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttachmentSettlement {
    /// It is in the bucket.
    Stored {
        /// Where.
        location: String,
        /// The hash of its bytes, in hexadecimal digits.
        sha256: String,
        /// How many bytes it has.
        bytes: u64,
        /// What it is by its bytes.
        mime_type: String,
    },
    /// Not yet: again at that time.
    Retry {
        /// When.
        at: Timestamp,
        /// Why not now.
        problem: String,
    },
    /// It is not fetched.
    GivenUp(String),
    /// Nothing of it is in the bucket any more.
    Erased,
}

/// An attachment that is in the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAttachment {
    /// The channel of its message.
    pub channel: Channel,
    /// The id of its message.
    pub message_id: String,
    /// Its place among what came along, from 0.
    pub place: u32,
    /// Where in the bucket it is.
    pub location: String,
}
