//! Whether two databases hold the same: counts and sums over all rows, and some conversations word for word.

use super::source::Source;
use super::tables::{TABLES, Table, named};
use super::target::Target;
use super::values::{Row, name_of};
use super::{Error, Result};

/// Differences of conversations that are named; what is more is counted.
const NAMED_MAX: usize = 20;

/// What was compared, and how it turned out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// Every table.
    pub tables: Vec<TableCompared>,
    /// Conversations whose row and transcript were compared, column by column.
    pub conversations: u64,
    /// Rows of transcripts that were.
    pub messages: u64,
    /// What differs in them: a conversation, a message and a column each. The first ones only.
    pub differences: Vec<String>,
    /// How many differences there are.
    pub differences_in_all: u64,
}

/// One table on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableCompared {
    /// Its name.
    pub name: &'static str,
    /// Rows in SQLite.
    pub sqlite: u64,
    /// Rows in PostgreSQL.
    pub postgres: u64,
    /// The columns whose sums differ: of numbers and times, of the lengths of texts, and of how many are set.
    pub differ: Vec<&'static str>,
}

impl TableCompared {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.sqlite == self.postgres && self.differ.is_empty()
    }
}

impl Comparison {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.differences_in_all == 0 && self.tables.iter().all(TableCompared::is_equal)
    }

    /// Rows in SQLite, of all tables.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.sqlite).sum()
    }

    fn note(&mut self, difference: impl FnOnce() -> String) {
        self.differences_in_all += 1;
        if self.differences.len() < NAMED_MAX {
            self.differences.push(difference());
        }
    }

    fn compare_rows(&mut self, table: &Table, left: &[Row], right: &[Row]) {
        for pair in 0..left.len().max(right.len()) {
            match (left.get(pair), right.get(pair)) {
                (Some(left), Some(right)) => {
                    for (column, (one, other)) in table.columns.iter().zip(left.iter().zip(right)) {
                        if !one.is_same_as(other) {
                            self.note(|| format!("{} ({}): {}", table.name, name_of(table, left), column.0));
                        }
                    }
                }
                (Some(row), None) => {
                    self.note(|| format!("{} ({}): only in SQLite", table.name, name_of(table, row)));
                }
                (None, Some(row)) => {
                    self.note(|| format!("{} ({}): only in PostgreSQL", table.name, name_of(table, row)));
                }
                (None, None) => {}
            }
        }
    }
}

/// Compares everything, and the transcripts of so many conversations at random.
pub(super) async fn compare(
    source: &mut Source,
    target: &mut Target,
    conversations: u32,
) -> Result<Comparison> {
    let mut comparison = Comparison {
        tables: Vec::with_capacity(TABLES.len()),
        conversations: 0,
        messages: 0,
        differences: Vec::new(),
        differences_in_all: 0,
    };
    for table in &TABLES {
        let (left, right) = (source.sums(table).await?, target.sums(table).await?);
        let rows = |sums: &[i64]| sums.first().map_or(0, |rows| rows.unsigned_abs());
        let differ = table.columns.iter().zip(left.iter().zip(&right).skip(1));
        comparison.tables.push(TableCompared {
            name: table.name,
            sqlite: rows(&left),
            postgres: rows(&right),
            differ: differ
                .filter(|(_, (left, right))| left != right)
                .map(|(column, _)| column.0)
                .collect(),
        });
    }
    let of_conversations = [("conversations", "id"), ("messages", "conversation_id")];
    for id in source.some_conversations(conversations).await? {
        comparison.conversations += 1;
        for (name, column) in of_conversations {
            let table = named(name).ok_or(Error::Progress(name))?;
            let left = source.rows_of(table, column, id).await?;
            let right = target.rows_of(table, column, id).await?;
            if name == "messages" {
                comparison.messages += left.len() as u64;
            }
            comparison.compare_rows(table, &left, &right);
        }
    }
    Ok(comparison)
}
