//! `frontdesk doctor`: what would keep frontdesk from serving well, and what to do about it.

mod attachments;
mod llm;
mod postgres;
mod redis;

use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::app::model;
use crate::clock::Clock;
use crate::config::store::Database;
use crate::config::{self, Settings};

/// What a look at one thing showed.
enum Finding {
    Fine(String),
    /// It works, and somebody should know.
    Odd(String),
    Wrong {
        problem: String,
        fix: String,
    },
}

use Finding::{Fine, Odd, Wrong};

/// Looks at everything and writes what it found; `false` when something is wrong.
pub(super) fn run(
    settings: Result<Settings, config::Error>,
    output: &mut impl Write,
) -> std::io::Result<bool> {
    let findings = match settings {
        Ok(settings) => examine(&settings),
        Err(error) => vec![(
            "settings",
            Wrong {
                problem: error.to_string(),
                fix: "correct it in the file or the environment and run this again".to_owned(),
            },
        )],
    };
    let mut wrong = 0;
    for (about, finding) in findings {
        match finding {
            Fine(says) => writeln!(output, "ok     {about}: {says}")?,
            Odd(says) => writeln!(output, "note   {about}: {says}")?,
            Wrong { problem, fix } => {
                wrong += 1;
                writeln!(output, "WRONG  {about}: {problem}\n       fix: {fix}")?;
            }
        }
    }
    match wrong {
        0 => writeln!(output, "\nfrontdesk is ready to serve")?,
        1 => writeln!(output, "\n1 thing to fix")?,
        many => writeln!(output, "\n{many} things to fix")?,
    }
    Ok(wrong == 0)
}

fn examine(settings: &Settings) -> Vec<(&'static str, Finding)> {
    let set: Vec<String> = settings
        .origins()
        .map(|(key, origin)| format!("{key} ({origin})"))
        .collect();
    let mut findings = vec![(
        "settings",
        Fine(if set.is_empty() {
            "all defaults".to_owned()
        } else {
            format!("set: {}", set.join(", "))
        }),
    )];
    findings.extend(
        settings
            .warnings
            .iter()
            .map(|warning| ("settings", Odd(warning.clone()))),
    );
    let mut running = false;
    match &settings.store.database {
        Database::Sqlite { path } => {
            findings.push(("database", folder(path)));
            findings.push(("database", file(path)));
            let (held, finding) = lock(path);
            running = held;
            findings.push(("database", finding));
        }
        Database::Postgres { url, place } => {
            let found = postgres::examine(url, place, settings.store.connect_timeout);
            findings.extend(found.into_iter().map(|finding| ("database", finding)));
        }
    }
    findings.extend(redis::look(settings).map(|finding| ("redis", finding)));
    if let Some(llm) = &settings.understanding.llm {
        let found = llm::look(&model::settings(llm));
        findings.extend(found.into_iter().map(|finding| ("language model", finding)));
    }
    if let Some(place) = &settings.attachments.bucket {
        findings.push(("attachments", attachments::look(place)));
    }
    findings.push(("time zones", time_zones()));
    findings.push(("clock", clock(settings.system_clock().now())));
    findings.push(("port", port(settings.server.listen, running)));
    findings.push((
        "API keys",
        if settings.server.requires_key() {
            Fine(format!("{} set", settings.server.api_keys.len()))
        } else {
            Odd("none set, so frontdesk serves this machine only".to_owned())
        },
    ));
    findings
}

fn folder(database: &Path) -> Finding {
    let folder = match database.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    match written_to(folder) {
        Ok(()) => Fine(format!("{} can be written to", folder.display())),
        Err(error) => Wrong {
            problem: format!("{} cannot be written to: {error}", folder.display()),
            fix: "create the folder, give it to the user that frontdesk runs as, or set DATABASE_URL"
                .to_owned(),
        },
    }
}

/// Permissions, quotas and read-only mounts all show in one way: by trying.
fn written_to(folder: &Path) -> std::io::Result<()> {
    let probe = folder.join(format!(".frontdesk-doctor-{}", std::process::id()));
    let written = File::create_new(&probe).and_then(|mut file| file.write_all(b"probe"));
    // It is not there when it could not be written, which is what the finding says.
    let _ = std::fs::remove_file(&probe);
    written
}

