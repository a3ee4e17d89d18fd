//! Finding a slot and winning it.
//!
//! Availability proposes and the store decides: a slot that was free a moment ago may be taken when the store is
//! asked, and then the answer is the same as if it had been taken from the start.

use std::sync::Arc;

use jiff::Timestamp;

use super::super::App;
use super::super::availability::alternatives;
use super::super::problem::{Kind, Problem};
use super::super::wish;
use crate::booking::appointment::Appointment;
use crate::booking::availability::{self, Question, Reason};
use crate::booking::visit::{Plan, Wish};
use crate::conversation::Business;
use crate::store::{Change, ChangeOutcome};
use crate::types::{AppointmentId, Pair, ParticipantId};

/// The customer's own visits that begin at that instant.
pub(super) async fn own_visits(
    app: &App,
    business: &Business,
    participant: &ParticipantId,
    starts_at: Timestamp,
) -> Result<Vec<AppointmentId>, Problem> {
    let now = app.clock.now();
    let calendar = app.businesses.calendar(business, now).await?;
    Ok(calendar
        .of_participant(participant, now)
        .filter(|visit| visit.starts_at == starts_at)
        .map(|visit| visit.id)
        .collect())
}

/// A plan for exactly that start, or the problem that says why there is none and what is free instead.
pub(super) async fn plan(
    app: &App,
    business: &Business,
    wish: &Wish,
    starts_at: Timestamp,
    ignoring: &[AppointmentId],
) -> Result<Plan, Problem> {
    let now = app.clock.now();
    let calendar = app.businesses.calendar(business, now).await?;
    let question = Question {
        catalogue: &business.catalogue,
        calendar: &calendar,
        wish,
        now,
        ignoring,
    };
    match availability::check(question, starts_at) {
        Ok(plan) => Ok(plan),
        Err(refusal) => {
            let kind = match refusal.reason {
                Reason::Taken | Reason::NotEnoughSeats { .. } => Kind::SlotTaken,
                _ => Kind::SlotUnavailable,
            };
            let (code, why) = wish::explain(&refusal.reason, &business.catalogue);
            let free = alternatives(app, business, wish, starts_at, ignoring).await?;
            Err(Problem::new(kind, why)
                .with_reason(code.to_owned())
                .with_alternatives(free))
        }
    }
}

/// Has the store carry a change out, and tells everybody whom it concerns.
pub(super) async fn carry_out(
    app: &App,
    business: &Arc<Business>,
    change: Change,
    slot: Option<(&Wish, Timestamp, &[AppointmentId])>,
) -> Result<Appointment, Problem> {
    let id = &business.catalogue.id;
    let conflict = |kind, detail: &str| Err(Problem::new(kind, detail));
    let tell = app.conversations.tell_of_change(business.clone());
    match app
        .store
        .change_and_tell(id, change, tell, app.clock.now())
        .await?
    {
        ChangeOutcome::Done(appointment) => {
            app.conversations.calendar_changed(id);
            let pair = Pair {
                business: id.clone(),
                participant: appointment.participant.clone(),
            };
            app.tell_state(&pair, None);
            Ok(appointment)
        }
        ChangeOutcome::Taken => {
            // What we knew of the calendar was out of date, so it is read again before anything is offered.
            app.businesses.calendar_changed(id);
            let free = match slot {
                Some((wish, starts_at, ignoring)) => {
                    alternatives(app, business, wish, starts_at, ignoring).await?
                }
                None => Vec::new(),
            };
            let (code, why) = wish::explain(&Reason::Taken, &business.catalogue);
            Err(Problem::new(Kind::SlotTaken, why)
                .with_reason(code.to_owned())
                .with_alternatives(free))
        }
        ChangeOutcome::NotFound => Err(Problem::not_found("there is no appointment of that id")),
        ChangeOutcome::VersionConflict(now) => conflict(
            Kind::VersionConflict,
            &format!(
                "the appointment has version {} by now; read it again",
                now.version
            ),
        ),
        ChangeOutcome::NotAllowed(now) => conflict(
            Kind::Conflict,
            &format!(
                "an appointment that is {} cannot be changed like that",
                now.status.as_str().replace('_', " ")
            ),
        ),
    }
}
