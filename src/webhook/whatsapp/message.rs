//! One message of a WhatsApp user: who it is from, and what it says.

use serde::Deserialize;

use super::{Address, Contact};
use crate::outbound::meta::tapped;
use crate::webhook::intake::{Attachment, Happening, Malformed, Saying, short_id};
use crate::webhook::loose::{self, Id, degrees, given, needed};

/// A message. Which of its parts is there hangs on its type; the type itself is asked only where no part tells.
#[derive(Deserialize)]
pub(super) struct Message {
    from: Option<Id>,
    from_user_id: Option<Id>,
    group_id: Option<Id>,
    id: Option<Id>,
    timestamp: Option<Id>,
    #[serde(rename = "type")]
    kind: Option<String>,
    text: Option<Text>,
    button: Option<Button>,
    interactive: Option<Interactive>,
    image: Option<Media>,
    audio: Option<Media>,
    video: Option<Media>,
    document: Option<Media>,
    sticker: Option<Media>,
    location: Option<Location>,
    contacts: Option<Vec<Card>>,
    order: Option<Order>,
    unsupported: Option<serde::de::IgnoredAny>,
    system: Option<System>,
    edit: Option<Edit>,
    revoke: Option<Revoke>,
}

#[derive(Deserialize)]
struct Text {
    body: Option<String>,
}

/// The button of a template.
#[derive(Deserialize)]
struct Button {
    payload: Option<String>,
    text: Option<String>,
}

#[derive(Deserialize)]
struct Interactive {
    button_reply: Option<Tap>,
    list_reply: Option<Tap>,
}

#[derive(Deserialize)]
struct Tap {
    id: Option<String>,
    title: Option<String>,
}

#[derive(Deserialize)]
struct Media {
    id: Option<Id>,
    mime_type: Option<String>,
    caption: Option<String>,
    filename: Option<String>,
}

#[derive(Deserialize)]
struct Location {
    latitude: Option<Id>,
    longitude: Option<Id>,
    name: Option<String>,
    address: Option<String>,
}

#[derive(Deserialize)]
struct Card {
    name: Option<CardName>,
}

#[derive(Deserialize)]
struct CardName {
    formatted_name: Option<String>,
}

#[derive(Deserialize)]
struct Order {
    text: Option<String>,
    catalog_id: Option<Id>,
}

#[derive(Deserialize)]
struct System {
    wa_id: Option<Id>,
    user_id: Option<Id>,
}

#[derive(Deserialize)]
struct Edit {
    message: Option<Box<Message>>,
}

#[derive(Deserialize)]
struct Revoke {
    original_message_id: Option<Id>,
}

/// What a message says.
pub(super) fn says(
    message: Message,
    contacts: &[Contact],
    out: &mut Vec<Happening>,
) -> Result<(), Malformed> {
    if let Some(kind) = ignored(&message) {
        out.push(Happening::Ignored(kind));
        return Ok(());
    }
    if let Some(system) = &message.system {
        out.push(renamed(system, &message));
        return Ok(());
    }
    if let Some(revoke) = &message.revoke {
        let id = needed("revoke.original_message_id", given(&revoke.original_message_id))?;
        out.push(Happening::Unsaid {
            message_id: short_id(id),
        });
        return Ok(());
    }
    let id = short_id(needed("id", given(&message.id))?);
    let (aliases, address) = sender(&message, contacts)?;
    let sent_at = loose::time(&message.timestamp);
    // An edit has an id of its own beside the one that it changes.
    let message = match message.edit {
        Some(edit) => *needed("edit.message", edit.message)?,
        None => message,
    };
    let (text, attachments) = content(message);
    if text.is_empty() && attachments.is_empty() {
        out.push(Happening::Ignored("other"));
        return Ok(());
    }
    out.push(Happening::Said(Box::new(Saying {
        message_id: id,
        aliases,
        text,
        attachments,
        sent_at,
        address: serde_json::to_string(&address).unwrap_or_default(),
    })));
    Ok(())
}

fn ignored(message: &Message) -> Option<&'static str> {
    if given(&message.group_id).is_some() {
        return Some("other");
    }
    match message.kind.as_deref() {
        Some("reaction") => Some("reaction"),
        Some("request_welcome") => Some("system"),
        _ => None,
    }
}

