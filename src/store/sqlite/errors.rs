//! What an error of SQLite means: try again, give up, or "somebody else has the slot".

use sqlx::error::DatabaseError;
use sqlx::sqlite::SqliteError;

use crate::store::Error;

/// What the triggers of `allocations` say when a seat is taken.
const TAKEN: &str = "no_double_booking";

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remedy {
    /// It may pass: the file is locked, the disk is full, the connection is gone.
    TryAgain,
    /// The data or the statement is at fault.
    GiveUp,
}

fn remedy(error: &sqlx::Error) -> Remedy {
    match error {
        sqlx::Error::Database(database) => {
            let code: i32 = database
                .try_downcast_ref::<SqliteError>()
                .and_then(DatabaseError::code)
                .and_then(|code| code.parse().ok())
                .unwrap_or(0);
            // The low byte is the primary result code: PERM, BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, CORRUPT,
            // FULL, CANTOPEN, PROTOCOL, NOTADB. None of them says anything about the data at hand.
            match code & 0xff {
                3 | 5..=11 | 13..=15 | 26 => Remedy::TryAgain,
                _ => Remedy::GiveUp,
            }
        }
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => Remedy::TryAgain,
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
    matches!(error, Error::Rejected(sqlx::Error::Database(database)) if database.message() == TAKEN)
}

/// Whether trying the same again may help.
pub(super) fn may_pass(error: &Error) -> bool {
    matches!(error, Error::Unavailable(_))
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
