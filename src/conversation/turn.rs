//! One turn: understand, decide, hold, commit, reply.
//!
//! It runs in a task of its own, with a copy of the context; the actor takes over what it reports. Nothing leaves
//! before the commit: not the reply, not the caches, not the answer to whoever waits.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::actor::What;
use super::commit::{self, Draft, Verdict};
use super::router::Place;
use super::{Answer, Business, Refused, Said, Services};
use crate::dialogue::context::SCHEMA;
use crate::dialogue::{Context, Event, Heard, Input};
use crate::store::cache::Cached;
use crate::store::{Inbound, MessageKey, Receipt, StoredContext};
use crate::telemetry::metrics::{self, CacheResult, Engine, Stage, Tier, TurnOutcome, Understood};
use crate::types::{Channel, MessageId, Pair};
use crate::understanding::{self, Act};
use crate::{ids, understanding::Lexicon};

/// The context that an actor owns, with its version.
#[derive(Debug, Clone)]
pub(super) struct Loaded {
    pub version: u64,
    pub context: Arc<Context>,
}

/// A message that waits, with who waits for its answer.
pub(super) struct Waiting {
    pub inbound: Inbound,
    pub asker: Option<oneshot::Sender<Result<Said, Refused>>>,
    pub place: Option<Place>,
}

impl Waiting {
    /// Answers whoever waits. The place in the queue is given back first, so that who has an answer owes nothing.
    fn told(self, answer: impl FnOnce(&Inbound) -> Result<Said, Refused>) {
        drop(self.place);
        if let Some(asker) = self.asker {
            // Whoever gave up waiting finds the answer in the transcript.
            let _ = asker.send(answer(&self.inbound));
        }
    }
}

/// What a turn works on.
pub(super) enum Work {
    Messages(Vec<Waiting>),
    Acts(Vec<Act>, oneshot::Sender<Result<Answer, Refused>>, Option<Place>),
    Event(Event, oneshot::Sender<()>, Option<Place>),
}

/// What a turn leaves behind.
pub(super) struct Ended {
    /// The context after it; `None` when it must be loaded anew.
    pub loaded: Option<Loaded>,
    /// Accepted messages with which it broke.
    pub broken: Vec<MessageKey>,
}

/// Loads a conversation: from a cache if the store says that it is current, else from the store.
pub(super) async fn load(services: &Services, pair: &Pair) -> Result<(Loaded, Vec<Inbound>), Refused> {
    let conversation = pair.conversation();
    let local = services.local.get(conversation).await.ok().flatten();
    let (cached, from) = match (local, &services.shared) {
        (Some(cached), _) => (Some(cached), Tier::Local),
        (None, Some(shared)) => {
            metrics::cache_asked(Tier::Local, CacheResult::Miss);
            match shared.get(conversation).await {
                Ok(cached) => (cached, Tier::Shared),
                Err(_) => {
                    metrics::cache_asked(Tier::Shared, CacheResult::Error);
                    (None, Tier::Durable)
                }
            }
        }
        (None, None) => {
            metrics::cache_asked(Tier::Local, CacheResult::Miss);
            metrics::cache_asked(Tier::Shared, CacheResult::Skipped);
            (None, Tier::Durable)
        }
    };
    let opened = services
        .store
        .open(pair, cached.as_ref().map(|c| c.version))
        .await?;
    let loaded = match (opened.context, cached) {
        (None, Some(cached)) if cached.version == opened.version => {
            metrics::cache_asked(from, CacheResult::Hit);
            Loaded {
                version: cached.version,
                context: cached.context,
            }
        }
        (stored, cached) => {
            if from != Tier::Durable {
                // Stale or ahead is a miss: what was remembered is of no use.
                metrics::cache_asked(from, CacheResult::Miss);
            }
            let _ = cached;
            metrics::cache_asked(
                Tier::Durable,
                if stored.is_some() {
                    CacheResult::Hit
                } else {
                    CacheResult::Miss
                },
            );
            let context = match stored {
                Some(stored) => read(services, pair, &stored).await?,
                None => Context::default(),
            };
            Loaded {
                version: opened.version,
                context: Arc::new(context),
            }
        }
    };
    Ok((loaded, opened.pending))
}

