//! What has to be fetched of what came along with a message.

use super::intake::Saying;
use crate::attachments::{FILES, base};
use crate::store::{Attachment, Inbound};
use crate::text::normalised;

/// The most files of one message that are fetched: more than any channel sends.
const FILES_MAX: usize = 32;

/// A file's id or address that is longer than this is none.
const REFERENCE_BYTES_MAX: usize = 4096;

/// The files of a message. What cannot be pointed at, such as a place, is none.
pub(super) fn files(saying: &Saying, message: &Inbound) -> Vec<Attachment> {
    let conversation = message.pair().conversation();
    let reference = |text: &Option<String>| {
        let text = text.as_deref().map(normalised);
        text.filter(|text| !text.is_empty() && text.len() <= REFERENCE_BYTES_MAX)
    };
    (0..)
        .zip(&saying.attachments)
        .filter(|(_, one)| FILES.contains(&one.kind))
        .map(|(place, one)| Attachment {
            key: message.key.clone(),
            place,
            business: message.business.clone(),
            conversation,
            base: base(&message.business, conversation, &message.key, place),
            kind: one.kind.to_owned(),
            provider_id: reference(&one.id),
            url: reference(&one.url),
            mime_type: one.mime_type.as_deref().map(normalised),
            name: one.name.as_deref().map(normalised),
            size: one.size,
            created_at: message.received_at,
        })
        .filter(|file| file.provider_id.is_some() || file.url.is_some())
        .take(FILES_MAX)
        .collect()
}
