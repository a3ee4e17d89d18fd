//! The connection to Redis: one server or a cluster, over plain or encrypted lines.
//!
//! A single server's connection renews itself when it breaks. That is not enough for every trouble (a server that
//! refuses a log-in once, a line that went silent), so whoever finds the server well again makes a new one here.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::cluster_async::ClusterConnection;
use redis::{
    Client, Cmd, ErrorKind, FromRedisValue, IntoConnectionInfo, Pipeline, RedisError, RedisFuture,
    RedisResult, Script, ServerErrorKind, TlsCertificates, Value, cmd,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::{ExposeSecret, SecretString};

use super::entry;

/// How long making a connection may take. Nobody waits for it.
const CONNECTING_MAX: Duration = Duration::from_secs(2);
/// Requests that may wait for the connection's own task.
const BUFFERED_MAX: usize = 1024;
/// How often a cluster's redirection is followed.
const REDIRECTIONS_MAX: u32 = 2;

/// Where Redis is.
#[derive(Clone)]
pub struct Address {
    /// URLs, one for each node that is known; they may hold passwords.
    pub nodes: Vec<SecretString>,
    /// Whether the nodes form a cluster; else there is one.
    pub is_cluster: bool,
    /// Certificates (PEM) that are trusted instead of the operating system's.
    pub ca: Option<Vec<u8>>,
}

enum Server {
    One(Box<Client>),
    Cluster(Box<ClusterClient>),
}

/// See the module.
pub(super) struct Link {
    server: Server,
    // Held to clone a handle, never across an await.
    line: Mutex<Option<Line>>,
}

#[derive(Clone)]
enum Line {
    One(ConnectionManager),
    Cluster(ClusterConnection),
}

impl Link {
    /// Prepares a link; connects to nobody.
    pub(super) fn new(address: &Address) -> RedisResult<Self> {
        let mut nodes = Vec::new();
        for node in &address.nodes {
            nodes.push(node.expose_secret().into_connection_info()?);
        }
        // Which cryptography TLS uses must be said once in a process; whoever was first has said it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        if let Some(ca) = &address.ca
            && !CertificateDer::pem_slice_iter(ca).any(|certificate| certificate.is_ok())
        {
            let says = "the file of certificates holds none that can be read (PEM is expected)";
            return Err((ErrorKind::InvalidClientConfig, says).into());
        }
        let certificates = address.ca.as_ref().map(|ca| TlsCertificates {
            client_tls: None,
            root_cert: Some(ca.clone()),
        });
        let server = if address.is_cluster {
            let mut builder = ClusterClientBuilder::new(nodes)
                .connection_timeout(CONNECTING_MAX)
                .retries(REDIRECTIONS_MAX)
                .min_retry_wait(1)
                .max_retry_wait(10);
            if let Some(certificates) = certificates {
                builder = builder.certs(certificates);
            }
            Server::Cluster(Box::new(builder.build()?))
        } else {
            let node = nodes
                .into_iter()
                .next()
                .ok_or((ErrorKind::InvalidClientConfig, "no server is named"))?;
            Server::One(Box::new(match certificates {
                Some(certificates) => Client::build_with_tls(node, certificates)?,
                None => Client::open(node)?,
            }))
        };
        Ok(Self {
            server,
            line: Mutex::new(None),
        })
    }

    /// Makes a new connection, sees that the server answers, and uses it from now on.
    pub(super) async fn connect(&self) -> RedisResult<()> {
        let connecting = async {
            let line = match &self.server {
                Server::One(client) => {
                    // Callers have limits of their own, and the breaker decides when to try again.
                    let config = ConnectionManagerConfig::new()
                        .set_number_of_retries(0)
                        .set_connection_timeout(Some(CONNECTING_MAX))
                        .set_response_timeout(None)
                        .set_pipeline_buffer_size(BUFFERED_MAX);
                    let mut manager =
                        ConnectionManager::new_with_config(client.as_ref().clone(), config).await?;
                    cmd("PING").exec_async(&mut manager).await?;
                    Line::One(manager)
                }
                // Connecting has asked a node for the cluster's shape already.
                Server::Cluster(client) => Line::Cluster(client.get_async_connection().await?),
            };
            *self.line.lock().unwrap_or_else(PoisonError::into_inner) = Some(line);
            Ok(())
        };
        within(CONNECTING_MAX, connecting).await
    }

    fn line(&self) -> RedisResult<Line> {
        let line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.clone()
            .ok_or_else(|| (ErrorKind::Io, "not connected yet").into())
    }

    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        command.query_async(&mut self.line()?).await
    }

    /// Runs a script, having the server learn it where it does not know it.
    pub(super) async fn run<T: FromRedisValue>(&self, script: &Script, command: &Cmd) -> RedisResult<T> {
        let mut line = self.line()?;
        match command.query_async(&mut line).await {
            Err(error) if is_unknown_script(&error) => {
                script.load_async(&mut line).await?;
                command.query_async(&mut line).await
            }
            answered => answered,
        }
    }

    /// Carries out scripts and other commands together, each with its own result.
    pub(super) async fn carry_out(&self, commands: Vec<Cmd>) -> RedisResult<Vec<RedisResult<i64>>> {
        let mut line = self.line()?;
        let mut results = line.together(commands.clone()).await?;
        let unknown: Vec<usize> = (0..results.len())
            .filter(|&i| needs_script(&results[i]))
            .collect();
        if !unknown.is_empty() {
            // A server that was restarted, flushed or has just taken over knows no scripts.
            entry::script().load_async(&mut line).await?;
            let again = unknown.iter().map(|&i| commands[i].clone()).collect();
            for (&i, result) in unknown.iter().zip(line.together(again).await?) {
                results[i] = result;
            }
        }
        Ok(results)
    }
}

