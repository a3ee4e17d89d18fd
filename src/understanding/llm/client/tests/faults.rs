//! The fault table: what a caller gets, within which time, after how many calls, and what is counted.
//!
//! `docs/LLM.md` says the same in words; whoever changes one changes the other.

use super::*;
use crate::telemetry::metrics::LlmOutcome::{Error, Invalid, RateLimited, Skipped, Timeout};

/// Asks once and compares everything that is to be seen.
#[track_caller]
fn check(
    desk: &Desk,
    heard: &Result<Value, LlmOutcome>,
    expected: &Result<Value, LlmOutcome>,
    counted: &[(&'static str, u64)],
    retries: u64,
) {
    assert_eq!(heard, expected);
    assert_eq!(desk.counts.outcomes(), counted);
    let calls = counted
        .iter()
        .filter(|(name, _)| *name != "skipped")
        .map(|(_, n)| n)
        .sum::<u64>();
    assert_eq!(desk.stub.calls() as u64, calls, "each call is counted once");
    assert_eq!(desk.counts.retries(), retries);
    assert_eq!(desk.counts.in_flight(), 0);
}

#[tokio::test]
async fn an_endpoint_that_hangs_costs_the_time_of_a_call_and_no_more() {
    let desk = Desk::new(|_, _| Does::Hangs).await;
    let heard = desk.hears().await;
    check(&desk, &heard, &Err(Timeout), &[("timeout", 1)], 0);
}

#[tokio::test]
async fn an_endpoint_that_hangs_once_is_asked_again_when_an_attempt_has_a_time_of_its_own() {
    let desk = Desk::with(
        |n, _| if n == 0 { Does::Hangs } else { good() },
        |settings| settings.attempt_timeout = Some(CALL / 3),
    )
    .await;
    let heard = desk.hears().await;
    check(&desk, &heard, &Ok(acts()), &[("ok", 1), ("timeout", 1)], 1);
}

#[tokio::test]
async fn a_request_with_little_time_left_ends_within_it() {
    let desk = Desk::new(|_, _| Does::Hangs).await;
    let salon = business("salon");
    let mut short = question(&salon);
    short.time_left = Duration::from_millis(60);
    let began = Instant::now();
    let failure = desk.client.complete(short).await.unwrap_err();
    assert_eq!(failure.outcome, Timeout);
    assert!(began.elapsed() < CALL, "{:?}", began.elapsed());
    let mut none = question(&salon);
    none.time_left = Duration::ZERO;
    assert_eq!(desk.client.complete(none).await.unwrap_err().outcome, Skipped);
    assert_eq!(desk.stub.calls(), 1);
}

#[tokio::test]
async fn a_slow_drip_is_cut_at_the_deadline() {
    let desk = Desk::new(|_, _| Does::Drips(vec![b' '; 400])).await;
    let heard = desk.hears().await;
    check(&desk, &heard, &Err(Timeout), &[("timeout", 1)], 0);
}

#[tokio::test]
async fn a_rate_limit_is_tried_again_a_few_times() {
    let desk = Desk::new(|_, _| refuses(429, "slow down")).await;
    let heard = desk.hears().await;
    check(&desk, &heard, &Err(RateLimited), &[("rate_limited", 3)], 2);
    assert_eq!(desk.client.health(), Health::Well, "it lives, and says so");
}

#[tokio::test]
async fn a_rate_limit_that_names_a_short_pause_gets_it() {
    let desk = Desk::new(|n, _| match n {
        0 => refuses(429, "slow down").with("Retry-After", "0.1"),
        _ => good(),
    })
    .await;
    let began = Instant::now();
    let heard = desk.hears().await;
    assert!(began.elapsed() >= Duration::from_millis(100));
    check(&desk, &heard, &Ok(acts()), &[("ok", 1), ("rate_limited", 1)], 1);
}

#[tokio::test]
async fn a_rate_limit_that_names_a_long_pause_ends_the_matter() {
    for (header, value) in [
        ("Retry-After", "60"),
        ("Retry-After", "Fri, 20 Nov 2026 10:01:00 GMT"),
    ] {
        let desk = Desk::new(move |_, _| {
            refuses(429, "slow down")
                .with(header, value)
                .with("Date", "Fri, 20 Nov 2026 10:00:00 GMT")
        })
        .await;
        let began = Instant::now();
        let heard = desk.hears().await;
        assert!(began.elapsed() < CALL);
        check(&desk, &heard, &Err(RateLimited), &[("rate_limited", 1)], 0);
    }
}

#[tokio::test]
async fn a_storm_of_errors_is_tried_again_a_few_times() {
    for status in [500, 502, 503, 529] {
        let desk = Desk::new(move |_, _| refuses(status, "oops")).await;
        let heard = desk.hears().await;
        check(&desk, &heard, &Err(Error), &[("error", 3)], 2);
    }
}

#[tokio::test]
async fn a_gateway_that_waits_in_vain_counts_as_late() {
    let desk = Desk::new(|n, _| if n == 0 { Does::says(504, "<html>") } else { good() }).await;
    let heard = desk.hears().await;
    check(&desk, &heard, &Ok(acts()), &[("ok", 1), ("timeout", 1)], 1);
}

#[tokio::test]
async fn where_nobody_listens_one_is_told_at_once() {
    let counts = Counts::begin();
    let stub = Stub::gone().await;
    let client = Client::new(settings(&stub)).unwrap();
    let salon = business("salon");
    let began = Instant::now();
    let failure = client.complete(question(&salon)).await.unwrap_err();
    assert!(began.elapsed() < CALL);
    assert_eq!(failure.outcome, Error);
    assert!(failure.why.to_lowercase().contains("refused"), "{}", failure.why);
    assert_eq!(failure.spent, Spent::default(), "nothing was sent");
    assert_eq!((counts.outcomes(), counts.retries()), (vec![("error", 3)], 2));
}

#[tokio::test]
async fn a_line_that_breaks_is_made_again() {
    let desk = Desk::new(|n, _| if n < 2 { Does::Resets } else { good() }).await;
    let heard = desk.hears().await;
    check(&desk, &heard, &Ok(acts()), &[("ok", 1), ("error", 2)], 2);
}

#[tokio::test]
async fn an_answer_that_is_cut_on_the_way_is_asked_for_again() {
    let desk = Desk::new(|n, _| match n {
        0 => Does::Cuts(b"{\"choices\":[".to_vec()),
        _ => good(),
    })
    .await;
    let heard = desk.hears().await;
    check(&desk, &heard, &Ok(acts()), &[("ok", 1), ("error", 1)], 1);
}

#[tokio::test]
async fn an_envelope_that_is_cut_is_no_answer() {
    let desk = Desk::new(|_, _| Does::says(200, "{\"choices\":[{\"message\":{\"content\":\"{}")).await;
    let heard = desk.hears().await;
    check(&desk, &heard, &Err(Invalid), &[("invalid", 1)], 0);
}

#[tokio::test]
async fn json_that_is_cut_is_sent_back_once() {
    let desk = Desk::new(|_, _| says("{\"acts\": [\"sta")).await;
    let heard = desk.hears().await;
    check(&desk, &heard, &Err(Invalid), &[("invalid", 2)], 0);
    let sent = &desk.stub.asked()[1].body["messages"];
    assert_eq!(sent[2]["content"], "{\"acts\": [\"sta");
    assert_eq!(sent[2]["role"], "assistant");
    assert!(
        sent[3]["content"]
            .as_str()
            .unwrap()
            .contains("not a whole JSON object"),
        "{sent}"
    );
}

#[tokio::test]
async fn a_value_of_the_wrong_shape_is_for_the_asker_to_see() {
    let odd = json!({"acts": "booked!", "more": 1});
    let shown = odd.clone();
    let desk = Desk::new(move |_, _| says(&shown.to_string())).await;
    let heard = desk.hears().await;
    check(&desk, &heard, &Ok(odd), &[("ok", 1)], 0);
}

#[tokio::test]
async fn an_answer_of_5_mb_is_read_to_the_limit_and_no_further() {
    let long = says(&" ".repeat(5_000_000));
    // One that never ends would take all the time if it were read on.
    for answer in [long, Does::Floods] {
        let desk = Desk::new(move |_, _| answer.clone()).await;
        let heard = desk.hears().await;
        check(&desk, &heard, &Err(Invalid), &[("invalid", 1)], 0);
    }
}

#[tokio::test]
async fn a_function_that_nobody_knows_is_sent_back_once() {
    let called = |name: &str| {
        completion(&json!({"content": null, "tool_calls": [
            {"id": "1", "type": "function", "function": {"name": name, "arguments": acts().to_string()}}]}))
    };
    let desk = Desk::new(move |n, _| called(if n == 0 { "drop_tables" } else { "understood" })).await;
    let heard = desk.hears().await;
    check(&desk, &heard, &Ok(acts()), &[("ok", 1), ("invalid", 1)], 0);
    let desk = Desk::new(move |_, _| called("drop_tables")).await;
    let heard = desk.hears().await;
    check(&desk, &heard, &Err(Invalid), &[("invalid", 2)], 0);
}

#[tokio::test]
async fn no_choices_are_no_answer() {
    for body in [
        r#"{"choices":[]}"#,
        r#"{"choices":null}"#,
        r#"{"choices":[{}]}"#,
        "{}",
    ] {
        let desk = Desk::new(move |_, _| Does::says(200, body)).await;
        let heard = desk.hears().await;
        check(&desk, &heard, &Err(Invalid), &[("invalid", 1)], 0);
    }
}

#[tokio::test]
async fn what_is_not_utf_8_is_no_answer() {
    let desk = Desk::new(|_, _| Does::Says(200, Vec::new(), b"{\"choices\":[\"\xff\xfe\"]}".to_vec())).await;
    let heard = desk.hears().await;
    check(&desk, &heard, &Err(Invalid), &[("invalid", 1)], 0);
}

#[tokio::test]
async fn a_refusal_a_filter_and_an_answer_without_room_are_not_argued_with() {
    for (message, stopped) in [
        (
            json!({"content": null, "refusal": "I cannot help with that"}),
            "stop",
        ),
        (json!({"content": ""}), "content_filter"),
        (json!({"content": "{\"acts\": [\"st"}), "length"),
        (json!({"content": "<think>so many"}), "length"),
        (json!({"content": null}), "length"),
    ] {
        let body = json!({"choices": [{"message": message, "finish_reason": stopped}]}).to_string();
        let desk = Desk::new(move |_, _| Does::says(200, &body)).await;
        let heard = desk.hears().await;
        check(&desk, &heard, &Err(Invalid), &[("invalid", 1)], 0);
    }
}

#[tokio::test]
async fn a_model_that_is_not_there_is_not_asked_for_again_soon_and_others_are() {
    let desk = Desk::new(|_, asked| match asked.body["model"].as_str() {
        Some("small") => refuses(404, "The model `small` does not exist"),
        _ => good(),
    })
    .await;
    let heard = desk.hears().await;
    check(&desk, &heard, &Err(Error), &[("error", 1)], 0);
    assert_eq!(desk.hears().await, Err(Skipped));
    assert_eq!(desk.client.health(), Health::Down);
    let salon = business("salon");
    let mut other = question(&salon);
    other.model = Some("large");
    assert_eq!(desk.client.complete(other).await.unwrap().value, acts());
}

#[tokio::test]
async fn a_key_that_is_refused_is_not_shown_again_soon() {
    for status in [401, 403] {
        let desk = Desk::new(move |_, _| refuses(status, "Incorrect API key provided: sk-hush")).await;
        let failure = desk.ask().await.unwrap_err();
        assert_eq!(failure.outcome, Error);
        assert!(
            failure.why.contains("refuses the key") && !failure.why.contains("hush"),
            "{failure}"
        );
        assert_eq!(desk.hears().await, Err(Skipped));
        assert_eq!(desk.stub.calls(), 1);
        assert_eq!(desk.counts.outcomes(), [("error", 1), ("skipped", 1)]);
        assert_eq!(desk.client.health(), Health::Down);
    }
}

#[tokio::test]
async fn an_address_with_nothing_behind_it_is_left_alone() {
    for status in [404, 405] {
        let desk = Desk::new(move |_, _| Does::says(status, "<html>no such page</html>")).await;
        let failure = desk.ask().await.unwrap_err();
        assert!(failure.why.contains("with its /v1"), "{failure}");
        assert_eq!(desk.hears().await, Err(Skipped));
        assert_eq!(desk.counts.outcomes(), [("error", 1), ("skipped", 1)]);
        assert_eq!(
            desk.counts.get(r#"frontdesk_llm_left_alone{endpoint="first"}"#),
            1
        );
    }
}

#[tokio::test]
async fn one_text_that_is_forbidden_does_not_lock_everybody_out() {
    let desk = Desk::new(|n, _| {
        if n == 1 {
            Does::says(403, "blocked")
        } else {
            good()
        }
    })
    .await;
    assert_eq!(desk.hears().await, Ok(acts()));
    assert_eq!(desk.hears().await, Err(Error));
    assert_eq!(desk.hears().await, Ok(acts()), "the key has worked before");
    assert_eq!(
        desk.counts.get(r#"frontdesk_llm_left_alone{endpoint="first"}"#),
        0
    );
}

#[tokio::test]
async fn an_account_without_credit_is_not_asked_again_soon() {
    let desk = Desk::new(|_, _| {
        let body =
            json!({"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}});
        Does::says(429, &body.to_string())
    })
    .await;
    assert_eq!(desk.hears().await, Err(RateLimited));
    assert_eq!(desk.hears().await, Err(Skipped));
    assert_eq!(desk.stub.calls(), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Stub::start(|_, _| good()).await;
    let target = format!("{}/chat/completions", elsewhere.url);
    let desk = Desk::new(move |_, _| Does::says(307, "").with("Location", target.clone())).await;
    let heard = desk.hears().await;
    check(&desk, &heard, &Err(Error), &[("error", 1)], 0);
    assert_eq!(elsewhere.calls(), 0, "texts and keys go where the settings say");
}

#[tokio::test]
async fn an_error_in_the_clothes_of_an_answer_is_an_error() {
    let desk = Desk::new(|n, _| match n {
        0 => Does::says(200, r#"{"error":{"message":"upstream is busy","code":502}}"#),
        _ => good(),
    })
    .await;
    let heard = desk.hears().await;
    check(&desk, &heard, &Ok(acts()), &[("ok", 1), ("error", 1)], 1);
}

#[tokio::test]
async fn the_endpoints_words_come_without_the_customers() {
    for (body, said) in [
        (
            r#"{"error":{"message":"prompt is too long"}}"#,
            "400: prompt is too long (request r-7)",
        ),
        (
            r#"{"error":"prompt is too long"}"#,
            "400: prompt is too long (request r-7)",
        ),
        (
            r#"{"detail":"prompt is too long"}"#,
            "400: prompt is too long (request r-7)",
        ),
        (
            r#"{"detail":[{"loc":["body"],"msg":"prompt is too long"}]}"#,
            "400: prompt is too long (request r-7)",
        ),
        (
            r#"{"error":"cannot read: call me at 555-0100"}"#,
            "400: its words are not repeated, because they quote the prompt (request r-7)",
        ),
    ] {
        let desk = Desk::new(move |_, _| Does::says(400, body).with("x-request-id", "r-7")).await;
        assert_eq!(desk.ask().await.unwrap_err().why, said);
        assert_eq!(desk.stub.calls(), 1);
    }
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_log_and_no_error_holds_a_text_or_a_key() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(move || writer.clone())
        .finish();
    let _here = tracing::subscriber::set_default(subscriber);
    let echo = "a haircut on friday, call me at 555-0100, with sk-hush";
    let mut errors = String::new();
    for status in [200, 302, 400, 401, 403, 404, 422, 429, 500] {
        for body in [echo.to_owned(), json!({"error": {"message": echo}}).to_string()] {
            let desk = Desk::with(
                move |_, _| Does::says(status, &body),
                |settings| settings.failures_max = 1,
            )
            .await;
            let failure = desk.ask().await.unwrap_err();
            errors.push_str(&format!("{failure} {failure:?}\n"));
        }
    }
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        logged.contains("cannot be used") && logged.contains("left alone"),
        "{logged}"
    );
    for text in [&logged, &errors] {
        for secret in ["haircut", "555-0100", "hush"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}
