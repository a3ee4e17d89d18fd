//! `frontdesk inbox`: messages without an answer, and what becomes of those that were given up.
//!
//! A dead letter is named by what `list` prints: `CHANNEL/ACCOUNT/MESSAGE_ID`, or the message id alone where that is
//! unique among the dead ones. Everything that is named is found before anything is done.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::{Failure, quiet, table};
use crate::app;
use crate::clock::Clock;
use crate::config::Settings;
use crate::store::{Error, InboxEntry, InboxQuery, InboxVerdict, MessageKey, Store, Unanswered};
use crate::types::BusinessId;

/// Messages that are read or settled at once.
const PAGE: u32 = 500;

const WITH_A_SERVER: &str =
    "A running server owns its SQLite file: stop it first, and start it again afterwards.
With PostgreSQL this works beside it.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show messages that wait for their answer and those that were given up, oldest first
    #[command(after_help = WITH_A_SERVER)]
    List {
        /// Of this business only
        #[arg(long, value_name = "ID")]
        business: Option<BusinessId>,
        /// In this state only
        #[arg(long)]
        state: Option<State>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
        /// Show what the customers wrote
        #[arg(long)]
        text: bool,
    },
    /// Try dead letters again, as if they had never been tried
    #[command(after_help = format!("Examples:
  frontdesk inbox retry api/my-salon/anna/m-17
  frontdesk inbox retry --all --business my-salon

The server answers them when it starts, or with its next sweep.
{WITH_A_SERVER}"))]
    Retry(Which),
    /// Give dead letters up for ever
    #[command(after_help = format!("Examples:
  frontdesk inbox drop api/my-salon/anna/m-17 --yes

A dropped message is answered by nobody, and delivered again it is a duplicate.
It is listed and counted no more; there is no way back.
{WITH_A_SERVER}"))]
    Drop {
        #[command(flatten)]
        which: Which,
        /// Really do it
        #[arg(long)]
        yes: bool,
    },
}

/// Which dead letters are meant.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// CHANNEL/ACCOUNT/MESSAGE_ID as `list` shows it, or a message id that is unique among the dead letters
    #[arg(
        value_name = "MESSAGE",
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    messages: Vec<String>,
    /// All dead letters
    #[arg(long)]
    all: bool,
    /// Only those of this business
    #[arg(long, value_name = "ID")]
    business: Option<BusinessId>,
}

/// States of messages that can be listed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum State {
    /// Accepted and not answered yet
    Pending,
    /// Given up after four attempts
    Dead,
}

impl From<State> for Unanswered {
    fn from(state: State) -> Self {
        match state {
            State::Pending => Self::Pending,
            State::Dead => Self::Dead,
        }
    }
}

pub(super) async fn run(
    command: Command,
    settings: Settings,
    output: &mut (impl Write + Send),
) -> Result<(), Failure> {
    let settings = quiet(settings)?;
    let store: Arc<dyn Store> = app::store(&settings).await.map_err(owned_by_the_server)?;
    let done = match command {
        Command::List {
            business,
            state,
            limit,
            json,
            text,
        } => {
            let query = InboxQuery {
                business,
                state: state.map(Unanswered::from),
                after: None,
                limit,
            };
            list(&store, query, Shape { json, text }, output).await
        }
        Command::Retry(which) => retry(&store, &which, output).await,
        Command::Drop { which, yes } => {
            let at = settings.system_clock().now();
            give_up(&store, &which, yes, InboxVerdict::Drop { at }, output).await
        }
    };
    // Closed in any case: the store finishes what it was handed.
    store.close().await;
    done
}

/// Says what to do about a database that a server holds.
pub(super) fn owned_by_the_server(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<Error>() {
        Some(Error::Open(why)) if why.contains("in use") => {
            error.context("the running server owns this database: stop it, do this, and start it again")
        }
        _ => error,
    }
}

/// How a message is shown.
#[derive(Debug, Clone, Copy)]
struct Shape {
    json: bool,
    /// What a customer wrote is shown to who asks for it.
    text: bool,
}

async fn list(
    store: &Arc<dyn Store>,
    query: InboxQuery,
    shape: Shape,
    output: &mut (impl Write + Send),
) -> Result<(), Failure> {
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    // One more tells whether there are more.
    let mut found = all(store, query, limit.saturating_add(1)).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let shown = if shape.json {
        as_json(&found, shape.text, output)
    } else {
        as_table(&found, shape.text, more, output)
    };
    Ok(shown?)
}

fn as_json(found: &[InboxEntry], text: bool, output: &mut impl Write) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        message: String,
        channel: &'a str,
        account: &'a str,
        message_id: &'a str,
        business_id: &'a str,
        participant_id: &'a str,
        received_at: String,
        state: Unanswered,
        attempts: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<&'a str>,
    }
    for InboxEntry {
        message,
        state,
        attempts,
    } in found
    {
        let line = Line {
            message: name(&message.key),
            channel: message.key.channel.as_str(),
            account: &message.key.account,
            message_id: message.key.message_id.as_str(),
            business_id: message.business.as_str(),
            participant_id: message.participant.as_str(),
            received_at: message.received_at.to_string(),
            state: *state,
            attempts: *attempts,
            text: text.then_some(message.text.as_str()),
        };
        writeln!(output, "{}", serde_json::to_string(&line)?)?;
    }
    Ok(())
}

