//! Event streams, and connections as such.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::BodyDataStream;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use futures_util::StreamExt;
use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::support::FakeStore;
use crate::api::edge;
use crate::api::events::Listener;
use crate::api::serve::{listen as listen_on, serve};
use crate::outbound::hub::LiveReply;
use crate::outbound::{Event, Hub};
use crate::types::{BusinessId, Pair, ParticipantId};

fn ana() -> Pair {
    Pair {
        business: BusinessId::new("demo-salon").unwrap(),
        participant: ParticipantId::new("ana").unwrap(),
    }
}

async fn listen(hub: &Hub, store: &Arc<FakeStore>, seen: Option<u64>) -> BodyDataStream {
    let subscription = hub.subscribe(&ana()).unwrap();
    let listener = Listener::begin(subscription, store.clone(), ana().conversation(), seen)
        .await
        .unwrap();
    listener.into_response().into_body().into_data_stream()
}

/// The next `count` events: names, with the number of a reply.
async fn heard(stream: &mut BodyDataStream, count: usize) -> Vec<String> {
    let mut events = Vec::new();
    while events.len() < count {
        let chunk = stream.next().await.unwrap().unwrap();
        let text = String::from_utf8(chunk.to_vec()).unwrap();
        let field = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name).map(str::trim))
        };
        match (field("event:"), field("id:")) {
            (Some(kind), Some(id)) => events.push(format!("{kind} {id}")),
            (Some(kind), None) => events.push(kind.to_owned()),
            // A comment, which keeps the line alive.
            (None, _) => {}
        }
    }
    events
}

fn reply(seq: u64) -> Event {
    Event::Reply(LiveReply {
        seq,
        message_id: format!("m{seq}"),
        text: format!("text {seq}"),
        options: Vec::new(),
        at: Timestamp::UNIX_EPOCH,
    })
}

#[tokio::test]
async fn a_listener_that_comes_back_gets_what_it_missed_and_then_what_happens() {
    let (hub, store) = (Hub::new(4), Arc::new(FakeStore::default()));
    store.say(6);
    let mut stream = listen(&hub, &store, Some(2)).await;
    hub.publish(&ana(), Event::Typing);
    store.say(2);
    hub.publish(&ana(), reply(8));
    assert_eq!(
        heard(&mut stream, 4).await,
        ["reply 4", "reply 6", "typing", "reply 8"]
    );
}

#[tokio::test]
async fn a_reply_that_comes_from_hub_and_transcript_is_told_once() {
    let (hub, store) = (Hub::new(4), Arc::new(FakeStore::default()));
    store.say(2);
    let mut stream = listen(&hub, &store, Some(0)).await;
    hub.publish(&ana(), reply(2));
    hub.publish(&ana(), Event::State { version: Some(1) });
    hub.publish(&ana(), reply(2));
    hub.publish(&ana(), Event::Typing);
    assert_eq!(heard(&mut stream, 3).await, ["reply 2", "state", "typing"]);
}

#[tokio::test]
async fn a_new_listener_begins_with_now() {
    let (hub, store) = (Hub::new(4), Arc::new(FakeStore::default()));
    store.say(6);
    let mut stream = listen(&hub, &store, None).await;
    store.say(2);
    hub.publish(&ana(), reply(8));
    assert_eq!(heard(&mut stream, 1).await, ["reply 8"]);
}

#[tokio::test]
async fn missed_replies_are_found_over_several_pages() {
    let (hub, store) = (Hub::new(4), Arc::new(FakeStore::default()));
    store.say(300);
    let mut stream = listen(&hub, &store, Some(1)).await;
    let events = heard(&mut stream, 150).await;
    assert_eq!(events.first().unwrap(), "reply 2");
    assert_eq!(events.last().unwrap(), "reply 300");
}

