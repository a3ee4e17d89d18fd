//! Fields of others' JSON, read loosely: what is a number here is a text there, and both are the same id.

use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::value::RawValue;

use super::intake::{Happening, Malformed};
use super::surrogates;

/// The longest id, in bytes: of those that are known the longest has 200 or so. It bounds the addresses that are made
/// of ids.
const ID_BYTES_MAX: usize = 300;

/// An id or a number, written as a text or as a number; without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Id(String);

impl Id {
    /// As a text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As a whole number, if it is one.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// As a point in time: seconds or milliseconds since 1970, or RFC 3339.
    #[must_use]
    pub fn time(&self) -> Option<Timestamp> {
        match self.number() {
            // In seconds this is the year 5138, in milliseconds 1973: nothing that we are told happened then.
            Some(time) if time < 100_000_000_000 => Timestamp::from_second(time).ok(),
            Some(time) => Timestamp::from_millisecond(time).ok(),
            None => self.0.parse().ok(),
        }
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Id, E> {
                if text.len() > ID_BYTES_MAX || text.chars().any(char::is_control) {
                    return Err(E::custom("too long, or not printable"));
                }
                Ok(Id(text.to_owned()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Id, E> {
                Ok(Id(number.to_string()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Id, E> {
                Ok(Id(number.to_string()))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Id, E> {
                Ok(Id(number.to_string()))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// The id, if there is one that says anything.
#[must_use]
pub fn given(id: &Option<Id>) -> Option<&str> {
    id.as_ref().map(Id::as_str).filter(|id| !id.is_empty())
}

/// When it was, if that is told.
#[must_use]
pub fn time(id: &Option<Id>) -> Option<Timestamp> {
    id.as_ref().and_then(Id::time)
}

/// A degree of latitude or longitude.
#[must_use]
pub fn degrees(number: &Option<Id>) -> Option<f64> {
    let degrees: f64 = number.as_ref()?.as_str().parse().ok()?;
    degrees.is_finite().then_some(degrees)
}

/// A size in bytes.
#[must_use]
pub fn size(number: &Option<Id>) -> Option<u64> {
    number.as_ref()?.as_str().parse().ok()
}

/// Parts of a request that are read one by one, so that one that cannot be read spoils no other.
pub type Parts = Option<Vec<Box<RawValue>>>;

/// Reads each part and has `each` say what it means. One that cannot be read is one [`Happening::Broken`]; `what` the
/// parts are called is in its problem.
pub fn each<T: serde::de::DeserializeOwned>(
    what: &str,
    parts: Parts,
    happenings: &mut Vec<Happening>,
    mut each: impl FnMut(T, &mut Vec<Happening>) -> Result<(), Malformed>,
) {
    for part in parts.unwrap_or_default() {
        let read = surrogates::read(part.get().as_bytes());
        if let Err(Malformed(problem)) = read.and_then(|part| each(part, happenings)) {
            happenings.push(Happening::Broken {
                problem: format!("{what}: {problem}"),
            });
        }
    }
}

/// Something without which nothing can be made of the rest.
///
/// # Errors
/// When it is not there.
pub fn needed<T>(what: &str, thing: Option<T>) -> Result<T, Malformed> {
    thing.ok_or_else(|| Malformed(format!("{what} is missing")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(json: &str) -> Option<Id> {
        serde_json::from_str(json).ok()
    }

    #[test]
    fn an_id_is_a_text_or_a_number() {
        for (json, text) in [
            (r#""m_1""#, "m_1"),
            ("17", "17"),
            ("-1001000000001", "-1001000000001"),
            ("9007199254740993", "9007199254740993"),
            ("1.5", "1.5"),
        ] {
            assert_eq!(id(json).unwrap().as_str(), text);
        }
        for json in [
            "true",
            "{}",
            "[]",
            r#""a\u0000""#,
            &format!("\"{}\"", "x".repeat(301)),
        ] {
            assert!(id(json).is_none(), "{json}");
        }
        assert_eq!(given(&id("\"\"")), None);
    }

    #[test]
    fn times_are_told_in_three_ways() {
        let noon: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        for json in [
            r#""1795176000""#,
            "1795176000",
            "1795176000000",
            r#""2026-11-20T12:00:00+0000""#,
        ] {
            assert_eq!(time(&id(json)), Some(noon), "{json}");
        }
        for json in [
            r#""noon""#,
            r#""99999999999999999999""#,
            "9223372036854775807",
            "-9223372036854775808",
        ] {
            assert_eq!(time(&id(json)), None, "{json}");
        }
    }

    #[test]
    fn a_place_is_finite() {
        assert_eq!(degrees(&id("37.5")), Some(37.5));
        assert_eq!(degrees(&id(r#""-122""#)), Some(-122.0));
        for json in [r#""NaN""#, r#""inf""#, r#""north""#] {
            assert_eq!(degrees(&id(json)), None, "{json}");
        }
    }
}
