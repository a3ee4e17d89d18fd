//! The words in an interaction: what a command was given, what stood on a button, what was written into a form.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::webhook::intake::Attachment;
use crate::webhook::json;

/// What was said.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Words {
    pub(super) text: String,
    pub(super) attachments: Vec<Attachment>,
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        Self {
            text,
            attachments: Vec::new(),
        }
    }
}

/// The option whose text alone is the message.
const MESSAGE: &str = "message";

const SUB_COMMAND: i64 = 1;
const SUB_COMMAND_GROUP: i64 = 2;
const STRING: i64 = 3;
const INTEGER: i64 = 4;
const NUMBER: i64 = 10;
const ATTACHMENT: i64 = 11;
const TEXT_INPUT: i64 = 4;

#[derive(Deserialize)]
struct Command {
    #[serde(rename = "type", default, deserialize_with = "json::number")]
    kind: Option<i64>,
    #[serde(default, deserialize_with = "json::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "json::list")]
    options: Vec<Given>,
    #[serde(default)]
    resolved: Resolved,
}

#[derive(Deserialize)]
struct Given {
    #[serde(rename = "type", default, deserialize_with = "json::number")]
    kind: Option<i64>,
    #[serde(default, deserialize_with = "json::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    value: Option<String>,
    #[serde(default, deserialize_with = "json::list")]
    options: Vec<Self>,
}

#[derive(Deserialize, Default)]
struct Resolved {
    #[serde(default)]
    attachments: BTreeMap<String, File>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default, deserialize_with = "json::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    filename: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    content_type: Option<String>,
    #[serde(default, deserialize_with = "json::number")]
    size: Option<i64>,
    #[serde(default, deserialize_with = "json::text")]
    url: Option<String>,
}

impl From<File> for Attachment {
    fn from(file: File) -> Self {
        Self {
            kind: json::kind_of(file.content_type.as_deref()),
            id: file.id,
            url: file.url,
            mime_type: file.content_type,
            name: file.filename,
            size: file.size.and_then(|size| u64::try_from(size).ok()),
            place: None,
        }
    }
}

/// A command's option `message`, or else everything that was typed for it; a command without anything is its own words.
pub(super) fn of_command(data: &Value) -> Result<Words, String> {
    let mut command: Command = part(data)?;
    // Commands of the menus on users and on other people's messages: nothing is said with them.
    if command.kind.is_some_and(|kind| kind != 1) {
        return Ok(Words::default());
    }
    let mut name = vec![command.name.unwrap_or_default()];
    let mut given = command.options;
    while let [only] = given.as_mut_slice()
        && matches!(only.kind, Some(SUB_COMMAND | SUB_COMMAND_GROUP))
    {
        name.extend(only.name.take());
        given = std::mem::take(&mut only.options);
    }
    let message = given
        .iter()
        .find(|one| one.kind == Some(STRING) && one.name.as_deref() == Some(MESSAGE))
        .and_then(|one| one.value.clone());
    let typed = || {
        let typed = given
            .iter()
            .filter(|one| matches!(one.kind, Some(STRING | INTEGER | NUMBER)));
        let texts: Vec<_> = typed.filter_map(|one| one.value.as_deref()).collect();
        (!texts.is_empty()).then(|| texts.join(" "))
    };
    let files = given.iter().filter(|one| one.kind == Some(ATTACHMENT));
    let attachments: Vec<Attachment> = files
        .filter_map(|one| command.resolved.attachments.remove(one.value.as_deref()?))
        .map(Into::into)
        .collect();
    let text = message.or_else(typed);
    let own_words = || {
        if attachments.is_empty() {
            name.join(" ").replace(['-', '_'], " ")
        } else {
            String::new()
        }
    };
    Ok(Words {
        text: text.unwrap_or_else(own_words),
        attachments,
    })
}

/// Anything in a message or a form: rows, buttons, menus, inputs.
#[derive(Deserialize)]
struct Component {
    #[serde(rename = "type", default, deserialize_with = "json::number")]
    kind: Option<i64>,
    #[serde(default, deserialize_with = "json::text")]
    custom_id: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    label: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    value: Option<String>,
    #[serde(default, deserialize_with = "json::list")]
    values: Vec<Value>,
    #[serde(default, deserialize_with = "json::list")]
    options: Vec<Choice>,
    #[serde(default, deserialize_with = "json::list")]
    components: Vec<Self>,
    #[serde(default)]
    component: Option<Box<Self>>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default, deserialize_with = "json::text")]
    label: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    value: Option<String>,
}

impl Component {
    /// It and everything in it, in order.
    fn walk<'a>(&'a self, seen: &mut impl FnMut(&'a Self)) {
        seen(self);
        for inner in self.components.iter().chain(self.component.as_deref()) {
            inner.walk(seen);
        }
    }
}

/// What stood on the button, or what was chosen from the menu.
pub(super) fn of_component(data: &Value, message: Option<&Value>) -> Result<Words, String> {
    let tapped: Component = part(data)?;
    let id = tapped.custom_id.ok_or("there is no data.custom_id in it")?;
    // Only labels are looked up in it, so that a message that cannot be read hides no tap.
    let components: Vec<Component> = message
        .and_then(|message| message.get("components"))
        .and_then(|components| json::part(components.clone()).ok())
        .unwrap_or_default();
    let mut source = None;
    for component in &components {
        component.walk(&mut |one| {
            if one.custom_id.as_deref() == Some(&id) {
                source = Some(one);
            }
        });
    }
    if !tapped.values.is_empty() {
        let label = |value: &str| {
            let choices = source.map_or(&[][..], |source| &source.options);
            let chosen = choices
                .iter()
                .find(|choice| choice.value.as_deref() == Some(value));
            chosen.and_then(|choice| choice.label.clone())
        };
        let values = tapped.values.iter().filter_map(Value::as_str);
        let labels: Vec<_> = values
            .map(|value| label(value).unwrap_or_else(|| value.to_owned()))
            .collect();
        return Ok(labels.join(", ").into());
    }
    // Our own buttons carry their option; others have a label at least.
    let text = option_of(&id).map(ToOwned::to_owned);
    Ok(text
        .or_else(|| source.and_then(|source| source.label.clone()))
        .unwrap_or(id)
        .into())
}

/// The id of the button of an option. The number keeps two that begin alike apart.
pub(crate) fn custom_id(n: usize, option: &str) -> String {
    format!("{n}:{option}")
}

/// The option whose button has this id.
fn option_of(id: &str) -> Option<&str> {
    let (n, option) = id.split_once(':')?;
    let is_number = !n.is_empty() && n.len() <= 2 && n.bytes().all(|b| b.is_ascii_digit());
    Some(option).filter(|option| is_number && !option.is_empty())
}

/// What was written into a form, a line for each field.
pub(super) fn of_modal(data: &Value) -> Result<Words, String> {
    let form: Component = part(data)?;
    let mut lines = Vec::new();
    form.walk(&mut |one| {
        if one.kind == Some(TEXT_INPUT) {
            lines.extend(
                one.value
                    .as_deref()
                    .map(str::trim)
                    .filter(|line| !line.is_empty()),
            );
        } else {
            lines.extend(one.values.iter().filter_map(Value::as_str));
        }
    });
    Ok(lines.join("\n").into())
}

fn part<T: serde::de::DeserializeOwned>(data: &Value) -> Result<T, String> {
    json::part(data.clone()).map_err(|problem| format!("data: {problem}"))
}
