//! Slack: events, interactions and slash commands.
//!
//! All three come to one address and are signed alike. A post is known by its channel and `ts`, whichever event tells
//! of it: a mention comes twice, as `message` and as `app_mention`. In direct messages everything is said to us;
//! elsewhere only what mentions the app.
//! Source: docs.slack.dev/apis/events-api.

use axum::http::{HeaderMap, HeaderValue, header};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::intake::{
    Answer, Forged, Happening, Intake, Malformed, Parsed, Request, Sample, Saying, short_id,
};
use super::json;
use super::signature::{hmac_sha256, same};
use crate::accounts::{Account, Field};
use crate::types::Channel;

mod event;
mod markup;

pub(crate) use markup::escaped;

/// How far from our clock a signature's time may be.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(300);

/// Where a reply goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Address {
    /// A channel; for whoever used a slash command, their own id, which Slack takes for our direct messages with them.
    pub(crate) channel: String,
    /// The thread, when it was written in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) thread_ts: Option<String>,
}

/// Slack's side in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Slack;

const FIELDS: [Field; 5] = [
    Field::secret(
        "signing_secret",
        "the Signing Secret, under Basic Information, App Credentials",
    ),
    Field::secret(
        "bot_token",
        "the Bot User OAuth Token (xoxb-…), under OAuth & Permissions",
    ),
    Field::setting(
        "app_id",
        "the App ID (A…), under Basic Information: what is told of other apps is then left alone",
    )
    .optional(),
    Field::setting(
        "bot_user_id",
        "the app's own user (U…), if Slack does not tell it with its events",
    )
    .optional(),
    Field::setting("api_base", "another address than https://slack.com/api").optional(),
];

impl Intake for Slack {
    fn channel(&self) -> Channel {
        Channel::Slack
    }

    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }

    fn verify(&self, request: &Request<'_>, account: &Account, now: Timestamp) -> Result<(), Forged> {
        let header = |name| request.header(name).ok_or(Forged::Missing);
        let given = header("x-slack-signature")?;
        let timestamp = header("x-slack-request-timestamp")?;
        if !timestamp.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Forged::Missing);
        }
        let signed_at = timestamp.parse().map_err(|_| Forged::Missing)?;
        let signed_at = Timestamp::from_second(signed_at).map_err(|_| Forged::Missing)?;
        if now.duration_since(signed_at).abs() > TOLERANCE {
            return Err(Forged::Stale);
        }
        let mut checked = false;
        let mut fits = false;
        for secret in account.secrets.all("signing_secret") {
            checked = true;
            fits |= same(sign(secret, timestamp, request.body).as_bytes(), given.as_bytes());
        }
        match (checked, fits) {
            (false, _) => Err(Forged::NoSecret),
            (true, false) => Err(Forged::Wrong),
            (true, true) => Ok(()),
        }
    }

    fn parse(&self, request: &Request<'_>, account: &Account) -> Result<Parsed, Malformed> {
        let content_type = request.header("content-type").unwrap_or_default();
        if content_type
            .to_ascii_lowercase()
            .starts_with("application/x-www-form-urlencoded")
        {
            return form(request.body, account).map(|happening| vec![happening].into());
        }
        let body: Body = json::whole(request.body)?;
        let happening = match body.kind.as_deref() {
            Some("url_verification") => {
                let challenge = body
                    .challenge
                    .ok_or_else(|| Malformed("there is no challenge in it".to_owned()))?;
                return Ok(Parsed {
                    happenings: Vec::new(),
                    answer: Answer::body("text/plain; charset=utf-8", challenge),
                });
            }
            _ if not_ours(body.api_app_id.as_deref(), account) => Happening::Ignored("other"),
            Some("event_callback") => event::happening(body, account),
            Some("app_rate_limited") => Happening::Ignored("system"),
            Some(_) => Happening::Ignored("other"),
            None => return Err(Malformed("the body has no type".to_owned())),
        };
        Ok(vec![happening].into())
    }

    fn sample(&self, account: &Account, text: &str, message_id: &str, now: Timestamp) -> Option<Sample> {
        let body = json!({
            "type": "event_callback",
            "team_id": "TFRONTDESK",
            "api_app_id": account.setting("app_id").unwrap_or("AFRONTDESK"),
            "event_id": message_id,
            "event_time": now.as_second(),
            "event": {
                "type": "message",
                "channel": "DFRONTDESK",
                "channel_type": "im",
                "user": "UFRONTDESK",
                "text": escaped(text),
                // By it the post is known, so that it is the sample's own.
                "ts": message_id,
            },
        })
        .to_string()
        .into_bytes();
        let timestamp = now.as_second().to_string();
        let signature = sign(account.secrets.newest("signing_secret")?, &timestamp, &body);
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(
            "x-slack-request-timestamp",
            HeaderValue::from_str(&timestamp).ok()?,
        );
        headers.insert("x-slack-signature", HeaderValue::from_str(&signature).ok()?);
        Some(Sample { headers, body })
    }
}

