//! A whole front desk without HTTP: the real actor, the real store, a clock that is moved by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use frontdesk::booking::Catalogue;
use frontdesk::booking::appointment::Appointment;
use frontdesk::booking::availability::{self, Question};
use frontdesk::booking::visit::{NewAppointment, StaffWish, wish_for};
use frontdesk::clock::{Clock, ManualClock};
use frontdesk::conversation::{Answer, Business, Businesses, Conversations, Limits, Parts, Said, Sweep};
use frontdesk::dialogue::Context;
use frontdesk::store::cache::local::Bounds;
use frontdesk::store::cache::redis::{self, Address};
use frontdesk::store::cache::{ContextCache, LocalCache, RedisCache};
use frontdesk::store::postgres::PostgresStore;
use frontdesk::store::sqlite::{Options, SqliteStore};
use frontdesk::store::{
    Actor, AppointmentQuery, Change, ChangeOutcome, Direction, Inbound, MessageKey, Store, TranscriptEntry,
};
use frontdesk::types::{AppointmentId, Channel, MessageId, Pair, ParticipantId, ResourceId, ServiceId};
use frontdesk::understanding::Understanding;
use frontdesk::understanding::llm::{self, Mode, WithModel};
use frontdesk::understanding::rules::Rules;
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::model::{Script, Scripted};
use super::postgres::Database;
use super::redis::Redis;

/// How long an answer may take before a test gives up.
const WAIT: Duration = Duration::from_secs(20);

pub(crate) struct Desk {
    pub store: Arc<dyn Store>,
    pub businesses: Businesses,
    pub conversations: Conversations,
    pub clock: Arc<ManualClock>,
    pub business: Arc<Business>,
    messages: AtomicU64,
    twice: bool,
    model: Option<Arc<Scripted>>,
    _house: House,
}

/// Where a desk keeps things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In an SQLite file.
    Sqlite,
    /// In PostgreSQL, with contexts remembered in Redis.
    Postgres,
}

/// How people talk to a desk, and how it listens.
#[derive(Debug, Clone)]
pub(crate) struct Manner {
    pub place: Place,
    /// How long it waits for more messages.
    pub burst: Duration,
    /// Every message is delivered twice, at the same time.
    pub twice: bool,
    /// The model that is asked about every message; none: the rules are alone.
    pub model: Option<Arc<Scripted>>,
    /// How long a turn may take to be understood.
    pub understanding: Duration,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            place: Place::Sqlite,
            burst: Duration::ZERO,
            twice: false,
            model: None,
            understanding: Limits::default().understanding,
        }
    }
}

impl Manner {
    fn ear(&self) -> Arc<dyn Understanding> {
        let Some(model) = &self.model else {
            return Arc::new(Rules::new());
        };
        let options = llm::Options {
            mode: Mode::Always,
            model: "scripted".to_owned(),
            ..llm::Options::default()
        };
        Arc::new(WithModel::new(Arc::clone(model) as Arc<dyn llm::Chat>, options))
    }
}

