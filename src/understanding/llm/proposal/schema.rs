//! The schema of an answer. It is small on purpose: a model of a few hundred million weights must be able to fill it.

use std::sync::LazyLock;

use serde_json::json;

use crate::understanding::llm::chat::AnswerSchema;

/// Everything that an answer can say a customer does.
pub(in crate::understanding::llm) const ACTS: [&str; 30] = [
    "book",
    "move",
    "cancel",
    "waitlist",
    "service",
    "add_service",
    "remove_service",
    "staff",
    "not_staff",
    "any_staff",
    "time",
    "which_appointment",
    "people",
    "name",
    "clear",
    "option",
    "yes",
    "no",
    "drop",
    "ask",
    "greet",
    "thanks",
    "bye",
    "small_talk",
    "human",
    "complaint",
    "emergency",
    "stop",
    "insult",
    "overreach",
];

/// What an answer must fit: strict structured output's subset of JSON Schema.
pub static SCHEMA: LazyLock<AnswerSchema> = LazyLock::new(|| AnswerSchema {
    name: "customer_message",
    json: json!({
        "type": "object",
        "properties": {
            "acts": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "act": {"type": "string", "enum": ACTS},
                        "quote": {"type": "string"},
                        "value": {"type": ["string", "null"]},
                    },
                    "required": ["act", "quote", "value"],
                    "additionalProperties": false,
                },
            },
            "say": {"type": ["string", "null"]},
        },
        "required": ["acts", "say"],
        "additionalProperties": false,
    }),
});

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn check(schema: &Value) {
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            let names: Vec<&String> = properties.keys().collect();
            let mut required: Vec<&str> = schema["required"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(Value::as_str)
                .collect();
            required.sort_unstable();
            assert_eq!(names, required);
            assert_eq!(schema["additionalProperties"], Value::Bool(false));
            properties.values().for_each(check);
        }
        if let Some(items) = schema.get("items") {
            check(items);
        }
    }

    #[test]
    fn every_property_is_required_and_no_other_allowed() {
        check(&SCHEMA.json);
        let name = SCHEMA.name;
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{name}");
    }
}
