//! What a turn changes besides its conversation: appointments, the waitlist, what is known of the customer.

use sqlx::SqliteConnection;

use super::appointments::{self, put, put_alone};
use super::changes::exists;
use super::holds::clear_the_way;
use super::rows::{blob, micros};
use super::waitlist;
use crate::booking::appointment::{Appointment, EventKind, Refused, Status};
use crate::dialogue::outcome::{Effect, Profile};
use crate::store::errors::is_taken;
use crate::store::rules::{By, stored};
use crate::store::{Actor, CommitOutcome, EffectRefusal, Error, Result, TurnCommit};
use crate::types::AppointmentId;
use crate::understanding::act::HandoffReason;

/// Why the effects of a turn were not carried out.
enum Stop {
    Refused(EffectRefusal),
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        if is_taken(&error) {
            Self::Refused(EffectRefusal::Taken)
        } else {
            Self::Failed(error)
        }
    }
}

impl From<Refused> for Stop {
    fn from(_: Refused) -> Self {
        CHANGED
    }
}

/// Whether these effects leave nothing behind when they are refused, by themselves: one that is a single write. Then
/// there need be no savepoint around them. A confirmation and a cancellation are of that kind, and they are most.
pub(super) fn clean_up(effects: &[Effect]) -> bool {
    matches!(
        effects,
        [Effect::Confirm { .. }
            | Effect::Cancel { .. }
            | Effect::Release { .. }
            | Effect::Profile(_)
            | Effect::Contact { .. }
            | Effect::HandOff { .. }
            | Effect::Hold { .. }]
    )
}

/// The row cannot be changed any more as the turn thought it could.
const CHANGED: Stop = Stop::Refused(EffectRefusal::Changed);

/// Carries out the effects of a turn, in their order; answers with the appointments changed, or with the outcome of
/// a turn that must not be committed. The caller stands in a savepoint and takes everything back then.
pub(super) async fn carry_out(
    connection: &mut SqliteConnection,
    turn: &TurnCommit,
) -> Result<std::result::Result<Vec<Appointment>, CommitOutcome>> {
    let mut changed = Vec::new();
    let mut effects = Effects {
        connection,
        turn,
        is_alone: clean_up(&turn.effects),
    };
    for (index, effect) in turn.effects.iter().enumerate() {
        match effects.one(effect).await {
            Ok(Some(appointment)) => changed.push(appointment),
            Ok(None) => {}
            Err(Stop::Refused(refusal)) => {
                return Ok(Err(CommitOutcome::EffectRefused {
                    effect: index,
                    refusal,
                }));
            }
            Err(Stop::Failed(error)) => return Err(error),
        }
    }
    Ok(Ok(changed))
}

struct Effects<'a> {
    connection: &'a mut SqliteConnection,
    turn: &'a TurnCommit,
    /// Whether the one effect there is cleans up after itself.
    is_alone: bool,
}

