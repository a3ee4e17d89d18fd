//! The accounts that this process knows: read from the store, opened, and kept for a short while.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;

use super::{Account, Sealer, Secrets};
use crate::store::{AccountRow, ChannelStore, Result};
use crate::types::{AccountId, Channel};

/// How long a change that another process makes may go unnoticed.
const KEPT: Duration = Duration::from_secs(10);

/// Accounts and names of none that are kept.
const KEPT_MAX: u64 = 10_000;

/// Every account that this process has met. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    store: Arc<dyn ChannelStore>,
    sealer: Arc<Sealer>,
    known: Cache<(Channel, AccountId), Option<Arc<Account>>>,
    /// What every account is told about itself: the address that its webhook is reached at.
    public_url: Arc<str>,
}

impl Accounts {
    /// Knows nothing yet. `public_url` is how the world reaches this process, without a slash at its end.
    #[must_use]
    pub fn new(store: Arc<dyn ChannelStore>, sealer: Sealer, public_url: &str) -> Self {
        Self {
            store,
            sealer: Arc::new(sealer),
            known: Cache::builder().max_capacity(KEPT_MAX).time_to_live(KEPT).build(),
            public_url: public_url.trim_end_matches('/').into(),
        }
    }

    /// The account of that name. One whose secrets cannot be opened has none, so that nothing is believed that comes to
    /// it; the log says why.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn find(&self, channel: Channel, account: &AccountId) -> Result<Option<Arc<Account>>> {
        let name = (channel, account.clone());
        if let Some(known) = self.known.get(&name) {
            return Ok(known);
        }
        let found = self.store.account(channel, account).await?;
        let found = found.map(|row| Arc::new(self.open(&row)));
        self.known.insert(name, found.clone());
        Ok(found)
    }

    /// Forgets what is known of an account, because it was changed.
    pub fn forget(&self, channel: Channel, account: &AccountId) {
        self.known.invalidate(&(channel, account.clone()));
    }

    /// The address of an account's webhook.
    #[must_use]
    pub fn webhook_url(&self, channel: Channel, account: &AccountId) -> String {
        webhook_url(&self.public_url, channel, account)
    }

    /// The public address of a path with its query.
    #[must_use]
    pub fn public_url_of(&self, path_and_query: &str) -> String {
        format!("{}{path_and_query}", self.public_url)
    }

    /// What seals the secrets of accounts.
    #[must_use]
    pub fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// Where accounts are kept.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn ChannelStore> {
        &self.store
    }

    /// An account as it is used, from its row.
    #[must_use]
    pub fn open(&self, row: &AccountRow) -> Account {
        opened(row, &self.sealer, &self.public_url)
    }
}

fn webhook_url(public_url: &str, channel: Channel, account: &AccountId) -> String {
    let base = public_url.trim_end_matches('/');
    format!("{base}/webhooks/{channel}/{account}")
}

/// An account as it is used, from its row, where the world reaches this installation at `public_url`.
#[must_use]
pub fn opened(row: &AccountRow, sealer: &Sealer, public_url: &str) -> Account {
    let secrets = sealer
        .open(row.channel, &row.account, &row.secrets)
        .unwrap_or_else(|problem| {
            tracing::error!(channel = %row.channel, account = %row.account, %problem, "an account cannot be used");
            Secrets::default()
        });
    let mut settings: BTreeMap<String, String> = serde_json::from_str(&row.settings).unwrap_or_else(|error| {
        tracing::error!(channel = %row.channel, account = %row.account, %error, "an account's settings cannot be read");
        BTreeMap::new()
    });
    let url = webhook_url(public_url, row.channel, &row.account);
    settings.insert("webhook_url".to_owned(), url);
    Account {
        channel: row.channel,
        id: row.account.clone(),
        business: row.business.clone(),
        settings,
        secrets,
        problem: row.problem.clone(),
    }
}
