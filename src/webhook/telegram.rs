//! Telegram, inbound. Facts: Telegram's Bot API 10.1; the server's behaviour in `tdlib/telegram-bot-api`.
//!
//! Nothing is signed: a header carries a secret that was given with `setWebhook`. Only private chats are served. The ids
//! of messages count per chat, so that a message is known by both numbers.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::intake::{
    Attachment, Forged, Happening, Intake, Malformed, Parsed, Request, Sample, Saying, short_id,
};
use super::loose::{self, Id, degrees, given, needed};
use super::{signature, surrogates};
use crate::accounts::{Account, Field};
use crate::types::Channel;

/// Bots that people write to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Telegram;

const SECRET: HeaderName = HeaderName::from_static("x-telegram-bot-api-secret-token");

const FIELDS: [Field; 3] = [
    Field::secret("bot_token", "The token that @BotFather gave the bot."),
    Field::secret(
        "secret_token",
        "A word of your own choice, given to Telegram with setWebhook: 1 to 256 letters, digits, '_' and '-'.",
    ),
    Field::setting(
        "api_base",
        "Where the API is, without a slash at the end; Telegram's own address unless you have a server of your own.",
    )
    .optional(),
];

/// Where a reply goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The chat.
    pub chat: i64,
    /// The tap that waits for an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<String>,
}

impl Intake for Telegram {
    fn channel(&self) -> Channel {
        Channel::Telegram
    }

    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }

    fn verify(&self, request: &Request<'_>, account: &Account, _now: Timestamp) -> Result<(), Forged> {
        let given = request.header(SECRET.as_str()).ok_or(Forged::Missing)?;
        let mut result = Err(Forged::NoSecret);
        let secrets = account.secrets.all("secret_token");
        for secret in secrets.filter(|secret| !secret.is_empty()) {
            // Every secret is tried, so that the time tells nothing of which one fits.
            let fits = signature::same(secret.as_bytes(), given.as_bytes());
            result = match (fits, result) {
                (true, _) | (_, Ok(())) => Ok(()),
                (false, Err(_)) => Err(Forged::Wrong),
            };
        }
        result
    }

    fn parse(&self, request: &Request<'_>, _account: &Account) -> Result<Parsed, Malformed> {
        let update: Update = surrogates::read(request.body)?;
        let happening = says(update).unwrap_or_else(|Malformed(problem)| Happening::Broken { problem });
        Ok(vec![happening].into())
    }

    fn sample(&self, account: &Account, text: &str, message_id: &str, now: Timestamp) -> Option<Sample> {
        // Ids are numbers here: one that is as good as the name.
        let hash = Sha256::digest(message_id.as_bytes());
        let number = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
        let customer = json!({"id": 1, "is_bot": false, "first_name": "frontdesk"});
        let update = json!({
            "update_id": number,
            "message": {
                "message_id": number,
                "from": customer,
                "chat": {"id": 1, "type": "private", "first_name": "frontdesk"},
                "date": now.as_second(),
                "text": text,
            },
        });
        let mut headers = HeaderMap::new();
        let secret = account.secrets.newest("secret_token")?;
        headers.insert(SECRET, HeaderValue::from_str(secret).ok()?);
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        Some(Sample {
            headers,
            body: update.to_string().into_bytes(),
        })
    }
}

