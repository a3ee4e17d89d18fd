//! What a turn leaves in traces and in the log.

use std::time::Duration;

use tracing::field::Empty;
use tracing::{Instrument as _, info_span};

use super::house::{House, WAIT, answered, message, pair, quiet};
use crate::store::Inbound;
use crate::telemetry::noted::Notes;
use crate::types::Trace;

fn trace(number: u32) -> Trace {
    format!("00-{number:032x}-00f067aa0ba902b7-01").parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_a_tree_of_spans_below_the_request_that_began_it() {
    let (notes, _guard) = Notes::begin();
    let house = House::open().await;
    let request = info_span!("request", turn = Empty);
    let said = house.conversations.say(message("ana", "a", "gel"), WAIT);
    answered(said.instrument(request).await);
    assert_eq!(
        notes.paths().join(" "),
        "request request/wait request/load request/turn request/turn/understand request/turn/decide \
         request/turn/hold request/turn/commit"
    );
    let turn = notes.only("request/turn");
    assert_eq!(turn.get("conversation"), pair("ana").conversation().to_string());
    assert!(!turn.get("turn").is_empty());
    assert_eq!(notes.only("request").get("turn"), turn.get("turn"));
    assert_eq!(turn.get("trace.id"), "", "nobody told of a trace");
}

#[tokio::test(start_paused = true)]
async fn a_turn_of_several_messages_belongs_to_the_trace_of_the_last_one_that_has_one() {
    let (notes, _guard) = Notes::begin();
    let house = House::open().await;
    let first = house.begins("ana", "slow hi").await;
    let say = |id: &str, number: Option<u32>| {
        let message = Inbound {
            trace: number.map(trace),
            ..message("ana", id, "gel")
        };
        let request = info_span!("request", id, turn = Empty);
        let conversations = house.conversations.clone();
        tokio::spawn(async move { conversations.say(message, WAIT).await }.instrument(request))
    };
    let mut others = Vec::new();
    for (id, number) in [("b", Some(1)), ("c", Some(2)), ("d", None)] {
        others.push(say(id, number));
        quiet().await;
    }
    house.mind.release(1);
    answered(first.await.unwrap());
    for other in others {
        answered(other.await.unwrap());
    }
    let spans = notes.spans();
    let turns: Vec<_> = spans.iter().filter(|span| span.path.ends_with("turn")).collect();
    let ids: Vec<_> = turns.iter().map(|turn| turn.fields.get("trace.id")).collect();
    assert_eq!(ids, [String::new(), trace(2).id.to_string()]);
    // All that it answers know which one it is.
    for id in ["b", "c", "d"] {
        let request = spans
            .iter()
            .find(|span| span.path == "request" && span.fields.get("id") == id);
        let request = request.expect("a request of each");
        assert_eq!(request.fields.get("turn"), turns[1].fields.get("turn"), "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_turn_says_where_its_time_went() {
    let (notes, _guard) = Notes::begin();
    let house = House::open().await;
    let slow = house.begins("ana", "slow hi").await;
    tokio::time::advance(Duration::from_secs(6)).await;
    house.mind.release(1);
    answered(slow.await.unwrap());
    quiet().await;
    house.says("ana", "gel").await;

    let warnings = notes.warnings();
    let [warning] = warnings.as_slice() else {
        panic!("{warnings:?}")
    };
    let of = |name: &str| warning.get(name);
    assert_eq!(of("message"), "a slow turn");
    assert_eq!(of("conversation"), pair("ana").conversation().to_string());
    assert_ne!(of("turn"), "");
    let [understand, total] = ["understand_ms", "total_ms"].map(|name| of(name).parse::<u64>().unwrap());
    assert!(
        (6_000..6_100).contains(&understand) && total == understand,
        "{warning:?}"
    );
    assert_eq!(["wait_ms", "decide_ms", "commit_ms"].map(of), ["0"; 3]);
}
