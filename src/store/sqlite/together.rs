//! Holds, confirmations and cancellations of a whole batch, without a statement of their own for any of them.
//!
//! What they must know is read with the text that begins the transaction, what they write goes out with the text that
//! commits it. Nearly always that is all there is to do. Whatever is not plain (a hold that meets its own row, a dead
//! hold in the way, a row that is not as the turn thought) is left to the careful way, one by one. And when the last
//! text fails, most likely because two of the batch want one seat, the batch is taken back and done again with
//! nothing written together: the triggers have the last word here, too.
//!
//! Measured with 16 connections: the writer was busy all the time, and of its 1.15 ms a batch most was the way to the
//! connection's thread and back, twice for each hold and each effect.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use sqlx::sqlite::SqliteRow;

use super::appointments;
use super::rows::{Cells, hex, json, micros, signed};
use crate::booking::appointment::{Appointment, EventKind, Status};
use crate::dialogue::Effect;
use crate::store::rules::{By, Hold};
use crate::store::{Actor, Result, TurnCommit};
use crate::types::{AppointmentId, BusinessId};

/// How a batch is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// What is plain is written together.
    Together,
    /// Everything in a savepoint of its own.
    OneByOne,
}

/// What is asked when the transaction begins: three texts of JSON.
pub(super) struct Questions {
    /// Appointments that are changed or held.
    pub(super) ids: String,
    /// The seats that holds want.
    pub(super) seats: String,
    /// The goals that holds are for.
    pub(super) goals: String,
}

/// The questions of a batch. One by one, nothing is asked beforehand.
pub(super) fn ask<'a>(
    manner: Manner,
    holds: impl Iterator<Item = &'a Hold>,
    turns: impl Iterator<Item = &'a TurnCommit>,
) -> Result<Questions> {
    let mut ids: Vec<String> = Vec::new();
    let mut seats = Vec::new();
    let mut goals = Vec::new();
    if manner == Manner::Together {
        for (place, hold) in holds.enumerate() {
            let id = hex(hold.appointment.id.0);
            let (business, now) = (hold.pair.business.as_str(), micros(hold.now));
            for seat in &hold.appointment.allocations {
                let (from, until) = (micros(seat.blocked_from), micros(seat.blocked_until));
                seats.push((
                    place,
                    business,
                    seat.resource.as_str(),
                    seat.seat,
                    from,
                    until,
                    now,
                    id.clone(),
                ));
            }
            if let Some(goal) = hold.appointment.goal {
                let participant = hold.pair.participant.as_str();
                goals.push((place, business, participant, hex(goal.0), id.clone()));
            }
            ids.push(id);
        }
        ids.extend(turns.filter_map(plain_effect).map(|(a, _)| hex(a.id.0)));
    }
    Ok(Questions {
        ids: json(&ids)?,
        seats: json(&seats)?,
        goals: json(&goals)?,
    })
}

/// The answers to [`ask`], as rows with a column `question`; `$3` to `$5` are its texts.
macro_rules! known_text {
    () => {
        concat!(
            "SELECT 3 AS question, a.business_id, ",
            $crate::store::sqlite::appointments::columns!(),
            " FROM json_each($3) e CROSS JOIN appointments a ON a.id = unhex(e.value);

             SELECT 4 AS question, e.value ->> 0 AS place, l.appointment_id AS id
             FROM json_each($4) e
             CROSS JOIN allocations l
                 ON l.business_id = e.value ->> 1 AND l.resource_id = e.value ->> 2 AND l.seat = e.value ->> 3
                AND l.status IN ('held', 'pending', 'confirmed', 'checked_in')
                AND l.blocked_from > (e.value ->> 4) - 2678400000000
                AND l.blocked_from < e.value ->> 5 AND l.blocked_until > e.value ->> 4
             CROSS JOIN appointments a ON a.id = l.appointment_id
             WHERE a.status = 'held' AND a.hold_expires_at <= e.value ->> 6 AND a.id <> unhex(e.value ->> 7);

             SELECT 5 AS question, e.value ->> 0 AS place, a.id
             FROM json_each($5) e
             CROSS JOIN appointments a
                 ON a.business_id = e.value ->> 1 AND a.participant_id = e.value ->> 2
                AND a.goal_id = unhex(e.value ->> 3) AND a.status = 'held' AND a.id <> unhex(e.value ->> 4)"
        )
    };
}
pub(super) use known_text;

