//! One attempt of a turn: decide on the calendar as it is, hold, write everything at once, and only then tell.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use tokio::time::Instant;
use tracing::Instrument as _;
use uuid::Uuid;

use super::answer::{Answer, AppointmentView, GoalView, ReplyView};
use super::load::Loaded;
use super::notices::{self, Told};
use super::turn::drawn_message_id;
use super::{Business, Services, session, stages};
use crate::booking::Status;
use crate::booking::appointment::Appointment;
use crate::dialogue::claims::Claim;
use crate::dialogue::context::SCHEMA;
use crate::dialogue::{self, Context, Effect, Heard, Input, Outcome, View};
use crate::ids::{self, Seed};
use crate::invariants::{self, Invariant};
use crate::store::cache::Cached;
use crate::store::{
    Asked, CommitOutcome, Direction, HoldOutcome, Inbound, MessageKey, Origin, OutboxRow, Standing,
    StoredContext, TranscriptEntry, TurnCommit,
};
use crate::telemetry::metrics::{self, AppointmentEvent, Stage};
use crate::telemetry::trace;
use crate::types::{Channel, Pair, Reach, SessionId, Trace, TurnId};

/// What a turn goes on from: everything but the world.
pub(super) struct Draft {
    pub heard: Vec<Heard>,
    pub given: Vec<Given>,
    pub begun: Instant,
}

/// A message of a turn, with how it was understood.
pub(super) struct Given {
    pub inbound: Arc<Inbound>,
    pub engine: Cow<'static, str>,
    pub asked: Option<Box<Asked>>,
}

impl Draft {
    /// What a turn without a message goes on from.
    pub(super) fn without_message(heard: Vec<Heard>) -> Self {
        Self {
            heard,
            given: Vec::new(),
            begun: Instant::now(),
        }
    }

    /// The trace that the turn belongs to: that of its last message that has one.
    fn trace(&self) -> Option<Trace> {
        self.given.iter().rev().find_map(|given| given.inbound.trace)
    }
}

/// What became of an attempt.
pub(super) enum Verdict {
    Committed(Loaded, Answer),
    /// There is nothing to say, to do or to remember.
    Nothing,
    /// A slot was lost; where it is known, which.
    Taken(Option<Timestamp>),
    Conflict,
    AlreadyAnswered(Vec<MessageKey>),
}

