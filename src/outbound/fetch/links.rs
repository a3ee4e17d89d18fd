//! Channels whose messages name the address of a file: Slack's wants the bot's token, Discord's is signed and expires,
//! that of a platform of one's own is where its account says that files may come from.

use super::{Fetch, File, Get, Unfetchable, address, file_at, named, secret};
use crate::accounts::Account;
use crate::types::Channel;

/// The files of Slack. Whoever has the wrong token gets a page in HTML with status 200.
#[derive(Debug, Clone, Copy, Default)]
pub struct Slack;

impl Fetch for Slack {
    fn channel(&self) -> Channel {
        Channel::Slack
    }

    fn first(&self, account: &Account, file: &File<'_>) -> Result<Get, Unfetchable> {
        let token = secret(account, "bot_token")?;
        Ok(file_at(address(file)?, Some(format!("Bearer {token}"))))
    }

    fn hosts(&self, _account: &Account) -> Vec<String> {
        named(&["files.slack.com"])
    }
}

/// The files of Discord.
#[derive(Debug, Clone, Copy, Default)]
pub struct Discord;

impl Fetch for Discord {
    fn channel(&self) -> Channel {
        Channel::Discord
    }

    fn first(&self, _account: &Account, file: &File<'_>) -> Result<Get, Unfetchable> {
        Ok(file_at(address(file)?, None))
    }

    fn hosts(&self, _account: &Account) -> Vec<String> {
        named(&["cdn.discordapp.com", "media.discordapp.net"])
    }
}

/// The files of a platform of one's own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Standard;

impl Fetch for Standard {
    fn channel(&self) -> Channel {
        Channel::Standard
    }

    fn first(&self, account: &Account, file: &File<'_>) -> Result<Get, Unfetchable> {
        if self.hosts(account).is_empty() {
            return Err(Unfetchable(
                "the account's setting media_hosts does not say where files may come from".to_owned(),
            ));
        }
        Ok(file_at(address(file)?, None))
    }

    fn hosts(&self, account: &Account) -> Vec<String> {
        let hosts = account.setting("media_hosts").unwrap_or_default();
        let hosts = hosts.split([',', ' ']).map(str::trim);
        hosts
            .filter(|host| !host.is_empty())
            .map(str::to_ascii_lowercase)
            .collect()
    }
}
