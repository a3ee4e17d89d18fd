//! Opens the store that the settings name, and has it hold at least the demo business.
//!
//! A file is opened at once or not at all. A server may come later than we do, so it is waited for: by `serve` for as
//! long as it takes, by a command only shortly, because somebody sits before it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;

use crate::clock::Clock as _;
use crate::config::Settings;
use crate::config::store::Database as Configured;
use crate::conversation::Businesses;
use crate::store::postgres::{self, PostgresStore};
use crate::store::sqlite::{self, SqliteStore};
use crate::store::{self, Database, Obstacle, checkup};

/// How long a command waits for a server.
pub(super) const COMMAND_PATIENCE: Option<Duration> = Some(Duration::from_secs(10));

/// Opens the store and brings it to this version's schema.
pub(super) async fn migrated(
    settings: &Settings,
    patience: Option<Duration>,
) -> anyhow::Result<Arc<dyn Database>> {
    open(settings, patience, &mut || {}, || connect(settings)).await
}

/// Opens the store as [`migrated`] does, and gives an empty one the demo business. `waits` is called when a server is
/// not there and will be waited for.
pub(super) async fn furnished(
    settings: &Settings,
    patience: Option<Duration>,
    waits: &mut (impl FnMut() + Send),
) -> anyhow::Result<Arc<dyn Database>> {
    let demo = super::demo()?;
    open(settings, patience, waits, || async {
        let store = connect(settings).await?;
        let furnish = async {
            if store.businesses().await?.is_empty() {
                let now = settings.system_clock().now();
                Businesses::new(store.clone()).put(demo.clone(), now).await?;
            }
            Ok(())
        };
        if let Err(error) = furnish.await {
            // It went away again; its connections must not outlive this try.
            store.close().await;
            return Err(error);
        }
        Ok(store)
    })
    .await
}

async fn open<F>(
    settings: &Settings,
    patience: Option<Duration>,
    waits: &mut (impl FnMut() + Send),
    mut try_once: impl FnMut() -> F + Send,
) -> anyhow::Result<Arc<dyn Database>>
where
    F: Future<Output = store::Result<Arc<dyn Database>>> + Send,
{
    let database = &settings.store.database;
    if matches!(database, Configured::Sqlite { .. }) {
        return Ok(try_once().await?);
    }
    let mut news = News::default();
    let meets = |obstacle: &Obstacle| {
        waits();
        if news.is_new(obstacle) {
            tracing::warn!(
                %database,
                problem = obstacle.problem,
                fix = obstacle.fix,
                "the database is not there; trying again until it is"
            );
        }
    };
    match store::until_open(try_once, patience, meets).await {
        Ok(store) => {
            if news.0.is_some() {
                tracing::info!(%database, "the database is there now");
            }
            Ok(store)
        }
        Err(obstacle) => Err(anyhow!("cannot use {database}: {obstacle}")),
    }
}

/// Makes one try.
async fn connect(settings: &Settings) -> store::Result<Arc<dyn Database>> {
    let store = &settings.store;
    match &store.database {
        Configured::Sqlite { path } => {
            let options = sqlite::Options {
                readers: store.readers,
                ..sqlite::Options::file(path)
            };
            Ok(Arc::new(SqliteStore::open(&options).await?))
        }
        Configured::Postgres { url, .. } => {
            // A pool would try on its own and then say no more than that time ran out.
            checkup::reach(url, store.connect_timeout).await?;
            let options = postgres::Options {
                url: url.clone(),
                readers: store.readers,
                committers: store.committers,
                connect_timeout: store.connect_timeout,
                acquire_timeout: store.acquire_timeout,
                statement_timeout: store.statement_timeout,
                lock_timeout: store.lock_timeout,
            };
            Ok(Arc::new(PostgresStore::open(&options).await?))
        }
    }
}

/// What was said last, so that the log of a long wait is as short as its story.
#[derive(Default)]
struct News(Option<String>);

impl News {
    fn is_new(&mut self, obstacle: &Obstacle) -> bool {
        let new = self.0.as_ref() != Some(&obstacle.problem);
        if new {
            self.0 = Some(obstacle.problem.clone());
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_obstacle_is_told_once_until_it_changes() {
        let obstacle = |problem: &str| Obstacle {
            problem: problem.to_owned(),
            fix: "wait".to_owned(),
            passes: true,
        };
        let (refused, starting) = (obstacle("refused"), obstacle("starting"));
        let mut news = News::default();
        let told = [&refused, &refused, &starting, &starting, &refused].map(|obstacle| news.is_new(obstacle));
        assert_eq!(told, [true, false, true, false, true]);
    }
}
