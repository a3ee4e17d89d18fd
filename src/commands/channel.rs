//! `frontdesk channel`: the accounts that businesses have at channels.
//!
//! Secrets never stand in the arguments of a command, where the shell's history and every other process would see them:
//! they come from the environment, or are asked for.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::Subcommand;
use reqwest::header::HeaderMap;
use serde::Serialize;

use super::inbox::owned_by_the_server;
use super::{Failure, quiet};
use crate::accounts::{Accounts, EVERYWHERE, NotRegistered, Registration, Secrets};
use crate::app::{self, channels};
use crate::clock::Clock as _;
use crate::config::{SECRET_PREFIX, Settings};
use crate::store::AccountRow;
use crate::types::{AccountId, BusinessId, Channel};
use crate::webhook::intake::Intake;

/// How long the answer to a test may take.
const TEST_LIMIT: Duration = Duration::from_secs(15);

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Add an account of a business at a channel, or change the one of that name
    #[command(after_help = "Examples:
  frontdesk channel fields telegram
  FRONTDESK_SECRET_BOT_TOKEN=123:abc frontdesk channel add telegram salon --business my-salon --secret bot_token
  frontdesk channel add slack salon --business my-salon --secret signing_secret --secret bot_token

A secret is read from the environment variable FRONTDESK_SECRET_ and its name in capitals, or asked for.
A new secret is good at once, and the one that it replaces stays good until the next.
A running server owns its SQLite file: stop it first, or use the API. With PostgreSQL this works beside it.")]
    Add {
        /// The channel: whatsapp, messenger, instagram, telegram, twilio, slack, discord or standard
        channel: Channel,
        /// The account's name, chosen by you; the last part of its webhook's address
        account: AccountId,
        /// Whose account it is
        #[arg(long, value_name = "ID")]
        business: BusinessId,
        /// A setting; an empty value takes it back
        #[arg(long = "set", value_name = "NAME=VALUE")]
        settings: Vec<String>,
        /// The name of a secret to be read
        #[arg(long = "secret", value_name = "NAME")]
        secrets: Vec<String>,
    },
    /// Show every account, and which of them were stopped
    List {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Show the settings and secrets that a channel knows
    Fields {
        /// The channel
        channel: Channel,
    },
    /// Send a signed message through an account's webhook, as its provider would
    #[command(
        after_help = "The message is taken, answered and stored like any other, under a participant of its own.
What is answered goes out to an address that there is none of, so that the provider refuses it."
    )]
    Test {
        /// The channel
        channel: Channel,
        /// The account
        account: AccountId,
        /// Where to send it [default: the account's public address]
        #[arg(long, value_name = "URL")]
        to: Option<String>,
    },
    /// Let an account that was stopped send again
    Resume {
        /// The channel
        channel: Channel,
        /// The account
        account: AccountId,
    },
    /// Forget an account with its secrets; what was said stays
    Remove {
        /// The channel
        channel: Channel,
        /// The account
        account: AccountId,
        /// Really do it
        #[arg(long)]
        yes: bool,
    },
}

pub(super) async fn run(
    command: Command,
    settings: Settings,
    output: &mut (impl Write + Send),
) -> Result<(), Failure> {
    let settings = quiet(settings)?;
    if let Command::Fields { channel } = command {
        return Ok(fields(intake(channel)?.as_ref(), output)?);
    }
    // Beside the server that is to take it, which owns its SQLite file.
    if let Command::Test { channel, account, to } = command {
        return Ok(test(&settings, channel, &account, to, output).await?);
    }
    let database = app::store(&settings).await.map_err(owned_by_the_server)?;
    let accounts = channels::accounts(&settings, database.clone())?;
    let done = carry_out(command, &accounts, &settings, output).await;
    database.close().await;
    done
}

