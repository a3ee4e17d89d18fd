//! One turn: understand, decide, hold, commit, reply.
//!
//! It runs in a task of its own, with a copy of the context; the actor takes over what it reports. Nothing leaves
//! before the commit: not the reply, not the caches, not the answer to whoever waits.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::actor::What;
use super::commit::{self, Draft, Verdict};
use super::joining::Patience;
use super::load::{Loaded, load};
use super::router::Place;
use super::setting::{self, Setting};
use super::stages::Arrival;
use super::understand::{Kept, Thinking, understand};
use super::{Answer, Refused, Said, Services};
use crate::dialogue::{Context, Event, Heard, Input};
use crate::ids;
use crate::store::{Inbound, MessageKey, Receipt};
use crate::telemetry::metrics::{self, Stage, TurnOutcome};
use crate::types::{Channel, MessageId, Pair, ParticipantId};
use crate::understanding::Act;

/// A message that waits, with who waits for its answer.
pub(super) struct Waiting {
    pub inbound: Arc<Inbound>,
    pub asker: Option<oneshot::Sender<Result<Said, Refused>>>,
    pub arrived: Arrival,
    /// When it must be understood, so that its sender still gets the answer.
    pub due: Option<Instant>,
    pub place: Option<Place>,
    /// What it was understood to be before the turn began again.
    pub kept: Option<Box<Kept>>,
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
    Messages(Vec<Waiting>, Thinking),
    Acts(Vec<Act>, oneshot::Sender<Result<Answer, Refused>>, Option<Place>),
    Event(Event, oneshot::Sender<()>, Option<Place>),
    Set(
        Setting,
        oneshot::Sender<Result<Option<u64>, Refused>>,
        Option<Place>,
    ),
}

/// What a turn leaves behind.
pub(super) struct Ended {
    /// The context after it; `None` when it must be loaded anew.
    pub loaded: Option<Loaded>,
    /// It broke over several messages: these have no answer yet, and one of them is to blame.
    pub unanswered: Vec<Waiting>,
    /// It broke over this one, which is durable.
    pub broken: Option<MessageKey>,
    /// It was given up before anything was decided, so that newer messages can join the unanswered: they go together,
    /// with what is left of this.
    pub again: Option<Patience>,
    /// The participant has become this one, who is to be rung: accepted messages are theirs to answer.
    pub joined_into: Option<ParticipantId>,
}

/// Runs a turn to its end, and answers whoever waits. A panic in it is a mistake of ours, and ends only the turn:
/// a single message is given up (its closed channel tells who waits), and of several each is tried again alone.
pub(super) async fn run(services: Arc<Services>, pair: Pair, loaded: Loaded, work: Work) -> Ended {
    let mut started = Instant::now();
    let mut messages = Unanswered::default();
    let mut given_up = None;
    let turn = async {
        match work {
            Work::Messages(fresh, thinking) => {
                messages.fresh = fresh;
                started = thinking.patience.begun;
                match answer(&services, &pair, loaded, &mut messages, &thinking).await {
                    Ok(loaded) => loaded,
                    Err(undecided) => {
                        given_up = Some(thinking.patience);
                        Some(undecided)
                    }
                }
            }
            Work::Acts(acts, asker, place) => act(&services, &pair, loaded, acts, asker, place).await,
            Work::Event(event, asker, place) => react(&services, &pair, loaded, &event, asker, place).await,
            Work::Set(what, asker, place) => {
                let set = setting::set(&services, &pair, loaded, what).await;
                drop(place);
                let answer = set.as_ref().map(|after| after.standing.map(|s| s.version));
                // Whoever gave up waiting sees it in the context.
                let _ = asker.send(answer.map_err(Refused::clone));
                set.ok()
            }
        }
    };
    // Nothing that a panic could have left half done is looked at again: the context is loaded anew.
    let ended = match AssertUnwindSafe(turn).catch_unwind().await {
        Ok(loaded) if given_up.is_some() => {
            return Ended {
                loaded,
                unanswered: messages.all(),
                broken: None,
                again: given_up,
                joined_into: None,
            };
        }
        Ok(loaded) => Ended {
            loaded,
            unanswered: Vec::new(),
            broken: None,
            again: None,
            joined_into: messages.joined_into,
        },
        Err(_) => {
            tracing::error!(conversation = %pair.conversation(), "a turn broke");
            metrics::turn_ended(TurnOutcome::Failed);
            messages.after_a_panic()
        }
    };
    metrics::turn_took(Stage::Total, started.elapsed());
    ended
}

