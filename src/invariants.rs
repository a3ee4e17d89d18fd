//! The rules that hold at every moment, numbered: one predicate each, checked in tests, counted in production.
//!
//! A broken one is our mistake, never the world's. It is logged and counted and the process goes on, because a
//! customer is better served by an honest answer than by a crash; an alert on
//! `frontdesk_invariant_violations_total` is what wakes somebody.

use std::collections::BTreeMap;
use std::fmt;

use crate::booking::visit::Allocation;
use crate::telemetry::metrics;

/// A rule that must never be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// One owner.
    I1,
    /// One version per turn.
    I2,
    /// One turn per message.
    I3,
    /// No reply without its commit.
    I4,
    /// No seat twice.
    I5,
    /// Caches never go back.
    I6,
    /// Nobody waits for another pair.
    I7,
    /// Everything that waits has a limit.
    I8,
}

impl Invariant {
    /// Every rule.
    pub const ALL: [Self; 8] = [
        Self::I1,
        Self::I2,
        Self::I3,
        Self::I4,
        Self::I5,
        Self::I6,
        Self::I7,
        Self::I8,
    ];

    /// Its id, as in metrics and documents.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::I1 => "I1",
            Self::I2 => "I2",
            Self::I3 => "I3",
            Self::I4 => "I4",
            Self::I5 => "I5",
            Self::I6 => "I6",
            Self::I7 => "I7",
            Self::I8 => "I8",
        }
    }

    /// The rule in one sentence.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::I1 => {
                "a conversation has at most one actor in a process, and at most one writer whose commit succeeds for a given version"
            }
            Self::I2 => "the version of a conversation grows by exactly 1 per committed turn",
            Self::I3 => "an accepted message ends in exactly one turn, however often it is delivered",
            Self::I4 => {
                "a reply leaves only if its turn is committed, and is sent again only under the same id"
            }
            Self::I5 => "no seat of a resource is allocated twice at the same instant, buffers included",
            Self::I6 => {
                "a cache never answers with a version older than one that this process has committed or seen, and never moves backwards"
            }
            Self::I7 => {
                "a message of one pair waits for no other pair's language model, and for no more than its share of anything else"
            }
            Self::I8 => "anything that waits has a limit, and at the limit the sender gets a clear answer",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// Counts and logs a broken rule. `detail` is fixed text or numbers: never a name, a message or an id from outside.
pub fn violated(invariant: Invariant, detail: impl fmt::Display) {
    metrics::invariant_violated(invariant.id());
    tracing::error!(
        invariant = invariant.id(),
        rule = invariant.rule(),
        %detail,
        "an invariant is broken; this is a bug in frontdesk"
    );
}

/// Reports a broken rule when `holds` is false; returns `holds`.
pub fn check(invariant: Invariant, holds: bool, detail: impl fmt::Display) -> bool {
    if !holds {
        violated(invariant, detail);
    }
    holds
}

/// I1: of all commits that succeeded, no two made the same version of the same conversation. Returns one that did.
pub fn version_committed_twice<C: Ord + Copy>(
    commits: impl IntoIterator<Item = (C, u64)>,
) -> Option<(C, u64)> {
    let mut seen = std::collections::BTreeSet::new();
    commits.into_iter().find(|commit| !seen.insert(*commit))
}

/// I2: a commit on top of version `from` made version `to`.
#[must_use]
pub const fn version_grew_by_one(from: u64, to: u64) -> bool {
    matches!(from.checked_add(1), Some(next) if next == to)
}

/// I3: every answered message stands in one turn. Returns a message that stands in two.
pub fn message_in_two_turns<M: Ord, T: PartialEq>(answered: impl IntoIterator<Item = (M, T)>) -> Option<M> {
    let mut turns: BTreeMap<M, T> = BTreeMap::new();
    for (message, turn) in answered {
        match turns.get(&message) {
            Some(known) if *known != turn => return Some(message),
            Some(_) => {}
            None => {
                turns.insert(message, turn);
            }
        }
    }
    None
}

/// I4: a reply of version `reply` may leave while `committed` is the conversation's committed version.
#[must_use]
pub const fn reply_may_leave(reply: u64, committed: u64) -> bool {
    reply >= 1 && reply <= committed
}

/// I5: no two allocations block the same seat of the same resource at one instant. Returns the places of two that
/// do. Ranges are half-open, so one may begin where another ends.
#[must_use]
pub fn seat_allocated_twice(allocations: &[Allocation]) -> Option<(usize, usize)> {
    let mut order: Vec<usize> = (0..allocations.len()).collect();
    order.sort_by_key(|&at| {
        let a = &allocations[at];
        (&a.resource, a.seat, a.blocked_from)
    });
    // Sorted by start within a seat, an overlap shows against whichever earlier one lasts longest.
    let mut longest: Option<usize> = None;
    for &at in &order {
        let a = &allocations[at];
        if let Some(before) = longest {
            let b = &allocations[before];
            if b.resource == a.resource && b.seat == a.seat {
                if b.blocked_until > a.blocked_from {
                    return Some((before, at));
                }
                if b.blocked_until >= a.blocked_until {
                    continue;
                }
            }
        }
        longest = Some(at);
    }
    None
}

