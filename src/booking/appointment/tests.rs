//! The life of an appointment, step by step.

use jiff::Timestamp;
use uuid::Uuid;

use super::*;
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
            let changed = appointment(from).become_status(to, NOW);
            assert_eq!(changed.is_ok(), steps.contains(&(from, to)), "{from} -> {to}");
            assert_eq!(from.can_become(to), steps.contains(&(from, to)));
        }
        assert_eq!(from.as_str().parse(), Ok(from));
        assert_eq!(serde_json::to_string(&from).unwrap(), format!("\"{from}\""));
        assert_ne!(from.is_live(), from.is_terminal());
    }
    assert_eq!(
        "gone".parse::<Actor>().unwrap_err().to_string(),
        "actor must be one of: customer, bot, operator, system"
    );
    assert!("gone".parse::<Status>().is_err());
}

#[test]
fn a_change_makes_a_version_and_names_its_event() {
    let mut visit = appointment(Status::Held);
    assert_eq!(
        visit.become_status(Status::Confirmed, NOW),
        Ok(EventKind::Confirmed)
    );
    assert_eq!((visit.version, visit.hold_expires_at), (2, None));
    assert_eq!(
        visit.become_status(Status::Cancelled, NOW),
        Ok(EventKind::Cancelled)
    );
    assert_eq!(
        visit.become_status(Status::Cancelled, NOW),
        Err(Refused::NotAllowed {
            from: Status::Cancelled,
            to: Status::Cancelled
        })
    );
    assert_eq!(visit.version, 3);
}

#[test]
fn an_expired_hold_is_neither_taken_up_nor_used_but_ends() {
    let mut hold = appointment(Status::Held);
    hold.hold_expires_at = Some(NOW);
    assert!(hold.has_expired(NOW));
    let before = hold.clone();
    assert_eq!(
        hold.become_status(Status::Confirmed, NOW),
        Err(Refused::HoldExpired)
    );
    assert_eq!(hold.use_up(NOW), Err(Refused::HoldExpired));
    assert_eq!(hold, before);
    assert_eq!(hold.clone().release(), Ok(EventKind::Released));
    assert_eq!(hold.expire(), Ok(EventKind::Expired));
    assert_eq!((hold.status, hold.version), (Status::Expired, 2));
}

#[test]
fn only_holds_are_given_back_or_used() {
    for status in Status::ALL {
        let is_hold = status == Status::Held;
        assert_eq!(appointment(status).release().is_ok(), is_hold, "{status}");
        let mut used = appointment(status);
        assert_eq!(used.use_up(NOW).is_ok(), is_hold, "{status}");
        assert_eq!(
            used.status == Status::Expired,
            is_hold || status == Status::Expired
        );
    }
}

#[test]
fn a_move_keeps_the_state_and_the_owner() {
    for status in Status::ALL {
        let mut to = appointment(Status::Held);
        to.participant = ParticipantId::new("somebody-else").unwrap();
        (to.starts_at, to.party_size, to.version) = (Timestamp::MAX, 2, 9);
        let mut visit = appointment(status);
        let moved = visit.move_to(&to);
        if status.can_move() {
            assert_eq!(moved, Ok(EventKind::Moved));
            assert_eq!(
                (visit.status, visit.participant.as_str(), visit.version),
                (status, "anna", 2)
            );
            assert_eq!((visit.starts_at, visit.party_size), (Timestamp::MAX, 2));
        } else {
            assert_eq!(moved, Err(Refused::NotMovable(status)));
            assert_eq!(visit, appointment(status));
        }
    }
}

#[test]
fn kinds_of_events_and_actors_are_read_and_written_by_their_names() {
    for kind in EventKind::ALL {
        let name = kind.as_str();
        assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{name}\""));
        assert_eq!(name.parse(), Ok(kind));
    }
    for actor in Actor::ALL {
        let name = actor.as_str();
        assert_eq!(serde_json::to_string(&actor).unwrap(), format!("\"{name}\""));
        assert_eq!(name.parse(), Ok(actor));
    }
    for status in Status::ALL {
        assert_eq!(EventKind::of(status).as_str(), status.as_str());
    }
}
