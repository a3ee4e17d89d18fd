//! Moving an installation from an SQLite file into an empty PostgreSQL database.
//!
//! Every row of every table is copied as it is, in batches; each is committed together with a note how far it goes
//! (`imports`), so that an import that was killed goes on where it was. At the end both sides are compared.
//!
//! The file is locked, read in one snapshot, and never written. An import whose file was written to after it began is
//! refused, and so is a server on a database whose import is not finished. Lacks a way back.
//!
//! - `tables`: what there is to copy. `statements`: the SQL made from that. `values`: one row between two databases.
//! - `source`, `target`: the two sides. `comparison`: whether they hold the same.

mod comparison;
mod source;
mod statements;
pub mod tables;
mod target;
mod values;

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use secrecy::SecretString;

pub use self::comparison::{Comparison, TableCompared};
use self::source::Source;
use self::tables::{TABLES, Table};
use self::target::{Books, Cursor, Target};
use crate::store;
use crate::types::BusinessId;

/// A batch ends with this many rows, or bytes.
const BATCH_ROWS_MAX: usize = 1000;
/// See above.
const BATCH_BYTES_MAX: usize = 1 << 20;

/// Why an import does not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The path leads nowhere.
    #[error("there is no file {0}")]
    NoFile(String),
    /// A server, or another command, works on the file.
    #[error("the file is not free: {0}")]
    InUse(String),
    /// It is no database, or not one of frontdesk.
    #[error("{0} is not a database that frontdesk has written: {1}")]
    NotOurs(String, String),
    /// Its schema is not this version's.
    #[error(
        "{0} was last used by an older frontdesk; bring it up to date first: DATABASE_URL=sqlite://{0} frontdesk migrate"
    )]
    OldFile(String),
    /// Its schema is a newer version's.
    #[error("{0} was last used by a newer frontdesk; import it with that version")]
    NewFile(String),
    /// The database to compare with has nothing to compare.
    #[error("nothing was imported into this database yet; run the same command without --check")]
    OldTarget,
    /// Two imports at once.
    #[error("another import is at work on this database; wait until it has ended")]
    Busy,
    /// A server works on the target.
    #[error("a frontdesk is at work on this database; stop it, import, and start it again")]
    Served,
    /// The target is not empty.
    #[error(
        "the database is not empty (there are rows in {0}); create an empty one and name that in DATABASE_URL"
    )]
    NotEmpty(&'static str),
    /// The target has an import of another file.
    #[error(
        "another installation was imported into this database; create an empty one and name that in DATABASE_URL"
    )]
    OtherSource,
    /// The file went on after it was copied.
    #[error(
        "the file was written to after its import had begun, so that what is copied is out of date; import into an \
         empty database, and keep frontdesk off the file meanwhile"
    )]
    Changed,
    /// The books are not as this version writes them.
    #[error("the progress of the import cannot be read ({0}); begin again with an empty database")]
    Progress(&'static str),
    /// PostgreSQL does not take what SQLite holds.
    #[error(
        "PostgreSQL refuses a row of {table} ({row}): {problem}; correct it in the file, then run the same command again"
    )]
    Refused {
        /// Where it stands.
        table: &'static str,
        /// What tells it apart.
        row: String,
        /// What is wrong with it, as PostgreSQL says.
        problem: String,
    },
    /// One of the databases failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The result of a step of an import.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// From where and to where.
#[derive(Debug)]
pub struct Options<'a> {
    /// The SQLite file.
    pub file: &'a Path,
    /// The PostgreSQL database.
    pub url: &'a SecretString,
    /// How long making a connection to it may take.
    pub connect_timeout: Duration,
}

/// How the database was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Empty.
    Begins,
    /// An earlier run of the same import was interrupted.
    GoesOn,
    /// All of it was imported at this time: there is nothing to do.
    Finished(Timestamp),
}

/// How far one table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The table.
    pub table: &'static str,
    /// Rows that are there.
    pub rows: u64,
    /// Rows to be there in the end.
    pub of: u64,
}

impl Progress {
    /// Whether the table is copied.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.rows >= self.of
    }
}

/// An import under way. Dropped at any moment it can be opened again, and goes on.
pub struct Import {
    source: Source,
    target: Target,
    cursor: Option<Cursor>,
    standing: Standing,
}

