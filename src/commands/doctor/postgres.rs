//! What the doctor looks at when the database is a PostgreSQL server.

use std::time::Duration;

use secrecy::SecretString;

use super::Finding::{self, Fine, Odd, Wrong};
use crate::store::Obstacle;
use crate::store::checkup::{self, Condition, Extension, MAJOR_MIN, Schema};

/// Connects and looks; writes nothing.
pub(super) fn examine(url: &SecretString, place: &str, connect_timeout: Duration) -> Vec<Finding> {
    let looked = super::super::runtime().map(|runtime| {
        let looked = runtime.block_on(checkup::examine(url, connect_timeout));
        // A look-up of a name that hangs must not keep the doctor.
        runtime.shutdown_background();
        looked
    });
    match looked {
        Ok(Ok(condition)) => findings(&condition, place),
        Ok(Err(error)) => {
            let Obstacle { problem, fix, .. } = Obstacle::from(&error);
            vec![Wrong {
                problem: format!("{place}: {problem}"),
                fix,
            }]
        }
        Err(error) => vec![Wrong {
            problem: format!("{error:#}"),
            fix: "run this again when the machine has room for a few threads".to_owned(),
        }],
    }
}

fn findings(condition: &Condition, place: &str) -> Vec<Finding> {
    vec![
        version(condition, place),
        encryption(condition),
        extension(condition),
        durability(condition),
        schema(condition),
    ]
}

fn version(condition: &Condition, place: &str) -> Finding {
    let Condition { version, major, .. } = condition;
    if *major < MAJOR_MIN {
        return Wrong {
            problem: format!("{place} is PostgreSQL {version}"),
            fix: format!("upgrade it to {MAJOR_MIN} or later"),
        };
    }
    Fine(format!(
        "{place} answers: PostgreSQL {version} ({MAJOR_MIN} or later is needed)"
    ))
}

fn encryption(condition: &Condition) -> Finding {
    Fine(if condition.encrypted {
        "the connection is encrypted; only sslmode=verify-full makes sure who is at the other end".to_owned()
    } else {
        "the connection is not encrypted; sslmode=verify-full in DATABASE_URL is for servers elsewhere"
            .to_owned()
    })
}

fn extension(condition: &Condition) -> Finding {
    match (condition.btree_gist, condition.may_create) {
        (Extension::Installed, _) => Fine("the extension btree_gist is installed".to_owned()),
        (Extension::Available, true) => {
            Fine("the extension btree_gist is available and will be installed at the start".to_owned())
        }
        (Extension::Available, false) => Wrong {
            problem: "the extension btree_gist is not installed, and this user may not install it".to_owned(),
            fix: "run `CREATE EXTENSION btree_gist` in the database as its owner or a superuser".to_owned(),
        },
        (Extension::Missing, _) => Wrong {
            problem:
                "the extension btree_gist, which keeps a slot from being given twice, is not on the server"
                    .to_owned(),
            fix: "install PostgreSQL's contrib modules there".to_owned(),
        },
    }
}

fn durability(condition: &Condition) -> Finding {
    let synchronous = condition.synchronous_commit.as_str();
    match (condition.fsync, synchronous) {
        (false, _) => Odd(
            "fsync is off: a crash of the machine loses what was acknowledged and can ruin the database; set it to on"
                .to_owned(),
        ),
        (true, "off") => Odd(
            "synchronous_commit is off: a crash of the server loses what was acknowledged; set it to on".to_owned(),
        ),
        (true, _) => Fine(format!(
            "a commit is on the disk before it is acknowledged (fsync=on, synchronous_commit={synchronous})"
        )),
    }
}

fn schema(condition: &Condition) -> Finding {
    let may_not = || Wrong {
        problem: "the schema has to be brought up to date, and this user may not create tables".to_owned(),
        fix: "make the user of DATABASE_URL the owner of the database (`ALTER DATABASE ... OWNER TO ...`)"
            .to_owned(),
    };
    match condition.schema {
        Schema::Current => Fine("the schema is up to date".to_owned()),
        Schema::Fresh | Schema::Behind(_) if !condition.may_create => may_not(),
        Schema::Fresh => Fine("the database is empty and will be filled at the start".to_owned()),
        Schema::Behind(missing) => Fine(format!(
            "the schema is {missing} steps behind and will be brought up to date at the start"
        )),
        Schema::Newer => Wrong {
            problem: "a newer frontdesk has written this database".to_owned(),
            fix: "run that version, or restore an older backup".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> Condition {
        Condition {
            version: "15.14".to_owned(),
            major: 15,
            encrypted: true,
            fsync: true,
            synchronous_commit: "on".to_owned(),
            btree_gist: Extension::Installed,
            may_create: true,
            schema: Schema::Current,
        }
    }

    /// What is said about a server that is not quite sound.
    fn said(change: impl FnOnce(&mut Condition)) -> (usize, usize, String) {
        let mut condition = sound();
        change(&mut condition);
        let (mut wrong, mut odd, mut words) = (0, 0, String::new());
        for finding in findings(&condition, "postgres://db:5432/desk") {
            match finding {
                Fine(_) => {}
                Odd(says) => {
                    odd += 1;
                    words += &says;
                }
                Wrong { problem, fix } => {
                    wrong += 1;
                    words += &format!("{problem}; {fix}");
                }
            }
        }
        (wrong, odd, words)
    }

    #[test]
    fn a_sound_server_is_fine() {
        assert_eq!(said(|_| {}), (0, 0, String::new()));
        let fresh = said(|condition| {
            condition.schema = Schema::Fresh;
            condition.btree_gist = Extension::Available;
        });
        assert_eq!(fresh, (0, 0, String::new()));
    }

    #[test]
    fn what_would_keep_it_from_working_is_wrong_and_what_would_lose_data_is_odd() {
        let check = |change: fn(&mut Condition), wrong, odd, says: &str| {
            let (found_wrong, found_odd, words) = said(change);
            assert_eq!((found_wrong, found_odd), (wrong, odd), "{words}");
            assert!(words.contains(says), "{words}");
        };
        check(|server| server.major = 14, 1, 0, "15 or later");
        check(|server| server.btree_gist = Extension::Missing, 1, 0, "contrib");
        check(|server| server.fsync = false, 0, 1, "fsync is off");
        check(
            |server| server.synchronous_commit = "off".to_owned(),
            0,
            1,
            "synchronous_commit is off",
        );
        check(|server| server.schema = Schema::Newer, 1, 0, "a newer frontdesk");
        check(
            |server| {
                server.may_create = false;
                server.schema = Schema::Behind(1);
            },
            1,
            0,
            "owner of the database",
        );
        check(
            |server| {
                server.may_create = false;
                server.btree_gist = Extension::Available;
            },
            1,
            0,
            "CREATE EXTENSION",
        );
    }

    #[test]
    fn a_server_that_is_not_there_is_wrong_with_what_to_do_and_without_the_password() {
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = gone.local_addr().unwrap().port();
        drop(gone);
        let url = SecretString::from(format!("postgres://ana:hush@127.0.0.1:{port}/desk"));
        let found = examine(&url, "postgres://127.0.0.1/desk", Duration::from_secs(5));
        let [Wrong { problem, fix }] = found.as_slice() else {
            panic!("one thing is wrong");
        };
        assert!(
            problem.contains("refused") && !problem.contains("hush"),
            "{problem}"
        );
        assert!(fix.contains("start PostgreSQL"), "{fix}");
    }
}
