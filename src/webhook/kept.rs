//! Messages that came too often, or found their conversation full: safe in the inbox, and answered a little later.
//!
//! A provider's message is never refused for that. Some providers do not come again (Twilio, Discord), some only for
//! minutes (Slack), and some take an account off that refuses for an hour (Messenger): refusing would lose what customers
//! wrote. So it is stored and acknowledged, and its conversation is rung for it once there is room and the limit allows.
//! Its conversation then answers all that waits, in bundles.
//!
//! As long as one of a customer's messages waits so, those that follow wait with it, so that none is overtaken. Whoever
//! finds no place here (a restart, too many at once) is found by the sweep that looks for lost bells.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::accounts::Account;
use crate::conversation::Conversations;
use crate::rates::Rates;
use crate::types::Pair;

/// Customers whose messages wait. The sweep finds those of others.
const PAIRS_MAX: usize = 10_000;

/// How long to wait at least and at most before it is tried to answer.
const WAIT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// After so long it is rung whatever the limit says, and at the latest now: then the sweep would.
const LONGEST: Duration = Duration::from_secs(50);

/// See the module.
#[derive(Clone)]
pub(super) struct Kept {
    conversations: Conversations,
    rates: Rates,
    // Held to look and to ring, never across an await.
    pairs: Arc<Mutex<HashSet<Pair>>>,
}

impl Kept {
    pub(super) fn new(conversations: Conversations, rates: Rates) -> Self {
        Self {
            conversations,
            rates,
            pairs: Arc::default(),
        }
    }

    /// Whether messages of this customer wait.
    pub(super) fn holds(&self, pair: &Pair) -> bool {
        self.lock().contains(pair)
    }

    /// Has a conversation look into the inbox after `wait`, or as soon after it as may be.
    pub(super) fn ring_later(&self, pair: Pair, account: &Arc<Account>, wait: Duration) {
        {
            let mut pairs = self.lock();
            if pairs.len() >= PAIRS_MAX || !pairs.insert(pair.clone()) {
                return;
            }
        }
        let (kept, account) = (self.clone(), account.clone());
        tokio::spawn(async move { kept.ring(&pair, &account, wait).await });
    }

    async fn ring(&self, pair: &Pair, account: &Account, mut wait: Duration) {
        let latest = Instant::now() + LONGEST;
        loop {
            // Not all at once, when many waited for the same.
            let wait_now = wait.clamp(WAIT.0, WAIT.1).mul_f64(1.0 + fastrand::f64() / 4.0);
            tokio::time::sleep(wait_now).await;
            let is_last = Instant::now() >= latest;
            if !is_last && let Err(over) = self.rates.message(account.through(), pair).await {
                wait = over.retry_after;
                continue;
            }
            // Under the lock, so that what comes from now on is delivered after the bell.
            let mut pairs = self.lock();
            if self.conversations.look_into_inbox(pair).is_ok() || is_last {
                pairs.remove(pair);
                return;
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<Pair>> {
        self.pairs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
