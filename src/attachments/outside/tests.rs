use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::outbound::fetch::Brings;

/// A resolver that says what the test wants.
struct Says(Vec<&'static str>);

#[async_trait]
impl Lookup for Says {
    async fn addresses(&self, _host: &str) -> std::io::Result<Vec<SocketAddr>> {
        Ok(self
            .0
            .iter()
            .map(|ip| SocketAddr::new(ip.parse().unwrap(), 0))
            .collect())
    }
}

fn network(says: &[&'static str]) -> Network {
    let home = reqwest::Client::builder()
        .tls_backend_preconfigured(tls::client().unwrap())
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    Network::new(home, Arc::new(Says(says.to_vec()))).unwrap()
}

fn to(url: &str) -> Get {
    Get {
        url: url.to_owned().into(),
        authorization: None,
        brings: Brings::File,
    }
}

#[tokio::test]
async fn a_name_that_stands_for_an_inner_address_is_not_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let reached = Arc::new(AtomicUsize::new(0));
    let counted = reached.clone();
    let counting = tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    for says in [
        &["127.0.0.1"][..],
        &["10.1.2.3"],
        &["169.254.169.254"],
        &["::1"],
        &["fe80::1"],
        &["::ffff:127.0.0.1"],
        &["127.0.0.1", "10.1.2.3"],
    ] {
        let url = format!("http://cdn.example:{port}/");
        let refused = network(says).get(&to(&url), Way::Outside, 10).await.unwrap_err();
        assert_eq!(refused, "the host has no public address", "{says:?}");
    }
    assert_eq!(reached.load(Ordering::SeqCst), 0);
    counting.abort();
}

#[tokio::test]
async fn of_the_addresses_of_a_name_only_public_ones_are_left() {
    let public = Public(Arc::new(Says(vec![
        "127.0.0.1",
        "1.1.1.1",
        "::1",
        "2606:4700::1111",
    ])));
    let left: Vec<String> = public
        .resolve("cdn.example".parse().unwrap())
        .await
        .unwrap()
        .map(|address| address.ip().to_string())
        .collect();
    assert_eq!(left, ["1.1.1.1", "2606:4700::1111"]);
}

/// Answers one request with these bytes.
async fn once(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 1024];
        let _ = stream.read(&mut head).await;
        // Whoever has read enough leaves.
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    });
    url
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_left_whether_it_says_so_or_not() {
    for (answer, expected) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour",
            Some(b"four".to_vec()),
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfives", None),
        (
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nfour",
            Some(b"four".to_vec()),
        ),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nmany more", None),
    ] {
        let got = network(&[])
            .get(&to(&once(answer).await), Way::Home, 4)
            .await
            .unwrap();
        assert_eq!((got.status, got.body), (200, expected), "{answer}");
    }
    let broken = once("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfo").await;
    let problem = network(&[]).get(&to(&broken), Way::Home, 4).await.unwrap_err();
    assert_eq!(problem, "the connection broke");
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let url =
        once("HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n").await;
    let got = network(&[]).get(&to(&url), Way::Home, 4).await.unwrap();
    assert_eq!(
        (got.status, got.location.as_deref()),
        (307, Some("http://127.0.0.1:1/"))
    );
}
