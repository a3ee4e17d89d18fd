//! Errors as RFC 9457 problem details: what kinds there are, and the one place that gives each its status.
//!
//! A problem says what the caller can do about it. What only we can do something about is logged where it happens
//! and goes out without a word of detail.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::conversation::Refused;
use crate::rates::Over;
use crate::shares::NoShare;
use crate::store;
use crate::telemetry::metrics::{self, Scope, Shed};

/// The media type of every error.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// What can be wrong. Each kind is a stable type URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Malformed,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    Conflict,
    SlotTaken,
    SlotUnavailable,
    VersionConflict,
    TooLarge,
    UnsupportedMediaType,
    Invalid,
    MessageIdReused,
    TooManyRequests,
    Internal,
    Unavailable,
    Timeout,
}

impl Kind {
    /// Status, last part of the type URI, and title: the only place where a status is decided.
    const fn facts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Malformed => (
                StatusCode::BAD_REQUEST,
                "malformed-request",
                "The request cannot be read",
            ),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized", "An API key is needed"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "This is not yours to do"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "There is no such thing"),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "The method does not fit",
            ),
            Self::RequestTimeout => (
                StatusCode::REQUEST_TIMEOUT,
                "request-timeout",
                "The request came in too slowly",
            ),
            Self::Conflict => (
                StatusCode::CONFLICT,
                "conflict",
                "The present state does not allow it",
            ),
            Self::SlotTaken => (StatusCode::CONFLICT, "slot-taken", "The slot is taken"),
            Self::SlotUnavailable => (
                StatusCode::CONFLICT,
                "slot-unavailable",
                "The start cannot be booked",
            ),
            Self::VersionConflict => (
                StatusCode::CONFLICT,
                "version-conflict",
                "It was changed meanwhile",
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "The body is too large",
            ),
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "The body must be JSON",
            ),
            Self::Invalid => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid",
                "The request says something impossible",
            ),
            Self::MessageIdReused => (
                StatusCode::CONFLICT,
                "message-id-reused",
                "The message id belongs to another message",
            ),
            Self::TooManyRequests => (
                StatusCode::TOO_MANY_REQUESTS,
                "too-many-requests",
                "Too much at once",
            ),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Something is wrong on our side",
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "Not now, but soon",
            ),
            Self::Timeout => (StatusCode::GATEWAY_TIMEOUT, "timeout", "The answer took too long"),
        }
    }

    /// The kind for a status that something below the handlers gave without a body of ours.
    pub(super) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthorized,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::RequestTimeout,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::UNPROCESSABLE_ENTITY => Self::Invalid,
            StatusCode::TOO_MANY_REQUESTS => Self::TooManyRequests,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            StatusCode::GATEWAY_TIMEOUT => Self::Timeout,
            other if other.is_client_error() => Self::Malformed,
            _ => Self::Internal,
        }
    }
}

/// An error on its way out.
#[derive(Debug)]
pub(super) struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    kind: Kind,
    retry_after: Option<Duration>,
    over: Option<Over>,
    body: ProblemDetails,
}

/// An error (RFC 9457, `application/problem+json`).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct ProblemDetails {
    /// What kind it is: a stable URI, relative to this server.
    #[serde(rename = "type")]
    #[schema(rename = "type", value_type = String, example = "/problems/slot-taken")]
    kind: String,
    /// The kind in words.
    #[schema(value_type = String)]
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong this time, and what to do about it.
    detail: String,
    /// Every mistake that was found, each with its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
    /// Why a start cannot be booked: a code as in `GET .../availability?explain=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Starts that are free instead.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alternatives: Vec<super::availability::Start>,
}

/// One mistake in a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Fault {
    /// Where it is, for example `services[2].duration_min`; empty for the request as a whole.
    pub(super) path: String,
    /// What it is.
    pub(super) message: String,
}

