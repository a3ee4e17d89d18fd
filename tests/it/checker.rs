//! Reads the database that killed processes left, and the log of what people were told, and lists every promise
//! that was broken.
//!
//! It knows nothing of the program's own code: raw SQL on a read-only connection, and what stood in the answers. A
//! PostgreSQL database is copied into an SQLite file first, for the same rules.

mod cached;
mod copy;
mod corruptions;
mod rules;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::Path;

use jiff::{Timestamp, Zoned};
use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Row as _, SqliteConnection};
use tempfile::TempDir;
use tokio::sync::Mutex;

use super::load::{Said, Sent};
use super::process::Site;

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    pub rule: &'static str,
    pub what: String,
}

/// All that were found.
#[derive(Debug)]
pub(crate) struct Report(pub Vec<Violation>);

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Enough of a kind to see what is wrong.
        const EXAMPLES: usize = 5;
        let mut by_rule: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for violation in &self.0 {
            by_rule.entry(violation.rule).or_default().push(&violation.what);
        }
        for (rule, all) in by_rule {
            writeln!(f, "- {rule} ({})", all.len())?;
            for what in all.iter().take(EXAMPLES) {
                writeln!(f, "    {what}")?;
            }
        }
        Ok(())
    }
}

impl Report {
    pub(crate) fn assert_none(&self, when: &str) {
        assert!(
            self.0.is_empty(),
            "{when}: {} promises are broken\n{self}",
            self.0.len()
        );
    }
}

/// A database at rest.
pub(crate) struct Database {
    connection: Mutex<SqliteConnection>,
    /// What was found wrong before the first rule was asked.
    found: Vec<Violation>,
    _folder: Option<TempDir>,
}

/// A message as the inbox has it, with the answer that its turn stored and its place in the transcript.
struct Kept {
    text: String,
    answer: Option<Value>,
    seq: Option<i64>,
}

impl Database {
    pub(crate) async fn open(path: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(path).read_only(true);
        Self {
            connection: Mutex::new(options.connect().await.unwrap()),
            found: Vec::new(),
            _folder: None,
        }
    }

    /// What a PostgreSQL database holds now.
    pub(crate) async fn copy_of(url: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("copy.db");
        let found = copy::copy(url, &file).await;
        Self {
            found,
            _folder: Some(folder),
            ..Self::open(&file).await
        }
    }

    /// What a site's database holds now.
    pub(crate) async fn of(site: &Site) -> Self {
        match site.server() {
            Some(url) => Self::copy_of(url).await,
            None => Self::open(&site.database()).await,
        }
    }

    /// What a question of a test's own finds.
    pub(crate) async fn rows(&self, sql: &'static str) -> Vec<sqlx::sqlite::SqliteRow> {
        let mut connection = self.connection.lock().await;
        sqlx::query(sql).fetch_all(&mut *connection).await.unwrap()
    }

    /// Checks everything. `log` is all that was sent by anybody.
    pub(crate) async fn check(&self, log: &[Sent], now: &Zoned) -> Report {
        let mut found = self.found.clone();
        found.extend(self.check_rows(now.timestamp()).await);
        found.extend(self.check_log(log).await);
        found.sort();
        Report(found)
    }

    /// Checks what a database can tell alone, where nobody kept a log of what was sent.
    pub(crate) async fn check_without_log(&self, now: &Zoned) -> Report {
        let mut found = self.found.clone();
        found.extend(self.check_rows(now.timestamp()).await);
        Report(found)
    }

    async fn check_rows(&self, now: Timestamp) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut connection = self.connection.lock().await;
        for (rule, sql) in rules::RULES {
            let sql = sql.replace("$NOW", &now.as_microsecond().to_string());
            let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *connection).await;
            for row in rows.unwrap_or_else(|error| panic!("{rule}: {error}")) {
                let what = row.get(0);
                found.push(Violation { rule, what });
            }
        }
        found
    }

    async fn inbox(&self) -> HashMap<(String, String), Vec<Kept>> {
        let rows = sqlx::query(
            "SELECT i.participant_id, i.message_id, i.text, t.answer,
                    (SELECT MAX(m.seq) FROM messages m WHERE m.conversation_id = i.conversation_id
                     AND m.direction = 'inbound' AND m.channel = i.channel AND m.message_id = i.message_id)
             FROM inbox i LEFT JOIN turns t ON t.id = i.turn_id",
        )
        .fetch_all(&mut *self.connection.lock().await)
        .await
        .unwrap();
        let mut inbox: HashMap<_, Vec<Kept>> = HashMap::new();
        for row in rows {
            let answer: Option<String> = row.get(3);
            let kept = Kept {
                text: row.get(2),
                answer: answer.map(|json| serde_json::from_str(&json).unwrap()),
                seq: row.get(4),
            };
            inbox.entry((row.get(0), row.get(1))).or_default().push(kept);
        }
        inbox
    }

    async fn check_log(&self, log: &[Sent]) -> Vec<Violation> {
        let inbox = self.inbox().await;
        let mut found = Vec::new();
        let mut sent_by: BTreeMap<&str, Vec<(&Sent, i64)>> = BTreeMap::new();
        let mut unknown: BTreeSet<_> = inbox.keys().collect();
        for sent in log {
            let key = (sent.participant.clone(), sent.message_id.clone());
            unknown.remove(&key);
            let kept = inbox.get(&key).map_or(&[][..], Vec::as_slice);
            check_sent(sent, kept, &mut found);
            if let [Kept { seq: Some(seq), .. }] = kept {
                sent_by.entry(&sent.participant).or_default().push((sent, *seq));
            }
        }
        for (participant, message) in unknown {
            let rule = "every message in the inbox was sent by somebody";
            found.push(Violation {
                rule,
                what: format!("{participant} {message}"),
            });
        }
        for messages in sent_by.values() {
            check_order(messages, &mut found);
        }
        found
    }

    /// Confirmed appointments that begin at an instant with somebody.
    pub(crate) async fn confirmed_at(&self, resource: &str, start: &str) -> i64 {
        let start: Timestamp = start.parse().unwrap();
        sqlx::query(
            "SELECT COUNT(*) FROM appointments a JOIN allocations l ON l.appointment_id = a.id
             WHERE a.status = 'confirmed' AND a.starts_at = $1 AND l.resource_id = $2",
        )
        .bind(start.as_microsecond())
        .bind(resource)
        .fetch_one(&mut *self.connection.lock().await)
        .await
        .unwrap()
        .get(0)
    }

    /// A number that the database knows.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        let row = sqlx::query(sql)
            .fetch_one(&mut *self.connection.lock().await)
            .await;
        row.unwrap().get(0)
    }
}

