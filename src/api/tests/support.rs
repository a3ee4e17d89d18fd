//! A site in memory: the whole router over a store that holds one business and no conversations.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use jiff::Timestamp;
use metrics_exporter_prometheus::PrometheusBuilder;
use secrecy::SecretString;
use tower::ServiceExt;
use uuid::Uuid;

use crate::accounts::{Accounts, Field, Listeners, Sealer};
use crate::api::health::{DependencyState, NotConfigured, Probe};
use crate::api::{Api, Settings, router};
use crate::booking::Catalogue;
use crate::booking::appointment::Appointment;
use crate::clock::ManualClock;
use crate::conversation::{Businesses, Conversations, Limits, Parts};
use crate::dialogue::outcome::WaitlistEntry;
use crate::outbound::Hub;
use crate::rates::Rates;
use crate::shares::Shares;
use crate::store::cache::LocalCache;
use crate::store::cache::local::Bounds;
use crate::store::sqlite::{Options, SqliteStore};
use crate::store::{
    Acceptance, AccountRow, AppointmentEvent, AppointmentQuery, Asked, Attachment, AttachmentSettlement,
    Attempt, CalendarChanges, Change, ChangeOutcome, ChannelStore, ClaimedAttachment, CommitOutcome,
    Database, DeliveryReceipt, Direction, Error, Figures, HoldOutcome, Inbound, InboxEntry, InboxQuery,
    InboxVerdict, Joined, LinkProof, MessageKey, Opened, OutboxEntry, OutboxQuery, OutboxRow, OutboxVerdict,
    Put, Receipt, Recognised, Result, Session, Settlement, Sighting, Store, StoredAttachment, Tell,
    TranscriptEntry, TurnCommit, Unfinished,
};
use crate::types::{
    AccountId, AppointmentId, BusinessId, Channel, ConversationId, Pair, ParticipantId, SessionId, TurnId,
};
use crate::understanding::rules::Rules;
use crate::webhook::intake::Intake as _;
use crate::webhook::standard::Standard;
use crate::webhook::telegram::Telegram;

pub(super) struct Site {
    router: Router,
    /// How often somebody may come in: nobody is limited until a test says so.
    pub(super) rates: Rates,
    /// Which systems of businesses want to hear what happens, as the site knows them.
    pub(super) listeners: Listeners,
    /// Its database, where it has one.
    pub(super) database: Option<Arc<dyn Database>>,
    key: Option<String>,
}

pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    body: Vec<u8>,
}

/// Without API keys.
pub(super) async fn site() -> Site {
    build(&[], FakeStore::default(), None).await
}

/// With an API key.
pub(super) async fn locked_site(key: &str) -> Site {
    build(&[key], FakeStore::default(), None).await
}

/// With a database that does not answer until its [`Outage`] is over.
pub(super) async fn broken_site(fault: Fault) -> (Site, Outage) {
    let store = FakeStore::default();
    let outage = store.outage.clone();
    outage.begin(fault);
    (build(&[], store, None).await, outage)
}

/// How a store fails.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    Unavailable,
    OutcomeUnknown,
    Closed,
}

/// Whether, and how, a store fails at the moment.
#[derive(Clone, Default)]
pub(super) struct Outage(Arc<Mutex<Option<Fault>>>);

impl Outage {
    pub(super) fn begin(&self, fault: Fault) {
        *self.0.lock().unwrap() = Some(fault);
    }

    pub(super) fn end(&self) {
        *self.0.lock().unwrap() = None;
    }

    fn check(&self) -> Result<()> {
        let broken = || sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into());
        match *self.0.lock().unwrap() {
            None => Ok(()),
            Some(Fault::Unavailable) => Err(Error::Unavailable(broken())),
            Some(Fault::OutcomeUnknown) => Err(Error::OutcomeUnknown(broken())),
            Some(Fault::Closed) => Err(Error::Closed("for the test")),
        }
    }
}

/// With a shared cache in this state.
pub(super) async fn site_with_cache(state: DependencyState) -> Site {
    build(&[], FakeStore::default(), Some(state)).await
}

/// A dependency in a state.
struct Fixed(DependencyState);

#[async_trait]
impl Probe for Fixed {
    async fn state(&self) -> DependencyState {
        self.0
    }
}

/// With a database in memory and the demo business.
pub(super) async fn real_site() -> Site {
    real_site_with(&[], true).await
}

