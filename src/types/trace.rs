//! The trace that a request belongs to, as systems tell each other of it: W3C Trace Context, header `traceparent`.
//!
//! Read as its version 00 says; of a higher version that there is none of yet, the four fields that it must begin with.
//! What cannot be read is as good as absent. `tracestate` is not kept: whoever passes the trace on may leave it out.
//! Source: <https://www.w3.org/TR/trace-context/#traceparent-header>.

use std::fmt;
use std::num::{NonZeroU64, NonZeroU128};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Characters of the four fields with what stands between them.
const CHARS: usize = 55;

/// Which trace something belongs to, and the span that it comes after. Both are hexadecimal digits and nothing else, so
/// that they may be logged whoever sent them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Trace {
    /// The trace.
    pub id: TraceId,
    /// The span of whoever asks.
    pub span: NonZeroU64,
    /// Whether whoever asks may have recorded it.
    pub sampled: bool,
}

/// What names a trace, in every system that has a part in it. Shown as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(pub NonZeroU128);

/// It is no `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no traceparent of W3C Trace Context")]
pub struct NoTrace;

impl Trace {
    /// The header, in lower case.
    pub const HEADER: &'static str = "traceparent";

    /// The same trace, after another span.
    #[must_use]
    pub const fn after(self, span: NonZeroU64) -> Self {
        Self { span, ..self }
    }
}

impl FromStr for Trace {
    type Err = NoTrace;

    fn from_str(text: &str) -> Result<Self, NoTrace> {
        let (known, more) = text.split_at_checked(CHARS).ok_or(NoTrace)?;
        let mut fields = known.split('-');
        let mut next = |digits| number(fields.next().unwrap_or_default(), digits);
        let (version, id, span, flags) = (next(2)?, next(32)?, next(16)?, next(2)?);
        let ends_well = match version {
            0xff => false,
            0 => more.is_empty(),
            _ => more.is_empty() || more.starts_with('-'),
        };
        if !ends_well {
            return Err(NoTrace);
        }
        let span = u64::try_from(span).map_err(|_| NoTrace)?;
        Ok(Self {
            id: TraceId(NonZeroU128::new(id).ok_or(NoTrace)?),
            span: NonZeroU64::new(span).ok_or(NoTrace)?,
            sampled: flags & 1 == 1,
        })
    }
}

/// A field of so many hexadecimal digits. Capital ones are none.
fn number(field: &str, digits: usize) -> Result<u128, NoTrace> {
    let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if field.len() != digits || !field.bytes().all(is_digit) {
        return Err(NoTrace);
    }
    u128::from_str_radix(field, 16).map_err(|_| NoTrace)
}

/// As the header has it, in version 00.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = u8::from(self.sampled);
        write!(f, "00-{}-{:016x}-{flags:02x}", self.id, self.span)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl Serialize for Trace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Trace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The specification's own example.
    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn read(text: &str) -> Option<String> {
        text.parse::<Trace>().ok().map(|trace| trace.to_string())
    }

    #[test]
    fn the_examples_of_the_specification_are_read_and_written_as_they_are() {
        let unsampled = EXAMPLE.replace("-01", "-00");
        for text in [EXAMPLE, unsampled.as_str()] {
            assert_eq!(read(text).as_deref(), Some(text));
        }
        let trace: Trace = EXAMPLE.parse().unwrap();
        assert_eq!(trace.id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!((trace.span.get(), trace.sampled), (0x00f0_67aa_0ba9_02b7, true));
    }

    #[test]
    fn flags_that_nobody_knows_are_left_out() {
        assert_eq!(read(&EXAMPLE.replace("-01", "-ff")).as_deref(), Some(EXAMPLE));
        let unsampled = EXAMPLE.replace("-01", "-00");
        assert_eq!(read(&EXAMPLE.replace("-01", "-fe")), Some(unsampled));
    }

    #[test]
    fn a_version_that_there_is_none_of_yet_is_read_by_its_first_four_fields() {
        for text in ["cc-4bf9", "01-4bf9", "fe-4bf9"] {
            let newer = EXAMPLE.replace("00-4bf9", text);
            assert_eq!(read(&newer).as_deref(), Some(EXAMPLE), "{newer}");
            for (more, is_read) in [
                ("-", true),
                ("-what-the-future-brings", true),
                (".", false),
                ("0", false),
            ] {
                assert_eq!(
                    read(&format!("{newer}{more}")).is_some(),
                    is_read,
                    "{newer}{more}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_traceparent_is_as_good_as_absent() {
        let span = "00f067aa0ba902b7";
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        for wrong in [
            String::new(),
            "00".to_owned(),
            EXAMPLE[..54].to_owned(),
            format!("{EXAMPLE}-"),
            format!("{EXAMPLE}-more"),
            format!("{EXAMPLE}0"),
            format!(" {EXAMPLE}"),
            EXAMPLE.to_uppercase(),
            EXAMPLE.replace('-', "_"),
            // Nobody's trace, and nobody's span.
            format!("00-{}-{span}-01", "0".repeat(32)),
            format!("00-{id}-{}-01", "0".repeat(16)),
            // The version that means a mistake.
            format!("ff-{id}-{span}-01"),
            format!("0g-{id}-{span}-01"),
            format!(".0-{id}-{span}-01"),
            format!("00-{id}-{span}-0x"),
            // As long as it must be, and divided otherwise.
            format!("00-{id}0-{}-01", &span[1..]),
            format!("00-+{}-{span}-01", &id[1..]),
            // A character of two bytes where it would be cut.
            format!("{}é", &EXAMPLE[..54]),
        ] {
            assert_eq!(read(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn another_span_goes_on_with_the_same_trace() {
        let trace: Trace = EXAMPLE.parse().unwrap();
        let onward = trace.after(NonZeroU64::new(0xb7ad).unwrap());
        assert_eq!(
            onward.to_string(),
            "00-4bf92f3577b34da6a3ce929d0e0e4736-000000000000b7ad-01"
        );
    }

    #[test]
    fn it_is_kept_as_it_is_written() {
        let trace: Trace = EXAMPLE.parse().unwrap();
        let kept = serde_json::to_string(&trace).unwrap();
        assert_eq!(kept, format!("\"{EXAMPLE}\""));
        assert_eq!(serde_json::from_str::<Trace>(&kept).unwrap(), trace);
    }
}