/// Reads a stored context. One that this version cannot read is begun anew: appointments and transcript stand in
/// tables of their own, so what is lost is the goal under way, and that is said in the log.
async fn read(services: &Services, pair: &Pair, stored: &StoredContext) -> Result<Context, Refused> {
    if stored.schema == SCHEMA {
        match serde_json::from_str(&stored.json) {
            Ok(context) => return Ok(context),
            Err(error) => {
                tracing::error!(conversation = %pair.conversation(), %error, "a stored context is broken and begins anew");
            }
        }
    } else {
        tracing::error!(
            conversation = %pair.conversation(),
            schema = stored.schema,
            "a stored context has another schema and begins anew"
        );
    }
    let last = services.store.messages(pair.conversation(), None, 1).await?;
    Ok(Context {
        last_seq: last.last().map_or(0, |entry| entry.seq),
        ..Context::default()
    })
}

/// Runs a turn to its end. Whoever waits is answered by it; a turn that panics answers nobody, and their closed
/// channels tell them.
pub(super) async fn run(services: Arc<Services>, pair: Pair, loaded: Loaded, work: Work) -> Ended {
    let accepted: Vec<MessageKey> = match &work {
        Work::Messages(messages) => messages
            .iter()
            .filter(|m| m.asker.is_none())
            .map(|m| m.inbound.key.clone())
            .collect(),
        Work::Acts(..) | Work::Event(..) => Vec::new(),
    };
    let conversation = pair.conversation();
    let started = Instant::now();
    // Caught here and not by a task of its own, which would be one more hand-over between threads for each turn. What
    // the turn owned is gone after a panic, and what it shared is whole whenever its lock is free.
    let turn = AssertUnwindSafe(work_on(&services, &pair, loaded, work)).catch_unwind();
    let ended = match turn.await {
        Ok(loaded) => Ended {
            loaded,
            broken: Vec::new(),
        },
        Err(_) => {
            tracing::error!(%conversation, "a turn broke");
            metrics::turn_ended(TurnOutcome::Failed);
            Ended {
                loaded: None,
                broken: accepted,
            }
        }
    };
    metrics::turn_took(Stage::Total, started.elapsed());
    ended
}

async fn work_on(services: &Services, pair: &Pair, loaded: Loaded, work: Work) -> Option<Loaded> {
    match work {
        Work::Messages(messages) => answer(services, pair, loaded, messages).await,
        Work::Acts(acts, asker, _place) => {
            let heard = Heard {
                id: drawn_message_id(services.clock.now()),
                channel: loaded.context.channel.unwrap_or(Channel::Api),
                text: String::new(),
                acts,
            };
            let draft = Draft {
                heard: vec![heard],
                inbound: Vec::new(),
                engine: None,
                arrived: Instant::now(),
            };
            let done = decide(services, pair, loaded, draft, None).await;
            match done {
                Ok((loaded, answer)) => {
                    let _ = asker.send(answer.ok_or_else(overloaded));
                    Some(loaded)
                }
                Err(failure) => {
                    let _ = asker.send(Err(failure.into_refused()));
                    None
                }
            }
        }
        Work::Event(event, asker, _place) => {
            let draft = Draft {
                heard: Vec::new(),
                inbound: Vec::new(),
                engine: None,
                arrived: Instant::now(),
            };
            let done = decide(services, pair, loaded, draft, Some(&event)).await;
            let _ = asker.send(());
            match done {
                Ok((loaded, _)) => Some(loaded),
                Err(failure) => {
                    let error = failure.into_refused();
                    tracing::warn!(conversation = %pair.conversation(), %error, "an event found no turn");
                    None
                }
            }
        }
    }
}

/// A message id for what had none.
pub(super) fn drawn_message_id(now: Timestamp) -> MessageId {
    let text = ids::new_id(now).to_string();
    // A UUID's text is always a valid message id.
    MessageId::new(&text).unwrap_or_else(|_| unreachable!("a UUID is printable and short"))
}

