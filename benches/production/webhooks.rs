//! Providers' requests while the language model takes three seconds: what a provider waits for is the inbox, and nothing
//! behind it. Beside it the same with the built-in understanding alone.
//!
//! Signed Standard Webhooks of many customers over 64 connections, at a rate that the machine can carry; replies go to a
//! stub that takes them at once.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{Timestamp, Zoned};
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::figures::{figure, permille};
use super::llm_stub::{Stub, vague};
use super::load::BUSINESS;
use super::site::{NOW, Site};
use super::wire::Connection;

const CONNECTIONS: u32 = 64;
const PER_SECOND: u32 = 400;
const ROUND: Duration = Duration::from_secs(15);
const THINKS: Duration = Duration::from_secs(3);
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Answers with the number of errors.
pub(crate) async fn run(site: &Site) -> u64 {
    let sink = sink().await;
    let rules = [("FRONTDESK_SECRETS_KEY", KEY)];
    let errors = measure(site, "webhooks_rules", &sink, &rules).await;
    let stub = Stub::start(THINKS).await;
    let url = stub.url.clone();
    let model = [
        ("FRONTDESK_SECRETS_KEY", KEY),
        ("LLM_BASE_URL", url.as_str()),
        ("LLM_MODEL", "slow"),
    ];
    let slow = measure(site, "webhooks_model", &sink, &model).await;
    println!("the model was asked {} at once at most", stub.most_at_once());
    errors + slow
}

async fn measure(site: &Site, name: &'static str, sink: &str, settings: &[(&str, &str)]) -> u64 {
    let frontdesk = site.frontdesk_with(name, settings).await;
    add_account(&site.database_url(name), sink);
    let begun = Instant::now();
    let opened: Timestamp = NOW.parse::<Zoned>().unwrap().timestamp();
    let (numbers, errors) = (Arc::new(AtomicU32::new(1)), Arc::new(AtomicU64::new(0)));
    let connections = (0..CONNECTIONS).map(|at| {
        let (numbers, errors) = (numbers.clone(), errors.clone());
        let address = frontdesk.address;
        tokio::spawn(async move {
            let mut connection = Connection::open(address).await.unwrap();
            let mut waits = Vec::new();
            let each = Duration::from_secs(1) * CONNECTIONS / PER_SECOND;
            let mut due = begun + each * at / CONNECTIONS;
            while due < begun + ROUND {
                tokio::time::sleep_until(due).await;
                let now = opened.as_second() + i64::try_from(begun.elapsed().as_secs()).unwrap();
                let number = numbers.fetch_add(1, Ordering::Relaxed);
                let (headers, body) = hook(number, now);
                let answer = connection.post("/webhooks/standard/bench", &headers, &body).await;
                // From when it was due: a provider that is kept waiting sends the next one late.
                waits.push(due.elapsed());
                if answer.is_ok_and(|answer| answer.status == 200) {
                    due += each;
                    continue;
                }
                errors.fetch_add(1, Ordering::Relaxed);
                due += each;
            }
            waits
        })
    });
    let mut waits = Vec::new();
    for connection in connections.collect::<Vec<_>>() {
        waits.extend(connection.await.unwrap());
    }
    figure(
        &format!("{name}_per_second"),
        waits.len() as f64 / ROUND.as_secs_f64(),
        "/s",
    );
    figure(&format!("{name}_p50"), permille(waits.iter().copied(), 500), "ms");
    figure(&format!("{name}_p99"), permille(waits.iter().copied(), 990), "ms");
    let errors = errors.load(Ordering::Relaxed);
    figure(&format!("{name}_errors"), errors as f64, "answers");
    errors
}

/// A message that rules make nothing of, signed as the platform signs.
fn hook(number: u32, now: i64) -> (String, String) {
    let body = format!(
        "{{\"type\":\"message.received\",\"timestamp\":\"2026-11-18T15:00:00Z\",\"data\":{{\"message_id\":\"m{number}\",\
         \"participant_id\":\"p{}\",\"text\":\"{}\"}}}}",
        number % 5_000,
        vague(number)
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(SECRET).unwrap()).unwrap();
    mac.update(format!("msg_{number}.{now}.{body}").as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let headers = format!(
        "webhook-id: msg_{number}\r\nwebhook-timestamp: {now}\r\nwebhook-signature: v1,{signature}\r\n"
    );
    (headers, body)
}

/// Through the command line, as an operator does.
fn add_account(database: &str, sink: &str) {
    let done = Command::new(Path::new(env!("CARGO_BIN_EXE_frontdesk")))
        .args([
            "channel",
            "add",
            "standard",
            "bench",
            "--business",
            BUSINESS,
            "--secret",
            "secret",
            "--set",
        ])
        .arg(format!("url={sink}"))
        .args(["--set", "sends_per_second=10000"])
        .env_clear()
        .env("DATABASE_URL", database)
        .env("FRONTDESK_SECRETS_KEY", KEY)
        .env("FRONTDESK_SECRET_SECRET", format!("whsec_{SECRET}"))
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// A platform that takes every reply at once.
async fn sink() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut line, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = vec![0; 64 * 1024];
                // A reply comes in one piece, and its length does not matter.
                while let Ok(1..) = line.read(&mut request).await {
                    let taken = line
                        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                        .await;
                    if taken.is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}
