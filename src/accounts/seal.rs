//! Secrets at rest: sealed with a key from the settings, so that a copy of the database opens no account.
//!
//! AES-256-GCM (NIST SP 800-38D) with a random nonce. The account's channel and name are bound in, so that secrets
//! cannot be moved to another account by whoever may write to the database.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::{ExposeSecret as _, SecretString};

use super::Secrets;
use crate::types::{AccountId, Channel};

/// What sealed text begins with: the form of what follows.
const FORM: &str = "v1:";

/// The length of a key in bytes.
const KEY_BYTES: usize = 32;

/// Seals and opens.
#[derive(Debug)]
pub struct Sealer {
    /// The first seals, any opens: a new key is put in front of the old one.
    keys: Vec<LessSafeKey>,
}

/// Why secrets could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A configured key is not one.
    #[error("a key must be {KEY_BYTES} bytes in base64; make one with `openssl rand -base64 {KEY_BYTES}`")]
    BadKey,
    /// No key is configured.
    #[error(
        "there is no key to seal secrets with: set FRONTDESK_SECRETS_KEY, for example to what `openssl rand -base64 {KEY_BYTES}` prints, and keep it safe"
    )]
    NoKey,
    /// None of the keys opens it.
    #[error("none of the keys in FRONTDESK_SECRETS_KEY opens the account's secrets")]
    WrongKey,
    /// The machine has no randomness, or the opened text has no meaning.
    #[error("secrets could not be sealed or read")]
    Broken,
}

impl Sealer {
    /// With these keys, in base64; the first one seals.
    ///
    /// # Errors
    /// When one of them is no key.
    pub fn new(keys: &[SecretString]) -> Result<Self, Problem> {
        let read = |text: &SecretString| {
            let bytes = STANDARD
                .decode(text.expose_secret().trim())
                .map_err(|_| Problem::BadKey)?;
            let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| Problem::BadKey)?;
            Ok(LessSafeKey::new(key))
        };
        Ok(Self {
            keys: keys.iter().map(read).collect::<Result<_, _>>()?,
        })
    }

    /// An account's secrets as text that may be stored.
    ///
    /// # Errors
    /// When there is no key.
    pub fn seal(&self, channel: Channel, account: &AccountId, secrets: &Secrets) -> Result<String, Problem> {
        let key = self.keys.first().ok_or(Problem::NoKey)?;
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new()
            .fill(&mut nonce)
            .map_err(|_| Problem::Broken)?;
        let mut bytes = serde_json::to_vec(&secrets.exposed()).map_err(|_| Problem::Broken)?;
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            bound_to(channel, account),
            &mut bytes,
        )
        .map_err(|_| Problem::Broken)?;
        let sealed: Vec<u8> = nonce.into_iter().chain(bytes).collect();
        Ok(format!("{FORM}{}", STANDARD.encode(sealed)))
    }

    /// The secrets in a sealed text.
    ///
    /// # Errors
    /// When no key opens it.
    pub fn open(&self, channel: Channel, account: &AccountId, sealed: &str) -> Result<Secrets, Problem> {
        if self.keys.is_empty() {
            return Err(Problem::NoKey);
        }
        let encoded = sealed.strip_prefix(FORM).ok_or(Problem::Broken)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| Problem::Broken)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>().ok_or(Problem::Broken)?;
        for key in &self.keys {
            let mut text = sealed.to_vec();
            let nonce = Nonce::assume_unique_for_key(*nonce);
            if let Ok(opened) = key.open_in_place(nonce, bound_to(channel, account), &mut text) {
                return read(opened).ok_or(Problem::Broken);
            }
        }
        Err(Problem::WrongKey)
    }
}

fn bound_to(channel: Channel, account: &AccountId) -> Aad<Vec<u8>> {
    Aad::from(format!("{channel}/{account}").into_bytes())
}

fn read(opened: &[u8]) -> Option<Secrets> {
    let values: BTreeMap<String, Vec<String>> = serde_json::from_slice(opened).ok()?;
    let mut secrets = Secrets::default();
    for (name, values) in &values {
        for value in values {
            secrets.add(name, value);
        }
    }
    Some(secrets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SecretString {
        SecretString::from(STANDARD.encode([byte; KEY_BYTES]))
    }

    fn named(name: &str) -> AccountId {
        name.parse().unwrap()
    }

    fn secrets() -> Secrets {
        let mut secrets = Secrets::default();
        secrets.add("bot_token", "123:new");
        secrets.add("bot_token", "123:old");
        secrets
    }

    fn sealed(sealer: &Sealer) -> String {
        sealer
            .seal(Channel::Telegram, &named("salon"), &secrets())
            .unwrap()
    }

    #[test]
    fn what_was_sealed_is_opened_with_every_value_in_its_order() {
        let sealer = Sealer::new(&[key(1)]).unwrap();
        let text = sealed(&sealer);
        assert!(!text.contains("123"), "{text}");
        assert_ne!(text, sealed(&sealer), "a nonce is used once");
        let opened = sealer.open(Channel::Telegram, &named("salon"), &text).unwrap();
        assert_eq!(
            opened.all("bot_token").collect::<Vec<_>>(),
            ["123:new", "123:old"]
        );
        assert_eq!(opened.newest("other"), None);
    }

    #[test]
    fn the_secrets_of_one_account_do_not_open_for_another() {
        let sealer = Sealer::new(&[key(1)]).unwrap();
        let text = sealed(&sealer);
        for (channel, account) in [(Channel::Telegram, "other"), (Channel::Slack, "salon")] {
            let opened = sealer.open(channel, &named(account), &text);
            assert_eq!(opened.err(), Some(Problem::WrongKey));
        }
    }

    #[test]
    fn a_new_key_in_front_of_the_old_one_opens_what_the_old_one_sealed() {
        let text = sealed(&Sealer::new(&[key(1)]).unwrap());
        let opens = |keys: &[SecretString]| {
            let sealer = Sealer::new(keys).unwrap();
            sealer.open(Channel::Telegram, &named("salon"), &text).map(drop)
        };
        assert_eq!(opens(&[key(2), key(1)]), Ok(()));
        assert_eq!(opens(&[key(2)]), Err(Problem::WrongKey));
        assert_eq!(opens(&[]), Err(Problem::NoKey));
    }

    #[test]
    fn what_is_no_key_and_what_is_not_sealed_are_told() {
        assert_eq!(
            Sealer::new(&[SecretString::from("short")]).err(),
            Some(Problem::BadKey)
        );
        let sealer = Sealer::new(&[key(1)]).unwrap();
        for text in ["", "v1:", "v1:AAAA", "v2:AAAA", "{\"bot_token\":[]}"] {
            let opened = sealer.open(Channel::Telegram, &named("salon"), text);
            assert_eq!(opened.err(), Some(Problem::Broken), "{text}");
        }
    }

    #[test]
    fn secrets_do_not_show_themselves() {
        assert_eq!(format!("{:?}", secrets()), "{\"bot_token\"}");
    }
}
