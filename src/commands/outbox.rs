//! `frontdesk outbox`: replies and notices that were not delivered, and what becomes of them.

use std::io::Write;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use uuid::Uuid;

use super::inbox::owned_by_the_server;
use super::{Failure, quiet, table};
use crate::app;
use crate::clock::Clock as _;
use crate::config::Settings;
use crate::store::{Content, Database, OutboxEntry, OutboxQuery, OutboxState, OutboxVerdict};
use crate::types::BusinessId;

/// Rows that are read or decided at once.
const PAGE: u32 = 500;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show what waits to be delivered and what was given up, oldest first
    List {
        /// Of this business only
        #[arg(long, value_name = "ID")]
        business: Option<BusinessId>,
        /// In this state only; sent ones are shown only when they are asked for
        #[arg(long)]
        state: Option<State>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        /// One JSON object a line, with every try to deliver it
        #[arg(long)]
        json: bool,
        /// Show what is said
        #[arg(long)]
        text: bool,
    },
    /// Try again at once, as if it had never been tried
    #[command(after_help = "Examples:
  frontdesk outbox retry 019ab3c4-5d6e-5f70-8a9b-0c1d2e3f4a5b
  frontdesk outbox retry --all --business my-salon

It is sent under the same id. A customer who has it already may get it twice, where the channel cannot tell.
Several tries at the same reply are one.")]
    Retry(Which),
    /// Give up for ever
    Drop {
        #[command(flatten)]
        which: Which,
        /// Really do it
        #[arg(long)]
        yes: bool,
    },
}

/// What is meant.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Ids as `list` shows them
    #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
    ids: Vec<Uuid>,
    /// Everything that was given up
    #[arg(long)]
    all: bool,
    /// Only what is of this business
    #[arg(long, value_name = "ID", requires = "all")]
    business: Option<BusinessId>,
}

/// States that can be listed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum State {
    /// Waits for its next try
    Waiting,
    /// A process is at it
    InFlight,
    /// The channel has it
    Sent,
    /// Given up
    Dead,
}

impl From<State> for OutboxState {
    fn from(state: State) -> Self {
        match state {
            State::Waiting => Self::Waiting,
            State::InFlight => Self::InFlight,
            State::Sent => Self::Sent,
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
    let database = app::store(&settings).await.map_err(owned_by_the_server)?;
    let now = settings.system_clock().now();
    let done = match command {
        Command::List {
            business,
            state,
            limit,
            json,
            text,
        } => {
            let query = OutboxQuery {
                id: None,
                business,
                state: state.map(OutboxState::from),
                after: None,
                limit,
            };
            list(&database, query, json, text, output)
                .await
                .map_err(Failure::from)
        }
        Command::Retry(which) => {
            let decided = decide(&database, &which, OutboxVerdict::Retry, now).await;
            decided
                .and_then(|count| Ok(writeln!(output, "{} will be tried again", rows(count))?))
                .map_err(Failure::from)
        }
        Command::Drop { which, yes: true } => {
            let decided = decide(&database, &which, OutboxVerdict::Drop, now).await;
            decided
                .and_then(|count| Ok(writeln!(output, "{} dropped", rows(count))?))
                .map_err(Failure::from)
        }
        Command::Drop { yes: false, .. } => Err(Failure::WrongUse(
            "what is dropped is never delivered; say so with --yes".to_owned(),
        )),
    };
    // Closed in any case: the store finishes what it was handed.
    database.close().await;
    done
}

fn rows(count: u64) -> String {
    format!("{count} {}", if count == 1 { "reply" } else { "replies" })
}

async fn list(
    database: &Arc<dyn Database>,
    query: OutboxQuery,
    json: bool,
    text: bool,
    output: &mut (impl Write + Send),
) -> anyhow::Result<()> {
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    // One more tells whether there are more.
    let mut found = all(database, query, limit.saturating_add(1)).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    if json {
        return as_json(database, &found, text, output).await;
    }
    as_table(&found, text, more, output)
}

async fn as_json(
    database: &Arc<dyn Database>,
    found: &[OutboxEntry],
    text: bool,
    output: &mut (impl Write + Send),
) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Try {
        number: u32,
        at: String,
        result: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        problem: Option<String>,
    }
    #[derive(Serialize)]
    struct Line<'a> {
        id: Uuid,
        channel: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        account: Option<&'a str>,
        business_id: &'a str,
        participant_id: &'a str,
        kind: &'a str,
        committed_at: String,
        state: OutboxState,
        due_at: String,
        attempts: u32,
        unknown: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        problem: Option<&'a str>,
        tries: Vec<Try>,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<&'a str>,
    }
    for entry in found {
        let row = &entry.row;
        let tries = database.attempts(row.id).await?.into_iter().map(|attempt| Try {
            number: attempt.number,
            at: attempt.at.to_string(),
            result: attempt.result,
            problem: attempt.problem,
        });
        let line = Line {
            id: row.id,
            channel: row.channel.as_str(),
            account: row.reach.as_ref().map(|reach| reach.account.as_str()),
            business_id: row.pair.business.as_str(),
            participant_id: row.pair.participant.as_str(),
            kind: kind(&row.content),
            committed_at: row.at.to_string(),
            state: entry.state,
            due_at: entry.due_at.to_string(),
            attempts: row.attempts,
            unknown: row.unknown,
            problem: entry.problem.as_deref(),
            tries: tries.collect(),
            text: row
                .content
                .reply()
                .filter(|_| text)
                .map(|reply| reply.text.as_str()),
        };
        writeln!(output, "{}", serde_json::to_string(&line)?)?;
    }
    Ok(())
}

