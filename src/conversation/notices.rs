//! What a turn did, or a change from outside, told to the business's own systems: rows of the outbox, committed with what
//! they tell of.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Business;
use super::answer::AppointmentView;
use super::commit::after;
use crate::accounts::Listener;
use crate::booking::appointment::{Appointment, EventKind};
use crate::booking::{Catalogue, Status};
use crate::dialogue::Effect;
use crate::store::{Content, Notice, Origin, OutboxRow};
use crate::types::{Channel, Pair, Reach, TurnId};

/// What a turn is, for those who are told of it.
pub(super) struct Told<'a> {
    pub turn: TurnId,
    pub origin: Origin,
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
            let id = Uuid::new_v5(&told.turn.0, &ordinal.to_be_bytes());
            let place = (told.version, ordinal);
            rows.push(OutboxRow {
                origin: told.origin,
                ..row(id, told.pair, place, listener, (kind, &data), told.at)
            });
            ordinal += 1;
        }
    }
    rows
}

/// A row for each system that wants to hear of a change from outside a conversation. Their place is after all turns so
/// far, by the time.
pub(super) fn of_change(
    business: &Business,
    appointment: &Appointment,
    kind: EventKind,
    listeners: &[Listener],
    at: Timestamp,
) -> Vec<OutboxRow> {
    let kind = match kind {
        EventKind::Booked if appointment.status == Status::Pending => "appointment.pending",
        EventKind::Booked | EventKind::Confirmed => "appointment.confirmed",
        EventKind::Pending => "appointment.pending",
        EventKind::Moved => "appointment.moved",
        EventKind::Cancelled => "appointment.cancelled",
        EventKind::Declined => "appointment.declined",
        EventKind::CheckedIn => "appointment.checked_in",
        EventKind::Completed => "appointment.completed",
        EventKind::NoShow => "appointment.no_show",
        EventKind::Held | EventKind::Released | EventKind::Used | EventKind::Expired => return Vec::new(),
    };
    let pair = Pair {
        business: business.catalogue.id.clone(),
        participant: appointment.participant.clone(),
    };
    let mut data = whom(&pair);
    data["appointment"] = json!(AppointmentView::of(appointment, &business.catalogue));
    let version = u64::try_from(at.as_microsecond()).unwrap_or_default();
    let wanted = listeners.iter().filter(|listener| listener.wants(kind));
    wanted
        .map(|listener| {
            let name = format!("{}/{}", appointment.version, listener.account);
            let id = Uuid::new_v5(&appointment.id.0, name.as_bytes());
            // Two appointments of one customer may change at the same time.
            let ordinal = id.as_fields().0;
            row(id, &pair, (version, ordinal), listener, (kind, &data), at)
        })
        .collect()
}

fn row(
    id: Uuid,
    pair: &Pair,
    (version, ordinal): (u64, u32),
    listener: &Listener,
    (kind, data): (&str, &Value),
    at: Timestamp,
) -> OutboxRow {
    OutboxRow {
        id,
        pair: pair.clone(),
        version,
        ordinal,
        seq: 0,
        channel: Channel::Standard,
        reach: Some(Reach {
            account: listener.account.clone(),
            address: String::new(),
            heard_at: at,
        }),
        content: Content::Notice(Notice {
            kind: kind.to_owned(),
            timestamp: at,
            data: data.clone(),
        }),
        origin: Origin::default(),
        sent: false,
        attempts: 0,
        parts_sent: 0,
        unknown: false,
        at,
    }
}

fn whom(pair: &Pair) -> Value {
    json!({
        "business_id": pair.business,
        "participant_id": pair.participant,
    })
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
    let mut data = whom(told.pair);
    if let Some(appointment) = after(effect) {
        data["appointment"] = json!(AppointmentView::of(&appointment, told.catalogue));
    }
    if let Effect::HandOff { reason } = effect {
        data["reason"] = json!(reason);
    }
    Some((kind, data))
}
