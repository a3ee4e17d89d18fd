//! The cache that processes share, in Redis: optional, and missed by nobody when it is away.
//!
//! - `entry`: one hash for each conversation, and the script that keeps it from moving backwards.
//! - `link`: the connection, to one server or to a cluster.
//! - `rates`: counts of how often somebody comes in.
//! - `queue`: what waits to be written, and the task that writes it.
//!
//! A server that fails is left alone (`crate::breaker`), and tried by one task until it is well.
//!
//! A reader waits for a short limit at most, a writer not at all. A server that was flushed, rolled back, or written
//! to by somebody else costs a read of the store: what it remembers is used only when the store says that the
//! conversation stands just there.

mod entry;
mod link;
mod queue;
mod rates;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use redis::{RedisError, cmd};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use self::entry::{Read, Written};
use self::link::{Link, is_answer, says, within};
use self::queue::{Job, Queue, Tally};
use super::{CacheError, Cached, ContextCache};
use crate::breaker::Breaker;
use crate::telemetry::metrics::{self, CacheWrite, Tier};
use crate::types::ConversationId;

pub use self::link::Address;

/// Failures in a row after which nobody asks it any more.
const FAILURES_MAX: u32 = 5;
/// How long it is left alone before it is tried again.
const REST: Duration = Duration::from_secs(2);
/// How long the start waits for a server that may be slow or away.
const FIRST_LOOK_MAX: Duration = Duration::from_secs(1);
/// A batch may take so many times as long as a read: it is larger, and nobody waits for it.
const WRITE_PATIENCE: u32 = 5;
/// How long what waits may still be written when the process stops.
const CLOSING_MAX: Duration = Duration::from_secs(1);

/// How to use Redis.
#[derive(Clone)]
pub struct Options {
    /// Where it is.
    pub address: Address,
    /// How long a reader waits at most.
    pub limit: Duration,
    /// How long a context is kept after its last turn.
    pub ttl: Duration,
}

/// What an examined server is like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Examined {
    /// It has a limit of memory, and evicts nothing when it is reached.
    pub refuses_when_full: bool,
    /// It lets this user count how often somebody comes in.
    pub counts: bool,
}

/// A server that cannot even be tried.
#[derive(Debug, thiserror::Error)]
#[error("cannot use Redis as it is set: {0}")]
pub struct OpenError(String);

/// See the module.
pub struct RedisCache {
    inner: Arc<Inner>,
    writer: Mutex<Option<JoinHandle<()>>>,
    _healer: DropGuard,
}

struct Inner {
    link: Link,
    breaker: Breaker,
    queue: Queue,
    limit: Duration,
    ttl: Duration,
    /// The server refuses writes; said in the log once.
    refuses: AtomicBool,
    /// It refuses to count; said in the log once.
    refuses_counting: AtomicBool,
}

impl RedisCache {
    /// Begins to use a server. One that is away or slow is waited for a second, and used once it comes.
    ///
    /// # Errors
    /// When the address or the certificates make no sense.
    pub async fn open(options: &Options) -> Result<Self, OpenError> {
        let inner = Arc::new(Inner {
            link: Link::new(&options.address).map_err(|error| OpenError(says(&error)))?,
            breaker: Breaker::open(FAILURES_MAX),
            queue: Queue::new(),
            limit: options.limit,
            ttl: options.ttl,
            refuses: AtomicBool::new(false),
            refuses_counting: AtomicBool::new(false),
        });
        match within(FIRST_LOOK_MAX, inner.link.connect()).await {
            Ok(()) => inner.breaker.close(),
            Err(error) => {
                tracing::warn!(error = %says(&error), "redis does not answer; going on without it until it does");
            }
        }
        let healed = inner.clone();
        let over = CancellationToken::new();
        let stop = over.clone();
        tokio::spawn(async move {
            let healing = healed.breaker.heal(REST, || healed.is_well());
            stop.run_until_cancelled(healing).await;
        });
        let served = inner.clone();
        let writer = tokio::spawn(async move {
            let write = |jobs| served.write(jobs);
            served.queue.serve(&served.breaker, write).await;
        });
        Ok(Self {
            inner,
            writer: Mutex::new(Some(writer)),
            _healer: over.drop_guard(),
        })
    }

    /// Whether the server answers, within the limit of a read.
    pub async fn answers(&self) -> bool {
        let inner = &self.inner;
        if inner.breaker.is_open() {
            return false;
        }
        let pong = within(inner.limit, inner.link.ask::<()>(&cmd("PING"))).await;
        pong.map_err(|error| inner.failed(&error)).is_ok()
    }

