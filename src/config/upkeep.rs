//! `[upkeep]`: how often the sweepers look.

use std::time::Duration;

use super::values::Values;

/// The settings of the sweepers.
#[derive(Debug, Clone, Copy)]
pub struct Upkeep {
    /// Holds that ran out are expired so often, default 15 s. Hygiene only: a dead hold never blocks a booking.
    pub holds_every: Duration,
    /// Sessions past their idle gap are closed so often, default 60 s.
    pub sessions_every: Duration,
    /// Accepted messages without an answer are looked for so often, default 5 s.
    pub inbox_every: Duration,
    /// A message must have waited so long before that sweep takes it, default 60 s.
    pub inbox_after: Duration,
    /// Undelivered replies are looked for so often, default 1 s.
    pub outbox_every: Duration,
}

impl Default for Upkeep {
    fn default() -> Self {
        Self {
            holds_every: Duration::from_secs(15),
            sessions_every: Duration::from_secs(60),
            inbox_every: Duration::from_secs(5),
            inbox_after: Duration::from_secs(60),
            outbox_every: Duration::from_secs(1),
        }
    }
}

impl Upkeep {
    pub(super) fn read(values: &mut Values) -> Self {
        let default = Self::default();
        let mut seconds = |key, default: Duration| {
            let value = values.take(key, &[], default.as_secs());
            values.bound(key, value, 1, 86_400);
            Duration::from_secs(value)
        };
        Self {
            holds_every: seconds("upkeep.holds_every_seconds", default.holds_every),
            sessions_every: seconds("upkeep.sessions_every_seconds", default.sessions_every),
            inbox_every: seconds("upkeep.inbox_every_seconds", default.inbox_every),
            inbox_after: seconds("upkeep.inbox_after_seconds", default.inbox_after),
            outbox_every: seconds("upkeep.outbox_every_seconds", default.outbox_every),
        }
    }
}
