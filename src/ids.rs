//! The only source of new random ids.
//!
//! An id drawn here is a UUIDv7 (RFC 9562): sorted by time, so that indexes grow at one end. Ids that must come
//! out the same when a turn is run again (goals, holds) are not drawn but computed, see [`Seed`].

use jiff::Timestamp;
use uuid::{NoContext, Uuid};

/// A new id for something that begins at `now`.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that draws ids")]
pub fn new_id(now: Timestamp) -> Uuid {
    let since_1970 = now.as_duration();
    // An instant before 1970 cannot stand in a UUIDv7; such an id merely sorts first.
    let secs = u64::try_from(since_1970.as_secs()).unwrap_or(0);
    let nanos = u32::try_from(since_1970.subsec_nanos()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, secs, nanos))
}

/// What the ids inside one turn are computed from: the same conversation at the same version gives the same ids,
/// so a turn that is replayed after a crash meets its own holds and goals again instead of making new ones.
#[derive(Debug, Clone, Copy)]
pub struct Seed {
    base: Uuid,
    drawn: u32,
}

impl Seed {
    /// The seed of the turn that takes `conversation` from `version` to the next.
    #[must_use]
    pub fn of_turn(conversation: Uuid, version: u64) -> Self {
        Self {
            base: Uuid::new_v5(&conversation, &version.to_be_bytes()),
            drawn: 0,
        }
    }

    /// The next id.
    pub fn draw(&mut self) -> Uuid {
        self.drawn += 1;
        Uuid::new_v5(&self.base, &self.drawn.to_be_bytes())
    }
}