pub(super) async fn attempt(
    services: &Services,
    pair: &Pair,
    business: &Business,
    loaded: &Loaded,
    draft: &Draft,
    input: Input<'_>,
    lost: Option<Timestamp>,
) -> Result<Verdict, super::Refused> {
    let started = Instant::now();
    let now = services.clock.now();
    let calendar = services.businesses.calendar(business, now).await?;
    let view = View {
        catalogue: &business.catalogue,
        calendar: &calendar,
        participant: &pair.participant,
        now,
        seed: Seed::of_turn(pair.conversation().0, loaded.version()),
        lost,
    };
    let mut outcome =
        tracing::debug_span!("decide").in_scope(|| dialogue::decide(&loaded.context, input, &view));
    stages::took(Stage::Decide, started.elapsed());
    if draft.given.is_empty()
        && outcome.replies.is_empty()
        && outcome.effects.is_empty()
        && outcome.context == *loaded.context
    {
        return Ok(Verdict::Nothing);
    }
    if let Some(start) = hold(services, pair, &mut outcome, now)
        .instrument(tracing::debug_span!("hold"))
        .await?
    {
        return Ok(Verdict::Taken(Some(start)));
    }
    let wording = outcome.wording;
    let committing = Instant::now();
    let (turn, answer) = write_up(services, pair, business, loaded, draft, outcome, now);
    let id = turn.commit.turn;
    stages::is_called(id);
    let effects = turn.effects.clone();
    let context = turn.context_after;
    // A copy of a kilobyte or two; serialising once more would cost a hundred times that.
    let json = turn.commit.context.json.as_str();
    let shared = services.shared.as_ref().map(|cache| (cache, json.into()));
    let expects_delivery = turn.commit.outbox.iter().any(|row| !row.sent);
    let history = loaded.history.as_ref();
    let history = history.map(|history| history.and_turn(&turn.commit.transcript));
    let committed = {
        let commit = services.store.commit(turn.commit);
        commit.instrument(tracing::debug_span!("commit")).await?
    };
    stages::took(Stage::Commit, committing.elapsed());
    match committed {
        CommitOutcome::Committed { version, .. } => {
            invariants::check(
                Invariant::I2,
                invariants::version_grew_by_one(loaded.version(), version),
                pair.conversation(),
            );
            let after = Cached {
                standing: Standing { version, turn: id },
                context: context.into(),
            };
            // The cache of this process gets it when the actor leaves.
            if let Some((cache, json)) = &shared {
                cache.put(pair.conversation(), &after, json);
            }
            tell(services, pair, &effects, expects_delivery);
            if let Some(wording) = wording {
                metrics::llm_worded(label_of(wording));
            }
            let after = Loaded {
                history,
                ..after.into()
            };
            Ok(Verdict::Committed(after, answer))
        }
        CommitOutcome::VersionConflict { .. } => Ok(Verdict::Conflict),
        CommitOutcome::AlreadyAnswered(keys) => Ok(Verdict::AlreadyAnswered(keys)),
        CommitOutcome::EffectRefused { effect, .. } => {
            metrics::slot_conflict();
            services.businesses.calendar_changed(&pair.business);
            let start = effects.get(effect).and_then(|e| match e {
                Effect::Book { appointment } | Effect::Confirm { appointment, .. } => {
                    Some(appointment.starts_at)
                }
                Effect::Move { to, .. } => Some(to.starts_at),
                _ => None,
            });
            Ok(Verdict::Taken(start))
        }
    }
}

const fn label_of(wording: Result<(), Claim>) -> metrics::Wording {
    match wording {
        Ok(()) => metrics::Wording::Said,
        Err(Claim::Deed) => metrics::Wording::Deed,
        Err(Claim::Time) => metrics::Wording::Time,
        Err(Claim::Number) => metrics::Wording::Number,
        Err(Claim::Link) => metrics::Wording::Link,
        Err(Claim::Unfit) => metrics::Wording::Unfit,
    }
}

/// Places the holds of an outcome. Gives back the start of one that somebody else has won.
async fn hold(
    services: &Services,
    pair: &Pair,
    outcome: &mut Outcome,
    now: Timestamp,
) -> Result<Option<Timestamp>, super::Refused> {
    let wanted: Vec<Appointment> = outcome
        .effects
        .iter()
        .filter_map(|e| match e {
            Effect::Hold { appointment } => Some(appointment.clone()),
            _ => None,
        })
        .collect();
    outcome.effects.retain(|e| !matches!(e, Effect::Hold { .. }));
    for appointment in wanted {
        let start = appointment.starts_at;
        let held = services.store.hold(&pair.business, pair, appointment, now).await;
        // Whatever came of it, and once it came: said before, others would read a calendar that is about to change.
        services.businesses.calendar_changed(&pair.business);
        match held? {
            HoldOutcome::Held(row) => {
                metrics::appointment(AppointmentEvent::Held);
                adopt(outcome, &row);
            }
            HoldOutcome::Taken => {
                metrics::slot_conflict();
                return Ok(Some(start));
            }
        }
    }
    Ok(None)
}

/// Takes the row over as it was stored: a replayed turn meets its own hold again, which may have another version.
fn adopt(outcome: &mut Outcome, row: &Appointment) {
    for goal in &mut outcome.context.goals {
        if goal.hold.as_ref().is_some_and(|hold| hold.id == row.id) {
            goal.hold = Some(row.clone());
        }
    }
    for effect in &mut outcome.effects {
        if let Effect::Confirm { appointment, .. } = effect
            && appointment.id == row.id
        {
            *appointment = row.clone();
        }
    }
}

