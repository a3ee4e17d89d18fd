//! From what happened at a channel to what is safe: messages in the inbox, receipts and redactions done, and then the
//! conversations rung.
//!
//! The order is that of the promise. There must be room in a conversation before its message is made durable, because
//! what is refused must not be stored; and it must be durable before its conversation hears of it, because an answer to
//! a message that is lost would be the answer to nothing. A message that finds no room spoils no other: those that did
//! are safe, and when the provider delivers all of it again they are duplicates.
//!
//! What comes too often, or finds its own conversation full, is made safe all the same and waits (`kept`). Only a full
//! house sends a provider away.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use moka::sync::Cache;
use sha2::{Digest as _, Sha256};
use tracing::Span;

use super::files::files;
use super::intake::{Happening, Saying, short_id};
use super::kept::Kept;
use crate::accounts::{Account, Accounts};
use crate::attachments::Bell;
use crate::clock::Clock;
use crate::conversation::{Conversations, Refused, Reserved};
use crate::rates::{Over, Rates};
use crate::store::{self, Acceptance, Attachment, DeliveryReceipt, Inbound, MessageKey, Sighting, Store};
use crate::telemetry::metrics::{self, Limited, Told};
use crate::text::normalised;
use crate::types::{AccountId, Channel, MessageId, Pair, ParticipantId, Trace};

/// The longest text of a message, in characters: longer than any channel's.
const TEXT_CHARS_MAX: usize = 20_000;

/// Names that are remembered with the participant whose they are.
const NAMES_MAX: u64 = 100_000;

/// How long a name is remembered. Another process, or an operator, may join two participants meanwhile; what comes in
/// under the old name until then is handed over by its conversation.
const NAMES_KEPT: Duration = Duration::from_secs(60);

/// When a provider should bring again what could not even be kept.
const COME_AGAIN: Duration = Duration::from_secs(5);

/// How long a pause may take to be written down.
const PAUSE_WAIT: Duration = Duration::from_secs(5);

/// What became of a request that was genuine.
#[derive(Debug)]
pub(super) enum Accepted {
    /// All of it is safe.
    All,
    /// Some of it found no room, or the store failed; what is safe stays safe. The provider should come again.
    Partly(Refused),
}

/// Told of a message that is safe and was not before, to show its sender that it was heard.
pub type Heard = Arc<dyn Fn(&Arc<Account>, &MessageId, &str) + Send + Sync>;

/// Puts what happened where it belongs.
pub(super) struct Acceptor {
    pub(super) accounts: Accounts,
    pub(super) store: Arc<dyn Store>,
    pub(super) conversations: Conversations,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) heard: Heard,
    /// Rung when there are files to fetch; absent where there is no bucket for them.
    pub(super) attachments: Option<Bell>,
    pub(super) rates: Rates,
    kept: Kept,
    names: Cache<(Channel, AccountId, String), ParticipantId>,
}

impl Acceptor {
    pub(super) fn new(
        accounts: Accounts,
        store: Arc<dyn Store>,
        conversations: Conversations,
        rates: Rates,
        clock: Arc<dyn Clock>,
        heard: Heard,
        attachments: Option<Bell>,
    ) -> Self {
        Self {
            kept: Kept::new(conversations.clone(), rates.clone()),
            rates,
            accounts,
            store,
            conversations,
            clock,
            heard,
            attachments,
            names: Cache::builder()
                .max_capacity(NAMES_MAX)
                .time_to_live(NAMES_KEPT)
                .build(),
        }
    }

    /// `trace` is that of the request.
    pub(super) async fn accept(
        &self,
        account: &Arc<Account>,
        happenings: Vec<Happening>,
        trace: Option<Trace>,
    ) -> Accepted {
        match self.try_accept(account, happenings, trace).await {
            Ok(None) => Accepted::All,
            Ok(Some(refused)) => Accepted::Partly(refused),
            Err(error) => Accepted::Partly(error.into()),
        }
    }

