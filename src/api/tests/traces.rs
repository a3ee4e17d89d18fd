//! Traces of somebody else's that a message belongs to.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::message;
use super::support::{Answered, Site, real_site};
use crate::clock::ManualClock;
use crate::outbound::{Dispatcher, Sender, Sent};
use crate::store::{OutboxRow, Store};
use crate::telemetry::noted::Notes;
use crate::types::{BusinessId, Channel, Pair, ParticipantId, Trace};

/// The specification's own example, and another one.
const TOLD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const OTHER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

async fn say(site: &Site, id: &str, traces: &[&str]) -> Answered {
    let body = message(&json!({"channel": "web", "message_id": id, "text": "do you have parking?"}));
    let request = Request::post("/v1/messages").header("content-type", "application/json");
    let request = traces
        .iter()
        .fold(request, |request, trace| request.header("traceparent", *trace));
    site.send(request.body(Body::from(body)).unwrap()).await
}

/// The web chat's page, as far as replies know.
#[derive(Default)]
struct Page {
    shown: Mutex<Vec<OutboxRow>>,
    shows: Notify,
}

#[async_trait]
impl Sender for Page {
    fn channel(&self) -> Channel {
        Channel::Web
    }

    async fn send(&self, row: &OutboxRow) -> Sent {
        self.shown.lock().unwrap().push(row.clone());
        self.shows.notify_one();
        Sent::Delivered(None)
    }
}

/// Delivers what waits, until a reply is delivered.
async fn deliver(site: &Site) -> OutboxRow {
    let store: Arc<dyn Store> = site.database.clone().unwrap();
    let clock = ManualClock::at("2026-11-18T15:00:00Z".parse().unwrap());
    let page = Arc::new(Page::default());
    let dispatcher = Dispatcher::new(store, Arc::new(clock), vec![page.clone()]);
    let stop = CancellationToken::new();
    let delivering = tokio::spawn(dispatcher.run(stop.clone()));
    page.shows.notified().await;
    stop.cancel();
    delivering.await.unwrap();
    page.shown.lock().unwrap().remove(0)
}

#[tokio::test]
async fn a_turn_is_a_tree_of_spans_from_its_acceptance_to_its_delivery() {
    let site = real_site().await;
    let (notes, _guard) = Notes::begin();
    let said = say(&site, "m1", &[TOLD]).await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.text());
    deliver(&site).await;

    let mut paths = notes.paths();
    paths.retain(|path| path != "request/wait" && path != "request/load");
    assert_eq!(
        paths,
        [
            "request",
            "request/accept",
            "request/turn",
            "request/turn/understand",
            "request/turn/decide",
            "request/turn/hold",
            "request/turn/commit",
            // By another task, and perhaps by another process.
            "send",
        ]
    );
    let ana = Pair {
        business: BusinessId::new("demo-salon").unwrap(),
        participant: ParticipantId::new("ana").unwrap(),
    };
    let conversation = ana.conversation().to_string();
    let [request, accept, turn, send] =
        ["request", "request/accept", "request/turn", "send"].map(|path| notes.only(path));
    for span in [&accept, &turn, &send] {
        assert_eq!(span.get("conversation"), conversation);
    }
    for span in [&request, &turn, &send] {
        assert_eq!(span.get("trace.id"), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(span.get("turn"), turn.get("turn"));
    }
    assert!(!turn.get("turn").is_empty());
    assert_eq!((send.get("channel"), send.get("result")), ("web", "sent"));
    let shown = format!("{:?}", notes.spans());
    assert!(!shown.contains("parking") && !shown.contains("ana"), "{shown}");
}

#[tokio::test]
async fn a_reply_takes_the_trace_of_its_message_along() {
    let site = real_site().await;
    say(&site, "m1", &[TOLD]).await;
    let row = deliver(&site).await;
    let trace = row.origin.trace.expect("a trace");
    assert_eq!(trace.id, TOLD.parse::<Trace>().unwrap().id);
    assert!(row.origin.turn.is_some());

    say(&site, "m2", &[]).await;
    assert_eq!(deliver(&site).await.origin.trace, None);
}

#[tokio::test]
async fn a_message_that_comes_again_in_another_trace_is_the_same_message() {
    let site = real_site().await;
    let first = say(&site, "m1", &[TOLD]).await.json();
    let again = say(&site, "m1", &[OTHER]).await;
    assert_eq!(again.status, StatusCode::OK);
    let mut expected = first;
    expected["duplicate"] = json!(true);
    assert_eq!(again.json(), expected);
    assert_eq!(
        deliver(&site).await.origin.trace.map(|trace| trace.id),
        Some(TOLD.parse::<Trace>().unwrap().id)
    );
}

#[tokio::test]
async fn a_trace_that_cannot_be_read_is_as_good_as_none() {
    let site = real_site().await;
    let shout = TOLD.to_uppercase();
    let wrong: [&[&str]; 5] = [
        &[""],
        &["00-zz"],
        &[&shout],
        &["anna@example.com"],
        &[TOLD, OTHER],
    ];
    for (n, traces) in wrong.into_iter().enumerate() {
        let (notes, guard) = Notes::begin();
        let said = say(&site, &format!("m{n}"), traces).await;
        assert_eq!(said.status, StatusCode::OK, "{traces:?}: {}", said.text());
        assert_eq!(notes.only("request").get("trace.id"), "", "{traces:?}");
        drop(guard);
        assert_eq!(deliver(&site).await.origin.trace, None, "{traces:?}");
    }
}