/// The messages of a turn that have no answer yet.
#[derive(Default)]
struct Unanswered {
    /// Those to be answered by this turn.
    fresh: Vec<Waiting>,
    /// Those that get the answer of another delivery of the same message.
    again: Vec<Waiting>,
    /// Who is to answer them instead.
    joined_into: Option<ParticipantId>,
}

impl Unanswered {
    fn all(self) -> Vec<Waiting> {
        self.fresh.into_iter().chain(self.again).collect()
    }

    fn after_a_panic(self) -> Ended {
        let mut unanswered = self.all();
        let mut broken = None;
        if unanswered.len() == 1 {
            // One whose sender has gone was made durable when they gave up waiting.
            broken = unanswered
                .pop()
                .filter(|w| w.asker.as_ref().is_none_or(oneshot::Sender::is_closed))
                .map(|w| w.inbound.key.clone());
        }
        Ended {
            loaded: None,
            unanswered,
            broken,
            again: None,
            joined_into: None,
        }
    }

    /// Refuses all. The context is loaded anew before the next turn: nothing uncommitted stays in memory.
    fn refuse(&mut self, refused: &Refused) -> Option<Loaded> {
        if let Refused::Joined(into) = refused {
            self.joined_into = Some(into.clone());
        } else {
            tracing::warn!(error = %refused, "a turn was not committed");
            metrics::turn_ended(TurnOutcome::Failed);
        }
        for waiting in self.fresh.drain(..).chain(self.again.drain(..)) {
            waiting.told(|_| Err(refused.clone()));
        }
        None
    }
}

/// Does what acts without a message say.
async fn act(
    services: &Services,
    pair: &Pair,
    loaded: Loaded,
    acts: Vec<Act>,
    asker: oneshot::Sender<Result<Answer, Refused>>,
    place: Option<Place>,
) -> Option<Loaded> {
    let heard = Heard {
        id: drawn_message_id(services.clock.now()),
        channel: loaded.context.channel.unwrap_or(Channel::Api),
        text: String::new(),
        acts,
        language: None,
        wording: None,
    };
    let done = decide(services, pair, loaded, Draft::without_message(vec![heard]), None).await;
    let (answer, loaded) = match done {
        Ok((loaded, answer)) => (answer.ok_or_else(overloaded), Some(loaded)),
        Err(failure) => (Err(failure.into_refused()), None),
    };
    drop(place);
    // Whoever gave up waiting sees what was done in the context.
    let _ = asker.send(answer);
    loaded
}

