//! The migrations, embedded. `migrations/README.md` has the rules for writing one.

use std::borrow::Cow;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{SqlSafeStr as _, SqlitePool};

/// Every file of `migrations/sqlite`: version, what it does, text. A test compares this list with the folder.
const FILES: [(i64, &str, &str); 3] = [
    (
        20261120000000,
        "businesses",
        include_str!("../../../migrations/sqlite/20261120000000_businesses.sql"),
    ),
    (
        20261120000100,
        "conversations",
        include_str!("../../../migrations/sqlite/20261120000100_conversations.sql"),
    ),
    (
        20261120000200,
        "appointments",
        include_str!("../../../migrations/sqlite/20261120000200_appointments.sql"),
    ),
];

/// Brings the database up to date. The caller holds the file's lock, so that nobody else does the same.
///
/// The list is written out instead of found by `sqlx::migrate!`, because that macro pulls in the compile-time checking of
/// queries, which this store does without. A pool, because a future that migrates a bare connection is not `Send`.
pub(super) async fn run(database: &SqlitePool) -> Result<(), MigrateError> {
    let migrations = FILES
        .iter()
        .map(|&(version, what, sql)| {
            Migration::new(
                version,
                Cow::Borrowed(what),
                MigrationType::Simple,
                sql.into_sql_str(),
                false,
            )
        })
        .collect();
    Migrator::with_migrations(migrations).run(database).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite");
        let mut in_folder: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        in_folder.sort();
        let embedded: Vec<String> = FILES
            .iter()
            .map(|(version, what, _)| format!("{version}_{what}.sql"))
            .collect();
        assert_eq!(embedded, in_folder);
    }
}
