//! Twilio: the address wants the account's credentials, and leads to another that must not be shown them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Fetch, File, Get, Unfetchable, address, file_at, named, secret};
use crate::accounts::Account;
use crate::types::Channel;

/// The files of Twilio.
#[derive(Debug, Clone, Copy, Default)]
pub struct Twilio;

impl Fetch for Twilio {
    fn channel(&self) -> Channel {
        Channel::Twilio
    }

    fn first(&self, account: &Account, file: &File<'_>) -> Result<Get, Unfetchable> {
        let sid = account.setting("account_sid");
        let sid = sid.ok_or_else(|| Unfetchable("the account has no account_sid".to_owned()))?;
        let credentials = STANDARD.encode(format!("{sid}:{}", secret(account, "auth_token")?));
        Ok(file_at(address(file)?, Some(format!("Basic {credentials}"))))
    }

    fn hosts(&self, _account: &Account) -> Vec<String> {
        named(&["*.twilio.com", "*.twiliocdn.com"])
    }

    fn follows_one_redirect(&self) -> bool {
        true
    }
}
