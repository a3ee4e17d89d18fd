//! How often somebody may come in: each customer, each account at a channel, and each address that nobody vouches for.
//!
//! - `bucket`: the arithmetic, pure. [`local`]: the counts of this process, bounded.
//! - [`rule`]: what may be set. [`peer`]: whose address a request comes from.
//!
//! The counts of this process are asked first: what is too much for one process is too much for all, so that a flood
//! costs the shared server nothing. What passes is asked of the shared counts, where there are any, in one round trip;
//! when they do not answer in time the decision of this process stands, and its counts are warm, because every request
//! was counted here too.
//!
//! Whoever proves who they are is never limited by their address. Providers deliver for thousands of accounts from a few
//! addresses, and behind a proxy that nobody declared all requests have one: a limit that struck before the proof would
//! let anybody who shares an address with a provider stop its messages. So an address pays for what failed its proof,
//! and for what needs none: opening web chats, and talking in them.

mod bucket;
pub mod local;
pub mod peer;
pub mod rule;

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use axum::http::{Extensions, HeaderMap};
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use uuid::Uuid;

pub use bucket::{Rate, WINDOW};
use local::Local;
use peer::Connection;
use rule::{Own, Rules};

pub use crate::telemetry::metrics::Scope;
use crate::telemetry::metrics::{self, DecidedBy};
use crate::types::{Channel, Pair};

/// Counts of each kind that a process keeps: some 5 MB when all are in use.
const COUNTS_MAX: usize = 100_000;

/// An account may keep so many times its limit for later.
const KEEP_TIMES: u32 = 10;

/// How many messages a minute an account without a limit may keep for later.
const KEEP_UNLIMITED: u32 = 60_000;

/// What is counted under one number. The number is a hash: no count names anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    /// What kind of thing it is.
    pub scope: Scope,
    /// Which one.
    pub id: u128,
}

/// A count with what it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// The count.
    pub key: Key,
    /// Its limit.
    pub rate: Rate,
}

/// Something that wants to come in. It spends from all of its counts or from none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// How much it spends of each.
    pub cost: u32,
    /// The counts, of different kinds.
    pub asks: Vec<Ask>,
}

/// It is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Over {
    /// Of what.
    pub scope: Scope,
    /// The limit.
    pub rate: Rate,
    /// When it would no longer be.
    pub retry_after: Duration,
}

/// Counts that cannot be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the shared counts do not answer")]
pub struct Unanswered;

/// Keeps counts.
#[async_trait]
pub trait Ledger: Send + Sync + 'static {
    /// Lets requests in, or not, in their order. All counts of one call are kept in one place, which `place` names.
    ///
    /// # Errors
    /// When the counts cannot be asked; nothing is known of what was spent then.
    async fn spend(&self, place: u128, requests: &[Request]) -> Result<Vec<Option<Over>>, Unanswered>;
}

/// Whom a message is counted for beside the customer who sent it.
#[derive(Debug, Clone, Copy)]
pub struct Through<'a> {
    /// The channel.
    pub channel: Channel,
    /// The account; the business itself where a channel has none.
    pub account: &'a str,
    /// The limits of its own.
    pub own: Own,
}

/// Decides who may come in. Cheap to clone; clones are one.
#[derive(Clone)]
pub struct Rates(Arc<Inner>);

struct Inner {
    // Held to clone or to replace, never across an await.
    rules: RwLock<Arc<Rules>>,
    local: Local,
    shared: Option<Arc<dyn Ledger>>,
    /// That a proxy is not named; said in the log once.
    told_of_proxy: AtomicBool,
    /// Addresses are counted under what this makes of them.
    secret: hmac::Key,
}

impl Rates {
    /// With these rules. `secret` is what processes that share counts have in common; without one, what this process
    /// calls an address is known to nobody else.
    #[must_use]
    pub fn new(rules: Rules, shared: Option<Arc<dyn Ledger>>, secret: Option<&[u8]>) -> Self {
        let mut drawn = [0; 32];
        let key = secret.unwrap_or_else(|| {
            // Without randomness addresses are hashed all the same, and only in this memory.
            let _ = SystemRandom::new().fill(&mut drawn);
            &drawn
        });
        Self(Arc::new(Inner {
            rules: RwLock::new(Arc::new(rules)),
            local: Local::new(COUNTS_MAX),
            shared,
            told_of_proxy: AtomicBool::new(false),
            secret: hmac::Key::new(hmac::HMAC_SHA256, key),
        }))
    }

    /// Lets everybody in.
    #[must_use]
    pub fn off() -> Self {
        Self::new(Rules::default(), None, None)
    }

