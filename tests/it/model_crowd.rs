//! More customers at once than the model may be asked for: they wait for each other as the bound says, and no longer.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::process::{BUSINESS, Site, get, http};

/// The endpoint of `cargo bench --bench llm`.
#[path = "../../benches/llm/stub.rs"]
mod stub;

use stub::{Stub, vague};

const CROWD: u32 = 60;
const BOUND: u32 = 10;
const THINKS: Duration = Duration::from_millis(200);
/// What the stub's answer comes to: only the model heard that parking was asked for.
const ANSWER: &str = "a garage at 106 Mott Street";

#[tokio::test]
async fn no_more_calls_than_the_bound_are_under_way_and_everybody_is_answered() {
    let stub = Stub::start(THINKS).await;
    let mut site = Site::new()
        .with("FRONTDESK_UNDERSTANDING", "llm")
        .with("LLM_BASE_URL", &stub.url)
        .with("LLM_MODEL", "stub")
        .with("LLM_TIMEOUT_MS", 50_000)
        .with("MESSAGE_PROCESSOR_TIMEOUT", 55_000)
        .with("LLM_IN_FLIGHT_MAX", BOUND)
        .with("FRONTDESK_LLM__IN_FLIGHT_PER_BUSINESS_MAX", BOUND);
    let (process, url) = site.start().await;
    let http = http();
    let mut crowd = JoinSet::new();
    for number in 0..CROWD {
        let asked = http.post(format!("{url}/v1/messages")).json(&json!({
            "business_id": BUSINESS,
            "participant_id": format!("customer-{number}"),
            "text": vague(number),
        }));
        crowd.spawn(async move {
            let begun = Instant::now();
            let response = asked.send().await.unwrap();
            assert_eq!(response.status().as_u16(), 200);
            let answer: Value = response.json().await.unwrap();
            (answer.to_string(), begun.elapsed())
        });
    }
    let queue = THINKS * CROWD.div_ceil(BOUND);
    for (answer, took) in crowd.join_all().await {
        assert!(answer.contains(ANSWER), "{answer}");
        assert!(took <= queue * 3, "{took:?} in a queue of {queue:?}");
    }
    let (most, bound) = (stub.most_at_once(), BOUND as usize);
    assert!(most <= bound, "{most} calls at once");
    // The bound is used, too, or it would be no queue that was measured.
    assert!(most > bound / 2, "{most} calls at once");
    assert!((0..CROWD).all(|number| stub.calls_for(number).len() == 1));
    let metrics = get(format!("{url}/metrics")).await.unwrap().text().await.unwrap();
    for line in [
        &*format!("frontdesk_llm_requests_total{{outcome=\"ok\"}} {CROWD}"),
        "frontdesk_llm_in_flight 0",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}");
    }
    process.stop().await;
}
