//! What ractor does, as far as the conversations are built on it. A test that fails here after an update of ractor
//! names the part of the design that must be thought about again.
//!
//! Nothing sleeps: a handler waits at a gate, and the test opens it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ractor::rpc::CallResult;
use ractor::{
    Actor, ActorProcessingErr, ActorRef, ActorRuntime, ActorStatus, RpcReplyPort, SupervisionEvent,
};
use tokio::sync::{Semaphore, mpsc};

/// What the actors and the test know of each other: what happened, in order, and the gates.
#[derive(Clone)]
struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    told: mpsc::UnboundedSender<String>,
    gate: Arc<Semaphore>,
}

struct Witness {
    log: Log,
    hears: mpsc::UnboundedReceiver<String>,
}

impl Witness {
    fn new() -> Self {
        let (told, hears) = mpsc::unbounded_channel();
        let log = Log {
            lines: Arc::default(),
            told,
            gate: Arc::new(Semaphore::new(0)),
        };
        Self { log, hears }
    }

    /// Waits until `line` was noted.
    async fn sees(&mut self, line: &str) {
        while self.hears.recv().await.unwrap() != line {}
    }

    fn lines(&self) -> Vec<String> {
        self.log.lines.lock().unwrap().clone()
    }

    /// Lets `n` handlers pass the gate.
    fn open(&self, n: usize) {
        self.log.gate.add_permits(n);
    }
}

impl Log {
    fn note(&self, line: impl Into<String>) {
        let line = line.into();
        self.lines.lock().unwrap().push(line.clone());
        // A witness that has left has seen enough.
        let _ = self.told.send(line);
    }

    async fn wait_at_gate(&self) {
        self.gate.acquire().await.unwrap().forget();
    }
}

enum Ask {
    /// Note it.
    Note(u32),
    /// Wait at the gate, then note it.
    Wait(u32),
    /// The same, and answer then.
    Answer(RpcReplyPort<u32>),
    Fail,
    Panic,
}

/// An actor that notes what happens to it.
#[derive(Default)]
struct Worker {
    /// `pre_start` waits at the gate.
    starts_slowly: bool,
    /// `post_stop` waits at the gate.
    stops_slowly: bool,
}

impl Actor for Worker {
    type Msg = Ask;
    type State = Log;
    type Arguments = Log;

    async fn pre_start(&self, _: ActorRef<Ask>, log: Log) -> Result<Log, ActorProcessingErr> {
        if self.starts_slowly {
            log.note("starting");
            log.wait_at_gate().await;
        }
        log.note("started");
        Ok(log)
    }

    async fn handle(&self, _: ActorRef<Ask>, ask: Ask, log: &mut Log) -> Result<(), ActorProcessingErr> {
        match ask {
            Ask::Note(n) => log.note(n.to_string()),
            Ask::Wait(n) => {
                log.note("waits");
                log.wait_at_gate().await;
                log.note(n.to_string());
            }
            Ask::Answer(port) => {
                log.note("waits");
                log.wait_at_gate().await;
                log.note("answers");
                // Whoever asked may have given up.
                let _ = port.send(1);
            }
            Ask::Fail => return Err("it failed".into()),
            Ask::Panic => panic!("it panicked"),
        }
        Ok(())
    }

    async fn post_stop(&self, _: ActorRef<Ask>, log: &mut Log) -> Result<(), ActorProcessingErr> {
        log.note("stopping");
        if self.stops_slowly {
            log.wait_at_gate().await;
        }
        log.note("stopped");
        Ok(())
    }
}

/// A supervisor as ractor makes it.
struct ByDefault;

impl Actor for ByDefault {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }
}

/// A supervisor that says what it does, as ours: it notes.
struct Noting;

impl Actor for Noting {
    type Msg = ();
    type State = Log;
    type Arguments = Log;

    async fn pre_start(&self, _: ActorRef<()>, log: Log) -> Result<Log, ActorProcessingErr> {
        Ok(log)
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<()>,
        event: SupervisionEvent,
        log: &mut Log,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(_, error) => log.note(format!("child failed: {error}")),
            SupervisionEvent::ActorTerminated(..) => log.note("child ended"),
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => {}
        }
        Ok(())
    }
}

