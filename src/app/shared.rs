//! The cache that processes share: from the settings to a running one, and how it is doing.

use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;

use crate::api::health::{DependencyState, Probe};
use crate::config::Settings;
use crate::store::cache::RedisCache;
use crate::store::cache::redis::{Address, Options};

/// How the settings want Redis used; nothing when they name none.
///
/// # Errors
/// When the file of certificates cannot be read.
pub fn options(settings: &Settings) -> anyhow::Result<Option<Options>> {
    let Some(url) = &settings.cache.redis else {
        return Ok(None);
    };
    let ca = match &settings.cache.redis_ca_file {
        None => None,
        Some(path) => Some(
            std::fs::read(path)
                .with_context(|| format!("cannot read {} (cache.redis_ca_file)", path.display()))?,
        ),
    };
    Ok(Some(Options {
        address: Address {
            nodes: url.nodes.clone(),
            is_cluster: url.is_cluster,
            ca,
        },
        limit: settings.cache.redis_timeout,
        ttl: settings.conversation.session_idle,
    }))
}

pub(super) async fn open(settings: &Settings) -> anyhow::Result<Option<Arc<RedisCache>>> {
    let Some(options) = options(settings)? else {
        return Ok(None);
    };
    let redis = RedisCache::open(&options)
        .await
        .context("REDIS_URL and cache.redis_ca_file")?;
    Ok(Some(Arc::new(redis)))
}

#[async_trait]
impl Probe for RedisCache {
    async fn state(&self) -> DependencyState {
        if self.answers().await {
            DependencyState::Up
        } else {
            DependencyState::Degraded
        }
    }
}
