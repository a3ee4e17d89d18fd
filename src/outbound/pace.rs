//! How fast an account sends: to everybody together, to each customer, and how much at once.
//!
//! Pacing is ours alone and lives in memory: after a restart everybody begins with a full measure, which a provider's own
//! limits catch. Several processes that send for one account each keep the whole pace.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::wire::Pace;
use crate::types::{AccountId, Channel};

/// Customers and accounts that are remembered. Past it those that owe no waiting are forgotten.
const KNOWN_MAX: usize = 50_000;

/// Sends of one account under way at once, so that a provider that hangs leaves room for the others.
const IN_FLIGHT_MAX: usize = 16;

/// How long to wait for room among the sends under way.
const ROOM_AFTER: Duration = Duration::from_millis(250);

type Whose = (Channel, AccountId);

/// Says who may send now.
#[derive(Debug, Default)]
pub(super) struct Pacer {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    accounts: Allowances<Whose>,
    customers: Allowances<(Whose, String)>,
    in_flight: HashMap<Whose, usize>,
}

/// Leave to send. The account's send is under way as long as it lives.
#[derive(Debug)]
pub(super) struct Leave {
    state: Arc<Mutex<State>>,
    whose: Whose,
}

impl Drop for Leave {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        if let Some(sends) = state.in_flight.get_mut(&self.whose) {
            *sends -= 1;
            if *sends == 0 {
                state.in_flight.remove(&self.whose);
            }
        }
    }
}

impl Pacer {
    /// Leave for an account to send this many messages to a customer now, or how long to wait before asking again.
    pub(super) fn ask(
        &self,
        channel: Channel,
        account: &AccountId,
        customer: &str,
        messages: u32,
        pace: Pace,
        now: Instant,
    ) -> Result<Leave, Duration> {
        let whose = (channel, account.clone());
        let mut state = lock(&self.state);
        if state
            .in_flight
            .get(&whose)
            .is_some_and(|sends| *sends >= IN_FLIGHT_MAX)
        {
            return Err(ROOM_AFTER);
        }
        let each = Duration::from_secs_f64(1.0 / pace.per_second.max(0.001));
        // A second's worth may go at once.
        let at_once = Duration::from_secs(1).saturating_sub(each);
        let to_one = pace.to_one * pace.burst.saturating_sub(1);
        let to_customer = (whose.clone(), customer.to_owned());
        state.accounts.wait_for(&whose, at_once, now)?;
        state.customers.wait_for(&to_customer, to_one, now)?;
        state.accounts.spend(whose.clone(), each * messages, now);
        state.customers.spend(to_customer, pace.to_one * messages, now);
        *state.in_flight.entry(whose.clone()).or_default() += 1;
        Ok(Leave {
            state: self.state.clone(),
            whose,
        })
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The generic cell rate algorithm (ITU-T I.371): of each key only the time is kept at which all that it has spent is
/// paid back.
#[derive(Debug)]
struct Allowances<K>(HashMap<K, Instant>);

impl<K> Default for Allowances<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash> Allowances<K> {
    /// How long until no more than `debt` is owed: what may be owed when one more is sent.
    fn wait_for(&self, key: &K, debt: Duration, now: Instant) -> Result<(), Duration> {
        let paid = self.0.get(key).copied().unwrap_or(now);
        let owed = paid.saturating_duration_since(now);
        if owed <= debt {
            return Ok(());
        }
        Err(owed - debt)
    }

    fn spend(&mut self, key: K, cost: Duration, now: Instant) {
        if self.0.len() >= KNOWN_MAX {
            self.0.retain(|_, paid| *paid > now);
        }
        let paid = self.0.entry(key).or_insert(now);
        *paid = (*paid).max(now) + cost;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOWLY: Pace = Pace {
        per_second: 2.0,
        to_one: Duration::from_secs(6),
        burst: 3,
    };

    struct Bench {
        pacer: Pacer,
        now: Instant,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                pacer: Pacer::default(),
                now: Instant::now(),
            }
        }

        /// The leave is given back at once.
        fn asks(&self, customer: &str) -> Result<(), Duration> {
            let account = AccountId::new("salon").unwrap();
            self.pacer
                .ask(Channel::Telegram, &account, customer, 1, SLOWLY, self.now)
                .map(drop)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_account_sends_a_seconds_worth_at_once_and_then_at_its_pace() {
        let mut bench = Bench::new();
        assert!(bench.asks("ana").is_ok());
        assert!(bench.asks("ben").is_ok());
        let wait = bench.asks("cleo").unwrap_err();
        assert!(wait <= Duration::from_millis(501), "{wait:?}");
        bench.now += wait;
        assert!(bench.asks("cleo").is_ok());
        assert!(bench.asks("dora").is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_customer_gets_a_burst_and_then_one_at_a_time_and_nobody_else_waits_for_that() {
        let mut bench = Bench::new();
        for _ in 0..3 {
            assert!(bench.asks("ana").is_ok());
            bench.now += Duration::from_secs(1);
        }
        let wait = bench.asks("ana").unwrap_err();
        assert!(wait <= Duration::from_secs(6), "{wait:?}");
        assert!(bench.asks("ben").is_ok());
        bench.now += wait;
        assert!(bench.asks("ana").is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn sends_that_hang_leave_room_for_other_accounts() {
        let pacer = Pacer::default();
        let fast = Pace {
            per_second: 1_000.0,
            to_one: Duration::ZERO,
            burst: 1,
        };
        let ask = |account: &str, customer: &str| {
            let account = AccountId::new(account).unwrap();
            pacer.ask(Channel::Slack, &account, customer, 1, fast, Instant::now())
        };
        let mut under_way: Vec<Leave> = (0..IN_FLIGHT_MAX)
            .map(|n| ask("slow", &n.to_string()).unwrap())
            .collect();
        assert_eq!(ask("slow", "one more").unwrap_err(), ROOM_AFTER);
        assert!(ask("other", "ana").is_ok());
        under_way.pop();
        assert!(ask("slow", "one more").is_ok());
    }
}
