//! WhatsApp, Messenger and Instagram.
//!
//! WhatsApp gives an id: `GET /{media-id}` answers with an address that is good for five minutes and wants the same
//! token (WhatsApp platform, "Media"). The other two give the address of a CDN, which expires and wants no token.

use serde::Deserialize;

use super::{Brings, Fetch, File, Get, Unfetchable, address, file_at, named, secret};
use crate::accounts::Account;
use crate::outbound::addressed;
use crate::outbound::meta::segment_of;
use crate::types::Channel;

/// Where Meta keeps what people send.
const CDN: [&str; 2] = ["*.fbcdn.net", "*.fbsbx.com"];

/// The files of WhatsApp.
#[derive(Debug, Clone, Copy, Default)]
pub struct WhatsApp;

impl Fetch for WhatsApp {
    fn channel(&self) -> Channel {
        Channel::Whatsapp
    }

    fn first(&self, account: &Account, file: &File<'_>) -> Result<Get, Unfetchable> {
        let base = addressed::base(account, "https://graph.facebook.com");
        let version = account.setting("api_version").unwrap_or("v23.0");
        let id = file.id.unwrap_or_default();
        if id.is_empty() || !segment_of(id) || !segment_of(version) {
            return Err(Unfetchable("the file's id is not of its form".to_owned()));
        }
        Ok(Get {
            brings: Brings::Whereabouts,
            ..file_at(&format!("{base}/{version}/{id}"), Some(bearer(account)?))
        })
    }

    fn next(&self, account: &Account, answer: &[u8]) -> Result<Get, Unfetchable> {
        #[derive(Deserialize)]
        struct Media {
            url: String,
        }
        let media: Media = serde_json::from_slice(answer)
            .map_err(|_| Unfetchable("WhatsApp did not say where the file is".to_owned()))?;
        Ok(file_at(&media.url, Some(bearer(account)?)))
    }

    fn hosts(&self, _account: &Account) -> Vec<String> {
        named(&["graph.facebook.com", CDN[0], CDN[1]])
    }
}

fn bearer(account: &Account) -> Result<String, Unfetchable> {
    Ok(format!("Bearer {}", secret(account, "access_token")?))
}

/// The files of Messenger.
#[derive(Debug, Clone, Copy, Default)]
pub struct Messenger;

impl Fetch for Messenger {
    fn channel(&self) -> Channel {
        Channel::Messenger
    }

    fn first(&self, _account: &Account, file: &File<'_>) -> Result<Get, Unfetchable> {
        Ok(file_at(address(file)?, None))
    }

    fn hosts(&self, _account: &Account) -> Vec<String> {
        named(&CDN)
    }
}

/// The files of Instagram.
#[derive(Debug, Clone, Copy, Default)]
pub struct Instagram;

impl Fetch for Instagram {
    fn channel(&self) -> Channel {
        Channel::Instagram
    }

    fn first(&self, _account: &Account, file: &File<'_>) -> Result<Get, Unfetchable> {
        Ok(file_at(address(file)?, None))
    }

    fn hosts(&self, _account: &Account) -> Vec<String> {
        named(&[CDN[0], CDN[1], "*.cdninstagram.com"])
    }
}
