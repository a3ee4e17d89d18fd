//! The composition: who is made with what, and in which order things start and stop.
//!
//! The port is open first, so that whoever watches sees a process that lives and waits for its database ([`Door`]).
//! Stopping goes the way of a message: the door first (no new connections), then the conversations (each answers what
//! it owes), then the outbox, and the store last.

mod opening;

use std::future::Future;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::accounts::{Accounts, Listeners};
use crate::api::door::{Door, Room};
use crate::api::health::{NotConfigured, Probe};
use crate::api::{self, Api};
use crate::attachments;
use crate::booking::Catalogue;
use crate::clock::Clock;
use crate::config::Settings;
use crate::config::store::Transcript;
use crate::conversation::{Businesses, Conversations, Limits, Parts, Sweep};
use crate::lifecycle::Lifecycle;
use crate::outbound::{Dispatcher, Hub, Sender, WebSender};
use crate::rates::Rates;
use crate::shares::Shares;
use crate::store::behind::Behind;
use crate::store::cache::local::Bounds;
use crate::store::cache::{ContextCache, LocalCache, RedisCache};
use crate::store::{Database, Store};
use crate::telemetry::{Meter, metrics};
use crate::types::BusinessId;
use crate::understanding::llm::client::Client;
use crate::webhook::{self, Heard};

pub mod channels;
mod files;
pub mod model;
mod rates;
mod reload;
pub mod shared;

pub use reload::Reload;

/// The demo business, part of the program, so that there is something to talk to without any set-up.
const DEMO: &str = include_str!("../examples/lotus-nails.toml");

/// How often it is looked who of a business's systems wants to hear what happens.
const LISTENERS_EVERY: Duration = Duration::from_secs(10);

/// How often counts that are paid back are forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(15);

/// Pages that may listen for replies at once.
const LISTENERS_MAX: usize = 10_000;

/// Everything that a command works with, open and ready.
pub struct App {
    /// The truth.
    pub store: Arc<dyn Store>,
    /// The businesses.
    pub businesses: Businesses,
    /// The door to every conversation.
    pub conversations: Conversations,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Who listens for replies.
    pub hub: Hub,
    /// The accounts at channels.
    pub accounts: Accounts,
    /// Which systems of a business want to hear what happens.
    listeners: Listeners,
    /// Shows customers of a channel that they were heard.
    attention: Heard,
    /// How often somebody may come in.
    pub rates: Rates,
    /// The cache that processes share, if there is one.
    shared: Option<Arc<RedisCache>>,
    /// The language model, if there is one.
    llm: Option<Arc<Client>>,
    /// Carries replies out; to be run.
    dispatcher: Dispatcher,
    /// Fetches what comes along with messages, if there is a bucket for it; to be run.
    fetcher: Option<attachments::Worker>,
}

impl App {
    /// Finishes everything that was accepted, then closes.
    pub async fn close(self) {
        self.conversations.drain().await;
        self.store.close().await;
    }
}

/// Opens the store (migrating it), and starts conversations; no port is opened.
///
/// # Errors
/// When the store cannot be opened.
pub async fn open(settings: &Settings) -> anyhow::Result<App> {
    let store = opening::furnished(settings, opening::COMMAND_PATIENCE, &mut || {}).await?;
    compose(settings, store).await
}

/// Opens the store alone (migrating it), for what needs no conversations.
///
/// # Errors
/// When it cannot be opened.
pub async fn store(settings: &Settings) -> anyhow::Result<Arc<dyn Database>> {
    opening::migrated(settings, opening::COMMAND_PATIENCE).await
}

