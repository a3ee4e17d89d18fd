//! A PostgreSQL database as an SQLite file, so that one set of rules is enough for both.
//!
//! Every table and every column is copied, in one snapshot; a column that the rules could not see is an error here.
//! What only PostgreSQL can break is asked there.

use std::collections::BTreeMap;
use std::path::Path;

use frontdesk::store::Store as _;
use frontdesk::store::sqlite::{Options, SqliteStore};
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection, Row as _,
    SqliteConnection,
};

use super::Violation;

/// What the rules look things up by. The product needs none of these, and a long run has tens of thousands of rows.
const LOOKUPS: &str = "
    CREATE INDEX check_outbox_version ON outbox (conversation_id, version, ordinal);
    CREATE INDEX check_outbox_seq ON outbox (conversation_id, seq);
    CREATE INDEX check_inbox_message ON inbox (conversation_id, message_id);
    CREATE INDEX check_messages_turn ON messages (turn_id, conversation_id);
    CREATE INDEX check_messages_message ON messages (conversation_id, message_id);
    CREATE INDEX check_messages_session ON messages (session_id);
    CREATE INDEX check_turns_version ON turns (conversation_id, version);
    CREATE INDEX check_events_turn ON appointment_events (turn_id);
    ANALYZE;";

/// Tables that one of the two databases has alone, about itself.
const OWN: [&str; 4] = ["_sqlx_migrations", "imports", "writer", "writers"];

/// What PostgreSQL itself has to say, without the indexes that its constraints rely on: one row a violation.
const RULES: &[(&str, &str)] = &[
    (
        "PostgreSQL: no seat is taken twice at one instant",
        "SELECT a.resource_id || ' ' || a.seat || ': ' || a.appointment_id || ' and ' || b.appointment_id
         FROM allocations a JOIN allocations b
             ON b.business_id = a.business_id AND b.resource_id = a.resource_id AND b.seat = a.seat AND b.id > a.id
            AND b.blocked && a.blocked
         WHERE a.status IN ('held', 'pending', 'confirmed', 'checked_in')
           AND b.status IN ('held', 'pending', 'confirmed', 'checked_in')",
    ),
    (
        "PostgreSQL: the version of a conversation is the number of its turns",
        "SELECT COALESCE(c.id, t.id) || ': version ' || COALESCE(c.version, 0) || ', turns ' || COALESCE(t.turns, 0)
         FROM conversations c
         FULL JOIN (SELECT conversation_id AS id, COUNT(*) AS turns FROM turns GROUP BY conversation_id) t USING (id)
         WHERE c.version IS DISTINCT FROM t.turns",
    ),
];

/// How a value travels.
#[derive(Clone, Copy)]
enum Kind {
    Number,
    Text,
    Bytes,
}

struct Column {
    name: String,
    /// What PostgreSQL is asked for.
    expression: String,
    kind: Kind,
}

/// Copies the database at `url` into `file`, and gives back what PostgreSQL says is broken.
pub(super) async fn copy(url: &str, file: &Path) -> Vec<Violation> {
    let mut from = PgConnection::connect(url).await.unwrap();
    let mut to = empty(file).await;
    from.execute(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL enable_indexscan = off;
         SET LOCAL enable_bitmapscan = off; SET LOCAL enable_indexonlyscan = off",
    )
    .await
    .unwrap();
    let tables = tables(&mut from, &mut to).await;
    to.execute("BEGIN").await.unwrap();
    for (table, columns) in &tables {
        copy_table(&mut from, &mut to, table, columns).await;
    }
    to.execute("COMMIT").await.unwrap();
    to.execute(LOOKUPS).await.unwrap();
    to.close().await.unwrap();
    let mut found = Vec::new();
    for (rule, sql) in RULES {
        let rows = sqlx::query(*sql).fetch_all(&mut from).await.unwrap();
        found.extend(rows.iter().map(|row| Violation {
            rule,
            what: row.get(0),
        }));
    }
    from.close().await.unwrap();
    found
}

