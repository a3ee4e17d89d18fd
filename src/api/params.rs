//! Paths and query strings, with our own problems in place of the framework's.

use std::str::FromStr;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::{IntoParams, ToSchema};

use super::problem::{Kind, Problem};
use crate::types::{AppointmentId, BusinessId, ParticipantId};

/// A path within a business.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OfBusiness {
    /// The business.
    #[param(value_type = String, min_length = 1, max_length = 64, pattern = "^[a-z0-9_-]+$")]
    pub(super) business_id: BusinessId,
}

/// A path within a customer's conversation.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OfParticipant {
    /// The business.
    #[param(value_type = String, min_length = 1, max_length = 64, pattern = "^[a-z0-9_-]+$")]
    pub(super) business_id: BusinessId,
    /// The customer.
    #[param(value_type = String, min_length = 1, max_length = 128, pattern = r"^[^\u0000-\u001f\u007f-\u009f\ufffd]+$")]
    pub(super) participant_id: ParticipantId,
}

/// The path of an appointment.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OfAppointment {
    /// The business.
    #[param(value_type = String, min_length = 1, max_length = 64, pattern = "^[a-z0-9_-]+$")]
    pub(super) business_id: BusinessId,
    /// The appointment.
    #[param(value_type = uuid::Uuid)]
    pub(super) appointment_id: AppointmentId,
}

/// The id of a service or resource, for the documentation of lists.
#[derive(ToSchema)]
#[schema(min_length = 1, max_length = 64, pattern = "^[a-z0-9_-]+$")]
#[expect(
    dead_code,
    reason = "describes a type of another room, which knows nothing of OpenAPI"
)]
pub(super) struct Slug(String);

/// The variable parts of a path.
#[derive(Debug)]
pub(super) struct UrlPath<T>(pub(super) T);

impl<T, S> FromRequestParts<S> for UrlPath<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match <axum::extract::Path<T> as FromRequestParts<S>>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem::new(Kind::Malformed, rejection.body_text())),
        }
    }
}

/// The query string.
#[derive(Debug)]
pub(super) struct QueryString<T>(pub(super) T);

impl<T, S> FromRequestParts<S> for QueryString<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match axum::extract::Query::<T>::try_from_uri(&parts.uri) {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem::new(Kind::Malformed, rejection.body_text())),
        }
    }
}

/// Entries on a page when nobody says how many. The documentation of every `limit` says the same.
const PAGE_DEFAULT: u32 = 50;
const PAGE_MAX: u32 = 200;

/// The number of entries on a page.
pub(super) fn page_limit(asked: Option<u32>) -> Result<u32, Problem> {
    let limit = asked.unwrap_or(PAGE_DEFAULT);
    if (1..=PAGE_MAX).contains(&limit) {
        Ok(limit)
    } else {
        let message = format!("must be a number from 1 to {PAGE_MAX}");
        Err(Problem::fault(Kind::Malformed, "limit", message))
    }
}

/// Where a page of what is in order of a time and an id begins: after these.
pub(super) fn page_after<Id: FromStr>(text: &str) -> Result<(Timestamp, Id), Problem> {
    let parts = text.split_once('~').and_then(|(micros, id)| {
        let at = Timestamp::from_microsecond(micros.parse().ok()?).ok()?;
        Some((at, id.parse().ok()?))
    });
    parts.ok_or_else(|| Problem::fault(Kind::Malformed, "after", "must be the `next` of another page"))
}

/// The version that a change expects (`If-Match: "3"`); `None` without the header or with `*`.
#[derive(Debug, Clone, Copy)]
pub(super) struct IfMatch(pub(super) Option<u64>);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(text) = header(parts, "if-match")? else {
            return Ok(Self(None));
        };
        if text == "*" {
            return Ok(Self(None));
        }
        // The quotes belong to the header's form; they are easily lost on a command line, and nothing else is meant.
        match text.trim_matches('"').parse() {
            Ok(version) => Ok(Self(Some(version))),
            Err(_) => Err(bad_header(
                "if-match",
                "must be a version in quotes, for example \"3\"",
            )),
        }
    }
}

/// What makes a second try of the same booking return the first's result (`Idempotency-Key`).
#[derive(Debug, Clone)]
pub(super) struct IdempotencyKey(pub(super) Option<String>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match header(parts, "idempotency-key")? {
            None => Ok(Self(None)),
            Some(key) if key.len() <= 128 && !key.is_empty() && key.bytes().all(|b| b.is_ascii_graphic()) => {
                Ok(Self(Some(key.to_owned())))
            }
            Some(_) => Err(bad_header(
                "idempotency-key",
                "must have 1 to 128 visible ASCII characters",
            )),
        }
    }
}

/// The number of the last event that a listener has seen (`Last-Event-ID`). Anything unreadable counts as none:
/// a browser sends back what it got, so there is nobody to tell.
#[derive(Debug, Clone, Copy)]
pub(super) struct LastEventId(pub(super) u64);

impl<S: Sync> OptionalFromRequestParts<S> for LastEventId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        let text = parts.headers.get("last-event-id").and_then(|v| v.to_str().ok());
        Ok(text.and_then(|text| text.trim().parse().ok()).map(Self))
    }
}

fn header<'p>(parts: &'p Parts, name: &'static str) -> Result<Option<&'p str>, Problem> {
    parts
        .headers
        .get(name)
        .map(|value| value.to_str().map_err(|_| bad_header(name, "must be ASCII")))
        .transpose()
}

fn bad_header(name: &str, message: &str) -> Problem {
    Problem::fault(Kind::Malformed, format!("header {name}"), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cursor_that_the_documentation_allows_is_read() {
        let id = "019aa0c0-0000-7000-8000-000000000000";
        let at = |micros: &str| {
            page_after::<uuid::Uuid>(&format!("{micros}~{id}")).map(|(at, _)| at.as_microsecond())
        };
        assert_eq!(at("0").unwrap(), 0);
        assert_eq!(at(&"9".repeat(17)).unwrap(), 99_999_999_999_999_999);
        assert!(at("").is_err());
        assert!(page_after::<uuid::Uuid>("7").is_err());
        assert!(page_after::<uuid::Uuid>("7~7").is_err());
    }
}
