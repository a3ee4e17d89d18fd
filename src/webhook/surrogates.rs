//! JSON whose texts hold halves of characters.
//!
//! Phones cut texts between the two halves of an emoji, and providers escape what is left as it is: `"\ud83d"`. That is
//! no text in Rust, and no JSON reader takes it. One such message must not cost its neighbours, so it is mended: the
//! half becomes U+FFFD, which is what readers show for it. The bytes are looked at again only when reading failed.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

use super::intake::Malformed;

/// Reads JSON, mended if it must be. How deep it may be nested is bounded by the reader.
///
/// # Errors
/// When it is no JSON, or not of this form. The text says where, and holds nothing of what was read.
pub fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Malformed> {
    strictly(json).or_else(|error| match mended(json) {
        Cow::Owned(mended) => strictly(&mended),
        Cow::Borrowed(_) => Err(error),
    })
}

fn strictly<T: DeserializeOwned>(json: &[u8]) -> Result<T, Malformed> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let read = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| malformed(&error.path().to_string(), error.inner()))?;
    reader.end().map_err(|error| malformed("", &error))?;
    Ok(read)
}

/// What is wrong, without the reader's own words: they quote what they have found.
fn malformed(path: &str, error: &serde_json::Error) -> Malformed {
    let what = match error.classify() {
        serde_json::error::Category::Data => "not of the form that is expected",
        serde_json::error::Category::Eof => "cut short",
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => "no JSON",
    };
    let (line, column) = (error.line(), error.column());
    // A path is made of the names of fields. One that a sender made up is cut short.
    let path: String = path.chars().filter(|c| !c.is_control()).take(100).collect();
    match path.as_str() {
        "" | "." | "?" => Malformed(format!("{what} (line {line}, column {column})")),
        path => Malformed(format!("{path}: {what} (line {line}, column {column})")),
    }
}

/// The same JSON with U+FFFD for every escaped half of a character that lacks its other half; borrowed when it has none.
#[must_use]
pub fn mended(json: &[u8]) -> Cow<'_, [u8]> {
    let mut out: Option<Vec<u8>> = None;
    let mut at = 0;
    while at < json.len() {
        let (length, lone) = match (json[at], unit(json, at)) {
            (_, Some(0xD800..=0xDBFF)) => match unit(json, at + ESCAPE) {
                Some(0xDC00..=0xDFFF) => (2 * ESCAPE, false),
                _ => (ESCAPE, true),
            },
            (_, Some(0xDC00..=0xDFFF)) => (ESCAPE, true),
            (_, Some(_)) => (ESCAPE, false),
            // Two at once, so that an escaped backslash does not begin an escape.
            (b'\\', None) => (2, false),
            _ => (1, false),
        };
        let until = json.len().min(at + length);
        if lone && out.is_none() {
            out = Some(json[..at].to_vec());
        }
        if let Some(out) = &mut out {
            out.extend_from_slice(if lone { br"\ufffd" } else { &json[at..until] });
        }
        at = until;
    }
    out.map_or(Cow::Borrowed(json), Cow::Owned)
}

/// The length of `\ud83d`.
const ESCAPE: usize = 6;

/// The UTF-16 code unit that is escaped here, if one is.
fn unit(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at + ESCAPE)?.strip_prefix(br"\u")?;
    // `from_str_radix` would take a sign.
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn half_a_character_becomes_the_sign_for_what_cannot_be_read() {
        for (json, text) in [
            (r#""a\ud83d""#, "a\u{fffd}"),
            (r#""\uDC4Db""#, "\u{fffd}b"),
            (r#""\ud83d\ud83d\udc4d""#, "\u{fffd}👍"),
            (r#""\ud83dx\udc4d""#, "\u{fffd}x\u{fffd}"),
            (r#""\ud83d\n""#, "\u{fffd}\n"),
            (r#""\\ud83d \ud83d""#, "\\ud83d \u{fffd}"),
            (r#""\u0000\ud83d""#, "\0\u{fffd}"),
        ] {
            assert_eq!(read::<String>(json.as_bytes()).unwrap(), text, "{json}");
        }
    }

    #[test]
    fn what_is_whole_is_left_alone() {
        for json in [
            r#""\ud83d\udc4d 👍 \\ud83d \u00e4""#,
            "",
            "\\",
            r"\u",
            r"\ud83",
            r"\u+12f",
            "ä",
        ] {
            assert!(matches!(mended(json.as_bytes()), Cow::Borrowed(_)), "{json}");
        }
    }

    #[test]
    fn a_refusal_says_where_and_not_what() {
        #[derive(Debug, serde::Deserialize)]
        struct Form {
            #[expect(dead_code, reason = "only read")]
            age: u8,
        }
        for (json, problem) in [
            (
                r#"{"age":"secret"}"#,
                "age: not of the form that is expected (line 1, column 15)",
            ),
            (r#"{"age":1"#, "cut short (line 1, column 8)"),
            (r#"{"age":1}x"#, "no JSON (line 1, column 10)"),
        ] {
            assert_eq!(read::<Form>(json.as_bytes()).unwrap_err().to_string(), problem);
        }
    }

    #[test]
    fn nesting_without_end_is_refused() {
        let deep = "[".repeat(100_000);
        assert!(read::<Value>(deep.as_bytes()).is_err());
        let closed = format!("{deep}{}", "]".repeat(100_000));
        assert!(read::<Value>(closed.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn every_escape_can_be_read_afterwards(units in proptest::collection::vec(any::<u16>(), 0..40)) {
            let escapes: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let expected = String::from_utf16_lossy(&units);
            prop_assert_eq!(read::<String>(format!("\"{escapes}\"").as_bytes()).unwrap(), expected);
        }

        #[test]
        fn any_bytes_are_mended_without_a_panic_and_once_is_enough(bytes in ".*", junk in any::<Vec<u8>>()) {
            for bytes in [bytes.as_bytes(), &junk] {
                let once = mended(bytes);
                prop_assert!(matches!(mended(&once), Cow::Borrowed(_)));
            }
        }
    }
}
