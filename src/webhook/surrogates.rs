//! JSON whose texts hold halves of characters.
//!
//! Phones cut texts between the two halves of an emoji, and providers escape what is left as it is: `"\ud83d"`. That is
//! no text in Rust, and no JSON reader takes it. One such message must not cost its neighbours, so it is mended: the
//! half becomes U+FFFD, which is what readers show for it. It is done only where reading has failed.

use std::borrow::Cow;

/// The same JSON with U+FFFD for every escaped half of a character that lacks its other half; borrowed when it has none.
pub(crate) fn mended(json: &[u8]) -> Cow<'_, [u8]> {
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
    use super::*;
    use crate::webhook::json::whole;
    use proptest::prelude::*;

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
            assert_eq!(whole::<String>(json.as_bytes()).unwrap(), text, "{json}");
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

    proptest! {
        #[test]
        fn every_escape_can_be_read_afterwards(units in proptest::collection::vec(any::<u16>(), 0..40)) {
            let escapes: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let expected = String::from_utf16_lossy(&units);
            prop_assert_eq!(whole::<String>(format!("\"{escapes}\"").as_bytes()).unwrap(), expected);
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
