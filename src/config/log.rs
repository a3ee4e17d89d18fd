//! `[log]`: what is written to standard error.

use super::values::{Values, choice};

/// The settings of logging.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// Which events, in the language of `tracing`'s filters: `info`, or `info,frontdesk::store=debug`.
    /// Absent: the command decides (`serve`: `info`; others: `warn`).
    pub level: Option<String>,
    /// In which form, default `pretty`.
    pub format: Format,
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
        let log = Self {
            level: values.take_optional("log.level", &["FRONTDESK_LOG"]),
            format: values.take("log.format", &[], Format::Pretty),
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
