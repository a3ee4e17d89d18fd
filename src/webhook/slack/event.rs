//! Slack's events: posts, what becomes of posts, and what becomes of the app.

use serde::Deserialize;
use serde_json::Value;

use super::{Address, Body, markup, time};
use crate::accounts::Account;
use crate::webhook::intake::{Attachment, Happening, Saying, short_id};
use crate::webhook::json;

/// What an event says.
pub(super) fn happening(body: Body, account: &Account) -> Happening {
    let kind = body.event.get("type").and_then(Value::as_str).unwrap_or_default();
    let read = match kind {
        "message" | "app_mention" => {
            let mentioned = kind == "app_mention";
            posted(body, account, mentioned)
        }
        "app_uninstalled" => Ok(Happening::Stopped {
            problem: "the app was uninstalled from the workspace".to_owned(),
        }),
        "tokens_revoked" => Ok(revoked(&body.event)),
        "reaction_added" | "reaction_removed" => Ok(Happening::Ignored("reaction")),
        _ => Ok(Happening::Ignored("other")),
    };
    read.unwrap_or_else(|problem| Happening::Broken { problem })
}

/// Only the bot's tokens are ours to miss; those of users come and go.
fn revoked(event: &Value) -> Happening {
    let tokens = event.get("tokens");
    let of_users_only = tokens.is_some_and(|tokens| {
        let some = |name: &str| {
            tokens
                .get(name)
                .and_then(Value::as_array)
                .is_some_and(|all| !all.is_empty())
        };
        some("oauth") && !some("bot")
    });
    if of_users_only {
        Happening::Ignored("system")
    } else {
        Happening::Stopped {
            problem: "the app's token was revoked".to_owned(),
        }
    }
}

#[derive(Deserialize)]
struct Event {
    #[serde(default, deserialize_with = "json::text")]
    subtype: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    channel: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    channel_type: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    event_ts: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    deleted_ts: Option<String>,
    #[serde(default)]
    message: Option<Post>,
    #[serde(default)]
    previous_message: Option<Post>,
    #[serde(flatten)]
    post: Post,
}

/// A post: an event's own, or one that an event is about.
#[derive(Deserialize)]
struct Post {
    #[serde(default, deserialize_with = "json::text")]
    subtype: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    user: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    bot_id: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    text: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    ts: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    thread_ts: Option<String>,
    #[serde(default)]
    edited: Option<Edited>,
    #[serde(default, deserialize_with = "json::list")]
    files: Vec<File>,
}

#[derive(Deserialize)]
struct Edited {
    #[serde(default, deserialize_with = "json::text")]
    ts: Option<String>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default, deserialize_with = "json::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    mimetype: Option<String>,
    #[serde(default, deserialize_with = "json::number")]
    size: Option<i64>,
    #[serde(default, deserialize_with = "json::text")]
    url_private_download: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    url_private: Option<String>,
}

impl From<File> for Attachment {
    fn from(file: File) -> Self {
        Self {
            kind: json::kind_of(file.mimetype.as_deref()),
            id: file.id,
            // Fetched with the bot's token, which is not part of it.
            url: file.url_private_download.or(file.url_private),
            mime_type: file.mimetype,
            name: file.name,
            size: file.size.and_then(|size| u64::try_from(size).ok()),
            place: None,
        }
    }
}

