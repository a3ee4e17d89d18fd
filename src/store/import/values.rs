//! A row between two databases: read from either, compared, and bound to a statement column by column.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::Row as _;
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::query::Query;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::tables::{Kind, Table};
use crate::store::rows::Stored as _;
use crate::store::{Error, Result};

/// What stands in one column of one row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Nothing,
    Id(Uuid),
    Time(Timestamp),
    Text(String),
    Number(i64),
    Flag(bool),
    /// As it is spelt.
    Json(String),
    Blocked(Timestamp, Timestamp),
}

/// The values of a table's columns, in its order.
pub(super) type Row = Vec<Value>;

impl Value {
    /// Whether both databases say the same.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Json(one), Self::Json(other)) => {
                let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
                one == other || parsed(one).is_some_and(|one| Some(one) == parsed(other))
            }
            _ => self == other,
        }
    }

    /// About how much of a batch it takes, in bytes.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Text(text) | Self::Json(text) => text.len() + 8,
            _ => 16,
        }
    }

    /// For a message, and for the progress that is stored.
    pub(super) fn shown(&self) -> serde_json::Value {
        match self {
            Self::Nothing | Self::Blocked(..) => serde_json::Value::Null,
            Self::Id(id) => id.to_string().into(),
            Self::Time(time) => time.to_string().into(),
            Self::Text(text) | Self::Json(text) => text.as_str().into(),
            Self::Number(number) => (*number).into(),
            Self::Flag(flag) => (*flag).into(),
        }
    }
}

/// The row's key as it is stored with the progress.
pub(super) fn key_of(table: &Table, row: &[Value]) -> Vec<serde_json::Value> {
    keyed(table, row).map(|(_, value)| value.shown()).collect()
}

/// What tells a row apart, for a message.
pub(super) fn name_of(table: &Table, row: &[Value]) -> String {
    let by_key = keyed(table, row);
    // An allocation's number says nothing to anybody.
    let visit = table
        .columns
        .iter()
        .zip(row)
        .map(|(column, value)| (column.0, value))
        .filter(|(name, _)| *name == "appointment_id" && !table.key.contains(name));
    by_key
        .chain(visit)
        .map(|(name, value)| format!("{name} {}", value.shown()))
        .collect::<Vec<_>>()
        .join(", ")
}

fn keyed<'a>(table: &'a Table, row: &'a [Value]) -> impl Iterator<Item = (&'static str, &'a Value)> {
    table.key.iter().filter_map(|name| {
        let at = table.columns.iter().position(|column| column.0 == *name)?;
        Some((*name, row.get(at)?))
    })
}

/// Reads a row whose columns were selected in the order of the table.
pub(super) fn of_sqlite(table: &Table, row: &SqliteRow) -> Result<Row> {
    let read = |name: &'static str, kind: Kind| -> Result<Value, sqlx::Error> {
        Ok(match kind {
            Kind::Id => row.id(name)?.map_or(Value::Nothing, Value::Id),
            Kind::Time => row.time(name)?.map_or(Value::Nothing, Value::Time),
            Kind::Text => optional(row.try_get(name)?, Value::Text),
            Kind::Json => optional(row.try_get(name)?, Value::Json),
            Kind::Number => optional(row.try_get(name)?, Value::Number),
            Kind::Flag => optional(row.try_get(name)?, |flag: i64| Value::Flag(flag != 0)),
            Kind::Blocked => blocked(row.time("blocked_from")?, row.time("blocked_until")?),
        })
    };
    read_all(table, read)
}

/// Reads a row whose columns were selected in the order of the table.
pub(super) fn of_postgres(table: &Table, row: &PgRow) -> Result<Row> {
    let read = |name: &'static str, kind: Kind| -> Result<Value, sqlx::Error> {
        Ok(match kind {
            Kind::Id => row.id(name)?.map_or(Value::Nothing, Value::Id),
            Kind::Time => row.time(name)?.map_or(Value::Nothing, Value::Time),
            Kind::Text => optional(row.try_get(name)?, Value::Text),
            Kind::Json => optional(row.try_get(name)?, Value::Json),
            Kind::Number => optional(row.try_get(name)?, Value::Number),
            Kind::Flag => optional(row.try_get(name)?, Value::Flag),
            Kind::Blocked => blocked(row.time("blocked_from")?, row.time("blocked_until")?),
        })
    };
    read_all(table, read)
}

fn optional<T>(value: Option<T>, of: impl FnOnce(T) -> Value) -> Value {
    value.map_or(Value::Nothing, of)
}

fn blocked(from: Option<Timestamp>, until: Option<Timestamp>) -> Value {
    match (from, until) {
        (Some(from), Some(until)) => Value::Blocked(from, until),
        _ => Value::Nothing,
    }
}

fn read_all(table: &Table, read: impl Fn(&'static str, Kind) -> Result<Value, sqlx::Error>) -> Result<Row> {
    let mut row = Vec::with_capacity(table.columns.len());
    for column in table.columns {
        let value = read(column.0, column.1).map_err(|problem| Error::Corrupt {
            table: table.name,
            column: column.0,
            // Its key stands in its first columns.
            id: name_of(table, &row),
            problem: problem.to_string(),
        })?;
        row.push(value);
    }
    Ok(row)
}

/// Binds a batch, one array for each column, in the order of [`super::statements::insert`].
pub(super) fn bind(
    table: &Table,
    rows: &[Row],
    mut query: Query<'static, Postgres, PgArguments>,
) -> Query<'static, Postgres, PgArguments> {
    for (at, column) in table.columns.iter().enumerate() {
        let values = rows.iter().map(|row| &row[at]);
        query = match column.1 {
            Kind::Id => query.bind(all(values, |value| match value {
                Value::Id(id) => Some(*id),
                _ => None,
            })),
            Kind::Time => query.bind(all(values, |value| match value {
                Value::Time(time) => Some(time.to_sqlx()),
                _ => None,
            })),
            Kind::Text | Kind::Json => query.bind(all(values, |value| match value {
                Value::Text(text) | Value::Json(text) => Some(text.as_str()),
                _ => None,
            })),
            Kind::Number => query.bind(all(values, |value| match value {
                Value::Number(number) => Some(*number),
                _ => None,
            })),
            Kind::Flag => query.bind(all(values, |value| match value {
                Value::Flag(flag) => Some(*flag),
                _ => None,
            })),
            Kind::Blocked => {
                let from = all(values.clone(), |value| match value {
                    Value::Blocked(from, _) => Some(from.to_sqlx()),
                    _ => None,
                });
                let until = all(values, |value| match value {
                    Value::Blocked(_, until) => Some(until.to_sqlx()),
                    _ => None,
                });
                query.bind(from).bind(until)
            }
        };
    }
    query
}

fn all<'a, T>(
    values: impl Iterator<Item = &'a Value>,
    of: impl Fn(&'a Value) -> Option<T>,
) -> Vec<Option<T>> {
    values.map(of).collect()
}
