//! What every turn asks of accounts, as this process knows it: which systems of the business's own want to hear what
//! happens, and which language model an account has.
//!
//! The answers are in memory, and read from the store from time to time.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::register::MODEL;
use crate::store::{ChannelStore, Result};
use crate::types::{AccountId, BusinessId, Channel, is_model_name};

/// The setting of a Standard Webhooks account that names what it wants to hear.
const EVENTS: &str = "events";

/// A system that wants to hear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// The account that reaches it.
    pub account: AccountId,
    wanted: Vec<String>,
}

impl Listener {
    /// A listener, if what it wants is something: `all`, or kinds separated by commas, where `appointment.*` means
    /// every kind that begins so.
    #[must_use]
    pub fn new(account: AccountId, events: &str) -> Option<Self> {
        let wanted: Vec<String> = events
            .split(',')
            .map(str::trim)
            .filter(|kind| !kind.is_empty())
            .map(str::to_owned)
            .collect();
        (!wanted.is_empty()).then_some(Self { account, wanted })
    }

    /// Whether it wants to hear of this kind.
    #[must_use]
    pub fn wants(&self, kind: &str) -> bool {
        self.wanted.iter().any(|wanted| match wanted.strip_suffix('*') {
            Some(beginning) => kind.starts_with(beginning),
            None => wanted == "all" || wanted == kind,
        })
    }
}

/// Who listens to which business, and the models of accounts. Cheap to clone; clones are one.
#[derive(Debug, Clone, Default)]
pub struct Listeners(Arc<RwLock<Known>>);

#[derive(Debug, Default)]
struct Known {
    listeners: HashMap<BusinessId, Arc<[Listener]>>,
    models: HashMap<(Channel, AccountId), Arc<str>>,
}

impl Listeners {
    /// Those of a business.
    #[must_use]
    pub fn of(&self, business: &BusinessId) -> Option<Arc<[Listener]>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.listeners.get(business).cloned()
    }

    /// The model that understands who writes to an account, if it has one of its own. Messages of channels without
    /// accounts name something else there, which has none.
    #[must_use]
    pub fn model(&self, channel: Channel, account: &str) -> Option<Arc<str>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if known.models.is_empty() {
            return None;
        }
        let account = account.parse().ok()?;
        known.models.get(&(channel, account)).cloned()
    }

    /// Has an account use this model, until the store says otherwise.
    #[cfg(test)]
    pub(crate) fn use_model(&self, channel: Channel, account: &str, model: &str) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let account = account.parse().expect("the name of an account");
        known.models.insert((channel, account), model.into());
    }

    /// Reads anew who listens, and which models there are.
    ///
    /// # Errors
    /// When the store fails; then those that were known stay.
    pub async fn refresh(&self, store: &Arc<dyn ChannelStore>) -> Result<()> {
        let mut found: HashMap<BusinessId, Vec<Listener>> = HashMap::new();
        let mut models = HashMap::new();
        for row in store.accounts().await? {
            let settings: HashMap<String, String> = serde_json::from_str(&row.settings).unwrap_or_default();
            if let Some(model) = settings.get(MODEL).filter(|model| is_model_name(model)) {
                models.insert((row.channel, row.account.clone()), model.as_str().into());
            }
            if row.channel != Channel::Standard {
                continue;
            }
            let events = settings.get(EVENTS).map_or("", String::as_str);
            if let Some(listener) = Listener::new(row.account, events) {
                found.entry(row.business).or_default().push(listener);
            }
        }
        let listeners = found
            .into_iter()
            .map(|(business, those)| (business, those.into()));
        let known = Known {
            listeners: listeners.collect(),
            models,
        };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_hears_what_it_asked_for() {
        let account = AccountId::new("crm").unwrap();
        let wants =
            |events: &str, kind: &str| Listener::new(account.clone(), events).is_some_and(|l| l.wants(kind));
        assert!(wants("all", "appointment.moved"));
        assert!(wants("appointment.*", "appointment.moved"));
        assert!(!wants("appointment.*", "conversation.handoff"));
        assert!(wants(
            "appointment.cancelled, conversation.handoff",
            "conversation.handoff"
        ));
        assert!(!wants("appointment.cancelled", "appointment.moved"));
        assert!(!wants("", "appointment.moved"));
        assert!(!wants(" , ", "appointment.moved"));
    }
}
