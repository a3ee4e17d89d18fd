//! Why a database cannot be opened: whether waiting helps, and what somebody should do.
//!
//! Only what comes and goes by itself is waited for: a server that is starting, restarting, failing over or full, and
//! a network that is down. What needs a person's hand ends the start at once, with a sentence that says which.

use std::io::ErrorKind;

use sqlx::migrate::MigrateError;

use super::Error;

/// What stands in the way of opening a database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}; {fix}")]
pub struct Obstacle {
    /// What is wrong, without any password.
    pub problem: String,
    /// What to do about it.
    pub fix: String,
    /// Whether it may go away by itself.
    pub passes: bool,
}

impl From<&Error> for Obstacle {
    fn from(error: &Error) -> Self {
        let (problem, passes, fix) = match error {
            Error::Unavailable(source) | Error::OutcomeUnknown(source) | Error::Rejected(source) => {
                (said_by(source), comes_back(source), fix_of(source))
            }
            Error::Migration(error) => {
                let (passes, fix) = migration(error);
                (error.to_string(), passes, fix)
            }
            Error::Closed(_) => (error.to_string(), false, "start frontdesk again"),
            // The sentence says it already.
            Error::Open(_) | Error::Corrupt { .. } => {
                (error.to_string(), false, "correct that and start again")
            }
        };
        Self {
            problem,
            fix: fix.to_owned(),
            passes,
        }
    }
}

/// What happened, in the words of whoever knows it best.
fn said_by(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::Tls(error) => format!("no encrypted connection: {error}"),
        error => error.to_string(),
    }
}

/// Whether the server may be back without anybody's doing.
fn comes_back(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => !is_certificate(error),
        sqlx::Error::PoolTimedOut | sqlx::Error::BeginFailed | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            // Connection lost, rolled back, out of resources, shut down or starting; a lock that somebody holds, and a
            // standby that is not promoted yet.
            matches!(code.get(..2), Some("08" | "40" | "53" | "57")) || matches!(&*code, "55P03" | "25006")
        }
        _ => false,
    }
}

/// rustls reports certificates that it does not believe as data that it cannot read.
pub(super) fn is_certificate(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::InvalidData
}

fn fix_of(error: &sqlx::Error) -> &'static str {
    const REACH: &str = "start PostgreSQL there, or correct host and port in DATABASE_URL";
    const TLS: &str = "correct sslmode and sslrootcert in DATABASE_URL: `require` encrypts, `verify-full` also checks \
                       the server's certificate against sslrootcert and the authorities that this machine trusts";
    match error {
        sqlx::Error::Tls(_) => TLS,
        sqlx::Error::Io(error) if is_certificate(error) => TLS,
        sqlx::Error::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused | ErrorKind::NotFound => REACH,
            ErrorKind::TimedOut => {
                "look whether a firewall or a wrong host in DATABASE_URL is in the way; store.connect_timeout_ms says \
                 how long an answer may take"
            }
            _ => "look whether host and port in DATABASE_URL are right and PostgreSQL runs there",
        },
        sqlx::Error::PoolTimedOut => REACH,
        sqlx::Error::Protocol(_) => {
            "another program than PostgreSQL answers there; correct host and port in DATABASE_URL"
        }
        sqlx::Error::Database(error) => match &*error.code().unwrap_or_default() {
            "28P01" => "correct the user name or the password in DATABASE_URL",
            "28000" => {
                "let the user in (pg_hba.conf, and the role must exist and may log in), or correct DATABASE_URL"
            }
            "3D000" => "create the database (`createdb`), or correct its name in DATABASE_URL",
            "42501" => OWNER,
            "53300" => "raise max_connections of PostgreSQL, or lower store.readers and store.committers",
            "57P03" => "it is starting or stopping; nothing has to be done",
            "25006" => "it is a standby; it has to be promoted, or DATABASE_URL has to name the primary",
            _ => "the log of PostgreSQL says more",
        },
        _ => "`frontdesk doctor` looks at everything",
    }
}

const OWNER: &str = "make the user of DATABASE_URL the owner of the database (`ALTER DATABASE ... OWNER TO ...`), so \
                     that it may create tables and the extension btree_gist";

fn migration(error: &MigrateError) -> (bool, &'static str) {
    match error {
        MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => {
            let code = match source {
                sqlx::Error::Database(error) => error.code().unwrap_or_default().into_owned(),
                _ => String::new(),
            };
            let fix = match code.as_str() {
                "42501" => OWNER,
                "0A000" | "58P01" => {
                    "install the extension btree_gist on the server (PostgreSQL's contrib modules)"
                }
                "42P07" | "42710" => "give frontdesk a database of its own; this one holds other things",
                _ => "nothing of the failed step was kept; correct the cause and start again",
            };
            (comes_back(source), fix)
        }
        MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => (
            false,
            "a newer frontdesk has written it; run that version, or restore an older backup",
        ),
        MigrateError::VersionMismatch(_) => (
            false,
            "another build of frontdesk has written it; run that one, or give this one a database of its own",
        ),
        _ => (false, "restore a backup, or give frontdesk a new database"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn io(kind: ErrorKind) -> sqlx::Error {
        sqlx::Error::Io(kind.into())
    }

    #[test]
    fn what_comes_and_goes_is_waited_for_and_the_rest_is_not() {
        for (error, passes, says) in [
            (
                Error::Unavailable(io(ErrorKind::ConnectionRefused)),
                true,
                "start PostgreSQL",
            ),
            (Error::Unavailable(io(ErrorKind::TimedOut)), true, "firewall"),
            (
                Error::Unavailable(io(ErrorKind::UnexpectedEof)),
                true,
                "host and port",
            ),
            (
                Error::Unavailable(sqlx::Error::PoolTimedOut),
                true,
                "start PostgreSQL",
            ),
            (
                Error::Unavailable(io(ErrorKind::InvalidData)),
                false,
                "sslrootcert",
            ),
            (
                Error::Unavailable(sqlx::Error::Tls("no TLS".into())),
                false,
                "sslmode",
            ),
            (
                Error::Rejected(sqlx::Error::Protocol("HTTP".into())),
                false,
                "another program",
            ),
            (Error::Open("in use".into()), false, "start again"),
            (
                Error::Migration(MigrateError::VersionMissing(3)),
                false,
                "a newer frontdesk",
            ),
            (
                Error::Migration(MigrateError::VersionMismatch(3)),
                false,
                "another build",
            ),
            (
                Error::Migration(MigrateError::Execute(io(ErrorKind::ConnectionReset))),
                true,
                "start again",
            ),
        ] {
            let obstacle = Obstacle::from(&error);
            assert_eq!(obstacle.passes, passes, "{error:?}");
            assert!(obstacle.fix.contains(says), "{obstacle}");
        }
    }
}
