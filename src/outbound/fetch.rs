//! What a channel's code does to fetch a file that came along with a message: plan the requests.
//!
//! It is pure, like [`wire`](super::wire): the shell checks where a request goes, keeps the limits, and does the I/O.
//! What a provider says of a file is not believed: an address that it names is held against [`Fetch::hosts`] before
//! anything is sent there, and a token goes to the account's own API and those hosts only.

mod links;
mod meta;
mod telegram;
mod twilio;

use secrecy::SecretString;

pub use self::links::{Discord, Slack, Standard};
pub use self::meta::{Instagram, Messenger, WhatsApp};
pub use self::telegram::Telegram;
pub use self::twilio::Twilio;
use crate::accounts::Account;
use crate::types::Channel;

/// How files of a channel are fetched. Channels without files have none.
pub trait Fetch: Send + Sync + 'static {
    /// The channel.
    fn channel(&self) -> Channel;

    /// The first request for a file.
    ///
    /// # Errors
    /// When it can never be fetched.
    fn first(&self, account: &Account, file: &File<'_>) -> Result<Get, Unfetchable>;

    /// The request that follows an answer which says where the file is, after [`Brings::Whereabouts`].
    ///
    /// # Errors
    /// When the answer says it not.
    fn next(&self, _account: &Account, _answer: &[u8]) -> Result<Get, Unfetchable> {
        Err(Unfetchable("the channel's answer leads nowhere".to_owned()))
    }

    /// Hosts that the channel's files may come from; one that begins with `*.` stands for all below it.
    fn hosts(&self, account: &Account) -> Vec<String>;

    /// Whether a file may be one redirect away. Nobody is shown the account's secret there.
    fn follows_one_redirect(&self) -> bool {
        false
    }
}

/// A file as the channel described it.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// The provider's id.
    pub id: Option<&'a str>,
    /// Where it is.
    pub url: Option<&'a str>,
}

/// A GET request.
#[derive(Debug)]
pub struct Get {
    /// The address. It may hold a secret (Telegram's does), so it is shown nowhere.
    pub url: SecretString,
    /// The `Authorization` header.
    pub authorization: Option<SecretString>,
    /// What it is answered with.
    pub brings: Brings,
}

/// What a request is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brings {
    /// The file.
    File,
    /// JSON that says where the file is.
    Whereabouts,
}

/// It can never be fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfetchable(pub String);

/// Every channel's way to its files.
#[must_use]
pub fn all() -> Vec<std::sync::Arc<dyn Fetch>> {
    vec![
        std::sync::Arc::new(WhatsApp),
        std::sync::Arc::new(Messenger),
        std::sync::Arc::new(Instagram),
        std::sync::Arc::new(Telegram),
        std::sync::Arc::new(Twilio),
        std::sync::Arc::new(Slack),
        std::sync::Arc::new(Discord),
        std::sync::Arc::new(Standard),
    ]
}

/// The file itself is at this address.
fn file_at(url: &str, authorization: Option<String>) -> Get {
    Get {
        url: url.to_owned().into(),
        authorization: authorization.map(SecretString::from),
        brings: Brings::File,
    }
}

/// The address in the description.
fn address<'a>(file: &File<'a>) -> Result<&'a str, Unfetchable> {
    file.url
        .ok_or_else(|| Unfetchable("the channel did not say where the file is".to_owned()))
}

/// The account's newest secret of that name.
fn secret<'a>(account: &'a Account, name: &str) -> Result<&'a str, Unfetchable> {
    let newest = account.secrets.newest(name);
    newest.ok_or_else(|| Unfetchable(format!("the account has no {name}")))
}

fn named(hosts: &[&str]) -> Vec<String> {
    hosts.iter().map(|host| (*host).to_owned()).collect()
}

#[cfg(test)]
mod tests;
