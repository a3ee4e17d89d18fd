//! The checker must be able to fail: a database that is broken on purpose, in one way at a time.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _};

use super::super::load::{Client, Said, Sent};
use super::super::process::{Site, http};
use super::super::support;
use super::{Database, copy};

/// What is done to the database, and the rule that must notice.
const CORRUPTIONS: &[(&str, &str)] = &[
    ("UPDATE inbox SET state = 0, turn_id = NULL WHERE n = 2", "every accepted message is answered"),
    ("UPDATE inbox SET message_id = 'forged' WHERE n = 2", "every acknowledged message is in the inbox exactly once"),
    (
        "INSERT INTO inbox (channel, account, message_id, business_id, participant_id, conversation_id, text,
                            received_at)
         SELECT channel, account, 'forged', business_id, participant_id, conversation_id, 'hi', received_at
         FROM inbox LIMIT 1",
        "every message in the inbox was sent by somebody",
    ),
    ("UPDATE inbox SET text = 'no' WHERE n = 2", "a message is kept as it was sent"),
    ("DELETE FROM messages WHERE seq = 3", "an answered message stands in the transcript exactly once"),
    ("DELETE FROM messages WHERE seq = 2", "a transcript has no gaps"),
    ("UPDATE messages SET content = 'no' WHERE seq = 1", "it stands there as it was sent, under the turn that answered it"),
    ("DELETE FROM inbox WHERE n = 3", "what customers say in the transcript came through the inbox"),
    ("UPDATE conversations SET version = version + 1", "the version of a conversation is the number of its turns"),
    ("UPDATE turns SET version = version + 1 WHERE n = 4", "each turn makes the next version"),
    ("UPDATE turns SET version = 9 WHERE n = 1", "every turn belongs to a conversation, and its answer to its version"),
    ("DELETE FROM turns WHERE n = 2", "the transcript is made of turns"),
    ("UPDATE messages SET turn_id = (SELECT id FROM turns WHERE n = 1)", "every turn stands in the transcript"),
    (
        "UPDATE messages SET turn_id = (SELECT id FROM turns WHERE n = 4) WHERE seq = 3",
        "turns follow one another in the transcript",
    ),
    ("UPDATE sessions SET message_count = message_count + 1", "sessions count their messages"),
    ("DELETE FROM outbox WHERE n = 1", "every reply of an answer is in the outbox, word for word"),
    ("UPDATE outbox SET version = 77 WHERE n = 1", "nothing else is in the outbox"),
    ("UPDATE outbox SET seq = 77 WHERE n = 1", "every reply stands in the transcript at its place"),
    ("UPDATE outbox SET seq = 77 WHERE n = 1", "what the bot says in the transcript came through the outbox"),
    (
        "INSERT INTO outbox (id, conversation_id, business_id, participant_id, version, ordinal, seq, channel, reply, state,
                             due_at, created_at)
         SELECT randomblob(16), conversation_id, business_id, participant_id, version, 77, seq, channel,
                '{\"type\":\"appointment.confirmed\"}', 2, due_at, created_at
         FROM outbox WHERE n = 1",
        "a notice comes from a turn and has no place in the transcript",
    ),
    ("UPDATE outbox SET state = 0 WHERE n = 1", "every reply is sent, under an id of its own"),
    (
        "UPDATE turns SET answer = replace(answer, 'Shall I', 'Will I')",
        "the answer that a sender gets is the one that is stored",
    ),
    (
        "INSERT INTO allocations (appointment_id, business_id, item, service_id, resource_id, seat, starts_at, ends_at,
                                  blocked_from, blocked_until, status)
         SELECT appointment_id, business_id, 1, service_id, resource_id, seat, ends_at, ends_at + 600000000, ends_at,
                ends_at + 600000000, status
         FROM allocations WHERE status = 'confirmed'",
        "no seat is taken twice at one instant, buffers included",
    ),
    (
        "UPDATE allocations SET status = 'cancelled' WHERE status = 'confirmed'",
        "an allocation has its appointment's state, and a seat that exists",
    ),
    (
        "UPDATE allocations SET blocked_until = ends_at WHERE status = 'confirmed'",
        "a live appointment occupies what it spans, with its service's buffer",
    ),
    (
        "UPDATE appointments SET status = 'held', hold_expires_at = 1 WHERE status = 'confirmed'",
        "no promise outlives its end",
    ),
    ("DELETE FROM appointment_events WHERE seq = 1", "the events of an appointment have no gaps"),
    ("UPDATE appointments SET version = version + 1", "the last event of an appointment is what it is"),
    ("UPDATE appointment_events SET kind = 'booked' WHERE kind = 'held'", "what was confirmed was promised before"),
    (
        "UPDATE appointment_events SET turn_id = NULL WHERE kind = 'moved'",
        "what a customer changed was changed by a turn of theirs, which says so",
    ),
    (
        "UPDATE appointment_events SET kind = 'held' WHERE kind = 'cancelled'",
        "who reads that something is booked, moved or cancelled, has it so",
    ),
    (
        "UPDATE appointment_events SET kind = 'held', turn_id = NULL WHERE kind = 'confirmed'",
        "the appointments of an answer were changed by its turn",
    ),
];

