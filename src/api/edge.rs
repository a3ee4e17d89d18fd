//! What holds for every request, whatever it asks for: a name, a limit on time and number, safe headers, and an
//! error body of our own form even for what no handler saw.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    self, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use tokio::sync::Semaphore;
use tracing::Instrument;
use tracing::field::Empty;

use super::problem::{Kind, MEDIA_TYPE, Problem};
use super::serve::NoRoom;
use crate::ids;
use crate::telemetry::metrics::{self, HttpStatus, Shed};
use crate::telemetry::trace;
use crate::types::Trace;

/// How much longer than a message's wait any answer may take: longer than a write is tried at the database, so that
/// a database that is away is told as such.
pub(super) const GRACE: Duration = Duration::from_secs(10);

/// When it is worth asking again after an answer that took too long.
const TIMED_OUT_RETRY_AFTER: Duration = Duration::from_secs(5);

/// How long, and how much, is read of a request that comes to a full house.
const DRAIN_MAX: Duration = Duration::from_secs(1);
const DRAIN_BYTES_MAX: usize = 64 * 1024;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const TRACE: HeaderName = HeaderName::from_static(Trace::HEADER);

/// Room for requests that are worked on at once. Cheap to clone; clones are one.
#[derive(Debug, Clone)]
pub struct Room(Arc<Semaphore>);

impl Room {
    /// Room for so many.
    #[must_use]
    pub fn new(requests_max: usize) -> Self {
        Self(Arc::new(Semaphore::new(requests_max)))
    }

    /// Refuses at once what there is no room for, before anything is looked up or made for it: when there is too much,
    /// most of it comes this way, and what it costs is taken from the rest.
    pub(super) fn refuse(&self, path: &str, headers: &HeaderMap) -> Option<Response> {
        if self.0.available_permits() > 0 || is_for_watchers(path) {
            return None;
        }
        let mut response = too_many();
        response.headers_mut().insert(REQUEST_ID, request_id(headers));
        metrics::answered(HttpStatus::of(response.status().as_u16()));
        Some(response)
    }
}

/// Made once: when there is too much, most answers are this one.
static TOO_MANY: LazyLock<axum::http::Response<Bytes>> = LazyLock::new(|| {
    let mut response = come_again("too many requests are under way").whole();
    secure(response.headers_mut());
    response
});

fn too_many() -> Response {
    metrics::shed(Shed::Requests);
    TOO_MANY.clone().map(Body::from)
}

fn come_again(why: &'static str) -> Problem {
    Problem::new(Kind::Unavailable, why).retry_after(Duration::from_secs(1))
}

/// Whoever watches the process must see it most of all when it is full.
fn is_for_watchers(path: &str) -> bool {
    matches!(path, "/health" | "/ready" | "/metrics")
}

/// What bounds requests.
struct Limits {
    room: Room,
    answer: Duration,
}

/// Puts every route behind the limits.
///
/// One layer for all that holds for every request, because each layer of a router costs every request a copy of
/// whatever is beneath it.
pub(super) fn wrap(router: Router, room: Room, answer_limit: Duration) -> Router {
    let limits = Arc::new(Limits {
        room,
        answer: answer_limit,
    });
    router.layer(from_fn_with_state(limits, pass))
}

/// Names the request, sees it through, and logs how it went: the route and never the path, whose parts name people.
async fn pass(State(limits): State<Arc<Limits>>, mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("(none)", MatchedPath::as_str);
    let trace = told_trace(request.headers());
    let span = tracing::info_span!(
        "request",
        request.id = id.to_str().unwrap_or_default(),
        http.method = %request.method(),
        http.route = route,
        trace.id = trace.map(|trace| display(trace.id)),
        // Of the turn that answers it, if one does.
        turn = Empty,
    );
    if let Some(trace) = trace {
        trace::goes_on(&span, trace);
        request.extensions_mut().insert(trace);
    }
    async move {
        let begun = tokio::time::Instant::now();
        let uri = request.uri().clone();
        let answered = AssertUnwindSafe(within(&limits, request, next)).catch_unwind();
        let response = answered.await.unwrap_or_else(|panic| panicked(&*panic));
        let mut response = dress(response, uri.path());
        response.headers_mut().insert(REQUEST_ID, id);
        metrics::answered(HttpStatus::of(response.status().as_u16()));
        let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(http.status = response.status().as_u16(), duration_ms, "answered");
        response
    }
    .instrument(span)
    .await
}

