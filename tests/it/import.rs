//! An installation moves from SQLite to PostgreSQL: all of it, once, however often it is interrupted.

mod installation;
mod refused;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Arc;

use frontdesk::store::import::tables::{LEFT_OUT, TABLES};
use frontdesk::store::import::{self, Comparison, Import, Options, Progress, Standing};
use frontdesk::store::postgres::PostgresStore;
use frontdesk::store::sqlite::SqliteStore;
use frontdesk::store::{Acceptance, AppointmentQuery, HoldOutcome, Store, sqlite};
use frontdesk::types::BusinessId;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;
use tokio::process::Command;

use self::installation::{add_history, furnish};
use super::process::{BUSINESS, Site, eventually, http};
use super::store_contract::given::{at, committed, hold, id, message, pair, placed, salon, turn, visit};
use super::support::postgres::Database;

/// Enough to compare every conversation of a test.
const ALL: u32 = 100_000;

fn demo() -> BusinessId {
    BusinessId::new(BUSINESS).unwrap()
}

fn now() -> Timestamp {
    at("12:00")
}

async fn open(file: &Path, database: &Database) -> import::Result<Import> {
    let url = SecretString::from(database.url());
    let options = Options {
        file,
        url: &url,
        connect_timeout: std::time::Duration::from_secs(5),
    };
    Import::open(&options, &demo(), now()).await
}

/// Imports without an interruption.
async fn imported(file: &Path, database: &Database) -> Comparison {
    let mut import = open(file, database).await.unwrap();
    assert_eq!(import.standing(), Standing::Begins);
    assert!(import.copy(|_| ControlFlow::Continue(())).await.unwrap());
    finished(import).await
}

async fn finished(mut import: Import) -> Comparison {
    let comparison = import.compare(ALL).await.unwrap();
    assert!(comparison.is_equal(), "{comparison:#?}");
    import.finish(now()).await.unwrap();
    comparison
}

/// The real program with `DATABASE_URL` naming the database.
fn program(file: &Path, database: &Database, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
    command
        .arg("import-sqlite")
        .arg(file)
        .args(arguments)
        .current_dir(file.parent().unwrap())
        .env_clear()
        .env("DATABASE_URL", database.url())
        .kill_on_drop(true);
    command
}

fn said(output: &Output) -> (Option<i32>, &str, &str) {
    let text = |bytes| std::str::from_utf8(bytes).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

async fn sqlite_store(file: &Path) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(&sqlite::Options::file(file)).await.unwrap())
}

async fn postgres_store(database: &Database) -> Arc<dyn Store> {
    Arc::new(PostgresStore::open(&database.options()).await.unwrap())
}

async fn sqlite(file: &Path) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite://{}", file.display()))
        .await
        .unwrap()
}

async fn postgres(database: &Database) -> PgConnection {
    PgConnection::connect(&database.url()).await.unwrap()
}

#[tokio::test]
async fn every_table_and_column_of_both_databases_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("frontdesk.db");
    sqlite_store(&file).await.close().await;
    let database = Database::new().await;

    let named = |in_sqlite: bool| -> BTreeSet<String> {
        let columns = TABLES.iter().flat_map(|table| {
            table.columns.iter().flat_map(move |column| {
                let names = if in_sqlite {
                    column.in_sqlite()
                } else {
                    std::slice::from_ref(&column.0)
                };
                names.iter().map(move |name| format!("{}.{name}", table.name))
            })
        });
        columns.collect()
    };
    let there = |columns: Vec<(String, String)>| -> BTreeSet<String> {
        let copied = |(table, column): &(String, String)| {
            !LEFT_OUT.contains(&table.as_str()) && !LEFT_OUT.contains(&format!("{table}.{column}").as_str())
        };
        let columns = columns.into_iter().filter(copied);
        columns
            .map(|(table, column)| format!("{table}.{column}"))
            .collect()
    };
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT tables.name, columns.name FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
         WHERE tables.type = 'table'",
    )
    .fetch_all(&mut sqlite(&file).await)
    .await
    .unwrap();
    assert_eq!(there(columns), named(true), "name it in store/import/tables.rs");
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = 'public'",
    )
    .fetch_all(&mut postgres(&database).await)
    .await
    .unwrap();
    assert_eq!(there(columns), named(false), "name it in store/import/tables.rs");
}

