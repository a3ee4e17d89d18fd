//! `[cache]`: how much the process remembers beside the store.

use super::store::without_credentials;
use super::values::{FromSetting, Values};

/// The settings of the caches.
#[derive(Debug, Clone)]
pub struct Cache {
    /// `MAX_CACHE_SIZE`, default 10000: contexts kept in memory after their actor has left.
    pub entries_max: u64,
    /// `REDIS_URL`: recognised and warned about; this version has no shared tier.
    pub redis: Option<RedisUrl>,
}

/// The address of a Redis server without user and password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisUrl(String);

impl FromSetting for RedisUrl {
    const SHAPE: &'static str = "redis://HOST:PORT";
    fn from_text(text: &str) -> Option<Self> {
        let rest = text
            .strip_prefix("redis://")
            .or_else(|| text.strip_prefix("rediss://"))?;
        Some(Self(format!("redis://{}", without_credentials(rest))))
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            entries_max: 10_000,
            redis: None,
        }
    }
}

impl Cache {
    pub(super) fn read(values: &mut Values) -> Self {
        let default = Self::default();
        let cache = Self {
            entries_max: values.take("cache.entries_max", &["MAX_CACHE_SIZE"], default.entries_max),
            redis: values.take_optional("cache.redis_url", &["REDIS_URL"]),
        };
        values.bound("cache.entries_max", cache.entries_max, 0, 10_000_000);
        cache
    }

    pub(super) fn warnings(&self, warnings: &mut Vec<String>) {
        if let Some(RedisUrl(url)) = &self.redis {
            warnings.push(format!(
                "REDIS_URL ({url}) is not supported yet by this version: no shared cache is used; no answer depends on it"
            ));
        }
    }
}
