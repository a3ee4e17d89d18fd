//! What becomes of a row of the outbox, without the statements.

use jiff::Timestamp;

use crate::store::{DeliveryStatus, Settlement};
use crate::types::Channel;

/// The problem of a row that an operator gave up.
pub(in crate::store) const DROPPED: &str = "dropped by an operator";
/// The problem of a row whose channel says no more than that it failed.
pub(in crate::store) const UNDELIVERABLE: &str = "the channel could not deliver it";

/// States of a row, as stored.
pub(in crate::store) const WAITING: i16 = 0;
pub(in crate::store) const IN_FLIGHT: i16 = 1;
pub(in crate::store) const SENT: i16 = 2;
pub(in crate::store) const DEAD: i16 = 3;

/// A settlement as its row is written.
pub(in crate::store) struct Settled<'a> {
    pub(in crate::store) state: i16,
    /// When it is due; as before when absent.
    pub(in crate::store) due_at: Option<Timestamp>,
    pub(in crate::store) problem: Option<&'a str>,
    /// The name under which the try is recorded; absent when it was none, and then its count is taken back.
    pub(in crate::store) result: Option<&'static str>,
    pub(in crate::store) provider_id: Option<&'a str>,
}

impl<'a> Settled<'a> {
    pub(in crate::store) fn by(settlement: &'a Settlement) -> Self {
        let waits_until = |at: Timestamp, result| Self {
            state: WAITING,
            due_at: Some(at),
            problem: None,
            result,
            provider_id: None,
        };
        match settlement {
            Settlement::Sent(provider_id) => Self {
                state: SENT,
                due_at: None,
                problem: None,
                result: Some("sent"),
                provider_id: provider_id.as_deref(),
            },
            Settlement::Retry { at, problem } => Self {
                problem: problem.as_deref(),
                ..waits_until(*at, Some("retry"))
            },
            Settlement::Postponed(at) => waits_until(*at, None),
            Settlement::Unknown { at } => waits_until(*at, Some("unknown")),
            Settlement::Dead(problem) => Self {
                state: DEAD,
                due_at: None,
                problem: Some(problem),
                result: Some("dead"),
                provider_id: None,
            },
        }
    }
}

/// The channels whose tries and deliveries are recorded.
pub(in crate::store) fn hooked() -> Vec<&'static str> {
    Channel::HOOKED.iter().map(|channel| channel.as_str()).collect()
}

/// What a message may be so that it moves forward when it becomes `status`.
pub(in crate::store) fn behind(status: DeliveryStatus) -> Vec<&'static str> {
    let before = DeliveryStatus::ALL.iter().filter(|known| **known < status);
    before.map(|known| known.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_message_only_moves_forward() {
        assert!(behind(DeliveryStatus::Sent).is_empty());
        assert_eq!(behind(DeliveryStatus::Read), ["sent", "delivered"]);
        assert_eq!(behind(DeliveryStatus::Failed), ["sent", "delivered", "read"]);
    }
}
