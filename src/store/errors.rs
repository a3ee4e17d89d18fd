//! What an error of a database means: try again, ask what became of it, give up, or "somebody else has the slot".

use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

use super::Error;

/// What SQLite's triggers say when a seat is taken.
const TAKEN_SQLITE: &str = "no_double_booking";
/// What PostgreSQL's constraint says: `exclusion_violation`.
const TAKEN_POSTGRES: &str = "23P01";

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remedy {
    /// It may pass: locked, full, overloaded, away.
    TryAgain,
    /// The data or the statement is at fault.
    GiveUp,
}

fn remedy(error: &sqlx::Error) -> Remedy {
    match error {
        sqlx::Error::Database(database) => {
            if let Some(error) = database.try_downcast_ref::<PgDatabaseError>() {
                return postgres(error.code());
            }
            let code = database
                .try_downcast_ref::<SqliteError>()
                .and_then(DatabaseError::code);
            sqlite(code.and_then(|code| code.parse().ok()).unwrap_or(0))
        }
        // A message cut off in the middle reads as a protocol that was not kept.
        sqlx::Error::Io(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => Remedy::TryAgain,
        _ => Remedy::GiveUp,
    }
}

/// <https://www.sqlite.org/rescode.html>
fn sqlite(code: i32) -> Remedy {
    // The low byte is the primary result code: PERM, BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, CORRUPT,
    // FULL, CANTOPEN, PROTOCOL, NOTADB. None of them says anything about the data at hand.
    match code & 0xff {
        3 | 5..=11 | 13..=15 | 26 => Remedy::TryAgain,
        _ => Remedy::GiveUp,
    }
}

/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn postgres(code: &str) -> Remedy {
    match code.get(..2) {
        // Connection, rolled back (serialisation, deadlock), resources (disk, memory, connections), prerequisite (lock
        // timeout), operator (shutdown, cancelled by a timeout), system. A standby that is not yet promoted writes
        // nothing (25006). A statement prepared before a migration is prepared anew (0A000, 26000).
        Some("08" | "40" | "53" | "55" | "57" | "58" | "26") => Remedy::TryAgain,
        // A transaction of ours that hung was ended, with its connection (25P03).
        _ if matches!(code, "25006" | "25P03" | "0A000") => Remedy::TryAgain,
        _ => Remedy::GiveUp,
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match remedy(&error) {
            Remedy::TryAgain => Self::Unavailable(error),
            Remedy::GiveUp => Self::Rejected(error),
        }
    }
}

/// Whether the write was refused because a seat is taken.
pub(super) fn is_taken(error: &Error) -> bool {
    let Error::Rejected(sqlx::Error::Database(database)) = error else {
        return false;
    };
    database.message() == TAKEN_SQLITE || database.code().as_deref() == Some(TAKEN_POSTGRES)
}

/// Whether trying the same again may help.
pub(super) fn may_pass(error: &Error) -> bool {
    matches!(error, Error::Unavailable(_))
}

/// Whether the database has said that it did nothing. If not (the connection broke, or the statement was cancelled),
/// a write that failed may have happened all the same.
pub(super) fn is_undone(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(database) = error else {
        return false;
    };
    let code = database.code().unwrap_or_default();
    !matches!(code.get(..2), Some("08" | "57" | "58"))
}

/// The label of `frontdesk_store_errors_total`.
pub(super) fn kind(error: &Error) -> &'static str {
    match error {
        Error::Unavailable(_) => "unavailable",
        Error::OutcomeUnknown(_) => "outcome_unknown",
        Error::Corrupt { .. } => "corrupt",
        Error::Rejected(_) => "rejected",
        Error::Migration(_) => "migration",
        Error::Closed(_) => "closed",
        Error::Open(_) => "open",
    }
}

/// Every label of `frontdesk_store_errors_total` that a running store can count.
pub(super) const KINDS: [&str; 5] = ["unavailable", "outcome_unknown", "corrupt", "rejected", "closed"];

/// The same error for one more caller of a batch; `sqlx::Error` cannot be cloned.
pub(super) fn copy(error: &Error) -> Error {
    let again = |source: &sqlx::Error| sqlx::Error::Io(std::io::Error::other(source.to_string()));
    match error {
        Error::Unavailable(source) => Error::Unavailable(again(source)),
        Error::OutcomeUnknown(source) => Error::OutcomeUnknown(again(source)),
        Error::Rejected(source) => Error::Rejected(sqlx::Error::Protocol(source.to_string())),
        Error::Corrupt {
            table,
            column,
            id,
            problem,
        } => Error::Corrupt {
            table,
            column,
            id: id.clone(),
            problem: problem.clone(),
        },
        Error::Closed(why) => Error::Closed(why),
        Error::Migration(_) | Error::Open(_) => Error::Open(error.to_string()),
    }
}
