//! The wire format of chat completions: what is sent, and as much of the answer as is needed.
//!
//! Servers differ in what they leave out, add and get wrong, so everything in an answer is optional here and whatever
//! is not understood is passed over. Only what the answer is *for* must be right.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::answer::object_in;
use super::dialect::{Dialect, Rung};
use crate::understanding::llm::chat::{AnswerSchema, ChatRequest, Role, Spent};

/// Bytes of a bad answer that are sent back to be mended.
const SENT_BACK_MAX: usize = 2000;

/// A bad answer and what is wrong with it.
pub(super) struct Repair {
    pub(super) bad: String,
    pub(super) wrong: &'static str,
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Said<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Format<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<[Tool<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Tool<'a>>,
}

#[derive(Serialize)]
struct Said<'a> {
    role: Role,
    content: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Format<'a> {
    JsonSchema { json_schema: Named<'a> },
    JsonObject,
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    strict: bool,
    schema: &'a Value,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Tool<'a> {
    Function { function: Function<'a> },
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<&'a Value>,
}

/// The body of a request.
pub(super) fn request(
    asked: &ChatRequest<'_>,
    model: &str,
    dialect: Dialect,
    repair: Option<&Repair>,
) -> Result<Vec<u8>, serde_json::Error> {
    let AnswerSchema { name, json } = asked.schema;
    let mut messages: Vec<Said<'_>> = asked
        .messages
        .iter()
        .map(|message| Said {
            role: message.role,
            content: Cow::Borrowed(&message.content),
        })
        .collect();
    if matches!(dialect.rung, Rung::Object | Rung::Text) {
        tell(&mut messages, json);
    }
    if let Some(Repair { bad, wrong }) = repair {
        // Some servers refuse a message that says nothing.
        if !bad.trim().is_empty() {
            messages.push(Said {
                role: Role::Assistant,
                content: Cow::Borrowed(head(bad, SENT_BACK_MAX)),
            });
        }
        let again = match dialect.rung {
            Rung::Tool => {
                format!("That cannot be used: {wrong}. Call the function `{name}` and nothing else.")
            }
            Rung::Schema | Rung::Object | Rung::Text => {
                format!(
                    "That cannot be used: {wrong}. Answer with one JSON object of the given shape and nothing else."
                )
            }
        };
        messages.push(Said {
            role: Role::User,
            content: again.into(),
        });
    }
    let function = |parameters| Tool::Function {
        function: Function { name, parameters },
    };
    let calls = dialect.rung == Rung::Tool;
    serde_json::to_vec(&Body {
        model,
        messages,
        stream: false,
        temperature: dialect.takes_temperature.then_some(0.0),
        max_tokens: (!dialect.counts_completion).then_some(asked.max_tokens),
        max_completion_tokens: dialect.counts_completion.then_some(asked.max_tokens),
        response_format: match dialect.rung {
            Rung::Schema => Some(Format::JsonSchema {
                json_schema: Named {
                    name,
                    strict: true,
                    schema: json,
                },
            }),
            Rung::Object => Some(Format::JsonObject),
            Rung::Tool | Rung::Text => None,
        },
        tools: calls.then(|| [function(Some(json))]),
        tool_choice: calls.then(|| function(None)),
    })
}

/// Tells the schema in the prompt, in its first message if that is ours.
fn tell(messages: &mut Vec<Said<'_>>, schema: &Value) {
    let told =
        format!("Answer with one JSON object that fits this JSON Schema, and with nothing else:\n{schema}");
    match messages.first_mut() {
        Some(first) if first.role == Role::System => {
            first.content = format!("{}\n\n{told}", first.content).into();
        }
        _ => messages.insert(
            0,
            Said {
                role: Role::System,
                content: told.into(),
            },
        ),
    }
}

/// The beginning of `text`, of at most `max` bytes.
pub(super) fn head(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

/// What an endpoint answered, as far as it was understood.
#[derive(Debug)]
pub(super) struct Completion {
    pub(super) model: Option<String>,
    pub(super) spent: Option<Spent>,
    /// Bytes that the model wrote, to estimate tokens by.
    pub(super) written: usize,
    pub(super) answer: Answer,
}

/// What the model wrote.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// An object. It is `foreign` when it has nothing that the schema requires.
    Object { value: Value, foreign: bool },
    /// Something else. It was `overlooked` that an object of a shape was asked for.
    Bad {
        text: String,
        wrong: &'static str,
        overlooked: bool,
    },
    /// No use in asking again: cut off, refused, or nothing at all.
    Hopeless(&'static str),
    /// A refusal in the clothes of an answer: its status, and what it says.
    Refusal { status: u16, says: String },
}

#[derive(Deserialize)]
struct Reply {
    #[serde(default, deserialize_with = "lenient")]
    model: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    usage: Option<Usage>,
    #[serde(default, deserialize_with = "lenient")]
    choices: Option<Vec<Choice>>,
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct Usage {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default, deserialize_with = "lenient")]
    message: Option<Message>,
    #[serde(default, deserialize_with = "lenient")]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Value,
    #[serde(default, deserialize_with = "lenient")]
    refusal: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    tool_calls: Option<Vec<Call>>,
}

#[derive(Deserialize)]
struct Call {
    function: Called,
}

#[derive(Deserialize)]
struct Called {
    #[serde(default)]
    name: String,
    #[serde(default)]
    arguments: Value,
}

/// Something of another shape is as good as nothing.
fn lenient<'de, D: Deserializer<'de>, T: serde::de::DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// Reads the body of a 200. `None` when it is no answer of this protocol at all.
pub(super) fn completion(body: &str, rung: Rung, schema: &AnswerSchema) -> Option<Completion> {
    let reply: Reply = serde_json::from_str(body).ok()?;
    let spent = reply.usage.map(|usage| Spent {
        input_tokens: usage.prompt_tokens,
        output_tokens: usage.completion_tokens,
    });
    let mut written = 0;
    let choice = reply.choices.and_then(|choices| choices.into_iter().next());
    let answer = match choice {
        Some(choice) => {
            let stopped = choice.finish_reason.unwrap_or_default();
            choice
                .message
                .map_or(Answer::Hopeless("a choice without a message"), |message| {
                    let said = Saying::of(message);
                    written = said.content.len() + said.calls.iter().map(|call| call.1.len()).sum::<usize>();
                    said.answer(&stopped, rung, schema)
                })
        }
        None if !reply.error.is_null() => Answer::Refusal {
            status: reply.error["code"]
                .as_u64()
                .and_then(|code| code.try_into().ok())
                .unwrap_or(500),
            says: complaint(body),
        },
        None => Answer::Hopeless("no choices"),
    };
    Some(Completion {
        model: reply.model.filter(|model| !model.is_empty()),
        spent,
        written,
        answer,
    })
}

/// What a message says, as text.
struct Saying {
    content: String,
    /// Names and arguments.
    calls: Vec<(String, String)>,
    refuses: bool,
}

impl Saying {
    fn of(message: Message) -> Self {
        let content = match message.content {
            Value::String(text) => text,
            // Parts of a text; parts of other kinds hold no answer.
            Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
            // Some servers parse the answer that they were to give.
            object @ Value::Object(_) => object.to_string(),
            Value::Null | Value::Bool(_) | Value::Number(_) => String::new(),
        };
        let calls = message.tool_calls.unwrap_or_default();
        let text = |arguments| match arguments {
            Value::String(text) => text,
            other => other.to_string(),
        };
        Self {
            content,
            calls: calls
                .into_iter()
                .map(|call| (call.function.name, text(call.function.arguments)))
                .collect(),
            refuses: message.refusal.is_some_and(|refusal| !refusal.is_empty()),
        }
    }

    fn answer(self, stopped: &str, rung: Rung, schema: &AnswerSchema) -> Answer {
        if self.refuses || stopped == "content_filter" {
            return Answer::Hopeless("the model refused to answer");
        }
        let ours = self.calls.iter().find(|(name, _)| name == schema.name);
        let text = ours.map_or(&self.content, |(_, arguments)| arguments);
        if let Some(value) = object_in(text) {
            let foreign = is_foreign(&value, schema);
            return Answer::Object { value, foreign };
        }
        // A model that fills its room with prose has overlooked what it was asked for; one that was still thinking or
        // writing JSON has not.
        let is_prose =
            !text.trim().is_empty() && !text.contains('{') && !text.trim_start().starts_with("<think>");
        if stopped == "length" && !is_prose {
            return Answer::Hopeless("the answer was cut at the tokens that it may take");
        }
        let overlooked = ours.is_none() && (rung == Rung::Tool || !text.contains('{'));
        let (wrong, text) = match (self.calls.first(), ours) {
            (_, Some((_, arguments))) => ("the arguments are not a whole JSON object", arguments.clone()),
            (Some((_, arguments)), None) => ("there is no such function", arguments.clone()),
            (None, None) if self.content.trim().is_empty() => ("the answer is empty", self.content),
            (None, None) => ("the answer is not a whole JSON object", self.content),
        };
        // A model that calls something knows that it shall call.
        let overlooked = overlooked && self.calls.is_empty();
        Answer::Bad {
            text,
            wrong,
            overlooked,
        }
    }
}

fn is_foreign(value: &Value, schema: &AnswerSchema) -> bool {
    let required = schema.json["required"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    !required.is_empty()
        && !required
            .iter()
            .filter_map(Value::as_str)
            .any(|key| value.get(key).is_some())
}

/// What the body of a refusal says, in whichever of the usual shapes; the body itself if in none.
pub(super) fn complaint(body: &str) -> String {
    let Ok(json) = serde_json::from_str::<Value>(body) else {
        return body.to_owned();
    };
    let error = &json["error"];
    let says = [
        &error["message"],
        error,
        &json["detail"],
        &json["message"],
        &json["detail"][0]["msg"],
    ];
    let mut text = says
        .into_iter()
        .find_map(Value::as_str)
        .unwrap_or(body)
        .to_owned();
    // Often only these name the parameter or tell what kind of refusal it is.
    for key in ["param", "code", "type"] {
        if let Some(more) = error[key].as_str() {
            text.push_str(&format!(" ({key} {more})"));
        }
    }
    text
}
