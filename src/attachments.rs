//! Files that came along with messages, from the channels into the bucket.
//!
//! The table is the queue: a job is written before its message is accepted, claimed under a lease, and settled when the
//! file is in the bucket, given up, or deleted. Nothing here is in the way of a message; whoever wrote is answered
//! whether their picture was fetched or not.
//!
//! What people and providers say of a file is not believed. Where it may come from is held against a list
//! ([`guard`]), and a name of that list leads to public addresses only ([`outside`]); how long it is counts as it
//! comes; what it is, its bytes say ([`kind`]); and the sender's name for it becomes no part of a path.
//!
//! - [`worker`]: claim, fetch, store, settle.
//! - [`bucket`]: a folder, or S3 and what speaks like it.

pub mod bucket;
pub mod guard;
pub mod kind;
pub mod outside;
pub mod worker;

pub use bucket::Bucket;
pub use worker::Worker;

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::store::MessageKey;
use crate::types::{BusinessId, ConversationId};

/// Rung when there is something to fetch.
pub type Bell = Arc<dyn Fn() + Send + Sync>;

/// What of that which comes along is a file.
pub const FILES: [&str; 5] = ["image", "audio", "video", "document", "sticker"];

/// Where in the bucket a file goes, without the ending that its type gives it: made of our own ids and of a hash, so
/// that nothing that somebody else wrote becomes part of a path.
#[must_use]
pub fn base(business: &BusinessId, conversation: ConversationId, key: &MessageKey, place: u32) -> String {
    let message = Sha256::digest(format!(
        "{}\u{1f}{}\u{1f}{}",
        key.channel, key.account, key.message_id
    ));
    let business: String = business.as_str().bytes().map(plain).collect();
    format!("{business}/{}/{}/{place}", conversation.0, hex::encode(message))
}

/// A byte as it may stand in any path.
fn plain(byte: u8) -> String {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => char::from(byte).to_string(),
        other => format!("_{other:02x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Channel, MessageId};

    #[test]
    fn where_a_file_goes_is_made_of_letters_that_are_safe() {
        let key = MessageKey {
            channel: Channel::Whatsapp,
            account: "../../etc".to_owned(),
            message_id: MessageId::new("../wamid").unwrap(),
        };
        let salon = BusinessId::new("lotus_nails").unwrap();
        let base = base(&salon, ConversationId(uuid::Uuid::nil()), &key, 3);
        let parts: Vec<&str> = base.split('/').collect();
        assert_eq!(parts[0], "lotus_5fnails");
        assert_eq!(parts[1], "00000000-0000-0000-0000-000000000000");
        assert_eq!((parts[2].len(), parts[3], parts.len()), (64, "3", 4));
    }
}
