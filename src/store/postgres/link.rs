//! A connection that one writing task owns, made again when it breaks.

use std::future::Future;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

/// The way to the database of one task that nobody cancels.
pub(in crate::store) struct Link {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
    connect_limit: Duration,
    /// How long one statement may take before the connection counts as broken. Longer than the database's own limit,
    /// so that it is only reached when the network is gone.
    statement_limit: Duration,
}

impl Link {
    pub(super) const fn new(
        options: PgConnectOptions,
        connect_limit: Duration,
        statement_limit: Duration,
    ) -> Self {
        Self {
            options,
            connection: None,
            connect_limit,
            statement_limit,
        }
    }

    /// The limit for one statement.
    pub(super) const fn statement_limit(&self) -> Duration {
        self.statement_limit
    }

    /// The connection, made if there is none.
    pub(super) async fn get(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => limited(self.connect_limit, self.options.connect()).await?,
        };
        Ok(self.connection.insert(connection))
    }

    /// Gives the connection up: nobody knows what state it is in.
    pub(super) fn broke(&mut self) {
        self.connection = None;
    }

    pub(super) async fn close(self) {
        if let Some(connection) = self.connection {
            // The server notices by itself, too.
            let _ = limited(self.connect_limit, connection.close()).await;
        }
    }
}

/// Waits for the database, but not for ever. Whoever meets the limit must give the connection up.
pub(super) async fn limited<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        let what = "the database did not answer in time";
        Err(sqlx::Error::Io(std::io::Error::new(
            std::io::ErrorKind::TimedOut,
            what,
        )))
    })
}
