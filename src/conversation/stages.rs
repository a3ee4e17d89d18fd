//! Where the time of a turn goes: its spans, the metrics of its stages, and a line in the log when it was slow.
//!
//! A turn is a tree of spans below the request that brought its first message, or the last one that belongs to a trace:
//! `accept` (which its side in makes), `wait`, then `turn` with `load`, `understand`, `decide`, `hold` and `commit` in it;
//! `send` follows for each reply that is delivered, by whichever process claims it. They are of level `debug`, so that
//! they cost nothing where nobody looks.

use std::cell::RefCell;
use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;
use tracing::field::{Empty, display};
use tracing::{Instrument as _, Span};

use crate::telemetry::metrics::{self, Stage};
use crate::types::{Pair, Trace, TurnId};

/// When and with which request something came that waits for its turn.
#[derive(Debug)]
pub(super) struct Arrival {
    /// When.
    pub at: Instant,
    request: Span,
    /// Open as long as it waits.
    wait: Span,
}

impl Arrival {
    /// Now, with the request that is being worked on.
    pub(super) fn now() -> Self {
        let request = Span::current();
        let wait = tracing::debug_span!(parent: &request, "wait");
        Self {
            at: Instant::now(),
            request,
            wait,
        }
    }

    /// Its turn has come.
    pub(super) fn is_over(&mut self) {
        self.wait = Span::none();
    }
}

/// What a turn is about to be.
#[derive(Debug, Default)]
pub(super) struct Beginning {
    /// How long the first of its messages waited.
    waited: Duration,
    /// The trace that it belongs to.
    trace: Option<Trace>,
    /// The request that it is below.
    request: Option<Span>,
    /// The requests of the others.
    joined: Vec<Span>,
}

impl Beginning {
    /// Somebody else is answered by it.
    pub(super) fn with(&mut self, arrival: &Arrival) {
        self.waited = self.waited.max(arrival.at.elapsed());
        match &self.request {
            None => self.request = Some(arrival.request.clone()),
            Some(_) if arrival.request.is_disabled() => {}
            Some(_) => self.joined.push(arrival.request.clone()),
        }
    }

    /// It belongs to the trace that this message came with.
    pub(super) fn belongs_to(&mut self, trace: Trace, arrival: &Arrival) {
        self.trace = Some(trace);
        let Some(first) = self.request.replace(arrival.request.clone()) else {
            return;
        };
        if first.id() != arrival.request.id() {
            self.joined.retain(|other| other.id() != arrival.request.id());
            self.joined.push(first);
        }
    }
}

/// Of the loading before a turn, below the request that waits for it.
pub(super) fn loading(first: Option<&Arrival>) -> Span {
    match first {
        Some(arrival) => tracing::debug_span!(parent: &arrival.request, "load"),
        None => tracing::debug_span!("load"),
    }
}

/// What is known of the turn that a task works on.
#[derive(Debug, Default)]
struct Course {
    /// The requests that it answers.
    requests: Vec<Span>,
    turn: Option<TurnId>,
    understand: Duration,
    decide: Duration,
    commit: Duration,
}

tokio::task_local! {
    // Borrowed to note and to look, never across an await.
    static COURSE: RefCell<Course>;
}

/// A stage of a turn has taken so long. What happens more than once in a turn counts together.
pub(super) fn took(stage: Stage, took: Duration) {
    metrics::turn_took(stage, took);
    notes(|course| match stage {
        Stage::Understand => course.understand += took,
        Stage::Decide => course.decide += took,
        Stage::Commit => course.commit += took,
        Stage::Wait | Stage::Burst | Stage::Total => {}
    });
}

/// The turn is to be committed under this id. Its requests learn it, too.
pub(super) fn is_called(turn: TurnId) {
    Span::current().record("turn", display(turn.0));
    notes(|course| {
        course.turn = Some(turn);
        for request in &course.requests {
            request.record("turn", display(turn.0));
        }
    });
}

fn notes(note: impl FnOnce(&mut Course)) {
    // Tests run parts of a turn without a task of its own.
    let _ = COURSE.try_with(|course| note(&mut course.borrow_mut()));
}

/// Runs a turn, and says where its time went if it and the waiting before it took longer than `slow`.
pub(super) async fn watched<T>(
    pair: &Pair,
    beginning: Beginning,
    slow: Duration,
    turn: impl Future<Output = T>,
) -> T {
    let conversation = pair.conversation();
    let trace = beginning.trace.map(|trace| display(trace.id));
    let request = beginning.request.unwrap_or_else(Span::none);
    let span = tracing::debug_span!(parent: &request, "turn", %conversation, turn = Empty, trace.id = trace.as_ref());
    for other in &beginning.joined {
        span.follows_from(other);
    }
    let mut requests = Vec::new();
    // Those of requests are open wherever the log has its usual level, and to write into them would cost each turn.
    if !span.is_disabled() {
        requests = beginning.joined;
        requests.push(request);
    }
    let begun = Instant::now();
    let turn = async {
        let ended = turn.await;
        let (worked, waited) = (begun.elapsed(), beginning.waited);
        if worked + waited > slow {
            notes(|course| {
                tracing::warn!(
                    %conversation,
                    turn = course.turn.map(|turn| display(turn.0)),
                    trace.id = trace.as_ref(),
                    wait_ms = millis(waited),
                    understand_ms = millis(course.understand),
                    decide_ms = millis(course.decide),
                    commit_ms = millis(course.commit),
                    total_ms = millis(worked + waited),
                    "a slow turn"
                );
            });
        }
        ended
    };
    let course = Course {
        requests,
        ..Course::default()
    };
    COURSE.scope(RefCell::new(course), turn.instrument(span)).await
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
