//! Which tier of the cache had a context, by the server's own count.

use std::net::SocketAddr;
use std::ops::Sub;

use super::metric::Metrics;

/// What the tiers were asked for so far, or in between.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    /// In the process: in its cache when an actor starts, and once for each turn in its actor.
    pub(crate) local: Tier,
    /// In Redis.
    pub(crate) shared: Tier,
    /// In the database.
    pub(crate) durable: Tier,
}

/// What one tier answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tier {
    pub(crate) hits: f64,
    pub(crate) misses: f64,
}

impl Asked {
    /// So far.
    pub(crate) async fn of(server: SocketAddr) -> Self {
        let metrics = Metrics::of(server).await;
        let count = |tier: &str, result: &str| {
            let labels = format!(r#"{{tier="{tier}",result="{result}"}}"#);
            metrics.sum(&format!("frontdesk_cache_requests_total{labels}"))
        };
        let of = |tier| Tier {
            hits: count(tier, "hit"),
            misses: count(tier, "miss"),
        };
        Self {
            local: of("local"),
            shared: of("shared"),
            durable: of("durable"),
        }
    }
}

impl Sub for Asked {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            local: self.local - before.local,
            shared: self.shared - before.shared,
            durable: self.durable - before.durable,
        }
    }
}

impl Sub for Tier {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            hits: self.hits - before.hits,
            misses: self.misses - before.misses,
        }
    }
}
