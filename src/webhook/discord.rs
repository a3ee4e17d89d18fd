//! Discord: interactions (slash commands, buttons and menus, modals), and webhook events.
//!
//! Typed text does not come this way: Discord tells it over its gateway only. An interaction must be answered within
//! three seconds, so that each is answered at once with "later" (type 5, for components 6); the reply follows with the
//! interaction's token, which is good for 15 minutes. Who wants can also be written to afterwards, in the channel.
//! Source: discord/discord-api-docs, `developers/interactions` and `developers/events`.

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::intake::{
    Answer, Forged, Happening, Intake, Malformed, Parsed, Request, Sample, Saying, short_id,
};
use super::json;
use super::signature::ed25519_fits;
use crate::accounts::{Account, Field};
use crate::types::{Channel, Language};

mod words;

pub(crate) use words::custom_id;

/// How far from our clock a signature's time may be. Discord names no limit.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// What a signature is held against where there is no key, so that it is refused like a wrong one and as slowly.
const NOBODYS_KEY: &str = "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29";

/// The milliseconds from 1970 to 2015, where Discord's ids begin to count.
const EPOCH_MS: u64 = 1_420_070_400_000;

/// The longest token that is kept; Discord's have a few hundred characters.
const TOKEN_BYTES_MAX: usize = 1_000;

/// Where a reply goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Address {
    /// The channel, for what is said after the token's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) channel: Option<String>,
    /// The interaction, while it can be answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) interaction: Option<Interaction>,
}

/// An interaction that waits for its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Interaction {
    pub(crate) application: String,
    pub(crate) token: String,
    /// When it began: 15 minutes later the token is good for nothing.
    pub(crate) at: Timestamp,
}

/// Discord's side in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Discord;

const FIELDS: [Field; 4] = [
    Field::setting("public_key", "the Public Key, under General Information"),
    Field::secret(
        "bot_token",
        "the bot's token, under Bot: without it nothing is sent later than 15 minutes after an interaction",
    )
    .optional(),
    Field::setting(
        "application_id",
        "the Application ID, under General Information, if Discord does not tell it",
    )
    .optional(),
    Field::setting("api_base", "another address than https://discord.com/api/v10").optional(),
];

impl Intake for Discord {
    fn channel(&self) -> Channel {
        Channel::Discord
    }

    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }

    fn verify(&self, request: &Request<'_>, account: &Account, now: Timestamp) -> Result<(), Forged> {
        let header = |name| request.header(name).ok_or(Forged::Missing);
        let timestamp = header("x-signature-timestamp")?;
        let written = header("x-signature-ed25519")?;
        let signature = hex::decode(written).map_err(|_| Forged::Missing)?;
        // One way to write it is enough.
        if signature.len() != 64 || hex::encode(&signature) != written {
            return Err(Forged::Missing);
        }
        if timestamp.is_empty() || !timestamp.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Forged::Missing);
        }
        let signed_at = timestamp.parse().map_err(|_| Forged::Missing)?;
        let signed_at = Timestamp::from_second(signed_at).map_err(|_| Forged::Missing)?;
        let stated = account.setting("public_key");
        let key = hex::decode(stated.unwrap_or(NOBODYS_KEY)).map_err(|_| Forged::NoSecret)?;
        let message = [timestamp.as_bytes(), request.body].concat();
        let fits = ed25519_fits(&key, &message, &signature);
        if !fits || stated.is_none() {
            return Err(Forged::Wrong);
        }
        if now.duration_since(signed_at).abs() > TOLERANCE {
            return Err(Forged::Stale);
        }
        Ok(())
    }

    fn parse(&self, request: &Request<'_>, account: &Account) -> Result<Parsed, Malformed> {
        let body: Body = json::whole(request.body)?;
        // Events count their types anew: 0 is their ping.
        if body.event.is_some() || body.kind == Some(0) {
            return Ok(Parsed {
                happenings: vec![Happening::Ignored("system")],
                answer: Answer {
                    status: StatusCode::NO_CONTENT,
                    ..Answer::default()
                },
            });
        }
        let signed_at = request
            .header("x-signature-timestamp")
            .and_then(|seconds| Timestamp::from_second(seconds.parse().ok()?).ok());
        let said = |words| said(&body, account, signed_at, words);
        let (happening, answer) = match body.kind {
            Some(1) => return Ok(answered(Vec::new(), &json!({"type": 1}))),
            Some(2) => (said(words::of_command(&body.data)), json!({"type": 5})),
            Some(3) => {
                let words = words::of_component(&body.data, body.message.as_ref());
                (said(words), json!({"type": 6}))
            }
            // Whoever types a command is offered nothing to choose from.
            Some(4) => (
                Ok(Happening::Ignored("other")),
                json!({"type": 8, "data": {"choices": []}}),
            ),
            Some(5) => (said(words::of_modal(&body.data)), json!({"type": 5})),
            Some(_) => return Ok(vec![Happening::Ignored("other")].into()),
            None => return Err(Malformed("the body has no type".to_owned())),
        };
        let happening = happening.unwrap_or_else(|problem| Happening::Broken { problem });
        // What nobody will answer must not look as if somebody were about to.
        let answer = match happening {
            Happening::Said(_) => answer,
            _ if body.kind == Some(4) => answer,
            _ => {
                let content = unanswerable(body.locale.as_deref());
                json!({"type": 4, "data": {"content": content, "flags": EPHEMERAL}})
            }
        };
        Ok(answered(vec![happening], &answer))
    }

    /// Nobody can sign with the public key alone.
    fn sample(&self, _account: &Account, _text: &str, _message_id: &str, _now: Timestamp) -> Option<Sample> {
        None
    }
}

