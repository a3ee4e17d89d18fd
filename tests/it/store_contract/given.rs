//! What the sentences speak of: a salon on Friday 20 November 2026, its customers, and their visits.

use std::sync::Arc;

use frontdesk::booking::appointment::{Appointment, Status};
use frontdesk::booking::visit::Allocation;
use frontdesk::dialogue::Reply;
use frontdesk::store::{
    Actor, Change, ChangeOutcome, CommitOutcome, Content, Direction, HoldOutcome, Inbound, MessageKey,
    Origin, OutboxRow, Session, Store, StoredContext, TranscriptEntry, TurnCommit,
};
use frontdesk::types::{
    AppointmentId, BusinessId, Channel, GoalId, MessageId, Pair, ParticipantId, ResourceId, ServiceId,
    SessionId, TurnId,
};
use jiff::Timestamp;
use uuid::Uuid;

/// A time of that Friday, for example `10:30`.
pub(crate) fn at(time: &str) -> Timestamp {
    format!("2026-11-20T{time}:00Z").parse().unwrap()
}

/// An id that has a name.
pub(crate) fn id(name: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
}

pub(crate) fn salon() -> BusinessId {
    BusinessId::new("salon").unwrap()
}

pub(crate) fn pair(participant: &str) -> Pair {
    Pair {
        business: salon(),
        participant: ParticipantId::new(participant).unwrap(),
    }
}

/// A confirmed visit of `who` at `resource`, named after all of it.
pub(crate) fn visit(who: &str, resource: &str, from: &str, until: &str) -> Appointment {
    let (starts_at, ends_at) = (at(from), at(until));
    Appointment {
        id: AppointmentId(id(&format!("{who} {resource} {from}"))),
        participant: ParticipantId::new(who).unwrap(),
        status: Status::Confirmed,
        allocations: vec![Allocation {
            item: 0,
            service: ServiceId::new("manicure").unwrap(),
            resource: ResourceId::new(resource).unwrap(),
            seat: 1,
            starts_at,
            ends_at,
            blocked_from: starts_at,
            blocked_until: ends_at,
        }],
        services: vec![ServiceId::new("manicure").unwrap()],
        party_size: 1,
        starts_at,
        ends_at,
        price_minor: Some(2500),
        hold_expires_at: None,
        goal: None,
        version: 1,
    }
}

/// A hold of `who`, made at 9:00 for five minutes.
pub(crate) fn hold(who: &str, resource: &str, from: &str, until: &str) -> Appointment {
    Appointment {
        status: Status::Held,
        hold_expires_at: Some(at("09:05")),
        goal: Some(GoalId(id(&format!("{who}'s goal")))),
        ..visit(who, resource, from, until)
    }
}

pub(crate) fn message(pair: &Pair, name: &str) -> Inbound {
    Inbound {
        key: MessageKey {
            channel: Channel::Api,
            account: format!("{}/{}", pair.business, pair.participant),
            message_id: MessageId::new(name).unwrap(),
        },
        business: pair.business.clone(),
        participant: pair.participant.clone(),
        text: format!("{name}: a manicure with Mai 💅, please"),
        attachments: None,
        address: None,
        sent_at: Some(at("08:59")),
        received_at: at("09:00"),
        trace: None,
    }
}

pub(crate) fn session(pair: &Pair) -> Session {
    Session {
        id: SessionId(id(&format!("{}'s session", pair.participant))),
        title: "a manicure".to_owned(),
        started_at: at("09:00"),
        last_activity: at("09:00"),
        ended_at: None,
        message_count: 2,
        total_tokens: 0,
    }
}

/// The turn that takes a conversation from `version` to the next: one message in, one out.
pub(crate) fn turn(pair: &Pair, version: u64) -> TurnCommit {
    attempt(pair, version, "")
}