/// A post, or what became of one.
fn posted(body: Body, account: &Account, mentioned: bool) -> Result<Happening, String> {
    let event: Event = json::part(body.event).map_err(|problem| format!("event: {problem}"))?;
    let bot = body
        .authorizations
        .into_iter()
        .find(|one| one.is_bot == Some(true))
        .and_then(|one| one.user_id);
    let place = Place {
        channel: event.channel.ok_or("event without channel")?,
        direct: event.channel_type.as_deref() == Some("im"),
        mentioned,
        app: account.setting("bot_user_id").map(ToOwned::to_owned).or(bot),
    };
    match event.subtype.as_deref() {
        None | Some("file_share" | "thread_broadcast" | "me_message") => {
            let event_time = body.event_time;
            place.said(event.post, None, event_time)
        }
        Some("bot_message") => Ok(Happening::Ignored("bot")),
        Some("message_changed") => {
            let changed = event.message.ok_or("event without message")?;
            place.changed(changed, event.previous_message, event.event_ts)
        }
        Some("message_deleted") => {
            let previous = event.previous_message;
            if previous.as_ref().is_some_and(|post| place.is_by_a_bot(post)) {
                return Ok(Happening::Ignored("bot"));
            }
            let ts = event.deleted_ts.or(previous.and_then(|post| post.ts));
            Ok(place.unsaid(&ts.ok_or("event without deleted_ts")?))
        }
        // Somebody joined, the topic was changed, a reminder was set, and so on.
        Some(_) => Ok(Happening::Ignored("system")),
    }
}

/// Where something was posted, and what is said to us there.
struct Place {
    channel: String,
    direct: bool,
    mentioned: bool,
    app: Option<String>,
}

impl Place {
    fn is_by_a_bot(&self, post: &Post) -> bool {
        post.bot_id.is_some()
            || post.subtype.as_deref() == Some("bot_message")
            || (self.app.is_some() && post.user == self.app)
    }

    fn unsaid(&self, ts: &str) -> Happening {
        Happening::Unsaid {
            message_id: short_id(&format!("{}:{ts}", self.channel)),
        }
    }

    /// A post; `edit` sets an edited one apart from what it was.
    fn said(&self, post: Post, edit: Option<&str>, event_time: Option<i64>) -> Result<Happening, String> {
        if self.is_by_a_bot(&post) {
            return Ok(Happening::Ignored("bot"));
        }
        let text = post.text.unwrap_or_default();
        let app = self.app.as_deref();
        if !(self.direct || self.mentioned || app.is_some_and(|app| markup::mentions(&text, app))) {
            return Ok(Happening::Ignored("other"));
        }
        let ts = post.ts.ok_or("event without ts")?;
        let user = post.user.ok_or("event without user")?;
        // A mention begins with the app, whoever that is.
        let app = app.or_else(|| markup::first_mention(&text).filter(|_| self.mentioned));
        let text = markup::plain(&text, app);
        let attachments: Vec<_> = post.files.into_iter().map(Into::into).collect();
        let address = Address {
            channel: self.channel.clone(),
            thread_ts: post.thread_ts,
        };
        let told_at = || jiff::Timestamp::from_second(event_time?).ok();
        Ok(Happening::Said(Box::new(Saying {
            message_id: match edit {
                None => short_id(&format!("{}:{ts}", self.channel)),
                Some(edit) => short_id(&format!("{}:{ts}:{edit}", self.channel)),
            },
            aliases: vec![user],
            text,
            attachments,
            sent_at: edit.and_then(time).or_else(|| time(&ts)).or_else(told_at),
            address: json::address(&address)?,
        })))
    }

    /// A post that was changed. It is told too when Slack has added the picture of a link, which says nothing.
    fn changed(
        &self,
        mut changed: Post,
        previous: Option<Post>,
        event_ts: Option<String>,
    ) -> Result<Happening, String> {
        let (before, ts, thread_ts) = previous
            .map(|post| (post.text, post.ts, post.thread_ts))
            .unwrap_or_default();
        changed.ts = changed.ts.or(ts);
        changed.thread_ts = changed.thread_ts.or(thread_ts);
        // What is left of the first post of a thread when it is deleted.
        if changed.subtype.as_deref() == Some("tombstone") {
            return Ok(self.unsaid(&changed.ts.ok_or("event without ts")?));
        }
        if self.is_by_a_bot(&changed) {
            return Ok(Happening::Ignored("bot"));
        }
        if changed.text == before {
            return Ok(Happening::Ignored("other"));
        }
        let edited = changed.edited.as_ref().and_then(|edited| edited.ts.clone());
        let edit = edited.or(event_ts).ok_or("event without event_ts")?;
        self.said(changed, Some(&edit), None)
    }
}
