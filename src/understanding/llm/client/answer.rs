//! The JSON object in what a model wrote, however it wrapped it.

use serde_json::Value;

/// Places at which an object may begin that are tried.
const TRIES_MAX: usize = 64;

/// The first whole JSON object in `text`. Fences, thoughts and words around it are passed over.
pub(super) fn object_in(text: &str) -> Option<Value> {
    let text = after_thoughts(text).trim();
    if let Ok(whole @ Value::Object(_)) = serde_json::from_str(text) {
        return Some(whole);
    }
    let mut from = 0;
    for _ in 0..TRIES_MAX {
        let at = from + text[from..].find('{')?;
        let mut values = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Value>();
        if let Some(Ok(object @ Value::Object(_))) = values.next() {
            return Some(object);
        }
        from = at + 1;
    }
    None
}

/// What follows the model's thinking. A prompt's template may have opened the block, so only its end counts; one
/// without an end is all that there is.
fn after_thoughts(text: &str) -> &str {
    const END: &str = "</think>";
    match text.rfind(END) {
        Some(at) => &text[at + END.len()..],
        None if text.trim_start().starts_with("<think>") => "",
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_is_found_in_whatever_a_model_wraps_it() {
        for text in [
            r#"{"a":"}"}"#,
            "  {\"a\":\"}\"}\n",
            "```json\n{\"a\":\"}\"}\n```",
            "Sure! Here you are: {\"a\":\"}\"} Anything else?",
            "<think>{\"a\":1} or {\"b\":2}?</think>\n{\"a\":\"}\"}",
            "so it is {\"a\":1}</think>{\"a\":\"}\"}",
            "a set {x} comes before {\"a\":\"}\"}",
        ] {
            assert_eq!(object_in(text), Some(json!({"a": "}"})), "{text}");
        }
    }

    #[test]
    fn what_holds_no_object_holds_none() {
        let deep = "{\"a\":".repeat(5000);
        for text in [
            "",
            "no",
            "[1,2]",
            "\"{}",
            "{\"a\":",
            "<think>{\"a\":1}",
            "{".repeat(9000).as_str(),
            &deep,
        ] {
            assert_eq!(object_in(text), None);
        }
    }
}