/// Deals with what time or the world did.
async fn react(
    services: &Services,
    pair: &Pair,
    loaded: Loaded,
    event: &Event,
    asker: oneshot::Sender<()>,
    place: Option<Place>,
) -> Option<Loaded> {
    let done = decide(
        services,
        pair,
        loaded,
        Draft::without_message(Vec::new()),
        Some(event),
    )
    .await;
    drop(place);
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

/// A message id for what had none.
pub(super) fn drawn_message_id(now: Timestamp) -> MessageId {
    let text = ids::new_id(now).to_string();
    // A UUID's text is always a valid message id.
    MessageId::new(&text).unwrap_or_else(|_| unreachable!("a UUID is printable and short"))
}

/// Answers messages: each once, those seen before with the answer of that time. `Err` when newer ones want to join and
/// nothing is decided yet; it holds the context as it was.
async fn answer(
    services: &Services,
    pair: &Pair,
    loaded: Loaded,
    messages: &mut Unanswered,
    thinking: &Thinking,
) -> Result<Option<Loaded>, Loaded> {
    repeat_remembered(services, &loaded.context, &mut messages.fresh).await;
    set_twins_aside(messages);
    let mut last = Some(loaded);
    while !messages.fresh.is_empty() {
        let Some(mut loaded) = last.take() else { break };
        let business = match services.businesses.find(&pair.business).await {
            Ok(Some(business)) => business,
            Ok(None) => return Ok(messages.refuse(&Refused::UnknownBusiness)),
            Err(error) => return Ok(messages.refuse(&error.into())),
        };
        let fresh = &mut messages.fresh;
        let understood = understand(services, pair, &business, &mut loaded, fresh, thinking);
        let Ok(draft) = understood.instrument(tracing::debug_span!("understand")).await else {
            return Err(loaded);
        };
        match decide(services, pair, loaded, draft, None).await {
            Ok((after, answer)) => {
                last = Some(after);
                for waiting in messages.fresh.drain(..) {
                    waiting.told(|inbound| {
                        let answer = answer.clone().ok_or_else(overloaded)?;
                        let message_id = inbound.key.message_id.clone();
                        Ok(Said::Answered(Answer { message_id, ..answer }))
                    });
                }
            }
            Err(Failure::AlreadyAnswered(keys)) => {
                let before = messages.again.len();
                let known = messages.fresh.extract_if(.., |w| keys.contains(&w.inbound.key));
                messages.again.extend(known);
                if messages.again.len() == before {
                    // Nothing to leave out: trying again could not end.
                    return Ok(messages.refuse(&overloaded()));
                }
                match load(services, pair).await {
                    Ok((loaded, _)) => last = Some(loaded),
                    Err(refused) => return Ok(messages.refuse(&refused)),
                }
            }
            Err(Failure::Refused(refused)) => return Ok(messages.refuse(&refused)),
        }
    }
    while let Some(waiting) = messages.again.first() {
        let said = match waiting.asker {
            Some(_) => repeat(services, &waiting.inbound).await,
            None => Ok(Said::Accepted),
        };
        let waiting = messages.again.remove(0);
        metrics::inbox_duplicate(waiting.inbound.key.channel);
        waiting.told(|_| said);
    }
    Ok(last)
}

/// Answers those that the context remembers. It remembers ids, and another channel may use the same one for another
/// message; so the receipt decides. What comes from the inbox is known to be unanswered.
async fn repeat_remembered(services: &Services, context: &Context, fresh: &mut Vec<Waiting>) {
    let mut at = 0;
    while let Some(waiting) = fresh.get(at) {
        let inbound = &waiting.inbound;
        let found_in_the_inbox = waiting.asker.is_none() && waiting.place.is_none();
        if found_in_the_inbox || !context.has_seen(&inbound.key.message_id) {
            at += 1;
            continue;
        }
        let said = match services.store.receipt(&inbound.key).await {
            Ok(None) => {
                at += 1;
                continue;
            }
            // One that was made durable and then handed over is answered by this turn, unless it was found there before.
            Ok(Some(receipt)) if waiting.asker.is_none() && receipt.answer.is_none() => {
                at += 1;
                continue;
            }
            Ok(receipt) => said_before(inbound, receipt),
            Err(error) => Err(error.into()),
        };
        let waiting = fresh.remove(at);
        metrics::inbox_duplicate(waiting.inbound.key.channel);
        waiting.told(|_| said);
    }
}

/// A message that was delivered twice is answered once; the second delivery waits for that answer.
fn set_twins_aside(messages: &mut Unanswered) {
    if messages.fresh.len() < 2 {
        return;
    }
    let mut keys = BTreeSet::new();
    let twins = messages
        .fresh
        .extract_if(.., |w| !keys.insert(w.inbound.key.clone()));
    messages.again.extend(twins);
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
    let _pass = services.turnstile.enter(&pair.business).await;
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
                metrics::messages_answered(draft.given.len());
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
    // Others were faster every time: an overload, not a state of the conversation.
    tracing::warn!(conversation = %pair.conversation(), "a turn was given up: others were faster each time");
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

/// Tells whoever waits that it cannot be done now.
pub(super) fn refuse(what: What, refused: &Refused) {
    match what {
        What::Message(_, Some(asker)) => drop(asker.send(Err(refused.clone()))),
        What::Acts(_, asker) => drop(asker.send(Err(refused.clone()))),
        What::Set(_, asker) => drop(asker.send(Err(refused.clone()))),
        // An accepted message stays in the inbox; an event is rung again by the sweep that found it.
        What::Message(_, None) | What::Event(..) => {}
    }
}
