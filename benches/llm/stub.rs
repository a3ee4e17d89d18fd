//! An OpenAI-compatible endpoint that thinks for a set time about everything, and keeps account of it.
//!
//! It counts a request from when it was read to when its answer begins to be written. Two that it counts at the same
//! time were under way at the same time, whatever the lines between; and what a turn took beyond the counted time is
//! frontdesk's, the lines' and the machine's.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// What is said to it. Rules make nothing of it; the model says that it asks for parking.
const VAGUE: &str = "my old beetle hates circling the block";
/// Followed by the number of the message, by which the call that was made for it is found.
const MARK: &str = ", mark";
const DIGITS: usize = 7;

/// A message that the model is needed for. No two may have the same number.
pub(crate) fn vague(number: u32) -> String {
    format!("{VAGUE}{MARK}{number:0DIGITS$}")
}

/// See the module. Serves until it is dropped.
pub(crate) struct Stub {
    /// For `LLM_BASE_URL`.
    pub(crate) url: String,
    account: Arc<Account>,
    serving: JoinHandle<()>,
}

struct Account {
    /// In milliseconds, about everything from now on.
    thinks: AtomicU64,
    now: AtomicUsize,
    most: AtomicUsize,
    /// By the number of the message.
    calls: Mutex<HashMap<u32, Vec<Duration>>>,
}

impl Stub {
    pub(crate) async fn start(thinks: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let account = Arc::new(Account {
            thinks: AtomicU64::new(millis(thinks)),
            now: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            calls: Mutex::default(),
        });
        let answers = account.clone();
        let serving = tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                let account = answers.clone();
                tokio::spawn(async move { account.serve(line).await });
            }
        });
        Self {
            url,
            account,
            serving,
        }
    }

    /// Takes another time for what it is asked from now on.
    #[allow(dead_code, reason = "not everybody who starts one changes it")]
    pub(crate) fn think(&self, thinks: Duration) {
        self.account.thinks.store(millis(thinks), Ordering::Relaxed);
    }

    /// The most calls that were under way at once.
    pub(crate) fn most_at_once(&self) -> usize {
        self.account.most.load(Ordering::SeqCst)
    }

    /// How long the calls for a message took, each. Told once.
    pub(crate) fn calls_for(&self, number: u32) -> Vec<Duration> {
        let mut calls = self.account.calls.lock().unwrap();
        calls.remove(&number).unwrap_or_default()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Account {
    /// Answers on one line until the other side closes it. It need not be told why.
    async fn serve(&self, mut line: TcpStream) -> Option<()> {
        line.set_nodelay(true).ok()?;
        let answer = answer();
        let mut request = Vec::with_capacity(16 * 1024);
        loop {
            receive(&mut line, &mut request).await?;
            let begun = Instant::now();
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            let thinks = self.thinks.load(Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(thinks)).await;
            self.now.fetch_sub(1, Ordering::SeqCst);
            let number = marked(&request)?;
            self.note(number, begun.elapsed());
            line.write_all(answer.as_bytes()).await.ok()?;
        }
    }

    fn note(&self, number: u32, took: Duration) {
        self.calls.lock().unwrap().entry(number).or_default().push(took);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Reads one request, whole.
async fn receive(line: &mut TcpStream, request: &mut Vec<u8>) -> Option<()> {
    request.clear();
    let end = loop {
        if line.read_buf(request).await.ok()? == 0 {
            return None;
        }
        if let Some(at) = request.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = std::str::from_utf8(&request[..end]).ok()?.to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))?;
    let whole = end + length.parse::<usize>().ok()?;
    while request.len() < whole {
        if line.read_buf(request).await.ok()? == 0 {
            return None;
        }
    }
    Some(())
}

/// The number of the last message in a prompt; those before it were said earlier.
fn marked(request: &[u8]) -> Option<u32> {
    let at = request
        .windows(MARK.len())
        .rposition(|window| window == MARK.as_bytes())?
        + MARK.len();
    std::str::from_utf8(request.get(at..at + DIGITS)?)
        .ok()?
        .parse()
        .ok()
}

/// What it always says: strict structured output, with its account.
fn answer() -> String {
    let says = json!({
        "acts": [{"act": "ask", "quote": "circling the block", "value": "parking"}],
        "say": null,
    });
    let body = json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "stub",
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": says.to_string()},
            "finish_reason": "stop",
        }],
        "usage": {"prompt_tokens": 900, "completion_tokens": 30, "total_tokens": 930},
    })
    .to_string();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: stub-1\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}