#[tokio::test]
async fn an_installation_moves_and_the_conversations_go_on() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("frontdesk.db");
    furnish(&file).await;
    let database = Database::new().await;
    let comparison = imported(&file, &database).await;
    for table in &comparison.tables {
        assert!(table.sqlite > 0, "the test must fill {}", table.name);
    }
    assert!(comparison.conversations >= 4 && comparison.messages >= 12);

    let before = sqlite_store(&file).await;
    let after = postgres_store(&database).await;
    // What the store says, in its own words.
    let everything = AppointmentQuery {
        limit: 100,
        ..AppointmentQuery::default()
    };
    let appointments = before.appointments(&salon(), &everything).await.unwrap();
    assert!(appointments.len() >= 4);
    assert_eq!(
        after.appointments(&salon(), &everything).await.unwrap(),
        appointments
    );
    for appointment in &appointments {
        assert_eq!(
            after.appointment_events(&salon(), appointment.id).await.unwrap(),
            before.appointment_events(&salon(), appointment.id).await.unwrap()
        );
    }
    assert_eq!(after.figures().await.unwrap(), before.figures().await.unwrap());
    assert_eq!(
        after.waiting(&salon(), 10).await.unwrap(),
        before.waiting(&salon(), 10).await.unwrap()
    );
    assert_eq!(
        after.business(&salon()).await.unwrap(),
        before.business(&salon()).await.unwrap()
    );
    let changes = |store: Arc<dyn Store>| async move {
        let mut changes = store.calendar_changes(&salon(), 0, at("00:00")).await.unwrap();
        changes.appointments.sort_by_key(|appointment| appointment.id.0);
        changes
    };
    assert_eq!(changes(after.clone()).await, changes(before.clone()).await);
    for who in ["ana", "ben", "cleo", "dora", "eve"] {
        let ours = |store: Arc<dyn Store>| async move { store.open(&pair(who), None).await.unwrap() };
        assert_eq!(ours(after.clone()).await, ours(before.clone()).await, "{who}");
        let letters = |store: Arc<dyn Store>| async move {
            let mut receipts = Vec::new();
            for name in ["m1", "m2", "m3", "late"] {
                receipts.push(store.receipt(&message(&pair(who), name).key).await.unwrap());
            }
            receipts
        };
        assert_eq!(
            letters(after.clone()).await,
            letters(before.clone()).await,
            "{who}"
        );
    }
    before.close().await;

    // A message that was answered is a duplicate; the next turn has the next version and number.
    let again = after.accept(vec![message(&pair("ana"), "m1")]).await.unwrap();
    assert!(matches!(again[0], Acceptance::Duplicate), "{again:?}");
    let version = after.open(&pair("ana"), None).await.unwrap().version();
    committed(&after, turn(&pair("ana"), version)).await;
    let said = after
        .messages(pair("ana").conversation(), None, 100)
        .await
        .unwrap();
    let numbers: Vec<u64> = said.iter().map(|entry| entry.seq).collect();
    assert_eq!(numbers, (1..=2 * version + 2).collect::<Vec<_>>());
    // What comes in now stands behind what came before.
    after
        .accept(vec![message(&pair("dora"), "newest")])
        .await
        .unwrap();
    let waiting = after.open(&pair("dora"), None).await.unwrap().pending;
    let names: Vec<&str> = waiting
        .iter()
        .map(|message| message.key.message_id.as_str())
        .collect();
    assert_eq!(names, ["late", "newest"]);
    // A promised slot is kept, and a booked one is taken.
    let wanted = hold("eve", "linh", "10:00", "10:30");
    assert_eq!(placed(&after, wanted, "09:01").await, HoldOutcome::Taken);
    let wanted = hold("eve", "mai", "12:00", "12:30");
    assert_eq!(placed(&after, wanted, "09:01").await, HoldOutcome::Taken);
    let wanted = hold("eve", "mai", "17:00", "17:30");
    assert!(matches!(
        placed(&after, wanted, "09:01").await,
        HoldOutcome::Held(_)
    ));
    after.close().await;
}

#[tokio::test]
async fn an_import_that_is_interrupted_after_every_batch_copies_the_same() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("frontdesk.db");
    furnish(&file).await;
    add_history(&file, 2_500).await;
    let database = Database::new().await;

    let mut runs = 0;
    let mut seen: Vec<Progress> = Vec::new();
    loop {
        runs += 1;
        let mut import = open(&file, &database).await.unwrap();
        let mut batches = 0;
        let all = import
            .copy(|progress| {
                // A table without a rest is told of again.
                if progress.is_done() && seen.last() == Some(&progress) {
                    return ControlFlow::Continue(());
                }
                seen.push(progress);
                batches += 1;
                ControlFlow::Break(())
            })
            .await
            .unwrap();
        assert_eq!(batches, i32::from(!all));
        if all {
            finished(import).await;
            break;
        }
        drop(import);
        let refused = PostgresStore::open(&database.options())
            .await
            .unwrap_err()
            .to_string();
        assert!(refused.contains("frontdesk import-sqlite"), "{refused}");
    }
    assert!(runs > TABLES.len(), "{runs} runs");
    let parts: Vec<u64> = seen
        .iter()
        .filter(|progress| progress.table == "messages")
        .map(|progress| progress.rows)
        .collect();
    assert!(parts.len() >= 3 && parts.is_sorted(), "{parts:?}");

    let second = open(&file, &database).await.unwrap();
    assert_eq!(second.standing(), Standing::Finished(now()));
    postgres_store(&database).await.close().await;
}

