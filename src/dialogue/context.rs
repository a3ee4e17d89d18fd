//! What an actor owns: everything that the next turn must know and the customer should not have to repeat.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::goal::Goal;
use super::outcome::{Profile, WaitlistEntry};
use crate::booking::visit::Plan;
use crate::types::{
    AppointmentId, Channel, GoalId, Language, MessageId, Reach, ResourceId, ServiceId, SessionId,
};
use crate::understanding::Expecting;
use crate::understanding::act::HandoffReason;

/// The number of the schema below. A stored context with another number is migrated or begun anew, never guessed.
pub const SCHEMA: u32 = 1;

/// Goals that may live at once.
pub const GOALS_MAX: usize = 5;

/// Waitlist entries that a customer may have at once.
pub const WAITLIST_MAX: usize = 5;

/// How many message ids are remembered to recognise a duplicate without a read.
pub const RECENT_IDS_MAX: usize = 32;

/// The state of one conversation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// The session that is open; a new one begins after an idle gap.
    #[serde(default)]
    pub session: Option<Session>,
    /// Goals that are active or parked, the one touched last at the end.
    #[serde(default)]
    pub goals: Vec<Goal>,
    /// The goal dropped or finished last, for "wait, still there?".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped: Option<Goal>,
    /// What was asked last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Question>,
    /// What is known about the customer.
    #[serde(default)]
    pub profile: Profile,
    /// The customer's waitlist entries that still wait or are offered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waitlist: Vec<WaitlistEntry>,
    /// A person has been asked to take over, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed_off: Option<HandoffReason>,
    /// A person answers until then, and the bot does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<Timestamp>,
    /// The customer said "STOP".
    #[serde(default)]
    pub opted_out: bool,
    /// Insults so far.
    #[serde(default)]
    pub insults: u32,
    /// Turns in a row that were not understood.
    #[serde(default)]
    pub misses: u32,
    /// The ids of the latest messages.
    #[serde(default)]
    pub recent_ids: VecDeque<MessageId>,
    /// The number of the last transcript entry.
    #[serde(default)]
    pub last_seq: u64,
    /// The channel that the customer used last; replies without a message (offers) go there.
    #[serde(default)]
    pub channel: Option<Channel>,
    /// Where the customer was heard last, if that channel has accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<Reach>,
    /// The language that the customer writes, where it is not the business's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// The model that understands this conversation, in place of the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// A question that waits for its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// The goal that it serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<GoalId>,
    /// What kind of answer fits.
    pub expecting: Expecting,
    /// The options as listed with their numbers, and what each means.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Offered>,
    /// Answers that can be tapped; they are not numbered, and mean what they say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<String>,
    /// The question in short, for asking again after a digression.
    pub again: String,
    /// When it was asked.
    pub asked_at: Timestamp,
}

/// An option that was listed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offered {
    /// What was shown.
    pub label: String,
    /// What choosing it means.
    pub choice: Choice,
}

/// What choosing an option means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// This service.
    Service(ServiceId),
    /// This start, with this plan.
    Plan(Plan),
    /// This start, with whoever is asked for.
    Start(Timestamp),
    /// This existing appointment.
    Appointment(AppointmentId),
    /// Another day.
    Day(jiff::civil::Date),
    /// This person.
    Staff(ResourceId),
    /// A place on the waitlist.
    Waitlist,
}

/// A stretch of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The beginning of its first message.
    pub title: String,
    /// When it was opened.
    pub started_at: Timestamp,
    /// When it last heard from the customer or spoke.
    pub last_activity: Timestamp,
    /// When it was closed.
    pub ended_at: Option<Timestamp>,
    /// Messages in both directions.
    pub message_count: u64,
    /// Tokens of models in both directions.
    pub total_tokens: u64,
}

impl Context {
    /// Whether a message of that id was seen lately.
    #[must_use]
    pub fn has_seen(&self, id: &MessageId) -> bool {
        self.recent_ids.contains(id)
    }

    /// The active goal of that id.
    #[must_use]
    pub fn goal(&self, id: GoalId) -> Option<&Goal> {
        self.goals.iter().find(|goal| goal.id == id)
    }

    /// The labels of the options listed last.
    #[must_use]
    pub fn option_labels(&self) -> Vec<String> {
        self.question
            .iter()
            .flat_map(|q| &q.options)
            .map(|o| o.label.clone())
            .collect()
    }
}