fn sign(secret: &str, timestamp: &str, body: &[u8]) -> String {
    let mac = hmac_sha256(secret.as_bytes(), &[b"v0:", timestamp.as_bytes(), b":", body]);
    format!("v0={}", hex::encode(mac))
}

/// Whether it is about another app than the one that the account names.
fn not_ours(app: Option<&str>, account: &Account) -> bool {
    matches!((app, account.setting("app_id")), (Some(app), Some(ours)) if app != ours)
}

/// What comes as JSON.
#[derive(Deserialize)]
struct Body {
    #[serde(rename = "type", default, deserialize_with = "json::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    challenge: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    api_app_id: Option<String>,
    #[serde(default, deserialize_with = "json::number")]
    event_time: Option<i64>,
    #[serde(default, deserialize_with = "json::list")]
    authorizations: Vec<Authorization>,
    #[serde(default)]
    event: Value,
}

/// For whom an event is told: the app's own user is among them.
#[derive(Deserialize)]
struct Authorization {
    #[serde(default, deserialize_with = "json::text")]
    user_id: Option<String>,
    #[serde(default)]
    is_bot: Option<bool>,
}

/// What comes as a form: an interaction as JSON in `payload`, or a slash command.
fn form(body: &[u8], account: &Account) -> Result<Happening, Malformed> {
    let field = |name: &str| {
        form_urlencoded::parse(body)
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.into_owned())
    };
    if let Some(payload) = field("payload") {
        let interaction: Interaction = json::whole(payload.as_bytes())?;
        return Ok(if not_ours(interaction.api_app_id.as_deref(), account) {
            Happening::Ignored("other")
        } else {
            tapped(interaction).unwrap_or_else(|problem| Happening::Broken { problem })
        });
    }
    // Slack looks whether the address is alive.
    if field("ssl_check").is_some() {
        return Ok(Happening::Ignored("system"));
    }
    let (Some(command), Some(user), Some(id)) = (field("command"), field("user_id"), field("trigger_id"))
    else {
        return Err(Malformed(
            "the form is neither an interaction nor a command".to_owned(),
        ));
    };
    if not_ours(field("api_app_id").as_deref(), account) {
        return Ok(Happening::Ignored("other"));
    }
    // A command without words is its own word.
    let words = field("text").unwrap_or_else(|| command.trim_start_matches('/').replace(['-', '_'], " "));
    // The command may have been used where the app may not post, or between two other people.
    let address = Address {
        channel: user.clone(),
        thread_ts: None,
    };
    Ok(Happening::Said(Box::new(Saying {
        message_id: short_id(&id),
        aliases: vec![user],
        text: markup::plain(&words, None),
        attachments: Vec::new(),
        sent_at: None,
        address: json::address(&address).map_err(Malformed)?,
    })))
}

