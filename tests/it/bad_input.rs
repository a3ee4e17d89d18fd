//! What the program does with what it cannot use: it says clearly what is wrong, and goes on.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::process::{BUSINESS, Site, http_within};

/// The program waits 10 s for the rest of a head or a body; more than this is no limit.
const PATIENCE: Duration = Duration::from_secs(20);

/// A desk that is shown strange things, and must be as well afterwards as before.
struct Desk {
    http: reqwest::Client,
    url: String,
}

impl Desk {
    async fn post(&self, body: impl Into<reqwest::Body>, content_type: &'static str) -> reqwest::Response {
        self.http
            .post(format!("{}/v1/messages", self.url))
            .header(CONTENT_TYPE, HeaderValue::from_static(content_type))
            .body(body)
            .send()
            .await
            .unwrap()
    }

    async fn refuses(&self, what: &str, body: impl Into<reqwest::Body>, status: u16) {
        is_problem(what, self.post(body, "application/json").await, status).await;
    }

    /// The text is answered with words.
    async fn answers(&self, what: &str, body: impl Into<reqwest::Body>) -> Value {
        let response = self.post(body, "application/json").await;
        assert_eq!(response.status(), StatusCode::OK, "{what}");
        let answer: Value = response.json().await.unwrap();
        let words = answer["replies"][0]["text"].as_str().unwrap_or_default();
        assert!(!words.is_empty(), "{what}: {answer}");
        answer
    }

    async fn is_well(&self) {
        let answer = self
            .answers("a plain question", message("well", "do you have parking?"))
            .await;
        assert!(
            answer["replies"][0]["text"].as_str().unwrap().contains("parking"),
            "{answer}"
        );
    }
}

/// A problem as RFC 9457 wants it, with a status and words that say what is wrong.
async fn is_problem(what: &str, response: reqwest::Response, status: u16) {
    assert_eq!(response.status().as_u16(), status, "{what}");
    let media_type = response.headers().get(CONTENT_TYPE).cloned();
    assert_eq!(media_type.unwrap(), "application/problem+json", "{what}");
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["status"], status, "{what}: {problem}");
    for field in ["type", "title", "detail"] {
        let words = problem[field].as_str().unwrap_or_default();
        assert!(!words.is_empty(), "{what}: {field} in {problem}");
    }
    assert!(!problem.to_string().contains("panic"), "{what}: {problem}");
}

