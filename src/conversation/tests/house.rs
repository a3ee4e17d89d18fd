//! A house of conversations in memory: people talk, and the test says what goes wrong.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::super::actor::Message;
use super::super::{Answer, Businesses, Conversations, Limits, Parts, Refused, Said};
use super::store::FakeStore;
use crate::booking::Catalogue;
use crate::clock::ManualClock;
use crate::store::cache::{CacheError, Cached, ContextCache};
use crate::store::{Inbound, MessageKey, Store};
use crate::types::{BusinessId, Channel, ConversationId, MessageId, Pair, ParticipantId};
use crate::understanding::rules::Rules;
use crate::understanding::{Heard, Understanding, Understood};

/// How long a sender waits for an answer.
pub(super) const WAIT: Duration = Duration::from_secs(30);

/// Understands by rules; but "slow" waits at a gate, and "poison" panics.
pub(super) struct Mind {
    rules: Rules,
    gate: Semaphore,
}

impl Mind {
    /// Lets `n` slow messages pass.
    pub(super) fn release(&self, n: usize) {
        self.gate.add_permits(n);
    }
}

#[async_trait]
impl Understanding for Mind {
    async fn understand(&self, heard: Heard<'_>) -> Understood {
        if heard.text.contains("slow") {
            self.gate.acquire().await.unwrap().forget();
        }
        assert!(!heard.text.contains("poison"), "a message that breaks its turn");
        self.rules.understand(heard).await
    }
}

/// A cache that does as it is told.
#[derive(Default)]
pub(super) struct FakeCache {
    entries: Mutex<HashMap<ConversationId, Cached>>,
    pub(super) is_broken: std::sync::atomic::AtomicBool,
    pub(super) is_left_alone: std::sync::atomic::AtomicBool,
}

impl FakeCache {
    pub(super) fn remember(&self, pair: &Pair, cached: Cached) {
        self.entries.lock().unwrap().insert(pair.conversation(), cached);
    }

    pub(super) fn remembers(&self, pair: &Pair) -> Option<u64> {
        let entries = self.entries.lock().unwrap();
        entries
            .get(&pair.conversation())
            .map(|cached| cached.standing.version)
    }

    pub(super) fn get_now(&self, pair: &Pair) -> Option<Cached> {
        self.entries.lock().unwrap().get(&pair.conversation()).cloned()
    }
}

#[async_trait]
impl ContextCache for FakeCache {
    async fn get(&self, conversation: ConversationId) -> Result<Option<Cached>, CacheError> {
        if self.is_broken.load(Ordering::Relaxed) {
            return Err(CacheError::Failed("it is broken".to_owned()));
        }
        if self.is_left_alone.load(Ordering::Relaxed) {
            return Err(CacheError::Skipped);
        }
        Ok(self.entries.lock().unwrap().get(&conversation).cloned())
    }

    fn put(&self, conversation: ConversationId, cached: &Cached, json: &Arc<str>) {
        assert_eq!(
            *cached.context,
            serde_json::from_str(json).unwrap(),
            "a cache is given the same context twice"
        );
        let mut entries = self.entries.lock().unwrap();
        let newer = entries
            .get(&conversation)
            .is_none_or(|kept| kept.standing.version <= cached.standing.version);
        if newer {
            entries.insert(conversation, cached.clone());
        }
    }

    fn forget(&self, conversation: ConversationId) {
        self.entries.lock().unwrap().remove(&conversation);
    }
}

/// Counts messages of all houses, because several may stand on one store.
static MESSAGES: AtomicU64 = AtomicU64::new(0);

fn own_message(who: &str, text: &str) -> Inbound {
    let number = MESSAGES.fetch_add(1, Ordering::Relaxed);
    message(who, &format!("own-{number}"), text)
}

/// The door with everything behind it.
pub(super) struct House {
    pub(super) conversations: Conversations,
    pub(super) store: Arc<FakeStore>,
    pub(super) mind: Arc<Mind>,
    pub(super) local: Arc<FakeCache>,
    pub(super) shared: Arc<FakeCache>,
    pub(super) clock: Arc<ManualClock>,
}