/// Answers 503 when as many requests are under way as there is room for, or the connection is one too many, and gives
/// none longer than it may take. An event stream counts only until it begins; the hub bounds those.
async fn within(limits: &Limits, request: Request, next: Next) -> Response {
    let _permit = if is_for_watchers(request.uri().path()) {
        None
    } else if request.extensions().get::<NoRoom>().is_some() {
        // The connection is closed after the answer, which would be lost if the rest of the request were still to come.
        let _ = tokio::time::timeout(
            DRAIN_MAX,
            axum::body::to_bytes(request.into_body(), DRAIN_BYTES_MAX),
        )
        .await;
        metrics::shed(Shed::Connections);
        return come_again("too many connections are open").into_response();
    } else {
        let Ok(permit) = limits.room.0.try_acquire() else {
            return too_many();
        };
        Some(permit)
    };
    match tokio::time::timeout(limits.answer, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(
            Kind::Timeout,
            format!("there was no answer within {} seconds", limits.answer.as_secs()),
        )
        .retry_after(TIMED_OUT_RETRY_AFTER)
        .into_response(),
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(message, "a request handler panicked");
    Problem::internal().into_response()
}

/// Marks a response whose body is not to be replaced.
#[derive(Clone)]
struct KeepBody;

/// Lets a response keep its body although its status is an error's: it is a report that was asked for.
pub(super) fn keep_body(response: &mut Response) {
    response.extensions_mut().insert(KeepBody);
}

/// Gives every error a body of our own form, and every response its security headers.
fn dress(mut response: Response, path: &str) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let is_kept = response.extensions().get::<KeepBody>().is_some();
    // Providers are told nothing but a status.
    let is_for_a_provider = path.starts_with("/webhooks/");
    if is_error && !is_kept && !is_for_a_provider && !is_problem(response.headers()) {
        response = replace_body(&response, path);
    }
    secure(response.headers_mut());
    response
}

fn is_problem(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes() == MEDIA_TYPE.as_bytes())
}

fn replace_body(bare: &Response, path: &str) -> Response {
    let status = bare.status();
    let detail = match status {
        StatusCode::NOT_FOUND => format!(
            "nothing answers at {}",
            path.chars().take(200).collect::<String>()
        ),
        StatusCode::METHOD_NOT_ALLOWED => "the Allow header lists the methods that fit".to_owned(),
        _ => "the request cannot be carried out".to_owned(),
    };
    let mut response = Problem::new(Kind::of_status(status), detail).into_response();
    if let Some(allow) = bare.headers().get(header::ALLOW) {
        response.headers_mut().insert(header::ALLOW, allow.clone());
    }
    response
}

fn secure(headers: &mut HeaderMap) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'",
        ));
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

/// The trace that the caller says the request belongs to. Said twice, it is not said.
fn told_trace(headers: &HeaderMap) -> Option<Trace> {
    let mut told = headers.get_all(TRACE).iter();
    let (Some(only), None) = (told.next(), told.next()) else {
        return None;
    };
    only.to_str().ok()?.parse().ok()
}

/// The caller's own id if it is harmless, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let harmless = |value: &&HeaderValue| {
        (1..=64).contains(&value.len())
            && value
                .as_bytes()
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-' || *byte == b'_')
    };
    if let Some(given) = headers.get(REQUEST_ID).filter(harmless) {
        return given.clone();
    }
    // The real time even when the clock is set: request ids belong to the log, which has its own clock.
    let now = crate::clock::Clock::now(&crate::clock::SystemClock::real());
    HeaderValue::from_str(&ids::new_id(now).to_string()).unwrap_or(HeaderValue::from_static("unknown"))
}
