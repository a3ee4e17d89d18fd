//! What is not imported, and what whoever tries it is told.

use frontdesk::store::import::Error;
use sqlx::Executor as _;

use super::*;

/// An installation with one conversation.
async fn small(folder: &TempDir, name: &str) -> std::path::PathBuf {
    let file = folder.path().join(name);
    let store = sqlite_store(&file).await;
    store.put_business(&salon(), "{}", at("08:00")).await.unwrap();
    committed(&store, turn(&pair("ana"), 0)).await;
    store.close().await;
    file
}

async fn refusal(file: &Path, database: &Database) -> String {
    match open(file, database).await {
        Err(error) => error.to_string(),
        Ok(_) => panic!("it should have been refused"),
    }
}

#[tokio::test]
async fn a_file_that_is_none_of_ours_is_refused() {
    let folder = TempDir::new().unwrap();
    let database = Database::new().await;
    let absent = folder.path().join("absent.db");
    assert!(refusal(&absent, &database).await.contains("there is no file"));
    assert!(!folder.path().join("absent.db.lock").exists());
    let text = folder.path().join("notes.txt");
    std::fs::write(
        &text,
        "no database at all, but long enough for somebody to look\n".repeat(20),
    )
    .unwrap();
    assert!(
        refusal(&text, &database)
            .await
            .contains("is not a database that frontdesk has written")
    );

    let old = small(&folder, "old.db").await;
    let mut connection = sqlite(&old).await;
    for (statement, says) in [
        (
            "DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)",
            "frontdesk migrate",
        ),
        (
            "UPDATE _sqlx_migrations SET version = version + 1",
            "newer frontdesk",
        ),
    ] {
        connection.execute(statement).await.unwrap();
        let refused = refusal(&old, &database).await;
        assert!(refused.contains(says), "{refused}");
    }
}

#[tokio::test]
async fn whoever_is_at_work_on_either_side_is_to_be_stopped_first() {
    let mut site = Site::new();
    let database = Database::new().await;
    let (process, _) = site.start().await;
    let output = program(&site.database(), &database, &[]).output().await.unwrap();
    let (code, _, why) = said(&output);
    assert_eq!(code, Some(1));
    assert!(why.contains("a running server owns this file: stop it"), "{why}");
    process.stop().await;

    let server = postgres_store(&database).await;
    server.figures().await.unwrap();
    let refused = refusal(&site.database(), &database).await;
    assert!(
        refused.contains("a frontdesk is at work on this database"),
        "{refused}"
    );
    server.close().await;

    let first = open(&site.database(), &database).await.unwrap();
    let folder = TempDir::new().unwrap();
    let other = small(&folder, "other.db").await;
    let refused = refusal(&other, &database).await;
    assert!(refused.contains("another import is at work"), "{refused}");
    drop(first);
    let refused = refusal(&other, &database).await;
    assert!(refused.contains("another installation"), "{refused}");
}

#[tokio::test]
async fn a_database_that_is_not_empty_stays_as_it_is() {
    let folder = TempDir::new().unwrap();
    let file = small(&folder, "frontdesk.db").await;
    for who in [demo(), salon()] {
        let database = Database::new().await;
        let store = postgres_store(&database).await;
        store.put_business(&who, "{}", at("08:00")).await.unwrap();
        if who == demo() {
            // A demo that somebody has changed is theirs.
            store.put_business(&who, "{\"a\":1}", at("08:00")).await.unwrap();
        }
        store.close().await;
        let refused = refusal(&file, &database).await;
        assert!(refused.contains("the database is not empty"), "{refused}");
        let store = postgres_store(&database).await;
        assert_eq!(store.businesses().await.unwrap(), [who]);
        store.close().await;
    }
}

#[tokio::test]
async fn a_database_with_the_untouched_demo_counts_as_empty() {
    let folder = TempDir::new().unwrap();
    let file = small(&folder, "frontdesk.db").await;
    let database = Database::new().await;
    let store = postgres_store(&database).await;
    let document = r#"{"services":[{"id":"cut","name":"Cut"}],"staff":[{"id":"zoe","name":"Zoe"}]}"#;
    store.put_business(&demo(), document, at("08:00")).await.unwrap();
    store.close().await;
    imported(&file, &database).await;
    let store = postgres_store(&database).await;
    assert_eq!(store.businesses().await.unwrap(), [salon()]);
    store.close().await;
}

#[tokio::test]
async fn a_file_that_went_on_is_not_mixed_with_what_it_was() {
    let folder = TempDir::new().unwrap();
    let file = small(&folder, "frontdesk.db").await;
    let database = Database::new().await;
    let mut import = open(&file, &database).await.unwrap();
    assert!(!import.copy(|_| ControlFlow::Break(())).await.unwrap());
    drop(import);
    let store = sqlite_store(&file).await;
    committed(&store, turn(&pair("ana"), 1)).await;
    store.close().await;
    let refused = refusal(&file, &database).await;
    assert!(
        refused.contains("was written to after its import had begun"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_double_booking_is_named_and_nothing_of_its_batch_is_written() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("frontdesk.db");
    furnish(&file).await;
    let mut connection = sqlite(&file).await;
    connection
        .execute("DROP TRIGGER no_double_booking_insert")
        .await
        .unwrap();
    connection
        .execute(
            "INSERT INTO allocations (appointment_id, business_id, item, service_id, resource_id, seat, starts_at,
                                      ends_at, blocked_from, blocked_until, status)
             SELECT appointment_id, business_id, 9, service_id, resource_id, seat, starts_at, ends_at, blocked_from,
                    blocked_until, status
             FROM allocations WHERE status = 'held'",
        )
        .await
        .unwrap();
    let database = Database::new().await;
    let mut import = open(&file, &database).await.unwrap();
    let error = import.copy(|_| ControlFlow::Continue(())).await.unwrap_err();
    let held = hold("dora", "linh", "10:00", "10:30").id;
    let Error::Refused { table, row, problem } = error else {
        panic!("{error}");
    };
    assert_eq!(table, "allocations");
    assert!(row.contains(&held.to_string()), "{row}");
    assert!(problem.contains("no_double_booking"), "{problem}");
    drop(import);
    let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM allocations")
        .fetch_one(&mut postgres(&database).await)
        .await
        .unwrap();
    assert_eq!(rows, 0);

    // Corrected, it goes on.
    connection
        .execute("DELETE FROM allocations WHERE item = 9")
        .await
        .unwrap();
    drop(connection);
    let mut import = open(&file, &database).await.unwrap();
    assert_eq!(import.standing(), Standing::GoesOn);
    assert!(import.copy(|_| ControlFlow::Continue(())).await.unwrap());
    finished(import).await;
}
