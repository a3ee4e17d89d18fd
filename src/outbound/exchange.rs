//! One call to a provider and what comes back of it, within a time and a number of bytes.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use secrecy::ExposeSecret as _;
use tokio::time::{Instant, timeout_at};

use super::wire::{Answer, Call};
use crate::types::Trace;

/// Bytes of an answer that are read.
const ANSWER_MAX: usize = 64 * 1024;

/// What came back.
#[derive(Debug)]
pub(super) enum Heard {
    /// An answer.
    Answered(Answered),
    /// The provider was not reached: it has nothing of this.
    Unreached(String),
    /// The call was sent, or may have been, and no answer came.
    Silence(&'static str),
}

#[derive(Debug)]
pub(super) struct Answered {
    status: u16,
    retry_after: Option<Duration>,
    content_type: Option<String>,
    body: Vec<u8>,
}

impl Answered {
    pub(super) fn view(&self) -> Answer<'_> {
        Answer {
            status: self.status,
            retry_after: self.retry_after,
            content_type: self.content_type.as_deref(),
            body: &self.body,
        }
    }
}

/// Makes a call and reads what comes back, until `until` at the latest. The provider is told of the trace beside the
/// call, so that neither its key nor its body depends on it.
pub(super) async fn exchange(
    http: &reqwest::Client,
    call: Call,
    trace: Option<Trace>,
    until: Instant,
) -> Heard {
    let mut request = http
        .request(call.method, call.url.expose_secret())
        .header(CONTENT_TYPE, call.content_type)
        .body(call.body);
    for (name, value) in call.headers {
        request = request.header(name, value.expose_secret());
    }
    if let Some(trace) = trace {
        request = request.header(Trace::HEADER, trace.to_string());
    }
    let exchanging = async {
        match request.send().await {
            Ok(response) => read(response).await,
            Err(error) => lost(&error),
        }
    };
    timeout_at(until, exchanging)
        .await
        .unwrap_or(Heard::Silence("it took too long"))
}

async fn read(mut response: Response) -> Heard {
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let status = response.status().as_u16();
    let retry_after = text(RETRY_AFTER)
        .and_then(|seconds| seconds.trim().parse().ok())
        .map(Duration::from_secs);
    let content_type = text(CONTENT_TYPE).map(str::to_owned);
    let mut body = Vec::new();
    // The status has said what matters; of a body that breaks off what came is used.
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = ANSWER_MAX - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == ANSWER_MAX {
            break;
        }
    }
    Heard::Answered(Answered {
        status,
        retry_after,
        content_type,
        body,
    })
}

/// A broken line. The error itself is not shown: it names the address, which may hold a secret.
fn lost(error: &reqwest::Error) -> Heard {
    if error.is_builder() {
        return Heard::Unreached("the address or a header of the account cannot be used".to_owned());
    }
    if error.is_connect() {
        let mut innermost: &dyn std::error::Error = error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        let why = if innermost.is::<reqwest::Error>() {
            "the connection could not be made".to_owned()
        } else {
            innermost.to_string()
        };
        return Heard::Unreached(why);
    }
    Heard::Silence("the connection broke")
}
