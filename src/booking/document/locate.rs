//! Finds the line on which something stands in a TOML text.

use toml::de::{DeTable, DeValue};

use super::mistake::{Path, Step};

/// The line, from 1, of a byte offset.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|b| *b == b'\n').count()
}

/// Where the values of a TOML text stand.
pub(super) struct Map<'t> {
    text: &'t str,
    root: DeTable<'t>,
}

impl<'t> Map<'t> {
    /// Reads a text; `None` when it is no TOML.
    pub(super) fn of(text: &'t str) -> Option<Self> {
        let root = DeTable::parse(text).ok()?.into_inner();
        Some(Self { text, root })
    }

    /// The line on which `path` stands, or the nearest thing around it that does exist: a missing field is
    /// reported at the table that lacks it.
    pub(super) fn line(&self, path: &Path) -> Option<usize> {
        let (first, rest) = path.steps().split_first()?;
        let Step::Key(key) = first else { return None };
        let (key, mut here) = self.root.get_key_value(key.as_str())?;
        let mut offset = match here.get_ref() {
            DeValue::Table(_) | DeValue::Array(_) => key.span().start,
            _ => here.span().start,
        };
        for step in rest {
            let next = match (step, here.get_ref()) {
                (Step::Key(key), DeValue::Table(table)) => table
                    .get_key_value(key.as_str())
                    .map(|(key, value)| (key.span().start, value)),
                (Step::Index(index), DeValue::Array(array)) => {
                    array.get(*index).map(|value| (value.span().start, value))
                }
                _ => None,
            };
            let Some((start, value)) = next else { break };
            (offset, here) = (start, value);
        }
        Some(line_of(self.text, offset))
    }
}
