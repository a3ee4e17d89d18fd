//! The migrations, embedded. `migrations/README.md` has the rules for writing one.

use std::borrow::Cow;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// A file of `migrations/`: its version, what it does, its text.
pub(super) type File = (i64, &'static str, &'static str);

/// The files of `migrations/$folder`. A test compares them with the folder.
macro_rules! files {
    ($folder:literal) => {
        [
            files!($folder, 20261120000000, "businesses"),
            files!($folder, 20261120000100, "conversations"),
            files!($folder, 20261120000200, "appointments"),
            files!($folder, 20261127000000, "dropped_messages"),
            files!($folder, 20261128000000, "imports"),
            files!($folder, 20261201000000, "channels"),
            files!($folder, 20261202000000, "attachments"),
            files!($folder, 20261203000000, "writers"),
            files!($folder, 20261204000000, "early_receipts"),
            files!($folder, 20261204000100, "redactions"),
            files!($folder, 20261204000200, "link_tokens"),
        ]
    };
    ($folder:literal, $version:literal, $what:literal) => {
        (
            $version,
            $what,
            include_str!(concat!(
                "../../migrations/",
                $folder,
                "/",
                stringify!($version),
                "_",
                $what,
                ".sql"
            )),
        )
    };
}

/// For SQLite.
pub(super) const SQLITE: [File; 11] = files!("sqlite");
/// For PostgreSQL: the same versions, the same logical shape.
pub(super) const POSTGRES: [File; 11] = files!("postgres");

/// Runs these files.
///
/// They are written out instead of found by `sqlx::migrate!`, because that macro pulls in the compile-time checking of
/// queries, which the stores do without.
pub(super) fn migrator(files: &[File]) -> Migrator {
    let migrations = files
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
    Migrator::with_migrations(migrations)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_folder(name: &str) -> Vec<String> {
        let folder = format!("{}/migrations/{name}", env!("CARGO_MANIFEST_DIR"));
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        files
    }

    #[test]
    fn every_file_is_embedded_and_there_for_both() {
        let embedded: Vec<String> = SQLITE
            .iter()
            .map(|(version, what, _)| format!("{version}_{what}.sql"))
            .collect();
        assert_eq!(embedded, in_folder("sqlite"));
        assert_eq!(embedded, in_folder("postgres"));
    }
}