    /// Answers with why a message found no room, if one did.
    async fn try_accept(
        &self,
        account: &Arc<Account>,
        happenings: Vec<Happening>,
        trace: Option<Trace>,
    ) -> store::Result<Option<Refused>> {
        let now = self.clock.now();
        let sorted = Sorted::of(account, happenings, now);
        for aliases in sorted.known {
            self.recognise(account, &[aliases], now).await?;
        }
        // Before what the customer says to the person.
        let unpaused = self.pause(account, sorted.staff, now).await?;
        let refused = self.take(account, sorted.sayings, trace, now).await?.or(unpaused);
        let channels = self.accounts.store();
        for message_id in &sorted.unsaid {
            channels.redact(&key(account, message_id)).await?;
            self.conversations.took_back();
        }
        if !sorted.receipts.is_empty() {
            channels.receipts(sorted.receipts).await?;
        }
        if let Some(problem) = sorted.stopped {
            tracing::error!(channel = %account.channel, account = %account.id, problem, "the provider stopped an account");
            channels
                .stop_account(account.channel, &account.id, Some(&problem), now)
                .await?;
            self.accounts.forget(account.channel, &account.id);
        }
        Ok(refused)
    }

    /// Has the bot be silent where a person answers. Only then is the provider told that it was heard, so that it comes
    /// again with what could not be kept.
    async fn pause(
        &self,
        account: &Arc<Account>,
        staff: Vec<(Vec<String>, Timestamp)>,
        now: Timestamp,
    ) -> store::Result<Option<Refused>> {
        let Some(pause) = account.pause() else {
            return Ok(None);
        };
        let (mut customers, mut ends) = (Vec::new(), Vec::new());
        for (aliases, at) in staff {
            let until = at.saturating_add(pause).unwrap_or(Timestamp::MAX);
            // One that comes very late has nothing to say any more.
            if until > now {
                customers.push(aliases);
                ends.push(until);
            }
        }
        if customers.is_empty() {
            return Ok(None);
        }
        let mut refused = None;
        for (participant, until) in self
            .recognise(account, &customers, now)
            .await?
            .into_iter()
            .zip(ends)
        {
            let pair = Pair {
                business: account.business.clone(),
                participant,
            };
            let paused = self.conversations.staff_spoke(&pair, until, PAUSE_WAIT).await;
            refused = refused.or(paused.err());
        }
        Ok(refused)
    }

    async fn take(
        &self,
        account: &Arc<Account>,
        sayings: Vec<Saying>,
        trace: Option<Trace>,
        now: Timestamp,
    ) -> store::Result<Option<Refused>> {
        let names: Vec<Vec<String>> = sayings.iter().map(|saying| saying.aliases.clone()).collect();
        let participants = self.recognise(account, &names, now).await?;
        let pairs: Vec<Pair> = participants
            .iter()
            .map(|participant| Pair {
                business: account.business.clone(),
                participant: participant.clone(),
            })
            .collect();
        let over = self.rates.messages(account.through(), &pairs).await;
        let mut refused = None;
        let mut places: Vec<(Place, Span)> = Vec::with_capacity(sayings.len());
        let mut messages: Vec<Inbound> = Vec::with_capacity(sayings.len());
        let mut attached: Vec<Attachment> = Vec::new();
        for ((saying, pair), over) in sayings.into_iter().zip(pairs).zip(over) {
            // Open until its message is with its conversation, or with what waits.
            let accept = tracing::debug_span!("accept", conversation = %pair.conversation(), channel = %account.channel);
            match self.place(account, &pair, over).await {
                Ok(place) => {
                    let message = Inbound {
                        trace,
                        ..inbound(account, &saying, pair.participant, now)
                    };
                    places.push((place, accept));
                    attached.extend(files(&saying, &message));
                    messages.push(message);
                }
                Err(why) => refused = Some(why),
            }
        }
        if messages.is_empty() {
            return Ok(refused);
        }
        let bell = self.attachments.as_ref().filter(|_| !attached.is_empty());
        if bell.is_some() {
            // Before the messages: what was acknowledged has its files recorded.
            self.accounts.store().attach(attached).await?;
        }
        let accepted = self.store.accept(messages.clone()).await?;
        if let Some(ring) = bell {
            ring();
        }
        for ((message, (place, _accept)), acceptance) in messages.into_iter().zip(places).zip(accepted) {
            if acceptance == Acceptance::Duplicate {
                metrics::inbox_duplicate(account.channel);
                continue;
            }
            match place {
                Place::Now(place) => {
                    let address = message.address.as_deref().unwrap_or_default();
                    (self.heard)(account, &message.key.message_id, address);
                    place.deliver(message);
                }
                Place::Later(wait) => self.kept.ring_later(message.pair(), account, wait),
            }
        }
        Ok(refused)
    }

