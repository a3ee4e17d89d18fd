//! The statements of an import, made from [`super::tables`] alone: nothing in them comes from outside.

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};

use super::tables::{Column, Kind, Table};

fn made(text: String) -> SqlStr {
    // Made of the names in the list, which are part of the program.
    AssertSqlSafe(text).into_sql_str()
}

fn joined<T>(parts: impl IntoIterator<Item = T>, text: impl FnMut(T) -> String) -> String {
    parts.into_iter().map(text).collect::<Vec<_>>().join(", ")
}

fn sqlite_columns(table: &Table) -> String {
    joined(table.columns, |column| column.in_sqlite().join(", "))
}

/// SQLite: the rows after a key, or all of them, in the order of their keys.
pub(super) fn rows_after(table: &Table, has_key: bool) -> SqlStr {
    let key = table.key.join(", ");
    let after = if has_key {
        format!("WHERE ({key}) > ({})", joined(table.key, |_| "?".to_owned()))
    } else {
        String::new()
    };
    let columns = sqlite_columns(table);
    made(format!(
        "SELECT {columns} FROM {} {after} ORDER BY {key}",
        table.name
    ))
}

/// SQLite: the rows in which `column` is `?`.
pub(super) fn sqlite_rows_of(table: &Table, column: &str) -> SqlStr {
    let (columns, key) = (sqlite_columns(table), table.key.join(", "));
    made(format!(
        "SELECT {columns} FROM {} WHERE {column} = ? ORDER BY {key}",
        table.name
    ))
}

/// PostgreSQL: the rows in which `column` is `$1`.
pub(super) fn postgres_rows_of(table: &Table, column: &str) -> SqlStr {
    let columns = joined(table.columns, |Column(name, kind)| match kind {
        Kind::Number => format!("{name}::bigint AS {name}"),
        Kind::Json => format!("{name}::text AS {name}"),
        Kind::Blocked => format!("lower({name}) AS blocked_from, upper({name}) AS blocked_until"),
        Kind::Id | Kind::Time | Kind::Text | Kind::Flag => (*name).to_owned(),
    });
    let key = table.key.join(", ");
    made(format!(
        "SELECT {columns} FROM {0} WHERE {column} = $1 ORDER BY {key}",
        table.name
    ))
}

/// PostgreSQL: writes a batch, given as one array for each column (two for what is blocked).
///
/// A row that is there already is an error: rows and progress are committed together, so that it is somebody else's.
pub(super) fn insert(table: &Table) -> SqlStr {
    let mut arrays = Vec::new();
    let mut values = Vec::new();
    let mut array = |of: &str| {
        let number = arrays.len() + 1;
        arrays.push(format!("${number}::{of}[]"));
        format!("c{number}")
    };
    for column in table.columns {
        values.push(match column.1 {
            Kind::Id => array("uuid"),
            Kind::Time => array("timestamptz"),
            Kind::Text => array("text"),
            Kind::Number => array("bigint"),
            Kind::Flag => array("boolean"),
            Kind::Json => format!("{}::jsonb", array("text")),
            Kind::Blocked => format!("tstzrange({}, {})", array("timestamptz"), array("timestamptz")),
        });
    }
    let columns = joined(table.columns, |column| column.0.to_owned());
    let overriding = table.numbered.map_or("", |_| "OVERRIDING SYSTEM VALUE");
    let names = joined(1..=arrays.len(), |number| format!("c{number}"));
    made(format!(
        "INSERT INTO {} ({columns}) {overriding} SELECT {} FROM UNNEST({}) AS rows ({names})",
        table.name,
        values.join(", "),
        arrays.join(", ")
    ))
}

/// PostgreSQL: the numbers go on after `$1`, unless they are beyond it already.
pub(super) fn number_on(table: &Table, column: &str) -> SqlStr {
    let name = table.name;
    made(format!(
        "SELECT setval(pg_get_serial_sequence('{name}', '{column}'), top)
         FROM (SELECT GREATEST($1, max({column})) AS top FROM {name}) AS numbers
         WHERE top > 0"
    ))
}

/// Either: how many rows there are.
pub(super) fn count(table: &Table) -> SqlStr {
    made(format!("SELECT COUNT(*) FROM {}", table.name))
}

/// PostgreSQL: whether there is a row that is not of business `$1`.
pub(super) fn has_others(table: &Table, business: &str) -> SqlStr {
    made(format!(
        "SELECT EXISTS (SELECT 1 FROM {} WHERE {business} <> $1)",
        table.name
    ))
}

/// PostgreSQL: whether there is a row.
pub(super) fn has_any(table: &Table) -> SqlStr {
    made(format!("SELECT EXISTS (SELECT 1 FROM {})", table.name))
}

/// PostgreSQL: removes what is of business `$1`.
pub(super) fn remove(table: &Table, business: &str) -> SqlStr {
    made(format!("DELETE FROM {} WHERE {business} = $1", table.name))
}

/// PostgreSQL: has the planner look at a table that was just filled.
pub(super) fn analyze(table: &Table) -> SqlStr {
    made(format!("ANALYZE {}", table.name))
}

/// SQLite: the number of rows, then a sum over each column.
pub(super) fn sqlite_sums(table: &Table) -> SqlStr {
    // Seconds and the rest apart: the sum of microseconds would be too great after a few thousand rows.
    let time = |name: &str| format!("{name} / 1000000 + {name} % 1000000");
    sums(table, |Column(name, kind)| match kind {
        Kind::Number | Kind::Flag => format!("SUM({name})"),
        Kind::Text => format!("SUM(LENGTH({name}))"),
        Kind::Id | Kind::Json => format!("COUNT({name})"),
        Kind::Time => format!("SUM({})", time(name)),
        Kind::Blocked => format!("SUM({} + {})", time("blocked_from"), time("blocked_until")),
    })
}

/// PostgreSQL: the same.
pub(super) fn postgres_sums(table: &Table) -> SqlStr {
    let time = |time: &str| {
        let micros = format!("(EXTRACT(EPOCH FROM {time}) * 1000000)::bigint");
        format!("{micros} / 1000000 + {micros} % 1000000")
    };
    sums(table, |Column(name, kind)| match kind {
        Kind::Number => format!("SUM({name})::bigint"),
        Kind::Flag => format!("SUM({name}::int)::bigint"),
        Kind::Text => format!("SUM(LENGTH({name}))::bigint"),
        Kind::Id | Kind::Json => format!("COUNT({name})"),
        Kind::Time => format!("SUM({})::bigint", time(name)),
        Kind::Blocked => {
            let (from, until) = (time(&format!("lower({name})")), time(&format!("upper({name})")));
            format!("SUM({from} + {until})::bigint")
        }
    })
}

fn sums(table: &Table, sum: impl Fn(&Column) -> String) -> SqlStr {
    let sums = joined(table.columns, |column| format!("COALESCE({}, 0)", sum(column)));
    made(format!("SELECT COUNT(*), {sums} FROM {}", table.name))
}
