//! `[store]`: where the truth is kept.

use std::fmt;
use std::path::PathBuf;

use super::values::{FromSetting, Values, choice};

/// The settings of the durable store.
#[derive(Debug, Clone)]
pub struct Store {
    /// `DATABASE_URL`, default `sqlite://frontdesk.db`.
    pub database: Database,
    /// Connections that read; SQLite has exactly one that writes. Default 4.
    pub readers: u32,
    /// `FRONTDESK_TRANSCRIPT`, default `with_turn`.
    pub transcript: Transcript,
}

/// A database, as its URL names it. Prints without the password.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// `sqlite://PATH`: an embedded database in one file.
    Sqlite {
        /// The file.
        path: PathBuf,
    },
    /// `postgres://...`: recognised, so that the refusal can be clear.
    Postgres {
        /// The URL without user and password.
        redacted: String,
    },
}

/// When the transcript becomes durable. Context, appointments, inbox and outbox always are with the turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transcript {
    /// In the transaction of the turn.
    WithTurn,
    /// Shortly after it, many turns at a time. A process that is killed loses what waits: usually what was said in the
    /// last fraction of a second, and 10,000 rows at most. See [`crate::store::behind`].
    Behind,
}

choice!(Transcript, "with_turn or behind", "with_turn" => Self::WithTurn, "behind" => Self::Behind);

impl Default for Store {
    fn default() -> Self {
        Self {
            database: Database::Sqlite {
                path: PathBuf::from("frontdesk.db"),
            },
            readers: 4,
            transcript: Transcript::WithTurn,
        }
    }
}

impl Store {
    pub(super) fn read(values: &mut Values) -> Self {
        let default = Self::default();
        let readers = values.take("store.readers", &[], u64::from(default.readers));
        values.bound("store.readers", readers, 1, 64);
        let store = Self {
            database: values.take("store.database_url", &["DATABASE_URL"], default.database),
            readers: u32::try_from(readers).unwrap_or(default.readers),
            transcript: values.take("store.transcript", &["FRONTDESK_TRANSCRIPT"], default.transcript),
        };
        store.validate(values);
        store
    }

    fn validate(&self, values: &mut Values) {
        if let Database::Postgres { redacted } = &self.database {
            values.refuse(
                "store.database_url",
                format!("{redacted}: PostgreSQL is not supported yet by this version; write sqlite://PATH"),
            );
        }
    }

    /// The file of an embedded database.
    #[must_use]
    pub fn sqlite_path(&self) -> Option<&std::path::Path> {
        match &self.database {
            Database::Sqlite { path } => Some(path),
            Database::Postgres { .. } => None,
        }
    }
}

impl FromSetting for Database {
    const SHAPE: &'static str = "sqlite://PATH, for example sqlite://frontdesk.db (a database in memory would forget \
                                 what it has acknowledged)";
    fn from_text(text: &str) -> Option<Self> {
        if let Some(path) = text
            .strip_prefix("sqlite://")
            .or_else(|| text.strip_prefix("sqlite:"))
        {
            let path = path.split('?').next().unwrap_or_default();
            return (!path.is_empty() && path != ":memory:").then(|| Self::Sqlite { path: path.into() });
        }
        let rest = text
            .strip_prefix("postgres://")
            .or_else(|| text.strip_prefix("postgresql://"))?;
        Some(Self::Postgres {
            redacted: format!("postgres://{}", without_credentials(rest)),
        })
    }
}

/// The part of a URL after its scheme without `user:password@` and without a query, which may hold a password too.
pub(super) fn without_credentials(rest: &str) -> &str {
    let rest = rest.split('?').next().unwrap_or_default();
    rest.rsplit_once('@').map_or(rest, |(_, host)| host)
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path } => write!(f, "sqlite://{}", path.display()),
            Self::Postgres { redacted } => f.write_str(redacted),
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