#[tokio::test]
async fn a_listener_that_was_too_slow_reads_the_transcript() {
    let (hub, store) = (Hub::new(4), Arc::new(FakeStore::default()));
    let mut stream = listen(&hub, &store, None).await;
    store.say(400);
    for seq in 1..=200 {
        hub.publish(&ana(), reply(2 * seq));
    }
    let events = heard(&mut stream, 200).await;
    let expected: Vec<String> = (1..=200).map(|n| format!("reply {}", 2 * n)).collect();
    assert_eq!(events, expected);
}

#[tokio::test]
async fn closing_the_hub_ends_the_stream() {
    let (hub, store) = (Hub::new(4), Arc::new(FakeStore::default()));
    let mut stream = listen(&hub, &store, None).await;
    hub.close();
    while let Some(chunk) = stream.next().await {
        chunk.unwrap();
    }
    drop(stream);
    assert_eq!(hub.listeners(), 0);
}

#[tokio::test]
async fn stopping_lets_a_request_under_way_finish_and_accepts_no_more() {
    let begun = CancellationToken::new();
    let slow = {
        let begun = begun.clone();
        get(move || async move {
            begun.cancel();
            tokio::time::sleep(Duration::from_millis(200)).await;
            "done"
        })
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let router = Router::new().route("/slow", slow);
    let server = tokio::spawn(serve(listener, router, 8, stop.clone(), Duration::from_secs(5)));

    let mut client = TcpStream::connect(address).await.unwrap();
    client
        .write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    begun.cancelled().await;
    stop.cancel();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("done"), "{answer}");
    server.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

/// Asks on a connection of its own, and gives all that is answered until the other side closes.
async fn answer_to(client: &mut TcpStream, request: &str) -> String {
    client.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    answer
}

/// A server with room for one connection, whose `/` takes what is posted.
fn with_room_for_one() -> (std::net::SocketAddr, CancellationToken, JoinHandle<()>) {
    let listener = listen_on("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let router = Router::new()
        .route("/health", get(|| async { "well" }))
        .route("/", post(|| async { "taken" }));
    let router = edge::wrap(router, edge::Room::new(100), Duration::from_secs(5));
    let server = tokio::spawn(serve(listener, router, 1, stop.clone(), Duration::from_secs(5)));
    (address, stop, server)
}

const POST: &str = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi";

/// Takes the only place, and keeps it.
async fn is_served(address: std::net::SocketAddr) -> TcpStream {
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(POST.as_bytes()).await.unwrap();
    let mut begin = [0; 12];
    client.read_exact(&mut begin).await.unwrap();
    assert_eq!(&begin, b"HTTP/1.1 200");
    client
}

#[tokio::test]
async fn a_connection_too_many_is_told_so_and_closed_while_those_who_watch_are_served() {
    let (address, stop, server) = with_room_for_one();
    let first = is_served(address).await;

    let mut second = TcpStream::connect(address).await.unwrap();
    let answer = answer_to(&mut second, POST).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("retry-after: 1\r\n"), "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    assert!(answer.contains("too many connections are open"), "{answer}");

    let mut watcher = TcpStream::connect(address).await.unwrap();
    let answer = answer_to(&mut watcher, "GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    drop(first);
    // The next one waits until the server has seen that.
    is_served(address).await;
    stop.cancel();
    server.await.unwrap();
}

#[tokio::test]
async fn who_idles_makes_room_for_who_asks() {
    let (address, stop, server) = with_room_for_one();
    let mut idle = is_served(address).await;
    let asks = POST.replace("host: x", "host: x\r\nconnection: close");
    // Told to come again until the first one has idled for long enough.
    loop {
        let mut next = TcpStream::connect(address).await.unwrap();
        let answer = answer_to(&mut next, &asks).await;
        if answer.starts_with("HTTP/1.1 200") {
            break;
        }
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    }
    let mut rest = String::new();
    idle.read_to_string(&mut rest).await.unwrap();
    assert!(rest.ends_with("taken"), "closed after its answer: {rest}");
    stop.cancel();
    server.await.unwrap();
}
