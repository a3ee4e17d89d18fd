//! What cannot be seen through the [`Store`] trait.

use std::sync::atomic::Ordering;

use jiff::Timestamp;

use super::{Options, SqliteStore};
use crate::store::{Acceptance, Error, Inbound, MessageKey, Store as _};
use crate::types::{BusinessId, Channel, MessageId, ParticipantId};

fn message(name: &str) -> Inbound {
    Inbound {
        key: MessageKey {
            channel: Channel::Api,
            account: "salon/ana".to_owned(),
            message_id: MessageId::new(name).unwrap(),
        },
        business: BusinessId::new("salon").unwrap(),
        participant: ParticipantId::new("ana").unwrap(),
        text: "hello".to_owned(),
        attachments: None,
        address: None,
        sent_at: None,
        received_at: Timestamp::UNIX_EPOCH,
        trace: None,
    }
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_looked_up_and_not_repeated() {
    let store = SqliteStore::open(&Options::new("sqlite::memory:")).await.unwrap();
    store.lose_commit_answers.store(1, Ordering::SeqCst);
    // Carried out twice, the message would be its own duplicate.
    assert_eq!(
        store.accept(vec![message("m1")]).await.unwrap(),
        [Acceptance::New]
    );
    assert_eq!(store.lose_commit_answers.load(Ordering::SeqCst), 0);
    assert_eq!(
        store.accept(vec![message("m1")]).await.unwrap(),
        [Acceptance::Duplicate]
    );
}

#[test]
fn a_store_whose_writer_died_says_so() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = runtime
        .block_on(SqliteStore::open(&Options::new("sqlite::memory:")))
        .unwrap();
    // Takes the writer's task with it.
    drop(runtime);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let refused = runtime.block_on(store.accept(vec![message("m1")]));
    assert!(matches!(refused, Err(Error::Closed(_))), "{refused:?}");
}

#[tokio::test]
async fn a_locked_file_is_waited_for() {
    use sqlx::ConnectOptions as _;
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("frontdesk.db");
    let store = SqliteStore::open(&Options::file(&path)).await.unwrap();
    let mut other = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(&path)
        .connect()
        .await
        .unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let mut accepting = std::pin::pin!(store.accept(vec![message("m1")]));
    assert!(futures_util::poll!(accepting.as_mut()).is_pending());
    sqlx::query("COMMIT").execute(&mut other).await.unwrap();
    assert_eq!(accepting.await.unwrap(), [Acceptance::New]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_database_is_for_its_owner_only_and_an_old_one_stays_as_it_is() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("frontdesk.db");
    let mode = |end: &str| {
        let file = dir.path().join(format!("frontdesk.db{end}"));
        std::fs::metadata(file).unwrap().permissions().mode() & 0o777
    };
    let store = SqliteStore::open(&Options::file(&path)).await.unwrap();
    store.accept(vec![message("m1")]).await.unwrap();
    assert_eq!([mode(""), mode("-wal"), mode("-shm")], [0o600; 3]);
    store.close().await;

    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let store = SqliteStore::open(&Options::file(&path)).await.unwrap();
    store.accept(vec![message("m2")]).await.unwrap();
    assert_eq!([mode(""), mode("-wal"), mode("-shm")], [0o640; 3]);
    store.close().await;
}

#[tokio::test]
async fn a_cell_that_cannot_be_read_is_named() {
    use sqlx::ConnectOptions as _;
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("frontdesk.db");
    let store = SqliteStore::open(&Options::file(&path)).await.unwrap();
    store.accept(vec![message("m1")]).await.unwrap();
    let mut other = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(&path)
        .connect()
        .await
        .unwrap();
    sqlx::query("UPDATE inbox SET channel = 'fax'")
        .execute(&mut other)
        .await
        .unwrap();
    let refused = store.open(&message("m1").pair(), None).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "cannot read inbox.channel of m1: channel must be one of: api, web, terminal, whatsapp, messenger, instagram, \
         telegram, twilio, slack, discord, standard"
    );
}

