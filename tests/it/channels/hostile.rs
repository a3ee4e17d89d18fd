//! Requests that no honest provider sends, signed as if one did. Each is answered with a clear status or stored, and the
//! service goes on.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::cases::{Hook, case};
use super::house::House;
use crate::process::Site;

/// Signed as Meta signs, whatever it is.
fn signed(body: impl Into<Vec<u8>>) -> Hook {
    let body = body.into();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"meta-app-secret").unwrap();
    mac.update(&body);
    let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    Hook {
        headers: vec![("x-hub-signature-256", signature)],
        body,
        ..Hook::default()
    }
}

/// A message whose text is this piece of JSON, quotes included.
fn with_text(house: &House<'_>, id: u64, json: &[u8]) -> Hook {
    let genuine = house.saying(42, id, "@@@").body;
    let marker = b"\"@@@\"";
    let at = genuine
        .windows(marker.len())
        .position(|piece| piece == marker)
        .unwrap();
    signed([&genuine[..at], json, &genuine[at + marker.len()..]].concat())
}

#[tokio::test]
async fn whatever_comes_is_answered_and_the_service_goes_on() {
    let mut house = House::open(case("whatsapp"), Site::new()).await;
    let deep = "[".repeat(100_000);
    let genuine = house.saying(42, 900, "hello").body;
    let half = genuine.len() / 2;
    let refused: [(&str, Vec<u8>); 8] = [
        ("nothing", Vec::new()),
        ("not JSON", b"hello".to_vec()),
        ("another shape", b"[1, 2, 3]".to_vec()),
        ("a hundred thousand brackets", deep.clone().into_bytes()),
        ("objects as deep", "{\"entry\":".repeat(100_000).into_bytes()),
        ("half of a message", genuine[..half].to_vec()),
        ("a megabyte of zeros", vec![0; 1024 * 1024]),
        (
            "not UTF-8",
            [b"{\"entry\":\"".as_slice(), &[0xff, 0xfe], b"\"}"].concat(),
        ),
    ];
    for (what, body) in refused {
        let status = house.post(&signed(body)).await.as_u16();
        assert!((400..500).contains(&status), "{what}: {status}");
    }
    let too_long = house.post(&signed(vec![b' '; 8 * 1024 * 1024])).await.as_u16();
    assert_eq!(too_long, 413);

    let stored: [(&str, Vec<u8>, &str); 5] = [
        ("U+0000", br#""nul \u0000 here""#.to_vec(), "nul \u{fffd} here"),
        (
            "a lone surrogate",
            br#""lone \ud800 here""#.to_vec(),
            "lone \u{fffd} here",
        ),
        (
            "a pair",
            br#""pair \ud83d\ude00 here""#.to_vec(),
            "pair \u{1f600} here",
        ),
        (
            "direction marks",
            "\"x\u{202e}y\"".as_bytes().to_vec(),
            "x\u{202e}y",
        ),
        (
            "twelve thousand letters",
            format!("\"{}\"", "a".repeat(12_000)).into_bytes(),
            "",
        ),
    ];
    for (id, (what, json, text)) in (1..).zip(stored) {
        let hook = with_text(&house, id, &json);
        let status = house.post(&hook).await.as_u16();
        assert_eq!(status, 200, "{what}");
        let said = house.has_said(42, usize::try_from(id).unwrap()).await;
        let last = said.last().unwrap();
        assert!(last.contains(text), "{what}: {last}");
    }

    // One bad event spoils no other of its batch.
    let good = String::from_utf8(house.saying(43, 50, "do you have parking?").body).unwrap();
    let batch = good.replacen(
        "\"messages\":[",
        "\"messages\":[{\"type\":7,\"id\":[]},null,\"x\",",
        1,
    );
    assert_ne!(batch, good);
    assert_eq!(house.post(&signed(batch)).await.as_u16(), 200);
    assert_eq!(house.has_said(43, 1).await, ["do you have parking?"]);
    house.stop().await;
}

#[tokio::test]
async fn who_sends_slowly_or_without_end_is_left_and_others_are_served() {
    let mut house = House::open(case("whatsapp"), Site::new()).await;
    let address = house.url().trim_start_matches("http://").to_owned();
    let path = "/webhooks/whatsapp/salon";

    // A body in chunks that never ends.
    let mut endless = TcpStream::connect(&address).await.unwrap();
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    endless.write_all(head.as_bytes()).await.unwrap();
    let pouring = tokio::spawn(async move {
        let chunk = format!("{:x}\r\n{}\r\n", 60_000, " ".repeat(60_000));
        // Until it is left.
        while endless.write_all(chunk.as_bytes()).await.is_ok() {}
    });

    // Headers that come in letter by letter, and a body that does not come.
    let mut slow = TcpStream::connect(&address).await.unwrap();
    slow.write_all(format!("POST {path} HTTP/1.1\r\nHost: ").as_bytes())
        .await
        .unwrap();
    let mut bodiless = TcpStream::connect(&address).await.unwrap();
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
    bodiless.write_all(head.as_bytes()).await.unwrap();

    // Meanwhile everybody else is served.
    house.says(42, 1, "do you have parking?").await;
    house.provider.gets(1).await;

    let limit = Duration::from_secs(40);
    tokio::time::timeout(limit, pouring)
        .await
        .expect("whoever pours without end is left")
        .unwrap();
    let mut said = Vec::new();
    tokio::time::timeout(limit, bodiless.read_to_end(&mut said))
        .await
        .expect("an answer in time")
        .unwrap();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(said.starts_with("HTTP/1.1 408"), "{said}");
    let mut nothing = Vec::new();
    tokio::time::timeout(limit, slow.read_to_end(&mut nothing))
        .await
        .expect("a connection that is left")
        .unwrap();
    house.stop().await;
}
