//! Settings as they were written, before anybody knows what they mean.
//!
//! Values come from the file and from the environment as text with the place where they stand. Each section takes
//! the keys that it knows; whatever is left over at the end is unknown, and is reported. Mistakes are collected,
//! not returned at the first one, so that one start names all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

/// Where a value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In the settings file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// In the environment.
    Environment {
        /// The variable.
        name: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment { name } => f.write_str(name),
        }
    }
}

/// One thing that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The setting, for example `server.listen`.
    pub key: String,
    /// Where it was set; absent when the default, or the lack of a value, is the problem.
    pub origin: Option<Origin>,
    /// What is wrong, and what to write.
    pub says: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Some(origin) => write!(f, "{} ({origin}): {}", self.key, self.says),
            None => write!(f, "{}: {}", self.key, self.says),
        }
    }
}

/// A value as it was written. TOML's own types are dropped: `5` and `"5"` mean the same number.
#[derive(Debug, Clone)]
enum Raw {
    One(String),
    Many(Vec<String>),
}

/// A type that a setting can have.
pub(crate) trait FromSetting: Sized {
    /// What a value of this type looks like, for the sentence "write ...".
    const SHAPE: &'static str;
    /// The value, or nothing when the text is not of this shape.
    fn from_text(text: &str) -> Option<Self>;
}

/// What was written, waiting to be taken by the sections.
#[derive(Debug, Default)]
pub(crate) struct Values {
    file: BTreeMap<String, (Raw, Origin)>,
    environment: BTreeMap<String, String>,
    /// Every key that a section asked for, with its variables.
    known: BTreeMap<&'static str, Vec<String>>,
    origins: BTreeMap<&'static str, Origin>,
    problems: Vec<Problem>,
}

/// Variables that belong to us without being a setting.
const NOT_SETTINGS: [&str; 1] = ["FRONTDESK_CONFIG"];

/// What begins so is a secret of an account, for `frontdesk channel add`; whatever it is called, it is no setting.
pub(crate) const SECRET_PREFIX: &str = "FRONTDESK_SECRET_";

impl Values {
    /// Nothing but what the environment says.
    pub(crate) fn from_environment(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            // An empty variable is how shells and compose files say "not set".
            environment: variables
                .into_iter()
                .filter(|(name, value)| !value.is_empty() && !name.starts_with(SECRET_PREFIX))
                .collect(),
            ..Self::default()
        }
    }

    /// Adds what the file says. The environment wins over it.
    pub(crate) fn add_file(&mut self, path: &Path, text: &str) {
        match DeTable::parse(text) {
            Ok(table) => self.add_table("", table.get_ref(), path, text),
            Err(error) => {
                let line = error.span().map_or(1, |span| line_of(text, span.start));
                self.problems.push(Problem {
                    key: "settings file".to_owned(),
                    origin: Some(Origin::File {
                        path: path.to_owned(),
                        line,
                    }),
                    says: format!("this is not valid TOML: {}", error.message()),
                });
            }
        }
    }

    fn add_table(&mut self, prefix: &str, table: &DeTable<'_>, path: &Path, text: &str) {
        for (name, value) in table {
            let key = if prefix.is_empty() {
                name.get_ref().to_string()
            } else {
                format!("{prefix}.{}", name.get_ref())
            };
            let raw = match value.get_ref() {
                DeValue::Table(inner) => {
                    self.add_table(&key, inner, path, text);
                    continue;
                }
                DeValue::Array(items) => Raw::Many(items.iter().map(|item| scalar(item.get_ref())).collect()),
                single => Raw::One(scalar(single)),
            };
            let origin = Origin::File {
                path: path.to_owned(),
                line: line_of(text, name.span().start),
            };
            self.file.insert(key, (raw, origin));
        }
    }

    /// The value of `key`, else `default`. `names` are variables that set it beside the generic
    /// `FRONTDESK_SECTION__KEY`.
    pub(crate) fn take<T: FromSetting>(&mut self, key: &'static str, names: &[&str], default: T) -> T {
        self.take_optional(key, names).unwrap_or(default)
    }

    /// The value of `key`, if there is one.
    pub(crate) fn take_optional<T: FromSetting>(&mut self, key: &'static str, names: &[&str]) -> Option<T> {
        let text = match self.find(key, names)? {
            Raw::One(text) => text,
            Raw::Many(_) => {
                self.refuse(
                    key,
                    format!("one value is expected, not a list; write {}", T::SHAPE),
                );
                return None;
            }
        };
        let value = T::from_text(text.trim());
        if value.is_none() {
            // The text itself is not repeated: it may be a secret that was put under the wrong key.
            self.refuse(key, format!("this is not a valid value; write {}", T::SHAPE));
        }
        value
    }

    /// The values of a list: an array in the file, separated by commas in the environment.
    pub(crate) fn take_list<T: FromSetting>(&mut self, key: &'static str, names: &[&str]) -> Vec<T> {
        let texts = match self.find(key, names) {
            None => return Vec::new(),
            Some(Raw::One(text)) => text.split(',').map(|part| part.trim().to_owned()).collect(),
            Some(Raw::Many(texts)) => texts,
        };
        let values: Option<Vec<T>> = texts
            .iter()
            .filter(|text| !text.is_empty())
            .map(|text| T::from_text(text))
            .collect();
        values.unwrap_or_else(|| {
            self.refuse(
                key,
                format!("an entry of this list is not valid; write {}", T::SHAPE),
            );
            Vec::new()
        })
    }

    fn find(&mut self, key: &'static str, names: &[&str]) -> Option<Raw> {
        let generic = format!("FRONTDESK_{}", key.to_uppercase().replace('.', "__"));
        let mut variables: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        variables.push(generic);
        let file = self.file.remove(key);
        let mut set: Vec<(String, String)> = variables
            .iter()
            .filter_map(|name| self.environment.remove_entry(name))
            .collect();
        self.known.entry(key).or_default().extend(variables);
        if set.len() > 1 {
            self.problems.push(Problem {
                key: key.to_owned(),
                origin: None,
                says: format!("{} and {} both set it; keep one of them", set[0].0, set[1].0),
            });
        }
        let (raw, origin) = if set.is_empty() {
            file?
        } else {
            let (name, value) = set.swap_remove(0);
            (Raw::One(value), Origin::Environment { name })
        };
        self.origins.insert(key, origin);
        Some(raw)
    }

    /// Records that the value of `key` will not do.
    pub(crate) fn refuse(&mut self, key: &'static str, says: impl Into<String>) {
        self.problems.push(Problem {
            key: key.to_owned(),
            origin: self.origins.get(key).cloned(),
            says: says.into(),
        });
    }

    /// Records that `value` stands outside `min..=max`.
    pub(crate) fn bound(&mut self, key: &'static str, value: u64, min: u64, max: u64) {
        if !(min..=max).contains(&value) {
            self.refuse(
                key,
                format!("{value} is out of range; write a number from {min} to {max}"),
            );
        }
    }

    /// Ends the reading: what nobody took is unknown.
    pub(crate) fn finish(mut self) -> (Vec<Problem>, BTreeMap<&'static str, Origin>, Vec<Known>) {
        for (key, (_, origin)) in std::mem::take(&mut self.file) {
            let says = unknown(&key, self.known.keys().copied());
            self.problems.push(Problem {
                key,
                origin: Some(origin),
                says,
            });
        }
        let variables: BTreeSet<&str> = self.known.values().flatten().map(String::as_str).collect();
        for name in self.environment.keys() {
            if name.starts_with("FRONTDESK_") && !NOT_SETTINGS.contains(&name.as_str()) {
                self.problems.push(Problem {
                    key: name.clone(),
                    origin: None,
                    says: unknown(name, variables.iter().copied()),
                });
            }
        }
        let known = self
            .known
            .into_iter()
            .map(|(key, variables)| Known { key, variables })
            .collect();
        (self.problems, self.origins, known)
    }
}

