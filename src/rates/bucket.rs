//! The arithmetic of a limit: the generic cell rate algorithm (ITU-T I.371), pure.
//!
//! Of each count only one moment is kept: when all that it has spent is paid back. Each message moves it by a step (a
//! minute divided by the limit), and is let in as long as no more than a minute is owed. So a limit of 60 lets 60 in at
//! once and then one a second, and after a quiet minute 60 again.

/// How much may be owed, in microseconds: a minute.
pub const WINDOW: u64 = 60_000_000;

/// So many a minute, and as many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    each_minute: u32,
}

impl Rate {
    /// At least 1, at most a million.
    #[must_use]
    pub fn per_minute(each_minute: u32) -> Self {
        Self {
            each_minute: each_minute.clamp(1, 1_000_000),
        }
    }

    /// How many a minute.
    #[must_use]
    pub const fn each_minute(self) -> u32 {
        self.each_minute
    }

    /// What one costs, in microseconds.
    #[must_use]
    pub fn step(self) -> u64 {
        WINDOW / u64::from(self.each_minute)
    }

    /// Spends `cost` at `now` from what is owed until `owed` (both in microseconds). Answers with the new moment, or
    /// with how long to wait.
    pub(super) fn spend(self, owed: u64, now: u64, cost: u32) -> Result<u64, u64> {
        // A clock that was set back must not leave anybody locked out for longer than the window.
        let owed = owed.clamp(now, now + WINDOW);
        let after = owed + self.step() * u64::from(cost);
        let latest = now + WINDOW;
        if after <= latest {
            Ok(after)
        } else {
            Err(after - latest)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000;

    /// Who asks at these moments, and whether they were let in.
    fn check(each_minute: u32, asked: &[(u64, &str)]) {
        let rate = Rate::per_minute(each_minute);
        let mut owed = 0;
        for (at, expected) in asked {
            let said = match rate.spend(owed, at * SECOND, 1) {
                Ok(after) => {
                    owed = after;
                    "in".to_owned()
                }
                Err(wait) => format!("wait {}", wait.div_ceil(SECOND)),
            };
            assert_eq!(said, *expected, "{each_minute} a minute, at {at} s");
        }
    }

    #[test]
    fn as_many_as_a_minute_brings_come_at_once_and_then_one_by_one() {
        check(
            1,
            &[
                (0, "in"),
                (0, "wait 60"),
                (59, "wait 1"),
                (60, "in"),
                (60, "wait 60"),
            ],
        );
        check(
            3,
            &[
                (100, "in"),
                (100, "in"),
                (100, "in"),
                (100, "wait 20"),
                (110, "wait 10"),
                (120, "in"),
                (120, "wait 20"),
                (200, "in"),
                (200, "in"),
                (200, "in"),
                (200, "wait 20"),
            ],
        );
    }

    #[test]
    fn what_was_refused_costs_nothing() {
        check(1, &[(0, "in"), (30, "wait 30"), (40, "wait 20"), (60, "in")]);
    }

    #[test]
    fn a_clock_that_was_set_back_locks_nobody_out() {
        let rate = Rate::per_minute(1);
        let owed = rate.spend(0, 1_000 * SECOND, 1).unwrap();
        assert_eq!(rate.spend(owed, 10 * SECOND, 1), Err(60 * SECOND));
    }

    #[test]
    fn a_batch_is_let_in_whole_or_not_at_all() {
        let rate = Rate::per_minute(60);
        let owed = rate.spend(0, 0, 50).unwrap();
        assert_eq!(rate.spend(owed, 0, 11), Err(SECOND));
        assert_eq!(rate.spend(owed, 0, 10), Ok(WINDOW));
    }

    proptest! {
        #[test]
        fn no_minute_lets_in_more_than_two_minutes_worth_and_a_wait_is_enough(
            each_minute in 1_u32..5_000,
            pauses in proptest::collection::vec(0_u64..3_000_000, 1..300),
        ) {
            let rate = Rate::per_minute(each_minute);
            let (mut owed, mut now) = (0, 5 * WINDOW);
            let mut let_in: Vec<u64> = Vec::new();
            for pause in pauses {
                now += pause;
                match rate.spend(owed, now, 1) {
                    Ok(after) => {
                        owed = after;
                        let_in.push(now);
                    }
                    Err(wait) => {
                        prop_assert!(wait <= WINDOW);
                        prop_assert!(rate.spend(owed, now + wait, 1).is_ok());
                    }
                }
                let lately = let_in.iter().filter(|at| **at + WINDOW > now).count();
                prop_assert!(lately <= 2 * each_minute as usize);
            }
        }
    }
}