/// What goes away with a desk.
enum House {
    Folder(#[expect(dead_code, reason = "it is removed with the desk")] TempDir),
    Servers(#[expect(dead_code, reason = "they end with the desk")] Box<(Database, Redis)>),
}

/// Opens the place: its store, and its shared cache if it has one.
async fn furnish(place: Place) -> (House, Arc<dyn Store>, Option<Arc<dyn ContextCache>>) {
    match place {
        Place::Sqlite => {
            let folder = TempDir::new().unwrap();
            let options = Options::file(folder.path().join("frontdesk.db"));
            let store = SqliteStore::open(&options).await.unwrap();
            (House::Folder(folder), Arc::new(store), None)
        }
        Place::Postgres => {
            let (database, redis) = (Database::new().await, Redis::start());
            let store = PostgresStore::open(&database.options()).await.unwrap();
            let options = redis::Options {
                address: Address {
                    nodes: vec![redis.url().into()],
                    is_cluster: false,
                    ca: None,
                },
                limit: Duration::from_millis(500),
                ttl: Duration::from_secs(3600),
            };
            let cache = RedisCache::open(&options).await.unwrap();
            let house = House::Servers(Box::new((database, redis)));
            (house, Arc::new(store), Some(Arc::new(cache)))
        }
    }
}

impl Desk {
    /// A desk for one business, at a local time.
    pub(crate) async fn open(catalogue: Catalogue, now: DateTime, manner: Manner) -> Self {
        let (house, store, shared) = furnish(manner.place).await;
        let understanding = manner.ear();
        let burst = manner.burst;
        let now = catalogue.time_zone.to_timestamp(now).unwrap();
        let clock = Arc::new(ManualClock::at(now));
        let businesses = Businesses::new(store.clone());
        let business = businesses.put(catalogue, now).await.unwrap();
        let parts = Parts {
            store: store.clone(),
            businesses: businesses.clone(),
            understanding,
            clock: clock.clone(),
            local: Arc::new(LocalCache::new(Bounds {
                entries_max: 100,
                bytes_max: 1 << 20,
                idle: Duration::from_secs(3600),
            })),
            shared,
            limits: Limits {
                burst: Arc::new(move |_| (burst, burst * 4)),
                understanding: manner.understanding,
                ..Limits::default()
            },
            outbox_bell: Arc::new(|| {}),
            listeners: frontdesk::accounts::Listeners::default(),
        };
        let conversations = Conversations::open(parts).await.unwrap();
        let messages = AtomicU64::new(0);
        Self {
            store,
            businesses,
            conversations,
            clock,
            business,
            messages,
            twice: manner.twice,
            model: manner.model,
            _house: house,
        }
    }

    pub(crate) const fn has_model(&self) -> bool {
        self.model.is_some()
    }

    /// What the model does from now on, if there is one.
    pub(crate) fn model_does(&self, script: Script) {
        if let Some(model) = &self.model {
            model.does(script);
        }
    }

    pub(crate) fn pair(&self, who: &str) -> Pair {
        Pair {
            business: self.business.catalogue.id.clone(),
            participant: ParticipantId::new(who).unwrap(),
        }
    }

    /// A message of somebody, not delivered yet.
    pub(crate) fn message(&self, who: &str, text: &str) -> Inbound {
        let Pair {
            business,
            participant,
        } = self.pair(who);
        let number = self.messages.fetch_add(1, Ordering::Relaxed);
        Inbound {
            key: MessageKey {
                channel: Channel::Api,
                account: format!("{business}/{participant}"),
                message_id: MessageId::new(format!("m{number}")).unwrap(),
            },
            business,
            participant,
            text: text.to_owned(),
            attachments: None,
            address: None,
            sent_at: None,
            received_at: self.clock.now(),
            trace: None,
        }
    }

    /// Somebody says something and is answered.
    pub(crate) async fn say(&self, who: &str, text: &str) -> Answer {
        let message = self.message(who, text);
        if !self.twice {
            return self.answered(message).await;
        }
        let (one, two) = tokio::join!(self.deliver(message.clone()), self.deliver(message.clone()));
        let third = self.deliver(message).await;
        let (first, again) = match (one, two) {
            (Said::Answered(first), again) | (again, Said::Answered(first)) => (first, again),
            other => panic!("neither delivery was answered: {other:?}"),
        };
        let expected = Answer {
            duplicate: true,
            ..first.clone()
        };
        for again in [again, third] {
            assert_eq!(
                again,
                Said::Duplicate(expected.clone()),
                "a second delivery is answered as the first was"
            );
        }
        first
    }

    /// Somebody says several things before an answer comes; `meanwhile` while the model is asked about the others.
    pub(crate) async fn say_quickly(&self, who: &str, texts: &[&str], meanwhile: &[&str]) -> Vec<Answer> {
        let message = |text: &&str| self.message(who, text);
        let messages: Vec<Inbound> = texts.iter().map(message).collect();
        let late: Vec<Inbound> = meanwhile.iter().map(message).collect();
        if !late.is_empty() {
            self.model.as_ref().expect("a model").hold_the_next_call();
        }
        let mut waiting = self.hand_over(&messages).await;
        if !late.is_empty() {
            self.model.as_ref().expect("a model").is_asked().await;
            waiting.extend(self.hand_over(&late).await);
        }
        let mut answers = Vec::new();
        for said in waiting {
            match said.await.unwrap() {
                Said::Answered(answer) => answers.push(answer),
                other => panic!("expected an answer, got {other:?}"),
            }
        }
        if self.twice {
            for (message, answer) in messages.into_iter().chain(late).zip(&answers) {
                let expected = Answer {
                    duplicate: true,
                    ..answer.clone()
                };
                assert_eq!(self.deliver(message).await, Said::Duplicate(expected));
            }
        }
        answers
    }

    async fn hand_over(&self, messages: &[Inbound]) -> Vec<JoinHandle<Said>> {
        let mut waiting = Vec::new();
        for message in messages {
            let (conversations, message) = (self.conversations.clone(), message.clone());
            waiting.push(tokio::spawn(async move {
                conversations.say(message, WAIT).await.unwrap()
            }));
            // Lets the task hand its message over before the next one does.
            tokio::task::yield_now().await;
        }
        waiting
    }

    async fn deliver(&self, message: Inbound) -> Said {
        self.conversations.say(message, WAIT).await.unwrap()
    }

    async fn answered(&self, message: Inbound) -> Answer {
        match self.deliver(message).await {
            Said::Answered(answer) => answer,
            other => panic!("expected an answer, got {other:?}"),
        }
    }

    /// An appointment made at the desk, not by chat.
    pub(crate) async fn book(
        &self,
        who: &str,
        service: &str,
        staff: Option<&str>,
        start: DateTime,
        people: u32,
    ) -> Appointment {
        let catalogue = &self.business.catalogue;
        let services = [ServiceId::new(service).unwrap()];
        let staff = staff.map_or(StaffWish::Anyone, |id| {
            StaffWish::Only(ResourceId::new(id).unwrap())
        });
        let wish = wish_for(catalogue, &services, &staff, people);
        let calendar = self
            .businesses
            .calendar(&self.business, self.clock.now())
            .await
            .unwrap();
        let start = catalogue.time_zone.to_timestamp(start).unwrap();
        // A desk may book what a customer may not (short notice), so it looks from far before.
        let now = start - SignedDuration::from_hours(24 * 30);
        let question = Question {
            catalogue,
            calendar: &calendar,
            wish: &wish,
            now,
            ignoring: &[],
        };
        let plan = availability::check(question, start).unwrap_or_else(|refusal| panic!("{refusal:?}"));
        let id = AppointmentId(Uuid::from_u128(
            u128::from(self.messages.fetch_add(1, Ordering::Relaxed)) + 1,
        ));
        let new = NewAppointment {
            id,
            participant: ParticipantId::new(who).unwrap(),
            hold_expires_at: None,
            goal: None,
        };
        let appointment = plan.new_appointment(catalogue, &wish, new);
        let change = Change::Book {
            appointment,
            actor: Actor::Operator,
            idempotency_key: None,
        };
        match self
            .store
            .change(&catalogue.id, change, self.clock.now())
            .await
            .unwrap()
        {
            ChangeOutcome::Done(appointment) => {
                self.conversations.calendar_changed(&catalogue.id);
                appointment
            }
            other => panic!("the desk could not book: {other:?}"),
        }
    }

    /// The desk calls off somebody's next appointment.
    pub(crate) async fn cancel(&self, who: &str) {
        use frontdesk::booking::Status;
        let next = self
            .appointments(who)
            .await
            .into_iter()
            .next()
            .expect("an appointment to cancel");
        let change = Change::SetStatus {
            id: next.id,
            status: Status::Cancelled,
            expected_version: None,
            actor: Actor::Operator,
        };
        let id = &self.business.catalogue.id;
        let done = self.store.change(id, change, self.clock.now()).await.unwrap();
        assert!(matches!(done, ChangeOutcome::Done(_)), "{done:?}");
        self.conversations.calendar_changed(id);
    }

    /// Somebody's live appointments, by start.
    pub(crate) async fn appointments(&self, who: &str) -> Vec<Appointment> {
        let query = AppointmentQuery {
            participant: Some(ParticipantId::new(who).unwrap()),
            limit: 100,
            ..AppointmentQuery::default()
        };
        let mut all = self
            .store
            .appointments(&self.business.catalogue.id, &query)
            .await
            .unwrap();
        all.retain(|a| a.status.is_live());
        all
    }

    pub(crate) async fn transcript(&self, who: &str) -> Vec<TranscriptEntry> {
        self.store
            .messages(self.pair(who).conversation(), None, 200)
            .await
            .unwrap()
    }

    /// What the bot said last, once it has said `count` things in all.
    pub(crate) async fn hears(&self, who: &str, count: usize) -> TranscriptEntry {
        let deadline = tokio::time::Instant::now() + WAIT;
        loop {
            let mut said = self.transcript(who).await;
            said.retain(|entry| entry.direction == Direction::Outbound);
            if said.len() >= count {
                return said.swap_remove(count - 1);
            }
            assert!(tokio::time::Instant::now() < deadline, "{who} heard nothing");
            tokio::task::yield_now().await;
        }
    }

    pub(crate) async fn context(&self, who: &str) -> Context {
        self.conversations
            .context(&self.pair(who))
            .await
            .unwrap()
            .map(|(_, context)| context)
            .unwrap_or_default()
    }

    /// Time passes, and what is due is done.
    pub(crate) async fn pass(&self, by: SignedDuration) {
        self.clock.advance(by);
        self.conversations.sweep(Sweep::Running).await.unwrap();
    }

    pub(crate) fn local(&self, at: Timestamp) -> DateTime {
        self.business.catalogue.time_zone.to_datetime(at)
    }
}