async fn worker(log: &Log) -> (ActorRef<Ask>, tokio::task::JoinHandle<()>) {
    Actor::spawn(None, Worker::default(), log.clone()).await.unwrap()
}

/// A worker that stands at the gate, with `queued` more messages behind the one it works on.
async fn busy(witness: &mut Witness, queued: u32) -> (ActorRef<Ask>, tokio::task::JoinHandle<()>) {
    let (actor, ended) = worker(&witness.log).await;
    actor.send_message(Ask::Wait(0)).unwrap();
    witness.sees("waits").await;
    for n in 1..=queued {
        actor.send_message(Ask::Note(n)).unwrap();
    }
    (actor, ended)
}

fn started_and(lines: &[&str]) -> Vec<String> {
    std::iter::once(&"started")
        .chain(lines)
        .map(|line| (*line).to_owned())
        .collect()
}

// Mailboxes.

#[tokio::test]
async fn a_mailbox_takes_any_number_of_messages_and_keeps_their_order() {
    let mut witness = Witness::new();
    let (actor, ended) = busy(&mut witness, 100_000).await;
    witness.open(1);
    actor.drain().unwrap();
    ended.await.unwrap();
    let lines = witness.lines();
    let numbers: Vec<u32> = lines.iter().filter_map(|line| line.parse().ok()).collect();
    assert_eq!(numbers, (0..=100_000).collect::<Vec<u32>>());
}

#[tokio::test]
async fn an_actor_spawned_instantly_takes_messages_before_it_has_started_and_in_order() {
    let mut witness = Witness::new();
    let (supervisor, _) = Actor::spawn(None, Noting, witness.log.clone()).await.unwrap();
    let slow = Worker {
        starts_slowly: true,
        ..Worker::default()
    };
    let (actor, _) =
        ActorRuntime::spawn_linked_instant(None, slow, witness.log.clone(), supervisor.get_cell()).unwrap();
    for n in 1..=3 {
        actor.send_message(Ask::Note(n)).unwrap();
    }
    witness.sees("starting").await;
    assert_eq!(witness.lines(), ["starting"]);
    witness.open(1);
    witness.sees("3").await;
    assert_eq!(witness.lines(), ["starting", "started", "1", "2", "3"]);
}

// Failure.

#[tokio::test]
async fn an_error_ends_the_actor_and_loses_its_queue() {
    let mut witness = Witness::new();
    let (actor, ended) = busy(&mut witness, 0).await;
    actor.send_message(Ask::Fail).unwrap();
    actor.send_message(Ask::Note(1)).unwrap();
    witness.open(1);
    ended.await.unwrap();
    // Not even `post_stop` is called.
    assert_eq!(witness.lines(), started_and(&["waits", "0"]));
    assert_eq!(actor.get_status(), ActorStatus::Stopped);
    assert!(actor.send_message(Ask::Note(2)).is_err());
}

#[tokio::test]
async fn a_panic_ends_the_actor_and_loses_its_queue() {
    let mut witness = Witness::new();
    let (actor, ended) = busy(&mut witness, 0).await;
    actor.send_message(Ask::Panic).unwrap();
    actor.send_message(Ask::Note(1)).unwrap();
    witness.open(1);
    ended.await.unwrap();
    assert_eq!(witness.lines(), started_and(&["waits", "0"]));
}

// Supervisors.

#[tokio::test]
async fn the_default_supervisor_stops_when_a_child_stops_however_cleanly() {
    let witness = Witness::new();
    let (supervisor, ended) = Actor::spawn(None, ByDefault, ()).await.unwrap();
    let (child, _) = Actor::spawn_linked(
        None,
        Worker::default(),
        witness.log.clone(),
        supervisor.get_cell(),
    )
    .await
    .unwrap();
    child.stop(None);
    ended.await.unwrap();
    assert_eq!(supervisor.get_status(), ActorStatus::Stopped);
}