/// An SQLite database with all tables, nothing in them, and none of its guards on duty: what they keep out has to be
/// noticed by the rules.
async fn empty(file: &Path) -> SqliteConnection {
    let store = SqliteStore::open(&Options::new(file.to_str().unwrap()))
        .await
        .unwrap();
    store.close().await;
    let options = SqliteConnectOptions::new().filename(file).foreign_keys(false);
    let mut connection = options.connect().await.unwrap();
    let guards = "PRAGMA ignore_check_constraints = ON;
                  DROP TRIGGER no_double_booking_insert; DROP TRIGGER no_double_booking_update";
    connection.execute(guards).await.unwrap();
    connection
}

/// Every table with its columns, as both databases have them.
async fn tables(from: &mut PgConnection, to: &mut SqliteConnection) -> BTreeMap<String, Vec<Column>> {
    let theirs = "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
                  WHERE table_schema = 'public' ORDER BY ordinal_position";
    let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for row in sqlx::query(theirs).fetch_all(from).await.unwrap() {
        let (table, column, kind): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        if !OWN.contains(&table.as_str()) {
            tables.entry(table).or_default().extend(columns(&column, &kind));
        }
    }
    let ours = "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c
                WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'";
    let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in sqlx::query(ours).fetch_all(to).await.unwrap() {
        let (table, column): (String, String) = (row.get(0), row.get(1));
        // Turns are numbered in SQLite alone, as they come.
        let is_own = OWN.contains(&table.as_str()) || (table.as_str(), column.as_str()) == ("turns", "n");
        if !is_own {
            wanted.entry(table).or_default().push(column);
        }
    }
    let mut copied: BTreeMap<String, Vec<String>> = tables
        .iter()
        .map(|(table, columns)| (table.clone(), columns.iter().map(|c| c.name.clone()).collect()))
        .collect();
    for names in copied.values_mut().chain(wanted.values_mut()) {
        names.sort();
    }
    assert_eq!(copied, wanted, "the two schemas have grown apart");
    tables
}

/// What a column of PostgreSQL is in SQLite.
fn columns(name: &str, kind: &str) -> Vec<Column> {
    let micros = |time: &str| format!("(extract(epoch FROM {time}) * 1000000)::bigint");
    let column = |name: &str, expression, kind| Column {
        name: name.to_owned(),
        expression,
        kind,
    };
    let quoted = format!("\"{name}\"");
    match kind {
        "uuid" => vec![column(name, format!("uuid_send({quoted})"), Kind::Bytes)],
        "timestamp with time zone" => vec![column(name, micros(&quoted), Kind::Number)],
        "tstzrange" => [("from", "lower"), ("until", "upper")]
            .map(|(end, function)| {
                let expression = micros(&format!("{function}({quoted})"));
                column(&format!("{name}_{end}"), expression, Kind::Number)
            })
            .into(),
        "boolean" => vec![column(name, format!("{quoted}::int::bigint"), Kind::Number)],
        "smallint" | "integer" | "bigint" => vec![column(name, format!("{quoted}::bigint"), Kind::Number)],
        "text" | "jsonb" => vec![column(name, format!("{quoted}::text"), Kind::Text)],
        other => panic!("{name} is a {other}; say what that is in SQLite"),
    }
}

async fn copy_table(from: &mut PgConnection, to: &mut SqliteConnection, table: &str, columns: &[Column]) {
    let listed = |item: fn(&Column) -> String| columns.iter().map(item).collect::<Vec<_>>().join(", ");
    let order = match table {
        "turns" => " ORDER BY committed_at, version",
        _ => "",
    };
    let read = format!(
        "SELECT {} FROM {table}{order}",
        listed(|column| column.expression.clone())
    );
    let write = format!(
        "INSERT INTO {table} ({}) VALUES ({})",
        listed(|column| column.name.clone()),
        listed(|_| "?".to_owned())
    );
    let rows: Vec<PgRow> = sqlx::query(AssertSqlSafe(read)).fetch_all(from).await.unwrap();
    for row in rows {
        let mut insert = sqlx::query(AssertSqlSafe(write.clone()));
        for (at, column) in columns.iter().enumerate() {
            insert = match column.kind {
                Kind::Number => insert.bind(row.get::<Option<i64>, _>(at)),
                Kind::Text => insert.bind(row.get::<Option<String>, _>(at)),
                Kind::Bytes => insert.bind(row.get::<Option<Vec<u8>>, _>(at)),
            };
        }
        let written = insert.execute(&mut *to).await;
        written.unwrap_or_else(|error| panic!("a row of {table} is not what SQLite would take: {error}"));
    }
}