/// Puts everything together on a store.
async fn compose(settings: &Settings, database: Arc<dyn Database>) -> anyhow::Result<App> {
    let accounts = channels::accounts(settings, database.clone())?;
    let listeners = Listeners::default();
    if let Err(error) = listeners.refresh(accounts.store()).await {
        tracing::warn!(%error, "cannot read who wants to hear what happens; trying again soon");
    }
    let store: Arc<dyn Store> = database;
    let store = match settings.store.transcript {
        Transcript::WithTurn => store,
        Transcript::Behind => Arc::new(Behind::new(store)),
    };
    let clock: Arc<dyn Clock> = Arc::new(settings.system_clock());
    let businesses = Businesses::new(store.clone());
    let hub = Hub::new(LISTENERS_MAX);
    let outward = channels::Outward::new(&accounts, &clock)?;
    let web: Arc<dyn Sender> = Arc::new(WebSender::new(hub.clone()));
    let senders = outward.senders().chain([web]).collect();
    let dispatcher = Dispatcher::new(store.clone(), clock.clone(), senders);
    let outbox = dispatcher.waker();
    let shared = shared::open(settings).await?;
    let (ear, llm) = model::ear(settings)?;
    let parts = Parts {
        store: store.clone(),
        businesses: businesses.clone(),
        understanding: ear,
        clock: clock.clone(),
        local: Arc::new(LocalCache::new(Bounds {
            entries_max: settings.cache.entries_max,
            bytes_max: settings.cache.bytes_max,
            idle: settings.conversation.session_idle,
        })),
        shared: shared.clone().map(|redis| redis as Arc<dyn ContextCache>),
        limits: limits(settings),
        outbox_bell: Arc::new(move || outbox.wake()),
        listeners: listeners.clone(),
    };
    let conversations = Conversations::open(parts)
        .await
        .context("cannot start conversations")?;
    let fetcher = channels::fetcher(settings, &accounts, &clock)?;
    Ok(App {
        fetcher,
        rates: rates::of(settings, shared.as_ref()),
        store,
        businesses,
        conversations,
        clock,
        hub,
        attention: outward.attention(),
        listeners,
        accounts,
        shared,
        llm,
        dispatcher,
    })
}

fn limits(settings: &Settings) -> Limits {
    let from = &settings.conversation;
    let bursts = from.clone();
    Limits {
        waiting_per_pair_max: usize::try_from(from.waiting_per_pair_max).unwrap_or(usize::MAX),
        waiting_max: usize::try_from(from.waiting_max).unwrap_or(usize::MAX),
        waiting_longest: from.waiting_longest,
        turns_at_once_max: usize::try_from(from.turns_at_once_max).unwrap_or(usize::MAX),
        messages_per_turn_max: usize::try_from(from.messages_per_turn_max).unwrap_or(usize::MAX),
        idle: from.actor_idle,
        actors_max: usize::try_from(from.actors_max).unwrap_or(usize::MAX),
        session_gap: from.session_idle,
        slow_turn: settings.log.slow_turn,
        burst: Arc::new(move |channel| {
            let burst = bursts.burst(channel);
            (burst.quiet, burst.longest)
        }),
        understanding: model::time_for_understanding(settings),
    }
}

/// The demo business.
///
/// # Errors
/// Never in a build that passed its tests: the document is part of the program.
pub fn demo() -> anyhow::Result<Catalogue> {
    Catalogue::from_toml(DEMO).context("the demo business")
}

/// Serves HTTP until `life` asks for the end, then stops everything in order.
///
/// # Errors
/// When something cannot be started, and waiting would not help.
pub async fn serve(settings: Settings, meter: Meter, life: Lifecycle, reload: Reload) -> anyhow::Result<()> {
    let wishes = reload::Wishes::listen().context("cannot listen for SIGHUP")?;
    let listener = api::serve::listen(settings.server.listen)
        .with_context(|| format!("cannot listen on {} (FRONTDESK_LISTEN)", settings.server.listen))?;
    let address = listener.local_addr()?;
    tracing::info!(%address, database = %settings.store.database, "listening");

    let door = Door::closed(Room::new(settings.server.requests_max));
    let connections_max = files::make_room(settings.server.connections_max);
    let grace = settings.server.shutdown_deadline;
    let serving = api::serve::serve(listener, door.clone(), connections_max, life.soft(), grace);
    let starting = async {
        let starting = start(&settings, meter, &life, &door, address, (reload, wishes));
        let started = Box::pin(starting).await;
        if !matches!(started, Ok(Some(_))) {
            // Nothing will ever stand behind the door; whoever waits at it is told so, and the port is closed.
            door.database_is_away();
            life.stop();
        }
        started
    };
    let (started, ()) = tokio::join!(starting, serving);
    if let Some(running) = started? {
        running.stop().await;
    }
    Ok(())
}

