//! Who is asked, how many at the same time, and how much a day.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Semaphore;

use super::*;
use crate::telemetry::metrics::LlmOutcome::{Error, Skipped, Timeout};

/// Waits for a rest to pass, on the clock that the client waits by.
async fn rest() {
    tokio::time::sleep(Duration::from_millis(350)).await;
}

#[tokio::test]
async fn an_endpoint_that_fails_is_left_alone_then_tried_once_then_used_again() {
    let is_well = Arc::new(AtomicBool::new(false));
    let state = is_well.clone();
    let desk = Desk::with(
        move |_, _| {
            if state.load(Ordering::Relaxed) {
                good()
            } else {
                refuses(500, "oops")
            }
        },
        |settings| settings.attempts_max = 1,
    )
    .await;
    assert_eq!(desk.client.health(), Health::Unknown);
    for _ in 0..5 {
        assert_eq!(desk.hears().await, Err(Error));
    }
    assert_eq!(desk.client.health(), Health::Down);
    assert_eq!(desk.hears().await, Err(Skipped), "five in a row are enough");
    assert_eq!(desk.stub.calls(), 5);
    rest().await;
    assert_eq!(desk.hears().await, Err(Error), "one finds out");
    assert_eq!(desk.hears().await, Err(Skipped));
    assert_eq!(desk.stub.calls(), 6);
    is_well.store(true, Ordering::Relaxed);
    rest().await;
    assert_eq!(desk.hears().await, Ok(acts()));
    assert_eq!(desk.client.health(), Health::Well);
    assert_eq!(desk.counts.outcomes(), [("ok", 1), ("error", 6), ("skipped", 2)]);
}

#[tokio::test]
async fn no_more_are_in_flight_than_may_be_and_a_crowd_lets_others_by() {
    let turnstile = Arc::new(Semaphore::new(0));
    let (gate, now, most) = (
        turnstile.clone(),
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(0)),
    );
    let (counted, peak) = (now.clone(), most.clone());
    let desk = Desk::with(
        move |_, _| {
            peak.fetch_max(counted.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            Does::Waits(gate.clone(), Box::new(good()))
        },
        |settings| {
            settings.in_flight_max = 3;
            settings.in_flight_per_business_max = 2;
            settings.call_timeout = Duration::from_secs(20);
        },
    )
    .await;
    let ask = |name: &'static str| {
        let (client, now) = (desk.client.clone(), now.clone());
        tokio::spawn(async move {
            let business = business(name);
            let answer = client.complete(question(&business)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            answer.map(|reply| reply.value).map_err(|failure| failure.outcome)
        })
    };
    let crowd: Vec<_> = (0..10).map(|_| ask("crowd")).collect();
    desk.stub.until_asked(2).await;
    let other = ask("other");
    desk.stub.until_asked(3).await;
    assert_eq!(
        desk.counts.in_flight(),
        3,
        "two of the crowd, and the other one before the crowd's other eight"
    );
    turnstile.add_permits(11);
    assert_eq!(other.await.unwrap(), Ok(acts()));
    for each in crowd {
        assert_eq!(each.await.unwrap(), Ok(acts()));
    }
    assert!(most.load(Ordering::SeqCst) <= 3, "{most:?}");
    assert_eq!(desk.counts.in_flight(), 0);
}

#[tokio::test]
async fn whoever_finds_no_place_in_time_goes_without() {
    let turnstile = Arc::new(Semaphore::new(0));
    let gate = turnstile.clone();
    let desk = Desk::with(
        move |_, _| Does::Waits(gate.clone(), Box::new(good())),
        |settings| settings.in_flight_max = 1,
    )
    .await;
    let client = desk.client.clone();
    let first = tokio::spawn(async move { client.complete(question(&business("salon"))).await });
    desk.stub.until_asked(1).await;
    let barber = business("barber");
    let mut hasty = question(&barber);
    hasty.time_left = Duration::from_millis(100);
    let began = Instant::now();
    let failure = desk.client.complete(hasty).await.unwrap_err();
    assert_eq!(failure.outcome, Skipped);
    assert!(began.elapsed() < CALL, "{:?}", began.elapsed());
    turnstile.add_permits(1);
    assert!(first.await.unwrap().is_ok());
    assert_eq!(desk.counts.outcomes(), [("ok", 1), ("skipped", 1)]);
}

#[tokio::test]
async fn a_call_that_could_not_end_in_time_is_not_begun() {
    let turnstile = Arc::new(Semaphore::new(0));
    let gate = turnstile.clone();
    let desk = Desk::new(move |_, _| Does::Waits(gate.clone(), Box::new(good()))).await;
    let slow = tokio::spawn({
        let client = desk.client.clone();
        async move { client.complete(question(&business("salon"))).await }
    });
    desk.stub.until_asked(1).await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    turnstile.add_permits(2);
    assert!(slow.await.unwrap().is_ok());
    let salon = business("salon");
    let mut hasty = question(&salon);
    hasty.time_left = Duration::from_millis(100);
    assert_eq!(
        desk.client.complete(hasty).await.unwrap_err().outcome,
        Skipped,
        "it takes 150 ms"
    );
    assert_eq!(desk.hears().await, Ok(acts()));
    assert_eq!(desk.stub.calls(), 2);
}

