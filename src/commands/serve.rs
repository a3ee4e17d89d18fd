//! `frontdesk serve`.

use std::process::ExitCode;
use std::sync::Arc;

use crate::app::{self, Reload};
use crate::config::{self, Settings};
use crate::lifecycle::{Ending, Lifecycle};
use crate::telemetry::export::Export;
use crate::telemetry::{self, Level, Meter};

/// Serves until a signal, and tells by the exit code whether the end was wished for.
pub(super) fn run(
    settings: Settings,
    read: impl Fn() -> Result<Settings, config::Error> + Send + Sync + 'static,
) -> anyhow::Result<ExitCode> {
    let runtime = super::runtime()?;
    let export = Export::of_environment(runtime.handle());
    let reload = Reload {
        level: telemetry::log(&settings.log, Level::OF_SERVE, &export)?,
        read: Arc::new(read),
    };
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    if !settings.server.requires_key() {
        tracing::warn!("no API keys are set: serving this machine only");
    }
    let meter = Meter::install()?;
    let life = Lifecycle::new(settings.server.shutdown_deadline);
    let ending = runtime.block_on(life.clone().run(app::serve(settings, meter, life, reload)));
    match &ending {
        Ending::Wished => tracing::info!("stopped; everything that was accepted is answered"),
        Ending::Forced => {
            tracing::warn!("stopped early; what is not answered is found again at the next start");
        }
        Ending::Crashed(reason) => tracing::error!(%reason, "stopped because something broke"),
    }
    // Whoever asks twice waits for nothing.
    if !matches!(ending, Ending::Forced) {
        export.finish();
    }
    // Tasks that did not let go must not keep the process alive; nothing is owed by memory alone.
    runtime.shutdown_background();
    Ok(ending.exit_code())
}
