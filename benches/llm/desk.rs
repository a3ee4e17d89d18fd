//! The real program on SQLite, with the stub for its model.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::businesses;
use super::leash::{Leash, Manner};
use super::stub::Stub;

/// Customers are spread over so many, as in production.
pub(crate) const BUSINESSES: u64 = 20;
/// Longer than any queue here.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Desk {
    pub(crate) address: SocketAddr,
    leash: Leash,
    /// The last to go: the database and the log are in it.
    folder: TempDir,
}

impl Desk {
    /// Opens one that makes at most so many calls at once; for one business as many as for all.
    pub(crate) async fn open(stub: &Stub, understanding: &str, in_flight_max: usize) -> Self {
        let folder = TempDir::new().unwrap();
        let patience = PATIENCE.as_millis();
        let environment = [
            (
                "DATABASE_URL",
                format!("sqlite://{}", folder.path().join("bench.db").display()),
            ),
            ("FRONTDESK_LISTEN", "127.0.0.1:0".to_owned()),
            ("FRONTDESK_RATE_LIMITS", "off".to_owned()),
            (
                "FRONTDESK_NOW",
                "2026-11-18T10:00:00-05:00[America/New_York]".to_owned(),
            ),
            ("FRONTDESK_UNDERSTANDING", understanding.to_owned()),
            ("LLM_BASE_URL", stub.url.clone()),
            ("LLM_MODEL", "stub".to_owned()),
            ("LLM_TIMEOUT_MS", patience.to_string()),
            ("MESSAGE_PROCESSOR_TIMEOUT", (patience + 10_000).to_string()),
            ("LLM_IN_FLIGHT_MAX", in_flight_max.to_string()),
            (
                "FRONTDESK_LLM__IN_FLIGHT_PER_BUSINESS_MAX",
                in_flight_max.to_string(),
            ),
        ];
        let manner = Manner {
            user: None,
            // Nothing is owed any more, so that it need not be asked politely.
            signal: "KILL",
            log: &folder.path().join("frontdesk.log"),
        };
        let program = Path::new(env!("CARGO_BIN_EXE_frontdesk"));
        let leash = Leash::start(program, &["serve"], &environment, &manner);
        let address = leash.hear(|line| {
            let (_, rest) = line.split_once("http://")?;
            rest.split('/').next()?.parse().ok()
        });
        businesses::open(address, BUSINESSES).await;
        Self {
            address,
            leash,
            folder,
        }
    }

    pub(crate) const fn pid(&self) -> u32 {
        self.leash.pid()
    }

    /// Where the database is.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}
