//! A look at a PostgreSQL server from outside: whether it answers, and whether it is fit to keep the truth.
//! Changes nothing.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

use super::opening::{in_time, of_connection};
use super::{Error, Result, migrations};

/// What a server says about itself and the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The version in words, for example `15.14 (Debian 15.14-0+deb12u1)`.
    pub version: String,
    /// The major version.
    pub major: u32,
    /// Whether the connection is encrypted.
    pub encrypted: bool,
    /// The setting `fsync`.
    pub fsync: bool,
    /// The setting `synchronous_commit`.
    pub synchronous_commit: String,
    /// The extension that refuses to give a slot twice.
    pub btree_gist: Extension,
    /// Whether the user may create tables and extensions.
    pub may_create: bool,
    /// How far the schema is.
    pub schema: Schema,
}

/// How an extension stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extension {
    /// In the database.
    Installed,
    /// On the server; the first start puts it into the database.
    Available,
    /// Not on the server.
    Missing,
}

/// How far a database is migrated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// Nothing was created yet.
    Fresh,
    /// So many migrations are missing; the next start runs them.
    Behind(usize),
    /// As this version wants it.
    Current,
    /// A newer frontdesk has been here: this version cannot use it.
    Newer,
}

/// The oldest version that works.
pub const MAJOR_MIN: u32 = 15;

/// Makes one connection and closes it.
///
/// # Errors
/// The true reason why the server cannot be reached; a pool would only say that time ran out.
pub async fn reach(url: &SecretString, connect_timeout: Duration) -> Result<()> {
    let connection = connect(url, connect_timeout).await?;
    // The server notices a closed connection by itself; saying goodbye is a courtesy.
    let _ = in_time(connect_timeout, connection.close()).await;
    Ok(())
}

/// Looks at a server and a database.
///
/// # Errors
/// When it cannot be reached, or does not answer within `connect_timeout`.
pub async fn examine(url: &SecretString, connect_timeout: Duration) -> Result<Condition> {
    let mut connection = connect(url, connect_timeout).await?;
    let condition = in_time(connect_timeout, ask(&mut connection)).await?;
    let _ = in_time(connect_timeout, connection.close()).await;
    Ok(condition)
}

async fn connect(url: &SecretString, limit: Duration) -> Result<PgConnection> {
    let options: PgConnectOptions = url
        .expose_secret()
        .parse()
        // The error could repeat the password.
        .map_err(|_| Error::Open("the URL of the database cannot be read (DATABASE_URL)".to_owned()))?;
    let over_a_socket = options.get_socket().is_some();
    let options = options.application_name("frontdesk").disable_statement_logging();
    in_time(limit, options.connect())
        .await
        .map_err(|error| of_connection(error, over_a_socket))
}

const ASK: &str = "
SELECT
    current_setting('server_version') AS version,
    current_setting('server_version_num')::int AS version_number,
    COALESCE((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS encrypted,
    current_setting('fsync') AS fsync,
    current_setting('synchronous_commit') AS synchronous_commit,
    EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'btree_gist') AS extension_available,
    EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'btree_gist') AS extension_installed,
    has_database_privilege(current_database(), 'CREATE')
        AND COALESCE(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create,
    to_regclass('_sqlx_migrations') IS NOT NULL AS migrated
";

async fn ask(connection: &mut PgConnection) -> Result<Condition, sqlx::Error> {
    let said = sqlx::query(ASK).fetch_one(&mut *connection).await?;
    let schema = if said.try_get("migrated")? {
        let applied: Vec<i64> = sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success")
            .fetch_all(&mut *connection)
            .await?;
        stands(&applied)
    } else {
        Schema::Fresh
    };
    let version_number: i32 = said.try_get("version_number")?;
    Ok(Condition {
        version: said.try_get("version")?,
        major: u32::try_from(version_number / 10_000).unwrap_or(0),
        encrypted: said.try_get("encrypted")?,
        fsync: said.try_get::<&str, _>("fsync")? == "on",
        synchronous_commit: said.try_get("synchronous_commit")?,
        btree_gist: match (
            said.try_get("extension_installed")?,
            said.try_get("extension_available")?,
        ) {
            (true, _) => Extension::Installed,
            (false, true) => Extension::Available,
            (false, false) => Extension::Missing,
        },
        may_create: said.try_get("may_create")?,
        schema,
    })
}

/// How far the database is that has these migrations; both kinds of database have the same ones.
pub(super) fn stands(applied: &[i64]) -> Schema {
    let known = migrations::POSTGRES.map(|(version, _, _)| version);
    let missing = known.iter().filter(|version| !applied.contains(version)).count();
    if applied.iter().any(|version| !known.contains(version)) {
        Schema::Newer
    } else if applied.is_empty() {
        Schema::Fresh
    } else if missing > 0 {
        Schema::Behind(missing)
    } else {
        Schema::Current
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_fresh_behind_current_or_from_the_future() {
        let all: Vec<i64> = migrations::POSTGRES
            .iter()
            .map(|(version, ..)| *version)
            .collect();
        assert_eq!(stands(&[]), Schema::Fresh);
        assert_eq!(stands(&all[..1]), Schema::Behind(all.len() - 1));
        assert_eq!(stands(&all), Schema::Current);
        assert_eq!(
            stands(&[all.as_slice(), &[29_990_101_000_000]].concat()),
            Schema::Newer
        );
    }
}