impl Effects<'_> {
    const fn by(&self, actor: Actor) -> By {
        By {
            actor,
            turn: Some(self.turn.turn),
            at: self.turn.at,
        }
    }

    async fn one(&mut self, effect: &Effect) -> Result<Option<Appointment>, Stop> {
        match effect {
            // Placed before the commit; a hold that stands here by mistake has been carried out already.
            Effect::Hold { .. } => Ok(None),
            Effect::Confirm { appointment, by_hand } => self.confirm(appointment, *by_hand).await.map(Some),
            Effect::Book { appointment } => self.book(appointment).await.map(Some),
            Effect::Release { appointment } => self.release(*appointment).await.map(|()| None),
            Effect::Move {
                appointment,
                to,
                hold,
            } => self.move_(appointment, to, *hold).await.map(Some),
            Effect::Cancel { appointment } => self.cancel(appointment).await.map(Some),
            Effect::Waitlist { entry } => {
                waitlist::put(self.connection, &self.turn.pair, entry, self.turn.at).await?;
                Ok(None)
            }
            Effect::HandOff { reason } => self.hand_off(*reason).await.map(|()| None),
            Effect::Contact { allowed } => self.contact(*allowed).await.map(|()| None),
            Effect::Profile(profile) => self.profile(profile).await.map(|()| None),
        }
    }

    /// The customer's own appointment, as it is now.
    async fn load(&mut self, id: AppointmentId) -> Result<Appointment, Stop> {
        appointments::load(self.connection, &self.turn.pair.business, id)
            .await?
            .filter(|row| row.participant == self.turn.pair.participant)
            .ok_or(CHANGED)
    }

    /// Writes an appointment as it is now, with what happened to it.
    async fn put(&mut self, appointment: &Appointment, kind: EventKind, actor: Actor) -> Result<(), Stop> {
        let by = self.by(actor);
        let business = &self.turn.pair.business;
        let put = if self.is_alone {
            put_alone(self.connection, business, appointment, kind, by).await
        } else {
            put(self.connection, business, appointment, kind, by, None).await
        };
        Ok(put?)
    }

    /// The same on seats that it may not have had before.
    async fn place(&mut self, appointment: &Appointment, kind: EventKind) -> Result<(), Stop> {
        let by = self.by(Actor::Customer);
        clear_the_way(self.connection, &self.turn.pair.business, appointment, by).await?;
        self.put(appointment, kind, Actor::Customer).await
    }

    async fn confirm(&mut self, read_back: &Appointment, by_hand: bool) -> Result<Appointment, Stop> {
        let mut row = self.load(read_back.id).await?;
        if row.status != Status::Held || row.version != read_back.version {
            return Err(CHANGED);
        }
        let status = if by_hand {
            Status::Pending
        } else {
            Status::Confirmed
        };
        let kind = row.become_status(status, self.turn.at)?;
        self.put(&row, kind, Actor::Customer).await?;
        Ok(row)
    }

    async fn book(&mut self, appointment: &Appointment) -> Result<Appointment, Stop> {
        if exists(self.connection, appointment.id).await? {
            return Err(CHANGED);
        }
        let mut new = stored(appointment);
        new.participant = self.turn.pair.participant.clone();
        self.place(&new, EventKind::Booked).await?;
        Ok(new)
    }

    async fn release(&mut self, id: AppointmentId) -> Result<(), Stop> {
        let mut row = match self.load(id).await {
            Ok(row) => row,
            // Never placed, so that there is nothing to give back.
            Err(Stop::Refused(_)) => return Ok(()),
            Err(failed) => return Err(failed),
        };
        if row.status.is_terminal() {
            // It ran out before it was given back: as wished.
            return Ok(());
        }
        let kind = row.release()?;
        self.put(&row, kind, Actor::Bot).await
    }

    async fn move_(
        &mut self,
        read_back: &Appointment,
        to: &Appointment,
        hold: Option<AppointmentId>,
    ) -> Result<Appointment, Stop> {
        let mut row = self.load(read_back.id).await?;
        if row.version != read_back.version {
            return Err(CHANGED);
        }
        let moved = row.move_to(&stored(to))?;
        if let Some(hold) = hold {
            let mut hold = self.load(hold).await?;
            let used = hold.use_up(self.turn.at)?;
            // Between this statement and the next nobody else can write, so that its seats pass to the appointment.
            self.put(&hold, used, Actor::Bot).await?;
        }
        self.place(&row, moved).await?;
        Ok(row)
    }

    async fn cancel(&mut self, read_back: &Appointment) -> Result<Appointment, Stop> {
        let mut row = self.load(read_back.id).await?;
        if row.version != read_back.version {
            return Err(CHANGED);
        }
        let kind = row.become_status(Status::Cancelled, self.turn.at)?;
        self.put(&row, kind, Actor::Customer).await?;
        Ok(row)
    }

    async fn hand_off(&mut self, reason: HandoffReason) -> Result<(), Stop> {
        sqlx::query(
            "INSERT INTO handoffs (business_id, participant_id, conversation_id, turn_id, reason, at)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(self.turn.pair.business.as_str())
        .bind(self.turn.pair.participant.as_str())
        .bind(blob(self.turn.pair.conversation().0))
        .bind(blob(self.turn.turn.0))
        .bind(reason_name(reason))
        .bind(micros(self.turn.at))
        .execute(&mut *self.connection)
        .await
        .map_err(Error::from)?;
        Ok(())
    }

    async fn contact(&mut self, allowed: bool) -> Result<(), Stop> {
        // The participant's row may be written by this very turn, after its effects.
        sqlx::query(
            "INSERT INTO participants (business_id, participant_id, contact_allowed, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $4)
             ON CONFLICT (business_id, participant_id) DO UPDATE SET
                 contact_allowed = excluded.contact_allowed, updated_at = excluded.updated_at",
        )
        .bind(self.turn.pair.business.as_str())
        .bind(self.turn.pair.participant.as_str())
        .bind(allowed)
        .bind(micros(self.turn.at))
        .execute(&mut *self.connection)
        .await
        .map_err(Error::from)?;
        Ok(())
    }

    async fn profile(&mut self, profile: &Profile) -> Result<(), Stop> {
        // The profile is written whole: what is absent from it is not known any more.
        sqlx::query(
            "INSERT INTO participants (business_id, participant_id, name, phone, email, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $6)
             ON CONFLICT (business_id, participant_id) DO UPDATE SET
                 name = excluded.name, phone = excluded.phone, email = excluded.email,
                 updated_at = excluded.updated_at",
        )
        .bind(self.turn.pair.business.as_str())
        .bind(self.turn.pair.participant.as_str())
        .bind(&profile.name)
        .bind(&profile.phone)
        .bind(&profile.email)
        .bind(micros(self.turn.at))
        .execute(&mut *self.connection)
        .await
        .map_err(Error::from)?;
        Ok(())
    }
}

const fn reason_name(reason: HandoffReason) -> &'static str {
    match reason {
        HandoffReason::Asked => "asked",
        HandoffReason::Complaint => "complaint",
        HandoffReason::Emergency => "emergency",
        HandoffReason::NotUnderstood => "not_understood",
        HandoffReason::Abuse => "abuse",
    }
}
