//! `[cache]`: how much the process remembers beside the store, and the cache that processes share.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use redis::IntoConnectionInfo;
use secrecy::SecretString;

use super::store::without_credentials;
use super::values::{FromSetting, Values};

/// The settings of the caches.
#[derive(Debug, Clone)]
pub struct Cache {
    /// `MAX_CACHE_SIZE`, default 10000: contexts kept in memory after their actor has left.
    pub entries_max: u64,
    /// The memory that they may take, in bytes. Default 64 MiB.
    pub bytes_max: u64,
    /// `REDIS_URL`: the shared cache; none without it.
    pub redis: Option<RedisUrl>,
    /// How long a turn waits for the shared cache at most. Default 50 ms.
    pub redis_timeout: Duration,
    /// A file of certificates (PEM) that `rediss://` trusts instead of the operating system's.
    pub redis_ca_file: Option<PathBuf>,
}

/// Where a Redis server or cluster is. Prints without user and password.
#[derive(Clone)]
pub struct RedisUrl {
    /// One URL for each node that is named.
    pub nodes: Vec<SecretString>,
    /// Whether the nodes form a cluster; else there is one.
    pub is_cluster: bool,
    shown: String,
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl FromSetting for RedisUrl {
    const SHAPE: &'static str = "redis://[USER:PASSWORD@]HOST:PORT[/DATABASE], rediss:// for TLS, unix://PATH for a \
                                 socket, or redis+cluster://HOST:PORT,HOST:PORT for a cluster; characters like @ and \
                                 / in a password are written as %40 and %2F";
    fn from_text(text: &str) -> Option<Self> {
        let (nodes, is_cluster) = if let Some((scheme, rest)) = text.split_once("+cluster://") {
            (of_a_cluster(scheme, rest)?, true)
        } else {
            let nodes: Vec<String> = listed(text);
            let is_cluster = nodes.len() > 1;
            (nodes, is_cluster)
        };
        for node in &nodes {
            let ours = ["redis://", "rediss://", "unix://"];
            let is_socket = node.starts_with("unix:");
            // `#insecure` would trust everybody.
            let is_odd = node.contains('#') || (is_cluster && is_socket);
            if is_odd || !ours.iter().any(|scheme| node.starts_with(scheme)) {
                return None;
            }
            node.as_str().into_connection_info().ok()?;
        }
        let shown: Vec<String> = nodes.iter().map(|node| redacted(node)).collect();
        Some(Self {
            shown: shown.join(","),
            nodes: nodes.into_iter().map(SecretString::from).collect(),
            is_cluster,
        })
    }
}

/// `rediss` and `user:password@a:1,b:2` are `rediss://user:password@a:1` and `rediss://user:password@b:2`.
fn of_a_cluster(scheme: &str, rest: &str) -> Option<Vec<String>> {
    if !matches!(scheme, "redis" | "rediss") {
        return None;
    }
    let (credentials, hosts) = match rest.rsplit_once('@') {
        Some((credentials, hosts)) => (format!("{credentials}@"), hosts),
        None => (String::new(), rest),
    };
    let host = |host: &str| format!("{scheme}://{credentials}{}", host.trim());
    Some(hosts.split(',').map(host).collect())
}

/// URLs that are separated by commas. A comma inside one (in a password) is followed by no scheme.
fn listed(text: &str) -> Vec<String> {
    let mut nodes: Vec<String> = Vec::new();
    for part in text.split(',') {
        match nodes.last_mut() {
            Some(last) if !part.contains("://") => {
                last.push(',');
                last.push_str(part);
            }
            _ => nodes.push(part.trim().to_owned()),
        }
    }
    nodes
}

fn redacted(node: &str) -> String {
    match node.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", without_credentials(rest)),
        None => String::new(),
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            entries_max: 10_000,
            bytes_max: 64 * 1024 * 1024,
            redis: None,
            redis_timeout: Duration::from_millis(50),
            redis_ca_file: None,
        }
    }
}

impl Cache {
    pub(super) fn read(values: &mut Values) -> Self {
        let default = Self::default();
        let redis_timeout_ms = values.take("cache.redis_timeout_ms", &[], 50);
        let cache = Self {
            entries_max: values.take("cache.entries_max", &["MAX_CACHE_SIZE"], default.entries_max),
            bytes_max: values.take("cache.bytes_max", &[], default.bytes_max),
            redis: values.take_optional("cache.redis_url", &["REDIS_URL"]),
            redis_timeout: Duration::from_millis(redis_timeout_ms),
            redis_ca_file: values
                .take_optional::<String>("cache.redis_ca_file", &["REDIS_CA_FILE"])
                .map(PathBuf::from),
        };
        values.bound("cache.entries_max", cache.entries_max, 0, 10_000_000);
        values.bound("cache.bytes_max", cache.bytes_max, 0, u64::from(u32::MAX));
        values.bound("cache.redis_timeout_ms", redis_timeout_ms, 1, 2_000);
        cache
    }

    pub(super) fn warnings(&self, warnings: &mut Vec<String>) {
        let Some(ca) = &self.redis_ca_file else {
            return;
        };
        let is_encrypted = self
            .redis
            .as_ref()
            .is_some_and(|url| url.shown.starts_with("rediss://"));
        if !is_encrypted {
            warnings.push(format!(
                "cache.redis_ca_file ({}) is not used: REDIS_URL is not a rediss:// address",
                ca.display()
            ));
        }
    }
}