#[tokio::test]
async fn the_triggers_and_the_hot_statements_use_their_indexes() {
    use sqlx::Row as _;
    let store = SqliteStore::open(&Options::new("sqlite::memory:")).await.unwrap();
    for (query, index) in [
        (
            "EXPLAIN QUERY PLAN SELECT 1 FROM allocations a
             WHERE a.business_id = 'b' AND a.resource_id = 'r' AND a.seat = 1
               AND a.status IN ('held', 'pending', 'confirmed', 'checked_in')
               AND a.blocked_from > 1 AND a.blocked_from < 2 AND a.blocked_until > 1",
            "allocations_live (business_id=? AND resource_id=? AND seat=? AND blocked_from>? AND blocked_from<?)",
        ),
        (
            "EXPLAIN QUERY PLAN SELECT n FROM inbox WHERE conversation_id = x'00' AND state = 0 ORDER BY n LIMIT 50",
            "inbox_pending (conversation_id=?)",
        ),
        (
            "EXPLAIN QUERY PLAN SELECT o.n FROM outbox o
             WHERE o.state IN (0, 1) AND o.due_at <= 1
               AND NOT EXISTS (SELECT 1 FROM outbox e
                               WHERE e.conversation_id = o.conversation_id AND e.channel = o.channel
                                 AND e.account = o.account AND e.state IN (0, 1)
                                 AND (e.version, e.ordinal) < (o.version, o.ordinal))
             ORDER BY o.due_at, o.n LIMIT 10",
            "outbox_unsent_order (conversation_id=? AND channel=? AND account=? AND version<?)",
        ),
        (
            "EXPLAIN QUERY PLAN UPDATE outbox SET state = 3 WHERE id = x'00' AND account <> '' AND state <> 3",
            "outbox_of_accounts (id=?)",
        ),
        (
            "EXPLAIN QUERY PLAN SELECT n FROM deliveries
             WHERE conversation_id = x'00' AND status IN ('sent', 'delivered') AND said_at <= 1",
            "deliveries_open (conversation_id=? AND said_at<?)",
        ),
        (
            "EXPLAIN QUERY PLAN SELECT id FROM appointments WHERE business_id = 'b' AND calendar_version > 7",
            "appointments_changed (business_id=? AND calendar_version>?)",
        ),
    ] {
        let rows = sqlx::query(query).fetch_all(&store.readers).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        assert!(plan.iter().any(|step| step.contains(index)), "{plan:?}");
    }
}

#[tokio::test]
async fn everything_that_can_be_occupied_is_listed_for_operators() {
    let store = SqliteStore::open(&Options::new("sqlite::memory:")).await.unwrap();
    let document = r#"{"staff": [{"id": "ana", "name": "Ana"}], "resources": [{"id": "bay", "kind": "room", "capacity": 2}],
                       "services": [{"id": "cut"}, {"id": "course", "name": "Course", "seats": 3}]}"#;
    let business = BusinessId::new("salon").unwrap();
    store
        .put_business(&business, document, Timestamp::UNIX_EPOCH)
        .await
        .unwrap();
    let seats: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT r.resource_id, r.kind, COUNT(*) FROM resources r JOIN resource_seats s USING (business_id, resource_id)
         GROUP BY r.resource_id ORDER BY r.resource_id",
    )
    .fetch_all(&store.readers)
    .await
    .unwrap();
    let seats: Vec<_> = seats
        .iter()
        .map(|(id, kind, n)| (id.as_str(), kind.as_str(), *n))
        .collect();
    assert_eq!(
        seats,
        [("ana", "staff", 1), ("bay", "room", 2), ("course", "class", 3)]
    );
}

#[tokio::test]
async fn a_closed_store_is_one_file() {
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("frontdesk.db");
    let store = SqliteStore::open(&Options::file(&path)).await.unwrap();
    store.accept(vec![message("m1")]).await.unwrap();
    // A reader is open when the store closes.
    store.ping().await.unwrap();
    store.close().await;
    assert!(
        !path.with_extension("db-wal").exists(),
        "whoever copies the file would copy only half of it"
    );
}
