//! A conversation as it is opened, and the turn that makes its next version.

use jiff::Timestamp;

use super::{Inbound, MessageKey, OutboxRow, Session, TranscriptEntry};
use crate::booking::appointment::Appointment;
use crate::dialogue::outcome::Effect;
use crate::types::{Pair, ParticipantId, TurnId};

/// Where a conversation stands: its version and the turn that made it.
///
/// The turn is part of it because after a failover that lost commits another history can reach the same version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The version, from 1.
    pub version: u64,
    /// The turn that made it.
    pub turn: TurnId,
}

/// What a starting actor gets.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// Where it stands; absent when it is new.
    pub standing: Option<Standing>,
    /// The context, absent when the conversation is new or stands where the caller knows it to.
    pub context: Option<StoredContext>,
    /// Accepted and not answered, oldest first.
    pub pending: Vec<Inbound>,
    /// Who its participant has become, if they turned out to be somebody else. Nothing is answered here any more.
    pub joined_into: Option<ParticipantId>,
}

impl Opened {
    /// The committed version; 0 when the conversation is new.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.standing.map_or(0, |standing| standing.version)
    }
}

/// A context as stored: JSON with the number of the schema that wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredContext {
    /// The number of the schema.
    pub schema: u32,
    /// The context.
    pub json: String,
}

/// Everything that one turn writes.
#[derive(Debug, Clone)]
pub struct TurnCommit {
    /// This attempt.
    pub turn: TurnId,
    /// Whose conversation.
    pub pair: Pair,
    /// The version that the turn started from; the commit makes it `expected + 1`, or does nothing.
    pub expected_version: u64,
    /// When it was decided.
    pub at: Timestamp,
    /// The context after the turn.
    pub context: StoredContext,
    /// The session after the turn, and the one that ended with its beginning, if any.
    pub sessions: Vec<Session>,
    /// What was said, in order; `seq` continues the conversation's own count without a gap. Empty when it is written
    /// behind.
    pub transcript: Vec<TranscriptEntry>,
    /// The messages that the turn answers; they are done with it, whether they were accepted before or not.
    pub answered: Vec<Inbound>,
    /// The answer for whoever asks about one of these messages again (JSON).
    pub answer: String,
    /// Everything but `Effect::Hold`.
    pub effects: Vec<Effect>,
    /// Replies.
    pub outbox: Vec<OutboxRow>,
}

/// What became of a commit.
#[derive(Debug, Clone, PartialEq)]
pub enum CommitOutcome {
    /// It is durable.
    Committed {
        /// The new version.
        version: u64,
        /// The appointments that the turn changed, as they are now.
        appointments: Vec<Appointment>,
    },
    /// Another writer was faster. Drop the context, open again, run the same messages again.
    VersionConflict {
        /// The version that is committed.
        committed: u64,
    },
    /// Messages of the turn were answered before, or dropped by an operator: leave them out and decide again. Nothing
    /// was written.
    AlreadyAnswered(Vec<MessageKey>),
    /// An effect cannot be carried out any more. Refresh the calendar and decide again. Nothing was written.
    EffectRefused {
        /// Its index in `effects`.
        effect: usize,
        /// Why.
        refusal: EffectRefusal,
    },
}

/// Why an effect was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EffectRefusal {
    /// Somebody else has the slot.
    Taken,
    /// The hold or appointment is gone, has expired, or was changed meanwhile.
    Changed,
}
