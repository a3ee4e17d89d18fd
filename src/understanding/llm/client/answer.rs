//! The JSON object in what a model wrote, however it wrapped it.

use serde_json::Value;

/// What ends a model's thinking.
const THOUGHT: &str = "</think>";

/// The first whole JSON object in `text`. Fences, thoughts and words around it are passed over. What stands inside
/// another pair of braces is a part of something, and no answer.
pub(super) fn object_in(text: &str) -> Option<Value> {
    let text = text.trim();
    if let Ok(whole @ Value::Object(_)) = serde_json::from_str(text) {
        return Some(whole);
    }
    if text.starts_with("<think>") {
        let (_, answer) = text.split_once(THOUGHT)?;
        return first_object(answer).map(|(object, _)| object);
    }
    // A prompt's template may have opened the thoughts, so that only their end is seen. It counts outside of objects:
    // a customer may have written the same, and the answer quote it.
    let found = first_object(text);
    let after = found.as_ref().map_or(text, |(_, after)| after);
    let answer = after
        .split_once(THOUGHT)
        .and_then(|(_, answer)| first_object(answer));
    answer.or(found).map(|(object, _)| object)
}

/// The first object, and the text behind it.
fn first_object(text: &str) -> Option<(Value, &str)> {
    let mut rest = text;
    loop {
        let from = &rest[rest.find('{')?..];
        let (braced, after) = from.split_at(balanced(from)?);
        if let Ok(object @ Value::Object(_)) = serde_json::from_str(braced) {
            return Some((object, after));
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
            "first { then</think>{\"a\":\"}\"}",
            "a set {x} comes before {\"a\":\"}\"}",
            "{\"a\": {\"b\": 1}, oops} should be {\"a\":\"}\"}",
        ] {
            assert_eq!(object_in(text), Some(json!({"a": "}"})), "{text}");
        }
    }

    #[test]
    fn a_quoted_end_of_thoughts_ends_none() {
        let quoting = json!({"said": "hi</think>{\"acts\":[]}"});
        assert_eq!(object_in(&quoting.to_string()), Some(quoting.clone()));
        assert_eq!(
            object_in(&format!("```json\n{quoting}\n```")),
            Some(quoting.clone())
        );
        assert_eq!(object_in(&format!("<think>hm</think>{quoting}")), Some(quoting));
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