struct WrittenUp {
    commit: TurnCommit,
    effects: Vec<Effect>,
    context_after: Context,
}

/// Everything that the turn writes, and the answer that those who wait get once it is written.
fn write_up(
    services: &Services,
    pair: &Pair,
    business: &Business,
    loaded: &Loaded,
    draft: &Draft,
    outcome: Outcome,
    now: Timestamp,
) -> (WrittenUp, Answer) {
    let turn = TurnId(ids::new_id(now));
    let Outcome {
        mut context,
        replies,
        effects,
        wording: _,
    } = outcome;
    let first_words = draft.heard.first().map_or("", |h| h.text.as_str());
    let ended = session::open(&mut context, now, services.limits.session_gap, first_words);
    let session = context.session.as_ref().map_or(SessionId(Uuid::nil()), |s| s.id);
    let channel = draft
        .heard
        .last()
        .map(|h| h.channel)
        .or(context.channel)
        .unwrap_or(Channel::Api);
    if let Some(last) = draft.given.last() {
        context.reached = reach(&last.inbound);
    }
    let latency_ms = u32::try_from(draft.begun.elapsed().as_millis()).unwrap_or(u32::MAX);
    let mut seq = context.last_seq;
    let mut next = || {
        seq += 1;
        seq
    };
    let entry = |seq, direction, role: &str, message_id: String, text: String, at| TranscriptEntry {
        seq,
        session,
        direction,
        role: role.to_owned(),
        message_id,
        text,
        options: Vec::new(),
        attachments: None,
        at,
        channel,
        turn,
        engine: None,
        latency_ms,
        asked: None,
    };
    let mut transcript: Vec<TranscriptEntry> = draft
        .given
        .iter()
        .map(|given| (given, given.inbound.as_ref()))
        .map(|(given, m)| TranscriptEntry {
            attachments: m.attachments.clone(),
            channel: m.key.channel,
            engine: Some(given.engine.clone().into_owned()),
            asked: given.asked.clone(),
            ..entry(
                next(),
                Direction::Inbound,
                "customer",
                m.key.message_id.to_string(),
                m.text.clone(),
                m.sent_at.unwrap_or(m.received_at),
            )
        })
        .collect();
    // Elsewhere whoever called gets the reply as the answer.
    let sent = !channel.is_ours_to_deliver();
    let origin = Origin {
        turn: Some(turn),
        trace: trace::here(draft.trace()),
    };
    let mut outbox = Vec::new();
    for (ordinal, reply) in (0_u32..).zip(&replies) {
        let id = Uuid::new_v5(&turn.0, &ordinal.to_be_bytes());
        let seq = next();
        transcript.push(TranscriptEntry {
            options: reply.options.clone(),
            ..entry(
                seq,
                Direction::Outbound,
                "bot",
                id.to_string(),
                reply.text.clone(),
                now,
            )
        });
        outbox.push(OutboxRow {
            id,
            pair: pair.clone(),
            version: loaded.version() + 1,
            ordinal,
            seq,
            channel,
            reach: context.reached.clone(),
            content: reply.clone().into(),
            // Nobody watches what is not sent, and every byte of a turn is written twice.
            origin: if sent { Origin::default() } else { origin },
            sent,
            attempts: 0,
            parts_sent: 0,
            unknown: false,
            at: now,
        });
    }
    if let Some(listeners) = services.listeners.of(&pair.business) {
        let told = Told {
            turn,
            origin,
            pair,
            version: loaded.version() + 1,
            catalogue: &business.catalogue,
            effects: &effects,
            ordinal: u32::try_from(replies.len()).unwrap_or(u32::MAX),
            at: now,
        };
        outbox.extend(notices::rows(&told, &listeners));
    }
    context.last_seq = seq;
    session::count(&mut context, now, &transcript);
    let answer = Answer {
        message_id: draft
            .heard
            .last()
            .map_or_else(|| drawn_message_id(now), |h| h.id.clone()),
        session_id: session,
        version: loaded.version() + 1,
        duplicate: false,
        replies: replies.iter().map(ReplyView::from).collect(),
        goals: context
            .goals
            .iter()
            .filter(|g| g.state.is_active())
            .map(|g| GoalView::of(g, &business.catalogue))
            .collect(),
        appointments: effects
            .iter()
            .filter_map(after)
            .map(|a| AppointmentView::of(&a, &business.catalogue))
            .collect(),
    };
    let commit = TurnCommit {
        turn,
        pair: pair.clone(),
        expected_version: loaded.version(),
        at: now,
        context: StoredContext {
            schema: SCHEMA,
            json: json(&context, CONTEXT_BYTES),
        },
        sessions: ended.into_iter().chain(context.session.clone()).collect(),
        transcript,
        answered: draft
            .given
            .iter()
            .map(|given| given.inbound.as_ref().clone())
            .collect(),
        answer: json(&answer, ANSWER_BYTES),
        effects: effects.clone(),
        outbox,
    };
    (
        WrittenUp {
            commit,
            effects,
            context_after: context,
        },
        answer,
    )
}