/// The same with these API keys, and with a key to seal secrets with or without. Every request carries the first key.
pub(super) async fn real_site_with(keys: &[&str], seals: bool) -> Site {
    let store = SqliteStore::open(&Options::new("sqlite::memory:")).await.unwrap();
    let store: Arc<dyn Database> = Arc::new(store);
    let sealing = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let sealing: Vec<SecretString> = seals.then(|| SecretString::from(sealing)).into_iter().collect();
    let accounts = Accounts::new(
        store.clone(),
        Sealer::new(&sealing).unwrap(),
        "https://desk.example.com",
    );
    let mut site = on(keys, store.clone(), accounts, None).await;
    let key = keys.first().copied();
    site.stock(key.unwrap_or("no key")).await;
    site.database = Some(store);
    site.key = key.map(str::to_owned);
    site
}

/// With an API key, this store and the demo business.
pub(super) async fn locked_site_on(key: &str, store: FakeStore) -> Site {
    let site = build(&[key], store, None).await;
    site.stock(key).await;
    site
}

async fn build(keys: &[&str], store: FakeStore, cache: Option<DependencyState>) -> Site {
    let accounts = Accounts::new(
        Arc::new(NoChannels),
        Sealer::new(&[]).unwrap(),
        "https://desk.example.com",
    );
    on(keys, Arc::new(store), accounts, cache).await
}

async fn on(
    keys: &[&str],
    store: Arc<dyn Store>,
    accounts: Accounts,
    cache: Option<DependencyState>,
) -> Site {
    let listeners = Listeners::default();
    let rates = Rates::off();
    let businesses = Businesses::new(store.clone());
    let clock = Arc::new(ManualClock::at("2026-11-18T15:00:00Z".parse().unwrap()));
    let parts = Parts {
        store: store.clone(),
        businesses: businesses.clone(),
        understanding: Arc::new(Rules::new()),
        clock: clock.clone(),
        local: Arc::new(LocalCache::new(Bounds {
            entries_max: 10,
            bytes_max: 1 << 20,
            idle: Duration::from_secs(60),
        })),
        shared: None,
        limits: Limits::default(),
        outbox_bell: Arc::new(|| {}),
        listeners: listeners.clone(),
    };
    let api = Api {
        conversations: Conversations::open(parts).await.unwrap(),
        businesses,
        store,
        clock,
        hub: Hub::new(4),
        accounts,
        fields,
        listeners: listeners.clone(),
        rates: rates.clone(),
        shares: Shares::new(16),
        cache: Arc::new(Fixed(cache.unwrap_or(DependencyState::NotConfigured))),
        llm: Arc::new(NotConfigured),
        metrics: PrometheusBuilder::new().build_recorder().handle().into(),
        settings: Settings {
            keys: keys.iter().map(|&key| SecretString::from(key)).collect(),
            message_wait: Duration::from_secs(1),
            demo_business: BusinessId::new("demo-salon").unwrap(),
            room: crate::api::door::Room::new(16),
        },
    };
    Site {
        router: router(api, Router::new()),
        rates,
        listeners,
        database: None,
        key: None,
    }
}

impl Site {
    /// Stores the demo's catalogue.
    async fn stock(&self, key: &str) {
        let demo = Catalogue::from_toml(include_str!("../../../examples/lotus-nails.toml")).unwrap();
        let document = serde_json::to_string(demo.document.as_ref()).unwrap();
        let request = Request::put("/v1/businesses/demo-salon")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {key}"))
            .body(Body::from(document))
            .unwrap();
        let stored = self.send(request).await;
        assert_eq!(stored.status, StatusCode::OK, "{}", stored.text());
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answered {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answered {
            status: parts.status,
            headers: parts.headers,
            body: body.to_vec(),
        }
    }

    pub(super) async fn get(&self, path: &str) -> Answered {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub(super) async fn json(&self, method: Method, path: &str, body: impl Into<Body>) -> Answered {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json");
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key);
        }
        self.send(request.body(body.into()).unwrap()).await
    }
}

