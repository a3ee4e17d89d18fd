//! Text from outside, made fit for storing.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Composes characters (NFC), so that the same word is the same text whatever keyboard it came from, and replaces
/// U+0000, which PostgreSQL cannot store.
pub(crate) fn normalised(text: &str) -> String {
    // Nearly every text is as it should be, which is quickly seen.
    if !text.contains('\0') && is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return text.to_owned();
    }
    text.nfc()
        .map(|c| if c == '\0' { '\u{FFFD}' } else { c })
        .collect()
}

/// The same for every text in a JSON value.
pub(crate) fn normalise_json(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) => *text = normalised(text),
        serde_json::Value::Array(items) => items.iter_mut().for_each(normalise_json),
        serde_json::Value::Object(fields) => {
            for (key, mut item) in std::mem::take(fields) {
                normalise_json(&mut item);
                fields.insert(normalised(&key), item);
            }
        }
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_composed_and_holds_no_nul() {
        assert_eq!(normalised("Cafe\u{301}\0!"), "Café\u{FFFD}!");
    }

    #[test]
    fn keys_and_values_deep_inside_are_normalised_too() {
        let mut value = serde_json::json!([{ "a\0": ["\0", 1, null] }]);
        normalise_json(&mut value);
        assert_eq!(value, serde_json::json!([{ "a\u{FFFD}": ["\u{FFFD}", 1, null] }]));
    }
}
