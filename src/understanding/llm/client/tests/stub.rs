//! An endpoint that does what a test wants: bare TCP, because a proper server cannot break off in the middle.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

/// What the stub does about a request.
#[derive(Clone)]
pub(super) enum Does {
    /// Answers, with more headers.
    Says(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Takes the request and never answers.
    Hangs,
    /// Answers one byte in 20 ms.
    Drips(Vec<u8>),
    /// Breaks the line instead of answering.
    Resets,
    /// Promises more than it sends.
    Cuts(Vec<u8>),
    /// Answers with a body without end.
    Floods,
    /// Takes a permit before it does something.
    Waits(Arc<Semaphore>, Box<Does>),
}

impl Does {
    pub(super) fn says(status: u16, body: &str) -> Self {
        Self::Says(status, Vec::new(), body.as_bytes().to_vec())
    }

    pub(super) fn with(self, name: &'static str, value: impl Into<String>) -> Self {
        match self {
            Self::Says(status, mut headers, body) => {
                headers.push((name, value.into()));
                Self::Says(status, headers, body)
            }
            other => other,
        }
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) path: String,
    pub(super) head: String,
    /// Null when it had none.
    pub(super) body: Value,
}

pub(super) struct Stub {
    pub(super) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    count: watch::Receiver<usize>,
    serving: JoinHandle<()>,
}

impl Stub {
    /// Serves; `does` is told how many requests came before and what this one asks.
    pub(super) async fn start(does: impl Fn(usize, &Asked) -> Does + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let (counter, count) = watch::channel(0);
        let (does, log) = (Arc::new(does), asked.clone());
        let serving = tokio::spawn(async move {
            let counter = Arc::new(counter);
            while let Ok((mut line, _)) = listener.accept().await {
                let (does, log, counter) = (does.clone(), log.clone(), counter.clone());
                tokio::spawn(async move {
                    let Some(request) = receive(&mut line).await else {
                        return;
                    };
                    let then = {
                        let mut log = log.lock().unwrap();
                        log.push(request.clone());
                        counter.send_replace(log.len());
                        does(log.len() - 1, &request)
                    };
                    answer(line, then).await;
                });
            }
        });
        Self {
            url,
            asked,
            count,
            serving,
        }
    }

    /// A stub at whose address nobody listens any more.
    pub(super) async fn gone() -> Self {
        let stub = Self::start(|_, _| Does::Hangs).await;
        stub.serving.abort();
        while !stub.serving.is_finished() {
            tokio::task::yield_now().await;
        }
        stub
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(super) fn calls(&self) -> usize {
        *self.count.borrow()
    }

    /// Waits until so many requests have come.
    pub(super) async fn until_asked(&self, times: usize) {
        let waiting = tokio::time::timeout(Duration::from_secs(10), async {
            self.count
                .clone()
                .wait_for(|count| *count >= times)
                .await
                .unwrap();
        });
        waiting.await.expect("the requests come");
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn receive(line: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let end = loop {
        if line.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    while bytes.len() < end + length {
        if line.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(Asked {
        path: head.split(' ').nth(1).unwrap().to_owned(),
        body: serde_json::from_slice(&bytes[end..]).unwrap_or_default(),
        head,
    })
}

async fn answer(mut line: TcpStream, does: Does) {
    let head = |status: u16, more: &[(&str, String)], length: usize| {
        let more: String = more
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\nconnection: close\r\n{more}content-length: {length}\r\n\r\n"
        )
    };
    // Whoever has gone needs no answer, so failures to write are nothing here.
    match does {
        Does::Says(status, more, body) => {
            let _ = line.write_all(head(status, &more, body.len()).as_bytes()).await;
            let _ = line.write_all(&body).await;
        }
        Does::Hangs => {
            let mut rest = [0_u8; 8];
            let _ = line.read(&mut rest).await;
        }
        Does::Drips(body) => {
            let _ = line.write_all(head(200, &[], body.len()).as_bytes()).await;
            for byte in body {
                tokio::time::sleep(Duration::from_millis(20)).await;
                if line.write_all(&[byte]).await.is_err() {
                    return;
                }
            }
        }
        Does::Resets => {
            line.set_zero_linger().unwrap();
        }
        Does::Cuts(body) => {
            let _ = line.write_all(head(200, &[], body.len() + 50).as_bytes()).await;
            let _ = line.write_all(&body).await;
        }
        Does::Floods => {
            let head = head(200, &[], 0).replace("content-length: 0\r\n", "");
            let _ = line.write_all(head.as_bytes()).await;
            while line.write_all(&[b' '; 4096]).await.is_ok() {}
        }
        Does::Waits(turnstile, then) => {
            let Ok(permit) = turnstile.acquire().await else {
                return;
            };
            permit.forget();
            Box::pin(answer(line, *then)).await;
        }
    }
}