impl Answered {
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Holds `demo-salon`, whose catalogue cannot be read, and one transcript for everybody.
#[derive(Default)]
pub(super) struct FakeStore {
    outage: Outage,
    transcript: Mutex<Vec<TranscriptEntry>>,
}

impl FakeStore {
    /// Says something: odd numbers are the customer's, even ones the bot's.
    pub(super) fn say(&self, count: u64) {
        let mut transcript = self.transcript.lock().unwrap();
        for _ in 0..count {
            let seq = transcript.len() as u64 + 1;
            let inbound = seq % 2 == 1;
            transcript.push(TranscriptEntry {
                seq,
                session: SessionId(Uuid::nil()),
                direction: if inbound {
                    Direction::Inbound
                } else {
                    Direction::Outbound
                },
                role: if inbound { "customer" } else { "bot" }.to_owned(),
                message_id: format!("m{seq}"),
                text: format!("text {seq}"),
                options: Vec::new(),
                attachments: None,
                at: Timestamp::UNIX_EPOCH,
                channel: Channel::Web,
                turn: TurnId(Uuid::nil()),
                engine: None,
                latency_ms: 0,
                asked: None,
            });
        }
    }

    /// A model was asked about the first message.
    pub(super) fn ask_a_model(&self, asked: Asked) {
        self.transcript.lock().unwrap()[0].asked = Some(Box::new(asked));
    }

