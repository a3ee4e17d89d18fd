//! How many turns a second the store commits, against the yardstick "one transaction per turn".
//!
//! Both write the same rows into the same schema with the same settings (WAL, `synchronous=FULL`). The yardstick is
//! what one would write first: one connection behind a mutex, `BEGIN IMMEDIATE`, eight plain prepared statements,
//! `COMMIT`. Read the ratio and not the speed: the machine and its disk decide the latter.
//!
//! ```text
//! cargo bench --bench commit
//! ```

#![expect(clippy::print_stdout, reason = "the table is the result")]
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "turn/connection.rs"]
mod connection;

use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use frontdesk::dialogue::Reply;
use frontdesk::store::sqlite::{Options, SqliteStore};
use frontdesk::store::{
    CommitOutcome, Direction, Inbound, MessageKey, Origin, OutboxRow, Session, Store, StoredContext,
    TranscriptEntry, TurnCommit,
};
use frontdesk::types::{BusinessId, Channel, MessageId, Pair, ParticipantId, SessionId, TurnId};
use jiff::Timestamp;
use sqlx::{Row as _, SqliteConnection};
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use connection::connect;

/// Conversations that each task serves in turn.
const CONVERSATIONS_PER_TASK: usize = 16;
/// Turns per task in one measured round.
const TURNS_PER_ROUND: usize = 16;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    for tasks in [1, 16, 64] {
        let dir = TempDir::new().unwrap();
        let plain = Arc::new(runtime.block_on(Yardstick::open(&dir)));
        measure(
            &mut criterion,
            &runtime,
            "one_transaction_per_turn",
            tasks,
            &plain,
        );
        let dir = TempDir::new().unwrap();
        let store = Arc::new(runtime.block_on(Batched::open(&dir)));
        measure(&mut criterion, &runtime, "store", tasks, &store);
    }
    criterion.final_summary();
    println!(
        "\n{:>6} {:>12} {:>12} {:>6}",
        "tasks", "one by one", "store", "ratio"
    );
    for tasks in [1, 16, 64] {
        let (plain, store) = runtime.block_on(compare(tasks));
        println!(
            "{tasks:>6} {plain:>10.0}/s {store:>10.0}/s {:>6.1}",
            store / plain
        );
    }
}

/// Turns per second of the yardstick and of the store: the medians of rounds that take turns, so that a busy machine
/// disturbs both alike.
async fn compare(tasks: usize) -> (f64, f64) {
    const ROUNDS: usize = 15;
    let dirs = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let plain = Arc::new(Yardstick::open(&dirs.0).await);
    let store = Arc::new(Batched::open(&dirs.1).await);
    let versions = || Arc::new(Mutex::new(vec![vec![0_u64; CONVERSATIONS_PER_TASK]; tasks]));
    let (plains, stores) = (versions(), versions());
    let (mut plain_took, mut store_took) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        plain_took.push(round(tasks, Arc::clone(&plains), Arc::clone(&plain)).await);
        store_took.push(round(tasks, Arc::clone(&stores), Arc::clone(&store)).await);
    }
    let per_second = |took: &mut Vec<Duration>| {
        // The first round writes the conversations.
        took.remove(0);
        took.sort();
        #[expect(clippy::cast_precision_loss, reason = "a count of some thousands")]
        let turns = (tasks * TURNS_PER_ROUND) as f64;
        turns / took[took.len() / 2].as_secs_f64()
    };
    (per_second(&mut plain_took), per_second(&mut store_took))
}

/// Something that commits turns.
trait Commits: Send + Sync + 'static {
    fn commit(&self, turn: TurnCommit) -> impl Future<Output = ()> + Send;
}

/// Measures rounds of turns from `tasks` tasks at once.
fn measure<C: Commits>(
    criterion: &mut Criterion,
    runtime: &tokio::runtime::Runtime,
    name: &str,
    tasks: usize,
    target: &Arc<C>,
) {
    // The version that each conversation has; every round goes on from the last.
    let versions = Arc::new(Mutex::new(vec![vec![0_u64; CONVERSATIONS_PER_TASK]; tasks]));
    let mut group = criterion.benchmark_group(format!("commit/{tasks}_tasks"));
    group.throughput(Throughput::Elements((tasks * TURNS_PER_ROUND) as u64));
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|rounds| {
            let mut took = Duration::ZERO;
            for _ in 0..rounds {
                took += runtime.block_on(round(tasks, Arc::clone(&versions), Arc::clone(target)));
            }
            took
        });
    });
    group.finish();
}