/// Answers messages: each once, those seen before with the answer of that time.
async fn answer(services: &Services, pair: &Pair, loaded: Loaded, messages: Vec<Waiting>) -> Option<Loaded> {
    let mut fresh: Vec<Waiting> = Vec::new();
    let mut again: Vec<Waiting> = Vec::new();
    for waiting in messages {
        let twin = fresh.iter().any(|other| other.inbound.key == waiting.inbound.key);
        // What comes from the inbox is known to be unanswered, whatever the context remembers.
        let seen = waiting.asker.is_some() && loaded.context.has_seen(&waiting.inbound.key.message_id);
        if twin || seen {
            again.push(waiting);
        } else {
            fresh.push(waiting);
        }
    }
    let mut last = Some(loaded);
    while !fresh.is_empty() {
        let Some(loaded) = last.take() else { break };
        let business = match services.businesses.find(&pair.business).await {
            Ok(Some(business)) => business,
            Ok(None) => return refuse_all(fresh, again, &Refused::UnknownBusiness),
            Err(error) => return refuse_all(fresh, again, &error.into()),
        };
        let draft = understand(services, &business, &loaded.context, &fresh).await;
        match decide(services, pair, loaded, draft, None).await {
            Ok((after, Some(answer))) => {
                last = Some(after);
                for waiting in fresh.drain(..) {
                    waiting.told(|inbound| {
                        let message_id = inbound.key.message_id.clone();
                        Ok(Said::Answered(Answer {
                            message_id,
                            ..answer.clone()
                        }))
                    });
                }
            }
            Ok((after, None)) => {
                last = Some(after);
                break;
            }
            Err(Failure::AlreadyAnswered(keys)) => {
                let (known, new): (Vec<_>, Vec<_>) =
                    fresh.into_iter().partition(|w| keys.contains(&w.inbound.key));
                if known.is_empty() {
                    // Nothing to leave out: trying again could not end.
                    return refuse_all(new, again, &overloaded());
                }
                again.extend(known);
                fresh = new;
                last = load(services, pair).await.ok().map(|(loaded, _)| loaded);
                if last.is_none() {
                    return refuse_all(fresh, again, &overloaded());
                }
            }
            Err(Failure::Refused(refused)) => return refuse_all(fresh, again, &refused),
        }
    }
    for waiting in again {
        metrics::inbox_duplicate(waiting.inbound.key.channel);
        if waiting.asker.is_some() {
            let said = repeat(services, &waiting.inbound).await;
            waiting.told(|_| said);
        }
    }
    last
}

/// The answer that a message got when it was answered.
pub(super) async fn repeat(services: &Services, message: &Inbound) -> Result<Said, Refused> {
    let receipt = services.store.receipt(&message.key).await?;
    said_before(message, receipt)
}

pub(super) fn said_before(message: &Inbound, receipt: Option<Receipt>) -> Result<Said, Refused> {
    let Some(receipt) = receipt else {
        return Err(overloaded());
    };
    if receipt.text != message.text {
        return Err(Refused::MessageIdReused);
    }
    let Some(json) = receipt.answer else {
        return Ok(Said::Accepted);
    };
    let answer: Answer = serde_json::from_str(&json).map_err(|error| crate::store::Error::Corrupt {
        table: "inbox",
        column: "answer",
        id: message.key.message_id.to_string(),
        problem: error.to_string(),
    })?;
    Ok(Said::Duplicate(Answer {
        message_id: message.key.message_id.clone(),
        duplicate: true,
        ..answer
    }))
}