#[tokio::test]
async fn a_supervisor_that_says_what_it_does_outlives_its_children() {
    let mut witness = Witness::new();
    let (supervisor, _) = Actor::spawn(None, Noting, witness.log.clone()).await.unwrap();
    for (ask, seen) in [
        (Ask::Fail, "child failed: it failed"),
        (Ask::Panic, "child failed: it panicked"),
    ] {
        let (child, _) = Actor::spawn_linked(
            None,
            Worker::default(),
            witness.log.clone(),
            supervisor.get_cell(),
        )
        .await
        .unwrap();
        child.send_message(ask).unwrap();
        witness.sees(seen).await;
        assert_eq!(supervisor.get_status(), ActorStatus::Running);
    }
    let (child, _) = Actor::spawn_linked(
        None,
        Worker::default(),
        witness.log.clone(),
        supervisor.get_cell(),
    )
    .await
    .unwrap();
    child.stop(None);
    witness.sees("child ended").await;
    assert_eq!(supervisor.get_status(), ActorStatus::Running);
}

// Leaving.

#[tokio::test]
async fn stop_overtakes_what_waits_in_the_mailbox() {
    let mut witness = Witness::new();
    let (actor, ended) = busy(&mut witness, 100).await;
    actor.stop(None);
    witness.open(1);
    ended.await.unwrap();
    assert_eq!(
        witness.lines(),
        started_and(&["waits", "0", "stopping", "stopped"])
    );
}

#[tokio::test]
async fn drain_finishes_what_waits_and_refuses_what_comes() {
    let mut witness = Witness::new();
    let (actor, ended) = busy(&mut witness, 2).await;
    actor.drain().unwrap();
    assert!(actor.send_message(Ask::Note(9)).is_err());
    witness.open(1);
    ended.await.unwrap();
    assert_eq!(
        witness.lines(),
        started_and(&["waits", "0", "1", "2", "stopping", "stopped"])
    );
}

#[tokio::test]
async fn kill_cuts_a_handler_at_its_await_and_skips_post_stop() {
    let mut witness = Witness::new();
    let (actor, ended) = busy(&mut witness, 1).await;
    actor.kill();
    ended.await.unwrap();
    assert_eq!(witness.lines(), started_and(&["waits"]));
}

// Calls.

#[tokio::test(start_paused = true)]
async fn a_call_that_timed_out_does_not_stop_its_handler() {
    let mut witness = Witness::new();
    let (actor, _) = worker(&witness.log).await;
    let answer = actor
        .call(Ask::Answer, Some(Duration::from_secs(1)))
        .await
        .unwrap();
    assert!(matches!(answer, CallResult::Timeout), "{answer:?}");
    witness.open(1);
    witness.sees("answers").await;
    assert_eq!(actor.get_status(), ActorStatus::Running);
}

// Names.

#[tokio::test]
async fn a_name_is_taken_while_its_actor_drains_and_free_before_it_has_ended() {
    let name = || Some("the-name".to_owned());
    let mut witness = Witness::new();
    let slow = Worker {
        stops_slowly: true,
        ..Worker::default()
    };
    let (old, old_ended) = Actor::spawn(name(), slow, witness.log.clone()).await.unwrap();
    old.send_message(Ask::Wait(0)).unwrap();
    witness.sees("waits").await;
    old.drain().unwrap();
    let taken = Actor::spawn(name(), Worker::default(), witness.log.clone()).await;
    assert!(taken.is_err(), "the name is taken while the actor drains");

    witness.open(1);
    witness.sees("stopping").await;
    // The old one stands in its `post_stop`, and the next of its name lives already.
    let (new, _) = Actor::spawn(name(), Worker::default(), witness.log.clone())
        .await
        .unwrap();
    new.send_message(Ask::Note(1)).unwrap();
    witness.sees("1").await;
    assert!(!old_ended.is_finished());
    witness.open(1);
    old_ended.await.unwrap();
    assert!(witness.lines().contains(&"stopped".to_owned()));
}
