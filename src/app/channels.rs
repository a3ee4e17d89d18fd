//! The channels with accounts: their ways in and out, put together.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use crate::accounts::{Account, Accounts, Field, opened};
use crate::attachments::outside::{Network, System};
use crate::clock::Clock;
use crate::config::Settings;
use crate::config::store::Database as Configured;
use crate::outbound::wire::Wire;
use crate::outbound::{Provider, Sender};
use crate::store::ChannelStore;
use crate::store::sqlite::SqliteStore;
use crate::types::{AccountId, Channel};
use crate::webhook::Heard;
use crate::webhook::intake::Intake;
use crate::{attachments, outbound, tls, webhook};

/// How long a connection to a provider may take to be made.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Every channel's side in.
#[must_use]
pub fn intakes() -> Vec<Arc<dyn Intake>> {
    vec![
        Arc::new(webhook::whatsapp::WhatsApp),
        Arc::new(webhook::messenger::Messenger),
        Arc::new(webhook::instagram::Instagram),
        Arc::new(webhook::telegram::Telegram),
        Arc::new(webhook::twilio::Twilio),
        Arc::new(webhook::slack::Slack),
        Arc::new(webhook::discord::Discord),
        Arc::new(webhook::standard::Standard),
    ]
}

/// Every channel's side out.
fn wires() -> Vec<Arc<dyn Wire>> {
    vec![
        Arc::new(outbound::whatsapp::WhatsApp),
        Arc::new(outbound::messenger::Messenger),
        Arc::new(outbound::instagram::Instagram),
        Arc::new(outbound::telegram::Telegram),
        Arc::new(outbound::twilio::Twilio),
        Arc::new(outbound::slack::Slack),
        Arc::new(outbound::discord::Discord),
        Arc::new(outbound::standard::Standard),
    ]
}

/// Fetches what comes along with messages; nothing where there is no bucket for it.
///
/// # Errors
/// When the bucket cannot be opened.
pub(super) fn fetcher(
    settings: &Settings,
    accounts: &Accounts,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Option<attachments::Worker>> {
    let Some(place) = &settings.attachments.bucket else {
        return Ok(None);
    };
    let bucket = attachments::Bucket::open(place).context("the bucket of attachments (ATTACHMENT_BUCKET)")?;
    Ok(Some(attachments::Worker::new(attachments::worker::Parts {
        store: accounts.store().clone(),
        accounts: accounts.clone(),
        clock: clock.clone(),
        channels: outbound::fetch::all(),
        outside: Arc::new(Network::new(client()?, Arc::new(System))?),
        bucket,
        bytes_max: settings.attachments.bytes_max,
    })))
}

/// The code of one channel's side in; absent for channels without accounts.
#[must_use]
pub fn intake(channel: Channel) -> Option<Arc<dyn Intake>> {
    intakes().into_iter().find(|intake| intake.channel() == channel)
}

/// What the accounts of a channel are made of; absent for channels without accounts.
#[must_use]
pub fn fields(channel: Channel) -> Option<&'static [Field]> {
    intake(channel).map(|intake| intake.fields())
}

/// The accounts in this database.
///
/// # Errors
/// When a configured key is none; the settings have refused that before.
pub fn accounts(settings: &Settings, store: Arc<dyn ChannelStore>) -> anyhow::Result<Accounts> {
    let sealer = settings.channels.sealer().context("FRONTDESK_SECRETS_KEY")?;
    Ok(Accounts::new(store, sealer, &public_url(settings)))
}

/// One account, read beside a running server whatever the database is.
///
/// # Errors
/// When the database cannot be read, or a key is none.
pub async fn look_at(
    settings: &Settings,
    channel: Channel,
    account: &AccountId,
) -> anyhow::Result<Option<Account>> {
    let row = match &settings.store.database {
        Configured::Sqlite { path } => SqliteStore::account_beside(path, channel, account).await?,
        Configured::Postgres { .. } => {
            let database = super::store(settings).await?;
            let found = database.account(channel, account).await;
            database.close().await;
            found?
        }
    };
    let sealer = settings.channels.sealer().context("FRONTDESK_SECRETS_KEY")?;
    Ok(row.map(|row| opened(&row, &sealer, &public_url(settings))))
}

/// How providers reach this installation, as far as the settings say.
fn public_url(settings: &Settings) -> String {
    let here = || format!("http://{}", settings.server.listen);
    settings.channels.public_url.clone().unwrap_or_else(here)
}

/// How providers are called. A redirect is an answer: a secret goes nowhere but where it was told to.
///
/// # Errors
/// When the machine cannot speak TLS.
pub fn client() -> anyhow::Result<reqwest::Client> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls::client()?)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_LIMIT)
        .user_agent(concat!("frontdesk/", env!("CARGO_PKG_VERSION")))
        .build()
        .context("cannot make a client for the providers")
}

/// The ways out of every channel with accounts.
pub(super) struct Outward(Vec<Arc<Provider>>);

impl Outward {
    pub(super) fn new(accounts: &Accounts, clock: &Arc<dyn Clock>) -> anyhow::Result<Self> {
        let http = client()?;
        let providers = wires().into_iter();
        let providers = providers
            .map(|wire| Arc::new(Provider::new(wire, accounts.clone(), http.clone(), clock.clone())));
        Ok(Self(providers.collect()))
    }

    pub(super) fn senders(&self) -> impl Iterator<Item = Arc<dyn Sender>> {
        self.0.iter().map(|provider| provider.clone() as Arc<dyn Sender>)
    }

    /// Shows customers that they were heard.
    pub(super) fn attention(&self) -> Heard {
        let providers = self.0.clone();
        Arc::new(move |account, message_id, address| {
            let provider = providers
                .iter()
                .find(|provider| provider.channel() == account.channel);
            if let Some(provider) = provider {
                provider.show_attention(account, message_id.as_str(), address);
            }
        })
    }
}
