//! One conversation, one owner: the router, the actor of each pair, and the turn.
//!
//! - [`businesses`]: what the process knows of a business: catalogue, lexicon, calendar.
//!
//! [`Conversations`] is the door; nobody outside holds an `ActorRef`.

pub mod answer;
pub mod businesses;

pub use answer::Answer;
pub use businesses::{Business, Businesses};

use std::time::Duration;

use crate::dialogue::Context;
use crate::store::{self, Inbound};
use crate::types::Pair;
use crate::understanding::Act;

/// What a sender gets for a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// Its turn is committed; this is the answer.
    Answered(Answer),
    /// It was answered before; this is what it was answered then, with `duplicate` set.
    Duplicate(Answer),
    /// It is durable, and its turn goes on; the reply follows through the transcript and the event stream.
    Accepted,
}

/// Why a message was not taken. Nothing of it is stored.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The pair has too many messages waiting: 429.
    #[error("too many messages of this participant are waiting")]
    PairBusy {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// The process has too many messages waiting, or is stopping: 503.
    #[error("too many messages are waiting")]
    Overloaded {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// No such business: 404.
    #[error("there is no business of that id")]
    UnknownBusiness,
    /// The same message id came before with another text: 422.
    #[error("this message id was used before for another text")]
    MessageIdReused,
    /// The store failed: 503.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The door to all conversations of this process. Cheap to clone.
#[derive(Clone)]
pub struct Conversations {}

impl Conversations {
    /// Takes a message into its conversation and waits for the answer, at most `wait`; then the message is made
    /// durable and [`Said::Accepted`] is returned.
    ///
    /// # Errors
    /// When it cannot be taken; nothing is stored then.
    pub async fn say(&self, message: Inbound, wait: Duration) -> Result<Said, Refused> {
        let _ = (message, wait);
        Err(Refused::UnknownBusiness)
    }

    /// Has the pair's actor do what these acts say, as if the customer had said it (`POST .../goals`).
    ///
    /// # Errors
    /// As for [`Self::say`].
    pub async fn act(&self, pair: Pair, acts: Vec<Act>, wait: Duration) -> Result<Answer, Refused> {
        let _ = (pair, acts, wait);
        Err(Refused::UnknownBusiness)
    }

    /// The pair's context as committed, with its version; `None` when it never wrote. A live actor is asked, else
    /// the store.
    ///
    /// # Errors
    /// When the business is unknown or the store failed.
    pub async fn context(&self, pair: &Pair) -> Result<Option<(u64, Context)>, Refused> {
        let _ = pair;
        Ok(None)
    }

    /// Tells that appointments of a business were changed from outside a conversation: the calendar is read anew
    /// before its next use, and the waitlist is looked at.
    pub fn calendar_changed(&self, business: &crate::types::BusinessId) {
        let _ = business;
    }

    /// How many actors live and how many messages wait.
    #[must_use]
    pub fn load(&self) -> Load {
        Load::default()
    }
}

/// How busy the process is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Load {
    /// Live actors.
    pub actors: u64,
    /// Messages that wait for a turn.
    pub waiting: u64,
}