fn message(participant: &str, text: &str) -> String {
    json!({"business_id": BUSINESS, "participant_id": participant, "text": text}).to_string()
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_clearly_and_harms_nothing() {
    let mut site = Site::new();
    let (process, url) = site.start().await;
    let http = http_within(PATIENCE * 2);
    let desk = Desk { http, url };

    // Bodies that are no message.
    desk.refuses("nothing", "", 400).await;
    desk.refuses("no JSON", "gel manicure, please", 400).await;
    desk.refuses("half of JSON", "{\"business_id\": \"demo", 400)
        .await;
    desk.refuses("JSON and more", format!("{} {{}}", message("a", "hi")), 400)
        .await;
    desk.refuses(
        "invalid UTF-8",
        [&b"{\"text\": \""[..], &[0xff, 0xfe], b"\"}"].concat(),
        400,
    )
    .await;
    desk.refuses("a list", "[1, 2, 3]", 422).await;
    desk.refuses("null", "null", 422).await;
    desk.refuses("an empty object", "{}", 422).await;
    desk.refuses(
        "no text",
        json!({"business_id": BUSINESS, "participant_id": "a"}).to_string(),
        422,
    )
    .await;
    desk.refuses("deep brackets", "[".repeat(100_000), 400).await;
    desk.refuses("deep objects", "{\"a\":".repeat(40_000), 400).await;
    desk.refuses("300 KB", message("a", &"x".repeat(300 * 1024)), 413)
        .await;

    // Messages with a part that cannot be.
    for (field, value) in [
        ("text", json!(7)),
        ("text", json!(null)),
        ("text", json!("")),
        ("text", json!(["hi"])),
        ("text", json!("y".repeat(20_001))),
        ("business_id", json!(1)),
        ("business_id", json!("")),
        ("business_id", json!("No Such")),
        ("participant_id", json!("")),
        ("participant_id", json!("p".repeat(10_240))),
        ("participant_id", json!("a\u{0}b")),
        ("message_id", json!({"$ne": null})),
        ("message_id", json!("m".repeat(10_240))),
        ("sent_at", json!("yesterday")),
        ("channel", json!("pigeon")),
        ("attachments", json!([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])),
        ("shoe_size", json!(42)),
    ] {
        let mut body = json!({"business_id": BUSINESS, "participant_id": "a", "text": "hi"});
        body[field] = value;
        let body = body.to_string();
        desk.refuses(&body.chars().take(120).collect::<String>(), body, 422)
            .await;
    }
    let unknown = json!({"business_id": "no-such-place", "participant_id": "a", "text": "hi"});
    desk.refuses("an unknown business", unknown.to_string(), 404)
        .await;

    // Requests that go to nobody.
    is_problem(
        "text/plain",
        desk.post(message("a", "hi"), "text/plain").await,
        415,
    )
    .await;
    for (method, path, status) in [
        (Method::GET, "/v1/messages", 405),
        (Method::DELETE, "/v1/messages", 405),
        (Method::GET, "/v2/messages", 404),
        (Method::POST, "/../../etc/passwd", 404),
        (Method::GET, "/v1/businesses/%00", 400),
        (
            Method::GET,
            "/v1/businesses/demo-salon/participants/%ff/messages",
            400,
        ),
        (
            Method::GET,
            "/v1/businesses/demo-salon/participants/a/messages?limit=-1",
            400,
        ),
        (
            Method::GET,
            "/v1/businesses/demo-salon/participants/a/messages?before=x",
            400,
        ),
    ] {
        let response = desk
            .http
            .request(method, format!("{}{path}", desk.url))
            .send()
            .await
            .unwrap();
        is_problem(path, response, status).await;
    }
    desk.is_well().await;

    process.stop().await;
    is_quiet(&site.log());
}

#[tokio::test]
async fn strange_words_are_answered_with_kind_ones() {
    let mut site = Site::new();
    let (process, url) = site.start().await;
    let http = http_within(PATIENCE * 2);
    let desk = Desk { http, url };

    for (what, text) in [
        ("only emoji", "💅💅💅"),
        ("a family", "👨‍👩‍👧‍👦🏳️‍🌈"),
        ("only blanks", " \t\n "),
        ("only marks", "?!…"),
        ("zalgo", "g̵̢̛e̷l̸ ̴m̵a̸n̶i̵"),
        ("right to left", "\u{202e}manicure\u{202c}"),
        ("a zero in the text", "gel\u{0} manicure"),
        ("a formula", "=cmd|' /C calc'!A0"),
        ("a query", "'; DROP TABLE messages; --"),
        ("a tag", "<script>alert(1)</script>"),
        ("a huge number", "999999999999999999999999 people on Friday"),
        ("an impossible day", "gel manicure on February 31 at 25:99"),
        ("the end of time", "gel manicure on 9999-12-31 at 2pm"),
    ] {
        desk.answers(what, message(what, text)).await;
    }
    let long = "gel manicure ".repeat(1_500);
    desk.answers("as long as may be", message("long", &long)).await;

    // Half of a pair of surrogates has no character; it is replaced or refused, and never breaks anything.
    let lone =
        format!(r#"{{"business_id": "{BUSINESS}", "participant_id": "lone", "text": "hi \ud83d there"}}"#);
    let response = desk.post(lone, "application/json").await;
    if response.status() != StatusCode::OK {
        is_problem("a lone surrogate", response, 400).await;
    }
    desk.is_well().await;

    process.stop().await;
    is_quiet(&site.log());
}

#[tokio::test]
async fn who_begins_a_request_and_does_not_end_it_is_let_go() {
    let mut site = Site::new();
    let (process, url) = site.start().await;
    let http = http_within(PATIENCE * 2);
    let desk = Desk { http, url };
    let address = desk.url.trim_start_matches("http://").to_owned();

    let head = "POST /v1/messages HTTP/1.1\r\nHost: frontdesk\r\n";
    let json = "Content-Type: application/json\r\n";
    let (half_head, half_body, endless, broken) = tokio::join!(
        raw(&address, head.to_owned(), false),
        raw(
            &address,
            format!("{head}{json}Content-Length: 100\r\n\r\n{{\"text\""),
            false
        ),
        raw(
            &address,
            format!("{head}{json}Transfer-Encoding: chunked\r\n\r\n5\r\n{{\"tex\r\n"),
            false
        ),
        raw(
            &address,
            format!("{head}{json}Content-Length: 100\r\n\r\n{{\"text\""),
            true
        ),
    );
    assert!(
        half_head.is_empty() || half_head.starts_with("HTTP/1.1 408"),
        "{half_head}"
    );
    for answer in [&half_body, &endless] {
        assert!(
            answer.starts_with("HTTP/1.1 408") && answer.contains("application/problem+json"),
            "{answer}"
        );
    }
    assert!(!broken.contains(" 200 ") && !broken.contains(" 500 "), "{broken}");

    for nonsense in ["\u{0}\u{1}\u{2}\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"] {
        let answer = raw(&address, nonsense.to_owned(), false).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 400"),
            "{nonsense:?}: {answer}"
        );
    }
    let vast = format!("{head}X-Vast: {}\r\n\r\n", "v".repeat(100_000));
    let answer = raw(&address, vast, false).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    desk.is_well().await;

    process.stop().await;
    is_quiet(&site.log());
}

/// Writes bytes, perhaps hangs up for writing, and reads until the other side closes, which it must do in time.
async fn raw(address: &str, bytes: String, hang_up: bool) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A side that has had enough may close before everything is written.
    let _ = stream.write_all(bytes.as_bytes()).await;
    if hang_up {
        let _ = stream.shutdown().await;
    }
    let mut answer = Vec::new();
    let reading = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    assert!(
        reading.is_ok(),
        "{:?} was left waiting",
        bytes.chars().take(80).collect::<String>()
    );
    String::from_utf8_lossy(&answer).into_owned()
}

fn is_quiet(log: &str) {
    assert!(!log.contains("ERROR") && !log.contains("panicked"), "{log}");
}