    /// Where a message goes once it is safe: into its conversation, or, where that is too much now, to what waits.
    async fn place(&self, account: &Arc<Account>, pair: &Pair, over: Option<Over>) -> Result<Place, Refused> {
        let (scope, wait) = match over {
            Some(over) => (Some(over.scope), over.retry_after),
            // Nobody overtakes their own messages.
            None if self.kept.holds(pair) => (None, Duration::ZERO),
            None => match self.conversations.reserve(pair).await {
                Ok(place) => return Ok(Place::Now(place)),
                Err(Refused::PairBusy { retry_after }) => (None, retry_after),
                Err(why) => return Err(why),
            },
        };
        let may_keep = self.rates.may_keep(account.through());
        if let Some(scope) = scope {
            let result = if may_keep { Limited::Kept } else { Limited::Refused };
            metrics::limited(scope, result);
        }
        if may_keep {
            Ok(Place::Later(wait))
        } else {
            Err(Refused::PairBusy {
                retry_after: wait.max(COME_AGAIN),
            })
        }
    }

    /// Whose these are, in the same order.
    async fn recognise(
        &self,
        account: &Account,
        names: &[Vec<String>],
        now: Timestamp,
    ) -> store::Result<Vec<ParticipantId>> {
        let mut known: Vec<Option<ParticipantId>> = names
            .iter()
            .map(|aliases| self.remembered(account, aliases))
            .collect();
        let unknown: Vec<(usize, Sighting)> = (0..)
            .zip(names)
            .filter(|(at, _)| known.get(*at).is_some_and(Option::is_none))
            .map(|(at, aliases)| (at, sighting(account, aliases)))
            .collect();
        if !unknown.is_empty() {
            let channels = self.accounts.store();
            let sightings = unknown.iter().map(|(_, sighting)| sighting.clone()).collect();
            let recognised = channels.recognise(sightings, now).await?;
            for ((at, sighting), one) in unknown.into_iter().zip(recognised) {
                // Only now both names were told together: they are one person, and their conversations become one.
                for other in &one.also {
                    channels
                        .join(&account.business, other, &one.participant, now)
                        .await?;
                }
                if !one.also.is_empty() {
                    self.names.invalidate_all();
                }
                for alias in sighting.aliases {
                    self.names.insert(
                        (account.channel, account.id.clone(), alias),
                        one.participant.clone(),
                    );
                }
                if let Some(place) = known.get_mut(at) {
                    *place = Some(one.participant);
                }
            }
        }
        Ok(known
            .into_iter()
            .zip(names)
            .map(|(participant, aliases)| participant.unwrap_or_else(|| newcomer(account, aliases)))
            .collect())
    }

    /// The participant that every alias is remembered to be.
    fn remembered(&self, account: &Account, aliases: &[String]) -> Option<ParticipantId> {
        let mut whose = None;
        for alias in aliases {
            let name = (account.channel, account.id.clone(), alias.clone());
            let participant = self.names.get(&name)?;
            if whose.as_ref().is_some_and(|other| *other != participant) {
                return None;
            }
            whose = Some(participant);
        }
        whose
    }
}

/// Where a message goes once it is safe.
enum Place {
    /// Into its conversation.
    Now(Reserved),
    /// To what waits, for so long at least.
    Later(Duration),
}

/// What happened, by what is to be done about it.
#[derive(Default)]
struct Sorted {
    sayings: Vec<Saying>,
    unsaid: Vec<String>,
    known: Vec<Vec<String>>,
    /// Customers to whom a person wrote, and when.
    staff: Vec<(Vec<String>, Timestamp)>,
    receipts: Vec<DeliveryReceipt>,
    stopped: Option<String>,
}

impl Sorted {
    fn of(account: &Account, happenings: Vec<Happening>, now: Timestamp) -> Self {
        let mut sorted = Self::default();
        for happening in happenings {
            let told = sorted.take(account, happening, now);
            metrics::told(account.channel, told);
        }
        sorted
    }