impl Problem {
    pub(super) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let (status, slug, title) = kind.facts();
        Self(Box::new(Parts {
            kind,
            retry_after: None,
            over: None,
            body: ProblemDetails {
                kind: format!("/problems/{slug}"),
                title,
                status: status.as_u16(),
                detail: detail.into(),
                errors: Vec::new(),
                reason: None,
                alternatives: Vec::new(),
            },
        }))
    }

    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, detail)
    }

    pub(super) fn internal() -> Self {
        Self::new(
            Kind::Internal,
            "the request could not be carried out; the log says why",
        )
    }

    /// A mistake at one place of the request.
    pub(super) fn fault(kind: Kind, path: impl Into<String>, message: impl Into<String>) -> Self {
        let (path, message) = (path.into(), message.into());
        let detail = if path.is_empty() {
            message.clone()
        } else {
            format!("{path}: {message}")
        };
        Self::new(kind, detail).with_errors(vec![Fault { path, message }])
    }

    pub(super) fn with_errors(mut self, errors: Vec<Fault>) -> Self {
        self.0.body.errors = errors;
        self
    }

    pub(super) fn with_reason(mut self, reason: String) -> Self {
        self.0.body.reason = Some(reason);
        self
    }

    pub(super) fn with_alternatives(mut self, starts: Vec<super::availability::Start>) -> Self {
        self.0.body.alternatives = starts;
        self
    }

    pub(super) fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }
}

impl Problem {
    /// As a response whose body is at hand, so that it can be kept and given more than once.
    pub(super) fn whole(self) -> axum::http::Response<Bytes> {
        let Parts {
            kind,
            retry_after,
            over,
            body,
        } = *self.0;
        let (status, _, _) = kind.facts();
        let text = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = axum::http::Response::new(text.into());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(wait) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds(wait)));
        }
        if let Some(over) = over {
            say_limit(headers, &over);
        }
        if kind == Kind::Unauthorized {
            headers.insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"frontdesk\""),
            );
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.whole().map(Body::from)
    }
}

/// Whole seconds, and never 0: "at once" is what the caller just did.
fn seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

/// The fields of draft-ietf-httpapi-ratelimit-headers-10: which limit, and when there is some of it again.
fn say_limit(headers: &mut HeaderMap, over: &Over) {
    let scope = over.scope.as_str();
    let policy = format!("\"{scope}\";q={};w=60", over.rate.each_minute());
    let left = format!("\"{scope}\";r=0;t={}", seconds(over.retry_after));
    for (name, value) in [("ratelimit-policy", policy), ("ratelimit", left)] {
        // Words of ours and numbers are a header's value.
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

impl From<Over> for Problem {
    fn from(over: Over) -> Self {
        let number = over.rate.each_minute();
        let detail = match over.scope {
            Scope::Participant => format!("a participant may send {number} messages a minute"),
            Scope::Account => format!("a business may get {number} messages a minute this way"),
            Scope::Address => format!("an address may send {number} such requests a minute"),
        };
        let mut problem = Self::new(Kind::TooManyRequests, detail).retry_after(over.retry_after);
        problem.0.over = Some(over);
        problem
    }
}

impl From<NoShare> for Problem {
    fn from(no_share: NoShare) -> Self {
        let (reason, detail) = match no_share {
            NoShare::Full => (Shed::Requests, "too many requests are under way"),
            NoShare::Spent => (Shed::Share, "too many requests for this business are under way"),
        };
        metrics::shed(reason);
        Self::new(Kind::Unavailable, detail).retry_after(Duration::from_secs(1))
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let detail = refused.to_string();
        match refused {
            Refused::PairBusy { retry_after } => {
                Self::new(Kind::TooManyRequests, detail).retry_after(retry_after)
            }
            Refused::Overloaded { retry_after } => {
                Self::new(Kind::Unavailable, detail).retry_after(retry_after)
            }
            Refused::Joined(_) => Self::new(Kind::Unavailable, detail).retry_after(Duration::from_secs(1)),
            Refused::UnknownBusiness => Self::not_found(detail),
            Refused::MessageIdReused => Self::new(Kind::MessageIdReused, detail),
            Refused::Store(error) => Self::of_store(&error),
        }
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        Self::of_store(&error)
    }
}

impl Problem {
    fn of_store(error: &store::Error) -> Self {
        tracing::error!(%error, "the store failed under a request");
        match error {
            store::Error::Unavailable(_) | store::Error::Closed(_) => Self::new(
                Kind::Unavailable,
                "the database cannot be reached now; nothing was changed",
            )
            .retry_after(Duration::from_secs(1)),
            store::Error::OutcomeUnknown(_) => Self::new(
                Kind::Unavailable,
                "the database went away during the write; ask again under the same id",
            )
            .retry_after(Duration::from_secs(1)),
            store::Error::Corrupt { .. }
            | store::Error::Rejected(_)
            | store::Error::Migration(_)
            | store::Error::Open(_) => Self::internal(),
        }
    }
}
