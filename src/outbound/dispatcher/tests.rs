use std::collections::BTreeSet;
use std::sync::Mutex;

use super::*;
use crate::clock::ManualClock;
use crate::dialogue::Reply;
use crate::store::Origin;
use crate::types::{BusinessId, Pair, ParticipantId};

/// An outbox in memory that keeps order per conversation, as the store does.
#[derive(Default)]
struct Rows {
    rows: Mutex<Vec<(OutboxRow, State)>>,
    broken: Mutex<bool>,
}

#[derive(Debug, Clone, PartialEq)]
enum State {
    Waiting(Timestamp),
    InFlight,
    Sent,
    Dead(String),
}

#[async_trait]
impl Outbox for Arc<Rows> {
    async fn claim(&self, now: Timestamp, _: Timestamp, limit: u32) -> Result<Vec<OutboxRow>> {
        let mut taken = Vec::new();
        let mut blocked = BTreeSet::new();
        for (row, state) in self.rows.lock().unwrap().iter_mut() {
            let open = matches!(state, State::Waiting(_) | State::InFlight);
            let first = open && blocked.insert(row.pair.clone());
            if first && matches!(state, State::Waiting(due) if *due <= now) && taken.len() < limit as usize {
                *state = State::InFlight;
                row.attempts += 1;
                taken.push(row.clone());
            }
        }
        Ok(taken)
    }

    async fn settle(&self, settled: Vec<Settled>) -> Result<()> {
        if *self.broken.lock().unwrap() {
            return Err(crate::store::Error::Closed("for the test"));
        }
        let mut rows = self.rows.lock().unwrap();
        for (id, settlement) in settled {
            let (row, state) = rows.iter_mut().find(|(row, _)| row.id == id).unwrap();
            *state = match settlement {
                Settlement::Sent(_) => State::Sent,
                Settlement::Retry { at, .. } | Settlement::Unknown { at } => State::Waiting(at),
                Settlement::Postponed(at) => {
                    row.attempts -= 1;
                    State::Waiting(at)
                }
                Settlement::Dead(why) => State::Dead(why),
            };
        }
        Ok(())
    }
}

impl Rows {
    fn add(&self, participant: &str, ordinal: u32) -> Uuid {
        let pair = Pair {
            business: BusinessId::new("demo").unwrap(),
            participant: ParticipantId::new(participant).unwrap(),
        };
        let id = Uuid::new_v5(&pair.conversation().0, &ordinal.to_be_bytes());
        let row = OutboxRow {
            id,
            pair,
            version: 1,
            ordinal,
            seq: u64::from(ordinal) + 1,
            channel: Channel::Web,
            reach: None,
            content: Reply {
                text: "hello".to_owned(),
                options: Vec::new(),
            }
            .into(),
            origin: Origin::default(),
            sent: false,
            attempts: 0,
            parts_sent: 0,
            unknown: false,
            at: Timestamp::UNIX_EPOCH,
        };
        self.rows
            .lock()
            .unwrap()
            .push((row, State::Waiting(Timestamp::UNIX_EPOCH)));
        id
    }

    fn states(&self) -> Vec<State> {
        self.rows.lock().unwrap().iter().map(|(_, s)| s.clone()).collect()
    }
}

/// A channel that answers as told, and remembers what it was given.
struct Recorder {
    answer: fn(&OutboxRow, usize) -> Sent,
    takes: fn(&OutboxRow) -> Duration,
    seen: Mutex<Vec<(String, u32)>>,
}

#[async_trait]
impl Sender for Recorder {
    fn channel(&self) -> Channel {
        Channel::Web
    }

    async fn send(&self, row: &OutboxRow) -> Sent {
        tokio::time::sleep((self.takes)(row)).await;
        let mut seen = self.seen.lock().unwrap();
        seen.push((row.pair.participant.to_string(), row.ordinal));
        (self.answer)(row, seen.len())
    }
}

struct Bench {
    rows: Arc<Rows>,
    clock: Arc<ManualClock>,
    channel: Arc<Recorder>,
    waker: Waker,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

fn bench(rows: Arc<Rows>, answer: fn(&OutboxRow, usize) -> Sent, takes: fn(&OutboxRow) -> Duration) -> Bench {
    let clock = Arc::new(ManualClock::at(Timestamp::from_second(1_000).unwrap()));
    let channel = Arc::new(Recorder {
        answer,
        takes,
        seen: Mutex::default(),
    });
    let dispatcher = Dispatcher::over(Box::new(rows.clone()), clock.clone(), vec![channel.clone()]);
    let (waker, stop) = (dispatcher.waker(), CancellationToken::new());
    let task = tokio::spawn(dispatcher.run(stop.clone()));
    Bench {
        rows,
        clock,
        channel,
        waker,
        stop,
        task,
    }
}

impl Bench {
    /// Lets time pass for the machine and for the clock alike.
    async fn pass(&self, time: Duration) {
        self.clock.advance(SignedDuration::try_from(time).unwrap());
        tokio::time::sleep(time).await;
    }