/// A setting that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its key in the file.
    pub key: &'static str,
    /// The variables that set it; the customary name first.
    pub variables: Vec<String>,
}

fn unknown<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> String {
    let closest = known
        .map(|name| (strsim::damerau_levenshtein(written, name), name))
        .min_by_key(|(distance, _)| *distance);
    match closest {
        Some((distance, name)) if distance <= 4 => {
            format!("there is no such setting; did you mean {name}?")
        }
        _ => "there is no such setting; remove it, or look it up in docs/OPERATIONS.md".to_owned(),
    }
}

fn line_of(text: &str, at: usize) -> usize {
    let before = &text.as_bytes()[..at.min(text.len())];
    1 + before.split(|byte| *byte == b'\n').count().saturating_sub(1)
}

fn scalar(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.as_str().replace('_', ""),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(at) => at.to_string(),
        // Nested arrays and tables inside arrays fit no setting; the empty text is refused by every type.
        DeValue::Array(_) | DeValue::Table(_) => String::new(),
    }
}

impl FromSetting for String {
    const SHAPE: &'static str = "a text";
    fn from_text(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| text.to_owned())
    }
}

impl FromSetting for u64 {
    const SHAPE: &'static str = "a whole number, for example 30";
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl FromSetting for bool {
    const SHAPE: &'static str = "on or off";
    fn from_text(text: &str) -> Option<Self> {
        match text {
            "on" | "true" | "yes" | "1" => Some(true),
            "off" | "false" | "no" | "0" => Some(false),
            _ => None,
        }
    }
}

impl FromSetting for std::net::SocketAddr {
    const SHAPE: &'static str = "an address and a port, for example 127.0.0.1:3000";
    fn from_text(text: &str) -> Option<Self> {
        // "localhost" is what people write; asking a resolver for it could give another family each day.
        text.replace("localhost", "127.0.0.1").parse().ok()
    }
}

impl FromSetting for secrecy::SecretString {
    const SHAPE: &'static str = "a text";
    fn from_text(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| text.to_owned().into())
    }
}

/// Gives a closed enum its names in settings.
macro_rules! choice {
    ($type:ty, $shape:literal, $($text:literal => $value:expr),+ $(,)?) => {
        impl $crate::config::values::FromSetting for $type {
            const SHAPE: &'static str = $shape;
            fn from_text(text: &str) -> Option<Self> {
                match text {
                    $($text => Some($value),)+
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use choice;
