//! Claims files that are due, fetches them into the bucket, and records what became of them.
//!
//! The worker is woken when messages come and looks by itself from time to time. A process that dies between storing
//! and recording fetches again, to the same place. What fails for a reason that may pass is tried again on a schedule
//! like that of replies, and shorter: addresses of files expire.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::Bell;
use super::bucket::Bucket;
use super::guard::way;
use super::kind::kind;
use super::outside::{Got, Outside};
use crate::accounts::{Account, Accounts};
use crate::clock::Clock;
use crate::outbound::fetch::{Brings, Fetch, File, Get};
use crate::store::{AttachmentSettlement, ChannelStore, ClaimedAttachment};
use crate::telemetry::metrics::{self, Fetched};
use crate::types::{AccountId, Channel};

/// When a file is tried again, counted from the try that failed. After the last it is given up.
const RETRY_AFTER: [SignedDuration; 4] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
];

/// How long a provider may ask us to wait at most.
const WAIT_MAX: SignedDuration = SignedDuration::from_hours(6);

/// How long one file may take, all of its requests together. Shorter than the lease by far.
const FILE_LIMIT: Duration = Duration::from_secs(60);

/// How long a claim is ours.
const LEASE: SignedDuration = SignedDuration::from_mins(3);

/// Files under way at once: each may be in memory as a whole.
const IN_FLIGHT_MAX: usize = 4;

/// How often it is looked without being woken: finds retries that have come due, and leases that ran out.
const POLL: Duration = Duration::from_secs(2);

/// The longest answer that says where a file is, in bytes.
const WHEREABOUTS_MAX: u64 = 64 * 1024;

/// Requests for one file at most: where it is, the file, and one redirect.
const REQUESTS_MAX: usize = 3;

/// What a worker works with.
pub struct Parts {
    /// The jobs.
    pub store: Arc<dyn ChannelStore>,
    /// The accounts, whose secrets some files want.
    pub accounts: Accounts,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How each channel is asked.
    pub channels: Vec<Arc<dyn Fetch>>,
    /// The way to the files.
    pub outside: Arc<dyn Outside>,
    /// Where they go.
    pub bucket: Bucket,
    /// The longest file, in bytes.
    pub bytes_max: u64,
}

/// The task between the channels and the bucket.
pub struct Worker {
    parts: Parts,
    channels: BTreeMap<Channel, Arc<dyn Fetch>>,
    woken: Arc<Notify>,
    limit: Duration,
}

/// Why a file is not in the bucket.
#[derive(Debug)]
enum Failure {
    /// It may pass.
    Later {
        after: Option<Duration>,
        problem: String,
    },
    /// It will not.
    Never(String),
}

use Failure::{Later, Never};

impl Failure {
    fn later(problem: impl Into<String>) -> Self {
        Later {
            after: None,
            problem: problem.into(),
        }
    }
}

impl Worker {
    /// A worker with one way per channel.
    #[must_use]
    pub fn new(mut parts: Parts) -> Self {
        let channels = std::mem::take(&mut parts.channels);
        Self {
            parts,
            channels: channels
                .into_iter()
                .map(|fetch| (fetch.channel(), fetch))
                .collect(),
            woken: Arc::default(),
            limit: FILE_LIMIT,
        }
    }

    /// What messages with files ring.
    #[must_use]
    pub fn bell(&self) -> Bell {
        let woken = self.woken.clone();
        Arc::new(move || woken.notify_one())
    }

    /// Works until `stop` is cancelled. What is under way then is given back: whoever comes next fetches it again.
    pub async fn run(self, stop: CancellationToken) {
        let mut in_flight = FuturesUnordered::new();
        let mut look = true;
        while !(stop.is_cancelled() && in_flight.is_empty()) {
            if look && !stop.is_cancelled() {
                let claimed = self.claim(IN_FLIGHT_MAX - in_flight.len()).await;
                in_flight.extend(
                    claimed
                        .into_iter()
                        .map(|claimed| self.work(claimed, &stop).boxed()),
                );
            }
            tokio::select! {
                Some(()) = in_flight.next() => look = true,
                () = self.woken.notified(), if in_flight.len() < IN_FLIGHT_MAX => look = true,
                () = tokio::time::sleep(POLL) => look = in_flight.len() < IN_FLIGHT_MAX,
                () = stop.cancelled(), if !stop.is_cancelled() => {}
            }
        }
    }