    /// Connects, writes, reads and deletes an entry of its own, as a conversation would.
    ///
    /// # Errors
    /// What went wrong, in words that name no secret.
    pub async fn examine(options: &Options) -> Result<Examined, String> {
        let told = |error: RedisError| says(&error);
        let link = Link::new(&options.address).map_err(told)?;
        link.connect().await.map_err(told)?;
        let nobody = ConversationId(uuid::Uuid::nil());
        let empty = Written {
            standing: crate::store::Standing {
                version: 1,
                turn: crate::types::TurnId(uuid::Uuid::nil()),
            },
            json: "{}".into(),
        };
        let written = vec![entry::put(nobody, &empty, true, Duration::from_secs(1))];
        let limit = Duration::from_secs(2);
        for result in within(limit, link.carry_out(written)).await.map_err(told)? {
            result.map_err(told)?;
        }
        let fields: Vec<Option<Vec<u8>>> =
            within(limit, link.ask(&entry::get(nobody))).await.map_err(told)?;
        within(limit, link.ask::<()>(&entry::forget(nobody)))
            .await
            .map_err(told)?;
        match entry::read(&fields) {
            Read::Found(_) => {}
            Read::Nothing | Read::Unreadable => return Err("it did not keep what was written".to_owned()),
        }
        let counts = rates::examine(&link, limit).await;
        if options.address.is_cluster {
            return Ok(Examined {
                counts,
                ..Examined::default()
            });
        }
        // Not every user may ask this, and nothing depends on it.
        let mut info = cmd("INFO");
        info.arg("memory");
        let memory: String = within(limit, link.ask(&info)).await.unwrap_or_default();
        let says = |line: &str| memory.lines().any(|said| said == line);
        Ok(Examined {
            counts,
            refuses_when_full: says("maxmemory_policy:noeviction") && !says("maxmemory:0"),
        })
    }
}

impl Drop for RedisCache {
    fn drop(&mut self) {
        // The writer ends with its queue.
        self.inner.queue.close();
    }
}

impl Inner {
    async fn is_well(&self) -> bool {
        match self.link.connect().await {
            Ok(()) => {
                tracing::info!("redis answers");
                true
            }
            Err(error) => {
                tracing::debug!(error = %says(&error), "redis is still away");
                false
            }
        }
    }

    fn failed(&self, error: &RedisError) {
        if self.breaker.failed() {
            tracing::warn!(error = %says(error), "redis fails; going on without it until it answers");
        }
    }

    async fn write(&self, jobs: Vec<Job>) -> Tally {
        let mut commands = Vec::with_capacity(jobs.len());
        for job in &jobs {
            commands.push(match &job.put {
                Some(written) => entry::put(job.conversation, written, job.forget, self.ttl),
                None => entry::forget(job.conversation),
            });
        }
        let is_put = |i: usize| u64::from(jobs[i].put.is_some());
        let mut tally = Tally::default();
        let results = match within(self.limit * WRITE_PATIENCE, self.link.carry_out(commands)).await {
            Ok(results) => results,
            Err(error) => {
                self.failed(&error);
                tally.failed = (0..jobs.len()).map(is_put).sum();
                return tally;
            }
        };
        let (mut broken, mut refused) = (None, None);
        for (i, result) in results.into_iter().enumerate() {
            match result {
                Ok(0) => tally.stale += is_put(i),
                Ok(_) => tally.stored += is_put(i),
                Err(error) => {
                    tally.failed += is_put(i);
                    let kind = if is_answer(&error) {
                        &mut refused
                    } else {
                        &mut broken
                    };
                    *kind = Some(error);
                }
            }
        }
        match &broken {
            Some(error) => self.failed(error),
            None => self.breaker.succeeded(),
        }
        // A full or read-only server can still be read from, so that is no reason to leave it alone.
        let refuses = refused.is_some();
        if self.refuses.swap(refuses, Ordering::Relaxed) != refuses {
            match refused {
                Some(error) => tracing::warn!(error = %says(&error), "redis takes no writes"),
                None => tracing::info!("redis takes writes again"),
            }
        }
        tally
    }
}

#[async_trait]
impl ContextCache for RedisCache {
    async fn get(&self, conversation: ConversationId) -> Result<Option<Cached>, CacheError> {
        let inner = &self.inner;
        if inner.breaker.is_open() {
            return Err(CacheError::Skipped);
        }
        let asked: redis::RedisResult<Vec<Option<Vec<u8>>>> =
            within(inner.limit, inner.link.ask(&entry::get(conversation))).await;
        let read = match asked {
            Ok(fields) => entry::read(&fields),
            // Somebody else keeps something else under this name.
            Err(error) if error.code() == Some("WRONGTYPE") => Read::Unreadable,
            Err(error) => {
                inner.failed(&error);
                return Err(CacheError::Failed(says(&error)));
            }
        };
        inner.breaker.succeeded();
        match read {
            Read::Found(cached) => Ok(Some(cached)),
            Read::Nothing => Ok(None),
            Read::Unreadable => {
                inner.queue.forget(conversation);
                Ok(None)
            }
        }
    }

    fn put(&self, conversation: ConversationId, cached: &Cached, json: &Arc<str>) {
        if self.inner.breaker.is_open() {
            metrics::cache_written(Tier::Shared, CacheWrite::Skipped, 1);
            return;
        }
        let written = Written {
            standing: cached.standing,
            json: json.clone(),
        };
        self.inner.queue.put(conversation, written);
    }

    fn forget(&self, conversation: ConversationId) {
        if !self.inner.breaker.is_open() {
            self.inner.queue.forget(conversation);
        }
    }

    async fn close(&self) {
        self.inner.queue.close();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            // What is not written in time costs a read later.
            let _ = tokio::time::timeout(CLOSING_MAX, writer).await;
        }
    }
}
