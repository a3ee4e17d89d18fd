//! What one message does: a closed set of acts, the same for the rules engine and for a model.
//!
//! Whoever listens, dialogue hears these and nothing else. An act says what the customer did ("named a service",
//! "said yes"), never what the bot should do about it.

use serde::{Deserialize, Serialize};

use super::when::{Span, When};
use crate::types::{ResourceId, ServiceId};

/// One thing that a message does. A message usually does several, in the order of its words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// Wants something done ("book", "can I move my appointment").
    Start {
        /// What it is.
        goal: GoalKind,
    },
    /// Says a piece of what is wanted.
    Set {
        /// The piece.
        #[serde(flatten)]
        value: SlotValue,
    },
    /// Takes a piece back without a new one ("any day is fine after all").
    Clear {
        /// Which piece.
        slot: SlotKind,
    },
    /// Picks from the options listed last, counted from 1.
    Choose {
        /// The option's number.
        option: usize,
    },
    /// "yes", "ok", a thumbs-up. Together with a `Set` it is not a yes ("yes but 3pm"): dialogue decides.
    Confirm,
    /// "no".
    Deny,
    /// "never mind", "forget it": drops what is being arranged, not an appointment.
    CancelGoal,
    /// "let me think it over": puts aside what is being arranged, and calls nothing off.
    SetAside,
    /// Takes the last step back, or revives what was dropped ("wait, still there?").
    Undo,
    /// Asks about something.
    Ask {
        /// What about.
        #[serde(flatten)]
        topic: Topic,
    },
    /// Words without business in them.
    SmallTalk {
        /// Which kind.
        kind: SmallTalk,
    },
    /// Wants a person.
    Handoff {
        /// Why.
        reason: HandoffReason,
    },
    /// "STOP": wants no further messages.
    StopContact,
    /// An insult.
    Abuse,
    /// Tries to command the bot beyond a customer's rights ("ignore previous instructions", another's booking).
    Overreach,
    /// Heard, but not understood.
    Unclear,
}

/// A kind of goal.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum GoalKind {
    /// A new appointment.
    Book,
    /// Another time, staff or service for an appointment that exists.
    Reschedule,
    /// The end of an appointment that exists.
    Cancel,
    /// A question that takes more than one turn.
    Enquire,
    /// A place in the line for a slot that is taken.
    Waitlist,
    /// The customer's own name, phone or language.
    Profile,
    /// A person takes over.
    Handoff,
}

/// The pieces of a goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotKind {
    /// What is to be done.
    Service,
    /// By whom.
    Staff,
    /// When.
    When,
    /// For how many.
    PartySize,
    /// The customer's name.
    Name,
    /// The customer's phone number.
    Phone,
    /// The customer's mail address.
    Email,
    /// Which existing appointment is meant.
    Which,
}

/// A piece of a goal with what was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "slot", rename_all = "snake_case")]
pub enum SlotValue {
    /// One or more services.
    Service {
        /// What they were called, in order.
        mentions: Vec<ServiceMention>,
        /// Whether they come in place of, or on top of, what was wanted before.
        mode: Mode,
    },
    /// Staff wishes.
    Staff {
        /// Who.
        said: StaffSaid,
    },
    /// A time expression for the visit.
    When {
        /// The expression.
        when: When,
    },
    /// A number of people, the customer included.
    PartySize {
        /// How many.
        people: u32,
        /// Where it stands in the text.
        span: Span,
    },
    /// The customer's name.
    Name {
        /// First name.
        #[serde(skip_serializing_if = "Option::is_none")]
        first: Option<Said>,
        /// Last name.
        #[serde(skip_serializing_if = "Option::is_none")]
        last: Option<Said>,
    },
    /// A phone number; `value` in international form where the country is said, else as digits.
    Phone {
        /// The number.
        value: Said,
    },
    /// A mail address.
    Email {
        /// The address.
        value: Said,
    },
    /// Which existing appointment is meant: the one at this time.
    Which {
        /// When that appointment is.
        when: When,
    },
}

impl SlotValue {
    /// Which piece this is.
    #[must_use]
    pub const fn kind(&self) -> SlotKind {
        match self {
            Self::Service { .. } => SlotKind::Service,
            Self::Staff { .. } => SlotKind::Staff,
            Self::When { .. } => SlotKind::When,
            Self::PartySize { .. } => SlotKind::PartySize,
            Self::Name { .. } => SlotKind::Name,
            Self::Phone { .. } => SlotKind::Phone,
            Self::Email { .. } => SlotKind::Email,
            Self::Which { .. } => SlotKind::Which,
        }
    }
}

