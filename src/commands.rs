//! The command line: what `frontdesk` can be asked to do, and how it answers.
//!
//! A command opens what it needs through [`crate::app`], and writes through a writer. Exit codes: 0 is done, 1 is
//! failed, 2 is wrong use (arguments or settings), so that a supervisor can tell what a restart will not cure.

mod business;
mod channel;
mod chat;
mod doctor;
mod documents;
mod import_sqlite;
mod inbox;
mod lines;
mod outbox;
mod serve;
mod table;
mod understand;

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::config::{self, Settings};
use crate::telemetry::export::Export;
use crate::types::{BusinessId, ParticipantId};
use crate::{app, telemetry, tls};

/// The id of the demo business.
const DEMO: &str = "demo-salon";

/// A booking bot's front desk: it answers customers, and books, moves and cancels their appointments.
#[derive(Debug, Parser)]
#[command(name = "frontdesk", version, after_help = EXAMPLES)]
struct Arguments {
    /// The settings file [default: frontdesk.toml, if it is there]
    #[arg(long, value_name = "FILE", env = "FRONTDESK_CONFIG", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  frontdesk                                  serve the web chat and the API on 127.0.0.1:3000
  frontdesk chat                             talk to the demo business in the terminal
  frontdesk business check my-salon.toml     look for mistakes in a catalogue
  frontdesk inbox list --state dead          show the messages that were given up
  frontdesk doctor                           check settings, database, Redis and port, and say what to fix

Settings come from frontdesk.toml and the environment; see docs/OPERATIONS.md.
Exit codes: 0 done, 1 failed, 2 wrong use.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API and the web chat until a signal asks for the end (the default)
    Serve,
    /// Talk to a business in the terminal, or feed it lines from a pipe
    #[command(after_help = "Examples:
  frontdesk chat
  frontdesk chat --business my-salon --participant anna
  printf 'gel manicure on friday at 2pm\\nyes\\n' | frontdesk chat

Ctrl-D or /quit ends the conversation; it goes on where it was when you come back.")]
    Chat {
        /// The business to write to
        #[arg(long, value_name = "ID", default_value = DEMO)]
        business: BusinessId,
        /// Who writes
        #[arg(long, value_name = "ID", default_value = "terminal")]
        participant: ParticipantId,
    },
    /// Show what is understood from a text, without a conversation
    #[command(after_help = "Examples:
  frontdesk understand 'gel with Linh on friday after 4'
  frontdesk understand --business my-salon.toml --expecting time 'half past ten'
  frontdesk understand --business none --jsonl < questions.jsonl > answers.jsonl
  FRONTDESK_NOW=2026-11-18T10:00:00Z frontdesk understand --llm --record answers.jsonl 'the foot thing'

With --jsonl every line is an object with id, text and reference (the local time that \"tomorrow\" counts
from); every answer is one line with the same id. Without TEXT, texts are read line by line from standard input.")]
    Understand {
        /// Whose services and staff are known: a business id, a catalogue file, or `none`
        #[arg(long, value_name = "ID|FILE|none", default_value = DEMO)]
        business: String,
        /// What was asked last: service, staff, date, time, party_size, name, confirm or choice
        #[arg(long, value_name = "WHAT", conflicts_with = "jsonl")]
        expecting: Option<String>,
        /// Read and write one JSON object a line
        #[arg(long, conflicts_with = "text")]
        jsonl: bool,
        /// Ask the language model too, and show what of its answer is believed
        #[arg(long, conflicts_with = "jsonl")]
        llm: bool,
        /// Add what the model answered to a file, a line each, to be played again
        #[arg(long, value_name = "FILE", requires = "llm")]
        record: Option<PathBuf>,
        /// The text
        text: Option<String>,
    },
    /// Keep the catalogues of businesses
    #[command(subcommand)]
    Business(business::Command),
    /// Keep the accounts of businesses at WhatsApp, Telegram and the other channels
    #[command(subcommand)]
    Channel(channel::Command),
    /// Look after messages without an answer: list them, try dead letters again, or drop them
    #[command(subcommand)]
    Inbox(inbox::Command),
    /// Look after replies that were not delivered: list them, try them again, or drop them
    #[command(subcommand)]
    Outbox(outbox::Command),
    /// Bring the database to this version's schema (serve does it too)
    Migrate,
    /// Move an SQLite installation to the PostgreSQL database that DATABASE_URL names
    #[command(after_help = import_sqlite::HELP)]
    ImportSqlite(import_sqlite::Request),
    /// Check settings, database, Redis, time zones and port, and say what to fix
    Doctor,
    /// Print a completion script
    #[command(after_help = "Example:
  frontdesk completions bash > ~/.local/share/bash-completion/completions/frontdesk")]
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
enum Failure {
    /// It was asked wrongly; asking again the same way cannot help.
    WrongUse(String),
    /// It failed.
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<config::Error> for Failure {
    fn from(error: config::Error) -> Self {
        Self::WrongUse(error.to_string())
    }
}

/// Carries out one command line and says how it ended.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        // Help and version come this way too; clap knows which of them are errors. A reader who has left is none.
        Err(said) => {
            let _ = said.print();
            return if said.use_stderr() {
                ExitCode::from(2)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    tls::choose_provider();
    let (code, says) = match dispatch(arguments, &mut std::io::stdout()) {
        Ok(code) => return code,
        Err(Failure::Failed(error)) if reader_has_left(&error) => return ExitCode::SUCCESS,
        Err(Failure::Failed(error)) => (1, format!("{error:#}")),
        Err(Failure::WrongUse(says)) => (2, says),
    };
    let _ = writeln!(std::io::stderr(), "frontdesk: {says}");
    ExitCode::from(code)
}

fn dispatch(arguments: Arguments, output: &mut (impl Write + Send)) -> Result<ExitCode, Failure> {
    let file = arguments.config.as_deref();
    let settings = || Settings::load(file, environment());
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => {
            let file = arguments.config.clone();
            let read = move || Settings::load(file.as_deref(), environment());
            Ok(serve::run(settings()?, read)?)
        }
        Command::Chat {
            business,
            participant,
        } => {
            let settings = quiet(settings()?)?;
            runtime()?.block_on(chat::open(&settings, business, participant, output))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Understand {
            business,
            expecting,
            jsonl,
            llm,
            record,
            text,
        } => {
            let request = understand::Request {
                business,
                expecting,
                jsonl,
                llm,
                record,
                text,
            };
            runtime()?.block_on(understand::run(request, settings, output))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Business(command) => {
            runtime()?.block_on(business::run(command, settings, output))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Channel(command) => {
            runtime()?.block_on(channel::run(command, settings()?, output))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Inbox(command) => {
            runtime()?.block_on(inbox::run(command, settings()?, output))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Outbox(command) => {
            runtime()?.block_on(outbox::run(command, settings()?, output))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Migrate => {
            let settings = quiet(settings()?)?;
            runtime()?.block_on(app::migrate(&settings))?;
            writeln!(output, "{} is up to date", settings.store.database).map_err(anyhow::Error::from)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::ImportSqlite(request) => {
            let equal = runtime()?.block_on(import_sqlite::run(&request, settings()?, output))?;
            Ok(if equal {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        Command::Doctor => {
            let healthy = doctor::run(settings(), output).map_err(anyhow::Error::from)?;
            Ok(if healthy {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Arguments::command(), "frontdesk", output);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Settings for a command that talks to a person: only warnings are logged, and those of the settings are shown.
fn quiet(settings: Settings) -> Result<Settings, Failure> {
    telemetry::log(&settings.log, "warn", &Export::default()).map_err(anyhow::Error::from)?;
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    Ok(settings)
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// The environment as text; a variable that is no Unicode is none of ours.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// Whether the failure is that nobody reads the output any more (`frontdesk ... | head`).
fn reader_has_left(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

/// Whether a person sits at both ends.
fn interactive() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn without_a_command_it_serves() {
        assert!(parse("frontdesk").unwrap().command.is_none());
        assert!(matches!(
            parse("frontdesk serve").unwrap().command,
            Some(Command::Serve)
        ));
    }

    #[test]
    fn chat_talks_to_the_demo_business_unless_told_otherwise() {
        let Some(Command::Chat {
            business,
            participant,
        }) = parse("frontdesk chat").unwrap().command
        else {
            panic!("another command");
        };
        assert_eq!((business.as_str(), participant.as_str()), (DEMO, "terminal"));
        let refused = parse("frontdesk chat --business Demo").unwrap_err().to_string();
        assert!(refused.contains("lower-case letters"), "{refused}");
    }

    #[test]
    fn a_settings_file_can_be_named_before_and_after_the_command() {
        for line in [
            "frontdesk --config x.toml migrate",
            "frontdesk migrate --config x.toml",
        ] {
            assert_eq!(
                parse(line).unwrap().config,
                Some(PathBuf::from("x.toml")),
                "{line}"
            );
        }
    }

    #[test]
    fn every_command_has_help() {
        for command in Arguments::command().get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
        }
    }

    #[test]
    fn completions_are_printed_for_every_shell() {
        for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
            let mut output = Vec::new();
            let arguments = parse(&format!("frontdesk completions {shell}")).unwrap();
            dispatch(arguments, &mut output).unwrap();
            assert!(
                String::from_utf8(output).unwrap().contains("frontdesk"),
                "{shell}"
            );
        }
    }

    #[test]
    fn a_reader_who_has_left_is_no_failure() {
        let gone = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert!(reader_has_left(
            &anyhow::Error::from(gone).context("cannot write")
        ));
        assert!(!reader_has_left(&anyhow::anyhow!("else")));
    }
}
