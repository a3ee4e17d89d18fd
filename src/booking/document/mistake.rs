//! What can be wrong with a catalogue document, where, and what to do about it.

use std::fmt;

/// Where something stands in a document, for example `services[2].by[0]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

impl Path {
    /// The path to a field of this one.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Step::Key(key.to_owned()))
    }

    /// The path to an element of this one.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.0
    }

    fn with(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if at == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// What is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The text has not the shape of a catalogue: syntax, unknown or missing field, wrong type.
    #[error("{0}")]
    Shape(String),
    /// An id holds characters that it must not.
    #[error("\"{id}\" cannot be an id: {why}")]
    BadId {
        /// The id.
        id: String,
        /// What is wrong with it.
        why: String,
    },
    /// An id stands twice.
    #[error(
        "the id \"{id}\" is used twice; give one of them another (staff, resources and classes share theirs)"
    )]
    DuplicateId {
        /// The id.
        id: String,
    },
    /// A text is empty or too long.
    #[error("must have between 1 and {chars_max} characters")]
    BadText {
        /// The greatest length in characters.
        chars_max: usize,
    },
    /// A list is too long.
    #[error("has {len} entries; at most {len_max} are allowed")]
    TooMany {
        /// Its length.
        len: usize,
        /// The greatest length.
        len_max: usize,
    },
    /// A number is out of range.
    #[error("{value} is out of range; it must be from {min} to {max}")]
    OutOfRange {
        /// The number.
        value: u32,
        /// The least.
        min: u32,
        /// The greatest.
        max: u32,
    },
    /// There is no such time zone.
    #[error("\"{name}\" is not a time zone; use an IANA name{}", did_you_mean(.hint))]
    UnknownTimeZone {
        /// What was written.
        name: String,
        /// The nearest name, if one is near.
        hint: Option<String>,
    },
    /// There is no such currency.
    #[error("\"{code}\" is not a currency; use an ISO 4217 code in capitals, such as USD or EUR")]
    UnknownCurrency {
        /// What was written.
        code: String,
    },
    /// No language tag.
    #[error("\"{tag}\" is not a language tag; write it like en-US or vi")]
    BadLocale {
        /// What was written.
        tag: String,
    },
    /// No amount.
    #[error(
        "\"{price}\" is not a price; write digits only, with at most {decimals} decimals in this currency"
    )]
    BadPrice {
        /// What was written.
        price: String,
        /// How many decimals the currency has.
        decimals: u32,
    },
    /// No day of the week.
    #[error("\"{text}\" is not a day; write mon, tue, ..., a range such as tue-fri, or daily")]
    BadWeekday {
        /// What was written.
        text: String,
    },
    /// A day of the week gets hours twice.
    #[error("{day} has hours in two entries; put all its windows into one")]
    DuplicateWeekday {
        /// The day.
        day: &'static str,
    },
    /// No window.
    #[error("\"{text}\" is not a window of time; write it like 09:00-17:30, or 20:00-04:00 over midnight")]
    BadWindow {
        /// What was written.
        text: String,
    },
    /// A window without length.
    #[error("\"{text}\" starts and ends at the same time; write 00:00-24:00 for the whole day")]
    EmptyWindow {
        /// What was written.
        text: String,
    },
    /// Two windows overlap.
    #[error("the windows {first} and {second} overlap; join them into one")]
    OverlappingWindows {
        /// The earlier one.
        first: String,
        /// The later one.
        second: String,
    },
    /// No date.
    #[error("\"{text}\" is not a date; write it like 2026-11-26")]
    BadDate {
        /// What was written.
        text: String,
    },
    /// The last day is before the first.
    #[error("the last day {to} is before the first day {from}; swap them")]
    EndBeforeStart {
        /// The first day.
        from: String,
        /// The last day.
        to: String,
    },
    /// A stretch of days is too long.
    #[error("covers {days} days; at most 366 are allowed: change the weekly hours instead")]
    TooLong {
        /// Its length in days.
        days: i32,
    },
    /// An exception without a day, or with too many.
    #[error("say which day it is: either date, or from and to")]
    WhichDay,
    /// An exception that is both or neither closed and open.
    #[error("say either closed = true or hours = [...]")]
    ClosedOrHours,
    /// Two exceptions or seasons for one day.
    #[error("{date} is covered by an earlier entry too; keep one of them")]
    SameDay {
        /// The day.
        date: String,
    },
    /// A reference to nobody.
    #[error("there is no {what} with the id \"{id}\"{}", did_you_mean(.hint))]
    Unknown {
        /// What it should be: member of staff, resource, service.
        what: &'static str,
        /// The id.
        id: String,
        /// The nearest id, if one is near.
        hint: Option<String>,
    },
    /// One entry stands twice in a list.
    #[error("\"{text}\" stands twice in this list; remove one")]
    Repeated {
        /// The entry.
        text: String,
    },
    /// Resources of several kinds in one need.
    #[error("mixes rooms and equipment; make two needs of it if both are needed")]
    MixedNeed,
    /// A need that nothing can meet.
    #[error("names no resource; list at least one that would do")]
    EmptyNeed,
    /// A service that occupies nothing.
    #[error(
        "nothing limits how often it can be booked at once; say who does it (by) or what it needs (needs)"
    )]
    NoRequirement,
    /// Seats without sessions.
    #[error("a class with seats needs sessions; add for example sessions = [\"sat 15:00\"]")]
    ClassWithoutSessions,
    /// Sessions without seats.
    #[error("a class needs seats; say how many people can take part")]
    ClassWithoutSeats,
    /// A class with more than its seats.
    #[error(
        "a class occupies only its seats; remove {field} (give the teacher an exception or other hours instead)"
    )]
    ClassOccupiesSeats {
        /// The field that must go.
        field: &'static str,
    },
    /// No session.
    #[error("\"{text}\" is not a session; write a day and a start, like sat 15:00")]
    BadSession {
        /// What was written.
        text: String,
    },
    /// Sessions overlap.
    #[error("the sessions {first} and {second} overlap; a class takes place once at a time")]
    OverlappingSessions {
        /// The earlier one.
        first: String,
        /// The later one.
        second: String,
    },
    /// A session when the business is closed.
    #[error("the session {session} does not fit into the weekly hours; widen the hours or move it")]
    SessionOutsideHours {
        /// The session.
        session: String,
    },
    /// An add-on that nobody can add.
    #[error("no other service is done by the same staff, so this add-on can never be booked; check by")]
    LonelyAddOn,
    /// A bundle of one.
    #[error("a bundle names at least two services; for one, use its aliases")]
    SmallBundle,
    /// A FAQ key stands twice.
    #[error("the key \"{key}\" is used twice; join the answers")]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// No name of a model.
    #[error("a model's name has between 1 and 200 printable characters")]
    BadModel,
    /// There is no such channel.
    #[error("\"{name}\" is not a channel; use one of: {known}")]
    UnknownChannel {
        /// What was written.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// A business that offers nothing.
    #[error("a business needs at least one service")]
    NoServices,
    /// A business that never opens.
    #[error("a business needs hours on at least one day of the week")]
    NeverOpen,
}

#[expect(clippy::ref_option, reason = "thiserror hands fields over by reference")]
fn did_you_mean(hint: &Option<String>) -> String {
    hint.as_ref()
        .map_or_else(String::new, |hint| format!("; did you mean \"{hint}\"?"))
}

/// One mistake in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where it is, for example `services[2].by[0]`; empty for the document as a whole.
    pub path: String,
    /// The line, from 1, if the document came as text.
    pub line: Option<usize>,
    /// What it is, and what to do about it.
    pub problem: Problem,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        self.problem.fmt(f)
    }
}

/// Everything that is wrong with a document. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl Mistakes {
    pub(super) fn shape(path: String, line: Option<usize>, message: &str) -> Self {
        Self(vec![Mistake {
            path,
            line,
            problem: Problem::Shape(message.trim().replace('\n', " ")),
        }])
    }

    /// The mistakes, in the order of the document's sections.
    pub fn iter(&self) -> std::slice::Iter<'_, Mistake> {
        self.0.iter()
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => write!(f, "the catalogue has a mistake: {one}"),
            many => {
                write!(f, "the catalogue has {} mistakes:", many.len())?;
                for mistake in many {
                    write!(f, "\n  {mistake}")?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for Mistakes {}