/// A new number or a new id: both names are the same person's. Of other news of the system nothing is asked of us.
fn renamed(system: &System, message: &Message) -> Happening {
    let new = [&system.user_id, &system.wa_id];
    if new.iter().all(|id| given(id).is_none()) {
        return Happening::Ignored("system");
    }
    let names = [
        &system.user_id,
        &message.from_user_id,
        &system.wa_id,
        &message.from,
    ];
    let aliases = distinct(names.into_iter().filter_map(given));
    if aliases.len() < 2 {
        return Happening::Ignored("system");
    }
    Happening::Known { aliases }
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    for name in names {
        if !distinct.iter().any(|known| known == name) {
            distinct.push(name.to_owned());
        }
    }
    distinct
}

/// The sender's names, the most lasting first, and where the reply goes.
fn sender(message: &Message, contacts: &[Contact]) -> Result<(Vec<String>, Address), Malformed> {
    let (user, number) = (given(&message.from_user_id), given(&message.from));
    let same = |one: Option<&str>, other: Option<&str>| one.zip(other).map(|(one, other)| one == other);
    let contact = match contacts {
        // The only one there is, when the message itself names nobody.
        [only] if user.is_none() && number.is_none() => Some(only),
        _ => contacts.iter().find(|contact| {
            let users = same(user, given(&contact.user_id));
            let numbers = same(number, given(&contact.wa_id));
            // One name fits, and the other does not contradict.
            matches!(
                (users, numbers),
                (Some(true), None | Some(true)) | (None, Some(true))
            )
        }),
    };
    let user = user.or_else(|| given(&contact?.user_id));
    let number = number.or_else(|| given(&contact?.wa_id));
    let aliases = distinct(user.into_iter().chain(number));
    needed("from", aliases.first())?;
    let address = Address {
        to: number.map(str::to_owned),
        recipient: user.map(str::to_owned),
    };
    Ok((aliases, address))
}

/// The words, and what came along.
fn content(message: Message) -> (String, Vec<Attachment>) {
    if let Some(text) = message.text {
        return (text.body.unwrap_or_default(), Vec::new());
    }
    if let Some(button) = message.button {
        let label = button.text.filter(|text| !text.is_empty());
        return (label.or(button.payload).unwrap_or_default(), Vec::new());
    }
    if let Some(interactive) = message.interactive {
        let tap = interactive.button_reply.or(interactive.list_reply);
        let text = tap.map(|tap| {
            let label = tap.title.as_deref().unwrap_or_default();
            tapped(label, tap.id.as_deref()).to_owned()
        });
        return (text.unwrap_or_default(), Vec::new());
    }
    if let Some(order) = message.order {
        let basket = Attachment {
            kind: "other",
            id: order.catalog_id.map(|id| id.as_str().to_owned()),
            name: Some("order".to_owned()),
            ..Attachment::default()
        };
        return (order.text.unwrap_or_default(), vec![basket]);
    }
    let media = [
        ("image", message.image),
        ("audio", message.audio),
        ("video", message.video),
        ("document", message.document),
        ("sticker", message.sticker),
    ];
    let media = media.into_iter().find_map(|(kind, media)| Some((kind, media?)));
    if let Some((kind, media)) = media {
        // The address that may come along is good for five minutes and needs the token; the id is good for days.
        let attachment = Attachment {
            kind,
            id: media.id.map(|id| id.as_str().to_owned()),
            mime_type: media.mime_type,
            name: media.filename,
            ..Attachment::default()
        };
        return (media.caption.unwrap_or_default(), vec![attachment]);
    }
    if let Some(location) = message.location {
        let place = degrees(&location.latitude).zip(degrees(&location.longitude));
        let attachment = Attachment {
            kind: "location",
            name: location.name.or(location.address),
            place,
            ..Attachment::default()
        };
        return (String::new(), vec![attachment]);
    }
    if let Some(cards) = message.contacts {
        let contact = |card: Card| Attachment {
            kind: "contact",
            name: card.name.and_then(|name| name.formatted_name),
            ..Attachment::default()
        };
        return (String::new(), cards.into_iter().map(contact).collect());
    }
    // A poll, say. Without this part it is not even told what it was: a message that was taken back, among others.
    let unknown = message.unsupported.map(|_| Attachment {
        kind: "other",
        ..Attachment::default()
    });
    (String::new(), unknown.into_iter().collect())
}
