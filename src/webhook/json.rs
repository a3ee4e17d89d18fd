//! JSON of providers, read with patience.
//!
//! A field that is missing, or not of the kind that we expect, is not there; only what cannot be JSON is an error. What
//! an error says is a place and never a word of the body: people's texts stand in it, and errors are logged.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::intake::Malformed;
use super::surrogates;

/// A whole body. Halves of characters in it are mended when it cannot be read otherwise.
pub(crate) fn whole<T: DeserializeOwned>(body: &[u8]) -> Result<T, Malformed> {
    strictly(body).or_else(|error| match surrogates::mended(body) {
        Cow::Owned(mended) => strictly(&mended),
        Cow::Borrowed(_) => Err(error),
    })
}

fn strictly<T: DeserializeOwned>(body: &[u8]) -> Result<T, Malformed> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let at = place(&path);
        let inner = error.inner();
        let what = if inner.is_data() {
            "is not what it should be"
        } else {
            "is no JSON"
        };
        Malformed(format!(
            "{at} {what}, at line {} and column {}",
            inner.line(),
            inner.column()
        ))
    })?;
    json.end()
        .map_err(|_| Malformed("something follows the JSON".to_owned()))?;
    Ok(read)
}

/// A part of a body that was read as a whole; the error says where in the part.
pub(crate) fn part<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_path_to_error::deserialize(value)
        .map_err(|error| format!("{} is not what it should be", place(&error.path().to_string())))
}

/// A path, if it is made of names of fields only.
fn place(path: &str) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '[' | ']');
    if path.len() <= 100 && path.len() > 1 && path.chars().all(plain) {
        path
    } else {
        "the body"
    }
}

/// A text. A number is its digits, because providers change their minds about ids; anything else is nothing.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    })
}

/// A number, or the digits of one; anything else is nothing.
pub(crate) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    })
}

/// A list; none is an empty one.
pub(crate) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An address as it is kept: in characters of ASCII only, because texts are composed anew before they are stored, and
/// what was given to us to be given back must come back as it came.
pub(crate) fn address(address: &impl Serialize) -> Result<String, String> {
    let json = serde_json::to_string(address).map_err(|_| "the address cannot be written".to_owned())?;
    let mut written = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            written.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                written.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    if written.len() > ADDRESS_BYTES_MAX {
        return Err("the ids that the reply needs are too long".to_owned());
    }
    Ok(written)
}

/// The longest address that is kept.
const ADDRESS_BYTES_MAX: usize = 2_000;

/// What an attachment is, by its type on the internet.
pub(crate) fn kind_of(mime_type: Option<&str>) -> &'static str {
    let mime_type = mime_type.unwrap_or_default().to_ascii_lowercase();
    match mime_type.split('/').next() {
        Some("image") => "image",
        Some("audio") => "audio",
        Some("video") => "video",
        Some("text") if mime_type.starts_with("text/vcard") || mime_type.starts_with("text/x-vcard") => {
            "contact"
        }
        Some("application" | "text") => "document",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Sample {
        #[serde(default, deserialize_with = "text")]
        id: Option<String>,
        #[serde(default, deserialize_with = "number")]
        size: Option<i64>,
        #[serde(default, deserialize_with = "list")]
        inner: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        #[serde(rename = "name")]
        _name: Option<String>,
    }

    fn problem(body: &str) -> String {
        whole::<Sample>(body.as_bytes()).unwrap_err().0
    }

    #[test]
    fn numbers_and_texts_stand_for_each_other() {
        let sample: Sample = whole(br#"{"id":12,"size":"34","unknown":{}}"#).unwrap();
        assert_eq!(sample.id.as_deref(), Some("12"));
        assert_eq!(sample.size, Some(34));
        assert!(sample.inner.is_empty());
        let odd: Sample = whole(br#"{"id":{"a":1},"size":[],"inner":null}"#).unwrap();
        assert_eq!((odd.id, odd.size), (None, None));
    }

    #[test]
    fn errors_say_where_and_never_what() {
        let wrong = problem(r#"{"inner":[{"name":"a"},{"name":["my secret"]}]}"#);
        assert!(
            wrong.starts_with("inner[1].name is not what it should be"),
            "{wrong}"
        );
        assert_eq!(
            part::<Sample>(serde_json::json!({"inner":"my secret"})).unwrap_err(),
            "inner is not what it should be"
        );
        for body in [
            r#"{"my secret":"#,
            r#"{"my secret":tru}"#,
            "my secret",
            r#"{} my secret"#,
            "",
        ] {
            assert!(!problem(body).contains("secret"), "{body}");
        }
    }

    #[test]
    fn an_address_comes_back_as_it_came() {
        let value = serde_json::json!({"é": "e\u{301} 👍 \u{0} \"\\"});
        let written = address(&value).unwrap();
        assert!(written.is_ascii(), "{written}");
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
        assert!(address(&"x".repeat(ADDRESS_BYTES_MAX)).is_err());
    }

    #[test]
    fn half_a_character_does_not_cost_the_message() {
        let sample: Sample = whole(br#"{"id":"a\ud83d"}"#).unwrap();
        assert_eq!(sample.id.as_deref(), Some("a\u{fffd}"));
    }

    #[test]
    fn a_deep_body_is_an_error_and_no_more() {
        let deep = "[".repeat(100_000);
        assert!(whole::<Value>(deep.as_bytes()).is_err());
        let hidden = format!(r#"{{"unknown":{deep}"#);
        assert!(whole::<Sample>(hidden.as_bytes()).is_err());
    }
}
