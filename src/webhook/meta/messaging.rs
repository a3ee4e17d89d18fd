//! The events of Messenger and Instagram: what was said, shown and seen. Instagram's differ in what they lack.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::outbound::meta::tapped;
use crate::store::{DeliveryStatus, ReceiptOf};
use crate::webhook::intake::{Attachment, Happening, Malformed, Receipt, Saying, short_id};
use crate::webhook::json;
use crate::webhook::loose::{self, Id, Parts, degrees, given, needed};
use crate::webhook::meta::Entry;

/// Where a reply goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Address {
    /// The customer's id, which is good for this account only.
    pub(crate) recipient: String,
}

/// Something that happened in a conversation. Of the parts without a name here (opt-ins, referrals, handovers between
/// apps) nothing is asked of us.
#[derive(Deserialize)]
struct Event {
    sender: Option<Party>,
    recipient: Option<Party>,
    timestamp: Option<Id>,
    message: Option<Message>,
    message_edit: Option<Edit>,
    postback: Option<Postback>,
    reaction: Option<serde::de::IgnoredAny>,
    delivery: Option<Marks>,
    read: Option<Marks>,
}

#[derive(Deserialize)]
struct Party {
    id: Option<Id>,
}

#[derive(Deserialize)]
struct Message {
    mid: Option<Id>,
    text: Option<String>,
    quick_reply: Option<Postback>,
    attachments: Parts,
    is_echo: Option<bool>,
    is_deleted: Option<bool>,
    is_unsupported: Option<bool>,
    metadata: Option<String>,
}

#[derive(Deserialize)]
struct Edit {
    mid: Option<Id>,
    text: Option<String>,
    num_edit: Option<Id>,
}

#[derive(Deserialize)]
struct Postback {
    mid: Option<Id>,
    title: Option<String>,
    payload: Option<String>,
}

/// What was delivered or read: single messages, or everything up to a time.
#[derive(Deserialize)]
struct Marks {
    mid: Option<Id>,
    mids: Option<Vec<Id>>,
    watermark: Option<Id>,
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "type")]
    kind: Option<String>,
    payload: Option<Payload>,
}

#[derive(Deserialize)]
struct Payload {
    url: Option<String>,
    title: Option<String>,
    sticker_id: Option<Id>,
    coordinates: Option<Coordinates>,
}

#[derive(Deserialize)]
struct Coordinates {
    lat: Option<Id>,
    long: Option<Id>,
}

/// How often a message can be edited, by Meta's word.
const EDITS_MAX: u8 = 5;

/// What an entry of the account `own` says; of other accounts' entries nothing.
pub(crate) fn entry(entry: Entry, own: Option<&str>, happenings: &mut Vec<Happening>) {
    if given(&entry.id).is_some_and(|id| Some(id) != own) {
        happenings.push(Happening::Ignored("other"));
        return;
    }
    // Another app owns the conversation: whatever is said in it is not for us to answer.
    let standby = entry.standby.unwrap_or_default();
    let standby = standby.iter().take(loose::EVENTS_MAX);
    happenings.extend(standby.map(|_| Happening::Ignored("standby")));
    loose::each("messaging", entry.messaging, happenings, |event, out| {
        event_says(event, own, out)
    });
    // Meta's own test button, and some fields of Instagram, wrap the same events as changes.
    loose::each(
        "changes",
        entry.changes,
        happenings,
        |change: super::Change, out| match (change.field.as_deref(), change.value) {
            (Some("messages" | "messaging_postbacks" | "messaging_seen"), Some(value)) => {
                event_says(json::whole(value.get().as_bytes())?, own, out)
            }
            (Some("standby"), _) => {
                out.push(Happening::Ignored("standby"));
                Ok(())
            }
            _ => {
                out.push(Happening::Ignored("other"));
                Ok(())
            }
        },
    );
}

fn event_says(event: Event, own: Option<&str>, out: &mut Vec<Happening>) -> Result<(), Malformed> {
    let id_of = |party: &Option<Party>| {
        let party = party.as_ref()?;
        given(&party.id).map(str::to_owned)
    };
    let from = From {
        sender: id_of(&event.sender),
        at: loose::time(&event.timestamp),
    };
    if let Some(message) = event.message {
        // What the account itself has said comes back: from us, from another app, or typed by staff.
        let recipient = id_of(&event.recipient);
        let ours = own.is_some() && from.sender.as_deref() == own && recipient.as_deref() != own;
        if ours || message.is_echo == Some(true) {
            out.push(echo(&message, from.at));
            return Ok(());
        }
        return said(message, &from, out);
    }
    if let Some(edit) = event.message_edit {
        let mid = needed("message_edit.mid", given(&edit.mid))?;
        let number = needed("message_edit.num_edit", given(&edit.num_edit))?;
        let id = format!("{mid}:edit:{number}");
        out.push(from.says(&id, edit.text.unwrap_or_default(), Vec::new())?);
    } else if let Some(postback) = event.postback {
        let text = tapped(
            postback.title.as_deref().unwrap_or_default(),
            postback.payload.as_deref(),
        );
        // Older ones have no id of their own.
        let id = match given(&postback.mid) {
            Some(mid) => mid.to_owned(),
            None => {
                let sender = needed("sender.id", from.sender.as_deref())?;
                let timestamp = needed("postback.mid", given(&event.timestamp))?;
                format!("postback:{sender}:{timestamp}")
            }
        };
        out.push(from.says(&id, text.to_owned(), Vec::new())?);
    } else if event.reaction.is_some() {
        out.push(Happening::Ignored("reaction"));
    } else if let Some(marks) = event.delivery {
        receipts(marks, DeliveryStatus::Delivered, &from, out)?;
    } else if let Some(marks) = event.read {
        receipts(marks, DeliveryStatus::Read, &from, out)?;
    } else {
        out.push(Happening::Ignored("system"));
    }
    Ok(())
}