/// What a batch knows of its appointments, and the changes that it writes together.
pub(super) struct Together {
    manner: Manner,
    rows: HashMap<AppointmentId, (BusinessId, Appointment)>,
    /// Holds that meet a dead one on their seats, or another one of their goal: their place in the batch.
    not_plain: HashSet<usize>,
    changed: HashSet<AppointmentId>,
    pub(super) puts: Vec<PutRow>,
    pub(super) seats: Vec<SeatRow>,
}

/// An appointment as it becomes, with its event.
#[derive(Serialize)]
pub(super) struct PutRow(
    String,
    BusinessId,
    String,
    &'static str,
    String,
    u32,
    i64,
    i64,
    Option<i64>,
    Option<i64>,
    Option<String>,
    i64,
    i64,
    &'static str,
    &'static str,
    Option<String>,
    String,
);

/// A seat that it occupies.
#[derive(Serialize)]
pub(super) struct SeatRow(
    String,
    BusinessId,
    u32,
    String,
    String,
    u32,
    i64,
    i64,
    i64,
    i64,
    &'static str,
);

impl Together {
    /// Reads the answers to the questions. `alone` says that nothing else of the batch may change appointments.
    pub(super) fn new(manner: Manner, alone: bool, found: &[SqliteRow]) -> Result<Self> {
        let mut known = Self {
            manner: if alone { manner } else { Manner::OneByOne },
            rows: HashMap::new(),
            not_plain: HashSet::new(),
            changed: HashSet::new(),
            puts: Vec::new(),
            seats: Vec::new(),
        };
        for row in found {
            let cells = Cells::new(row, "appointments", "id");
            match cells.get::<i64>("question")? {
                3 => {
                    let appointment = appointments::read(row)?;
                    let business = cells.parsed("business_id")?;
                    known.rows.insert(appointment.id, (business, appointment));
                }
                4 | 5 => {
                    known.not_plain.insert(cells.number("place")?);
                }
                _ => {}
            }
        }
        Ok(known)
    }

    /// The hold as it is going to be written; `None` when it must be placed with care.
    pub(super) fn hold(&mut self, place: usize, hold: &Hold) -> Result<Option<Appointment>> {
        let id = hold.appointment.id;
        let plain = self.manner == Manner::Together
            && !self.rows.contains_key(&id)
            && !self.not_plain.contains(&place);
        if !plain {
            return Ok(None);
        }
        let wanted = hold.wanted();
        let by = By {
            actor: Actor::Bot,
            turn: None,
            at: hold.now,
        };
        let is_put = self.put(&hold.pair.business, &wanted, EventKind::Held, by)?;
        Ok(is_put.then_some(wanted))
    }

    /// The appointment that a turn's only effect changes, as it is going to be written; `None` when the effects must
    /// be carried out with care.
    pub(super) fn effect(&mut self, turn: &TurnCommit) -> Result<Option<Appointment>> {
        let Some((read_back, status)) = plain_effect(turn).filter(|_| self.manner == Manner::Together) else {
            return Ok(None);
        };
        let Some((business, row)) = self.rows.get(&read_back.id) else {
            return Ok(None);
        };
        // Only a hold is confirmed by its customer; what waits for the business is confirmed by the business.
        let is_as_thought = status == Status::Cancelled || row.status == Status::Held;
        if !is_as_thought
            || row.version != read_back.version
            || row.participant != turn.pair.participant
            || *business != turn.pair.business
        {
            return Ok(None);
        }
        let mut changed = row.clone();
        let Ok(kind) = changed.become_status(status, turn.at) else {
            return Ok(None);
        };
        let by = By {
            actor: Actor::Customer,
            turn: Some(turn.turn),
            at: turn.at,
        };
        let is_put = self.put(&turn.pair.business, &changed, kind, by)?;
        Ok(is_put.then_some(changed))
    }