    async fn claim(&self, limit: usize) -> Vec<ClaimedAttachment> {
        let now = self.parts.clock.now();
        let lease_until = now.checked_add(LEASE).unwrap_or(Timestamp::MAX);
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let claimed = self.parts.store.attachments_claim(now, lease_until, limit).await;
        claimed.unwrap_or_else(|error| {
            tracing::warn!(%error, "cannot claim attachments; trying again soon");
            Vec::new()
        })
    }

    /// Fetches or deletes one file, and records what became of it.
    async fn work(&self, claimed: ClaimedAttachment, stop: &CancellationToken) {
        let doing = async {
            if claimed.erase {
                let erased = self.parts.bucket.erase(&claimed.attachment.base).await;
                return match erased {
                    Ok(()) => Ok(AttachmentSettlement::Erased),
                    Err(error) => Err(Failure::later(format!("it cannot be deleted: {error}"))),
                };
            }
            self.fetch(&claimed).await
        };
        let done = tokio::select! {
            done = tokio::time::timeout(self.limit, doing) => {
                done.unwrap_or_else(|_| Err(Failure::later("it took too long")))
            }
            () = stop.cancelled() => Err(Failure::later("frontdesk was stopped")),
        };
        let settlement = done.unwrap_or_else(|failure| self.failed(&claimed, failure));
        let channel = claimed.attachment.key.channel;
        let result = match &settlement {
            AttachmentSettlement::Stored { .. } => Fetched::Stored,
            AttachmentSettlement::Retry { .. } => Fetched::Retry,
            AttachmentSettlement::Erased => Fetched::Erased,
            AttachmentSettlement::GivenUp(problem) => {
                tracing::warn!(
                    %channel, account = claimed.attachment.key.account, attempts = claimed.attempts, problem,
                    "gave up on an attachment"
                );
                Fetched::GivenUp
            }
        };
        metrics::attachment(channel, result);
        // What cannot be recorded is claimed again when the lease has run out, and goes to the same place.
        if let Err(error) = self.parts.store.attachments_settle(&claimed, settlement).await {
            tracing::warn!(%error, "cannot record what became of an attachment");
        }
    }

