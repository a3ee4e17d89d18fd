//! Sends through a provider: looks the account up, keeps its pace, makes the calls, and says what became of them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::exchange::{Heard, exchange};
use super::pace::Pacer;
use super::wire::{Judgement, Pace, WhenUnknown, Wire};
use super::{Sender, Sent};
use crate::accounts::{Account, Accounts};
use crate::clock::Clock;
use crate::store::OutboxRow;
use crate::telemetry::trace;
use crate::types::Channel;

/// How long one row may take, all of its messages together. Shorter than what the dispatcher allows, because whoever is
/// cut off cannot say what is unknown.
const ROW_LIMIT: Duration = Duration::from_secs(9);

/// How long a receipt is waited for before a message of unknown outcome is sent again.
const RECEIPT_WITHIN: SignedDuration = SignedDuration::from_secs(60);

/// How often a stopped account is asked again whether it may send.
const STOPPED_FOR: SignedDuration = SignedDuration::from_secs(30);

/// How long a sign of attention may take. Nobody waits for it.
const ATTENTION_LIMIT: Duration = Duration::from_secs(3);

/// Signs of attention under way at once; past it none is given.
const ATTENTION_MAX: usize = 32;

/// One channel's way out.
pub struct Provider {
    wire: Arc<dyn Wire>,
    accounts: Accounts,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    pacer: Pacer,
    attention: Arc<Semaphore>,
}

impl Provider {
    /// Sends what `wire` says through `http`, which must follow no redirects: an answer that sends elsewhere is an
    /// answer, and a secret goes nowhere but where it was told to.
    #[must_use]
    pub fn new(
        wire: Arc<dyn Wire>,
        accounts: Accounts,
        http: reqwest::Client,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            wire,
            accounts,
            http,
            clock,
            pacer: Pacer::default(),
            attention: Arc::new(Semaphore::new(ATTENTION_MAX)),
        }
    }

    /// Shows a customer that they were heard, if the channel has such a thing. Never waits, and may do nothing.
    pub fn show_attention(&self, account: &Account, message_id: &str, address: &str) {
        if account.problem.is_some() {
            return;
        }
        let Some(call) = self.wire.heard(account, message_id, address) else {
            return;
        };
        let Ok(permit) = self.attention.clone().try_acquire_owned() else {
            return;
        };
        let http = self.http.clone();
        tokio::spawn(async move {
            // Whatever comes of it: the reply is what matters.
            let _ = exchange(&http, call, None, Instant::now() + ATTENTION_LIMIT).await;
            drop(permit);
        });
    }

    async fn deliver(&self, account: &Account, row: &OutboxRow) -> Sent {
        let calls = match self.wire.messages(account, row, self.clock.now()) {
            Ok(calls) => calls,
            Err(unsendable) => return Sent::Refused(unsendable.0),
        };
        let count = u32::try_from(calls.len()).unwrap_or(u32::MAX);
        // Not the address: it may be another with each message.
        let customer = row.pair.participant.as_str();
        let pace = pace(account, self.wire.pace());
        let asked = self.pacer.ask(
            account.channel,
            &account.id,
            customer,
            count,
            pace,
            Instant::now(),
        );
        let _leave = match asked {
            Ok(leave) => leave,
            Err(wait) => return Sent::Postponed(SignedDuration::try_from(wait).unwrap_or(RECEIPT_WITHIN)),
        };
        let until = Instant::now() + ROW_LIMIT;
        for (part, call) in (0..)
            .zip(calls)
            .skip(usize::try_from(row.parts_sent).unwrap_or(usize::MAX))
        {
            let trace = trace::onward(row.origin.trace);
            let judgement = match exchange(&self.http, call, trace, until).await {
                Heard::Answered(answered) => self.wire.judge(&answered.view()),
                Heard::Unreached(problem) => Judgement::Later { after: None, problem },
                Heard::Silence(problem) => Judgement::Unknown(problem.to_owned()),
            };
            let id = match judgement {
                Judgement::Taken(id) => id,
                other => return self.not_taken(account, other).await,
            };
            if part + 1 == count {
                return Sent::Delivered(id);
            }
            let recorded = self
                .accounts
                .store()
                .part_sent(row.id, part, id.as_deref(), self.clock.now());
            if let Err(error) = recorded.await {
                // Sent again it would be said twice; the next claim asks what is recorded.
                tracing::warn!(%error, outbox.id = %row.id, part, "cannot record a part of a reply");
                return Sent::Later {
                    after: None,
                    problem: "the store failed between two parts".to_owned(),
                };
            }
        }
        // Every part was sent before, and only the end was not recorded.
        Sent::Delivered(None)
    }

    async fn not_taken(&self, account: &Account, judgement: Judgement) -> Sent {
        match judgement {
            Judgement::Taken(id) => Sent::Delivered(id),
            Judgement::Later { after, problem } => Sent::Later {
                after: after.and_then(|wait| SignedDuration::try_from(wait).ok()),
                problem,
            },
            Judgement::Unknown(problem) => match self.wire.when_unknown() {
                WhenUnknown::SendAgain => Sent::Later { after: None, problem },
                WhenUnknown::AwaitReceipt => Sent::Unknown(RECEIPT_WITHIN),
                WhenUnknown::Leave => Sent::Refused(format!(
                    "nobody knows whether the channel has it ({problem}); it is not sent twice unless an operator says so"
                )),
            },
            Judgement::Refused(problem) => Sent::Refused(problem),
            Judgement::AccountStopped(problem) => {
                tracing::error!(channel = %account.channel, account = %account.id, problem, "an account is stopped until an operator has seen to it");
                let stopped = self.accounts.store().stop_account(
                    account.channel,
                    &account.id,
                    Some(&problem),
                    self.clock.now(),
                );
                if let Err(error) = stopped.await {
                    tracing::warn!(%error, "cannot record that an account is stopped");
                }
                self.accounts.forget(account.channel, &account.id);
                Sent::Postponed(STOPPED_FOR)
            }
        }
    }
}

/// An account's own pace, if its settings name one, within what makes sense.
fn pace(account: &Account, usual: Pace) -> Pace {
    let own = account
        .setting("sends_per_second")
        .and_then(|text| text.parse::<f64>().ok());
    Pace {
        per_second: own
            .filter(|rate| (0.01..=10_000.0).contains(rate))
            .unwrap_or(usual.per_second),
        ..usual
    }
}

#[async_trait]
impl Sender for Provider {
    fn channel(&self) -> Channel {
        self.wire.channel()
    }

    async fn send(&self, row: &OutboxRow) -> Sent {
        let Some(reach) = &row.reach else {
            return Sent::Refused("it says not where it goes".to_owned());
        };
        let found = self.accounts.find(row.channel, &reach.account).await;
        match found {
            Ok(Some(account)) if account.problem.is_some() => Sent::Postponed(STOPPED_FOR),
            Ok(Some(account)) => self.deliver(&account, row).await,
            Ok(None) => Sent::Refused(format!("there is no account {} any more", reach.account)),
            Err(error) => {
                tracing::warn!(%error, "cannot look an account up");
                Sent::Postponed(STOPPED_FOR)
            }
        }
    }
}
