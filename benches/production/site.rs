//! The machine room: one folder with the databases, and the servers that are measured.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::Instant;

use super::cluster::{self, Cluster, Redis};
use super::leash::{Leash, Manner};

/// Wednesday morning in New York: the demo salon is open, and its next two months are free.
pub(crate) const NOW: &str = "2026-11-18T10:00:00-05:00[America/New_York]";

pub(crate) struct Site {
    pub(crate) cluster: Cluster,
    redis: Option<Redis>,
    embedded: bool,
    /// The last to go: the servers' logs are in it.
    folder: TempDir,
}

/// A server that answers `POST /v1/messages`.
pub(crate) struct Server {
    leash: Leash,
    pub(crate) address: SocketAddr,
}

impl Site {
    /// `extra` goes to PostgreSQL as it is.
    pub(crate) async fn open(extra: &[&str]) -> Self {
        // What ends the bench at once comes first: after it nothing is left to be put away.
        let (embedded, programs) = (is_embedded(), cluster::programs());
        let folder = TempDir::new().unwrap();
        allow_passage(folder.path());
        let cluster = Cluster::start(&programs, &folder.path().join("postgres"), extra).await;
        let redis = Redis::start(folder.path()).await;
        if redis.is_none() {
            println!("no redis-server is installed: measured without the shared cache");
        }
        Self {
            cluster,
            redis,
            embedded,
            folder,
        }
    }

    /// Where PostgreSQL's folder is, on the same disk.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The real program with its usual settings, on an empty database of its own.
    pub(crate) async fn frontdesk(&self, database: &'static str) -> Server {
        self.frontdesk_with(database, &[]).await
    }

    pub(crate) async fn frontdesk_with(&self, database: &'static str, settings: &[(&str, &str)]) -> Server {
        if !self.embedded {
            self.cluster.database(database).await;
        }
        self.frontdesk_again(database, settings)
    }

    /// The same on what an earlier one has left.
    pub(crate) fn frontdesk_again(&self, database: &'static str, settings: &[(&str, &str)]) -> Server {
        let mut environment = vec![
            ("DATABASE_URL", self.database_url(database)),
            ("FRONTDESK_LISTEN", "127.0.0.1:0".to_owned()),
            ("FRONTDESK_RATE_LIMITS", "off".to_owned()),
            ("FRONTDESK_NOW", NOW.to_owned()),
        ];
        if let Some(redis) = &self.redis {
            environment.push(("REDIS_URL", redis.url()));
        }
        environment.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let trials = settings_to_try();
        environment.extend(trials.iter().map(|(name, value)| (name.as_str(), value.clone())));
        let program = Path::new(env!("CARGO_BIN_EXE_frontdesk"));
        self.server(program, &["serve"], &environment, database)
    }

    /// Whether servers share a cache.
    pub(crate) const fn has_redis(&self) -> bool {
        self.redis.is_some()
    }

    /// Makes the cache that servers share forget everything.
    pub(crate) fn empty_redis(&self) {
        if let Some(redis) = &self.redis {
            redis.empty();
        }
    }

    /// The database that a server of that name works on.
    pub(crate) fn database_url(&self, database: &str) -> String {
        if self.embedded {
            format!("sqlite://{}", self.folder.path().join(database).display())
        } else {
            self.cluster.url(database)
        }
    }

    /// This very program in another role.
    pub(crate) fn role(&self, arguments: &[&str]) -> Server {
        let program: PathBuf = std::env::current_exe().unwrap();
        self.server(&program, arguments, &[], arguments[0])
    }

    fn server(
        &self,
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, String)],
        name: &str,
    ) -> Server {
        let manner = Manner {
            user: None,
            // Nothing is owed any more, so that it need not be asked politely.
            signal: "KILL",
            log: &self.folder.path().join(format!("{name}.log")),
        };
        let leash = Leash::start(program, arguments, environment, &manner);
        let address = leash.hear(|line| {
            let (_, rest) = line.split_once("http://")?;
            rest.split('/').next()?.parse().ok()
        });
        Server { leash, address }
    }
}

impl Server {
    pub(crate) const fn pid(&self) -> u32 {
        self.leash.pid()
    }

    /// Asks it to stop, and waits until it has; answers with how long that took. One that does not end in good order
    /// ends the bench.
    pub(crate) async fn stop(self) -> Duration {
        let begun = Instant::now();
        let code = self.leash.ask_to_end().await;
        let took = begun.elapsed();
        assert_eq!(code, Some(0), "the server did not stop in good order");
        took
    }
}

/// Whether the product runs on SQLite instead, for trying the bench itself.
pub(crate) fn is_embedded() -> bool {
    match std::env::var("FRONTDESK_BENCH_DATABASE").as_deref() {
        Ok("sqlite") => true,
        Ok("postgres") | Err(_) => false,
        Ok(other) => super::give_up(&format!(
            "FRONTDESK_BENCH_DATABASE={other}: write postgres or sqlite"
        )),
    }
}

/// Settings of the product from the environment, such as `FRONTDESK_STORE__COMMITTERS=4`: what they change can be
/// measured. They are printed beside the figures.
pub(crate) fn settings_to_try() -> Vec<(String, String)> {
    let is_setting = |name: &str| name.starts_with("FRONTDESK_") && name.contains("__");
    let known = ["FRONTDESK_TRANSCRIPT"];
    std::env::vars()
        .filter(|(name, _)| is_setting(name) || known.contains(&name.as_str()))
        .collect()
}

/// Lets PostgreSQL's user through to its own folder.
fn allow_passage(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o711)).unwrap();
}
