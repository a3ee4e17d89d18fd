//! One request to an endpoint and what comes back of it, within a time and a number of bytes.

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Response, Url};
use tokio::time::{Instant, timeout_at};

use crate::types::Trace;

/// Bytes of a refusal that are read.
const REFUSAL_MAX: usize = 16 * 1024;
/// Characters of a request's id that are kept.
const ID_MAX: usize = 100;

/// What came back.
#[derive(Debug)]
pub(super) enum Heard {
    /// An answer, whole and readable if it is a success; as much as could be read if it is a refusal.
    Answered(Answered),
    /// A success whose body is of no use.
    Garbled(&'static str, Option<String>),
    /// The line could not be made, or broke. The request may have been `sent`.
    Lost { why: String, sent: bool },
    /// Nothing whole in time.
    Late,
}

#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) body: String,
    /// What the endpoint asks to wait.
    pub(super) retry_after: Option<Duration>,
    /// Its id of the request.
    pub(super) request_id: Option<String>,
}

/// What is sent.
#[derive(Debug, Default)]
pub(super) struct Asks {
    /// JSON; without any, something is only read.
    pub(super) body: Option<Vec<u8>>,
    /// The trace that the endpoint is told of.
    pub(super) trace: Option<Trace>,
}

/// Sends a request and reads what comes back, until `until` at the latest.
pub(super) async fn exchange(
    http: &reqwest::Client,
    url: &Url,
    key: Option<&HeaderValue>,
    asks: Asks,
    body_max: usize,
    until: Instant,
) -> Heard {
    let Asks { body, trace } = asks;
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let mut request = http.request(method, url.clone());
    if let Some(key) = key {
        request = request.header(reqwest::header::AUTHORIZATION, key.clone());
    }
    if let Some(body) = body {
        request = request.header(CONTENT_TYPE, "application/json").body(body);
    }
    if let Some(trace) = trace {
        request = request.header(Trace::HEADER, trace.to_string());
    }
    let exchanging = async {
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return lost(&error),
        };
        read(response, body_max).await
    };
    timeout_at(until, exchanging).await.unwrap_or(Heard::Late)
}

async fn read(mut response: Response, body_max: usize) -> Heard {
    let status = response.status();
    let retry_after = retry_after(response.headers());
    let request_id = request_id(response.headers());
    let is_answer = status.is_success();
    let max = if is_answer {
        body_max
    } else {
        REFUSAL_MAX.min(body_max)
    };
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if chunk.len() > max - bytes.len() => {
                if is_answer {
                    return Heard::Garbled("the answer is longer than any may be", request_id);
                }
                bytes.extend_from_slice(&chunk[..max - bytes.len()]);
                break;
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) if is_answer => return lost(&error),
            // The status has said what matters.
            Err(_) => break,
        }
    }
    let body = match String::from_utf8(bytes) {
        Ok(body) => body,
        Err(_) if is_answer => return Heard::Garbled("the answer is not UTF-8", request_id),
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    };
    Heard::Answered(Answered {
        status: status.as_u16(),
        body,
        retry_after,
        request_id,
    })
}

/// A broken line in words. The outer errors name the address, which may hold a secret; the innermost says what happened.
fn lost(error: &reqwest::Error) -> Heard {
    if error.is_timeout() {
        return Heard::Late;
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let sent = !error.is_connect() && !error.is_builder();
    let why = if innermost.is::<reqwest::Error>() {
        "the connection broke".to_owned()
    } else {
        innermost.to_string()
    };
    Heard::Lost { why, sent }
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = ["x-request-id", "request-id"]
        .iter()
        .find_map(|name| headers.get(*name))?;
    let id = id.to_str().ok()?.trim();
    (!id.is_empty()).then(|| id.chars().take(ID_MAX).collect())
}

/// Seconds, or a date. A date is measured by the endpoint's own clock, which is the one that it was made with.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = |text: &str| DateTimeParser::new().parse_timestamp(text).ok();
    let (then, now) = (date(text)?, date(headers.get(DATE)?.to_str().ok()?)?);
    // A moment that has passed is no wait.
    Some(then.duration_since(now).try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn a_pause_is_asked_for_in_seconds_or_by_a_date() {
        let asked = |pairs: &[(&'static str, &'static str)]| retry_after(&headers(pairs));
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(asked(&[("retry-after", "3")]), seconds(3));
        assert_eq!(asked(&[("retry-after", "0.5")]), Some(Duration::from_millis(500)));
        let now = ("date", "Fri, 20 Nov 2026 10:00:00 GMT");
        assert_eq!(
            asked(&[now, ("retry-after", "Fri, 20 Nov 2026 10:00:40 GMT")]),
            seconds(40)
        );
        assert_eq!(
            asked(&[now, ("retry-after", "Fri, 20 Nov 2026 09:00:00 GMT")]),
            seconds(0)
        );
        for nonsense in ["", "-1", "NaN", "soon", "Fri, 20 Nov 2026 10:00:40 GMT"] {
            assert_eq!(asked(&[("retry-after", nonsense)]), None, "{nonsense}");
        }
    }

    #[test]
    fn a_requests_id_goes_by_either_name() {
        assert_eq!(
            request_id(&headers(&[("x-request-id", "a1")])).as_deref(),
            Some("a1")
        );
        assert_eq!(
            request_id(&headers(&[("request-id", " b2 ")])).as_deref(),
            Some("b2")
        );
        assert_eq!(request_id(&headers(&[("x-request-id", " ")])), None);
    }
}
