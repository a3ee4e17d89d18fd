//! A house of conversations in memory: people talk, and the test says what goes wrong.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
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
use crate::telemetry::metrics::LlmOutcome;
use crate::types::{BusinessId, Channel, ConversationId, MessageId, Pair, ParticipantId};
use crate::understanding::rules::Rules;
use crate::understanding::scene::{GoalSaid, Speaker};
use crate::understanding::{Heard, ModelUse, Scene, Understanding, Understood};

/// What the business offers.
pub(super) const CATALOGUE: &str = include_str!("../../../examples/lotus-nails.toml");

/// How long a sender waits for an answer.
pub(super) const WAIT: Duration = Duration::from_secs(30);

/// Understands by rules; but "slow" waits at a gate, and "poison" panics. Told to, it asks a model first, which has the
/// last word of the rules, and takes no longer than it may.
pub(super) struct Mind {
    rules: Rules,
    gate: Semaphore,
    asks_a_model: AtomicBool,
    scenes: Mutex<Vec<Noted>>,
    given_up: AtomicUsize,
}

/// What a model was told.
#[derive(Debug, Clone)]
pub(super) struct Noted {
    pub(super) text: String,
    pub(super) history: Vec<(Speaker, String)>,
    pub(super) goals: Vec<GoalSaid>,
    pub(super) question: Option<String>,
    pub(super) answers: Vec<(String, String)>,
    pub(super) model: Option<String>,
    pub(super) time_left: Duration,
}

/// Counts a call that was given up.
struct Call<'a>(Option<&'a AtomicUsize>);

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if let Some(given_up) = self.0 {
            given_up.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Mind {
    fn new() -> Self {
        Self {
            rules: Rules::new(),
            gate: Semaphore::new(0),
            asks_a_model: AtomicBool::new(false),
            scenes: Mutex::default(),
            given_up: AtomicUsize::new(0),
        }
    }

    /// Lets `n` slow messages pass.
    pub(super) fn release(&self, n: usize) {
        self.gate.add_permits(n);
    }

    /// Asks a model from now on.
    pub(super) fn ask_a_model(&self) {
        self.asks_a_model.store(true, Ordering::Relaxed);
    }

    /// What the model was told so far.
    pub(super) fn noted(&self) -> Vec<Noted> {
        self.scenes.lock().unwrap().clone()
    }

    /// The texts that the model was asked about.
    pub(super) fn asked(&self) -> Vec<String> {
        self.noted().into_iter().map(|noted| noted.text).collect()
    }

    /// Calls that were given up.
    pub(super) fn given_up(&self) -> usize {
        self.given_up.load(Ordering::Relaxed)
    }

    fn note(&self, text: &str, scene: &Scene<'_>) {
        self.scenes.lock().unwrap().push(Noted {
            text: text.to_owned(),
            history: scene.history.iter().map(|l| (l.by, l.text.clone())).collect(),
            goals: scene.goals.clone(),
            question: scene.question.map(ToOwned::to_owned),
            answers: scene
                .answers
                .iter()
                .map(|a| (a.key.to_owned(), a.answer.to_owned()))
                .collect(),
            model: scene.model.map(ToOwned::to_owned),
            time_left: scene.time_left,
        });
    }
}

#[async_trait]
impl Understanding for Mind {
    fn needs_scene(&self) -> bool {
        self.asks_a_model.load(Ordering::Relaxed)
    }

    async fn understand(&self, heard: Heard<'_>) -> Understood {
        let mut outcome = LlmOutcome::Ok;
        if let Some(scene) = heard.scene {
            self.note(heard.text, scene);
        }
        if heard.text.contains("slow") {
            let limit = heard.scene.map_or(Duration::MAX, |scene| scene.time_left);
            let mut call = Call(Some(&self.given_up));
            match tokio::time::timeout(limit, self.gate.acquire()).await {
                Ok(passed) => passed.unwrap().forget(),
                Err(_) => outcome = LlmOutcome::Timeout,
            }
            call.0 = None;
        }
        assert!(!heard.text.contains("poison"), "a message that breaks its turn");
        let mut understood = self.rules.understand(heard).await;
        if heard.scene.is_some() {
            understood.model = Some(Box::new(ModelUse {
                model: "small-model".to_owned(),
                prompt: "7",
                variant: Some("a".to_owned()),
                outcome,
                input_tokens: 100,
                output_tokens: 10,
                took: Duration::from_millis(1_500),
                request_id: Some("request-1".to_owned()),
                wording: None,
            }));
            if outcome == LlmOutcome::Ok {
                understood.engine = "small-model".into();
            }
        }
        understood
    }
}

/// A cache that does as it is told.
#[derive(Default)]
pub(super) struct FakeCache {
    entries: Mutex<HashMap<ConversationId, Cached>>,
    pub(super) is_broken: AtomicBool,
    pub(super) is_left_alone: AtomicBool,
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
    pub(super) listeners: crate::accounts::Listeners,
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
        address: None,
        sent_at: None,
        received_at: now(),
        trace: None,
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

    /// One that asks a model.
    pub(super) async fn with_a_model() -> Self {
        let house = Self::open().await;
        house.mind.ask_a_model();
        house
    }

    /// A process that sees the store through another one.
    pub(super) async fn through(seen: Arc<dyn Store>, store: Arc<FakeStore>, limits: Limits) -> Self {
        Self::selling(CATALOGUE, seen, store, limits).await
    }

    /// One whose business offers something else.
    pub(super) async fn selling(
        catalogue: &str,
        seen: Arc<dyn Store>,
        store: Arc<FakeStore>,
        limits: Limits,
    ) -> Self {
        let catalogue = Catalogue::from_toml(catalogue).unwrap();
        let businesses = Businesses::new(seen.clone());
        businesses.put(catalogue, now()).await.unwrap();
        let mind = Arc::new(Mind::new());
        let (local, shared) = (Arc::<FakeCache>::default(), Arc::<FakeCache>::default());
        let clock = Arc::new(ManualClock::at(now()));
        let listeners = crate::accounts::Listeners::default();
        let parts = Parts {
            store: seen,
            businesses,
            understanding: mind.clone(),
            clock: clock.clone(),
            local: local.clone(),
            shared: Some(shared.clone()),
            limits,
            outbox_bell: Arc::new(|| {}),
            listeners: listeners.clone(),
        };
        Self {
            listeners,
            conversations: Conversations::open(parts).await.unwrap(),
            store,
            mind,
            local,
            shared,
            clock,
        }
    }

    /// A business of that id, too, which offers the same.
    pub(super) async fn also_has(&self, id: &str) {
        let text = CATALOGUE.replace("demo-salon", id);
        let catalogue = Catalogue::from_toml(&text).unwrap();
        assert_eq!(catalogue.id.as_str(), id);
        let businesses = &self.conversations.services.businesses;
        businesses.put(catalogue, now()).await.unwrap();
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
