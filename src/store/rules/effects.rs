//! What a turn changes besides its conversation: appointments, the waitlist, what is known of the customer.

use super::holds::clear_the_way;
use super::{By, Desk, Put, stored};
use crate::booking::appointment::{Appointment, EventKind, Refused, Status};
use crate::dialogue::outcome::Effect;
use crate::store::errors::is_taken;
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

/// The row cannot be changed any more as the turn thought it could.
const CHANGED: Stop = Stop::Refused(EffectRefusal::Changed);

/// Who takes back what the effects of a turn have written when one of them is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Care {
    /// The caller.
    Callers,
    /// The one effect there is, which is a single write.
    Own,
}

/// Carries out the effects of a turn, in their order; answers with the appointments changed, or with the outcome of
/// a turn that must not be committed.
pub(in crate::store) async fn carry_out(
    desk: &mut dyn Desk,
    turn: &TurnCommit,
    care: Care,
) -> Result<std::result::Result<Vec<Appointment>, CommitOutcome>> {
    let mut changed = Vec::new();
    let mut effects = Effects { desk, turn, care };
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

/// What a committed turn changed, as it is now.
pub(in crate::store) async fn changed_by(desk: &mut dyn Desk, turn: &TurnCommit) -> Result<Vec<Appointment>> {
    let mut changed = Vec::new();
    let ids = turn.effects.iter().filter_map(|effect| match effect {
        Effect::Confirm { appointment, .. }
        | Effect::Book { appointment }
        | Effect::Move { appointment, .. }
        | Effect::Cancel { appointment } => Some(appointment.id),
        _ => None,
    });
    for id in ids {
        changed.extend(desk.load(&turn.pair.business, id).await?);
    }
    Ok(changed)
}

struct Effects<'a> {
    desk: &'a mut dyn Desk,
    turn: &'a TurnCommit,
    care: Care,
}

impl Effects<'_> {
    async fn one(&mut self, effect: &Effect) -> Result<Option<Appointment>, Stop> {
        match effect {
            // Placed before the commit; a hold that stands here by mistake has been carried out already.
            Effect::Hold { .. } => return Ok(None),
            Effect::Confirm { appointment, by_hand } => {
                return self.confirm(appointment, *by_hand).await.map(Some);
            }
            Effect::Book { appointment } => return self.book(appointment).await.map(Some),
            Effect::Move {
                appointment,
                to,
                hold,
            } => return self.move_(appointment, to, *hold).await.map(Some),
            Effect::Cancel { appointment } => return self.cancel(appointment).await.map(Some),
            Effect::Release { appointment } => self.release(*appointment).await?,
            Effect::Waitlist { entry } => {
                let turn = self.turn;
                self.desk.put_entry(&turn.pair, entry, turn.at).await?;
            }
            Effect::HandOff { reason } => self.desk.hand_off(self.turn, *reason).await?,
            Effect::Contact { allowed } => self.desk.contact(self.turn, *allowed).await?,
            Effect::Profile(profile) => self.desk.profile(self.turn, profile).await?,
        }
        Ok(None)
    }

    /// The customer's own appointment, as it is now.
    async fn load(&mut self, id: AppointmentId) -> Result<Appointment, Stop> {
        self.desk
            .load(&self.turn.pair.business, id)
            .await?
            .filter(|row| row.participant == self.turn.pair.participant)
            .ok_or(CHANGED)
    }

    /// The same, as the turn has read it back.
    async fn as_read_back(&mut self, read_back: &Appointment) -> Result<Appointment, Stop> {
        let row = self.load(read_back.id).await?;
        if row.version == read_back.version {
            Ok(row)
        } else {
            Err(CHANGED)
        }
    }

    /// Writes an appointment as it is now, with what happened to it.
    async fn put(&mut self, appointment: &Appointment, kind: EventKind, actor: Actor) -> Result<(), Stop> {
        let put = Put {
            business: &self.turn.pair.business,
            appointment,
            kind,
            by: By {
                actor,
                turn: Some(self.turn.turn),
                at: self.turn.at,
            },
            idempotency_key: None,
        };
        match self.care {
            Care::Callers => self.desk.put(put).await?,
            Care::Own => self.desk.put_alone(put).await?,
        }
        Ok(())
    }

    /// The same on seats that it may not have had before.
    async fn place(&mut self, appointment: &Appointment, kind: EventKind) -> Result<(), Stop> {
        clear_the_way(self.desk, &self.turn.pair.business, appointment, self.turn.at).await?;
        self.put(appointment, kind, Actor::Customer).await
    }

    async fn confirm(&mut self, read_back: &Appointment, by_hand: bool) -> Result<Appointment, Stop> {
        let mut row = self.as_read_back(read_back).await?;
        // Only a hold is confirmed by its customer; what waits for the business is confirmed by the business.
        if row.status != Status::Held {
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
        if self.desk.exists(appointment.id).await? {
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
        let mut row = self.as_read_back(read_back).await?;
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
        let mut row = self.as_read_back(read_back).await?;
        let kind = row.become_status(Status::Cancelled, self.turn.at)?;
        self.put(&row, kind, Actor::Customer).await?;
        Ok(row)
    }
}

/// The name of a reason, as stored.
pub(in crate::store) const fn reason_name(reason: HandoffReason) -> &'static str {
    match reason {
        HandoffReason::Asked => "asked",
        HandoffReason::Complaint => "complaint",
        HandoffReason::Emergency => "emergency",
        HandoffReason::NotUnderstood => "not_understood",
        HandoffReason::Abuse => "abuse",
    }
}
