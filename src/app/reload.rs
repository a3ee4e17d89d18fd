//! Settings that can be changed while the process runs: SIGHUP has them read anew.
//!
//! All or nothing: a file with a mistake changes nothing and says why. What is put into force is the log's level and how
//! often somebody may come in; everything else is part of what was built from it, and needs a restart.

use std::sync::Arc;

use crate::config::{self, Settings};
use crate::lifecycle::Lifecycle;
use crate::rates::{Rate, Rates};
use crate::telemetry::Level;

/// Where settings are read from, and what can be changed by them.
#[derive(Clone)]
pub struct Reload {
    /// Reads them as at the start.
    pub read: Arc<dyn Fn() -> Result<Settings, config::Error> + Send + Sync>,
    /// The log's level.
    pub level: Level,
}

/// Signals that ask for it. One that comes before the process is ready is obeyed then.
pub(super) struct Wishes(#[cfg(unix)] tokio::signal::unix::Signal);

impl Wishes {
    /// From now on; before, such a signal ends the process.
    pub(super) fn listen() -> std::io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self(signal(SignalKind::hangup())?))
        }
        #[cfg(not(unix))]
        Ok(Self())
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        if self.0.recv().await.is_some() {
            return;
        }
        std::future::pending::<()>().await;
    }
}

impl Reload {
    /// Obeys the wishes until the process stops.
    pub(super) fn obey(self, mut wishes: Wishes, rates: Rates, life: &Lifecycle) {
        let stop = life.soft();
        life.spawn("reload", async move {
            while stop.run_until_cancelled(wishes.next()).await.is_some() {
                let read = self.read.clone();
                // A file may be on a slow disk. A panic in there has said so by itself.
                if let Ok(read) = tokio::task::spawn_blocking(move || read()).await {
                    self.put_into_force(read, &rates);
                }
            }
        });
    }

    fn put_into_force(&self, read: Result<Settings, config::Error>, rates: &Rates) {
        let settings = match read {
            Ok(settings) => settings,
            Err(error) => {
                tracing::error!(%error, "the settings were not read anew; those that hold stay as they are");
                return;
            }
        };
        let rules = settings.rates();
        let shown = |rate: Option<Rate>| rate.map_or("off".to_owned(), |rate| rate.each_minute().to_string());
        let level = settings.log.level.as_deref().unwrap_or(Level::OF_SERVE);
        // Said under the old level and under the new one, because either may be the one that shows it.
        tracing::info!(
            per_participant = shown(rules.participant),
            per_account = shown(rules.account),
            per_address = shown(rules.address),
            trusted_proxies = ?rules.proxies.trusted,
            forwarded_header = ?rules.proxies.header,
            level,
            "the settings were read anew: limits and the log's level are replaced"
        );
        rates.set(rules);
        match self.level.set(level) {
            Ok(()) => tracing::info!(level, "the log has its level anew"),
            Err(error) => tracing::error!(%error, "the log's level stays as it is"),
        }
    }
}
