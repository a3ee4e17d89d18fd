//! Effects that are part of a batch's statement: those that change one appointment as it was read back, and what is
//! known of the customer.

use std::collections::HashMap;

use jiff_sqlx::{Timestamp, ToSqlx as _};
use uuid::Uuid;

use super::turn_rows::PgQuery;
use crate::booking::appointment::{Appointment, Status};
use crate::dialogue::Effect;
use crate::dialogue::outcome::Profile;
use crate::store::rules::{as_stored, stored};
use crate::store::{Actor, TurnCommit};

/// The changes of a batch's appointments and profiles, as columns.
#[derive(Default)]
pub(super) struct Changes {
    conversation: Vec<Uuid>,
    id: Vec<Uuid>,
    business: Vec<String>,
    participant: Vec<String>,
    expected: Vec<i64>,
    status: Vec<&'static str>,
    kind: Vec<&'static str>,
    turn: Vec<Uuid>,
    at: Vec<Timestamp>,
    after: Vec<String>,
    profiles: Profiles,
    /// The appointments of each turn as they become.
    become_: HashMap<Uuid, Vec<Appointment>>,
}

#[derive(Default)]
struct Profiles {
    conversation: Vec<Uuid>,
    business: Vec<String>,
    participant: Vec<String>,
    name: Vec<Option<String>>,
    phone: Vec<Option<String>>,
    email: Vec<Option<String>>,
    at: Vec<Timestamp>,
}

/// What a turn changes, when all of it is plain.
struct Plain<'a> {
    changes: Vec<(&'a Appointment, Appointment, &'static str)>,
    profile: Option<&'a Profile>,
}

/// `None` when an effect is not plain.
fn plain(turn: &TurnCommit) -> Option<Plain<'_>> {
    let mut plain = Plain {
        changes: Vec::new(),
        profile: None,
    };
    for effect in &turn.effects {
        let (read_back, status) = match effect {
            // Placed before the commit.
            Effect::Hold { .. } => continue,
            Effect::Profile(profile) if plain.profile.is_none() => {
                plain.profile = Some(profile);
                continue;
            }
            // Only a hold is confirmed by its customer; what waits for the business is confirmed by the business.
            Effect::Confirm { appointment, by_hand } if appointment.status == Status::Held => {
                let status = if *by_hand {
                    Status::Pending
                } else {
                    Status::Confirmed
                };
                (appointment, status)
            }
            Effect::Cancel { appointment } => (appointment, Status::Cancelled),
            _ => return None,
        };
        // Twice the same appointment: the second change has to see the first.
        if plain.changes.iter().any(|(other, ..)| other.id == read_back.id) {
            return None;
        }
        let mut after = stored(read_back);
        let kind = after.become_status(status, turn.at).ok()?;
        plain.changes.push((read_back, after, kind.as_str()));
    }
    Some(plain)
}

impl Changes {
    /// Takes the effects of a turn; `false` when one of them is not plain, and none is taken.
    pub(super) fn take(&mut self, turn: &TurnCommit) -> bool {
        let Some(plain) = plain(turn) else {
            return false;
        };
        let (conversation, at) = (turn.pair.conversation().0, as_stored(turn.at).to_sqlx());
        let (business, participant) = (turn.pair.business.as_str(), turn.pair.participant.as_str());
        if let Some(profile) = plain.profile {
            let profiles = &mut self.profiles;
            profiles.conversation.push(conversation);
            profiles.business.push(business.to_owned());
            profiles.participant.push(participant.to_owned());
            profiles.name.push(profile.name.clone());
            profiles.phone.push(profile.phone.clone());
            profiles.email.push(profile.email.clone());
            profiles.at.push(at);
        }
        if plain.changes.is_empty() {
            return true;
        }
        let mut changed = Vec::with_capacity(plain.changes.len());
        for (read_back, after, kind) in plain.changes {
            self.conversation.push(conversation);
            self.id.push(read_back.id.0);
            self.business.push(business.to_owned());
            self.participant.push(participant.to_owned());
            self.expected
                .push(i64::try_from(read_back.version).unwrap_or(i64::MAX));
            self.status.push(after.status.as_str());
            self.kind.push(kind);
            self.turn.push(turn.turn.0);
            self.at.push(at);
            // An appointment is plain data; serialising it cannot fail.
            self.after.push(serde_json::to_string(&after).unwrap_or_default());
            changed.push(after);
        }
        self.become_.insert(turn.turn.0, changed);
        true
    }

    /// Whether no turn of the batch changes anything but its conversation.
    pub(super) const fn is_empty(&self) -> bool {
        self.id.is_empty() && self.profiles.conversation.is_empty()
    }

    /// The appointments that a committed turn has changed, as they are now.
    pub(super) fn of(&self, turn: &TurnCommit) -> Vec<Appointment> {
        self.become_.get(&turn.turn.0).cloned().unwrap_or_default()
    }

    /// Binds the columns, after those of the turns.
    pub(super) fn bind(&self, query: PgQuery) -> PgQuery {
        let profiles = &self.profiles;
        query
            .bind(&self.conversation)
            .bind(&self.id)
            .bind(&self.business)
            .bind(&self.participant)
            .bind(&self.expected)
            .bind(&self.status)
            .bind(&self.kind)
            .bind(&self.turn)
            .bind(&self.at)
            .bind(&self.after)
            .bind(Actor::Customer.as_str())
            .bind(&profiles.conversation)
            .bind(&profiles.business)
            .bind(&profiles.participant)
            .bind(&profiles.name)
            .bind(&profiles.phone)
            .bind(&profiles.email)
            .bind(&profiles.at)
    }
}