    /// The rules that hold now.
    #[must_use]
    pub fn rules(&self) -> Arc<Rules> {
        self.0
            .rules
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Other rules from now on; what was counted stays counted.
    pub fn set(&self, rules: Rules) {
        *self.0.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }

    /// Whether a customer may say one thing more.
    ///
    /// # Errors
    /// When it is too much.
    pub async fn message(&self, through: Through<'_>, pair: &Pair) -> Result<(), Over> {
        let over = self.messages(through, std::slice::from_ref(pair)).await;
        over.into_iter().flatten().next().map_or(Ok(()), Err)
    }

    /// The same for several messages that came through one account at once, each with its answer.
    pub async fn messages(&self, through: Through<'_>, from: &[Pair]) -> Vec<Option<Over>> {
        let rules = self.rules();
        if !rules.count_messages() {
            return vec![None; from.len()];
        }
        let account = through.key();
        let of_account = through.own.account(&rules);
        let of_participant = through.own.participant(&rules);
        let mut requests: Vec<Request> = Vec::new();
        let mut of: Vec<(u128, usize)> = Vec::with_capacity(from.len());
        for pair in from {
            let id = pair.conversation().0.as_u128();
            let known = of.iter().find(|(known, _)| *known == id).map(|(_, at)| *at);
            let at = known.unwrap_or(requests.len());
            of.push((id, at));
            if let Some(request) = requests.get_mut(at) {
                request.cost += 1;
                continue;
            }
            let participant = of_participant.map(|rate| Ask {
                key: Key {
                    scope: Scope::Participant,
                    id,
                },
                rate,
            });
            let account = of_account.map(|rate| Ask { key: account, rate });
            requests.push(Request {
                cost: 1,
                asks: participant.into_iter().chain(account).collect(),
            });
        }
        let over = self.decide(account.id, &requests).await;
        of.into_iter()
            .map(|(_, at)| over.get(at).copied().flatten())
            .collect()
    }

    /// Whether an account may keep one message more for later. Only this process keeps it, so only this process counts.
    #[must_use]
    pub fn may_keep(&self, through: Through<'_>) -> bool {
        let rules = self.rules();
        let rate = through.own.account(&rules).map_or(KEEP_UNLIMITED, |rate| {
            rate.each_minute().saturating_mul(KEEP_TIMES)
        });
        let id = name(&["kept", through.channel.as_str(), through.account]);
        let ask = Ask {
            key: Key {
                scope: Scope::Account,
                id,
            },
            rate: Rate::per_minute(rate),
        };
        let request = Request {
            cost: 1,
            asks: vec![ask],
        };
        self.0.local.spend(&[request]).iter().all(Option::is_none)
    }

    /// Counts what nobody vouches for: a request that failed its proof, or that needs none.
    ///
    /// # Errors
    /// When the address has had too much of that.
    pub async fn stranger(&self, extensions: &Extensions, headers: &HeaderMap) -> Result<(), Over> {
        let rules = self.rules();
        let (Some(rate), Some(connection)) = (rules.address, extensions.get::<Connection>()) else {
            return Ok(());
        };
        if rules.proxies.are_unnamed(connection.0, headers)
            && !self.0.told_of_proxy.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                "requests come through a proxy that server.trusted_proxies does not name: all its clients are \
                 counted as one address"
            );
        }
        let id = self.hashed(rules.proxies.whose(connection.0, headers));
        let ask = Ask {
            key: Key {
                scope: Scope::Address,
                id,
            },
            rate,
        };
        let request = Request {
            cost: 1,
            asks: vec![ask],
        };
        let over = self.decide(id, std::slice::from_ref(&request)).await;
        over.into_iter().flatten().next().map_or(Ok(()), |over| {
            metrics::limited(Scope::Address, metrics::Limited::Refused);
            Err(over)
        })
    }

    /// Forgets what is paid back. Called by a timer, so that nobody's address is remembered much longer than a minute.
    pub fn forget_old(&self) {
        self.0.local.forget_old();
    }

    async fn decide(&self, place: u128, requests: &[Request]) -> Vec<Option<Over>> {
        let mut over = self.0.local.spend(requests);
        let Some(shared) = &self.0.shared else {
            metrics::limit_decided(DecidedBy::Local);
            return over;
        };
        let passed: Vec<Request> = requests
            .iter()
            .zip(&over)
            .filter(|(request, over)| over.is_none() && !request.asks.is_empty())
            .map(|(request, _)| request.clone())
            .collect();
        if passed.is_empty() {
            metrics::limit_decided(DecidedBy::Local);
            return over;
        }
        let Ok(answers) = shared.spend(place, &passed).await else {
            metrics::limit_decided(DecidedBy::Local);
            return over;
        };
        metrics::limit_decided(DecidedBy::Shared);
        let mut answers = answers.into_iter();
        for (request, over) in requests.iter().zip(&mut over) {
            if over.is_none() && !request.asks.is_empty() {
                *over = answers.next().flatten();
            }
        }
        over
    }

    /// What an address is counted under. IPv6 is given out in networks of 64 bits, so that one customer of a provider
    /// has as many addresses as they like within one.
    fn hashed(&self, address: IpAddr) -> u128 {
        let bits = match address.to_canonical() {
            IpAddr::V4(address) => u128::from(address.to_bits()),
            // Never below 2^64 where it could be an IPv4 address: those are canonical by now.
            IpAddr::V6(address) => ((address.to_bits() >> 64) << 64) | (1 << 63),
        };
        let tag = hmac::sign(&self.0.secret, &bits.to_be_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&tag.as_ref()[..16]);
        u128::from_be_bytes(id)
    }
}

impl Through<'_> {
    fn key(&self) -> Key {
        Key {
            scope: Scope::Account,
            id: name(&["account", self.channel.as_str(), self.account]),
        }
    }
}

/// The namespace of numbers that accounts are counted under (RFC 9562, version 5). Processes of different versions that
/// share counts must agree on it.
const NAMES: Uuid = Uuid::from_u128(0x3d0b_52f1_7a64_5c1e_8b37_1f5e_90ad_44c2);

fn name(parts: &[&str]) -> u128 {
    Uuid::new_v5(&NAMES, parts.join("\u{1f}").as_bytes()).as_u128()
}

#[cfg(test)]
mod tests;
