//! Spans as a collector gets them from the real program. Read by hand: the protocol's own code is a dependency of the
//! feature, and no test of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::cases::{Hook, case};
use super::house::House;
use super::stub::Called;
use crate::process::{Site, eventually, http};

const TOLD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A span as it was exported.
#[derive(Debug, Clone, Default)]
struct Span {
    trace: String,
    id: String,
    parent: String,
    name: String,
    attributes: BTreeMap<String, String>,
}

/// Path and body of each request.
type Posted = Mutex<Vec<(String, Vec<u8>)>>;

/// Takes whatever is posted to it.
struct Collector {
    url: String,
    posted: Arc<Posted>,
}

impl Collector {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let posted = Arc::<Posted>::default();
        let taken = posted.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let taken = taken.clone();
                tokio::spawn(async move {
                    // A line that breaks is seen by what is missing.
                    let _ = take(stream, &taken).await;
                });
            }
        });
        Self { url, posted }
    }

    fn spans(&self) -> Vec<Span> {
        let posted = self.posted.lock().unwrap();
        posted.iter().flat_map(|(_, body)| spans(body)).collect()
    }

    /// What the program called itself.
    fn services(&self) -> BTreeSet<String> {
        let posted = self.posted.lock().unwrap();
        posted.iter().flat_map(|(_, body)| services(body)).collect()
    }

    /// Everything that was exported, as text as far as it is any.
    fn words(&self) -> String {
        let posted = self.posted.lock().unwrap();
        let bodies = posted.iter().map(|(_, body)| String::from_utf8_lossy(body));
        bodies.collect()
    }
}

async fn take(mut stream: TcpStream, taken: &Posted) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        while bytes.len() < end + length {
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        }
        let rest = bytes.split_off(end + length);
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        taken.lock().unwrap().push((path, bytes.split_off(end)));
        bytes = rest;
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .await?;
    }
}

/// A field of a protocol buffer: its number, and its bytes if it has a length.
fn fields(mut bytes: &[u8]) -> Vec<(u64, &[u8])> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = bytes.split_first().expect("a whole number");
            *bytes = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        number
    }
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let length = match key & 7 {
            0 => {
                varint(&mut bytes);
                0
            }
            1 => 8,
            2 => usize::try_from(varint(&mut bytes)).unwrap(),
            5 => 4,
            other => panic!("wire type {other}"),
        };
        let (value, rest) = bytes.split_at(length);
        bytes = rest;
        fields.push((key >> 3, value));
    }
    fields
}

fn all(bytes: &[u8], number: u64) -> impl Iterator<Item = &[u8]> {
    let found = fields(bytes).into_iter();
    found.filter_map(move |(n, value)| (n == number).then_some(value))
}

fn text(bytes: &[u8], number: u64) -> String {
    let found = all(bytes, number).next();
    String::from_utf8_lossy(found.unwrap_or_default()).into_owned()
}

/// `ExportTraceServiceRequest`, of opentelemetry-proto's `collector/trace/v1/trace_service.proto`.
fn spans(body: &[u8]) -> Vec<Span> {
    let of_resources = all(body, 1);
    let of_scopes = of_resources.flat_map(|resource| all(resource, 2).collect::<Vec<_>>());
    let spans = of_scopes.flat_map(|scope| all(scope, 2).collect::<Vec<_>>());
    spans
        .map(|span| {
            let id = |number| hex::encode(all(span, number).next().unwrap_or_default());
            let attribute = |pair| {
                let value = all(pair, 2).next().unwrap_or_default();
                (text(pair, 1), text(value, 1))
            };
            Span {
                trace: id(1),
                id: id(2),
                parent: id(4),
                name: text(span, 5),
                attributes: all(span, 9).map(attribute).collect(),
            }
        })
        .collect()
}

/// What the exporting program is called.
fn services(body: &[u8]) -> Vec<String> {
    let resources = all(body, 1).flat_map(|spans| all(spans, 1).collect::<Vec<_>>());
    let pairs = resources.flat_map(|resource| all(resource, 1).collect::<Vec<_>>());
    let named = pairs.filter(|pair| text(pair, 1) == "service.name");
    named
        .map(|pair| text(all(pair, 2).next().unwrap_or_default(), 1))
        .collect()
}

fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let mut found = spans
        .iter()
        .filter(|span| span.name == name && span.trace == TRACE);
    let span = found.next().unwrap_or_else(|| panic!("no {name}: {spans:#?}"));
    assert!(found.next().is_none(), "{name} is there twice: {spans:#?}");
    span
}

/// The span that a call at the provider tells of.
fn told(call: &Called) -> (String, String) {
    let header = call.header("traceparent").expect("a traceparent");
    let fields: Vec<&str> = header.split('-').collect();
    (fields[1].to_owned(), fields[2].to_owned())
}

