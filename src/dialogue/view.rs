//! What a decision may look at, and what it reacts to.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use crate::booking::visit::Plan;
use crate::booking::{Calendar, Catalogue};
use crate::ids::Seed;
use crate::types::{Channel, Language, MessageId, ParticipantId, WaitlistId};
use crate::understanding::Act;

/// The world as the decision sees it. Everything that could differ between two runs is in here.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The business.
    pub catalogue: &'a Catalogue,
    /// Who occupies what.
    pub calendar: &'a Calendar,
    /// Who is talked to.
    pub participant: &'a ParticipantId,
    /// The present.
    pub now: Timestamp,
    /// Where new ids come from.
    pub seed: Seed,
    /// A slot that this turn tried to hold and that somebody else has won meanwhile.
    pub lost: Option<Timestamp>,
}

impl View<'_> {
    /// The present in the business's local time.
    #[must_use]
    pub fn local_now(&self) -> DateTime {
        self.local(self.now)
    }

    /// An instant in the business's local time.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> DateTime {
        self.catalogue.time_zone.to_datetime(at)
    }

    /// Today at the business.
    #[must_use]
    pub fn today(&self) -> Date {
        self.local_now().date()
    }
}

/// What a decision reacts to.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// Messages, understood, in order; they are answered together.
    Messages(&'a [Heard]),
    /// Something that time or the world did.
    Event(&'a Event),
}

/// A message with what it does.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// Its id.
    pub id: MessageId,
    /// Where it came from.
    pub channel: Channel,
    /// Its text, for the session's title only.
    pub text: String,
    /// What it does.
    pub acts: Vec<Act>,
    /// The language in which it is answered; `None` leaves that of the conversation as it is.
    pub language: Option<Language>,
    /// What a model would say to it. Said only where no more than courtesy or a common answer is called for, and only
    /// if it claims nothing.
    pub wording: Option<String>,
}

/// Something that time or the world did to a conversation. Events enter through the same mailbox as messages.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A slot became free that suits a waitlist entry of this customer.
    SlotFreed {
        /// The entry.
        entry: WaitlistId,
        /// The slot.
        plan: Plan,
    },
    /// Something was due: an offer ran out, a hold lapsed, a goal grew old.
    Due,
}