/// What is said, to that one person only, to an interaction that has no words in it: in the language of their Discord,
/// because nobody has met them yet.
fn unanswerable(locale: Option<&str>) -> &'static str {
    match Language::of_locale(locale.unwrap_or_default()) {
        Language::English => "Sorry, I cannot answer that. Please use a command with a message.",
        Language::Spanish => "Lo siento, no puedo responder a eso. Por favor, usa un comando con un mensaje.",
        Language::Vietnamese => {
            "Xin lỗi, tôi không thể trả lời điều đó. Vui lòng dùng một lệnh kèm tin nhắn."
        }
    }
}

/// Shown only to whoever asked.
const EPHEMERAL: u32 = 1 << 6;

fn answered(happenings: Vec<Happening>, answer: &Value) -> Parsed {
    Parsed {
        happenings,
        answer: Answer::body("application/json", answer.to_string()),
    }
}

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "type", default, deserialize_with = "json::number")]
    kind: Option<i64>,
    #[serde(default, deserialize_with = "json::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    application_id: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    token: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    channel_id: Option<String>,
    #[serde(default)]
    channel: Option<Named>,
    #[serde(default)]
    member: Option<Member>,
    #[serde(default)]
    user: Option<User>,
    #[serde(default)]
    data: Value,
    #[serde(default)]
    message: Option<Value>,
    #[serde(default)]
    event: Option<Value>,
    #[serde(default, deserialize_with = "json::text")]
    locale: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default, deserialize_with = "json::text")]
    id: Option<String>,
}

#[derive(Deserialize)]
struct Member {
    #[serde(default)]
    user: Option<User>,
}

#[derive(Deserialize)]
struct User {
    #[serde(default, deserialize_with = "json::text")]
    id: Option<String>,
    #[serde(default)]
    bot: Option<bool>,
}

/// Somebody's interaction with its words.
fn said(
    body: &Body,
    account: &Account,
    signed_at: Option<Timestamp>,
    words: Result<words::Words, String>,
) -> Result<Happening, String> {
    let in_guild = body.member.as_ref().and_then(|member| member.user.as_ref());
    let Some(user) = in_guild.or(body.user.as_ref()) else {
        // Nobody says anything in it.
        return Ok(Happening::Ignored("other"));
    };
    let words = words?;
    let id = body.id.as_deref().ok_or("there is no id in it")?;
    if user.bot == Some(true) {
        return Ok(Happening::Ignored("bot"));
    }
    let user = user.id.as_deref().ok_or("there is no user.id in it")?;
    if words.text.trim().is_empty() && words.attachments.is_empty() {
        return Ok(Happening::Ignored("other"));
    }
    let at = began(id, signed_at);
    let application = body
        .application_id
        .as_deref()
        .or(account.setting("application_id"));
    let token = body
        .token
        .as_deref()
        .filter(|token| token.len() <= TOKEN_BYTES_MAX);
    let channel = body.channel.as_ref().and_then(|channel| channel.id.clone());
    let address = Address {
        channel: body.channel_id.clone().or(channel),
        interaction: at
            .zip(application)
            .zip(token)
            .map(|((at, application), token)| Interaction {
                application: application.to_owned(),
                token: token.to_owned(),
                at,
            }),
    };
    if address == Address::default() {
        return Err("there is neither a channel nor a token in it".to_owned());
    }
    Ok(Happening::Said(Box::new(Saying {
        message_id: short_id(id),
        aliases: vec![user.to_owned()],
        text: words.text,
        attachments: words.attachments,
        sent_at: at,
        address: json::address(&address)?,
    })))
}

/// When an interaction began: when its id was made, to the millisecond, if that is about when it was signed; else then.
fn began(id: &str, signed_at: Option<Timestamp>) -> Option<Timestamp> {
    let about_then = |made: &Timestamp| signed_at.is_none_or(|at| at.duration_since(*made).abs() < TOLERANCE);
    made(id).filter(about_then).or(signed_at)
}

/// When an id was made: its upper bits are the milliseconds since 2015.
fn made(id: &str) -> Option<Timestamp> {
    let id: u64 = id.parse().ok()?;
    Timestamp::from_millisecond(i64::try_from((id >> 22) + EPOCH_MS).ok()?).ok()
}

#[cfg(test)]
mod tests;
