//! With a sink that fails on demand, and a clock that jumps.

use std::collections::VecDeque;

use jiff::Timestamp;
use uuid::Uuid;

use super::*;
use crate::store::Direction;
use crate::types::{Channel, SessionId, TurnId};

/// A fault of the next write.
enum Fault {
    /// The database is away.
    Away,
    /// It was written, and nobody knows.
    Unknown,
    /// Nothing comes back before the test says so.
    Stall,
}

/// A table of messages.
#[derive(Default)]
struct Table {
    /// The conversation and number of each row, in the order in which they were written.
    rows: Mutex<Vec<(u128, u64)>>,
    writes: Mutex<Vec<usize>>,
    faults: Mutex<VecDeque<Fault>>,
    /// A text that it refuses.
    poison: Option<&'static str>,
    gate: Notify,
}

impl Table {
    fn rows(&self) -> Vec<(u128, u64)> {
        self.rows.lock().unwrap().clone()
    }

    /// How many rows each write had.
    fn writes(&self) -> Vec<usize> {
        self.writes.lock().unwrap().clone()
    }

    fn fails_with(&self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.lock().unwrap().extend(faults);
    }

    fn keep(&self, said: &[(ConversationId, &TranscriptEntry)]) {
        let mut rows = self.rows.lock().unwrap();
        for (conversation, entry) in said {
            let row = (conversation.0.as_u128(), entry.seq);
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
    }
}

#[async_trait]
impl Sink for Arc<Table> {
    async fn append(&self, said: &[(ConversationId, &TranscriptEntry)]) -> Result<()> {
        self.writes.lock().unwrap().push(said.len());
        let fault = self.faults.lock().unwrap().pop_front();
        match fault {
            Some(Fault::Away) => return Err(Error::Unavailable(sqlx::Error::PoolTimedOut)),
            Some(Fault::Unknown) => {
                self.keep(said);
                return Err(Error::OutcomeUnknown(sqlx::Error::PoolTimedOut));
            }
            Some(Fault::Stall) => self.gate.notified().await,
            None => {}
        }
        if said
            .iter()
            .any(|(_, entry)| Some(entry.text.as_str()) == self.poison)
        {
            return Err(Error::Rejected(sqlx::Error::RowNotFound));
        }
        self.keep(said);
        Ok(())
    }
}

struct Office {
    queue: Arc<Queue>,
    table: Arc<Table>,
    task: tokio::task::JoinHandle<()>,
}

impl Office {
    fn open() -> Self {
        Self::with(Table::default())
    }

    fn with(table: Table) -> Self {
        let (queue, table) = (Arc::new(Queue::new()), Arc::new(table));
        let task = tokio::spawn(Arc::clone(&queue).run(Arc::clone(&table)));
        Self { queue, table, task }
    }

    /// A committed turn of a conversation with these numbers; `false` when the queue has no room for it.
    fn says(&self, conversation: u128, numbers: std::ops::Range<u64>) -> bool {
        let entries: Vec<_> = numbers.map(|seq| entry(seq, "hi")).collect();
        self.puts(conversation, entries)
    }

    fn puts(&self, conversation: u128, entries: Vec<TranscriptEntry>) -> bool {
        let Some(room) = self.queue.take_room(entries.len()) else {
            return false;
        };
        self.queue
            .put(room, ConversationId(Uuid::from_u128(conversation)), entries);
        true
    }

    fn waiting(&self, conversation: u128) -> Vec<u64> {
        let id = ConversationId(Uuid::from_u128(conversation));
        let waiting = self.queue.waiting_of(id, None);
        waiting.iter().map(|entry| entry.seq).collect()
    }

