//! `frontdesk import-sqlite`: an installation moves from a file to a server, and is compared afterwards.
//!
//! What it does stands in [`crate::store::import`]; here is what a person sees of it.

use std::io::{IsTerminal as _, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::Args;

use super::{Failure, quiet};
use crate::app;
use crate::clock::Clock as _;
use crate::config::Settings;
use crate::config::store::Database;
use crate::store::import::{self, Comparison, Error, Import, Options, Progress, Standing};
use crate::store::{self, Obstacle};

pub(super) const HELP: &str = "Examples:
  DATABASE_URL=postgres://frontdesk@db/frontdesk frontdesk import-sqlite frontdesk.db
  DATABASE_URL=postgres://frontdesk@db/frontdesk frontdesk import-sqlite frontdesk.db --check

Stop the server first. The file is only read; the database must be empty, apart from the demo business.
An import that was interrupted goes on where it was when the same command is run again, and no server starts on a
database whose import is not finished.
Progress goes to standard error, the comparison at the end to standard output.
Exit codes: 0 everything is there and equal (or was imported before), 1 failed or something differs, 2 wrong use.";

#[derive(Debug, Args)]
pub(super) struct Request {
    /// The SQLite file
    file: PathBuf,
    /// Only compare, and change nothing
    #[arg(long)]
    check: bool,
    /// Compare the transcripts of so many conversations, chosen at random
    #[arg(long, value_name = "N", default_value_t = 100)]
    sample: u32,
}

/// Imports or compares; whether both sides are equal.
pub(super) async fn run(
    request: &Request,
    settings: Settings,
    output: &mut (impl Write + Send),
) -> Result<bool, Failure> {
    let settings = quiet(settings)?;
    let database = &settings.store.database;
    let Database::Postgres { url, .. } = database else {
        return Err(Failure::WrongUse(format!(
            "DATABASE_URL names {database}, and an import goes to PostgreSQL; write \
             DATABASE_URL=postgres://USER:PASSWORD@HOST:PORT/NAME"
        )));
    };
    let options = Options {
        file: &request.file,
        url,
        connect_timeout: settings.store.connect_timeout,
    };
    let blames = |error: Error| explained(error, database);
    if request.check {
        let comparison = Box::pin(import::check(&options, request.sample))
            .await
            .map_err(blames)?;
        report(&comparison, output)?;
        return Ok(comparison.is_equal());
    }
    let (clock, demo) = (settings.system_clock(), app::demo()?.id);
    let mut import = Box::pin(Import::open(&options, &demo, clock.now()))
        .await
        .map_err(blames)?;
    let watched = Watched::new();
    match import.standing() {
        Standing::Finished(at) => {
            writeln!(
                output,
                "{} was imported into {database} on {at:.0}; there is nothing to do (--check compares)",
                request.file.display()
            )
            .map_err(anyhow::Error::from)?;
            return Ok(true);
        }
        Standing::GoesOn => watched.say("an earlier import of this file was interrupted; it goes on"),
        Standing::Begins => {}
    }
    let copying = import.copy(|progress| {
        watched.tell(progress);
        ControlFlow::Continue(())
    });
    Box::pin(copying).await.map_err(blames)?;
    watched.say("comparing both sides");
    let comparison = Box::pin(import.compare(request.sample)).await.map_err(blames)?;
    if comparison.is_equal() {
        import.finish(clock.now()).await.map_err(blames)?;
    }
    report(&comparison, output)?;
    if comparison.is_equal() {
        writeln!(
            output,
            "From now on start frontdesk with this DATABASE_URL, and keep {} as a backup.",
            request.file.display()
        )
        .map_err(anyhow::Error::from)?;
    }
    Ok(comparison.is_equal())
}

/// An error with what to do about it.
fn explained(error: Error, database: &Database) -> anyhow::Error {
    match error {
        Error::InUse(_) => anyhow::Error::from(error).context(
            "a running server owns this file: stop it, import, and start it with the new DATABASE_URL",
        ),
        Error::Store(error @ store::Error::Corrupt { .. }) => {
            anyhow::Error::from(error).context("the file holds something that cannot be read")
        }
        Error::Store(error) => {
            let obstacle = Obstacle::from(&error);
            let again = if obstacle.passes {
                " (run the same command again: it goes on where it was)"
            } else {
                ""
            };
            anyhow!("cannot use {database}: {obstacle}{again}")
        }
        error => error.into(),
    }
}

/// Tells a person how it goes: in one line that changes on a terminal, else in a line for each table.
struct Watched {
    terminal: bool,
}

impl Watched {
    fn new() -> Self {
        Self {
            terminal: std::io::stderr().is_terminal(),
        }
    }

    fn tell(&self, progress: Progress) {
        let Progress { table, rows, of } = progress;
        let mut to = std::io::stderr().lock();
        // Nobody may be looking, and the import goes on all the same.
        let _ = if self.terminal {
            let end = if progress.is_done() { "\n" } else { "" };
            write!(to, "\r\x1b[K{table} {rows} / {of}{end}").and_then(|()| to.flush())
        } else if progress.is_done() {
            writeln!(to, "{table} {rows} / {of}")
        } else {
            Ok(())
        };
    }

    fn say(&self, what: &str) {
        let _ = writeln!(std::io::stderr(), "{what}");
    }
}

/// Shows what was compared.
fn report(comparison: &Comparison, output: &mut impl Write) -> anyhow::Result<()> {
    show(comparison, output).context("cannot write the report")
}

fn show(comparison: &Comparison, output: &mut impl Write) -> std::io::Result<()> {
    writeln!(output, "{:<20} {:>12} {:>12}", "rows of", "SQLite", "PostgreSQL")?;
    for table in &comparison.tables {
        let (sqlite, postgres) = (table.sqlite, table.postgres);
        let verdict = if table.is_equal() {
            "equal".to_owned()
        } else if sqlite != postgres {
            // Then the sums of nearly all columns differ, too.
            "DIFFERENT".to_owned()
        } else {
            format!("DIFFERENT in the sums of {}", table.differ.join(", "))
        };
        writeln!(
            output,
            "{:<20} {sqlite:>12} {postgres:>12}  {verdict}",
            table.name
        )?;
    }
    let Comparison {
        conversations,
        messages,
        differences_in_all,
        ..
    } = comparison;
    let verdict = match differences_in_all {
        0 => "equal".to_owned(),
        many => format!("DIFFERENT in {many} places"),
    };
    writeln!(
        output,
        "{conversations} conversations chosen at random, {messages} messages compared one by one: {verdict}"
    )?;
    for difference in &comparison.differences {
        writeln!(output, "  {difference}")?;
    }
    if comparison.is_equal() {
        writeln!(output, "All is equal: {} rows.", comparison.rows())
    } else {
        writeln!(output, "The two sides differ.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::import::TableCompared;

    fn shown(comparison: &Comparison) -> String {
        let mut output = Vec::new();
        show(comparison, &mut output).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn a_report_says_what_is_equal_and_what_is_not() {
        let table = TableCompared {
            name: "messages",
            sqlite: 12,
            postgres: 12,
            differ: Vec::new(),
        };
        let mut comparison = Comparison {
            tables: vec![table],
            conversations: 2,
            messages: 12,
            differences: Vec::new(),
            differences_in_all: 0,
        };
        let says = shown(&comparison);
        assert!(says.ends_with("All is equal: 12 rows.\n"), "{says}");

        comparison.tables[0].differ.push("content");
        let says = shown(&comparison);
        assert!(says.contains("DIFFERENT in the sums of content"), "{says}");
        assert!(says.ends_with("The two sides differ.\n"), "{says}");

        comparison.tables[0].postgres = 11;
        let says = shown(&comparison);
        assert!(says.contains("11  DIFFERENT\n"), "{says}");

        comparison.tables[0].postgres = 12;
        comparison.tables[0].differ.clear();
        comparison.differences_in_all = 1;
        comparison
            .differences
            .push("messages (seq 3): content".to_owned());
        let says = shown(&comparison);
        assert!(
            says.contains("DIFFERENT in 1 places\n  messages (seq 3): content"),
            "{says}"
        );
        assert!(says.ends_with("The two sides differ.\n"), "{says}");
    }
}
