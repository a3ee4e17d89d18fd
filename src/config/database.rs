//! `DATABASE_URL`: which database, and how a wrong URL is refused without repeating what may be a password.

use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;
use sqlx::postgres::PgConnectOptions;

/// A database, as its URL names it. Prints without user and password.
#[derive(Clone)]
pub enum Database {
    /// `sqlite://PATH`: an embedded database in one file.
    Sqlite {
        /// The file.
        path: PathBuf,
    },
    /// `postgres://USER:PASSWORD@HOST:PORT/NAME`: a server.
    Postgres {
        /// The URL as it was written.
        url: SecretString,
        /// Host, port and name: what may be shown.
        place: String,
    },
}

/// What a URL looks like.
const SHAPE: &str = "write sqlite://PATH, for example sqlite://frontdesk.db (a database in memory would forget what it \
                     has acknowledged), or postgres://USER:PASSWORD@HOST:PORT/NAME";

/// How characters that have a meaning in a URL are written in a name or a password.
const ESCAPES: &str =
    "in a user name or password, write % as %25, / as %2F, ? as %3F, # as %23, @ as %40 and : as %3A";

/// What may follow the `?` of a PostgreSQL URL: what sqlx understands. It would skip anything else, and a wish for
/// more security must not be skipped.
const PARAMETERS: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// `allow` is missing on purpose: sqlx would never encrypt, and the word promises more.
const SSL_MODES: [&str; 5] = ["disable", "prefer", "require", "verify-ca", "verify-full"];

impl Database {
    /// Reads a URL.
    ///
    /// # Errors
    /// What is wrong and what to write; never a part of the URL that could be a password.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text
            .strip_prefix("sqlite://")
            .or_else(|| text.strip_prefix("sqlite:"))
        {
            let path = path.split('?').next().unwrap_or_default();
            if path.is_empty() || path == ":memory:" {
                return Err(format!("this is not a file; {SHAPE}"));
            }
            return Ok(Self::Sqlite { path: path.into() });
        }
        let rest = text
            .strip_prefix("postgres://")
            .or_else(|| text.strip_prefix("postgresql://"))
            .ok_or_else(|| format!("this is not the URL of a database that frontdesk knows; {SHAPE}"))?;
        check_characters(rest)?;
        let query = rest.split_once('?').map_or("", |(_, query)| query);
        for (name, value) in query
            .split('&')
            .filter(|part| !part.is_empty())
            .map(|part| part.split_once('=').unwrap_or((part, "")))
        {
            check_parameter(name, value)?;
        }
        let options: PgConnectOptions = text
            .parse()
            .map_err(|_| format!("this is not the URL of a PostgreSQL database; {SHAPE} ({ESCAPES})"))?;
        Ok(Self::Postgres {
            url: SecretString::from(text),
            place: place(&options),
        })
    }
}

/// A character that was not escaped moves the border between password and host, and a piece of the password would be
/// shown as a host or a name.
fn check_characters(rest: &str) -> Result<(), String> {
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let beyond = &rest[authority.len()..];
    if rest.contains('#') || beyond.contains('@') || authority.matches('@').count() > 1 {
        return Err(format!("a character of this URL has to be escaped: {ESCAPES}"));
    }
    Ok(())
}

fn check_parameter(name: &str, value: &str) -> Result<(), String> {
    let known = PARAMETERS.contains(&name) || name.starts_with("options[");
    if !known {
        return Err(format!(
            "`{name}` after the ? is not known; remove it (known are, among others, sslmode, sslrootcert, host and options)"
        ));
    }
    let ssl_mode = matches!(name, "sslmode" | "ssl-mode");
    if ssl_mode && !SSL_MODES.contains(&value.to_ascii_lowercase().as_str()) {
        return Err(format!(
            "this sslmode is not known; write {}",
            SSL_MODES.join(", ")
        ));
    }
    Ok(())
}

fn place(options: &PgConnectOptions) -> String {
    // Without a name the server takes the user's, which is not ours to show.
    let database = options.get_database().unwrap_or_default();
    match options.get_socket() {
        Some(folder) => format!(
            "postgres://{}:{}/{database}",
            folder.display(),
            options.get_port()
        ),
        None => format!(
            "postgres://{}:{}/{database}",
            options.get_host(),
            options.get_port()
        ),
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path } => write!(f, "sqlite://{}", path.display()),
            Self::Postgres { place, .. } => f.write_str(place),
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_shown_by_host_port_and_name() {
        for (url, shown) in [
            (
                "postgres://ana:hush@db.example:6432/frontdesk",
                "postgres://db.example:6432/frontdesk",
            ),
            (
                "postgresql://ana:hush@db.example:5432/frontdesk?sslmode=verify-full&sslrootcert=ca.pem",
                "postgres://db.example:5432/frontdesk",
            ),
            (
                "postgres://ana:hu%2Fsh%40@127.0.0.1:5432/desk?options[search_path]=one",
                "postgres://127.0.0.1:5432/desk",
            ),
            (
                "postgres:///desk?host=/run/postgresql&port=5433&user=ana&password=hush",
                "postgres:///run/postgresql:5433/desk",
            ),
        ] {
            let database = Database::parse(url).unwrap();
            assert_eq!(database.to_string(), shown);
            assert_eq!(format!("{database:?}"), shown);
        }
    }

    #[test]
    fn a_wrong_url_says_what_to_write_and_never_what_was_written() {
        for (url, says) in [
            ("mysql://ana:hush@h/d", "write sqlite://PATH"),
            ("frontdesk.db", "write sqlite://PATH"),
            ("sqlite://", "this is not a file"),
            ("sqlite::memory:", "this is not a file"),
            (
                "postgres://ana:hush@h:port/d",
                "not the URL of a PostgreSQL database",
            ),
            ("postgres://ana:hush/1@h/d", "/ as %2F"),
            ("postgres://ana:12/hush@h/d", "/ as %2F"),
            ("postgres://ana:12?hush@h/d", "? as %3F"),
            ("postgres://ana:12#hush@h/d", "# as %23"),
            ("postgres://ana:12@hush@h/d", "@ as %40"),
            ("postgres://ana:hush@h/d?sslmode=always", "verify-full"),
            (
                "postgres://ana:hush@h/d?sslmode=allow",
                "disable, prefer, require",
            ),
            (
                "postgres://ana:hush@h/d?channel_binding=require",
                "`channel_binding`",
            ),
        ] {
            let said = Database::parse(url).unwrap_err();
            assert!(said.contains(says), "{url}: {said}");
            assert!(!said.contains("hush"), "{said}");
        }
    }
}