    /// Until all is written.
    async fn quiet(&self) {
        while !self.queue.lock().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn entry(seq: u64, text: &str) -> TranscriptEntry {
    TranscriptEntry {
        seq,
        session: SessionId(Uuid::nil()),
        direction: Direction::Inbound,
        role: "customer".to_owned(),
        message_id: format!("m{seq}"),
        text: text.to_owned(),
        options: Vec::new(),
        attachments: None,
        at: Timestamp::UNIX_EPOCH,
        channel: Channel::Api,
        turn: TurnId(Uuid::nil()),
        engine: None,
        latency_ms: 0,
        asked: None,
    }
}

/// What a gauge or counter shows of what was recorded meanwhile.
fn recorder() -> (metrics_exporter_prometheus::PrometheusHandle, impl Drop) {
    let recorder: &'static metrics_exporter_prometheus::PrometheusRecorder = Box::leak(Box::new(
        metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder(),
    ));
    (recorder.handle(), ::metrics::set_default_local_recorder(recorder))
}

fn shows(handle: &metrics_exporter_prometheus::PrometheusHandle, series: &str) -> Option<f64> {
    let text = handle.render();
    let line = text.lines().find_map(|line| line.strip_prefix(series))?;
    line.trim().parse().ok()
}

#[tokio::test(start_paused = true)]
async fn rows_are_written_together_and_in_order() {
    let office = Office::open();
    for turn in 0..100 {
        assert!(office.says(turn % 3, 2 * turn as u64..2 * turn as u64 + 2));
    }
    office.quiet().await;
    assert_eq!(office.table.writes(), [200], "one write for a hundred turns");
    let expected: Vec<_> = (0..200_u64).map(|seq| (u128::from(seq / 2 % 3), seq)).collect();
    assert_eq!(office.table.rows(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_write_has_a_limited_number_of_rows() {
    let office = Office::open();
    for turn in 0..300 {
        office.says(turn, 1..5);
    }
    // More than a write has: it goes on its own, and not never.
    office.says(300, 1..1000);
    office.says(301, 1..2);
    office.quiet().await;
    assert_eq!(office.table.writes(), [512, 512, 176, 999, 1]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_can_be_read_until_it_is_written() {
    let office = Office::open();
    office.table.fails_with([Fault::Stall]);
    office.says(1, 1..3);
    office.says(2, 1..2);
    office.says(1, 3..5);
    assert_eq!(office.waiting(1), [1, 2, 3, 4]);
    let before = office
        .queue
        .waiting_of(ConversationId(Uuid::from_u128(1)), Some(3));
    assert_eq!(before.len(), 2);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(office.table.writes(), [5], "the write is under way");
    assert_eq!(office.waiting(1), [1, 2, 3, 4]);
    office.table.gate.notify_one();
    office.quiet().await;
    assert!(office.waiting(1).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_database_that_is_away_loses_nothing_however_long_it_takes() {
    let office = Office::open();
    office.table.fails_with((0..40).map(|_| Fault::Away));
    office.says(1, 1..3);
    tokio::time::sleep(Duration::from_secs(3)).await;
    office.says(1, 3..5);
    office.quiet().await;
    assert_eq!(office.table.rows(), [(1, 1), (1, 2), (1, 3), (1, 4)]);
    assert_eq!(office.table.writes().len(), 42);
}

#[tokio::test(start_paused = true)]
async fn a_write_of_unknown_outcome_is_repeated_and_doubles_nothing() {
    let office = Office::open();
    office.table.fails_with([Fault::Unknown, Fault::Away]);
    office.says(1, 1..3);
    office.quiet().await;
    assert_eq!(office.table.writes(), [2, 2, 2]);
    assert_eq!(office.table.rows(), [(1, 1), (1, 2)]);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_is_refused_is_lost_alone_and_counted() {
    let (handle, _recording) = recorder();
    let office = Office::with(Table {
        poison: Some("poison"),
        ..Table::default()
    });
    let texts = ["hi", "hi", "poison", "hi", "hi"];
    let entries = (1..).zip(texts).map(|(seq, text)| entry(seq, text)).collect();
    office.puts(1, entries);
    office.says(2, 1..3);
    office.quiet().await;
    assert_eq!(
        office.table.rows(),
        [(1, 1), (1, 2), (1, 4), (1, 5), (2, 1), (2, 2)],
        "in order all the same"
    );
    let rows = |result: &str| {
        shows(
            &handle,
            &format!("frontdesk_transcript_rows_total{{result=\"{result}\"}}"),
        )
    };
    assert_eq!((rows("behind"), rows("lost")), (Some(6.0), Some(1.0)));
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_gives_no_room_until_rows_are_written() {
    let office = Office::open();
    office.table.fails_with([Fault::Stall]);
    assert!(office.says(1, 0..u64::from(ROWS_MAX) - 1));
    assert!(!office.says(1, 0..2));
    assert!(office.says(1, 0..1));
    assert!(!office.says(1, 0..1));
    office.table.gate.notify_one();
    office.quiet().await;
    assert!(office.says(1, 0..2));
    // Taken for a turn that was then not committed.
    drop(office.queue.take_room(500));
    assert!(office.says(1, 0..u64::from(ROWS_MAX) - 2));
}

#[tokio::test(start_paused = true)]
async fn the_end_waits_until_everything_is_written() {
    let office = Office::open();
    office.table.fails_with([Fault::Away, Fault::Away]);
    office.says(1, 1..3);
    let under_way = office.queue.take_room(1).unwrap();
    let started = Instant::now();
    let ending = {
        let queue = Arc::clone(&office.queue);
        tokio::spawn(async move { queue.drain(Duration::from_secs(10)).await })
    };
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!office.says(2, 1..2), "nothing more is taken");
    assert!(!ending.is_finished(), "a turn is still being committed");
    let id = ConversationId(Uuid::from_u128(3));
    office.queue.put(under_way, id, vec![entry(1, "last words")]);
    ending.await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(office.table.rows(), [(1, 1), (1, 2), (3, 1)]);
    office.task.await.unwrap();
    // A second end has nothing to wait for.
    office.queue.drain(Duration::from_secs(10)).await;
}

#[tokio::test(start_paused = true)]
async fn the_end_has_a_limit_and_says_what_is_lost() {
    let (handle, _recording) = recorder();
    let office = Office::open();
    office.table.fails_with((0..10_000).map(|_| Fault::Away));
    office.says(1, 1..4);
    let started = Instant::now();
    office.queue.drain(Duration::from_secs(10)).await;
    assert_eq!(started.elapsed().as_secs(), 10);
    office.task.await.unwrap();
    assert!(office.table.rows().is_empty());
    let lost = shows(&handle, "frontdesk_transcript_rows_total{result=\"lost\"}");
    assert_eq!(lost, Some(3.0));
}

#[tokio::test(start_paused = true)]
async fn the_lag_is_shown_in_rows_and_seconds() {
    let (handle, _recording) = recorder();
    let office = Office::open();
    let lag = || {
        office.queue.measure();
        let rows = shows(&handle, "frontdesk_transcript_lag_rows");
        let seconds = shows(&handle, "frontdesk_transcript_lag_seconds");
        (rows.unwrap(), seconds.unwrap())
    };
    assert_eq!(lag(), (0.0, 0.0));
    office.table.fails_with([Fault::Stall]);
    office.says(1, 1..3);
    tokio::time::sleep(Duration::from_secs(4)).await;
    office.says(2, 1..2);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (rows, seconds) = lag();
    assert_eq!(rows, 3.0);
    assert!((5.99..6.01).contains(&seconds), "{seconds}");
    office.table.gate.notify_one();
    office.quiet().await;
    assert_eq!(lag(), (0.0, 0.0));
}