fn kind(content: &Content) -> &str {
    match content {
        Content::Reply(_) => "reply",
        Content::Notice(notice) => &notice.kind,
    }
}

fn as_table(found: &[OutboxEntry], text: bool, more: bool, output: &mut impl Write) -> anyhow::Result<()> {
    if found.is_empty() {
        writeln!(output, "nothing of that kind")?;
        return Ok(());
    }
    let heads = [
        "STATE",
        "TRIES",
        "COMMITTED",
        "TO",
        "PARTICIPANT",
        "KIND",
        "ID",
        "PROBLEM",
    ];
    let mut lines = vec![heads.map(str::to_owned).to_vec()];
    if text {
        lines[0].push("TEXT".to_owned());
    }
    for OutboxEntry {
        row, state, problem, ..
    } in found
    {
        let state = match state {
            OutboxState::Waiting if row.unknown => "unknown",
            OutboxState::Waiting => "waiting",
            OutboxState::InFlight => "in flight",
            OutboxState::Sent => "sent",
            OutboxState::Dead => "dead",
        };
        let to = row.reach.as_ref().map_or_else(
            || row.channel.to_string(),
            |reach| format!("{}/{}", row.channel, reach.account),
        );
        let mut line = vec![
            state.to_owned(),
            row.attempts.to_string(),
            format!("{:.0}", row.at),
            to,
            row.pair.participant.to_string(),
            kind(&row.content).to_owned(),
            row.id.to_string(),
            table::on_one_line(problem.as_deref().unwrap_or_default()),
        ];
        if text {
            line.push(table::on_one_line(
                row.content.reply().map_or("", |reply| reply.text.as_str()),
            ));
        }
        lines.push(line);
    }
    table::write(&lines, output)?;
    if more {
        writeln!(output, "... and more; --limit N shows them")?;
    }
    Ok(())
}

async fn decide(
    database: &Arc<dyn Database>,
    which: &Which,
    verdict: OutboxVerdict,
    now: jiff::Timestamp,
) -> anyhow::Result<u64> {
    let ids = if which.all {
        let query = OutboxQuery {
            business: which.business.clone(),
            state: Some(OutboxState::Dead),
            ..OutboxQuery::default()
        };
        let dead = all(database, query, usize::MAX).await?;
        dead.into_iter().map(|entry| entry.row.id).collect()
    } else {
        which.ids.clone()
    };
    let mut decided = 0;
    for some in ids.chunks(PAGE as usize) {
        decided += database.outbox_decide(some, verdict, now).await?;
    }
    if decided == 0 && !which.all {
        return Err(anyhow!(
            "none of these waits or was given up; `frontdesk outbox list` shows those that do"
        ));
    }
    Ok(decided)
}

/// Reads a list page by page, up to so many.
async fn all(
    database: &Arc<dyn Database>,
    mut query: OutboxQuery,
    most: usize,
) -> anyhow::Result<Vec<OutboxEntry>> {
    let mut found: Vec<OutboxEntry> = Vec::new();
    loop {
        let left = u32::try_from(most - found.len()).unwrap_or(u32::MAX);
        query.limit = left.min(PAGE);
        let page = database
            .outbox_list(&query)
            .await
            .context("cannot read the outbox")?;
        let Some(last) = page.last() else {
            return Ok(found);
        };
        query.after = Some((last.row.at, last.row.id));
        found.extend(page);
    }
}
