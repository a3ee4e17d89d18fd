//! Opening a database that may not be there yet: again and again, as long as waiting can help.

use std::future::Future;
use std::time::Duration;

use super::obstacle::Obstacle;
use super::retry::Pauses;
use super::{Error, Result};

/// Opens a store; tries again while what stands in the way may pass, for at most `patience` (for ever without one).
/// `meets` hears of every obstacle that waiting may remove.
///
/// # Errors
/// What stands in the way and does not pass, or did not pass in time.
pub async fn until_open<S, F>(
    mut open: impl FnMut() -> F,
    patience: Option<Duration>,
    mut meets: impl FnMut(&Obstacle),
) -> Result<S, Obstacle>
where
    F: Future<Output = Result<S>>,
{
    let mut pauses = Pauses::of_a_start(patience);
    loop {
        let obstacle = match open().await {
            Ok(store) => return Ok(store),
            Err(error) => Obstacle::from(&error),
        };
        if !obstacle.passes {
            return Err(obstacle);
        }
        meets(&obstacle);
        if !pauses.wait().await {
            return Err(obstacle);
        }
    }
}

/// Waits for a connection, and says why there is none in words that can be acted on.
///
/// # Errors
/// As the connection's; no answer in time is an error of input and output.
pub(super) async fn in_time<T>(
    limit: Duration,
    connect: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    tokio::time::timeout(limit, connect).await.unwrap_or_else(|_| {
        let silence = std::io::Error::new(
            std::io::ErrorKind::TimedOut,
            format!("no answer within {} ms", limit.as_millis()),
        );
        Err(sqlx::Error::Io(silence))
    })
}

/// The error of a connection that was asked for, told apart where sqlx says only "input and output".
pub(super) fn of_connection(error: sqlx::Error, over_a_socket: bool) -> Error {
    use std::io::ErrorKind::{NotFound, PermissionDenied};
    match error {
        // Over a network, only the certificates that the URL names are files.
        sqlx::Error::Io(error) if !over_a_socket && matches!(error.kind(), NotFound | PermissionDenied) => {
            Error::Open(format!(
                "a file that DATABASE_URL names (sslrootcert, sslcert or sslkey) cannot be read: {error}"
            ))
        }
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::io::ErrorKind;

    use tokio::time::Instant;

    use super::*;

    fn refused() -> Error {
        Error::Unavailable(sqlx::Error::Io(ErrorKind::ConnectionRefused.into()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_comes_up_later_is_waited_for() {
        let mut tries = 0;
        let mut met = Vec::new();
        let opened = until_open(
            || {
                tries += 1;
                let result = if tries < 100 { Err(refused()) } else { Ok("open") };
                async { result }
            },
            None,
            |obstacle| met.push(obstacle.clone()),
        );
        assert_eq!(opened.await.unwrap(), "open");
        assert_eq!(met.len(), 99);
        assert!(met.iter().all(|obstacle| obstacle.passes));
    }

    #[tokio::test(start_paused = true)]
    async fn tries_become_rare_and_never_stop() {
        let tries = RefCell::new(Vec::new());
        let opened = until_open(
            || {
                tries.borrow_mut().push(Instant::now());
                async { Err::<(), _>(refused()) }
            },
            None,
            |_| {},
        );
        let day = tokio::time::timeout(Duration::from_secs(24 * 3600), opened);
        assert!(day.await.is_err(), "it has not given up");
        let tries = tries.into_inner();
        // On average every 5 s once the pauses have grown to at most 10 s.
        assert!(
            (8_000..40_000).contains(&tries.len()),
            "{} tries a day",
            tries.len()
        );
        let longest = tries.windows(2).map(|two| two[1] - two[0]).max();
        assert!(longest <= Some(Duration::from_secs(11)), "{longest:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_waiting_cannot_heal_is_said_at_once() {
        let mut tries = 0;
        let opened = until_open(
            || {
                tries += 1;
                async { Err::<(), _>(Error::Open("the file is in use".to_owned())) }
            },
            None,
            |obstacle| panic!("{obstacle}"),
        );
        assert_eq!(opened.await.unwrap_err().problem, "the file is in use");
        assert_eq!(tries, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_obstacle_that_becomes_final_ends_the_waiting() {
        let mut tries = 0;
        let opened = until_open(
            || {
                tries += 1;
                let error = if tries < 5 {
                    refused()
                } else {
                    Error::Migration(sqlx::migrate::MigrateError::VersionMissing(7))
                };
                async { Err::<(), _>(error) }
            },
            None,
            |_| {},
        );
        assert!(!opened.await.unwrap_err().passes);
        assert_eq!(tries, 5);
    }

    #[tokio::test(start_paused = true)]
    async fn patience_has_an_end() {
        let begun = Instant::now();
        let limit = Duration::from_secs(8);
        let opened = until_open(|| async { Err::<(), _>(refused()) }, Some(limit), |_| {});
        assert!(opened.await.unwrap_err().passes);
        assert!(begun.elapsed() <= limit);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_says_nothing_is_not_waited_for_for_ever() {
        let silent = in_time(Duration::from_secs(5), std::future::pending::<Result<(), _>>());
        let obstacle = Obstacle::from(&Error::from(silent.await.unwrap_err()));
        assert!(
            obstacle.passes && obstacle.problem.contains("no answer within 5000 ms"),
            "{obstacle}"
        );
    }
}
