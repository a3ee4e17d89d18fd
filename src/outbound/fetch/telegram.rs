//! Telegram: `getFile` names a path, of files of up to 20 MB; the link to it holds the bot's token and is good for an
//! hour (Bot API 10.1, "getFile"). It is made for one request and kept nowhere.

use serde::Deserialize;

use super::{Brings, Fetch, File, Get, Unfetchable, file_at, named, secret};
use crate::accounts::Account;
use crate::outbound::addressed;
use crate::types::Channel;

/// The files of Telegram.
#[derive(Debug, Clone, Copy, Default)]
pub struct Telegram;

impl Fetch for Telegram {
    fn channel(&self) -> Channel {
        Channel::Telegram
    }

    fn first(&self, account: &Account, file: &File<'_>) -> Result<Get, Unfetchable> {
        let id = file.id.unwrap_or_default();
        if id.is_empty() || !id.chars().all(is_plain) {
            return Err(Unfetchable("the file's id is not of its form".to_owned()));
        }
        let (base, token) = (base(account), token(account)?);
        Ok(Get {
            brings: Brings::Whereabouts,
            ..file_at(&format!("{base}/bot{token}/getFile?file_id={id}"), None)
        })
    }

    fn next(&self, account: &Account, answer: &[u8]) -> Result<Get, Unfetchable> {
        #[derive(Deserialize)]
        struct Body {
            result: Found,
        }
        #[derive(Deserialize)]
        struct Found {
            file_path: String,
        }
        let body: Body = serde_json::from_slice(answer)
            .map_err(|_| Unfetchable("Telegram did not say where the file is".to_owned()))?;
        let path = body.result.file_path;
        let is_path = path.split('/').all(|part| {
            !part.is_empty() && !part.starts_with('.') && part.chars().all(|c| is_plain(c) || c == '.')
        });
        if !is_path {
            return Err(Unfetchable(
                "Telegram's path of the file is not of its form".to_owned(),
            ));
        }
        let (base, token) = (base(account), token(account)?);
        Ok(file_at(&format!("{base}/file/bot{token}/{path}"), None))
    }

    fn hosts(&self, _account: &Account) -> Vec<String> {
        named(&["api.telegram.org"])
    }
}

fn base(account: &Account) -> &str {
    addressed::base(account, "https://api.telegram.org")
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

fn token(account: &Account) -> Result<&str, Unfetchable> {
    let token = secret(account, "bot_token")?;
    if token.chars().all(|c| is_plain(c) || c == ':') {
        Ok(token)
    } else {
        Err(Unfetchable(
            "the account's bot_token is not of its form".to_owned(),
        ))
    }
}