    fn answer<T>(&self, value: T) -> Result<T> {
        self.outage.check().map(|()| value)
    }
}

#[async_trait]
impl Store for FakeStore {
    async fn put_business(&self, _: &BusinessId, _: &str, _: Timestamp) -> Result<u64> {
        self.answer(1)
    }
    async fn business(&self, id: &BusinessId) -> Result<Option<(u64, String)>> {
        self.answer((id.as_str() == "demo-salon").then(|| (3, r#"{"id":"demo-salon"}"#.to_owned())))
    }
    async fn businesses(&self) -> Result<Vec<BusinessId>> {
        self.answer(vec![BusinessId::new("demo-salon").unwrap()])
    }
    async fn open(&self, _: &Pair, _: Option<crate::store::Standing>) -> Result<Opened> {
        self.answer(Opened {
            standing: None,
            context: None,
            pending: Vec::new(),
            joined_into: None,
        })
    }
    async fn hand_over(&self, _: &Pair) -> Result<Option<ParticipantId>> {
        self.answer(None)
    }
    async fn commit(&self, _: TurnCommit) -> Result<CommitOutcome> {
        self.answer(CommitOutcome::AlreadyAnswered(Vec::new()))
    }
    async fn hold(&self, _: &BusinessId, _: &Pair, _: Appointment, _: Timestamp) -> Result<HoldOutcome> {
        self.answer(HoldOutcome::Taken)
    }
    async fn accept(&self, messages: Vec<Inbound>) -> Result<Vec<Acceptance>> {
        self.answer(messages.iter().map(|_| Acceptance::New).collect())
    }
    async fn receipt(&self, _: &MessageKey) -> Result<Option<Receipt>> {
        self.answer(None)
    }
    async fn claim_unfinished(&self, _: Timestamp, _: u32) -> Result<Unfinished> {
        self.answer(Unfinished::default())
    }
    async fn inbox_list(&self, _: &InboxQuery) -> Result<Vec<InboxEntry>> {
        self.answer(Vec::new())
    }
    async fn inbox_settle(&self, _: &[MessageKey], _: InboxVerdict) -> Result<u64> {
        self.answer(0)
    }
    async fn append_transcript(&self, _: &[(ConversationId, &TranscriptEntry)]) -> Result<()> {
        self.answer(())
    }
    async fn calendar_changes(&self, _: &BusinessId, _: u64, _: Timestamp) -> Result<CalendarChanges> {
        self.answer(CalendarChanges::default())
    }
    async fn change_and_tell(
        &self,
        _: &BusinessId,
        _: Change,
        _: Tell,
        _: Timestamp,
    ) -> Result<ChangeOutcome> {
        self.answer(ChangeOutcome::NotFound)
    }
    async fn appointment(&self, _: &BusinessId, _: AppointmentId) -> Result<Option<Appointment>> {
        self.answer(None)
    }
    async fn appointments(&self, _: &BusinessId, _: &AppointmentQuery) -> Result<Vec<Appointment>> {
        self.answer(Vec::new())
    }
    async fn appointment_events(&self, _: &BusinessId, _: AppointmentId) -> Result<Vec<AppointmentEvent>> {
        self.answer(Vec::new())
    }
    async fn messages(
        &self,
        _: ConversationId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<TranscriptEntry>> {
        let mut page = self.transcript.lock().unwrap().clone();
        page.retain(|entry| before.is_none_or(|before| entry.seq < before));
        page.drain(..page.len().saturating_sub(limit as usize));
        self.answer(page)
    }
    async fn sessions(&self, _: ConversationId, _: u32) -> Result<Vec<Session>> {
        self.answer(Vec::new())
    }
    async fn waiting(&self, _: &BusinessId, _: u32) -> Result<Vec<(Pair, WaitlistEntry)>> {
        self.answer(Vec::new())
    }
    async fn offers_run_out(&self, _: Timestamp, _: u32) -> Result<Vec<Pair>> {
        self.answer(Vec::new())
    }
    async fn outbox_claim(&self, _: Timestamp, _: Timestamp, _: u32) -> Result<Vec<OutboxRow>> {
        self.answer(Vec::new())
    }
    async fn outbox_settle(&self, _: Vec<(Uuid, Settlement)>) -> Result<()> {
        self.answer(())
    }
    async fn expire_holds(&self, _: Timestamp) -> Result<Vec<BusinessId>> {
        self.answer(Vec::new())
    }
    async fn close_sessions(&self, _: Timestamp, _: Timestamp) -> Result<u64> {
        self.answer(0)
    }
    async fn figures(&self) -> Result<Figures> {
        self.answer(Figures::default())
    }
    async fn ping(&self) -> Result<()> {
        self.answer(())
    }
    async fn close(&self) {}
}

/// What accounts are made of, for the channels that the tests speak of.
fn fields(channel: Channel) -> Option<&'static [Field]> {
    match channel {
        Channel::Telegram => Some(Telegram.fields()),
        Channel::Standard => Some(Standard.fields()),
        _ => None,
    }
}

/// Holds no accounts, and knows nobody.
struct NoChannels;

#[async_trait]
impl ChannelStore for NoChannels {
    async fn put_account(&self, _: &AccountRow) -> Result<Put> {
        Ok(Put::UnknownBusiness)
    }
    async fn account(&self, _: Channel, _: &AccountId) -> Result<Option<AccountRow>> {
        Ok(None)
    }
    async fn accounts(&self) -> Result<Vec<AccountRow>> {
        Ok(Vec::new())
    }
    async fn remove_account(&self, _: Channel, _: &AccountId) -> Result<bool> {
        Ok(false)
    }
    async fn stop_account(&self, _: Channel, _: &AccountId, _: Option<&str>, _: Timestamp) -> Result<()> {
        Ok(())
    }
    async fn recognise(&self, _: Vec<Sighting>, _: Timestamp) -> Result<Vec<Recognised>> {
        Ok(Vec::new())
    }
    async fn join(
        &self,
        _: &BusinessId,
        _: &ParticipantId,
        _: &ParticipantId,
        _: Timestamp,
    ) -> Result<Joined> {
        Ok(Joined::Unknown)
    }
    async fn join_by(
        &self,
        _: &BusinessId,
        _: &ParticipantId,
        _: &ParticipantId,
        _: LinkProof,
        _: Timestamp,
    ) -> Result<Joined> {
        Ok(Joined::Unknown)
    }
    async fn redact(&self, _: &MessageKey) -> Result<bool> {
        Ok(false)
    }
    async fn attach(&self, _: Vec<Attachment>) -> Result<()> {
        Ok(())
    }
    async fn attachments_claim(&self, _: Timestamp, _: Timestamp, _: u32) -> Result<Vec<ClaimedAttachment>> {
        Ok(Vec::new())
    }
    async fn attachments_settle(&self, _: &ClaimedAttachment, _: AttachmentSettlement) -> Result<bool> {
        Ok(false)
    }
    async fn attachments_of(&self, _: ConversationId, _: &[&str]) -> Result<Vec<StoredAttachment>> {
        Ok(Vec::new())
    }
    async fn part_sent(&self, _: Uuid, _: u32, _: Option<&str>, _: Timestamp) -> Result<()> {
        Ok(())
    }
    async fn receipts(&self, _: Vec<DeliveryReceipt>) -> Result<u64> {
        Ok(0)
    }
    async fn outbox_list(&self, _: &OutboxQuery) -> Result<Vec<OutboxEntry>> {
        Ok(Vec::new())
    }
    async fn outbox_decide(&self, _: &[Uuid], _: OutboxVerdict, _: Timestamp) -> Result<u64> {
        Ok(0)
    }
    async fn attempts(&self, _: Uuid) -> Result<Vec<Attempt>> {
        Ok(Vec::new())
    }
}