/// What runs behind an open door.
struct Running {
    store: Arc<dyn Store>,
    conversations: Conversations,
    outbox: JoinHandle<()>,
    outbox_stop: CancellationToken,
    fetcher: Option<JoinHandle<()>>,
    fetcher_stop: CancellationToken,
}

impl Running {
    /// Finishes everything that was accepted, then closes. No new request comes in any more.
    async fn stop(self) {
        self.fetcher_stop.cancel();
        self.conversations.drain().await;
        if let Some(fetcher) = self.fetcher {
            // One that broke has logged why; its claims run out, and are taken at the next start.
            let _ = fetcher.await;
        }
        self.outbox_stop.cancel();
        // A dispatcher that broke has logged why; what it left is claimed again at the next start.
        let _ = self.outbox.await;
        self.store.close().await;
    }
}

/// Opens the store as soon as it is there, starts everything, and opens the door. Nothing when the end was asked for
/// before that.
async fn start(
    settings: &Settings,
    meter: Meter,
    life: &Lifecycle,
    door: &Door,
    address: SocketAddr,
    (reload, wishes): (Reload, reload::Wishes),
) -> anyhow::Result<Option<Running>> {
    let soft = life.soft();
    let mut waits = || door.database_is_away();
    let store = tokio::select! {
        store = opening::furnished(settings, None, &mut waits) => store?,
        () = soft.cancelled() => return Ok(None),
    };
    let app = compose(settings, store).await?;

    // What a crash left is answered before anybody new is; a failure here is tried again by the timer.
    if let Err(error) = app.conversations.sweep(Sweep::Start).await {
        tracing::warn!(%error, "the first sweep failed");
    }
    let outbox_stop = CancellationToken::new();
    let outbox = tokio::spawn(app.dispatcher.run(outbox_stop.clone()));
    let fetcher_stop = CancellationToken::new();
    let fetching = app.fetcher.as_ref().map(attachments::Worker::bell);
    let fetcher = app
        .fetcher
        .map(|fetcher| tokio::spawn(fetcher.run(fetcher_stop.clone())));
    let running = Running {
        fetcher,
        fetcher_stop,
        store: app.store.clone(),
        conversations: app.conversations.clone(),
        outbox,
        outbox_stop,
    };
    keep_up(settings, &running, &app.clock, &meter, life);
    reload.obey(wishes, app.rates.clone(), life);
    let counted = app.rates.clone();
    every(life, "rates", FORGET_EVERY, move || {
        counted.forget_old();
        std::future::ready(())
    });
    let (listeners, listened) = (app.listeners.clone(), app.accounts.store().clone());
    every(life, "listeners", LISTENERS_EVERY, move || {
        let (listeners, store) = (listeners.clone(), listened.clone());
        async move {
            // Those that were known stay until the store is back.
            let _ = listeners.refresh(&store).await;
        }
    });
    let streams = app.hub.clone();
    tokio::spawn(async move {
        // Event streams never finish by themselves; they end with the first signal.
        soft.cancelled().await;
        streams.close();
    });

    let demo_business = demo()?.id;
    let greeting = Greeting {
        address,
        business: demo_business.clone(),
    };
    let shares = Shares::new(settings.server.requests_max);
    let webhooks = webhook::route::router(webhook::route::Furnishing {
        accounts: app.accounts.clone(),
        store: app.store.clone(),
        conversations: app.conversations.clone(),
        rates: app.rates.clone(),
        shares: shares.clone(),
        clock: app.clock.clone(),
        intakes: channels::intakes(),
        heard: app.attention,
        attachments: fetching,
    });
    let api = Api {
        conversations: app.conversations,
        businesses: app.businesses,
        store: app.store,
        clock: app.clock,
        hub: app.hub,
        accounts: app.accounts,
        fields: channels::fields,
        listeners: app.listeners,
        rates: app.rates,
        shares,
        cache: match app.shared {
            Some(redis) => redis as Arc<dyn Probe>,
            None => Arc::new(NotConfigured),
        },
        llm: match app.llm {
            Some(client) => client as Arc<dyn Probe>,
            None => Arc::new(NotConfigured),
        },
        metrics: meter,
        settings: api::Settings {
            keys: settings.server.api_keys.clone(),
            message_wait: settings.conversation.wait_max,
            demo_business,
            room: door.room(),
        },
    };
    door.open(api::router(api, webhooks));
    // Whoever closed standard output does not want to be greeted; frontdesk is open all the same.
    let _ = greeting.show(&mut std::io::stdout().lock());
    Ok(Some(running))
}