/// Who it is from, and when.
struct From {
    sender: Option<String>,
    at: Option<Timestamp>,
}

impl From {
    fn says(&self, id: &str, text: String, attachments: Vec<Attachment>) -> Result<Happening, Malformed> {
        let sender = needed("sender.id", self.sender.clone())?;
        let address = serde_json::json!({ "recipient": sender }).to_string();
        Ok(Happening::Said(Box::new(Saying {
            message_id: short_id(id),
            aliases: vec![sender],
            text,
            attachments,
            sent_at: self.at,
            address,
        })))
    }
}

/// An echo with our id in it tells that a message has left, and under which id: a receipt.
fn echo(message: &Message, at: Option<Timestamp>) -> Happening {
    let provider_id = given(&message.mid).map(str::to_owned);
    let ours = message.metadata.as_deref();
    let of = ours.and_then(|tag| ReceiptOf::tagged(tag, provider_id));
    of.map_or(Happening::Ignored("echo"), |of| {
        Happening::Receipt(Receipt {
            of,
            status: DeliveryStatus::Sent,
            problem: None,
            at,
        })
    })
}

fn said(message: Message, from: &From, out: &mut Vec<Happening>) -> Result<(), Malformed> {
    let mid = needed("message.mid", given(&message.mid))?;
    if message.is_deleted == Some(true) {
        // What it became by edits goes with it.
        out.push(Happening::Unsaid {
            message_id: short_id(mid),
        });
        out.extend((1..=EDITS_MAX).map(|number| Happening::Unsaid {
            message_id: short_id(&format!("{mid}:edit:{number}")),
        }));
        return Ok(());
    }
    let label = message.text.as_deref().unwrap_or_default();
    let payload = message
        .quick_reply
        .as_ref()
        .and_then(|reply| reply.payload.as_deref());
    let text = tapped(label, payload).to_owned();
    let mut attachments = files(message.attachments, &text, out);
    if message.is_unsupported == Some(true) && attachments.is_empty() {
        attachments.push(Attachment {
            kind: "other",
            ..Attachment::default()
        });
    }
    if text.is_empty() && attachments.is_empty() {
        out.push(Happening::Ignored("other"));
    } else {
        out.push(from.says(mid, text, attachments)?);
    }
    Ok(())
}

/// What came along. One that cannot be read is told as broken, and the message stays.
fn files(parts: Parts, text: &str, out: &mut Vec<Happening>) -> Vec<Attachment> {
    let mut attachments = Vec::new();
    loose::each("message.attachments", parts, out, |file: File, _| {
        // The preview of an address that stands in the text.
        if file.kind.as_deref() == Some("fallback") && !text.is_empty() {
            return Ok(());
        }
        attachments.push(attachment(file));
        Ok(())
    });
    attachments
}

fn attachment(file: File) -> Attachment {
    let payload = file.payload;
    let sticker = payload
        .as_ref()
        .is_some_and(|payload| payload.sticker_id.is_some());
    let kind = match file.kind.as_deref() {
        Some("image") if sticker => "sticker",
        Some("image") => "image",
        Some("audio") => "audio",
        Some("video") => "video",
        Some("file") => "document",
        Some("sticker") => "sticker",
        Some("location") => "location",
        // Shared posts, stories, reels, templates.
        _ => "other",
    };
    let place = payload.as_ref().and_then(|payload| {
        let coordinates = payload.coordinates.as_ref()?;
        Some((degrees(&coordinates.lat)?, degrees(&coordinates.long)?))
    });
    let (url, name) = payload.map_or((None, None), |payload| (payload.url, payload.title));
    Attachment {
        kind,
        url,
        name,
        place,
        ..Attachment::default()
    }
}

fn receipts(
    marks: Marks,
    status: DeliveryStatus,
    from: &From,
    out: &mut Vec<Happening>,
) -> Result<(), Malformed> {
    let single = marks.mids.unwrap_or_default().into_iter().chain(marks.mid);
    let before = out.len();
    out.extend(single.map(|mid| {
        Happening::Receipt(Receipt {
            of: ReceiptOf::Provider(mid.as_str().to_owned()),
            status,
            problem: None,
            at: from.at,
        })
    }));
    if let Some(time) = loose::time(&marks.watermark) {
        let user = needed("sender.id", from.sender.clone())?;
        out.push(Happening::Receipt(Receipt {
            of: ReceiptOf::UpTo { user, time },
            status,
            problem: None,
            at: from.at,
        }));
    }
    // Told, and nothing said of what.
    if out.len() == before {
        out.push(Happening::Ignored("other"));
    }
    Ok(())
}
