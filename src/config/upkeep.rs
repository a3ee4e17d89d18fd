//! `[upkeep]`: how often somebody looks after what nobody asked for.

use std::time::Duration;

use super::values::Values;

/// The settings of upkeep.
#[derive(Debug, Clone, Copy)]
pub struct Upkeep {
    /// How often holds that ran out, waitlist offers that ran out, messages whose bell was lost, and idle sessions
    /// are looked for, default 15 s. Hygiene only: a dead hold never blocks a booking.
    pub sweep_every: Duration,
}

impl Default for Upkeep {
    fn default() -> Self {
        Self {
            sweep_every: Duration::from_secs(15),
        }
    }
}

impl Upkeep {
    pub(super) fn read(values: &mut Values) -> Self {
        let default = Self::default();
        let sweep_every = values.take("upkeep.sweep_every_seconds", &[], default.sweep_every.as_secs());
        values.bound("upkeep.sweep_every_seconds", sweep_every, 1, 86_400);
        Self {
            sweep_every: Duration::from_secs(sweep_every),
        }
    }
}