    /// `false` for an appointment that the batch changes already.
    fn put(
        &mut self,
        business: &BusinessId,
        appointment: &Appointment,
        kind: EventKind,
        by: By,
    ) -> Result<bool> {
        if !self.changed.insert(appointment.id) {
            return Ok(false);
        }
        let id = hex(appointment.id.0);
        let status = appointment.status.as_str();
        for seat in &appointment.allocations {
            self.seats.push(SeatRow(
                id.clone(),
                business.clone(),
                seat.item,
                seat.service.to_string(),
                seat.resource.to_string(),
                seat.seat,
                micros(seat.starts_at),
                micros(seat.ends_at),
                micros(seat.blocked_from),
                micros(seat.blocked_until),
                status,
            ));
        }
        self.puts.push(PutRow(
            id,
            business.clone(),
            appointment.participant.to_string(),
            status,
            json(&appointment.services)?,
            appointment.party_size,
            micros(appointment.starts_at),
            micros(appointment.ends_at),
            appointment.price_minor.map(signed),
            appointment.hold_expires_at.map(micros),
            appointment.goal.map(|goal| hex(goal.0)),
            signed(appointment.version),
            micros(by.at),
            kind.as_str(),
            by.actor.as_str(),
            by.turn.map(|turn| hex(turn.0)),
            json(appointment)?,
        ));
        Ok(true)
    }
}

/// The only effect of a turn, when it is a confirmation or a cancellation: the appointment as it was read back, and
/// its next state.
fn plain_effect(turn: &TurnCommit) -> Option<(&Appointment, Status)> {
    match turn.effects.as_slice() {
        [
            Effect::Confirm {
                appointment,
                by_hand: true,
            },
        ] => Some((appointment, Status::Pending)),
        [Effect::Confirm { appointment, .. }] => Some((appointment, Status::Confirmed)),
        [Effect::Cancel { appointment }] => Some((appointment, Status::Cancelled)),
        _ => None,
    }
}

/// Writes the changes; `$9` are the [`PutRow`]s, `$10` the [`SeatRow`]s. The same statements as in
/// [`appointments::put`], for many: all changes of a batch share one new version of the calendar.
macro_rules! puts_text {
    () => {
        "INSERT INTO calendars (business_id, version) SELECT value ->> 1, 1 FROM json_each($9) WHERE true
         ON CONFLICT (business_id) DO UPDATE SET version = version + 1;

         WITH input AS MATERIALIZED (SELECT value AS v FROM jsonb_each($9))
         INSERT INTO appointments
             (id, business_id, participant_id, status, services, party_size, starts_at, ends_at, price_minor,
              hold_expires_at, goal_id, version, calendar_version, created_at, updated_at)
         SELECT unhex(v ->> 0), v ->> 1, v ->> 2, v ->> 3, v ->> 4, v ->> 5, v ->> 6, v ->> 7, v ->> 8, v ->> 9,
                unhex(v ->> 10), v ->> 11, (SELECT version FROM calendars WHERE business_id = v ->> 1), v ->> 12,
                v ->> 12
         FROM input WHERE true
         ON CONFLICT (id) DO UPDATE SET
             status = excluded.status, services = excluded.services, party_size = excluded.party_size,
             starts_at = excluded.starts_at, ends_at = excluded.ends_at, price_minor = excluded.price_minor,
             hold_expires_at = excluded.hold_expires_at, goal_id = excluded.goal_id, version = excluded.version,
             calendar_version = excluded.calendar_version, updated_at = excluded.updated_at;

         DELETE FROM allocations WHERE appointment_id IN (SELECT unhex(value ->> 0) FROM json_each($9));

         WITH input AS MATERIALIZED (SELECT value AS v FROM jsonb_each($10))
         INSERT INTO allocations
             (appointment_id, business_id, item, service_id, resource_id, seat, starts_at, ends_at, blocked_from,
              blocked_until, status)
         SELECT unhex(v ->> 0), v ->> 1, v ->> 2, v ->> 3, v ->> 4, v ->> 5, v ->> 6, v ->> 7, v ->> 8, v ->> 9,
                v ->> 10
         FROM input;

         WITH input AS MATERIALIZED (SELECT value AS v FROM jsonb_each($9))
         INSERT INTO appointment_events (appointment_id, seq, kind, actor, turn_id, at, after)
         SELECT unhex(v ->> 0),
                COALESCE((SELECT MAX(seq) FROM appointment_events WHERE appointment_id = unhex(v ->> 0)), 0) + 1,
                v ->> 13, v ->> 14, unhex(v ->> 15), v ->> 12, v ->> 16
         FROM input;
         "
    };
}
pub(super) use puts_text;
