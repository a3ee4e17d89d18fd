//! What the sender of a message is told: the contract of `POST /v1/messages`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::booking::appointment::{Appointment, Status};
use crate::booking::catalogue::{Catalogue, ResourceKind};
use crate::dialogue::Reply;
use crate::dialogue::goal::{Goal, GoalState, SlotsView};
use crate::types::{AppointmentId, GoalId, MessageId, SessionId};
use crate::understanding::GoalKind;

/// The answer to a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    /// The message's id, as given or as drawn.
    #[schema(value_type = String)]
    pub message_id: MessageId,
    /// The session that the message belongs to.
    #[schema(value_type = uuid::Uuid)]
    pub session_id: SessionId,
    /// The version that the turn made.
    pub version: u64,
    /// Whether this message was answered before; then nothing was changed now.
    pub duplicate: bool,
    /// What is said, in order.
    pub replies: Vec<ReplyView>,
    /// The goals that are active after the turn.
    pub goals: Vec<GoalView>,
    /// The appointments that the turn changed.
    pub appointments: Vec<AppointmentView>,
}

/// Something said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplyView {
    /// The text.
    pub text: String,
    /// What can be tapped; each is a full answer if typed.
    #[serde(default)]
    pub options: Vec<String>,
}

/// A goal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GoalView {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: GoalId,
    /// What it is.
    pub kind: GoalKind,
    /// Where it stands.
    pub state: GoalState,
    /// What is known so far.
    pub slots: SlotsView,
}

/// An appointment, in the business's local time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AppointmentView {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: AppointmentId,
    /// Where it stands in its life.
    pub status: Status,
    /// The service's id (the first, when there are several).
    pub service: String,
    /// All services' ids, when there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// The id of the member of staff (the first, when there are several).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<String>,
    /// How many people come.
    pub party_size: u32,
    /// The visible start, RFC 3339 with the business's offset.
    pub starts_at: String,
    /// The visible end, RFC 3339 with the business's offset.
    pub ends_at: String,
    /// Grows with every change.
    pub version: u64,
}

impl From<&Reply> for ReplyView {
    fn from(reply: &Reply) -> Self {
        Self {
            text: reply.text.clone(),
            options: reply.options.clone(),
        }
    }
}

impl GoalView {
    /// The view of a goal in the business's local time.
    #[must_use]
    pub fn of(goal: &Goal, catalogue: &Catalogue) -> Self {
        Self {
            id: goal.id,
            kind: goal.kind,
            state: goal.state,
            slots: goal.view(catalogue),
        }
    }
}

impl AppointmentView {
    /// The view of an appointment in the business's local time.
    #[must_use]
    pub fn of(appointment: &Appointment, catalogue: &Catalogue) -> Self {
        let local = |at: jiff::Timestamp| {
            at.to_zoned(catalogue.time_zone.clone())
                .strftime("%Y-%m-%dT%H:%M:%S%:z")
                .to_string()
        };
        let services: Vec<String> = appointment.services.iter().map(ToString::to_string).collect();
        let staff = appointment.allocations.iter().find_map(|a| {
            let resource = catalogue.resource(&a.resource)?;
            (resource.kind == ResourceKind::Staff).then(|| resource.id.to_string())
        });
        Self {
            id: appointment.id,
            status: appointment.status,
            service: services.first().cloned().unwrap_or_default(),
            services: if services.len() > 1 { services } else { Vec::new() },
            staff,
            party_size: appointment.party_size,
            starts_at: local(appointment.starts_at),
            ends_at: local(appointment.ends_at),
            version: appointment.version,
        }
    }
}