/// The same with an id of its own, for several attempts at one version.
pub(crate) fn attempt(pair: &Pair, version: u64, name: &str) -> TurnCommit {
    let turn = TurnId(id(&format!("{} {version} {name}", pair.participant)));
    let heard = message(pair, &format!("m{}{name}", version + 1));
    let entry = |seq: u64, direction: Direction, message_id: String, text: String| TranscriptEntry {
        seq,
        session: session(pair).id,
        direction,
        role: if direction == Direction::Inbound {
            "customer"
        } else {
            "bot"
        }
        .to_owned(),
        message_id,
        text,
        options: Vec::new(),
        attachments: None,
        at: at("09:00"),
        channel: Channel::Api,
        turn,
        engine: (direction == Direction::Inbound).then(|| "rules".to_owned()),
        latency_ms: 3,
        asked: None,
    };
    TurnCommit {
        turn,
        pair: pair.clone(),
        expected_version: version,
        at: at("09:00"),
        context: StoredContext {
            schema: 1,
            json: format!("{{\"version\":{}}}", version + 1),
        },
        sessions: vec![Session {
            message_count: 2 * (version + 1),
            ..session(pair)
        }],
        transcript: vec![
            entry(
                2 * version + 1,
                Direction::Inbound,
                heard.key.message_id.to_string(),
                heard.text.clone(),
            ),
            entry(
                2 * version + 2,
                Direction::Outbound,
                id(&format!("{turn} 0")).to_string(),
                "When would you like to come?".to_owned(),
            ),
        ],
        answered: vec![heard],
        answer: format!("{{\"turn\":\"{turn}\"}}"),
        effects: Vec::new(),
        outbox: Vec::new(),
    }
}

/// The `ordinal`th reply of the turn that takes a conversation from `version` to the next.
pub(crate) fn reply(pair: &Pair, version: u64, ordinal: u32) -> OutboxRow {
    OutboxRow {
        id: id(&format!("{} {version} reply {ordinal}", pair.participant)),
        pair: pair.clone(),
        version: version + 1,
        ordinal,
        seq: 2 * version + 2,
        channel: Channel::Web,
        reach: None,
        content: Content::Reply(Reply {
            text: "When would you like to come?".to_owned(),
            options: vec!["10:00".to_owned(), "10:30".to_owned()],
        }),
        origin: Origin {
            turn: Some(TurnId(id(&format!("{} {version}", pair.participant)))),
            trace: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
                .parse()
                .ok(),
        },
        sent: false,
        attempts: 0,
        parts_sent: 0,
        unknown: false,
        at: at("09:00"),
    }
}

/// Commits a turn that must succeed; answers with the appointments that it changed.
pub(crate) async fn committed(store: &Arc<dyn Store>, turn: TurnCommit) -> Vec<Appointment> {
    let expected = turn.expected_version + 1;
    match store.commit(turn).await.unwrap() {
        CommitOutcome::Committed {
            version,
            appointments,
        } => {
            assert_eq!(version, expected);
            appointments
        }
        other => panic!("the turn should have been committed: {other:?}"),
    }
}

/// Places a hold that must succeed.
pub(crate) async fn held(store: &Arc<dyn Store>, hold: Appointment, now: &str) -> Appointment {
    match placed(store, hold, now).await {
        HoldOutcome::Held(hold) => hold,
        HoldOutcome::Taken => panic!("the slot should have been free"),
    }
}

/// Asks for a hold.
pub(crate) async fn placed(store: &Arc<dyn Store>, hold: Appointment, now: &str) -> HoldOutcome {
    let pair = pair(hold.participant.as_str());
    store.hold(&pair.business, &pair, hold, at(now)).await.unwrap()
}

pub(crate) fn book(appointment: &Appointment) -> Change {
    Change::Book {
        appointment: appointment.clone(),
        actor: Actor::Operator,
        idempotency_key: None,
    }
}

/// Books by the API what must succeed.
pub(crate) async fn booked(store: &Arc<dyn Store>, appointment: Appointment) -> Appointment {
    match store
        .change(&salon(), book(&appointment), at("09:00"))
        .await
        .unwrap()
    {
        ChangeOutcome::Done(appointment) => appointment,
        other => panic!("the slot should have been free: {other:?}"),
    }
}

/// The appointment as it is now.
pub(crate) async fn now(store: &Arc<dyn Store>, appointment: &Appointment) -> Appointment {
    store
        .appointment(&salon(), appointment.id)
        .await
        .unwrap()
        .unwrap()
}

/// The names of what happened to an appointment.
pub(crate) async fn story(store: &Arc<dyn Store>, appointment: &Appointment) -> Vec<&'static str> {
    let events = store.appointment_events(&salon(), appointment.id).await.unwrap();
    let seqs: Vec<u64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    events.into_iter().map(|event| event.kind.as_str()).collect()
}