    fn take(&mut self, account: &Account, happening: Happening, now: Timestamp) -> Told {
        match happening {
            Happening::Said(saying) if saying.aliases.is_empty() => {
                broken(account, "a message has no sender")
            }
            Happening::Said(saying) if saying.text.chars().count() > TEXT_CHARS_MAX => {
                broken(account, "a message's text is longer than any may be")
            }
            Happening::Said(saying) => {
                self.sayings.push(*saying);
                Told::Message
            }
            Happening::Unsaid { message_id } => {
                self.unsaid.push(message_id);
                Told::Unsaid
            }
            Happening::Known { aliases } if aliases.len() < 2 => Told::System,
            Happening::Known { aliases } => {
                self.known.push(aliases);
                Told::System
            }
            Happening::Staff { aliases, at } => {
                self.staff.push((aliases, at.unwrap_or(now).min(now)));
                Told::Echo
            }
            Happening::Receipt(receipt) => {
                self.receipts.push(DeliveryReceipt {
                    channel: account.channel,
                    account: account.id.clone(),
                    of: receipt.of,
                    status: receipt.status,
                    problem: receipt.problem,
                    at: receipt.at.unwrap_or(now),
                });
                Told::Receipt
            }
            Happening::Stopped { problem } => {
                self.stopped = Some(problem);
                Told::Stopped
            }
            Happening::Ignored(kind) => match kind {
                "reaction" => Told::Reaction,
                "echo" => Told::Echo,
                "standby" => Told::Standby,
                "system" => Told::System,
                "bot" => Told::Bot,
                _ => Told::Other,
            },
            Happening::Broken { problem } => broken(account, &problem),
        }
    }
}

fn broken(account: &Account, problem: &str) -> Told {
    tracing::warn!(channel = %account.channel, account = %account.id, problem, "an event cannot be read");
    Told::Broken
}

fn sighting(account: &Account, aliases: &[String]) -> Sighting {
    Sighting {
        business: account.business.clone(),
        channel: account.channel,
        account: account.id.clone(),
        aliases: aliases.to_vec(),
        new: newcomer(account, aliases),
    }
}

/// Who somebody becomes whom nobody knows: computed, so that two who meet them at once give them the same name.
fn newcomer(account: &Account, aliases: &[String]) -> ParticipantId {
    let alias = aliases.first().map_or("", String::as_str);
    let (channel, name) = (account.channel, &account.id);
    let named = ParticipantId::new(format!("{channel}:{name}:{alias}"));
    // Longer than a name may be, or with a character that none may have.
    named.unwrap_or_else(|_| {
        let hash = Sha256::digest(format!("{name}\u{1f}{alias}"));
        ParticipantId::new(format!("{channel}:{}", hex::encode(hash))).unwrap_or_else(|_| {
            unreachable!("a channel's name and hexadecimal digits are printable and short")
        })
    })
}

/// The key of a message. An id that cannot be kept as it is gets what is computed from it.
fn key(account: &Account, message_id: &str) -> MessageKey {
    let id = MessageId::new(short_id(message_id)).unwrap_or_else(|_| {
        MessageId::new(format!("sha256:{}", hex::encode(Sha256::digest(message_id))))
            .unwrap_or_else(|_| unreachable!("hexadecimal digits are printable and short"))
    });
    MessageKey {
        channel: account.channel,
        account: account.id.to_string(),
        message_id: id,
    }
}

fn inbound(account: &Account, saying: &Saying, participant: ParticipantId, now: Timestamp) -> Inbound {
    let mut attachments = serde_json::to_value(&saying.attachments).unwrap_or_default();
    crate::text::normalise_json(&mut attachments);
    Inbound {
        key: key(account, &saying.message_id),
        business: account.business.clone(),
        participant,
        text: normalised(&saying.text),
        attachments: (!saying.attachments.is_empty()).then(|| attachments.to_string()),
        address: Some(normalised(&saying.address)),
        // A provider's clock is believed, but nobody writes from the future.
        sent_at: saying.sent_at.map(|at| at.min(now)),
        received_at: now,
        trace: None,
    }
}
