//! How the API shows a conversation: its context, its sessions, its transcript.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::availability::zone_name;
use crate::booking::catalogue::{Catalogue, Resource, Service};
use crate::conversation::Business;
use crate::conversation::answer::{AppointmentView, GoalView};
use crate::dialogue::Context;
use crate::dialogue::context::Session;
use crate::store::{Asked, Direction, StoredAttachment, TranscriptEntry};
use crate::types::{Channel, SessionId};

/// What the bot knows of a customer.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct ContextView {
    /// The conversation's version; grows by one with every turn.
    version: u64,
    /// The IANA name of the zone of all local times.
    time_zone: String,
    /// The session that is open, if any.
    session: Option<SessionView>,
    /// The goals that are active.
    goals: Vec<GoalView>,
    /// What was asked last and waits for its answer.
    question: Option<QuestionView>,
    /// The customer's upcoming appointments, by start.
    appointments: Vec<AppointmentView>,
    /// What the services and the staff that stand above by their ids are called.
    names: NamesView,
    /// What the customer said about themselves.
    profile: ProfileView,
    /// How many places on the waitlist the customer has.
    waitlist_entries: usize,
    /// Whether a person was asked to take over.
    handed_off: bool,
    /// Until when a person answers and the bot is silent, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    paused_until: Option<Timestamp>,
    /// Whether the customer wants no further messages.
    opted_out: bool,
    /// The language model that was set for this conversation, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
}

/// A question that waits for its answer.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct QuestionView {
    /// The question in short.
    text: String,
    /// The options as listed.
    options: Vec<String>,
}

/// What is called how, for those who show goals and appointments to people: a visitor may not read the catalogue.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct NamesView {
    /// Names of services by id.
    services: BTreeMap<String, String>,
    /// Names of members of staff by id.
    staff: BTreeMap<String, String>,
}

/// What a customer said about themselves.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct ProfileView {
    /// The name to be called by.
    name: Option<String>,
    /// A phone number.
    phone: Option<String>,
    /// A mail address.
    email: Option<String>,
}

/// A stretch of a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct SessionView {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    id: SessionId,
    /// The beginning of its first message.
    title: String,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// When it was last active.
    #[schema(value_type = String, format = DateTime)]
    last_activity: Timestamp,
    /// When it was closed.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    /// Messages in both directions.
    message_count: u64,
    /// Tokens of models in both directions.
    total_tokens: u64,
}

/// Sessions of a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct SessionList {
    /// The newest first.
    pub(super) sessions: Vec<SessionView>,
}

/// A page of a transcript.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct TranscriptPage {
    /// The oldest first.
    pub(super) messages: Vec<TranscriptMessage>,
    /// Give this as `before` to get the page that precedes this one; `null` at the beginning.
    pub(super) before: Option<u64>,
}

/// A message of a transcript.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct TranscriptMessage {
    /// Counts the conversation's messages from 1, without gaps.
    seq: u64,
    /// Which way it went.
    direction: Direction,
    /// Who speaks: `customer`, `bot` or `operator`.
    role: String,
    /// The sender's id, or ours for a reply.
    message_id: String,
    /// The text.
    text: String,
    /// What could be tapped.
    options: Vec<String>,
    /// Attachments as the channel described them; `stored` is where in the bucket one is, once it was fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    attachments: Option<serde_json::Value>,
    /// When it was sent.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The channel.
    channel: Channel,
    /// The session that it belongs to.
    #[schema(value_type = uuid::Uuid)]
    session_id: SessionId,
    /// Who understood it (inbound): `rules` or a model's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<String>,
    /// How long the turn took until it was decided, in milliseconds.
    latency_ms: u32,
    /// Tokens of models that understanding it took (inbound), in both directions; 0 for visitors of the web chat.
    tokens: u64,
    /// The model that was asked about it (inbound), whether its answer was of use or not; not for visitors.
    #[serde(skip_serializing_if = "Option::is_none")]
    understood: Option<Asked>,
}

