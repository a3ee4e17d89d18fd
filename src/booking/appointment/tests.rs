//! The life of an appointment, step by step.

use jiff::Timestamp;
use uuid::Uuid;

use super::*;
use crate::booking::visit::Plan;
use crate::types::{AppointmentId, ParticipantId};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn appointment(status: Status) -> Appointment {
    Appointment {
        id: AppointmentId(Uuid::nil()),
        participant: ParticipantId::new("anna").unwrap(),
        status,
        allocations: Vec::new(),
        services: Vec::new(),
        party_size: 1,
        starts_at: NOW,
        ends_at: NOW,
        price_minor: None,
        hold_expires_at: (status == Status::Held).then_some(Timestamp::MAX),
        goal: None,
        version: 1,
    }
}

#[test]
fn a_life_has_these_steps_and_no_others() {
    use Status::{Cancelled, CheckedIn, Completed, Confirmed, Declined, Expired, Held, NoShow, Pending};
    let steps = [
        (Held, Pending),
        (Held, Confirmed),
        (Held, Expired),
        (Pending, Confirmed),
        (Pending, Declined),
        (Pending, Cancelled),
        (Pending, Expired),
        (Confirmed, CheckedIn),
        (Confirmed, Cancelled),
        (Confirmed, NoShow),
        (Confirmed, Completed),
        (CheckedIn, Completed),
    ];
    for from in Status::ALL {
        for to in Status::ALL {
            let changed = appointment(from).become_status(to, Actor::Customer, NOW);
            assert_eq!(changed.is_ok(), steps.contains(&(from, to)), "{from} -> {to}");
            assert_eq!(from.can_become(to), steps.contains(&(from, to)));
        }
        assert_eq!(from.as_str().parse(), Ok(from));
        assert_eq!(serde_json::to_string(&from).unwrap(), format!("\"{from}\""));
        assert_ne!(from.is_live(), from.is_terminal());
    }
    assert!("gone".parse::<Status>().is_err());
}

#[test]
fn a_change_makes_a_version_and_an_event() {
    let mut visit = appointment(Status::Held);
    assert_eq!(visit.first_event(Actor::Bot, NOW).kind, EventKind::Held);
    let event = visit.confirm(Actor::Customer, NOW).unwrap();
    assert_eq!((visit.version, visit.hold_expires_at), (2, None));
    assert_eq!(
        serde_json::to_string(&event).unwrap(),
        r#"{"kind":"confirmed","actor":"customer","at":"1970-01-01T00:00:00Z","from":"held","to":"confirmed","version":2}"#
    );
    assert_eq!(visit.cancel(Actor::Operator, NOW).unwrap().to, Status::Cancelled);
    assert_eq!(
        visit.cancel(Actor::Operator, NOW),
        Err(Refused::NotAllowed {
            from: Status::Cancelled,
            to: Status::Cancelled
        })
    );
    assert_eq!(visit.version, 3);
}

#[test]
fn an_expired_hold_is_neither_taken_up_nor_moved_but_let_go() {
    let mut hold = appointment(Status::Held);
    hold.hold_expires_at = Some(NOW);
    let plan = Plan {
        starts_at: NOW,
        ends_at: NOW,
        allocations: Vec::new(),
    };
    assert_eq!(hold.confirm(Actor::Customer, NOW), Err(Refused::HoldExpired));
    assert_eq!(
        hold.move_to(&plan, Actor::Customer, NOW),
        Err(Refused::HoldExpired)
    );
    assert_eq!(
        hold.cancel(Actor::Customer, NOW).unwrap().kind,
        EventKind::Expired
    );
}

#[test]
fn a_move_keeps_the_state_and_ends_with_the_visits_begin() {
    let plan = Plan {
        starts_at: Timestamp::MAX,
        ends_at: Timestamp::MAX,
        allocations: Vec::new(),
    };
    let mut visit = appointment(Status::Pending);
    let event = visit.move_to(&plan, Actor::Customer, NOW).unwrap();
    assert_eq!(
        (event.kind, event.to, visit.starts_at),
        (EventKind::Moved, Status::Pending, Timestamp::MAX)
    );
    for status in Status::ALL {
        let can_move = matches!(status, Status::Held | Status::Pending | Status::Confirmed);
        assert_eq!(
            appointment(status).move_to(&plan, Actor::Customer, NOW).is_ok(),
            can_move,
            "{status}"
        );
    }
}

#[test]
fn kinds_of_events_are_named_like_the_states_they_lead_to() {
    for kind in EventKind::ALL {
        assert_eq!(
            serde_json::to_string(&kind).unwrap(),
            format!("\"{}\"", kind.as_str())
        );
    }
    for actor in [Actor::Customer, Actor::Bot, Actor::Operator, Actor::System] {
        assert_eq!(
            serde_json::to_string(&actor).unwrap(),
            format!("\"{}\"", actor.as_str())
        );
    }
}
