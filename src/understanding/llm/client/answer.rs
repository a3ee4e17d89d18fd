//! The JSON object in what a model wrote, however it wrapped it.

use serde_json::Value;

/// The first whole JSON object in `text`. Fences, thoughts and words around it are passed over. What stands inside
/// another pair of braces is a part of something, and no answer.
pub(super) fn object_in(text: &str) -> Option<Value> {
    let text = after_thoughts(text).trim();
    if let Ok(whole @ Value::Object(_)) = serde_json::from_str(text) {
        return Some(whole);
    }
    let mut rest = text;
    loop {
        let from = &rest[rest.find('{')?..];
        let (braced, after) = from.split_at(balanced(from)?);
        if let Ok(object @ Value::Object(_)) = serde_json::from_str(braced) {
            return Some(object);
        }
        rest = after;
    }
}

/// How long the braces at the beginning of `text` take to close; `None` when they do not. Braces in strings are words.
fn balanced(text: &str) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' if !in_string => depth += 1,
            b'}' if !in_string => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
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
            "{\"a\": {\"b\": 1}, oops} should be {\"a\":\"}\"}",
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
            "{\"a\":",
            "<think>{\"a\":1}",
            "{\"acts\":[{\"a\":1},{\"a\"",
            "{".repeat(9000).as_str(),
            &deep,
        ] {
            assert_eq!(object_in(text), None, "{}", &text[..text.len().min(40)]);
        }
    }
}
