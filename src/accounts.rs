//! The accounts that businesses have at channels: what is known of each, with its secrets open.
//!
//! A channel's own code says which settings and secrets it needs ([`Field`]); what they mean is known to nobody else.
//! In the store the secrets stand sealed (`seal`).

mod known;
mod listeners;
mod register;
mod seal;

pub use known::{Accounts, opened};
pub use listeners::{Listener, Listeners};
pub use register::{EVERYWHERE, NotRegistered, Registered, Registration, Unfit};
pub use seal::{Problem as SealProblem, Sealer};

use std::collections::BTreeMap;
use std::fmt;

use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};

use crate::rates::Through;
use crate::rates::rule::Own;
use crate::types::{AccountId, BusinessId, Channel};

/// The setting that gives an account limits of its own.
const RATE_LIMITS: &str = "rate_limits";

/// The setting that says for how long the bot is silent after staff wrote past it, in minutes.
pub(crate) const PAUSE_MINUTES: &str = "pause_minutes";
/// As long as a person usually goes on answering.
const PAUSE_USUAL: SignedDuration = SignedDuration::from_mins(60);
/// A week, in minutes: for longer, nobody remembers that the bot was sent away.
pub(crate) const PAUSE_MINUTES_MAX: i64 = 7 * 24 * 60;

/// An account, ready for use.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its channel.
    pub channel: Channel,
    /// Its name: the last part of its webhook's address.
    pub id: AccountId,
    /// Whose it is.
    pub business: BusinessId,
    /// What is no secret, by name.
    pub settings: BTreeMap<String, String>,
    /// What is, by name.
    pub secrets: Secrets,
    /// Why it sends nothing, if it was stopped.
    pub problem: Option<String>,
}

impl Account {
    /// A setting, if it is there and not empty.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// For how long the bot is silent after staff wrote past it; `None` is not at all.
    #[must_use]
    pub fn pause(&self) -> Option<SignedDuration> {
        // What is no number was refused when it was set.
        let set = self.setting(PAUSE_MINUTES).and_then(|set| set.parse().ok());
        let pause = set.map_or(PAUSE_USUAL, SignedDuration::from_mins);
        pause.is_positive().then_some(pause)
    }

    /// What its messages are counted as.
    #[must_use]
    pub fn through(&self) -> Through<'_> {
        // What is no limit was refused when it was set.
        let own = self.setting(RATE_LIMITS).and_then(Own::parse);
        Through {
            channel: self.channel,
            account: self.id.as_str(),
            own: own.unwrap_or_default(),
        }
    }
}

/// Secrets by name. Each may have several values, the newest first: while one replaces another, both are good.
#[derive(Clone, Default)]
pub struct Secrets(BTreeMap<String, Vec<SecretString>>);

impl Secrets {
    /// Adds a value, older than those that are there.
    pub fn add(&mut self, name: &str, value: &str) {
        self.0
            .entry(name.to_owned())
            .or_default()
            .push(SecretString::from(value.to_owned()));
    }

    /// Every value of that name, the newest first.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .get(name)
            .into_iter()
            .flatten()
            .map(ExposeSecret::expose_secret)
    }

    /// The names that have values.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The newest value of that name: the one to sign and to call with.
    #[must_use]
    pub fn newest(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Names and values, for sealing.
    fn exposed(&self) -> BTreeMap<&str, Vec<&str>> {
        self.0
            .keys()
            .map(|name| (name.as_str(), self.all(name).collect()))
            .collect()
    }
}

impl fmt::Debug for Secrets {
    /// The names only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A setting or a secret that a channel knows. `webhook_url` is a setting of every account, and made by us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name: lower-case letters, digits and `_`.
    pub name: &'static str,
    /// What it is and where it is found at the provider, for whoever adds an account.
    pub about: &'static str,
    /// Whether it is a secret. Secrets may have several values while one replaces another.
    pub secret: bool,
    /// Whether there is no account without it.
    pub required: bool,
}

impl Field {
    /// A setting that every account needs.
    #[must_use]
    pub const fn setting(name: &'static str, about: &'static str) -> Self {
        Self {
            name,
            about,
            secret: false,
            required: true,
        }
    }

    /// A secret that every account needs.
    #[must_use]
    pub const fn secret(name: &'static str, about: &'static str) -> Self {
        Self {
            name,
            about,
            secret: true,
            required: true,
        }
    }

    /// The same, and an account can be without it.
    #[must_use]
    pub const fn optional(self) -> Self {
        Self {
            required: false,
            ..self
        }
    }
}