/// A number that a site's database knows at this moment.
pub(crate) async fn count(site: &Site, sql: &'static str) -> i64 {
    let Some(url) = site.server() else {
        return Database::open(&site.database()).await.count(sql).await;
    };
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query(sql).fetch_one(&mut connection).await.unwrap().get(0)
}

/// One message against what is kept of it.
fn check_sent(sent: &Sent, kept: &[Kept], found: &mut Vec<Violation>) {
    let name = format!("{} {} {:?}", sent.participant, sent.message_id, sent.text);
    let mut broken = |rule, what: String| {
        found.push(Violation {
            rule,
            what: format!("{name}{what}"),
        });
    };
    if sent.is_acknowledged() && kept.len() != 1 {
        let rule = "every acknowledged message is in the inbox exactly once";
        return broken(rule, format!(": {} times", kept.len()));
    }
    let Some(kept) = kept.first() else { return };
    if kept.text != sent.text {
        broken(
            "a message is kept as it was sent",
            format!(" was kept as {:?}", kept.text),
        );
    }
    let mut first_hand = 0;
    for (at, answer) in sent.said.iter().enumerate() {
        let Said::Answered(answer) = answer else { continue };
        if answer["message_id"].as_str() != Some(&sent.message_id) {
            broken("an answer names its message", format!(" was answered {answer}"));
        }
        let stored = kept.answer.as_ref().map_or(Value::Null, essence);
        if essence(answer) != stored {
            let rule = "the answer that a sender gets is the one that is stored";
            broken(
                rule,
                format!(":\n      told   {}\n      stored {stored}", essence(answer)),
            );
        }
        match answer["duplicate"].as_bool() {
            Some(false) => first_hand += 1,
            Some(true) if at > 0 => {}
            _ => broken(
                "an answer is called a duplicate only when it is one",
                String::new(),
            ),
        }
        if sent.said[..at]
            .iter()
            .any(|said| matches!(said, Said::Answered(_)))
            && answer["duplicate"] == false
        {
            broken("who asks again is told that it is a duplicate", String::new());
        }
    }
    if first_hand > 1 {
        broken(
            "a message is answered for the first time once",
            format!(": {first_hand} times"),
        );
    }
}

/// An answer without what may differ between its readers.
fn essence(answer: &Value) -> Value {
    let mut answer = answer.clone();
    if let Some(fields) = answer.as_object_mut() {
        fields.remove("message_id");
        fields.remove("duplicate");
    }
    answer
}

/// What was acknowledged before something else was sent stands before it in the transcript.
fn check_order(messages: &[(&Sent, i64)], found: &mut Vec<Violation>) {
    let mut by_begin: Vec<_> = messages.iter().collect();
    by_begin.sort_by_key(|(sent, _)| sent.begun);
    let mut by_end: Vec<_> = messages
        .iter()
        .filter(|(sent, _)| sent.is_acknowledged())
        .collect();
    by_end.sort_by_key(|(sent, _)| sent.acknowledged);
    let mut ended = by_end.into_iter().peekable();
    let mut last: Option<&(&Sent, i64)> = None;
    for later in by_begin {
        while let Some(earlier) = ended.next_if(|(sent, _)| sent.acknowledged < Some(later.0.begun)) {
            if last.is_none_or(|last| last.1 < earlier.1) {
                last = Some(earlier);
            }
        }
        if let Some(earlier) = last.filter(|earlier| earlier.1 > later.1) {
            found.push(Violation {
                rule: "what was acknowledged earlier stands earlier in the transcript",
                what: format!(
                    "{}: {} at {}, {} at {}",
                    later.0.participant, earlier.0.message_id, earlier.1, later.0.message_id, later.1
                ),
            });
        }
    }
}
