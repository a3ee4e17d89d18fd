//! `frontdesk chat`: a conversation in the terminal, or with a pipe.
//!
//! It is a channel like the others: what is typed goes through the same door and is stored the same way.

use std::io::{BufReader, Write};
use std::time::Duration;

use anyhow::{Context, anyhow};
use async_trait::async_trait;

use super::lines::Lines;
use crate::app::{self, App};
use crate::clock::Clock;
use crate::config::Settings;
use crate::conversation::{Answer, Conversations, Refused, Said};
use crate::ids;
use crate::store::{Inbound, MessageKey, Store};
use crate::types::{BusinessId, Channel, MessageId, Pair, ParticipantId};

const YOU: &str = "you  > ";
const DESK: &str = "desk > ";
const INDENT: &str = "       ";
/// How often a late answer is looked for, and how many times.
const LATE_EVERY: Duration = Duration::from_millis(200);
const LATE_LOOKS: u32 = 300;

/// Who is at the other end.
#[async_trait]
pub(super) trait Desk: Send + Sync {
    /// Says something and waits for the answer.
    async fn say(&self, message: Inbound) -> Result<Said, Refused>;
    /// The answer to a message that was accepted and not answered in time, if it is there by now.
    async fn late(&self, key: &MessageKey) -> anyhow::Result<Option<Answer>>;
}

struct OpenDesk<'a> {
    conversations: &'a Conversations,
    store: &'a dyn Store,
    wait: Duration,
}

#[async_trait]
impl Desk for OpenDesk<'_> {
    async fn say(&self, message: Inbound) -> Result<Said, Refused> {
        self.conversations.say(message, self.wait).await
    }

    async fn late(&self, key: &MessageKey) -> anyhow::Result<Option<Answer>> {
        let receipt = self.store.receipt(key).await?;
        let answer = receipt.and_then(|receipt| receipt.answer);
        Ok(answer.map(|json| serde_json::from_str(&json)).transpose()?)
    }
}

/// Opens everything, talks, and closes.
pub(super) async fn open(
    settings: &Settings,
    business: BusinessId,
    participant: ParticipantId,
    output: &mut (impl Write + Send),
) -> anyhow::Result<()> {
    let app = app::open(settings).await?;
    let pair = Pair {
        business,
        participant,
    };
    let talked = talk(settings, &app, &pair, output).await;
    app.close().await;
    talked
}

async fn talk(
    settings: &Settings,
    app: &App,
    pair: &Pair,
    output: &mut (impl Write + Send),
) -> anyhow::Result<()> {
    let business = app.businesses.find(&pair.business).await?.ok_or_else(|| {
        anyhow!(
            "there is no business `{}`; `frontdesk business list` shows those there are",
            pair.business
        )
    })?;
    let desk = OpenDesk {
        conversations: &app.conversations,
        store: app.store.as_ref(),
        wait: settings.conversation.wait_max,
    };
    let interactive = super::interactive();
    let lines = if interactive {
        let now = app.clock.now().to_zoned(business.catalogue.time_zone.clone());
        writeln!(
            output,
            "{}, {}. Ctrl-D ends the conversation.\n",
            printable(&business.catalogue.name),
            now.strftime("%A %-d %B %Y, %H:%M")
        )?;
        Lines::edited(YOU)?
    } else {
        Lines::of(BufReader::new(std::io::stdin()))
    };
    // What a pipe says is shown, so that the output reads as the conversation that it was.
    run(&desk, pair, app.clock.as_ref(), lines, !interactive, output).await
}

/// Carries a conversation from line to line until the lines end or `/quit`.
pub(super) async fn run(
    desk: &dyn Desk,
    pair: &Pair,
    clock: &dyn Clock,
    mut lines: Lines,
    echo: bool,
    output: &mut (impl Write + Send),
) -> anyhow::Result<()> {
    while let Some(line) = lines.next().await.context("cannot read the input")? {
        let text = line.trim();
        if text.is_empty() {
            continue;
        }
        if echo {
            writeln!(output, "{YOU}{}", printable(text))?;
        }
        if text == "/quit" {
            break;
        }
        let message = inbound(pair, text, clock)?;
        let key = message.key.clone();
        match desk.say(message).await {
            Ok(Said::Answered(answer) | Said::Duplicate(answer)) => show(&answer, output)?,
            Ok(Said::Accepted) => {
                writeln!(output, "{INDENT}(this takes a moment)")?;
                match late(desk, &key).await? {
                    Some(answer) => show(&answer, output)?,
                    None => writeln!(
                        output,
                        "{INDENT}(no answer yet; your message is kept and will be answered)"
                    )?,
                }
            }
            Err(Refused::PairBusy { retry_after } | Refused::Overloaded { retry_after }) => {
                let seconds = retry_after.as_secs().max(1);
                writeln!(
                    output,
                    "{INDENT}(too busy, nothing was sent; try again in {seconds} s)"
                )?;
            }
            Err(refused) => return Err(refused.into()),
        }
        output.flush()?;
    }
    Ok(())
}

async fn late(desk: &dyn Desk, key: &MessageKey) -> anyhow::Result<Option<Answer>> {
    for _ in 0..LATE_LOOKS {
        tokio::time::sleep(LATE_EVERY).await;
        if let Some(answer) = desk.late(key).await? {
            return Ok(Some(answer));
        }
    }
    Ok(None)
}

fn inbound(pair: &Pair, text: &str, clock: &dyn Clock) -> anyhow::Result<Inbound> {
    let now = clock.now();
    Ok(Inbound {
        key: MessageKey {
            channel: Channel::Terminal,
            account: format!("{}/{}", pair.business, pair.participant),
            message_id: MessageId::new(ids::new_id(now).to_string())?,
        },
        business: pair.business.clone(),
        participant: pair.participant.clone(),
        // The border rule of every channel: U+0000 cannot be stored everywhere.
        text: text.replace('\0', "\u{FFFD}"),
        attachments: None,
        address: None,
        sent_at: None,
        received_at: now,
        trace: None,
    })
}

fn show(answer: &Answer, output: &mut impl Write) -> std::io::Result<()> {
    for reply in &answer.replies {
        let mut label = DESK;
        for line in reply.text.lines() {
            writeln!(output, "{label}{}", printable(line))?;
            label = INDENT;
        }
        // Numbered choices are part of the text already; what is not there is shown as words to type.
        let missing = reply
            .options
            .iter()
            .any(|option| !reply.text.contains(option.as_str()));
        if missing {
            let options: Vec<String> = reply
                .options
                .iter()
                .map(|option| format!("[{}]", printable(option)))
                .collect();
            writeln!(output, "{INDENT}{}", options.join(" "))?;
        }
    }
    if answer.replies.is_empty() {
        writeln!(output, "{INDENT}(no reply)")?;
    }
    Ok(())
}

/// Without control characters: a terminal would obey them.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests;