#[derive(Deserialize)]
struct Interaction {
    #[serde(rename = "type", default, deserialize_with = "json::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    api_app_id: Option<String>,
    #[serde(default)]
    user: Option<Named>,
    #[serde(default)]
    channel: Option<Named>,
    #[serde(default)]
    container: Option<Container>,
    #[serde(default)]
    message: Option<Threaded>,
    #[serde(default, deserialize_with = "json::list")]
    actions: Vec<Action>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default, deserialize_with = "json::text")]
    id: Option<String>,
}

#[derive(Deserialize)]
struct Container {
    #[serde(default, deserialize_with = "json::text")]
    channel_id: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    thread_ts: Option<String>,
}

#[derive(Deserialize)]
struct Threaded {
    #[serde(default, deserialize_with = "json::text")]
    thread_ts: Option<String>,
}

#[derive(Deserialize)]
struct Action {
    #[serde(default, deserialize_with = "json::text")]
    action_id: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    action_ts: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    value: Option<String>,
    #[serde(default)]
    text: Option<Label>,
    #[serde(default)]
    selected_option: Option<Choice>,
    #[serde(default, deserialize_with = "json::text")]
    selected_date: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    selected_time: Option<String>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    text: Option<Label>,
    #[serde(default, deserialize_with = "json::text")]
    value: Option<String>,
}

#[derive(Deserialize)]
struct Label {
    #[serde(default, deserialize_with = "json::text")]
    text: Option<String>,
}

impl Action {
    /// What was said by it. The value of our own buttons is the whole option; their label may be cut.
    fn said(&self) -> Option<&str> {
        fn label(label: Option<&Label>) -> Option<&str> {
            label?.text.as_deref()
        }
        let choice = self.selected_option.as_ref();
        self.value
            .as_deref()
            .or_else(|| label(self.text.as_ref()))
            .or_else(|| choice.and_then(|choice| label(choice.text.as_ref()).or(choice.value.as_deref())))
            .or(self.selected_date.as_deref())
            .or(self.selected_time.as_deref())
            .filter(|text| !text.trim().is_empty())
    }
}

/// What somebody tapped.
fn tapped(interaction: Interaction) -> Result<Happening, String> {
    if interaction.kind.as_deref() != Some("block_actions") {
        return Ok(Happening::Ignored("other"));
    }
    let user = interaction.user.and_then(|user| user.id);
    let user = user.ok_or("block_actions without user.id")?;
    let (container_channel, container_thread) = interaction
        .container
        .map(|container| (container.channel_id, container.thread_ts))
        .unwrap_or_default();
    let channel = interaction.channel.and_then(|channel| channel.id);
    let channel = channel
        .or(container_channel)
        .ok_or("block_actions without channel.id")?;
    let mut actions = interaction.actions.iter();
    let Some((action, text)) = actions.find_map(|action| Some((action, action.said()?))) else {
        return Ok(Happening::Ignored("other"));
    };
    let ts = action.action_ts.as_deref();
    let ts = ts.ok_or("block_actions without actions.action_ts")?;
    let thread_ts = interaction.message.and_then(|message| message.thread_ts);
    let which = action.action_id.as_deref().unwrap_or_default();
    let message_id = short_id(&format!("{channel}:{ts}:{user}:{which}"));
    let address = Address {
        channel,
        thread_ts: thread_ts.or(container_thread),
    };
    Ok(Happening::Said(Box::new(Saying {
        message_id,
        aliases: vec![user],
        text: text.to_owned(),
        attachments: Vec::new(),
        sent_at: time(ts),
        address: json::address(&address)?,
    })))
}

/// The time of a `ts`: seconds since 1970 with six decimals.
fn time(ts: &str) -> Option<Timestamp> {
    let (seconds, micros) = ts.split_once('.')?;
    if micros.len() != 6 {
        return None;
    }
    let micros: i32 = micros.parse().ok()?;
    Timestamp::new(seconds.parse().ok()?, micros.checked_mul(1_000)?).ok()
}

#[cfg(test)]
mod tests;