async fn carry_out(
    command: Command,
    accounts: &Accounts,
    settings: &Settings,
    output: &mut (impl Write + Send),
) -> Result<(), Failure> {
    let now = settings.system_clock().now();
    match command {
        Command::Add {
            channel,
            account,
            business,
            settings,
            secrets,
        } => {
            let intake = intake(channel)?;
            let given = Registration {
                channel,
                account,
                business,
                settings: named_values(&settings)?,
                secrets: read_secrets(&secrets)?,
            };
            let registered = accounts.register(intake.fields(), given, now).await;
            let account = registered.map(|registered| registered.account);
            let account = account.map_err(|error| match error {
                NotRegistered::Store(error) => Failure::Failed(error.into()),
                unfit => Failure::WrongUse(unfit.to_string()),
            })?;
            let url = accounts.webhook_url(channel, &account.id);
            write_line(
                output,
                &format!(
                    "{channel}/{} of {} is ready; its webhook is {url}",
                    account.id, account.business
                ),
            )?;
            Ok(())
        }
        Command::List { json } => Ok(list(accounts, json, output).await?),
        Command::Fields { channel } => Ok(fields(intake(channel)?.as_ref(), output)?),
        Command::Test { channel, account, to } => Ok(test(settings, channel, &account, to, output).await?),
        Command::Resume { channel, account } => {
            found(accounts, channel, &account).await?;
            let resumed = accounts.store().stop_account(channel, &account, None, now).await;
            resumed.map_err(anyhow::Error::from)?;
            write_line(output, &format!("{channel}/{account} sends again"))?;
            Ok(())
        }
        Command::Remove {
            channel,
            account,
            yes,
        } => {
            found(accounts, channel, &account).await?;
            if !yes {
                return Err(Failure::WrongUse(format!(
                    "{channel}/{account} would be forgotten with its secrets; say --yes to do it"
                )));
            }
            let removed = accounts.store().remove_account(channel, &account).await;
            removed.map_err(anyhow::Error::from)?;
            write_line(output, &format!("{channel}/{account} is forgotten"))?;
            Ok(())
        }
    }
}

fn write_line(output: &mut impl Write, line: &str) -> anyhow::Result<()> {
    Ok(writeln!(output, "{line}")?)
}

fn intake(channel: Channel) -> Result<std::sync::Arc<dyn Intake>, Failure> {
    channels::intake(channel).ok_or_else(|| {
        let names: Vec<&str> = Channel::HOOKED.iter().map(|channel| channel.as_str()).collect();
        Failure::WrongUse(format!(
            "channel {channel} has no accounts; those that do: {}",
            names.join(", ")
        ))
    })
}

async fn found(accounts: &Accounts, channel: Channel, account: &AccountId) -> Result<AccountRow, Failure> {
    let row = accounts.store().account(channel, account).await;
    row.map_err(anyhow::Error::from)?
        .ok_or_else(|| Failure::Failed(anyhow!("there is no account {channel}/{account}")))
}

fn named_values(settings: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let one = |text: &String| {
        let (name, value) = text.split_once('=')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    };
    settings
        .iter()
        .map(|text| {
            one(text).ok_or_else(|| Failure::WrongUse(format!("\"{text}\" is no setting; write NAME=VALUE")))
        })
        .collect()
}

fn read_secrets(names: &[String]) -> Result<Secrets, Failure> {
    let mut secrets = Secrets::default();
    for name in names {
        let variable = format!("{SECRET_PREFIX}{}", name.to_ascii_uppercase());
        let value = match std::env::var(&variable) {
            Ok(value) => value,
            Err(_) if std::io::stdin().is_terminal() => {
                rpassword::prompt_password(format!("{name}: ")).context("cannot read the secret")?
            }
            Err(_) => {
                return Err(Failure::WrongUse(format!(
                    "the secret {name} is neither in {variable} nor is there a terminal to ask at"
                )));
            }
        };
        secrets.add(name, value.trim());
    }
    Ok(secrets)
}

