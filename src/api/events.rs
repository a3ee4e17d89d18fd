//! `GET …/events`: what happens in a conversation, live (server-sent events).
//!
//! The hub only makes it quick; the transcript makes it right. Whatever a listener may have missed (before it
//! came, while the line was down, when it was too slow) is read from the transcript, by number, and each reply
//! goes out once and in order.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, State};
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, stream};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::App;
use super::auth::Caller;
use super::params::{LastEventId, OfParticipant, QueryString, UrlPath};
use super::participants::known;
use super::problem::{Kind, Problem};
use crate::outbound::hub::{Event, LiveReply, Next, Subscription};
use crate::store::{Direction, Store, TranscriptEntry};
use crate::types::ConversationId;

/// How often a quiet stream says that it is alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How often the transcript is looked at although nothing was heard: finds replies that another process committed.
const LOOK: Duration = Duration::from_secs(20);

/// Messages of one read, and reads of one catching up. Who is further behind begins with the newest.
const PAGE: u32 = 100;
const PAGES_MAX: usize = 5;

/// How soon a browser comes back after the line broke.
const RETRY: Duration = Duration::from_secs(2);

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ListenParams {
    /// The number of the last message that is known; replies after it are sent first. `Last-Event-ID` wins.
    #[param(value_type = u64, required = false, minimum = 0, maximum = 9007199254740991_i64)]
    after: Option<u64>,
}

/// A reply, as data of an event `reply`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReplyEvent {
    /// Its number in the transcript; also the event's id.
    seq: u64,
    /// Its id, the same as in the transcript.
    message_id: String,
    /// What it says.
    text: String,
    /// What can be tapped.
    options: Vec<String>,
    /// When it was committed.
    #[schema(value_type = String, format = DateTime)]
    at: jiff::Timestamp,
}

/// Listen to a conversation
///
/// Server-sent events: `reply` (data: `ReplyEvent`; id: its number in the transcript), `typing` (the bot works on
/// an answer), `state` (goals or appointments may have changed: read the context). A stream that comes back with
/// `Last-Event-ID` gets the replies that it missed.
#[utoipa::path(
    get, path = "/v1/businesses/{business_id}/participants/{participant_id}/events", tag = "conversations", operation_id = "listen",
    params(
        OfParticipant,
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was received"),
        ListenParams
    ),
    responses((status = 200, description = "Events, until either side hangs up", body = String, content_type = "text/event-stream"))
)]
pub(super) async fn listen(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    UrlPath(path): UrlPath<OfParticipant>,
    QueryString(params): QueryString<ListenParams>,
    last: Option<LastEventId>,
) -> Result<Response, Problem> {
    let (pair, _) = known(&app, path).await?;
    caller.may_speak_for(&pair, &app)?;
    // Listening begins before the transcript is read: what is said in between comes twice, never not at all.
    let subscription = app.hub.subscribe(&pair).map_err(|full| {
        Problem::new(Kind::Unavailable, full.to_string()).retry_after(Duration::from_secs(5))
    })?;
    let seen = last.map(|LastEventId(seq)| seq).or(params.after);
    let listener = Listener::begin(subscription, app.store.clone(), pair.conversation(), seen).await?;
    Ok(listener.into_response())
}

pub(super) struct Listener {
    subscription: Subscription,
    store: Arc<dyn Store>,
    conversation: ConversationId,
    /// The number of the last message that this listener knows.
    last: u64,
    ready: VecDeque<Sent>,
}

impl Listener {
    /// A listener that has seen the messages up to `seen`, or all that there are by now.
    pub(super) async fn begin(
        subscription: Subscription,
        store: Arc<dyn Store>,
        conversation: ConversationId,
        seen: Option<u64>,
    ) -> Result<Self, crate::store::Error> {
        let mut listener = Self {
            subscription,
            store,
            conversation,
            last: 0,
            ready: VecDeque::from([Sent::default().comment("listening").retry(RETRY)]),
        };
        match seen {
            Some(seen) => {
                listener.last = seen;
                listener.catch_up().await?;
            }
            None => listener.last = listener.newest().await?,
        }
        Ok(listener)
    }

    fn into_stream(self) -> impl Stream<Item = Result<Sent, Infallible>> {
        stream::unfold(self, |mut listener| async move {
            let event = listener.next().await?;
            Some((Ok(event), listener))
        })
    }

    async fn next(&mut self) -> Option<Sent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let heard = tokio::time::timeout(LOOK, self.subscription.next()).await;
            match heard {
                Ok(Next::Closed) => return None,
                Ok(Next::Event(Event::Typing)) => self.ready.push_back(event("typing", &())),
                Ok(Next::Event(Event::Reply(reply))) => {
                    // Between two replies there is usually one message of the customer. A wider gap may hide a
                    // reply of another channel, which the hub does not carry.
                    if reply.seq > self.last + 2 {
                        self.try_catch_up().await;
                    }
                    self.reply(reply);
                }
                Ok(Next::Event(Event::State { version })) => {
                    self.try_catch_up().await;
                    let data = serde_json::json!({ "version": version });
                    self.ready.push_back(event("state", &data));
                }
                Ok(Next::Resync) | Err(_) => self.try_catch_up().await,
            }
        }
    }

    fn reply(&mut self, reply: LiveReply) {
        if reply.seq <= self.last {
            return;
        }
        self.last = reply.seq;
        let id = reply.seq.to_string();
        let data = ReplyEvent {
            seq: reply.seq,
            message_id: reply.message_id,
            text: reply.text,
            options: reply.options,
            at: reply.at,
        };
        self.ready.push_back(event("reply", &data).id(id));
    }

    /// A transcript that cannot be read now is read with the next event or look.
    async fn try_catch_up(&mut self) {
        if let Err(error) = self.catch_up().await {
            tracing::warn!(%error, "an event stream cannot read the transcript; trying again soon");
        }
    }

    /// Makes ready every reply that this listener does not know yet.
    async fn catch_up(&mut self) -> Result<(), crate::store::Error> {
        let mut missed: Vec<TranscriptEntry> = Vec::new();
        let mut before = None;
        for _ in 0..PAGES_MAX {
            let page = self.store.messages(self.conversation, before, PAGE).await?;
            let Some(first) = page.first().map(|entry| entry.seq) else {
                break;
            };
            missed.extend(page.into_iter().filter(|entry| entry.seq > self.last));
            if first <= self.last + 1 {
                break;
            }
            before = Some(first);
        }
        missed.sort_by_key(|entry| entry.seq);
        for entry in missed {
            match entry.direction {
                Direction::Inbound => self.last = self.last.max(entry.seq),
                Direction::Outbound => self.reply(LiveReply {
                    seq: entry.seq,
                    message_id: entry.message_id,
                    text: entry.text,
                    options: entry.options,
                    at: entry.at,
                }),
            }
        }
        Ok(())
    }

    async fn newest(&self) -> Result<u64, crate::store::Error> {
        let page = self.store.messages(self.conversation, None, 1).await?;
        Ok(page.last().map_or(0, |entry| entry.seq))
    }
}

impl IntoResponse for Listener {
    fn into_response(self) -> Response {
        Sse::new(self.into_stream())
            .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
            .into_response()
    }
}

fn event(name: &str, data: &impl Serialize) -> Sent {
    // Our own types always serialise; and an event without data would still tell the listener to look.
    let json = serde_json::to_string(data).unwrap_or_else(|_| "null".to_owned());
    Sent::default().event(name).data(json)
}
