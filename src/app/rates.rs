//! How often somebody may come in: from the settings to what decides.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

use crate::config::Settings;
use crate::rates::{Ledger, Rates};
use crate::store::cache::RedisCache;

/// With the counts that processes share, where there are any.
pub(super) fn of(settings: &Settings, shared: Option<&Arc<RedisCache>>) -> Rates {
    let shared = shared.map(|redis| redis.clone() as Arc<dyn Ledger>);
    let secret = in_common(settings);
    Rates::new(settings.rates(), shared, secret.as_deref())
}

/// Something that all processes of an installation know and nobody else does.
fn in_common(settings: &Settings) -> Option<Vec<u8>> {
    let secrets = settings.channels.secrets_keys.iter();
    let secret: &SecretString = secrets.chain(&settings.server.api_keys).next()?;
    // For no other purpose, so that what is made with it tells nothing of what else it is for.
    let purpose = "frontdesk addresses\u{1f}";
    Some([purpose.as_bytes(), secret.expose_secret().as_bytes()].concat())
}