async fn round<C: Commits>(tasks: usize, versions: Arc<Mutex<Vec<Vec<u64>>>>, target: Arc<C>) -> Duration {
    let mut prepared = Vec::with_capacity(tasks);
    for (task, versions) in versions.lock().await.iter_mut().enumerate() {
        let turns: Vec<TurnCommit> = (0..TURNS_PER_ROUND)
            .map(|n| {
                let conversation = n % CONVERSATIONS_PER_TASK;
                versions[conversation] += 1;
                turn(task, conversation, versions[conversation] - 1)
            })
            .collect();
        prepared.push(turns);
    }
    let started = Instant::now();
    let mut running = JoinSet::new();
    for turns in prepared {
        let target = Arc::clone(&target);
        running.spawn(async move {
            for turn in turns {
                target.commit(turn).await;
            }
        });
    }
    running.join_all().await;
    started.elapsed()
}

/// A usual turn: one message in, one reply out, a context of 1.1 KB.
fn turn(task: usize, conversation: usize, version: u64) -> TurnCommit {
    let at: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
    let name = format!("{task}-{conversation}");
    let pair = Pair {
        business: BusinessId::new("salon").unwrap(),
        participant: ParticipantId::new(format!("customer-{name}")).unwrap(),
    };
    // Sorted by time, as drawn ids are.
    let turn = TurnId(Uuid::from_u128(
        (u128::from(version) << 64) | ((task as u128) << 32) | (conversation as u128),
    ));
    let session = SessionId(pair.conversation().0);
    let heard = Inbound {
        key: MessageKey {
            channel: Channel::Api,
            account: format!("{}/{}", pair.business, pair.participant),
            message_id: MessageId::new(format!("message-{version}")).unwrap(),
        },
        business: pair.business.clone(),
        participant: pair.participant.clone(),
        text: "Could I come on Friday at three for a gel manicure with Mai, please?".to_owned(),
        attachments: None,
        address: None,
        sent_at: Some(at),
        received_at: at,
        trace: None,
    };
    let reply = Reply {
        text: "Friday 20 November, 15:00: Gel Manicure with Mai, 60 min, $45. Shall I book it?".to_owned(),
        options: vec!["Yes".to_owned(), "No".to_owned()],
    };
    let reply_id = Uuid::new_v5(&turn.0, b"0");
    let entry = |seq, direction, message_id: String, text: &str| TranscriptEntry {
        seq,
        session,
        direction,
        role: if direction == Direction::Inbound {
            "customer"
        } else {
            "bot"
        }
        .to_owned(),
        message_id,
        text: text.to_owned(),
        options: Vec::new(),
        attachments: None,
        at,
        channel: Channel::Api,
        turn,
        engine: None,
        latency_ms: 1,
        asked: None,
    };
    TurnCommit {
        turn,
        expected_version: version,
        at,
        context: StoredContext {
            schema: 1,
            json: format!(
                r#"{{"goals":[{{"kind":"book","said":"{}"}}],"version":{version}}}"#,
                "x".repeat(1060)
            ),
        },
        sessions: vec![Session {
            id: session,
            title: "Could I come on Friday".to_owned(),
            started_at: at,
            last_activity: at,
            ended_at: None,
            message_count: 2 * version + 2,
            total_tokens: 0,
        }],
        transcript: vec![
            entry(
                2 * version + 1,
                Direction::Inbound,
                heard.key.message_id.to_string(),
                &heard.text,
            ),
            entry(
                2 * version + 2,
                Direction::Outbound,
                reply_id.to_string(),
                &reply.text,
            ),
        ],
        answered: vec![heard],
        answer: format!(
            r#"{{"version":{version},"replies":[{{"text":"{}"}}],"goals":["{}"]}}"#,
            reply.text,
            "g".repeat(200)
        ),
        effects: Vec::new(),
        outbox: vec![OutboxRow {
            id: reply_id,
            pair: pair.clone(),
            version: version + 1,
            ordinal: 0,
            seq: 2 * version + 2,
            channel: Channel::Api,
            reach: None,
            content: reply.into(),
            origin: Origin::default(),
            sent: true,
            attempts: 0,
            parts_sent: 0,
            unknown: false,
            at,
        }],
        pair,
    }
}

struct Batched(SqliteStore);

impl Batched {
    async fn open(dir: &TempDir) -> Self {
        Self(
            SqliteStore::open(&Options::file(dir.path().join("bench.db")))
                .await
                .unwrap(),
        )
    }
}

impl Commits for Batched {
    async fn commit(&self, turn: TurnCommit) {
        let outcome = self.0.commit(turn).await.unwrap();
        assert!(matches!(outcome, CommitOutcome::Committed { .. }), "{outcome:?}");
    }
}

struct Yardstick(Mutex<SqliteConnection>);

impl Yardstick {
    async fn open(dir: &TempDir) -> Self {
        let path = dir.path().join("bench.db");
        let store = SqliteStore::open(&Options::file(&path)).await.unwrap();
        store.close().await;
        Self(Mutex::new(connect(&path).await))
    }
}

fn blob(id: Uuid) -> Vec<u8> {
    id.as_bytes().to_vec()
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap()
}

