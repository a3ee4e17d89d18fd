//! `[server]`: where frontdesk listens, and who may ask it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::values::{Values, choice};
use crate::rates::peer::{Header, Network, Proxies};

/// The settings of the HTTP side.
#[derive(Debug, Clone)]
pub struct Server {
    /// `FRONTDESK_LISTEN`, default `127.0.0.1:3000`.
    pub listen: SocketAddr,
    /// `FRONTDESK_API_KEYS`, separated by commas. Without any, only the machine itself is served.
    pub api_keys: Vec<SecretString>,
    /// `FRONTDESK_RATE_LIMITS`, default on: whether the limits of `[limits]`, and those of accounts, hold.
    pub rate_limits: bool,
    /// Who may say for whom they ask, and in which header. By default nobody.
    pub proxies: Proxies,
    /// Requests that are worked on at once, default 1024; past it they are answered 503.
    pub requests_max: usize,
    /// Connections that are open at once, default 4096; past it the operating system lets them wait.
    pub connections_max: usize,
    /// How long a stopping process may take to finish what it has accepted. Default 20 s.
    pub shutdown_deadline: Duration,
}

/// Shorter keys can be guessed.
const API_KEY_CHARS_MIN: usize = 16;

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 3000)),
            api_keys: Vec::new(),
            rate_limits: true,
            proxies: Proxies::default(),
            requests_max: 1_024,
            connections_max: 4_096,
            shutdown_deadline: Duration::from_secs(20),
        }
    }
}

impl Server {
    pub(super) fn read(values: &mut Values) -> Self {
        let default = Self::default();
        let requests_max = values.take("server.requests_max", &[], default.requests_max as u64);
        let connections_max = values.take("server.connections_max", &[], default.connections_max as u64);
        let deadline = values.take(
            "server.shutdown_deadline_seconds",
            &[],
            default.shutdown_deadline.as_secs(),
        );
        values.bound("server.requests_max", requests_max, 1, 1_000_000);
        values.bound("server.connections_max", connections_max, 1, 1_000_000);
        values.bound("server.shutdown_deadline_seconds", deadline, 1, 600);
        let server = Self {
            listen: values.take("server.listen", &["FRONTDESK_LISTEN"], default.listen),
            api_keys: values.take_list("server.api_keys", &["FRONTDESK_API_KEYS"]),
            rate_limits: values.take(
                "server.rate_limits",
                &["FRONTDESK_RATE_LIMITS"],
                default.rate_limits,
            ),
            proxies: proxies(values),
            requests_max: usize::try_from(requests_max).unwrap_or(usize::MAX),
            connections_max: usize::try_from(connections_max).unwrap_or(usize::MAX),
            shutdown_deadline: Duration::from_secs(deadline),
        };
        server.validate(values);
        server
    }

    fn validate(&self, values: &mut Values) {
        if self.api_keys.is_empty() && !self.listen.ip().is_loopback() {
            values.refuse(
                "server.listen",
                format!(
                    "without API keys frontdesk serves only the machine itself, and {} can be reached by others; \
                     set FRONTDESK_API_KEYS, or listen on 127.0.0.1",
                    self.listen
                ),
            );
        }
        let short = |key: &SecretString| key.expose_secret().chars().count() < API_KEY_CHARS_MIN;
        if self.api_keys.iter().any(short) {
            values.refuse(
                "server.api_keys",
                format!("a key has fewer than {API_KEY_CHARS_MIN} characters; write a longer one, for example from `openssl rand -hex 24`"),
            );
        }
    }

    /// Whether requests must carry a key.
    #[must_use]
    pub fn requires_key(&self) -> bool {
        !self.api_keys.is_empty()
    }
}

choice!(Header, "x-forwarded-for or forwarded", "x-forwarded-for" => Self::XForwardedFor, "forwarded" => Self::Forwarded);

fn proxies(values: &mut Values) -> Proxies {
    let key = "server.trusted_proxies";
    let written: Vec<String> = values.take_list(key, &[]);
    let mut trusted = Vec::with_capacity(written.len());
    for (place, text) in (1..).zip(&written) {
        match text.parse::<Network>() {
            Ok(network) => trusted.push(network),
            Err(problem) => values.refuse(key, format!("entry {place}: {problem}")),
        }
    }
    Proxies {
        trusted,
        header: values.take("server.forwarded_header", &[], Header::default()),
    }
}
