//! The composition: who is made with what, and in which order things start and stop.

use std::sync::Arc;

use anyhow::bail;

use crate::clock::Clock;
use crate::config::Settings;
use crate::conversation::{Businesses, Conversations};
use crate::lifecycle::Lifecycle;
use crate::store::Store;
use crate::telemetry::Meter;

/// Everything that a command works with, open and ready.
pub struct App {
    /// The truth.
    pub store: Arc<dyn Store>,
    /// The businesses.
    pub businesses: Businesses,
    /// The door to every conversation.
    pub conversations: Conversations,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl App {
    /// Finishes everything that was accepted, then closes.
    pub async fn close(self) {
        self.store.close().await;
    }
}

/// Opens the store (migrating it), and starts conversations; no port is opened.
///
/// # Errors
/// When the store cannot be opened.
#[expect(clippy::unused_async, reason = "the body comes with the engine room")]
pub async fn open(settings: &Settings) -> anyhow::Result<App> {
    let _ = settings;
    bail!("the engine room is not built yet")
}

/// Serves HTTP until `life` asks for the end, then stops everything in order.
///
/// # Errors
/// When something cannot be started.
#[expect(clippy::unused_async, reason = "the body comes with the engine room")]
pub async fn serve(settings: Settings, meter: Meter, life: Lifecycle) -> anyhow::Result<()> {
    let _ = (settings, meter, life);
    bail!("the engine room is not built yet")
}

/// Brings the database to this version's schema and closes it.
///
/// # Errors
/// When it cannot be opened or migrated.
#[expect(clippy::unused_async, reason = "the body comes with the engine room")]
pub async fn migrate(settings: &Settings) -> anyhow::Result<()> {
    let _ = settings;
    bail!("the engine room is not built yet")
}