/// Words with their place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The value, normalised (a name keeps its letters).
    pub value: String,
    /// The words as given.
    pub text: String,
    /// Where they stand in the text.
    pub span: Span,
}

/// How a new service relates to those wanted before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Instead of them (the usual case).
    Replace,
    /// With them ("add nail art").
    Add,
    /// Without this one ("no pedicure after all").
    Remove,
}

/// A service as it was called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceMention {
    /// What it may be, best first. Empty when it is nothing that the business offers ("brazilian wax").
    pub candidates: Vec<Candidate<ServiceId>>,
    /// The words.
    pub text: String,
    /// Where they stand in the text.
    pub span: Span,
}

/// A possible meaning of a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate<T> {
    /// What it would be.
    pub id: T,
    /// How sure that is.
    pub certainty: Certainty,
}

/// How well words match a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// Far off: worth asking, not worth assuming.
    Guess,
    /// A typing error away, or a part that fits only this name.
    Close,
    /// The name or an alias itself.
    Exact,
}

/// What was said about staff.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "who", rename_all = "snake_case")]
pub enum StaffSaid {
    /// "anyone", "whoever is free", "no preference".
    Anyone,
    /// A name; more than one candidate when it fits several.
    Named {
        /// Who it may be, best first. Empty when nobody of that name works here.
        candidates: Vec<Candidate<ResourceId>>,
        /// The words.
        text: String,
        /// Where they stand in the text.
        span: Span,
    },
    /// "not with Mai".
    Not {
        /// Who not.
        ids: Vec<ResourceId>,
    },
}

/// A question's subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "topic", rename_all = "snake_case")]
pub enum Topic {
    /// Opening hours.
    Hours {
        /// Of when; the whole week when absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        when: Option<When>,
    },
    /// What a service costs. The services named in the same message, or all.
    Price,
    /// How long a service takes.
    Duration,
    /// Where the business is.
    Location,
    /// Where to park.
    Parking,
    /// How to pay.
    Payment,
    /// What is offered.
    Services,
    /// Who works there.
    Staff,
    /// The customer's own appointments.
    MyAppointments,
    /// Whether and when something is free. Service, staff and time stand in `Set` acts beside it.
    Availability,
    /// Why a time was not offered.
    WhyNot,
    /// Rules for cancelling, moving, coming late.
    Policy,
    /// Another entry of the business's FAQ.
    Faq {
        /// The entry's key.
        key: String,
    },
    /// What the bot can do.
    Help,
    /// Whether one talks to a machine.
    AreYouABot,
}

/// Words without business in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmallTalk {
    /// "hi"
    Greet,
    /// "thanks"
    Thanks,
    /// "bye"
    Bye,
    /// "you're great lol"
    Compliment,
    /// "how are you"
    HowAreYou,
    /// A picture, a voice message or a file without a word to it.
    File,
    /// Anything else of the kind, emoji only included.
    Other,
}

/// Why a person should take over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandoffReason {
    /// Asked for.
    Asked,
    /// A complaint.
    Complaint,
    /// Health or safety.
    Emergency,
    /// The bot failed to understand too often.
    NotUnderstood,
    /// Repeated insults.
    Abuse,
}

/// What the bot asked last; it decides what a bare "10:30", "2" or "Anna" means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expecting {
    /// Which service.
    Service,
    /// Which member of staff.
    Staff,
    /// Which day.
    Date,
    /// Which time (the day may be named anew).
    Time,
    /// How many people.
    PartySize,
    /// The customer's name.
    Name,
    /// Yes or no.
    Confirm,
    /// One of the options listed.
    Choice,
}

/// The one most salient thing a message does; for measuring and for statistics, never for deciding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "each name says it; the list is the contract of `understand --jsonl`"
)]
pub enum Intent {
    Book,
    Reschedule,
    Cancel,
    ListBookings,
    AskAvailability,
    AskHours,
    AskPrice,
    AskLocation,
    Greet,
    Thanks,
    Bye,
    Affirm,
    Deny,
    Human,
    Inform,
    Other,
}