fn as_table(found: &[InboxEntry], text: bool, more: bool, output: &mut impl Write) -> anyhow::Result<()> {
    if found.is_empty() {
        writeln!(output, "no such messages")?;
        return Ok(());
    }
    let heads = ["STATE", "TRIES", "RECEIVED", "BUSINESS", "PARTICIPANT", "MESSAGE"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    if text {
        rows[0].push("TEXT".to_owned());
    }
    for InboxEntry {
        message,
        state,
        attempts,
    } in found
    {
        let state = match state {
            Unanswered::Pending => "pending",
            Unanswered::Dead => "dead",
        };
        let mut row = vec![
            state.to_owned(),
            attempts.to_string(),
            format!("{:.0}", message.received_at),
            message.business.to_string(),
            message.participant.to_string(),
            name(&message.key),
        ];
        if text {
            row.push(table::on_one_line(&message.text));
        }
        rows.push(row);
    }
    table::write(&rows, output)?;
    if more {
        writeln!(output, "... and more; --limit N shows them")?;
    }
    Ok(())
}

async fn retry(
    store: &Arc<dyn Store>,
    which: &Which,
    output: &mut (impl Write + Send),
) -> Result<(), Failure> {
    let chosen = choose(store, which).await?;
    let settled = settle(store, &chosen, InboxVerdict::Retry).await?;
    let says = match settled {
        1 => "1 message is pending again; the server answers it when it starts, or with its next sweep"
            .to_owned(),
        n => format!(
            "{n} messages are pending again; the server answers them when it starts, or with its next sweep"
        ),
    };
    writeln!(output, "{says}").map_err(anyhow::Error::from)?;
    Ok(())
}

async fn give_up(
    store: &Arc<dyn Store>,
    which: &Which,
    yes: bool,
    verdict: InboxVerdict,
    output: &mut (impl Write + Send),
) -> Result<(), Failure> {
    let chosen = choose(store, which).await?;
    if !yes && !chosen.is_empty() {
        return Err(Failure::WrongUse(format!(
            "this gives up {} for ever; say so with --yes",
            messages(chosen.len())
        )));
    }
    let settled = settle(store, &chosen, verdict).await?;
    let settled = messages(usize::try_from(settled).unwrap_or(usize::MAX));
    writeln!(output, "{settled} dropped").map_err(anyhow::Error::from)?;
    Ok(())
}

fn messages(number: usize) -> String {
    format!("{number} {}", if number == 1 { "message" } else { "messages" })
}

async fn settle(store: &Arc<dyn Store>, chosen: &[MessageKey], verdict: InboxVerdict) -> anyhow::Result<u64> {
    let mut settled = 0;
    for some in chosen.chunks(PAGE as usize) {
        settled += store.inbox_settle(some, verdict).await?;
    }
    Ok(settled)
}

/// The dead letters that are meant.
async fn choose(store: &Arc<dyn Store>, which: &Which) -> anyhow::Result<Vec<MessageKey>> {
    let query = InboxQuery {
        business: which.business.clone(),
        state: Some(Unanswered::Dead),
        ..InboxQuery::default()
    };
    let dead = all(store, query, usize::MAX).await?;
    let dead: Vec<MessageKey> = dead.into_iter().map(|entry| entry.message.key).collect();
    if which.all {
        return Ok(dead);
    }
    let mut chosen = Vec::new();
    for named in &which.messages {
        let key = find(&dead, named)?;
        if !chosen.contains(key) {
            chosen.push(key.clone());
        }
    }
    Ok(chosen)
}

/// The one dead letter of this name.
fn find<'a>(dead: &'a [MessageKey], named: &str) -> anyhow::Result<&'a MessageKey> {
    let mut found: Vec<_> = dead.iter().filter(|key| name(key) == named).collect();
    if found.is_empty() {
        found = dead
            .iter()
            .filter(|key| key.message_id.as_str() == named)
            .collect();
    }
    match found.as_slice() {
        [key] => Ok(key),
        [] => Err(anyhow!(
            "there is no dead letter `{named}`; `frontdesk inbox list --state dead` shows those there are"
        )),
        several => {
            let mut says = format!("`{named}` names {}; say which:", messages(several.len()));
            for key in several {
                write!(says, "\n  {}", name(key))?;
            }
            Err(anyhow!(says))
        }
    }
}

/// Reads a list page by page, up to so many.
async fn all(store: &Arc<dyn Store>, mut query: InboxQuery, most: usize) -> anyhow::Result<Vec<InboxEntry>> {
    let mut found: Vec<InboxEntry> = Vec::new();
    loop {
        let left = u32::try_from(most - found.len()).unwrap_or(u32::MAX);
        query.limit = left.min(PAGE);
        let page = store.inbox_list(&query).await.context("cannot read the inbox")?;
        let Some(last) = page.last() else {
            return Ok(found);
        };
        query.after = Some((last.message.received_at, last.message.key.clone()));
        found.extend(page);
    }
}

/// What a message is called on the command line.
fn name(key: &MessageKey) -> String {
    format!("{}/{}/{}", key.channel, key.account, key.message_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Channel, MessageId};

    fn key(account: &str, id: &str) -> MessageKey {
        MessageKey {
            channel: Channel::Api,
            account: account.to_owned(),
            message_id: MessageId::new(id).unwrap(),
        }
    }

    #[test]
    fn a_dead_letter_is_found_by_its_whole_name_or_by_an_id_that_is_unique() {
        let dead = [
            key("salon/anna", "m1"),
            key("salon/ben", "m1"),
            key("salon/ben", "m2"),
        ];
        assert_eq!(find(&dead, "m2").unwrap(), &dead[2]);
        assert_eq!(find(&dead, "api/salon/ben/m1").unwrap(), &dead[1]);
        let ambiguous = find(&dead, "m1").unwrap_err().to_string();
        assert_eq!(
            ambiguous,
            "`m1` names 2 messages; say which:\n  api/salon/anna/m1\n  api/salon/ben/m1"
        );
        let unknown = find(&dead, "web/salon/ben/m1").unwrap_err().to_string();
        assert!(unknown.contains("frontdesk inbox list"), "{unknown}");
    }
}