#[tokio::test]
async fn the_checker_notices_every_kind_of_damage() {
    let mut site = Site::new();
    let log = write_to(&mut site).await;
    let file = site.database();
    damage_is_noticed(&mut site, &file, &log).await;
}

#[tokio::test]
async fn the_checker_notices_every_kind_of_damage_in_a_copy_of_a_postgres_database() {
    let database = support::postgres::Database::new().await;
    let mut site = Site::on(&database.url());
    let log = write_to(&mut site).await;
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("copy.db");
    assert_eq!(copy::copy(&database.url(), &file).await, []);
    damage_is_noticed(&mut site, &file, &log).await;
}

/// The file is fine, and no more so once it is damaged.
async fn damage_is_noticed(site: &mut Site, file: &Path, log: &[Sent]) {
    // Promises that ran out were ended by the sweep of the last process; the checker looks a little later.
    site.let_pass(jiff::SignedDuration::from_secs(1));
    let whole = Database::open(file).await;
    whole
        .check(log, &site.now())
        .await
        .assert_none("before any damage");

    for (damage, rule) in CORRUPTIONS {
        let copy = file.with_extension("copy");
        std::fs::copy(file, &copy).unwrap();
        let options = SqliteConnectOptions::new().filename(&copy).foreign_keys(false);
        let mut connection = options.connect().await.unwrap();
        // The database's own guards step aside: what they keep out has to be noticed too.
        let damage = format!(
            "DROP TRIGGER IF EXISTS no_double_booking_insert; DROP TRIGGER IF EXISTS no_double_booking_update; {damage}"
        );
        sqlx::raw_sql(AssertSqlSafe(damage.clone()))
            .execute(&mut connection)
            .await
            .unwrap();
        sqlx::Connection::close(connection).await.unwrap();

        let report = Database::open(&copy).await.check(log, &site.now()).await;
        let rules: Vec<_> = report.0.iter().map(|violation| violation.rule).collect();
        assert!(
            rules.contains(rule),
            "{damage}\nwas to break {rule:?}, but broke\n{report}"
        );
        for leftover in ["copy", "copy-wal", "copy-shm"] {
            let _ = std::fs::remove_file(file.with_extension(leftover));
        }
    }
}

/// What is done to the log.
type Spoil = fn(&mut Vec<Sent>);

#[tokio::test]
async fn the_checker_notices_what_people_were_told_wrongly() {
    let mut site = Site::new();
    let log = write_to(&mut site).await;
    let database = Database::open(&site.database()).await;
    let spoiled = |spoil: Spoil| {
        let mut log = log.clone();
        spoil(&mut log);
        log
    };
    let cases: [(&str, Spoil); 5] = [
        ("every message in the inbox was sent by somebody", |log| {
            drop(log.remove(1));
        }),
        ("an answer is called a duplicate only when it is one", |log| {
            set(&mut log[1], 0, "duplicate", true.into());
        }),
        ("who asks again is told that it is a duplicate", |log| {
            log[1].said = vec![log[1].said[0].clone(); 2];
        }),
        ("an answer names its message", |log| {
            set(&mut log[1], 0, "message_id", "other".into());
        }),
        (
            "what was acknowledged earlier stands earlier in the transcript",
            |log| {
                log[4].begun = log[0].begun;
                log[4].acknowledged = Some(log[0].begun);
            },
        ),
    ];
    for (rule, spoil) in cases {
        let report = database.check(&spoiled(spoil), &site.now()).await;
        let rules: Vec<_> = report.0.iter().map(|violation| violation.rule).collect();
        assert!(
            rules.contains(&rule),
            "was to break {rule:?}, but broke\n{report}"
        );
    }
}

fn set(sent: &mut Sent, at: usize, field: &str, value: serde_json::Value) {
    if let Said::Answered(answer) = &mut sent.said[at] {
        answer[field] = value;
    }
}

/// A database with a bit of everything, made by the real program, and the log of it.
async fn write_to(site: &mut Site) -> Vec<Sent> {
    let (process, url) = site.start().await;
    let http = http();
    let mut log = Vec::new();
    for (who, text) in [
        ("anna", "gel manicure with Linh on Friday at 2pm"),
        ("anna", "yes"),
        ("anna", "move it to Saturday at 11am"),
        ("anna", "yes"),
        ("anna", "pedicure with Sofia on Friday at 10am"),
        ("anna", "yes"),
        ("anna", "cancel my pedicure"),
        ("anna", "yes"),
    ] {
        let client = Client::new(who.to_owned(), http.clone());
        let sent = client.say_once(&url, &format!("m{}", log.len()), text).await;
        log.push(sent);
    }
    process.stop().await;
    log
}
