//! Where spans go besides the log: to a collector, in a build with the feature `otel`; else nowhere.

use tokio::runtime::Handle;

#[cfg(feature = "otel")]
use super::otel::Exporter;

/// The way of spans out of the process, if they have one.
#[derive(Default)]
pub struct Export {
    #[cfg(feature = "otel")]
    pub(super) exporter: Option<Exporter>,
    /// Why they have none although one was asked for.
    pub(super) problem: Option<String>,
}

impl Export {
    /// As the variables of the environment say. What they say wrongly is a warning in the log, once there is one.
    #[cfg(feature = "otel")]
    #[must_use]
    pub fn of_environment(runtime: &Handle) -> Self {
        let (exporter, problem) = match Exporter::of_environment(runtime) {
            Ok(exporter) => (exporter, None),
            Err(problem) => (None, Some(problem)),
        };
        Self { exporter, problem }
    }

    /// There is none in this build; that one was asked for is a warning in the log, once there is one.
    #[cfg(not(feature = "otel"))]
    #[must_use]
    pub fn of_environment(_: &Handle) -> Self {
        let asked = std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").is_ok_and(|text| !text.is_empty());
        let problem = "this program was built without the feature `otel`";
        Self {
            problem: asked.then(|| problem.to_owned()),
        }
    }

    /// Hands over what waits, for a few seconds at most. Blocks, so that it is not to be called by a task.
    pub fn finish(self) {
        #[cfg(feature = "otel")]
        if let Some(exporter) = self.exporter {
            exporter.finish();
        }
    }
}
