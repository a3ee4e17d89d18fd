//! `[channels]`: what accounts at channels need of this installation.

use reqwest::Url;
use secrecy::SecretString;

use super::values::Values;
use crate::accounts::Sealer;

/// The settings of channels.
#[derive(Debug, Clone, Default)]
pub struct Channels {
    /// `FRONTDESK_SECRETS_KEY`, separated by commas: what the secrets of accounts are sealed with in the database. The
    /// first one seals, any opens.
    pub secrets_keys: Vec<SecretString>,
    /// `FRONTDESK_PUBLIC_URL`: how providers reach this installation, for example `https://desk.example.com`. Twilio
    /// signs it, so that without it nothing of Twilio's is believed.
    pub public_url: Option<String>,
}

impl Channels {
    pub(super) fn read(values: &mut Values) -> Self {
        let channels = Self {
            secrets_keys: values.take_list("channels.secrets_keys", &["FRONTDESK_SECRETS_KEY"]),
            public_url: values.take_optional("channels.public_url", &["FRONTDESK_PUBLIC_URL"]),
        };
        if let Err(problem) = Sealer::new(&channels.secrets_keys) {
            values.refuse("channels.secrets_keys", problem.to_string());
        }
        if let Some(url) = &channels.public_url {
            let is_fit = Url::parse(url).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none()
            });
            if !is_fit {
                values.refuse(
                    "channels.public_url",
                    "write the address as providers reach it, for example https://desk.example.com",
                );
            }
        }
        channels
    }

    /// What seals and opens the secrets of accounts.
    ///
    /// # Errors
    /// Never after the settings were read: they refuse what is no key.
    pub fn sealer(&self) -> Result<Sealer, crate::accounts::SealProblem> {
        Sealer::new(&self.secrets_keys)
    }
}
