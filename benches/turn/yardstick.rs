//! What one would write first: per message one `BEGIN IMMEDIATE` transaction, on one connection behind a mutex.
//!
//! It writes the rows that the product writes for a turn without a booking, into the same file with the same settings
//! (WAL, `synchronous=FULL`), with prepared statements. It is spared everything else: HTTP, JSON, understanding,
//! deciding, and the rows of appointments. So the ratio is to its favour, not to ours.

use std::path::Path;

use frontdesk::clock::{Clock as _, SystemClock};
use frontdesk::ids;
use frontdesk::types::{BusinessId, Pair, ParticipantId};
use sqlx::{Connection as _, Row as _, SqliteConnection};
use tokio::sync::Mutex;
use tokio::time::Instant;
use uuid::Uuid;

use super::connection::connect;

/// Turns of a conversation before the next one begins; as long as the real ones are on average.
const TURNS_PER_CONVERSATION: i64 = 6;
const AT: i64 = 1_763_478_000_000_000;
const TEXT: &str = "gel manicure with Mai on Friday at 2pm";
const REPLY: &str = r#"{"text":"Gel Manicure with Mai on Friday, November 20 at 2:00 pm, 60 minutes, $45. Shall I book it?","options":["Yes","No"]}"#;

pub(crate) struct Yardstick {
    connection: Mutex<SqliteConnection>,
    context: String,
    answer: String,
}

/// How long the long columns are, so that both sides write as many bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lengths {
    pub(crate) context: usize,
    pub(crate) answer: usize,
}

impl Yardstick {
    /// A second connection to the file that the server has open; the two never work at the same time.
    pub(crate) async fn open(file: &Path, lengths: Lengths) -> Self {
        let connection = connect(file).await;
        Self {
            connection: Mutex::new(connection),
            context: "c".repeat(lengths.context),
            answer: "a".repeat(lengths.answer),
        }
    }

    pub(crate) async fn close(self) {
        self.connection.into_inner().close().await.unwrap();
    }

    /// One customer after the other, until `until`. Answers with the number of turns.
    pub(crate) async fn converse(&self, names: &std::sync::atomic::AtomicU64, until: Instant) -> u64 {
        let mut turns = 0;
        loop {
            let number = names.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let participant = format!("plain-{number}");
            for version in 0..TURNS_PER_CONVERSATION {
                if Instant::now() >= until {
                    return turns;
                }
                self.turn(&participant, version).await.unwrap();
                turns += 1;
            }
        }
    }

