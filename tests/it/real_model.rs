//! The program beside a real language model. `scripts/test-llm` starts one and runs these.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::process::{BUSINESS, Site, get as ask, http_within};

/// Nothing that rules are sure of.
const VAGUE: &str =
    "hmm, my sister is getting married and I want my hands to look their best, could somebody help?";

fn endpoint() -> (String, String) {
    let of = |name| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run scripts/test-llm"));
    (of("FRONTDESK_TEST_LLM"), of("FRONTDESK_TEST_LLM_MODEL"))
}

/// The program with the model; one small model on a busy machine may take long.
fn site(patience_ms: u64) -> Site {
    let (url, model) = endpoint();
    Site::new()
        .with("LLM_BASE_URL", url)
        .with("LLM_MODEL", model)
        .with("LLM_TIMEOUT_MS", patience_ms)
        .with("MESSAGE_PROCESSOR_TIMEOUT", 115_000)
        .with("FRONTDESK_UNDERSTANDING", "llm")
}

async fn say(url: &str, text: &str) -> (Value, Duration) {
    let begun = Instant::now();
    let response = http_within(Duration::from_secs(120))
        .post(format!("{url}/v1/messages"))
        .json(&json!({"business_id": BUSINESS, "participant_id": "mia", "text": text}))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status().as_u16(), 200);
    (response.json().await.unwrap(), begun.elapsed())
}

async fn get(url: &str) -> Value {
    ask(url).await.unwrap().json().await.unwrap()
}

/// What stands in the transcript about the customer's last message.
async fn last_heard(url: &str) -> Value {
    let messages = get(&format!(
        "{url}/v1/businesses/{BUSINESS}/participants/mia/messages"
    ))
    .await;
    let all = messages["messages"].as_array().unwrap();
    let inbound = |message: &&Value| message["direction"] == "inbound";
    all.iter().rfind(inbound).unwrap().clone()
}

#[tokio::test]
#[ignore = "needs a model: scripts/test-llm"]
async fn a_real_model_is_asked_and_counted() {
    let mut site = site(100_000);
    let (process, url) = site.start().await;
    for text in [VAGUE, "gel manicure with Linh on Friday at 2pm, I'm Mia", "yes"] {
        let (answer, took) = say(&url, text).await;
        let words = answer["replies"][0]["text"].as_str().unwrap();
        assert!(!words.is_empty());
        let heard = last_heard(&url).await;
        println!("\n> {text}\n< {words}\n  {took:?} {heard}");
        assert!(heard["tokens"].as_u64().unwrap() > 0, "{heard}");
    }
    // What was read back by rules and confirmed by a plain yes is booked, whatever the small model made of it.
    let stats = get(&format!("{url}/v1/stats")).await;
    println!("\n{stats:#}");
    process.stop().await;
    assert!(!site.log().contains("ERROR"), "{}", site.log());
}

#[tokio::test]
#[ignore = "needs a model: scripts/test-llm"]
async fn a_model_that_is_too_slow_is_not_waited_for() {
    let mut site = site(100);
    let (process, url) = site.start().await;
    let (answer, took) = say(&url, "do you have parking?").await;
    println!("answered in {took:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(answer["replies"][0]["text"].as_str().unwrap().contains("parking"));
    process.stop().await;
}

#[tokio::test]
#[ignore = "needs a model: scripts/test-llm"]
async fn the_doctor_says_how_the_endpoint_is_talked_to() {
    let output = site(100_000).run(&["doctor"]).await;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("{said}");
    // llama.cpp's server for Python takes no strict schema, and says so with a 500.
    assert!(
        said.contains("language model") && said.contains("forced tool call"),
        "{said}"
    );
    assert!(!said.contains("WRONG"), "{said}");
}