/// An update is one event. Each part is read only when it is asked for.
#[derive(Deserialize)]
struct Update {
    update_id: Option<Id>,
    message: Option<Box<RawValue>>,
    edited_message: Option<Box<RawValue>>,
    callback_query: Option<Box<RawValue>>,
    message_reaction: Option<serde::de::IgnoredAny>,
    message_reaction_count: Option<serde::de::IgnoredAny>,
    my_chat_member: Option<serde::de::IgnoredAny>,
    chat_member: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Message {
    message_id: Option<Id>,
    from: Option<User>,
    chat: Option<Chat>,
    date: Option<Id>,
    edit_date: Option<Id>,
    text: Option<String>,
    caption: Option<String>,
    photo: Option<Vec<File>>,
    document: Option<File>,
    animation: Option<File>,
    audio: Option<File>,
    voice: Option<File>,
    video: Option<File>,
    video_note: Option<File>,
    sticker: Option<File>,
    contact: Option<Contact>,
    location: Option<Location>,
    venue: Option<Venue>,
    poll: Option<serde::de::IgnoredAny>,
    dice: Option<serde::de::IgnoredAny>,
    story: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct User {
    id: Option<Id>,
    is_bot: Option<bool>,
}

#[derive(Deserialize)]
struct Chat {
    id: Option<Id>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct File {
    file_id: Option<Id>,
    mime_type: Option<String>,
    file_name: Option<String>,
    file_size: Option<Id>,
}

#[derive(Deserialize)]
struct Contact {
    first_name: Option<String>,
    last_name: Option<String>,
}

#[derive(Deserialize)]
struct Location {
    latitude: Option<Id>,
    longitude: Option<Id>,
}

#[derive(Deserialize)]
struct Venue {
    title: Option<String>,
}

#[derive(Deserialize)]
struct Callback {
    id: Option<Id>,
    from: Option<User>,
    message: Option<Tapped>,
    data: Option<String>,
}

/// The message whose button was tapped.
#[derive(Deserialize)]
struct Tapped {
    chat: Option<Chat>,
    reply_markup: Option<Keyboard>,
}

#[derive(Deserialize)]
struct Keyboard {
    inline_keyboard: Option<Vec<Vec<Button>>>,
}

#[derive(Deserialize)]
struct Button {
    text: Option<String>,
}

fn read<T: serde::de::DeserializeOwned>(what: &str, json: &RawValue) -> Result<T, Malformed> {
    let read = surrogates::read(json.get().as_bytes());
    read.map_err(|Malformed(problem)| Malformed(format!("{what}: {problem}")))
}

fn says(update: Update) -> Result<Happening, Malformed> {
    if let Some(message) = update.message {
        return said(read("message", &message)?, None);
    }
    if let Some(message) = update.edited_message {
        return said(read("edited_message", &message)?, Some(update.update_id));
    }
    if let Some(callback) = update.callback_query {
        return tap(read("callback_query", &callback)?);
    }
    let reaction = update.message_reaction.or(update.message_reaction_count);
    let system = update.my_chat_member.or(update.chat_member);
    Ok(Happening::Ignored(match (reaction, system) {
        (Some(_), _) => "reaction",
        // Blocked by its user, or let in again: the next send tells.
        (None, Some(_)) => "system",
        // Channels, polls, payments, chats of a connected business.
        (None, None) => "other",
    }))
}

/// The private chat and its customer; in any other there is nobody to serve.
fn customer(chat: Option<Chat>, from: Option<User>) -> Result<Result<(i64, String), Happening>, Malformed> {
    let chat = needed("chat", chat)?;
    if chat.kind.as_deref() != Some("private") {
        return Ok(Err(Happening::Ignored("other")));
    }
    let from = needed("from", from)?;
    if from.is_bot == Some(true) {
        return Ok(Err(Happening::Ignored("bot")));
    }
    let id = needed("chat.id", chat.id.and_then(|id| id.number()))?;
    let user = needed("from.id", given(&from.id))?;
    Ok(Ok((id, user.to_owned())))
}

/// A message; an edited one when the update that brought it is told.
fn said(mut message: Message, edited_by: Option<Option<Id>>) -> Result<Happening, Malformed> {
    let (chat, user) = match customer(message.chat.take(), message.from.take())? {
        Ok(customer) => customer,
        Err(ignored) => return Ok(ignored),
    };
    let mut id = format!("{chat}:{}", needed("message_id", given(&message.message_id))?);
    let mut sent_at = loose::time(&message.date);
    if let Some(update) = edited_by {
        // A place that is shared live is "edited" as long as its owner moves.
        if message.location.is_some() {
            return Ok(Happening::Ignored("other"));
        }
        let edit = given(&update).or_else(|| given(&message.edit_date));
        id = format!("{id}:edit:{}", needed("update_id", edit)?);
        sent_at = loose::time(&message.edit_date).or(sent_at);
    }
    let text = message.text.take().or(message.caption.take()).unwrap_or_default();
    let attachments = attachments(message);
    if text.is_empty() && attachments.is_empty() {
        // Something was pinned, a timer was set.
        return Ok(Happening::Ignored("system"));
    }
    Ok(Happening::Said(Box::new(Saying {
        message_id: short_id(&id),
        aliases: vec![user],
        text,
        attachments,
        sent_at,
        address: json!({ "chat": chat }).to_string(),
    })))
}

/// A button that was tapped.
fn tap(callback: Callback) -> Result<Happening, Malformed> {
    let id = needed("id", given(&callback.id))?;
    // A tap on a message that was not sent to the chat but put into it from elsewhere.
    let Some(message) = callback.message else {
        return Ok(Happening::Ignored("other"));
    };
    let (chat, user) = match customer(message.chat, callback.from)? {
        Ok(customer) => customer,
        Err(ignored) => return Ok(ignored),
    };
    let data = needed("data", callback.data)?;
    Ok(Happening::Said(Box::new(Saying {
        message_id: short_id(&format!("cb:{id}")),
        aliases: vec![user],
        text: meant(data, message.reply_markup),
        attachments: Vec::new(),
        sent_at: None,
        address: json!({ "chat": chat, "callback": id }).to_string(),
    })))
}

/// What a button's data stands for: itself, or the text of the button at that place of the keyboard. When the keyboard
/// did not come along, the number is as good: it stands before the option in the text.
fn meant(data: String, keyboard: Option<Keyboard>) -> String {
    let Some(place) = crate::outbound::telegram::place(&data) else {
        return data;
    };
    let rows = keyboard.and_then(|keyboard| keyboard.inline_keyboard);
    let mut buttons = rows.into_iter().flatten().flatten();
    let button = buttons.nth(place - 1).and_then(|button| button.text);
    button.unwrap_or_else(|| place.to_string())
}

fn attachments(message: Message) -> Vec<Attachment> {
    let bare = |kind| Attachment {
        kind,
        ..Attachment::default()
    };
    if let Some(place) = message.location {
        return vec![Attachment {
            place: degrees(&place.latitude).zip(degrees(&place.longitude)),
            name: message.venue.and_then(|venue| venue.title),
            ..bare("location")
        }];
    }
    if let Some(contact) = message.contact {
        let names = [contact.first_name, contact.last_name];
        let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
        return vec![Attachment {
            name: Some(name).filter(|name| !name.is_empty()),
            ..bare("contact")
        }];
    }
    // The same picture in several sizes, the largest last.
    let photo = message.photo.and_then(|sizes| sizes.into_iter().next_back());
    // An animation comes as a document, too.
    let document = message.document.filter(|_| message.animation.is_none());
    let files = [
        ("image", photo),
        ("video", message.animation),
        ("document", document),
        ("audio", message.audio),
        ("audio", message.voice),
        ("video", message.video),
        ("video", message.video_note),
        ("sticker", message.sticker),
    ];
    let files = files.into_iter().filter_map(|(kind, file)| {
        let file = file?;
        Some(Attachment {
            id: given(&file.file_id).map(str::to_owned),
            size: loose::size(&file.file_size),
            mime_type: file.mime_type,
            name: file.file_name,
            ..bare(kind)
        })
    });
    let other = message.poll.or(message.dice).or(message.story);
    files.chain(other.map(|_| bare("other"))).collect()
}

#[cfg(test)]
mod tests;