#[tokio::test]
async fn a_call_that_is_given_up_frees_its_place_and_is_counted() {
    let desk = Desk::with(
        |n, _| if n == 0 { Does::Hangs } else { good() },
        |settings| settings.in_flight_max = 1,
    )
    .await;
    let salon = business("salon");
    tokio::select! {
        answer = desk.client.complete(question(&salon)) => panic!("{answer:?}"),
        () = desk.stub.until_asked(1) => {}
    }
    assert_eq!(desk.counts.outcomes(), [("cancelled", 1)]);
    assert_eq!(desk.counts.in_flight(), 0);
    assert_eq!(desk.hears().await, Ok(acts()));
}

#[tokio::test]
async fn a_spent_budget_costs_no_call() {
    for common in [true, false] {
        let desk = Desk::with(
            |_, _| good(),
            |settings| {
                let budget = Some(150);
                if common {
                    settings.tokens_per_day = budget;
                } else {
                    settings.tokens_per_business_per_day = budget;
                }
            },
        )
        .await;
        assert!(
            desk.ask().await.is_ok() && desk.ask().await.is_ok(),
            "110 tokens, then 220"
        );
        let failure = desk.ask().await.unwrap_err();
        assert_eq!(failure.outcome, Skipped);
        assert!(failure.why.contains("budget"), "{failure}");
        let barber = business("barber");
        assert_eq!(desk.client.complete(question(&barber)).await.is_ok(), !common);
        assert_eq!(desk.stub.calls(), if common { 2 } else { 3 });
        let sent = desk.counts.get("frontdesk_llm_tokens_total{direction=\"input\"}");
        assert_eq!(sent, 100 * desk.stub.calls() as u64);
    }
}

#[tokio::test]
async fn what_was_sent_in_vain_counts_against_the_budget_too() {
    let desk = Desk::with(
        |_, _| Does::Hangs,
        |settings| {
            settings.call_timeout = Duration::from_millis(60);
            settings.tokens_per_day = Some(50);
        },
    )
    .await;
    let failure = desk.ask().await.unwrap_err();
    assert_eq!(failure.outcome, Timeout);
    assert!(failure.spent.input_tokens > 50, "it may be billed");
    assert_eq!(desk.hears().await, Err(Skipped));
}

/// A desk with a second endpoint.
async fn with_second(
    first: impl Fn(usize, &Asked) -> Does + Send + Sync + 'static,
    second: impl Fn(usize, &Asked) -> Does + Send + Sync + 'static,
) -> (Desk, Stub) {
    let other = Stub::start(second).await;
    let fallback = Endpoint {
        model: "spare".to_owned(),
        api_key: None,
        ..endpoint(&other)
    };
    let desk = Desk::with(first, |settings| settings.fallback = Some(fallback)).await;
    (desk, other)
}

#[tokio::test]
async fn a_second_endpoint_answers_when_the_first_cannot() {
    for first in [
        refuses(500, "oops"),
        refuses(401, "no"),
        refuses(404, "model not found"),
        refuses(429, "slow down"),
        Does::Resets,
        Does::Hangs,
        says("{\"acts\": [\"cut"),
        Does::Floods,
    ] {
        let (desk, second) = with_second(move |_, _| first.clone(), |_, _| good()).await;
        assert_eq!(desk.hears().await, Ok(acts()));
        assert_eq!(second.calls(), 1);
        let asked = &second.asked()[0];
        assert_eq!(asked.body["model"], "spare");
        assert!(
            !asked.head.contains("authorization"),
            "each has its own key, or none"
        );
    }
}

#[tokio::test]
async fn while_the_first_is_left_alone_the_second_is_asked_at_once() {
    let (desk, second) = with_second(|_, _| refuses(401, "no"), |_, _| good()).await;
    for _ in 0..3 {
        assert_eq!(desk.hears().await, Ok(acts()));
    }
    assert_eq!((desk.stub.calls(), second.calls()), (1, 3));
    assert_eq!(desk.client.health(), Health::Degraded);
    assert_eq!(
        desk.counts.outcomes(),
        [("ok", 3), ("error", 1)],
        "nothing was skipped"
    );
}

#[tokio::test]
async fn when_both_fail_the_time_is_not_exceeded() {
    let (desk, second) = with_second(|_, _| Does::Hangs, |_, _| Does::Hangs).await;
    assert_eq!(desk.hears().await, Err(Timeout));
    assert_eq!((desk.stub.calls(), second.calls()), (1, 1));
    assert_eq!(desk.counts.outcomes(), [("timeout", 2)]);
}

#[tokio::test]
async fn another_model_is_asked_of_the_first_endpoint_only() {
    let (desk, second) = with_second(|_, _| refuses(500, "oops"), |_, _| good()).await;
    let salon = business("salon");
    let mut other = question(&salon);
    other.model = Some("large");
    assert!(desk.client.complete(other).await.is_ok());
    assert_eq!(desk.stub.asked()[0].body["model"], "large");
    assert_eq!(second.asked()[0].body["model"], "spare");
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_at_the_start() {
    let at = |base_url: &str, key: &str| {
        Client::new(Settings::new(Endpoint {
            base_url: base_url.to_owned(),
            api_key: Some(key.into()),
            model: "small".to_owned(),
        }))
        .err()
        .map(|error| error.to_string())
    };
    assert!(
        at("localhost:8080/v1", "k")
            .unwrap()
            .contains("with its scheme and its /v1")
    );
    let said = at("http://localhost:8080/v1", "k\nhush").unwrap();
    assert!(said.contains("copy it again") && !said.contains("hush"), "{said}");
    assert!(at("https://llm.example.com/v1", "k").is_none());
}