fn file(database: &Path) -> Finding {
    let mut header = [0_u8; 16];
    let opened = File::options().read(true).write(true).open(database);
    match opened.and_then(|mut file| {
        let bytes = file.metadata()?.len();
        if bytes > 0 {
            file.read_exact(&mut header)?;
        }
        Ok(bytes)
    }) {
        Ok(0) => Fine(format!(
            "{} is empty and will be filled at the start",
            database.display()
        )),
        Ok(bytes) if &header == b"SQLite format 3\0" => permissions(database, bytes),
        Ok(_) => Wrong {
            problem: format!("{} is not an SQLite database", database.display()),
            fix: "set DATABASE_URL to another file".to_owned(),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Fine(format!(
            "{} does not exist yet and will be made at the start",
            database.display()
        )),
        Err(error) => Wrong {
            problem: format!("{} cannot be opened: {error}", database.display()),
            fix: "give the file to the user that frontdesk runs as".to_owned(),
        },
    }
}

#[cfg(unix)]
fn permissions(database: &Path, bytes: u64) -> Finding {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(database).map_or(0, |metadata| metadata.permissions().mode());
    if mode & 0o004 == 0 {
        return Fine(format!("{} ({bytes} bytes)", database.display()));
    }
    Odd(format!(
        "every user of this machine can read {} and with it the customers' messages; `chmod 600` it",
        database.display()
    ))
}

#[cfg(not(unix))]
fn permissions(database: &Path, bytes: u64) -> Finding {
    Fine(format!("{} ({bytes} bytes)", database.display()))
}

fn lock(database: &Path) -> (bool, Finding) {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let free = (false, Fine("no other frontdesk uses it".to_owned()));
    let Ok(file) = File::open(&path) else {
        return free;
    };
    match file.try_lock() {
        Ok(()) => free,
        Err(TryLockError::WouldBlock) => (true, Odd("a running frontdesk uses it".to_owned())),
        Err(TryLockError::Error(error)) => (
            false,
            Wrong {
                problem: format!("{} cannot be locked: {error}", path.display()),
                fix: "keep the database on a local disk".to_owned(),
            },
        ),
    }
}

fn time_zones() -> Finding {
    match TimeZone::get("America/New_York") {
        Ok(_) => Fine("the time zone data is there".to_owned()),
        Err(error) => Wrong {
            problem: format!("America/New_York is unknown: {error}"),
            fix: "install the operating system's tzdata".to_owned(),
        },
    }
}

/// The time at which this was written: a machine that says less has not set its clock.
const WRITTEN: &str = "2026-11-01T00:00:00Z";

fn clock(now: Timestamp) -> Finding {
    let written = WRITTEN.parse::<Timestamp>().unwrap_or(Timestamp::UNIX_EPOCH);
    if now < written {
        return Odd(format!("it says {now}, which is before this version was made"));
    }
    Fine(format!("it says {now}"))
}

fn port(listen: SocketAddr, running: bool) -> Finding {
    match TcpListener::bind(listen) {
        Ok(_) => Fine(format!("{listen} is free")),
        Err(error) if running && error.kind() == std::io::ErrorKind::AddrInUse => {
            Odd(format!("{listen} is in use, probably by the running frontdesk"))
        }
        Err(error) => Wrong {
            problem: format!("{listen} cannot be listened on: {error}"),
            fix: "stop the program that uses it, or set FRONTDESK_LISTEN to another port".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(folder: &Path, environment: &[(&str, &str)]) -> (bool, String) {
        let database = format!("sqlite://{}", folder.join("frontdesk.db").display());
        let mut environment: Vec<(String, String)> = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        environment.push(("DATABASE_URL".to_owned(), database));
        if !environment.iter().any(|(name, _)| name == "FRONTDESK_LISTEN") {
            environment.push(("FRONTDESK_LISTEN".to_owned(), "127.0.0.1:0".to_owned()));
        }
        let settings = Settings::parse(Path::new("frontdesk.toml"), "", environment);
        let mut output = Vec::new();
        let healthy = run(settings, &mut output).unwrap();
        (healthy, String::from_utf8(output).unwrap())
    }

    #[test]
    fn a_fresh_folder_is_ready() {
        let folder = tempfile::tempdir().unwrap();
        let (healthy, said) = report(folder.path(), &[]);
        assert!(healthy, "{said}");
        assert!(said.ends_with("frontdesk is ready to serve\n"), "{said}");
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            0,
            "the doctor leaves nothing behind"
        );
    }

    #[test]
    fn a_missing_folder_and_a_taken_port_are_named_with_their_fix() {
        let folder = tempfile::tempdir().unwrap();
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let (healthy, said) = report(&folder.path().join("absent"), &[("FRONTDESK_LISTEN", &address)]);
        assert!(!healthy);
        assert!(said.contains("fix: create the folder"), "{said}");
        assert!(said.contains("fix: stop the program that uses it"), "{said}");
        assert!(said.ends_with("2 things to fix\n"), "{said}");
    }

    #[test]
    fn a_file_that_is_no_database_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("frontdesk.db"), "a shopping list, by mistake").unwrap();
        let (healthy, said) = report(folder.path(), &[]);
        assert!(!healthy && said.contains("is not an SQLite database"), "{said}");
    }

    #[test]
    fn a_running_frontdesk_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let held = File::create(folder.path().join("frontdesk.db.lock")).unwrap();
        held.try_lock().unwrap();
        let (healthy, said) = report(folder.path(), &[]);
        assert!(healthy && said.contains("a running frontdesk uses it"), "{said}");
    }

    #[test]
    fn wrong_settings_are_the_first_thing_to_fix() {
        let folder = tempfile::tempdir().unwrap();
        let (healthy, said) = report(folder.path(), &[("MAX_CACHE_SIZE", "many")]);
        assert!(!healthy && said.contains("MAX_CACHE_SIZE"), "{said}");
    }

    #[test]
    fn a_clock_that_was_never_set_is_noticed() {
        assert!(matches!(clock(Timestamp::UNIX_EPOCH), Odd(_)));
        assert!(matches!(clock("2027-01-01T00:00:00Z".parse().unwrap()), Fine(_)));
    }
}