/// I6: a cache may answer with version `cached` when this process has committed or seen `seen`.
#[must_use]
pub const fn cache_may_answer(cached: u64, seen: u64) -> bool {
    cached >= seen
}

/// I8: what waits is within its limit.
#[must_use]
pub const fn within_limit(waiting: u64, limit: u64) -> bool {
    waiting <= limit
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::types::{ResourceId, ServiceId};

    fn allocation(resource: &str, seat: u32, from: i64, until: i64) -> Allocation {
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        Allocation {
            item: 0,
            service: ServiceId::new("gel").unwrap(),
            resource: ResourceId::new(resource).unwrap(),
            seat,
            starts_at: at(from),
            ends_at: at(until),
            blocked_from: at(from),
            blocked_until: at(until),
        }
    }

    #[test]
    fn ids_are_distinct_and_rules_are_sentences() {
        let ids: std::collections::BTreeSet<&str> = Invariant::ALL.iter().map(|i| i.id()).collect();
        assert_eq!(ids.len(), Invariant::ALL.len());
        for invariant in Invariant::ALL {
            assert!(invariant.rule().len() > 20);
            assert_eq!(invariant.to_string(), invariant.id());
        }
    }

    #[test]
    fn a_version_follows_the_one_before_it() {
        assert!(version_grew_by_one(0, 1));
        assert!(!version_grew_by_one(3, 3));
        assert!(!version_grew_by_one(3, 5));
        assert!(!version_grew_by_one(u64::MAX, 0));
    }

    #[test]
    fn two_writers_of_one_version_are_found() {
        assert_eq!(version_committed_twice([("a", 1), ("b", 1), ("a", 2)]), None);
        assert_eq!(
            version_committed_twice([("a", 1), ("a", 2), ("a", 1)]),
            Some(("a", 1))
        );
    }

    #[test]
    fn a_message_in_two_turns_is_found_and_one_told_twice_is_not() {
        assert_eq!(message_in_two_turns([("m1", 1), ("m2", 1), ("m1", 1)]), None);
        assert_eq!(
            message_in_two_turns([("m1", 1), ("m2", 2), ("m1", 2)]),
            Some("m1")
        );
    }

    #[test]
    fn a_reply_waits_for_its_version() {
        assert!(reply_may_leave(2, 2));
        assert!(reply_may_leave(1, 2));
        assert!(!reply_may_leave(3, 2));
        assert!(!reply_may_leave(0, 0));
    }

    #[test]
    fn a_seat_may_be_taken_when_the_one_before_has_left_it() {
        assert_eq!(seat_allocated_twice(&[]), None);
        let lined_up = [allocation("mai", 1, 60, 90), allocation("mai", 1, 0, 60)];
        assert_eq!(seat_allocated_twice(&lined_up), None);
        let neighbours = [
            allocation("mai", 1, 0, 60),
            allocation("linh", 1, 0, 60),
            allocation("mai", 2, 0, 60),
        ];
        assert_eq!(seat_allocated_twice(&neighbours), None);
    }

    #[test]
    fn an_overlap_behind_a_long_visit_is_found() {
        let visits = [
            allocation("mai", 1, 0, 300),
            allocation("linh", 1, 10, 20),
            allocation("mai", 1, 200, 210),
        ];
        assert_eq!(seat_allocated_twice(&visits), Some((0, 2)));
    }

    #[test]
    fn a_cache_may_be_ahead_and_never_behind() {
        assert!(cache_may_answer(5, 4));
        assert!(cache_may_answer(4, 4));
        assert!(!cache_may_answer(3, 4));
    }

    #[test]
    fn a_broken_rule_is_counted_under_its_id() {
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        ::metrics::with_local_recorder(&recorder, || {
            assert!(!check(Invariant::I2, version_grew_by_one(1, 3), "1 to 3"));
            assert!(check(Invariant::I8, within_limit(32, 32), "32 of 32"));
        });
        let text = handle.render();
        assert!(
            text.contains(r#"frontdesk_invariant_violations_total{invariant="I2"} 1"#),
            "{text}"
        );
        assert!(!text.contains(r#"invariant="I8""#), "{text}");
    }

    proptest! {
        #[test]
        fn the_quick_search_for_overlaps_agrees_with_looking_at_every_pair(
            spans in prop::collection::vec((0..2_u32, 1..3_u32, 0..40_i64, 1..15_i64), 0..12)
        ) {
            let visits: Vec<Allocation> = spans
                .iter()
                .map(|(who, seat, from, len)| {
                    allocation(if *who == 0 { "mai" } else { "linh" }, *seat, *from, from + len)
                })
                .collect();
            let overlaps = |a: &Allocation, b: &Allocation| {
                a.resource == b.resource
                    && a.seat == b.seat
                    && a.blocked_from < b.blocked_until
                    && b.blocked_from < a.blocked_until
            };
            let slow = (0..visits.len()).any(|i| (0..i).any(|j| overlaps(&visits[i], &visits[j])));
            let found = seat_allocated_twice(&visits);
            prop_assert_eq!(found.is_some(), slow);
            if let Some((a, b)) = found {
                prop_assert!(overlaps(&visits[a], &visits[b]));
            }
        }
    }
}