/// What most contexts take as JSON, and most answers.
const CONTEXT_BYTES: usize = 2048;
const ANSWER_BYTES: usize = 512;

/// Something as JSON, with room for so many bytes from the start: it would be copied with every doubling.
fn json(value: &impl Serialize, bytes: usize) -> String {
    let mut json = Vec::with_capacity(bytes);
    // Contexts and answers are plain data; serialising them cannot fail, and makes valid UTF-8.
    let written = serde_json::to_writer(&mut json, value);
    written
        .ok()
        .and_then(|()| String::from_utf8(json).ok())
        .unwrap_or_default()
}

/// Where whoever sent a message can be reached, if its channel has accounts.
fn reach(message: &Inbound) -> Option<Reach> {
    let address = message.address.clone()?;
    Some(Reach {
        account: message.key.account.parse().ok()?,
        address,
        heard_at: message.sent_at.unwrap_or(message.received_at),
    })
}

/// The appointment that an effect changes, as the commit leaves it. The commit refuses the turn unless the row has the
/// version that the effect names, so what is told here is what is stored.
pub(super) fn after(effect: &Effect) -> Option<Appointment> {
    let with = |a: &Appointment, status| Appointment {
        status,
        hold_expires_at: None,
        version: a.version + 1,
        ..a.clone()
    };
    match effect {
        Effect::Confirm { appointment, by_hand } => Some(with(
            appointment,
            if *by_hand {
                Status::Pending
            } else {
                Status::Confirmed
            },
        )),
        Effect::Book { appointment } => Some(appointment.clone()),
        Effect::Move { to, .. } => Some(to.clone()),
        Effect::Cancel { appointment } => Some(with(appointment, Status::Cancelled)),
        _ => None,
    }
}

/// After the commit: calendar, outbox, waitlist.
fn tell(services: &Services, pair: &Pair, effects: &[Effect], expects_delivery: bool) {
    if expects_delivery {
        (services.outbox_bell)();
    }
    let (mut moved, mut freed) = (false, false);
    for effect in effects {
        let event = match effect {
            Effect::Confirm { by_hand: true, .. } => AppointmentEvent::Pending,
            Effect::Confirm { .. } | Effect::Book { .. } => AppointmentEvent::Confirmed,
            Effect::Release { .. } => AppointmentEvent::Released,
            Effect::Move { .. } => AppointmentEvent::Moved,
            Effect::Cancel { .. } => AppointmentEvent::Cancelled,
            _ => continue,
        };
        metrics::appointment(event);
        moved = true;
        freed |= matches!(
            effect,
            Effect::Release { .. } | Effect::Move { .. } | Effect::Cancel { .. }
        );
    }
    if moved {
        services.businesses.calendar_changed(&pair.business);
    }
    if freed {
        services.upkeep.slots_freed(&pair.business);
    }
}
