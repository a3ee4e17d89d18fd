//! A provider's API that a test speaks for: it remembers what it was called with, and answers as it is told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What it does with a call.
#[derive(Debug, Clone)]
pub(crate) enum Manner {
    /// It takes it, and says so as each provider does.
    Takes,
    /// It takes it, and the connection breaks before it can say so.
    TakesAndBreaks,
    /// It takes it and says something that is no answer.
    TakesAndBabbles,
    /// It answers with this status, these headers and this body.
    Says(u16, &'static str, Value),
    /// It answers with a file of this type.
    Gives(&'static str, Vec<u8>),
    /// It never answers.
    Hangs,
    /// It takes it, and says so once it is told to.
    TakesWhen(watch::Receiver<bool>),
    /// The connection is made, and it never reads what comes.
    IsDeaf,
}

/// A call that it got.
#[derive(Debug, Clone)]
pub(crate) struct Called {
    /// With its query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Called {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn form(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.body.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

#[derive(Default)]
struct State {
    calls: Vec<Called>,
    next: VecDeque<Manner>,
    /// What it does with calls of addresses that begin so.
    at: Vec<(&'static str, Manner)>,
    taken: u64,
    /// How many answers left it whole.
    answered: u64,
}

/// The provider. Its address goes into the account's `api_base`.
pub(crate) struct Provider {
    pub url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Provider {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let served = state.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = served.clone();
                tokio::spawn(async move {
                    // A caller that leaves early is no failure of the provider.
                    let _ = answer(stream, &state).await;
                });
            }
        });
        Self { url, state, task }
    }

    /// The next calls are treated so, one after the other; those after them are taken.
    pub(crate) fn will(&self, manners: impl IntoIterator<Item = Manner>) {
        self.state.lock().unwrap().next.extend(manners);
    }

    /// The next calls of an address that begins so are treated so; they carry no message.
    pub(crate) fn will_at(&self, path: &'static str, manners: impl IntoIterator<Item = Manner>) {
        let manners = manners.into_iter().map(|manner| (path, manner));
        self.state.lock().unwrap().at.extend(manners);
    }

    /// Every call that it got, in the order in which they came.
    pub(crate) fn calls(&self) -> Vec<Called> {
        self.state.lock().unwrap().calls.clone()
    }

    /// Calls that carry a message, in the order in which they came: signs of attention are left out.
    pub(crate) fn sends(&self) -> Vec<Called> {
        let state = self.state.lock().unwrap();
        state
            .calls
            .iter()
            .filter(|call| !is_attention(call) && !call.body.is_empty())
            .cloned()
            .collect()
    }

    /// Signs of attention: read marks and typing.
    pub(crate) fn attention(&self) -> Vec<Called> {
        let state = self.state.lock().unwrap();
        state
            .calls
            .iter()
            .filter(|call| is_attention(call))
            .cloned()
            .collect()
    }

    /// Whether it has done all that it was told to do.
    pub(crate) fn is_obedient(&self) -> bool {
        self.state.lock().unwrap().next.is_empty()
    }

    /// Which of all calls this was, from 1: it made the id that the call was answered with.
    pub(crate) fn number_of(&self, call: &Called) -> usize {
        let calls = self.calls();
        let place = calls.iter().rposition(|known| known.body == call.body);
        1 + place.expect("a call that came")
    }

    /// How many calls it has answered to the end.
    pub(crate) fn answered(&self) -> u64 {
        self.state.lock().unwrap().answered
    }

    /// Waits for so many messages.
    pub(crate) async fn gets(&self, count: usize) -> Vec<Called> {
        super::super::process::eventually("a message at the provider", || async {
            let sends = self.sends();
            (sends.len() >= count).then_some(sends)
        })
        .await
    }
}

fn is_attention(call: &Called) -> bool {
    [
        "typing",
        "sendChatAction",
        "answerCallbackQuery",
        "sender_action",
        "\"status\":\"read\"",
    ]
    .iter()
    .any(|sign| call.path.contains(sign) || call.body.contains(sign))
}

async fn answer(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let Some(called) = read(&mut stream).await? else {
        return Ok(());
    };
    let (manner, number) = {
        let mut state = state.lock().unwrap();
        let attention = is_attention(&called);
        let there = state
            .at
            .iter()
            .position(|(path, _)| called.path.starts_with(path));
        let manner = match there {
            Some(there) => Some(state.at.remove(there).1),
            None if attention => None,
            None => state.next.pop_front(),
        };
        let manner = manner.unwrap_or(Manner::Takes);
        if !matches!(manner, Manner::IsDeaf) {
            state.taken += 1;
            state.calls.push(called.clone());
        }
        (manner, state.taken)
    };
    let json = "application/json";
    let (status, headers, kind, body) = match manner {
        Manner::Takes => taken_as_json(&called, number),
        Manner::TakesWhen(mut told) => {
            // Whoever tells may be gone with the test.
            let _ = told.wait_for(|told| *told).await;
            taken_as_json(&called, number)
        }
        Manner::TakesAndBabbles => (200, "", json, b"<html>ok!</html>".to_vec()),
        Manner::Says(status, headers, body) => (status, headers, json, body.to_string().into_bytes()),
        Manner::Gives(kind, body) => (200, "", kind, body),
        Manner::TakesAndBreaks => return Ok(()),
        Manner::Hangs | Manner::IsDeaf => {
            tokio::time::sleep(Duration::from_secs(600)).await;
            return Ok(());
        }
    };
    let head = format!(
        "HTTP/1.1 {status} Stub\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&body).await?;
    stream.shutdown().await?;
    state.lock().unwrap().answered += 1;
    Ok(())
}

fn taken_as_json(called: &Called, number: u64) -> (u16, &'static str, &'static str, Vec<u8>) {
    let (status, body) = taken(called, number);
    (status, "", "application/json", body.to_string().into_bytes())
}

/// How each provider says that it has a message, by the address that it is called at.
fn taken(call: &Called, number: u64) -> (u16, Value) {
    let path = call.path.as_str();
    if path.contains("/Messages.json") {
        return (201, json!({"sid": format!("SM{number:032}"), "status": "queued"}));
    }
    if path.contains("chat.postMessage") {
        return (
            200,
            json!({"ok": true, "channel": "D1", "ts": format!("17000000{number:02}.000100")}),
        );
    }
    if path.contains("/bot") {
        return (200, json!({"ok": true, "result": {"message_id": number}}));
    }
    if path.contains("/channels/") || path.contains("/webhooks/") {
        return (200, json!({"id": format!("9000{number}"), "channel_id": "5"}));
    }
    if call.body.contains("messaging_product") {
        return (
            200,
            json!({"messaging_product": "whatsapp", "messages": [{"id": format!("wamid.{number}")}]}),
        );
    }
    (
        200,
        json!({"recipient_id": "1", "message_id": format!("m_{number}")}),
    )
}

async fn read(stream: &mut TcpStream) -> std::io::Result<Option<Called>> {
    let mut bytes = Vec::new();
    let head = loop {
        let found = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(at) = found {
            break at;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let mut lines = text.split("\r\n");
    let mut request = lines.next().unwrap_or_default().split(' ');
    let path = request.nth(1).unwrap_or_default();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap_or(0));
    let mut body = bytes.split_off(head + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await? == 0 {
            break;
        }
    }
    Ok(Some(Called {
        path: path.to_owned(),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    }))
}