    /// What follows from a failure. What is to be deleted is never given up.
    fn failed(&self, claimed: &ClaimedAttachment, failure: Failure) -> AttachmentSettlement {
        let (after, problem) = match failure {
            Later { after, problem } => (after, problem),
            Never(problem) => return AttachmentSettlement::GivenUp(problem),
        };
        let before = usize::try_from(claimed.attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        let delay = match RETRY_AFTER.get(before) {
            Some(delay) => *delay,
            None if claimed.erase => WAIT_MAX,
            None => {
                return AttachmentSettlement::GivenUp(format!("no try fetched it; the last time: {problem}"));
            }
        };
        let asked = after.and_then(|after| SignedDuration::try_from(after).ok());
        let wait = asked.map_or(delay, |asked| asked.clamp(delay, WAIT_MAX));
        let at = self.parts.clock.now().checked_add(wait).unwrap_or(Timestamp::MAX);
        AttachmentSettlement::Retry { at, problem }
    }

    async fn fetch(&self, claimed: &ClaimedAttachment) -> Result<AttachmentSettlement, Failure> {
        let file = &claimed.attachment;
        let max = self.parts.bytes_max;
        if file.size.is_some_and(|size| size > max) {
            return Err(too_long(max));
        }
        let account = self.account(claimed).await?;
        let fetch = self.channels.get(&file.key.channel);
        let fetch = fetch.ok_or_else(|| Never("nothing is fetched from this channel".to_owned()))?;
        let described = File {
            id: file.provider_id.as_deref(),
            url: file.url.as_deref(),
        };
        let first = fetch.first(&account, &described).map_err(|why| Never(why.0))?;
        let bytes = self.bytes(fetch.as_ref(), &account, first).await?;
        let Some(kind) = kind(&bytes) else {
            return Err(Never("it is none of the kinds of file that are kept".to_owned()));
        };
        let location = format!("{}.{}", file.base, kind.ending);
        let settlement = AttachmentSettlement::Stored {
            location: location.clone(),
            sha256: hex::encode(Sha256::digest(&bytes)),
            bytes: bytes.len() as u64,
            mime_type: kind.mime_type.to_owned(),
        };
        let put = self.parts.bucket.put(&location, bytes, kind.mime_type).await;
        put.map_err(|error| Failure::later(format!("it cannot be stored: {error}")))?;
        Ok(settlement)
    }

    async fn account(&self, claimed: &ClaimedAttachment) -> Result<Arc<Account>, Failure> {
        let key = &claimed.attachment.key;
        let found = match key.account.parse::<AccountId>() {
            Ok(id) => self.parts.accounts.find(key.channel, &id).await,
            Err(_) => Ok(None),
        };
        match found {
            Ok(Some(account)) if account.business == claimed.attachment.business => Ok(account),
            Ok(_) => Err(Never("there is no such account any more".to_owned())),
            Err(error) => Err(Failure::later(format!("the account cannot be read: {error}"))),
        }
    }

    /// Follows the channel's directions to the file.
    async fn bytes(&self, fetch: &dyn Fetch, account: &Account, first: Get) -> Result<Vec<u8>, Failure> {
        let hosts = fetch.hosts(account);
        let mut get = first;
        let mut redirected = false;
        for _ in 0..REQUESTS_MAX {
            let max = match get.brings {
                Brings::File => self.parts.bytes_max,
                Brings::Whereabouts => WHEREABOUTS_MAX,
            };
            let way = way(get.url.expose_secret(), account.setting("api_base"), &hosts)
                .map_err(|refused| Never(refused.to_string()))?;
            let got = self
                .parts
                .outside
                .get(&get, way, max)
                .await
                .map_err(Failure::later)?;
            if matches!(got.status, 301 | 302 | 303 | 307 | 308) {
                if redirected || !fetch.follows_one_redirect() {
                    return Err(Never("the file's address leads elsewhere".to_owned()));
                }
                redirected = true;
                get = follow(&get, &got)?;
                continue;
            }
            let body = judged(got, max)?;
            match get.brings {
                Brings::File => return Ok(body),
                Brings::Whereabouts => get = fetch.next(account, &body).map_err(|why| Never(why.0))?,
            }
        }
        Err(Never("the channel's directions lead nowhere".to_owned()))
    }
}

/// The request that a redirect asks for. It shows nothing of the account there.
fn follow(from: &Get, got: &Got) -> Result<Get, Failure> {
    let nowhere = || Never("the file's address leads nowhere".to_owned());
    let location = got.location.as_deref().ok_or_else(nowhere)?;
    let base = Url::parse(from.url.expose_secret()).map_err(|_| nowhere())?;
    let url = base.join(location).map_err(|_| nowhere())?;
    Ok(Get {
        url: SecretString::from(String::from(url)),
        authorization: None,
        brings: from.brings,
    })
}

/// The body of an answer that has one.
fn judged(got: Got, max: u64) -> Result<Vec<u8>, Failure> {
    let problem = || format!("HTTP {}", got.status);
    match got.status {
        200 => {}
        // A token that is being replaced, a provider that is tired or down.
        401 | 403 | 408 | 425 | 429 | 500.. => {
            return Err(Later {
                after: got.retry_after,
                problem: problem(),
            });
        }
        _ => return Err(Never(problem())),
    }
    let kind = got.content_type.unwrap_or_default().to_ascii_lowercase();
    if kind.starts_with("text/html") {
        // Whoever is not let in is shown a page where a file should be.
        return Err(Failure::later("a page came instead of the file"));
    }
    got.body.ok_or_else(|| too_long(max))
}

fn too_long(max: u64) -> Failure {
    Never(format!("it has more than {max} bytes"))
}

#[cfg(test)]
mod tests;