#[tokio::test]
async fn a_killed_import_goes_on_where_it_was() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("frontdesk.db");
    furnish(&file).await;
    add_history(&file, 40_000).await;
    let database = Database::new().await;
    let mut books = postgres(&database).await;
    let mut kills = 0;
    for table in ["messages", "inbox"] {
        let mut child = program(&file, &database, &[])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        eventually("the import is in the middle", || async {
            let mut books = postgres(&database).await;
            let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM imports WHERE at_table = $1)")
                .bind(table)
                .fetch_one(&mut books)
                .await
                .unwrap();
            there.then_some(())
        })
        .await;
        // SIGKILL.
        child.kill().await.unwrap();
        let finished: bool = sqlx::query_scalar("SELECT finished_at IS NOT NULL FROM imports")
            .fetch_one(&mut books)
            .await
            .unwrap();
        kills += i32::from(!finished);
    }
    assert!(
        kills > 0,
        "on this machine the import is over before it can be killed"
    );
    let output = program(&file, &database, &[]).output().await.unwrap();
    let (code, shown, progress) = said(&output);
    assert_eq!(code, Some(0), "{shown}{progress}");
    assert!(progress.contains("it goes on"), "{progress}");
    assert!(shown.contains("All is equal"), "{shown}");
    let output = program(&file, &database, &[]).output().await.unwrap();
    let (code, shown, _) = said(&output);
    assert_eq!(code, Some(0));
    assert!(shown.contains("there is nothing to do"), "{shown}");
    let output = program(&file, &database, &["--check", "--sample", "1000"])
        .output()
        .await
        .unwrap();
    let (code, shown, _) = said(&output);
    assert_eq!(code, Some(0), "{shown}");
}

#[tokio::test]
async fn what_differs_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("frontdesk.db");
    furnish(&file).await;
    let database = Database::new().await;
    imported(&file, &database).await;
    let mut changing = postgres(&database).await;
    for statement in [
        // Of the same length, so that only a look at the words finds it.
        "UPDATE messages SET content = translate(content, 'a', 'e') WHERE seq = 1",
        "DELETE FROM handoffs",
    ] {
        sqlx::query(statement).execute(&mut changing).await.unwrap();
    }
    let output = program(&file, &database, &["--check"]).output().await.unwrap();
    let (code, shown, _) = said(&output);
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("seq 1): content"), "{shown}");
    let handoffs = shown.lines().find(|line| line.starts_with("handoffs")).unwrap();
    assert!(handoffs.contains("DIFFERENT"), "{shown}");
    assert!(shown.ends_with("The two sides differ.\n"), "{shown}");
    assert!(!shown.contains("menicure"), "no word of a customer is shown");
}

async fn post(url: &str, text: &str, message_id: &str) -> Value {
    let body = json!({
        "business_id": BUSINESS, "participant_id": "anna", "text": text, "message_id": message_id,
    });
    let response = http()
        .post(format!("{url}/v1/messages"))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

#[tokio::test]
async fn a_customer_does_not_notice_that_the_desk_has_moved() {
    let mut site = Site::new();
    let (process, url) = site.start().await;
    let first = post(&url, "gel manicure with Linh on friday at 2pm, I'm Anna", "m1").await;
    assert_eq!(first["goals"][0]["state"], "confirming", "{first}");
    process.kill().await;

    // The killed server left its write-ahead log; the first start on the server left the demo business.
    let database = Database::new().await;
    site.settings.push(("DATABASE_URL", database.url()));
    let (process, _) = site.start().await;
    process.stop().await;
    let output = program(&site.database(), &database, &[]).output().await.unwrap();
    let (code, shown, progress) = said(&output);
    assert_eq!(code, Some(0), "{shown}{progress}");
    assert!(progress.contains("conversations 1 / 1"), "{progress}");
    assert!(shown.contains("1 conversations chosen at random"), "{shown}");

    let (process, url) = site.start().await;
    let again = post(&url, "gel manicure with Linh on friday at 2pm, I'm Anna", "m1").await;
    assert_eq!(
        (&again["duplicate"], &again["version"], &again["replies"]),
        (&json!(true), &first["version"], &first["replies"])
    );
    let second = post(&url, "yes", "m2").await;
    assert_eq!(
        second["version"].as_u64().unwrap(),
        first["version"].as_u64().unwrap() + 1
    );
    assert_eq!(second["appointments"][0]["status"], "confirmed", "{second}");
    process.stop().await;
}
