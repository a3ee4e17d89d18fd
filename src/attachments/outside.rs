//! Requests for files: at most so many bytes of an answer, no redirects, and to public addresses only.
//!
//! Names are resolved by a resolver that leaves out what is not public, and the connection is made to what it answers:
//! what was checked is what is connected to, whatever the name stands for a moment later. A proxy would resolve names
//! by itself, so that none is used.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use reqwest::Response;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use secrecy::ExposeSecret as _;

use super::guard::{Way, is_outside};
use crate::outbound::fetch::Get;
use crate::tls;

/// How long a connection may take to be made.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// How long an answer may stop coming.
const SILENCE_LIMIT: Duration = Duration::from_secs(15);

/// What came back.
#[derive(Debug)]
pub struct Got {
    /// The status.
    pub status: u16,
    /// The body's type, as the header says.
    pub content_type: Option<String>,
    /// Where a redirect leads.
    pub location: Option<String>,
    /// What the provider asks to wait.
    pub retry_after: Option<Duration>,
    /// The body; nothing when it is longer than was allowed.
    pub body: Option<Vec<u8>>,
}

/// Makes requests for files; narrow, so that a test can answer them.
#[async_trait]
pub trait Outside: Send + Sync + 'static {
    /// Makes one and reads at most `bytes_max` of the answer. The problem names no address.
    async fn get(&self, get: &Get, way: Way, bytes_max: u64) -> Result<Got, String>;
}

/// Says what a name stands for; narrow, so that a test can speak for it.
#[async_trait]
pub trait Lookup: Send + Sync + 'static {
    /// Every address of a host.
    async fn addresses(&self, host: &str) -> std::io::Result<Vec<SocketAddr>>;
}

/// Asks the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

#[async_trait]
impl Lookup for System {
    async fn addresses(&self, host: &str) -> std::io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.collect())
    }
}

/// A resolver that knows public addresses only.
struct Public(Arc<dyn Lookup>);

impl Resolve for Public {
    fn resolve(&self, name: Name) -> Resolving {
        let lookup = self.0.clone();
        Box::pin(async move {
            let mut addresses = lookup.addresses(name.as_str()).await?;
            addresses.retain(|address| is_outside(address.ip()));
            if addresses.is_empty() {
                return Err("the host has no public address".into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The network.
pub struct Network {
    home: reqwest::Client,
    outside: reqwest::Client,
}

impl Network {
    /// Ready to ask. `home` is how providers are called.
    ///
    /// # Errors
    /// When the machine cannot speak TLS.
    pub fn new(home: reqwest::Client, lookup: Arc<dyn Lookup>) -> anyhow::Result<Self> {
        let outside = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::client()?)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(Public(lookup)))
            .connect_timeout(CONNECT_LIMIT)
            .read_timeout(SILENCE_LIMIT)
            .user_agent(concat!("frontdesk/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("cannot make a client that fetches attachments")?;
        Ok(Self { home, outside })
    }
}

#[async_trait]
impl Outside for Network {
    async fn get(&self, get: &Get, way: Way, bytes_max: u64) -> Result<Got, String> {
        let http = match way {
            Way::Home => &self.home,
            Way::Outside => &self.outside,
        };
        let mut request = http.get(get.url.expose_secret());
        if let Some(value) = &get.authorization {
            request = request.header(AUTHORIZATION, value.expose_secret());
        }
        match request.send().await {
            Ok(response) => read(response, bytes_max).await,
            Err(error) => Err(innermost(&error)),
        }
    }
}

async fn read(mut response: Response, bytes_max: u64) -> Result<Got, String> {
    let text = |name| {
        let value = response.headers().get(name)?.to_str().ok()?;
        Some(value.trim().to_owned())
    };
    let mut got = Got {
        status: response.status().as_u16(),
        content_type: text(CONTENT_TYPE),
        location: text(LOCATION),
        retry_after: text(RETRY_AFTER)
            .and_then(|seconds| seconds.parse().ok())
            .map(Duration::from_secs),
        body: None,
    };
    if response.content_length().is_some_and(|length| length > bytes_max) {
        return Ok(got);
    }
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                body.extend_from_slice(&chunk);
                if body.len() as u64 > bytes_max {
                    return Ok(got);
                }
            }
            Ok(None) => break,
            Err(_) => return Err("the connection broke".to_owned()),
        }
    }
    got.body = Some(body);
    Ok(got)
}

/// Why a request failed. The error itself is not shown: it names the address, which may hold a secret.
fn innermost(error: &reqwest::Error) -> String {
    if !error.is_connect() {
        return "the connection broke".to_owned();
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    if innermost.is::<reqwest::Error>() {
        "the connection could not be made".to_owned()
    } else {
        innermost.to_string()
    }
}

#[cfg(test)]
mod tests;