impl ContextView {
    pub(super) fn of(
        version: u64,
        context: Context,
        appointments: Vec<AppointmentView>,
        business: &Business,
    ) -> Self {
        let zone = &business.catalogue.time_zone;
        let options = context.option_labels();
        let active = context.goals.iter().filter(|goal| goal.state.is_active());
        let goals: Vec<GoalView> = active
            .map(|goal| GoalView::of(goal, &business.catalogue))
            .collect();
        Self {
            version,
            time_zone: zone_name(zone),
            session: context.session.map(SessionView::from),
            names: NamesView::of(&business.catalogue, &goals, &appointments),
            goals,
            question: context.question.map(|question| QuestionView {
                text: question.again,
                options,
            }),
            appointments,
            profile: ProfileView {
                name: context.profile.name,
                phone: context.profile.phone,
                email: context.profile.email,
            },
            waitlist_entries: context.waitlist.len(),
            handed_off: context.handed_off.is_some(),
            paused_until: context.paused_until,
            opted_out: context.opted_out,
            model: context.model,
        }
    }
}

impl NamesView {
    fn of(catalogue: &Catalogue, goals: &[GoalView], appointments: &[AppointmentView]) -> Self {
        let slots = || goals.iter().map(|goal| &goal.slots);
        let services: BTreeSet<&String> = slots()
            .flat_map(|slots| slots.service.iter().chain(&slots.services))
            .chain(
                appointments
                    .iter()
                    .flat_map(|a| iter::once(&a.service).chain(&a.services)),
            )
            .collect();
        let staff: BTreeSet<&String> = slots()
            .filter_map(|slots| slots.staff.as_ref())
            .chain(appointments.iter().filter_map(|a| a.staff.as_ref()))
            .collect();
        let service = |service: &Service| (service.id.to_string(), service.name.clone());
        let person = |resource: &Resource| (resource.id.to_string(), resource.name.clone());
        Self {
            services: catalogue
                .services
                .iter()
                .map(service)
                .filter(|(id, _)| services.contains(id))
                .collect(),
            staff: catalogue
                .resources
                .iter()
                .map(person)
                .filter(|(id, _)| staff.contains(id))
                .collect(),
        }
    }
}

impl From<Session> for SessionView {
    fn from(session: Session) -> Self {
        Self {
            id: session.id,
            title: session.title,
            started_at: session.started_at,
            last_activity: session.last_activity,
            ended_at: session.ended_at,
            message_count: session.message_count,
            total_tokens: session.total_tokens,
        }
    }
}

impl TranscriptMessage {
    /// Its id, when something came along with it.
    pub(super) fn id_if_with_attachments(&self) -> Option<&str> {
        (self.direction == Direction::Inbound && self.attachments.is_some()).then_some(&self.message_id)
    }

    /// Says beside each attachment where in the bucket it is.
    pub(super) fn show_stored(&mut self, stored: &[StoredAttachment]) {
        let Some(serde_json::Value::Array(attachments)) = &mut self.attachments else {
            return;
        };
        for (place, attachment) in (0..).zip(attachments) {
            let of_this = |one: &&StoredAttachment| {
                one.channel == self.channel && one.message_id == self.message_id && one.place == place
            };
            let Some(fields) = attachment.as_object_mut() else {
                continue;
            };
            // Whatever its sender called so.
            fields.remove("stored");
            if let Some(one) = stored.iter().find(of_this) {
                fields.insert("stored".to_owned(), one.location.clone().into());
            }
        }
    }

    /// What models cost and are called is the business's affair.
    pub(super) fn hide_accounts(&mut self) {
        self.tokens = 0;
        self.understood = None;
    }
}

impl From<TranscriptEntry> for TranscriptMessage {
    fn from(entry: TranscriptEntry) -> Self {
        let tokens = entry.tokens();
        Self {
            seq: entry.seq,
            direction: entry.direction,
            role: entry.role,
            message_id: entry.message_id,
            text: entry.text,
            options: entry.options,
            attachments: entry
                .attachments
                .and_then(|json| serde_json::from_str(&json).ok()),
            at: entry.at,
            channel: entry.channel,
            session_id: entry.session,
            engine: entry.engine,
            latency_ms: entry.latency_ms,
            tokens,
            understood: entry.asked.map(|asked| *asked),
        }
    }
}