pub(super) fn now() -> Timestamp {
    "2026-11-18T15:00:00Z".parse().unwrap()
}

pub(super) fn pair(who: &str) -> Pair {
    Pair {
        business: BusinessId::new("demo-salon").unwrap(),
        participant: ParticipantId::new(who).unwrap(),
    }
}

/// A message with an id of the sender's choice.
pub(super) fn message(who: &str, id: &str, text: &str) -> Inbound {
    let Pair {
        business,
        participant,
    } = pair(who);
    Inbound {
        key: MessageKey {
            channel: Channel::Api,
            account: format!("{business}/{participant}"),
            message_id: MessageId::new(id).unwrap(),
        },
        business,
        participant,
        text: text.to_owned(),
        attachments: None,
        sent_at: None,
        received_at: now(),
    }
}

impl House {
    pub(super) async fn open() -> Self {
        Self::with(Limits::default()).await
    }

    pub(super) async fn with(limits: Limits) -> Self {
        Self::on(Arc::default(), limits).await
    }

    /// Another process on the same store.
    pub(super) async fn on(store: Arc<FakeStore>, limits: Limits) -> Self {
        Self::through(store.clone(), store, limits).await
    }

    /// A process that sees the store through another one.
    pub(super) async fn through(seen: Arc<dyn Store>, store: Arc<FakeStore>, limits: Limits) -> Self {
        let catalogue = Catalogue::from_toml(include_str!("../../../examples/lotus-nails.toml")).unwrap();
        let businesses = Businesses::new(seen.clone());
        businesses.put(catalogue, now()).await.unwrap();
        let mind = Arc::new(Mind {
            rules: Rules::new(),
            gate: Semaphore::new(0),
        });
        let (local, shared) = (Arc::<FakeCache>::default(), Arc::<FakeCache>::default());
        let clock = Arc::new(ManualClock::at(now()));
        let parts = Parts {
            store: seen,
            businesses,
            understanding: mind.clone(),
            clock: clock.clone(),
            local: local.clone(),
            shared: Some(shared.clone()),
            limits,
            outbox_bell: Arc::new(|| {}),
        };
        Self {
            conversations: Conversations::open(parts).await.unwrap(),
            store,
            mind,
            local,
            shared,
            clock,
        }
    }

    /// Somebody sends a message and waits for its answer in a task.
    pub(super) fn send(&self, message: Inbound) -> JoinHandle<Result<Said, Refused>> {
        let conversations = self.conversations.clone();
        tokio::spawn(async move { conversations.say(message, WAIT).await })
    }

    /// The same, with an id of its own; the message is on its way when this returns.
    pub(super) async fn begins(&self, who: &str, text: &str) -> JoinHandle<Result<Said, Refused>> {
        let sent = self.send(own_message(who, text));
        quiet().await;
        sent
    }

    /// Somebody says something and is answered.
    pub(super) async fn says(&self, who: &str, text: &str) -> Answer {
        answered(self.send(own_message(who, text)).await.unwrap())
    }

    /// The pair's actor is asked to make room, and does.
    pub(super) async fn leaves(&self, who: &str) {
        let router = &self.conversations.services.router;
        let actor = router.find(&pair(who)).unwrap();
        assert!(actor.send_message(Message::MakeRoom).is_ok());
        quiet().await;
        assert!(router.find(&pair(who)).is_none(), "{who} has left");
    }

    /// How many live and how many wait.
    pub(super) fn load(&self) -> (u64, u64) {
        let load = self.conversations.load();
        (load.actors, load.waiting)
    }
}

pub(super) fn answered(said: Result<Said, Refused>) -> Answer {
    match said {
        Ok(Said::Answered(answer)) => answer,
        other => panic!("not answered: {other:?}"),
    }
}

pub(super) fn text_of(answer: &Answer) -> &str {
    answer.replies.first().map_or("", |reply| reply.text.as_str())
}

/// Waits until nothing can move any more. In paused time the clock goes on only when every task waits for something
/// else than time, so this is no guess.
pub(super) async fn quiet() {
    tokio::time::sleep(Duration::from_nanos(1)).await;
}
