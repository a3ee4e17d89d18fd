//! Settings: a section per file, each with its defaults and its checks.
//!
//! They are read from `frontdesk.toml` and overridden by the environment. A wrong or unknown setting stops the
//! start; every mistake is named with its key, the line or variable where it stands, and what to write instead.
//! Settings of capabilities that this version lacks are recognised, so that they are refused or warned about by
//! name and never silently ignored.

pub mod attachments;
pub mod cache;
pub mod channels;
pub mod clock;
pub mod conversation;
mod database;
pub mod limits;
pub mod log;
pub mod server;
pub mod store;
pub mod understanding;
pub mod upkeep;
mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use values::SECRET_PREFIX;
use values::Values;
pub use values::{Known, Origin, Problem};

use crate::clock::SystemClock;
use crate::rates::rule::Rules;

/// Everything that can be set.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// `[server]`
    pub server: server::Server,
    /// `[store]`
    pub store: store::Store,
    /// `[cache]`
    pub cache: cache::Cache,
    /// `[channels]`
    pub channels: channels::Channels,
    /// `[conversation]`
    pub conversation: conversation::Conversation,
    /// `[limits]`
    pub limits: limits::Limits,
    /// `[understanding]` and `[llm]`
    pub understanding: understanding::Understanding,
    /// `[upkeep]`
    pub upkeep: upkeep::Upkeep,
    /// `[log]`
    pub log: log::Log,
    /// `[clock]`
    pub clock: clock::Clock,
    /// `[attachments]`
    pub attachments: attachments::Attachments,
    /// What is odd and not wrong; logged at start.
    pub warnings: Vec<String>,
    origins: Arc<BTreeMap<&'static str, Origin>>,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The named file cannot be read.
    #[error("cannot read the settings file {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Settings are wrong or unknown.
    #[error("{}", Listed(.0))]
    Wrong(Vec<Problem>),
}

/// The file that is read when none is named and one is there.
const FILE: &str = "frontdesk.toml";

impl Settings {
    /// Reads the file (`frontdesk.toml` when none is named; then it may be absent) and the environment.
    ///
    /// # Errors
    /// When a named file cannot be read, or a setting is wrong or unknown.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        let path = file.unwrap_or(Path::new(FILE));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(source) => {
                return Err(Error::Unreadable {
                    path: path.to_owned(),
                    source,
                });
            }
        };
        Self::parse(path, &text, environment)
    }

    /// Reads settings from a file's text and an environment.
    ///
    /// # Errors
    /// When a setting is wrong or unknown.
    pub fn parse(
        path: &Path,
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        let mut values = Values::from_environment(environment);
        values.add_file(path, text);
        let mut settings = Self::read(&mut values);
        let (problems, origins, _) = values.finish();
        if !problems.is_empty() {
            return Err(Error::Wrong(problems));
        }
        settings.origins = Arc::new(origins);
        settings.warn();
        Ok(settings)
    }

    /// Every setting that exists, by key.
    #[must_use]
    pub fn known() -> Vec<Known> {
        let mut values = Values::default();
        Self::read(&mut values);
        values.finish().2
    }

    fn read(values: &mut Values) -> Self {
        Self {
            server: server::Server::read(values),
            store: store::Store::read(values),
            cache: cache::Cache::read(values),
            channels: channels::Channels::read(values),
            conversation: conversation::Conversation::read(values),
            limits: limits::Limits::read(values),
            understanding: understanding::Understanding::read(values),
            upkeep: upkeep::Upkeep::read(values),
            log: log::Log::read(values),
            clock: clock::Clock::read(values),
            attachments: attachments::Attachments::read(values),
            warnings: Vec::new(),
            origins: Arc::default(),
        }
    }

    fn warn(&mut self) {
        let mut warnings = Vec::new();
        self.cache.warnings(&mut warnings);
        self.clock.warnings(&mut warnings);
        self.warnings = warnings;
    }

    /// Where each setting that was set stands, for `frontdesk doctor`.
    pub fn origins(&self) -> impl Iterator<Item = (&'static str, &Origin)> {
        self.origins.iter().map(|(key, origin)| (*key, origin))
    }

    /// How often somebody may come in, by these settings.
    #[must_use]
    pub fn rates(&self) -> Rules {
        let rules = Rules {
            proxies: self.server.proxies.clone(),
            ..Rules::default()
        };
        if !self.server.rate_limits {
            return rules;
        }
        Rules {
            participant: self.limits.per_participant.0,
            account: self.limits.per_account.0,
            address: self.limits.per_address.0,
            are_on: true,
            ..rules
        }
    }

    /// The clock that these settings ask for.
    #[must_use]
    pub fn system_clock(&self) -> SystemClock {
        self.clock
            .start
            .map_or_else(SystemClock::real, |start| SystemClock::starting_at(start.0))
    }
}

struct Listed<'a>(&'a [Problem]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [one] => write!(f, "a setting is wrong: {one}"),
            many => {
                write!(f, "{} settings are wrong:", many.len())?;
                for problem in many {
                    write!(f, "\n  - {problem}")?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
