//! Logs, spans and metrics.
//!
//! A log line reads alone and carries fields; it never holds names, numbers, tokens or message text. Metrics are a
//! closed set ([`metrics`]), and every series of it exists from the start, so that zero can be told from absent. Spans
//! hold what the log may hold; they belong to [`trace`]s that may begin and end elsewhere, and can be [`export`]ed.

pub mod export;
pub mod metrics;
#[cfg(test)]
pub(crate) mod noted;
#[cfg(feature = "otel")]
mod otel;
mod process;
pub mod trace;

use std::io::IsTerminal;
use std::sync::Arc;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use self::export::Export;
use crate::config::log::{Format, Log};

/// Why telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The level's text is no filter. Settings refuse it before; this is the second line.
    #[error("log.level is not a filter: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// The log is not there any more.
    #[error("the level cannot be changed: {0}")]
    Level(#[from] tracing_subscriber::reload::Error),
    /// Somebody else in this process logs already.
    #[error("logging was set up before: {0}")]
    Logging(#[from] tracing_subscriber::util::TryInitError),
    /// Somebody else in this process counts already, or a bucket is wrong.
    #[error("metrics cannot be set up: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}

/// Changes which events are logged, while the process runs. Cheap to clone.
#[derive(Clone)]
pub struct Level(Arc<dyn Fn(EnvFilter) -> Result<(), tracing_subscriber::reload::Error> + Send + Sync>);

impl Level {
    /// What holds for a server when the settings name no level.
    pub const OF_SERVE: &str = "info";

    /// Which events from now on, in the language of the settings.
    ///
    /// # Errors
    /// When that is no filter; then the old one holds.
    pub fn set(&self, level: &str) -> Result<(), Error> {
        Ok((self.0)(EnvFilter::builder().parse(level)?)?)
    }
}

/// Begins to log to standard error, and to export spans where there is a way for them. `level` holds when the settings
/// name none; what is given changes it later. What is exported does not depend on it.
///
/// # Errors
/// When the filter is wrong, or logging was begun before.
pub fn log(settings: &Log, level: &str, export: &Export) -> Result<Level, Error> {
    let filter = EnvFilter::builder().parse(settings.level.as_deref().unwrap_or(level))?;
    #[cfg(feature = "otel")]
    let level = match &export.exporter {
        Some(exporter) => log_and_export(settings.format, filter, exporter)?,
        None => log_alone(settings.format, filter)?,
    };
    #[cfg(not(feature = "otel"))]
    let level = log_alone(settings.format, filter)?;
    if let Some(problem) = &export.problem {
        tracing::warn!(problem, "spans are not exported");
    }
    Ok(level)
}

/// The log alone: what its filter leaves out costs next to nothing.
fn log_alone(format: Format, filter: EnvFilter) -> Result<Level, Error> {
    use tracing_subscriber::util::SubscriberInitExt;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(FmtSpan::NONE)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        Format::Pretty => {
            let builder = builder.with_filter_reloading();
            let filter = builder.reload_handle();
            builder.finish().try_init()?;
            Ok(Level(Arc::new(move |new| filter.reload(new))))
        }
        Format::Json => {
            let builder = builder.json().flatten_event(true).with_filter_reloading();
            let filter = builder.reload_handle();
            builder.finish().try_init()?;
            Ok(Level(Arc::new(move |new| filter.reload(new))))
        }
    }
}

/// The log with its filter, and beside it the spans that are exported, whatever the log shows of them.
#[cfg(feature = "otel")]
fn log_and_export(format: Format, filter: EnvFilter, exporter: &otel::Exporter) -> Result<Level, Error> {
    use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
    use tracing_subscriber::util::SubscriberInitExt as _;
    let (filter, handle) = tracing_subscriber::reload::Layer::new(filter);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let lines = match format {
        Format::Pretty => lines.with_filter(filter).boxed(),
        Format::Json => lines.json().flatten_event(true).with_filter(filter).boxed(),
    };
    tracing_subscriber::registry()
        .with(lines)
        .with(exporter.layer())
        .try_init()?;
    Ok(Level(Arc::new(move |new| handle.reload(new))))
}

/// Renders the metrics. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Meter(metrics_exporter_prometheus::PrometheusHandle);

impl From<metrics_exporter_prometheus::PrometheusHandle> for Meter {
    fn from(registry: metrics_exporter_prometheus::PrometheusHandle) -> Self {
        Self(registry)
    }
}

impl Meter {
    /// Begins to count, with every series of the closed set at zero. Once per process.
    ///
    /// # Errors
    /// When counting was begun before.
    pub fn install() -> Result<Self, Error> {
        let handle = builder()?.install_recorder()?;
        metrics::describe();
        metrics::start_at_zero();
        process::began();
        Ok(Self(handle))
    }

    /// All metrics in Prometheus' text format, with the process's memory as it is now.
    #[must_use]
    pub fn render(&self) -> String {
        process::measure();
        self.0.render()
    }

    /// Moves recorded durations into their buckets. To be called every few seconds, so that a process that nobody
    /// scrapes does not keep them all.
    pub fn upkeep(&self) {
        self.0.run_upkeep();
    }
}

fn builder() -> Result<metrics_exporter_prometheus::PrometheusBuilder, metrics_exporter_prometheus::BuildError>
{
    use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
    let mut builder = PrometheusBuilder::new();
    for histogram in metrics::HISTOGRAMS {
        builder =
            builder.set_buckets_for_metric(Matcher::Full(histogram.name.to_owned()), histogram.buckets)?;
    }
    Ok(builder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_series_of_the_closed_set_is_there_before_anything_happens() {
        let recorder = builder().unwrap().build_recorder();
        let handle = recorder.handle();
        let text = ::metrics::with_local_recorder(&recorder, || {
            metrics::describe();
            metrics::start_at_zero();
            process::measure();
            handle.render()
        });
        for series in [
            r#"frontdesk_cache_requests_total{tier="local",result="hit"} 0"#,
            r#"frontdesk_cache_requests_total{tier="shared",result="skipped"} 0"#,
            r#"frontdesk_turns_total{outcome="committed"} 0"#,
            r#"frontdesk_turn_duration_seconds_count{stage="total"} 0"#,
            "frontdesk_actors 0",
            "frontdesk_mailbox_waiting 0",
            "frontdesk_commit_batch_turns_count 0",
            "frontdesk_commit_duration_seconds_count 0",
            r#"frontdesk_store_errors_total{kind="unavailable"} 0"#,
            "frontdesk_store_retries_total 0",
            "frontdesk_store_reads_total 0",
            "frontdesk_store_writes_total 0",
            "frontdesk_messages_answered_total 0",
            r#"frontdesk_db_pool_connections{state="idle"} 0"#,
            r#"frontdesk_llm_requests_total{outcome="ok"} 0"#,
            r#"frontdesk_llm_tokens_total{direction="input"} 0"#,
            "frontdesk_llm_duration_seconds_count 0",
            "frontdesk_llm_retries_total 0",
            "frontdesk_llm_in_flight 0",
            r#"frontdesk_understanding_total{engine="rules",result="understood"} 0"#,
            r#"frontdesk_llm_left_alone{endpoint="first"} 0"#,
            "frontdesk_inbox_unfinished 0",
            "frontdesk_inbox_oldest_seconds 0",
            "frontdesk_inbox_dead 0",
            r#"frontdesk_inbox_duplicates_total{channel="api"} 0"#,
            "frontdesk_outbox_waiting 0",
            "frontdesk_outbox_oldest_seconds 0",
            r#"frontdesk_http_responses_total{status="503"} 0"#,
            "frontdesk_event_streams 0",
            r#"frontdesk_outbox_sent_total{channel="web",result="sent"} 0"#,
            r#"frontdesk_appointments_total{event="confirmed"} 0"#,
            "frontdesk_slot_conflicts_total 0",
            r#"frontdesk_limited_total{scope="participant",result="kept"} 0"#,
            r#"frontdesk_limit_decisions_total{by="local"} 0"#,
            r#"frontdesk_shed_total{reason="late"} 0"#,
            r#"frontdesk_invariant_violations_total{invariant="I8"} 0"#,
        ] {
            assert!(text.lines().any(|line| line == series), "no {series} in:\n{text}");
        }
        assert!(text.contains("\nprocess_resident_memory_bytes "), "{text}");
        for line in text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
        {
            let name = line.split(['{', ' ']).next().unwrap_or_default();
            let described = metrics::ALL.iter().any(|metric| name.starts_with(metric.name));
            assert!(described, "{name} has no description");
        }
    }
}
