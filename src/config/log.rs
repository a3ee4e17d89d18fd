//! `[log]`: what is written to standard error.

use std::time::Duration;

use super::values::{Values, choice};

/// The settings of logging.
#[derive(Debug, Clone)]
pub struct Log {
    /// Which events, in the language of `tracing`'s filters: `info`, or `info,frontdesk::store=debug`.
    /// Absent: the command decides (`serve`: `info`; others: `warn`).
    pub level: Option<String>,
    /// In which form, default `pretty`.
    pub format: Format,
    /// `log.slow_turn_ms`, default 5000: a turn that takes longer, its waiting included, is logged with where its time
    /// went.
    pub slow_turn: Duration,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: None,
            format: Format::default(),
            slow_turn: Duration::from_secs(5),
        }
    }
}

/// Forms of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Pretty,
    /// One JSON object a line, for machines.
    Json,
}

choice!(Format, "pretty or json", "pretty" => Self::Pretty, "json" => Self::Json);

impl Log {
    pub(super) fn read(values: &mut Values) -> Self {
        let slow_turn_ms = values.take("log.slow_turn_ms", &[], 5_000);
        values.bound("log.slow_turn_ms", slow_turn_ms, 1, 600_000);
        let log = Self {
            level: values.take_optional("log.level", &["FRONTDESK_LOG"]),
            format: values.take("log.format", &[], Format::Pretty),
            slow_turn: Duration::from_millis(slow_turn_ms),
        };
        if let Some(level) = &log.level
            && tracing_subscriber::EnvFilter::builder().parse(level).is_err()
        {
            values.refuse(
                "log.level",
                "write error, warn, info, debug or trace, or a filter such as info,frontdesk::store=debug",
            );
        }
        log
    }
}