fn needs_script(result: &RedisResult<i64>) -> bool {
    result.as_ref().is_err_and(is_unknown_script)
}

fn is_unknown_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

impl Line {
    async fn together(&self, commands: Vec<Cmd>) -> RedisResult<Vec<RedisResult<i64>>> {
        match self {
            Self::One(manager) => {
                let mut pipeline = Pipeline::with_capacity(commands.len());
                for command in commands {
                    pipeline.add_command(command);
                }
                pipeline.ignore_errors().query_async(&mut manager.clone()).await
            }
            // Each goes to the node of its key; the lines to the nodes bundle what is under way.
            Self::Cluster(cluster) => {
                let each = commands.iter().map(|command| {
                    let mut cluster = cluster.clone();
                    async move { command.query_async(&mut cluster).await }
                });
                Ok(join_all(each).await)
            }
        }
    }
}

impl ConnectionLike for Line {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::One(line) => line.req_packed_command(command),
            Self::Cluster(line) => line.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::One(line) => line.req_packed_commands(pipeline, offset, count),
            Self::Cluster(line) => line.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::One(line) => line.get_db(),
            Self::Cluster(line) => line.get_db(),
        }
    }
}

/// Waits at most so long; what is late is a failure like any other.
pub(super) async fn within<T>(
    limit: Duration,
    asked: impl Future<Output = RedisResult<T>>,
) -> RedisResult<T> {
    match tokio::time::timeout(limit, asked).await {
        Ok(answered) => answered,
        Err(_) => Err(RedisError::from(std::io::Error::from(
            std::io::ErrorKind::TimedOut,
        ))),
    }
}

/// Whether the server itself said this, so that it lives and can be asked.
pub(super) fn is_answer(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension)
}

/// A failure in words that may be logged. A server may repeat a command's arguments in its refusal, and with them what
/// a customer wrote, so only its code is told.
pub(super) fn says(error: &RedisError) -> String {
    if is_answer(error) {
        return format!("the server refused: {}", error.code().unwrap_or("ERR"));
    }
    error.to_string()
}