async fn understand(
    services: &Services,
    business: &Business,
    context: &Context,
    messages: &[Waiting],
) -> Draft {
    let started = Instant::now();
    let options = context.option_labels();
    let expecting = context.question.as_ref().map(|q| q.expecting);
    let lexicon: &Lexicon = &business.lexicon;
    let mut heard = Vec::with_capacity(messages.len());
    let mut engine = None;
    for waiting in messages {
        let inbound = &waiting.inbound;
        let at = inbound.sent_at.unwrap_or(inbound.received_at);
        let understood = services
            .understanding
            .understand(understanding::Heard {
                text: &inbound.text,
                now: business.catalogue.time_zone.to_datetime(at),
                expecting,
                options: &options,
                lexicon,
            })
            .await;
        let is_clear = understood.acts.iter().any(|act| *act != Act::Unclear);
        metrics::understood(
            Engine::Rules,
            if is_clear {
                Understood::Understood
            } else {
                Understood::Unclear
            },
        );
        engine = Some(understood.engine);
        heard.push(Heard {
            id: inbound.key.message_id.clone(),
            channel: inbound.key.channel,
            text: inbound.text.clone(),
            acts: understood.acts,
        });
    }
    metrics::turn_took(Stage::Understand, started.elapsed());
    Draft {
        heard,
        inbound: messages.iter().map(|w| w.inbound.clone()).collect(),
        engine,
        arrived: started,
    }
}

/// How often a turn is decided again because the world had moved on.
const ATTEMPTS_MAX: u32 = 8;

/// Decides and commits, again and again while the world moves on under it. `None` for an answer means that there was
/// nothing to say or do.
async fn decide(
    services: &Services,
    pair: &Pair,
    mut loaded: Loaded,
    draft: Draft,
    event: Option<&Event>,
) -> Result<(Loaded, Option<Answer>), Failure> {
    let business = services
        .businesses
        .find(&pair.business)
        .await?
        .ok_or(Refused::UnknownBusiness)?;
    let mut lost = None;
    for _ in 0..ATTEMPTS_MAX {
        let input = event.map_or(Input::Messages(&draft.heard), Input::Event);
        match commit::attempt(services, pair, &business, &loaded, &draft, input, lost).await? {
            Verdict::Committed(after, answer) => {
                metrics::turn_ended(TurnOutcome::Committed);
                return Ok((after, Some(answer)));
            }
            Verdict::Nothing => return Ok((loaded, None)),
            Verdict::Taken(start) => {
                metrics::turn_ended(TurnOutcome::EffectRefused);
                lost = start.or(lost);
            }
            Verdict::Conflict => {
                metrics::turn_ended(TurnOutcome::VersionConflict);
                loaded = load(services, pair).await?.0;
            }
            Verdict::AlreadyAnswered(keys) => {
                metrics::turn_ended(TurnOutcome::AlreadyAnswered);
                return Err(Failure::AlreadyAnswered(keys));
            }
        }
    }
    // Eight others were faster each time: an overload, not a state of the conversation.
    metrics::turn_ended(TurnOutcome::Failed);
    Err(overloaded().into())
}

/// Why a turn was not committed.
enum Failure {
    Refused(Refused),
    /// Messages of it were answered before; the rest may go on without them.
    AlreadyAnswered(Vec<MessageKey>),
}

impl Failure {
    fn into_refused(self) -> Refused {
        match self {
            Self::Refused(refused) => refused,
            // Only messages have keys; nothing else gets here.
            Self::AlreadyAnswered(_) => overloaded(),
        }
    }
}

impl<E: Into<Refused>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

const fn overloaded() -> Refused {
    Refused::Overloaded {
        retry_after: super::RETRY_AFTER,
    }
}

fn refuse_all(fresh: Vec<Waiting>, again: Vec<Waiting>, refused: &Refused) -> Option<Loaded> {
    tracing::warn!(error = %refused, "a turn was not committed");
    metrics::turn_ended(TurnOutcome::Failed);
    for waiting in fresh.into_iter().chain(again) {
        waiting.told(|_| Err(refused.clone()));
    }
    None
}

/// Tells whoever waits that it cannot be done now.
pub(super) fn refuse(what: What, refused: &Refused) {
    match what {
        What::Message(_, Some(asker)) => drop(asker.send(Err(refused.clone()))),
        What::Acts(_, asker) => drop(asker.send(Err(refused.clone()))),
        // An accepted message stays in the inbox; an event is rung again by the sweep that found it.
        What::Message(_, None) | What::Event(..) => {}
    }
}

impl From<&Loaded> for Cached {
    fn from(loaded: &Loaded) -> Self {
        Self {
            version: loaded.version,
            context: loaded.context.clone(),
        }
    }
}