    async fn turn(&self, participant: &str, expected: i64) -> sqlx::Result<()> {
        let pair = Pair {
            business: BusinessId::new("demo-salon").unwrap(),
            participant: ParticipantId::new(participant).unwrap(),
        };
        let conversation = blob(pair.conversation().0);
        let turn = blob(fresh());
        let account = format!("demo-salon/{participant}");
        let message = fresh().to_string();
        let mut connection = self.connection.lock().await;
        let c = &mut *connection;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *c).await?;
        let row = sqlx::query("SELECT version, context FROM conversations WHERE id = ?")
            .bind(&conversation)
            .fetch_optional(&mut *c)
            .await?;
        let version = row.as_ref().map_or(0, |row| row.get::<i64, _>(0));
        assert_eq!(version, expected);
        let new = sqlx::query(
            "INSERT INTO inbox (channel, account, message_id, business_id, participant_id, conversation_id, text,
                 sent_at, received_at, state, turn_id)
             VALUES ('api', ?, ?, 'demo-salon', ?, ?, ?, ?, ?, 1, ?) ON CONFLICT DO NOTHING",
        )
        .bind(&account)
        .bind(&message)
        .bind(participant)
        .bind(&conversation)
        .bind(TEXT)
        .bind(AT)
        .bind(AT)
        .bind(&turn)
        .execute(&mut *c)
        .await?
        .rows_affected();
        assert_eq!(new, 1);
        if version == 0 {
            begin_conversation(c, participant, &account, &conversation, &turn, &self.context).await?;
        } else {
            sqlx::query(
                "UPDATE conversations SET version = version + 1, context = ?, last_turn_id = ?, last_activity = ?
                 WHERE id = ? AND version = ?",
            )
            .bind(&self.context)
            .bind(&turn)
            .bind(AT)
            .bind(&conversation)
            .bind(version)
            .execute(&mut *c)
            .await?;
        }
        sqlx::query(
            "INSERT INTO turns (id, conversation_id, version, answer, committed_at) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(&turn)
        .bind(&conversation)
        .bind(version + 1)
        .bind(&self.answer)
        .bind(AT)
        .execute(&mut *c)
        .await?;
        sqlx::query(
            "INSERT INTO sessions (id, conversation_id, title, started_at, last_activity, message_count, total_tokens)
             VALUES (?, ?, ?, ?, ?, ?, 0)
             ON CONFLICT (id) DO UPDATE SET last_activity = excluded.last_activity,
                 message_count = excluded.message_count",
        )
        .bind(&conversation)
        .bind(&conversation)
        .bind(TEXT)
        .bind(AT)
        .bind(AT)
        .bind(2 * version + 2)
        .execute(&mut *c)
        .await?;
        for (seq, direction, role, text) in [
            (2 * version + 1, "inbound", "customer", TEXT),
            (2 * version + 2, "outbound", "bot", REPLY),
        ] {
            sqlx::query(
                "INSERT INTO messages (conversation_id, seq, session_id, turn_id, direction, role, message_id, channel,
                     content, latency_ms, at) VALUES (?, ?, ?, ?, ?, ?, ?, 'api', ?, 1, ?)",
            )
            .bind(&conversation)
            .bind(seq)
            .bind(&conversation)
            .bind(&turn)
            .bind(direction)
            .bind(role)
            .bind(&message)
            .bind(text)
            .bind(AT)
            .execute(&mut *c)
            .await?;
        }
        sqlx::query(
            "INSERT INTO outbox (id, conversation_id, business_id, participant_id, version, ordinal, seq, channel,
                 reply, state, due_at, created_at) VALUES (?, ?, 'demo-salon', ?, ?, 0, ?, 'api', ?, 2, ?, ?)",
        )
        .bind(blob(fresh()))
        .bind(&conversation)
        .bind(participant)
        .bind(version + 1)
        .bind(2 * version + 2)
        .bind(REPLY)
        .bind(AT)
        .bind(AT)
        .execute(&mut *c)
        .await?;
        sqlx::query("COMMIT").execute(&mut *c).await?;
        Ok(())
    }
}

/// The first turn of a customer writes who they are, too.
async fn begin_conversation(
    c: &mut SqliteConnection,
    participant: &str,
    account: &str,
    conversation: &[u8],
    turn: &[u8],
    context: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO participants (business_id, participant_id, created_at, updated_at)
         VALUES ('demo-salon', ?, ?, ?)",
    )
    .bind(participant)
    .bind(AT)
    .bind(AT)
    .execute(&mut *c)
    .await?;
    sqlx::query(
        "INSERT INTO identities (channel, account, user_id, business_id, participant_id, created_at)
         VALUES ('api', ?, ?, 'demo-salon', ?, ?)",
    )
    .bind(account)
    .bind(participant)
    .bind(participant)
    .bind(AT)
    .execute(&mut *c)
    .await?;
    sqlx::query(
        "INSERT INTO conversations (id, business_id, participant_id, version, context_schema, context, last_turn_id,
             last_activity, created_at) VALUES (?, 'demo-salon', ?, 1, 1, ?, ?, ?, ?)",
    )
    .bind(conversation)
    .bind(participant)
    .bind(context)
    .bind(turn)
    .bind(AT)
    .bind(AT)
    .execute(&mut *c)
    .await?;
    Ok(())
}

/// How long contexts and answers were that the server wrote.
pub(crate) async fn lengths(file: &Path) -> Lengths {
    let mut connection = connect(file).await;
    let row = sqlx::query(
        "SELECT CAST((SELECT avg(length(context)) FROM conversations) AS INTEGER),
                CAST((SELECT avg(length(answer)) FROM turns) AS INTEGER)",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    let length = |column| usize::try_from(row.get::<i64, _>(column)).unwrap();
    let lengths = Lengths {
        context: length(0),
        answer: length(1),
    };
    connection.close().await.unwrap();
    lengths
}

/// Ids that sort by time, as the product's do.
fn fresh() -> Uuid {
    ids::new_id(SystemClock::real().now())
}

fn blob(id: Uuid) -> Vec<u8> {
    id.as_bytes().to_vec()
}