/// Does from time to time what no message asks for.
fn keep_up(settings: &Settings, running: &Running, clock: &Arc<dyn Clock>, meter: &Meter, life: &Lifecycle) {
    let swept = running.conversations.clone();
    every(life, "sweep", settings.upkeep.sweep_every, move || {
        let conversations = swept.clone();
        async move {
            if let Err(error) = conversations.sweep(Sweep::Running).await {
                tracing::warn!(%error, "a sweep failed");
            }
        }
    });
    let (watched, counted, gauge) = (
        running.store.clone(),
        running.conversations.clone(),
        meter.clone(),
    );
    let clock = clock.clone();
    every(life, "gauges", Duration::from_secs(5), move || {
        let (store, conversations, meter) = (watched.clone(), counted.clone(), gauge.clone());
        let clock = clock.clone();
        async move {
            let load = conversations.load();
            metrics::conversations_are(load.actors, load.waiting);
            let remembered = conversations.remembered();
            metrics::cache_holds(remembered.entries, remembered.bytes);
            if let Ok(figures) = store.figures().await {
                figures.measure(clock.now());
            }
            meter.upkeep();
        }
    });
}

/// Brings the database to this version's schema and closes it.
///
/// # Errors
/// When it cannot be opened or migrated.
pub async fn migrate(settings: &Settings) -> anyhow::Result<()> {
    let store = opening::migrated(settings, opening::COMMAND_PATIENCE).await?;
    store.close().await;
    Ok(())
}

/// Does something again and again until the soft stop.
fn every<F>(
    life: &Lifecycle,
    name: &'static str,
    period: Duration,
    mut work: impl FnMut() -> F + Send + 'static,
) where
    F: Future<Output = ()> + Send,
{
    let stop = life.soft();
    life.spawn(name, async move {
        let mut tick = tokio::time::interval(period);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => work().await,
                () = stop.cancelled() => return,
            }
        }
    });
}

/// What the first start says.
struct Greeting {
    address: SocketAddr,
    business: BusinessId,
}

impl Greeting {
    /// For the person who typed the command, and not for a log.
    fn show(&self, out: &mut impl Write) -> std::io::Result<()> {
        let Self { address, business } = self;
        writeln!(
            out,
            "\n  frontdesk is open: http://{address}/  (web chat with {business})\n"
        )?;
        writeln!(out, "  Try:  gel manicure with Linh on Friday at 2pm, I'm Anna")?;
        writeln!(out, "        do you have parking? and how much is a pedicure?")?;
        writeln!(out, "        cancel my appointment\n")?;
        writeln!(
            out,
            "  API: http://{address}/docs   Metrics: http://{address}/metrics   Stop: Ctrl-C\n"
        )
    }
}