    fn seen(&self) -> Vec<(String, u32)> {
        self.channel.seen.lock().unwrap().clone()
    }
}

const DELIVERED: Sent = Sent::Delivered(None);

fn later(after: Option<SignedDuration>) -> Sent {
    Sent::Later {
        after,
        problem: "busy".to_owned(),
    }
}

const AT_ONCE: fn(&OutboxRow) -> Duration = |_| Duration::ZERO;

#[tokio::test(start_paused = true)]
async fn replies_of_one_conversation_leave_in_order_and_another_is_not_delayed() {
    let rows = Arc::new(Rows::default());
    for ordinal in 0..3 {
        rows.add("ana", ordinal);
    }
    rows.add("ben", 0);
    let slow_for_ana: fn(&OutboxRow) -> Duration = |row| {
        if row.pair.participant.as_str() == "ana" {
            Duration::from_secs(1)
        } else {
            Duration::ZERO
        }
    };
    let bench = bench(rows, |_, _| DELIVERED, slow_for_ana);
    bench.pass(Duration::from_secs(5)).await;
    let named = |name: &str, ordinal| (name.to_owned(), ordinal);
    assert_eq!(
        bench.seen(),
        [named("ben", 0), named("ana", 0), named("ana", 1), named("ana", 2)]
    );
    assert!(bench.rows.states().iter().all(|state| *state == State::Sent));
}

#[tokio::test(start_paused = true)]
async fn a_wake_up_is_answered_at_once() {
    let bench = bench(Arc::default(), |_, _| DELIVERED, AT_ONCE);
    tokio::time::sleep(Duration::from_millis(10)).await;
    bench.rows.add("ana", 0);
    bench.waker.wake();
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(bench.rows.states(), [State::Sent]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_reply_is_tried_again_under_the_same_id_after_five_seconds() {
    let rows = Arc::new(Rows::default());
    rows.add("ana", 0);
    let bench = bench(
        rows,
        |_, tries| {
            if tries < 2 { later(None) } else { DELIVERED }
        },
        AT_ONCE,
    );
    bench.pass(Duration::from_secs(1)).await;
    bench.pass(Duration::from_secs(3)).await;
    assert_eq!(bench.seen().len(), 1);
    bench.pass(Duration::from_secs(3)).await;
    assert_eq!(bench.seen().len(), 2);
    assert_eq!(bench.rows.states(), [State::Sent]);
}

#[test]
fn the_schedule_ends_after_the_eighth_try() {
    let now = Timestamp::UNIX_EPOCH;
    let waits: Vec<i64> = (1..)
        .map_while(|attempts| retry_at(now, attempts, None))
        .map(Timestamp::as_second)
        .collect();
    assert_eq!(waits, [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000]);
}

#[test]
fn a_channel_that_asks_for_more_time_gets_it_within_a_day() {
    let at = |asked| retry_at(Timestamp::UNIX_EPOCH, 1, Some(asked)).map(Timestamp::as_second);
    assert_eq!(at(SignedDuration::from_secs(1)), Some(5));
    assert_eq!(at(SignedDuration::from_secs(90)), Some(90));
    assert_eq!(at(SignedDuration::from_hours(999)), Some(24 * 3_600));
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_was_put_off_has_not_been_tried() {
    let rows = Arc::new(Rows::default());
    rows.add("ana", 0);
    let put_off_ten_times: fn(&OutboxRow, usize) -> Sent = |_, tries| {
        if tries <= 10 {
            Sent::Postponed(SignedDuration::from_secs(1))
        } else {
            DELIVERED
        }
    };
    let bench = bench(rows, put_off_ten_times, AT_ONCE);
    for _ in 0..30 {
        bench.pass(Duration::from_secs(1)).await;
    }
    assert_eq!(bench.seen().len(), 11);
    assert_eq!(bench.rows.states(), [State::Sent]);
    assert_eq!(bench.rows.rows.lock().unwrap()[0].0.attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_refused_reply_is_given_up_with_its_reason_and_lets_the_next_one_go() {
    let rows = Arc::new(Rows::default());
    rows.add("ana", 0);
    rows.add("ana", 1);
    let bench = bench(
        rows,
        |row, _| match row.ordinal {
            0 => Sent::Refused("blocked by the customer".to_owned()),
            _ => DELIVERED,
        },
        AT_ONCE,
    );
    bench.pass(Duration::from_secs(1)).await;
    assert_eq!(
        bench.rows.states(),
        [State::Dead("blocked by the customer".to_owned()), State::Sent]
    );
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_hangs_is_left_after_its_time_limit() {
    let rows = Arc::new(Rows::default());
    rows.add("ana", 0);
    let bench = bench(rows, |_, _| DELIVERED, |_| Duration::from_secs(3_600));
    tokio::time::sleep(SEND_LIMIT + Duration::from_secs(1)).await;
    let due = bench
        .clock
        .now()
        .checked_add(SignedDuration::from_secs(5))
        .unwrap();
    assert_eq!(bench.rows.states(), [State::Waiting(due)]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_is_told_later_and_nothing_more_is_sent_meanwhile() {
    let rows = Arc::new(Rows::default());
    rows.add("ana", 0);
    *rows.broken.lock().unwrap() = true;
    let bench = bench(rows, |_, _| DELIVERED, AT_ONCE);
    bench.pass(Duration::from_secs(1)).await;
    bench.rows.add("ben", 0);
    bench.waker.wake();
    bench.pass(Duration::from_secs(1)).await;
    assert_eq!(bench.seen().len(), 1);
    *bench.rows.broken.lock().unwrap() = false;
    bench.pass(Duration::from_secs(5)).await;
    assert_eq!(bench.rows.states(), [State::Sent, State::Sent]);
}

#[tokio::test(start_paused = true)]
async fn stopping_finishes_the_sends_under_way() {
    let rows = Arc::new(Rows::default());
    rows.add("ana", 0);
    let bench = bench(rows, |_, _| DELIVERED, |_| Duration::from_secs(3));
    tokio::time::sleep(Duration::from_secs(1)).await;
    bench.stop.cancel();
    bench.rows.add("ben", 0);
    bench.task.await.unwrap();
    assert_eq!(
        bench.rows.states(),
        [State::Sent, State::Waiting(Timestamp::UNIX_EPOCH)]
    );
}
