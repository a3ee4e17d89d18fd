//! Request bodies: JSON of a bounded size, depth and time, or a problem that says where it is wrong.

use std::time::Duration;

use axum::body::Body as HttpBody;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use futures_util::StreamExt;
use serde::de::{DeserializeOwned, Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer};

use super::problem::{Kind, Problem};

/// The longest body, in bytes.
pub(super) const BYTES_MAX: usize = 256 * 1024;

/// A longer body is read and thrown away up to here, so that its sender gets to see the answer.
const DRAIN_MAX: usize = 4 * BYTES_MAX;

/// How long a body may take to come in.
const READ_LIMIT: Duration = Duration::from_secs(10);

/// How deep arrays and objects may nest. Well below what a recursive parser's stack can take.
const DEPTH_MAX: usize = 64;

/// A JSON body, read into `T`.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let text = object_of(request).await?;
        parse(&text).map(Self)
    }
}

/// A JSON body as text: known to be a JSON object, and not looked at further.
#[derive(Debug)]
pub(super) struct JsonText(pub(super) String);

impl<S: Sync> FromRequest<S> for JsonText {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let text = object_of(request).await?;
        parse::<IgnoredAny>(&text)?;
        Ok(Self(text))
    }
}

/// Every body of this API is an object. A list has to be refused by hand, because serde would read one as the
/// fields of a struct in their order.
async fn object_of(request: Request) -> Result<String, Problem> {
    let text = text_of(request).await?;
    if !text.trim_start().starts_with('{') {
        parse::<IgnoredAny>(&text)?;
        return Err(Problem::fault(
            Kind::Invalid,
            "",
            "the body must be a JSON object",
        ));
    }
    Ok(text)
}

async fn text_of(request: Request) -> Result<String, Problem> {
    let (parts, body) = request.into_parts();
    is_json(&parts.headers)?;
    let bytes = tokio::time::timeout(READ_LIMIT, read(body))
        .await
        .unwrap_or_else(|_| {
            Err(Problem::new(
                Kind::RequestTimeout,
                format!("the body did not come in within {} seconds", READ_LIMIT.as_secs()),
            ))
        })?;
    let text = String::from_utf8(bytes)
        .map_err(|error| malformed(&format!("the body is not UTF-8: {}", error.utf8_error())))?;
    if depth(&text) > DEPTH_MAX {
        return Err(malformed(&format!(
            "the body nests deeper than {DEPTH_MAX} levels"
        )));
    }
    Ok(text)
}

fn is_json(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = given
        .and_then(|value| value.split(';').next())
        .map(|essence| essence.trim().to_ascii_lowercase());
    match essence.as_deref() {
        Some("application/json") => Ok(()),
        Some(other) if other.starts_with("application/") && other.ends_with("+json") => Ok(()),
        Some(_) | None => Err(Problem::new(
            Kind::UnsupportedMediaType,
            "send the body with Content-Type: application/json",
        )),
    }
}

async fn read(body: HttpBody) -> Result<Vec<u8>, Problem> {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut size = 0_usize;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| malformed("the body broke off"))?;
        size += chunk.len();
        if size > DRAIN_MAX {
            break;
        }
        if size <= BYTES_MAX {
            bytes.extend_from_slice(&chunk);
        }
    }
    if size > BYTES_MAX {
        return Err(Problem::new(
            Kind::TooLarge,
            format!("the body may have at most {BYTES_MAX} bytes"),
        ));
    }
    Ok(bytes)
}

/// The deepest nesting of brackets outside of strings, without parsing.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    // Keeping the path in mind costs more than reading; only what is wrong needs it, and is read once more.
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner();
        if cause.is_data() {
            let path = if path == "." { String::new() } else { path };
            Problem::fault(Kind::Invalid, path, short(&cause.to_string()))
        } else {
            malformed(&format!("the body is not JSON: {cause}"))
        }
    })?;
    deserializer
        .end()
        .map_err(|error| malformed(&format!("the body is not one JSON value: {error}")))?;
    Ok(value)
}

/// Reads a whole number, also when it is written `4.0`: JSON knows only one kind of numbers, and JSON Schema takes
/// that one for an integer.
pub(super) fn whole<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    /// The largest number that a float keeps exactly.
    const EXACT_MAX: f64 = 9_007_199_254_740_991.0;
    let Some(number) = Option::<serde_json::Number>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let from_float = |float: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be whole, not negative and small enough"
        )]
        (float.fract() == 0.0 && (0.0..=EXACT_MAX).contains(&float)).then_some(float as u64)
    };
    number
        .as_u64()
        .or_else(|| number.as_f64().and_then(from_float))
        .and_then(|whole| T::try_from(whole).ok())
        .map(Some)
        .ok_or_else(|| D::Error::custom("must be a whole number in range"))
}

/// A parser quotes what it did not expect; nobody needs a whole message back.
fn short(message: &str) -> String {
    const CHARS_MAX: usize = 300;
    message.chars().take(CHARS_MAX).collect()
}

fn malformed(detail: &str) -> Problem {
    Problem::new(Kind::Malformed, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_but_not_those_in_strings() {
        assert_eq!(depth(r#"{"a":[1,{"b":2}]}"#), 3);
        assert_eq!(depth(r#"{"a":"[[[[\"[["}"#), 1);
        assert_eq!(depth(r#""\\""#), 0);
        assert_eq!(depth(&"[".repeat(1_000)), 1_000);
    }

    #[test]
    fn a_whole_number_may_be_written_as_a_float() {
        #[derive(Debug, Deserialize)]
        struct Party {
            #[serde(default, deserialize_with = "whole")]
            size: Option<u32>,
        }
        let size = |text: &str| serde_json::from_str::<Party>(text).map(|party| party.size).ok();
        assert_eq!(size(r#"{"size":4}"#), Some(Some(4)));
        assert_eq!(size(r#"{"size":4.0}"#), Some(Some(4)));
        assert_eq!(size(r#"{"size":null}"#), Some(None));
        assert_eq!(size("{}"), Some(None));
        for wrong in ["4.5", "-1", "1e300", "4294967296", "\"4\""] {
            assert_eq!(size(&format!("{{\"size\":{wrong}}}")), None, "{wrong}");
        }
    }
}