impl Import {
    /// Locks both sides, brings the target's schema up to date, and begins or goes on. `furniture` is the business
    /// that a first start stores: a target that holds nothing else counts as empty, and loses it.
    ///
    /// # Errors
    /// Whatever is in the way, with what to do about it. Then nothing was changed but the target's schema.
    pub async fn open(options: &Options<'_>, furniture: &BusinessId, now: Timestamp) -> Result<Self> {
        let source = Source::open(options.file).await?;
        let mut target = Target::open(options.url, options.connect_timeout).await?;
        let (cursor, standing) = match target.begin(source.identity, furniture, now).await? {
            Books::Begun => (None, Standing::Begins),
            Books::GoesOn(cursor) => (Some(cursor), Standing::GoesOn),
            Books::Finished(at) => (None, Standing::Finished(at)),
        };
        Ok(Self {
            source,
            target,
            cursor,
            standing,
        })
    }

    /// How the database was found.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        self.standing
    }

    /// Copies what is not there yet. `told` hears of each batch, and of each table that has no rows; if it breaks,
    /// the copying ends there. Returns whether everything is there.
    ///
    /// # Errors
    /// When a database fails, or refuses a row. What was copied stays.
    pub async fn copy(&mut self, mut told: impl FnMut(Progress) -> ControlFlow<()>) -> Result<bool> {
        if matches!(self.standing, Standing::Finished(_)) {
            return Ok(true);
        }
        let cursor = self.cursor.take();
        let first = cursor.as_ref().map_or(0, |cursor| position(cursor.table));
        let mut cursor = cursor;
        for table in &TABLES[first..] {
            if self.copy_table(table, cursor.take(), &mut told).await?.is_break() {
                return Ok(false);
            }
        }
        for table in &TABLES {
            if let Some(column) = table.numbered {
                let last = self.source.last_number(table).await?;
                self.target.number_on(table, column, last).await?;
            }
            self.target.analyze(table).await?;
        }
        Ok(true)
    }

    async fn copy_table(
        &mut self,
        table: &'static Table,
        from: Option<Cursor>,
        told: &mut impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        let of = self.source.count(table).await?;
        let identity = self.source.identity;
        let mut cursor = from.unwrap_or_else(|| Cursor {
            table,
            key: Vec::new(),
            rows: 0,
        });
        let key = cursor.key.clone();
        let key = (!key.is_empty()).then_some(key.as_slice());
        let mut rows = self.source.rows_after(table, key)?;
        let (mut batch, mut bytes) = (Vec::new(), 0);
        let mut told_last = None;
        loop {
            let row = rows.try_next().await?;
            let ended = row.is_none();
            if let Some(row) = row {
                bytes += source::size(&row);
                batch.push(row);
            }
            let full = batch.len() >= BATCH_ROWS_MAX || bytes >= BATCH_BYTES_MAX;
            if let Some(last) = batch.last()
                && (full || ended)
            {
                cursor.key = values::key_of(table, last);
                cursor.rows += batch.len() as u64;
                self.target.write(identity, &cursor, &batch).await?;
                batch.clear();
                bytes = 0;
                let progress = Progress {
                    table: table.name,
                    rows: cursor.rows,
                    of,
                };
                told_last = Some(progress);
                if told(progress).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            if ended {
                break;
            }
        }
        if told_last.is_none() {
            return Ok(told(Progress {
                table: table.name,
                rows: cursor.rows,
                of,
            }));
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Compares both sides, with the transcripts of so many conversations at random.
    ///
    /// # Errors
    /// When a database fails.
    pub async fn compare(&mut self, conversations: u32) -> Result<Comparison> {
        comparison::compare(&mut self.source, &mut self.target, conversations).await
    }

    /// Says that the import is finished, so that a server may open the database.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish(&mut self, now: Timestamp) -> Result<()> {
        self.target.finish(self.source.identity, now).await
    }
}

/// Compares a file with a database, and changes neither.
///
/// # Errors
/// When one of them cannot be used.
pub async fn check(options: &Options<'_>, conversations: u32) -> Result<Comparison> {
    let mut source = Source::open(options.file).await?;
    let mut target = Target::look(options.url, options.connect_timeout).await?;
    comparison::compare(&mut source, &mut target, conversations).await
}

fn position(table: &Table) -> usize {
    TABLES
        .iter()
        .position(|other| other.name == table.name)
        .unwrap_or(0)
}
