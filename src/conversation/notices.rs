//! What a turn did, told to the business's own systems: rows of the outbox, committed with the turn.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::AppointmentView;
use super::commit::after;
use crate::accounts::Listener;
use crate::booking::Catalogue;
use crate::dialogue::Effect;
use crate::store::{Content, Notice, OutboxRow};
use crate::types::{Channel, Pair, Reach, TurnId};

/// What a turn is, for those who are told of it.
pub(super) struct Told<'a> {
    pub turn: TurnId,
    pub pair: &'a Pair,
    pub version: u64,
    pub catalogue: &'a Catalogue,
    pub effects: &'a [Effect],
    /// The ordinal of the first row.
    pub ordinal: u32,
    pub at: Timestamp,
}

/// A row for each thing that happened and each system that wants to hear of it.
pub(super) fn rows(told: &Told<'_>, listeners: &[Listener]) -> Vec<OutboxRow> {
    let mut rows = Vec::new();
    let mut ordinal = told.ordinal;
    for effect in told.effects {
        let Some((kind, data)) = notice(told, effect) else {
            continue;
        };
        for listener in listeners.iter().filter(|listener| listener.wants(kind)) {
            rows.push(OutboxRow {
                id: Uuid::new_v5(&told.turn.0, &ordinal.to_be_bytes()),
                pair: told.pair.clone(),
                version: told.version,
                ordinal,
                seq: 0,
                channel: Channel::Standard,
                reach: Some(Reach {
                    account: listener.account.clone(),
                    address: String::new(),
                    heard_at: told.at,
                }),
                content: Content::Notice(Notice {
                    kind: kind.to_owned(),
                    timestamp: told.at,
                    data: data.clone(),
                }),
                sent: false,
                attempts: 0,
                parts_sent: 0,
                unknown: false,
                at: told.at,
            });
            ordinal += 1;
        }
    }
    rows
}

/// What an effect is called, and what there is to tell of it.
fn notice(told: &Told<'_>, effect: &Effect) -> Option<(&'static str, Value)> {
    let kind = match effect {
        Effect::Confirm { by_hand: true, .. } => "appointment.pending",
        Effect::Confirm { .. } | Effect::Book { .. } => "appointment.confirmed",
        Effect::Move { .. } => "appointment.moved",
        Effect::Cancel { .. } => "appointment.cancelled",
        Effect::HandOff { .. } => "conversation.handoff",
        Effect::Contact { allowed: false } => "participant.opted_out",
        Effect::Contact { allowed: true } => "participant.opted_in",
        Effect::Hold { .. } | Effect::Release { .. } | Effect::Waitlist { .. } | Effect::Profile(_) => {
            return None;
        }
    };
    let mut data = json!({
        "business_id": told.pair.business,
        "participant_id": told.pair.participant,
    });
    if let Some(appointment) = after(effect) {
        data["appointment"] = serde_json::to_value(AppointmentView::of(&appointment, told.catalogue)).ok()?;
    }
    if let Effect::HandOff { reason } = effect {
        data["reason"] = serde_json::to_value(reason).ok()?;
    }
    Some((kind, data))
}
