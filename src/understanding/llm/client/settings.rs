//! Where the model is, and how long, how often and how much it may be asked.

use std::fmt;
use std::time::Duration;

use reqwest::Url;
use secrecy::SecretString;

/// An endpoint for chat completions and the model that is asked there.
#[derive(Clone)]
pub struct Endpoint {
    /// Its address with its `/v1`, without `/chat/completions`.
    pub base_url: String,
    /// Sent as a bearer token; a server on this machine may want none.
    pub api_key: Option<SecretString>,
    /// The model, as the endpoint calls it.
    pub model: String,
}

/// How the client behaves. [`Settings::new`] gives what suits most.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Asked first.
    pub primary: Endpoint,
    /// Asked when the first fails or is left alone, in the time that is left. It is always asked for its own model.
    pub fallback: Option<Endpoint>,
    /// How long an answer may take, waiting for a place, retries and the second endpoint included. A request with less
    /// time left gets less.
    pub call_timeout: Duration,
    /// How long one attempt of it may take; all of it when absent.
    pub attempt_timeout: Option<Duration>,
    /// With less time left than this no attempt is begun, nor with less than an endpoint usually takes. A quarter of
    /// `call_timeout` at most is used.
    pub attempt_min: Duration,
    /// Attempts at one endpoint that may fail on the way, the first included.
    pub attempts_max: u32,
    /// The longest first pause between attempts; it doubles with each.
    pub retry_pause: Duration,
    /// An endpoint that asks for a longer pause is not asked again for this answer.
    pub retry_after_max: Duration,
    /// Bytes of an answer that are read.
    pub body_max: usize,
    /// Answers that are worked on at the same time.
    pub in_flight_max: usize,
    /// Those of one business.
    pub in_flight_per_business_max: usize,
    /// Tokens in any 24 hours of this process, as counted since it began.
    pub tokens_per_day: Option<u64>,
    /// Those of one business.
    pub tokens_per_business_per_day: Option<u64>,
    /// Failures in a row after which an endpoint is left alone.
    pub failures_max: u32,
    /// How long it is left alone before one call tries it again.
    pub rest: Duration,
    /// The same after a refusal that somebody has to mend: a wrong key, model or address.
    pub rest_when_misconfigured: Duration,
}

impl Settings {
    /// The defaults, for one endpoint.
    #[must_use]
    pub const fn new(primary: Endpoint) -> Self {
        Self {
            primary,
            fallback: None,
            call_timeout: Duration::from_secs(8),
            attempt_timeout: None,
            attempt_min: Duration::from_millis(500),
            attempts_max: 3,
            retry_pause: Duration::from_millis(200),
            retry_after_max: Duration::from_secs(2),
            body_max: 256 * 1024,
            in_flight_max: 64,
            in_flight_per_business_max: 16,
            tokens_per_day: None,
            tokens_per_business_per_day: None,
            failures_max: 5,
            rest: Duration::from_secs(10),
            rest_when_misconfigured: Duration::from_secs(60),
        }
    }

    /// The most that one attempt is given.
    pub(super) fn attempt_max(&self) -> Duration {
        let own = self.attempt_timeout.unwrap_or(self.call_timeout);
        own.min(self.call_timeout)
    }

    /// The least that one attempt is given.
    pub(super) fn attempt_min(&self) -> Duration {
        self.attempt_min.min(self.attempt_max() / 4)
    }
}

/// An endpoint that cannot even be asked.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is none.
    #[error(
        "`{0}` is not the address of an endpoint; write it with its scheme and its /v1, for example https://llm.example.com/v1"
    )]
    Address(String),
    /// The key cannot be sent.
    #[error("the key holds characters that cannot be sent in a header; copy it again")]
    Key,
    /// A client cannot be made.
    #[error("cannot prepare connections: {0}")]
    Client(String),
}

impl Endpoint {
    /// The address of `path` (such as `chat/completions`), whatever slashes and query the base has.
    pub(super) fn url(&self, path: &str) -> Result<Url, OpenError> {
        let bad = || OpenError::Address(self.origin());
        let mut url = Url::parse(&self.base_url).map_err(|_| bad())?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(bad());
        }
        url.path_segments_mut()
            .map_err(|()| bad())?
            .pop_if_empty()
            .extend(path.split('/'));
        Ok(url)
    }

    /// Where it is, for people: without names, passwords and parameters.
    #[must_use]
    pub fn origin(&self) -> String {
        let Ok(mut url) = Url::parse(&self.base_url) else {
            return "an unreadable address".to_owned();
        };
        // Fails for addresses that cannot hold them.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_query(None);
        url.set_fragment(None);
        url.as_str().trim_end_matches('/').to_owned()
    }

    /// Whether it is on this machine, where no proxy has to be asked.
    pub(super) fn is_here(&self) -> bool {
        let url = Url::parse(&self.base_url).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        let address = host.trim_matches(['[', ']']);
        host == "localhost"
            || address
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("base_url", &self.origin())
            .field("api_key", &self.api_key.as_ref().map(|_| "[REDACTED]"))
            .field("model", &self.model)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(base_url: &str) -> Endpoint {
        Endpoint {
            base_url: base_url.to_owned(),
            api_key: Some("sk-hush".into()),
            model: "small".to_owned(),
        }
    }

    #[test]
    fn paths_follow_the_base_whatever_its_slashes() {
        let url = |base: &str| at(base).url("chat/completions").map(|url| url.to_string()).ok();
        let full = |text: &str| Some(text.to_owned());
        assert_eq!(url("http://a/v1"), full("http://a/v1/chat/completions"));
        assert_eq!(url("http://a/v1/"), full("http://a/v1/chat/completions"));
        assert_eq!(
            url("https://a:8/x/v1?y=1"),
            full("https://a:8/x/v1/chat/completions?y=1")
        );
        for wrong in ["", "a/v1", "ftp://a/v1", "localhost:11434", "mailto:a@b"] {
            assert_eq!(url(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn nothing_secret_is_shown() {
        let mut settings = Settings::new(at("https://user:pass@llm.example/v1?key=abc"));
        settings.fallback = Some(at("not an address with abc"));
        let shown = format!("{settings:?}");
        for secret in ["hush", "user", "pass", "abc"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        assert!(shown.contains("https://llm.example/v1"), "{shown}");
    }

    #[test]
    fn this_machine_is_known_by_its_names() {
        for here in [
            "http://localhost:1/v1",
            "http://127.0.0.1/v1",
            "http://[::1]:8/v1",
        ] {
            assert!(at(here).is_here(), "{here}");
        }
        assert!(!at("https://llm.example/v1").is_here());
    }
}
