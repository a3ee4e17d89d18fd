//! `[limits]`: how often somebody may come in.

use super::values::{FromSetting, Values};
use crate::rates::rule::PerMinute;

/// The limits, each in a minute and as many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Messages of one customer. Default 60.
    pub per_participant: PerMinute,
    /// Messages through one account, or to one business through the API or the web chat. Default 6000.
    pub per_account: PerMinute,
    /// Requests from one address that nobody vouches for. Default 600.
    pub per_address: PerMinute,
}

impl FromSetting for PerMinute {
    const SHAPE: &'static str = Self::SHAPE;
    fn from_text(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            per_participant: PerMinute::of(60),
            per_account: PerMinute::of(6_000),
            per_address: PerMinute::of(600),
        }
    }
}

impl Limits {
    pub(super) fn read(values: &mut Values) -> Self {
        let default = Self::default();
        let mut take = |key, default| values.take(key, &[], default);
        Self {
            per_participant: take("limits.per_participant_per_minute", default.per_participant),
            per_account: take("limits.per_account_per_minute", default.per_account),
            per_address: take("limits.per_address_per_minute", default.per_address),
        }
    }
}