#[tokio::test]
async fn a_turn_is_one_tree_below_the_span_of_whoever_asked_for_it() {
    let collector = Collector::open().await;
    // What stops hands over what waits: nothing depends on how often it does so by itself.
    let site = Site::new()
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .with("OTEL_BSP_SCHEDULE_DELAY", 600_000);
    let mut house = House::open(case("standard"), site).await;
    let mut hook: Hook = house.saying(42, 1, "do you have parking, ask for Zebulon?");
    hook.headers.push(("traceparent", TOLD.to_owned()));
    assert!(house.post(&hook).await.is_success());
    let sent = house.provider.gets(1).await;
    house.has_rows("SELECT 1 FROM outbox WHERE state = 2", 1).await;
    // The reply is read back below a trace of its own, which has no part in this.
    house.has_lines(42, 2).await;
    house.stop().await;

    let spans = collector.spans();
    let [request, accept, turn, understand, decide, commit, send] = [
        "request",
        "accept",
        "turn",
        "understand",
        "decide",
        "commit",
        "send",
    ]
    .map(|name| named(&spans, name));
    assert_eq!(request.parent, "00f067aa0ba902b7", "whoever asked");
    for (child, parent) in [
        (accept, request),
        (turn, request),
        (understand, turn),
        (decide, turn),
        (commit, turn),
        (send, turn),
    ] {
        assert_eq!(child.parent, parent.id, "{} below {}", child.name, parent.name);
    }
    let of = |span: &Span, name: &str| span.attributes.get(name).cloned().unwrap_or_default();
    assert!(!of(turn, "turn").is_empty());
    assert_eq!(of(send, "turn"), of(turn, "turn"));
    assert_eq!(of(accept, "conversation"), of(turn, "conversation"));
    assert_eq!(of(request, "http.route"), "/webhooks/{channel}/{account}");
    assert_eq!(told(&sent[0]), (TRACE.to_owned(), send.id.clone()));

    let paths: Vec<String> = collector
        .posted
        .lock()
        .unwrap()
        .iter()
        .map(|(path, _)| path.clone())
        .collect();
    assert!(paths.iter().all(|path| path == "/v1/traces"), "{paths:?}");
    let words = collector.words();
    assert_eq!(collector.services(), BTreeSet::from(["frontdesk".to_owned()]));
    for secret in ["Zebulon", "parking", "standard:salon:42", "whsec_"] {
        assert!(!words.contains(secret), "{secret} was exported");
    }
}

#[tokio::test]
async fn without_a_trace_from_outside_the_reply_is_sent_in_our_own() {
    let collector = Collector::open().await;
    let site = Site::new()
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .with("OTEL_SERVICE_NAME", "the-desk");
    let mut house = House::open(case("standard"), site).await;
    house.says(42, 1, "do you have parking?").await;
    let sent = house.provider.gets(1).await;
    house.has_rows("SELECT 1 FROM outbox WHERE state = 2", 1).await;
    house.stop().await;
    let (trace, span) = told(&sent[0]);
    let spans = collector.spans();
    let of_turn: Vec<_> = spans.iter().filter(|span| span.trace == trace).collect();
    let send = of_turn
        .iter()
        .find(|span| span.name == "send")
        .expect("the delivery");
    let turn = of_turn.iter().find(|span| span.name == "turn").expect("the turn");
    assert_eq!((&send.id, &send.parent), (&span, &turn.id));
    assert_eq!(collector.services(), BTreeSet::from(["the-desk".to_owned()]));
}

#[tokio::test]
async fn what_is_not_sampled_goes_on_and_is_not_exported() {
    let collector = Collector::open().await;
    let site = Site::new()
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .with("OTEL_TRACES_SAMPLER", "parentbased_always_off");
    let mut house = House::open(case("standard"), site).await;
    house.says(42, 1, "do you have parking?").await;
    let sent = house.provider.gets(1).await;
    house.stop().await;
    assert!(
        sent[0]
            .header("traceparent")
            .expect("a traceparent")
            .ends_with("-00")
    );
    assert!(collector.spans().is_empty());
}

#[tokio::test]
async fn a_collector_that_is_not_there_costs_a_warning_and_no_answer() {
    for (endpoint, warning) in [
        // Nobody listens there.
        ("http://127.0.0.1:9", "spans cannot be exported"),
        ("not an address", "spans are not exported"),
    ] {
        let mut site = Site::new()
            .with("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
            .with("OTEL_BSP_SCHEDULE_DELAY", 50);
        let (process, url) = site.start().await;
        let body =
            json!({"business_id": "demo-salon", "participant_id": "ana", "text": "do you have parking?"});
        for _ in 0..3 {
            let request = http().post(format!("{url}/v1/messages"));
            let request = request
                .header("content-type", "application/json")
                .body(body.to_string());
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 200, "{endpoint}");
            let answer: Value = answer.json().await.unwrap();
            assert!(answer["replies"][0]["text"].as_str().unwrap().contains("parking"));
        }
        eventually("the warning", || async {
            site.log().contains(warning).then_some(())
        })
        .await;
        let began = tokio::time::Instant::now();
        process.stop().await;
        assert!(began.elapsed() < Duration::from_secs(15), "{endpoint}");
        assert_eq!(site.log().matches(warning).count(), 1, "{}", site.log());
    }
}