async fn list(accounts: &Accounts, json: bool, output: &mut (impl Write + Send)) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        channel: Channel,
        account: &'a AccountId,
        business_id: &'a BusinessId,
        webhook_url: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        stopped: Option<&'a str>,
        /// Why its secrets cannot be read: nothing that comes to it is believed then.
        #[serde(skip_serializing_if = "Option::is_none")]
        sealed: Option<String>,
    }
    let rows = accounts.store().accounts().await?;
    for row in &rows {
        let unopened = accounts
            .sealer()
            .open(row.channel, &row.account, &row.secrets)
            .err();
        let line = Line {
            channel: row.channel,
            account: &row.account,
            business_id: &row.business,
            webhook_url: accounts.webhook_url(row.channel, &row.account),
            stopped: row.problem.as_deref(),
            sealed: unopened.map(|problem| problem.to_string()),
        };
        if json {
            writeln!(output, "{}", serde_json::to_string(&line)?)?;
            continue;
        }
        let state = match (&line.sealed, line.stopped) {
            (Some(problem), _) => format!("sealed: {problem}"),
            (None, Some(problem)) => format!("stopped: {problem}"),
            (None, None) => "ready".to_owned(),
        };
        writeln!(
            output,
            "{}/{}  {}  {}  {state}",
            line.channel, line.account, line.business_id, line.webhook_url
        )?;
    }
    if rows.is_empty() && !json {
        writeln!(
            output,
            "there are no accounts; `frontdesk channel add --help` shows how to add one"
        )?;
    }
    Ok(())
}

fn fields(intake: &dyn Intake, output: &mut impl Write) -> anyhow::Result<()> {
    for field in intake.fields().iter().chain(&EVERYWHERE) {
        let kind = if field.secret { "--secret" } else { "--set" };
        let need = if field.required { "needed" } else { "optional" };
        writeln!(output, "{kind} {}  ({need})  {}", field.name, field.about)?;
    }
    Ok(())
}

/// Sends what the provider would send, and says how it was answered.
async fn test(
    settings: &Settings,
    channel: Channel,
    name: &AccountId,
    to: Option<String>,
    output: &mut (impl Write + Send),
) -> anyhow::Result<()> {
    let now = settings.system_clock().now();
    let intake = channels::intake(channel).ok_or_else(|| anyhow!("channel {channel} has no accounts"))?;
    let account = channels::look_at(settings, channel, name)
        .await?
        .ok_or_else(|| anyhow!("there is no account {channel}/{name}"))?;
    let message_id = crate::ids::new_id(now).to_string();
    let sample = intake
        .sample(&account, "hello from frontdesk channel test", &message_id, now)
        .ok_or_else(|| anyhow!("only the provider can sign for {channel}: write to the account there"))?;
    let url = to.unwrap_or_else(|| account.setting("webhook_url").unwrap_or_default().to_owned());
    let http = channels::client()?;
    let answer = post(&http, &url, sample.headers, sample.body).await?;
    let status = answer.as_u16();
    if answer.is_success() {
        writeln!(
            output,
            "{url} took the message ({status}); the log and the transcript tell what was answered"
        )?;
        return Ok(());
    }
    let why = match status {
        401 => "the server knows other secrets for this account, or no such account",
        404 => "there is no such address; is FRONTDESK_PUBLIC_URL right?",
        503 => "the server cannot take it now; its log says why",
        _ => "that is not how frontdesk answers; is something between?",
    };
    Err(anyhow!("{url} answered {status}: {why}"))
}

async fn post(
    http: &reqwest::Client,
    url: &str,
    headers: HeaderMap,
    body: Vec<u8>,
) -> anyhow::Result<reqwest::StatusCode> {
    let sending = http
        .post(url)
        .headers(headers)
        .body(body)
        .timeout(TEST_LIMIT)
        .send();
    let response = sending.await.with_context(|| format!("cannot reach {url}"))?;
    Ok(response.status())
}