impl Commits for Yardstick {
    async fn commit(&self, turn: TurnCommit) {
        let conversation = blob(turn.pair.conversation().0);
        let id = blob(turn.turn.0);
        let at = turn.at.as_microsecond();
        let (business, participant) = (
            turn.pair.business.as_str().to_owned(),
            turn.pair.participant.as_str().to_owned(),
        );
        let mut connection = self.0.lock().await;
        let c = &mut *connection;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *c).await.unwrap();
        let row = sqlx::query("SELECT version FROM conversations WHERE id = ?")
            .bind(conversation.clone())
            .fetch_optional(&mut *c)
            .await
            .unwrap();
        let version = row.map_or(0, |row| row.get::<i64, _>(0));
        assert_eq!(version, signed(turn.expected_version));
        if version == 0 {
            sqlx::query(
                "INSERT INTO participants (business_id, participant_id, created_at, updated_at) VALUES (?, ?, ?, ?)",
            )
            .bind(business.clone())
            .bind(participant.clone())
            .bind(at)
            .bind(at)
            .execute(&mut *c)
            .await
            .unwrap();
            sqlx::query(
                "INSERT INTO conversations (id, business_id, participant_id, version, context_schema, context,
                     last_turn_id, last_activity, created_at) VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?)",
            )
            .bind(conversation.clone())
            .bind(business.clone())
            .bind(participant.clone())
            .bind(turn.context.schema)
            .bind(turn.context.json)
            .bind(id.clone())
            .bind(at)
            .bind(at)
            .execute(&mut *c)
            .await
            .unwrap();
        } else {
            sqlx::query(
                "UPDATE conversations SET version = version + 1, context_schema = ?, context = ?, last_turn_id = ?,
                     last_activity = ? WHERE id = ? AND version = ?",
            )
            .bind(turn.context.schema)
            .bind(turn.context.json)
            .bind(id.clone())
            .bind(at)
            .bind(conversation.clone())
            .bind(version)
            .execute(&mut *c)
            .await
            .unwrap();
        }
        sqlx::query(
            "INSERT INTO turns (id, conversation_id, version, answer, committed_at) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(id.clone())
        .bind(conversation.clone())
        .bind(version + 1)
        .bind(turn.answer)
        .bind(at)
        .execute(&mut *c)
        .await
        .unwrap();
        for session in turn.sessions {
            sqlx::query(
                "INSERT INTO sessions (id, conversation_id, title, started_at, last_activity, message_count,
                     total_tokens) VALUES (?, ?, ?, ?, ?, ?, ?)
                 ON CONFLICT (id) DO UPDATE SET last_activity = excluded.last_activity,
                     message_count = excluded.message_count, total_tokens = excluded.total_tokens",
            )
            .bind(blob(session.id.0))
            .bind(conversation.clone())
            .bind(session.title)
            .bind(at)
            .bind(at)
            .bind(signed(session.message_count))
            .bind(signed(session.total_tokens))
            .execute(&mut *c)
            .await
            .unwrap();
        }
        for entry in turn.transcript {
            sqlx::query(
                "INSERT INTO messages (conversation_id, seq, session_id, turn_id, direction, role, message_id,
                     channel, content, latency_ms, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(conversation.clone())
            .bind(signed(entry.seq))
            .bind(blob(entry.session.0))
            .bind(id.clone())
            .bind(if entry.direction == Direction::Inbound { "inbound" } else { "outbound" })
            .bind(entry.role)
            .bind(entry.message_id)
            .bind(entry.channel.as_str())
            .bind(entry.text)
            .bind(entry.latency_ms)
            .bind(at)
            .execute(&mut *c)
            .await
            .unwrap();
        }
        for message in turn.answered {
            sqlx::query(
                "INSERT INTO inbox (channel, account, message_id, business_id, participant_id, conversation_id, text,
                     sent_at, received_at, state, turn_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)",
            )
            .bind(message.key.channel.as_str())
            .bind(message.key.account)
            .bind(message.key.message_id.as_str())
            .bind(business.clone())
            .bind(participant.clone())
            .bind(conversation.clone())
            .bind(message.text)
            .bind(at)
            .bind(at)
            .bind(id.clone())
            .execute(&mut *c)
            .await
            .unwrap();
        }
        for row in turn.outbox {
            sqlx::query(
                "INSERT INTO outbox (id, conversation_id, business_id, participant_id, version, ordinal, seq, channel,
                     reply, state, due_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 2, ?, ?)",
            )
            .bind(blob(row.id))
            .bind(conversation.clone())
            .bind(business.clone())
            .bind(participant.clone())
            .bind(signed(row.version))
            .bind(row.ordinal)
            .bind(signed(row.seq))
            .bind(row.channel.as_str())
            .bind(serde_json::to_string(&row.content).unwrap())
            .bind(at)
            .bind(at)
            .execute(&mut *c)
            .await
            .unwrap();
        }
        sqlx::query("COMMIT").execute(&mut *c).await.unwrap();
    }
}
