//! `/webhooks/{channel}/{account}`: the address that a provider is given.
//!
//! Whoever asks learns as little as can be: an account that there is none of is refused like a wrong signature, with as
//! much work and without a body.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, Request as HttpRequest, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::StreamExt as _;
use ring::rand::{SecureRandom as _, SystemRandom};

use super::accept::{Accepted, Acceptor, Heard};
use super::intake::{Answer, Forged, Intake, Request};
use crate::accounts::{Account, Accounts, Secrets};
use crate::attachments::Bell;
use crate::clock::Clock;
use crate::conversation::{Conversations, Refused};
use crate::rates::{Over, Rates};
use crate::shares::{NoShare, Shares};
use crate::store::Store;
use crate::telemetry::metrics::{self, Hook, Shed};
use crate::types::{AccountId, BusinessId, Channel, Trace};

/// How long a body may take to come in.
const READ_LIMIT: Duration = Duration::from_secs(10);

/// A body that is too long is read and thrown away up to so many times of what is allowed, so that its sender gets to
/// see the answer.
const DRAIN_FACTOR: usize = 4;

/// When a provider should come again after something went wrong on our side.
const COME_AGAIN: Duration = Duration::from_secs(5);

/// What the webhook route is made of.
pub struct Furnishing {
    /// The accounts.
    pub accounts: Accounts,
    /// Where messages become durable.
    pub store: Arc<dyn Store>,
    /// Who answers them.
    pub conversations: Conversations,
    /// How often somebody may come in.
    pub rates: Rates,
    /// What businesses may have of the requests that are worked on at once.
    pub shares: Shares,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The channels.
    pub intakes: Vec<Arc<dyn Intake>>,
    /// Shows senders that they were heard.
    pub heard: Heard,
    /// Rung when files came along; without a bucket there is nothing to ring.
    pub attachments: Option<Bell>,
}

struct Webhooks {
    acceptor: Acceptor,
    shares: Shares,
    intakes: BTreeMap<Channel, (Arc<dyn Intake>, Arc<Account>)>,
}

/// The routes of all channels.
pub fn router(furnishing: Furnishing) -> Router {
    let Furnishing {
        accounts,
        store,
        conversations,
        rates,
        shares,
        clock,
        intakes,
        heard,
        attachments,
    } = furnishing;
    let with_decoy = |intake: Arc<dyn Intake>| (intake.channel(), (intake.clone(), decoy(intake.as_ref())));
    let webhooks = Arc::new(Webhooks {
        acceptor: Acceptor::new(accounts, store, conversations, rates, clock, heard, attachments),
        shares,
        intakes: intakes.into_iter().map(with_decoy).collect(),
    });
    Router::new()
        .route("/webhooks/{channel}/{account}", get(handshake).post(receive))
        .with_state(webhooks)
}

/// Stands in for an account that there is none of, so that to refuse a request for it is as much work as to refuse a
/// forged one. Nobody knows its secrets: they are drawn here and told to no one.
fn decoy(intake: &dyn Intake) -> Arc<Account> {
    let mut secrets = Secrets::default();
    for field in intake.fields().iter().filter(|field| field.secret) {
        let mut drawn = [0; 32];
        // Without randomness it stays what anybody may guess, and is refused all the same: it is no account.
        let _ = SystemRandom::new().fill(&mut drawn);
        secrets.add(field.name, &hex::encode(drawn));
    }
    Arc::new(Account {
        channel: intake.channel(),
        id: AccountId::new("decoy").unwrap_or_else(|_| unreachable!("a valid name")),
        business: BusinessId::new("decoy").unwrap_or_else(|_| unreachable!("a valid name")),
        settings: BTreeMap::new(),
        secrets,
        problem: None,
    })
}

/// A provider makes sure that the address is ours.
async fn handshake(
    State(webhooks): State<Arc<Webhooks>>,
    Path((channel, account)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    extensions: Extensions,
    headers: HeaderMap,
) -> Response {
    // Nothing of a customer's comes this way, so that it may be refused before it is looked at.
    if let Err(over) = webhooks.acceptor.rates.stranger(&extensions, &headers).await {
        return Refusal::Limited(over).into_response();
    }
    let found = match webhooks.find(&channel, &account).await {
        Ok(found) => found,
        Err(refusal) => return refusal.into_response(),
    };
    let query: Vec<(String, String)> = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .into_owned()
        .collect();
    let answer = found.intake.handshake(&found.account, &query);
    match answer.filter(|_| found.is_real) {
        Some(answer) => answer.into_response(),
        None => StatusCode::FORBIDDEN.into_response(),
    }
}

/// A provider tells something.
async fn receive(
    State(webhooks): State<Arc<Webhooks>>,
    Path((channel, account)): Path<(String, String)>,
    request: HttpRequest,
) -> Response {
    let (parts, body) = request.into_parts();
    let found = match webhooks.find(&channel, &account).await {
        Ok(found) => found,
        Err(refusal) => return webhooks.unless_too_often(refusal, &parts).await.into_response(),
    };
    let channel = found.intake.channel();
    match webhooks.take(&found, &parts, body).await {
        Ok(answer) => {
            metrics::hook_answered(channel, Hook::Accepted);
            answer.into_response()
        }
        Err(refusal) => {
            metrics::hook_answered(channel, refusal.counted_as());
            tracing::debug!(%channel, account = %found.account.id, %refusal, "a provider's request was refused");
            webhooks.unless_too_often(refusal, &parts).await.into_response()
        }
    }
}

/// An account with the code of its channel.
struct Found {
    intake: Arc<dyn Intake>,
    account: Arc<Account>,
    /// Whether there is such an account.
    is_real: bool,
}

impl Webhooks {
    async fn find(&self, channel: &str, account: &str) -> Result<Found, Refusal> {
        let intake = channel
            .parse()
            .ok()
            .and_then(|channel: Channel| self.intakes.get(&channel));
        // Which channels there are is no secret.
        let (intake, decoy) = intake.ok_or(Refusal::NoChannel)?;
        let real = match account.parse::<AccountId>() {
            Ok(name) => {
                let found = self.acceptor.accounts.find(intake.channel(), &name).await;
                found.map_err(|error| Refusal::Later(error.into()))?
            }
            Err(_) => None,
        };
        Ok(Found {
            intake: intake.clone(),
            is_real: real.is_some(),
            account: real.unwrap_or_else(|| decoy.clone()),
        })
    }

    /// The refusal; but that of a stranger who has come too often is another one.
    ///
    /// Asked after the proof and never before it: providers deliver for all accounts from few addresses, behind a proxy
    /// that the settings do not name all have one, and not all of them come again. Whoever shares an address with a
    /// provider must not be able to stop its messages, so that the proof is always looked at; what it costs is bounded
    /// by the requests that are worked on at once.
    async fn unless_too_often(&self, refusal: Refusal, parts: &Parts) -> Refusal {
        if !refusal.is_a_strangers() {
            return refusal;
        }
        let counted = self
            .acceptor
            .rates
            .stranger(&parts.extensions, &parts.headers)
            .await;
        counted.map_or_else(Refusal::Limited, |()| refusal)
    }

    async fn take(&self, found: &Found, parts: &Parts, body: Body) -> Result<Answer, Refusal> {
        let Found {
            intake,
            account,
            is_real,
        } = found;
        let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
        let url = self.acceptor.accounts.public_url_of(path);
        let body = tokio::time::timeout(READ_LIMIT, read(body, intake.body_max()))
            .await
            .unwrap_or(Err(Refusal::Slow))?;
        let request = Request {
            method: &parts.method,
            url: &url,
            headers: &parts.headers,
            body: &body,
        };
        let now = self.acceptor.clock.now();
        intake.verify(&request, account, now).map_err(Refusal::Forged)?;
        if !is_real {
            return Err(Refusal::Forged(Forged::Wrong));
        }
        let parsed = intake
            .parse(&request, account)
            .map_err(|malformed| Refusal::Malformed(malformed.0))?;
        let _share = self.shares.take(&account.business).map_err(Refusal::NoShare)?;
        let trace = parts.extensions.get::<Trace>().copied();
        match self.acceptor.accept(account, parsed.happenings, trace).await {
            Accepted::All => Ok(parsed.answer),
            Accepted::Partly(refused) => Err(Refusal::Later(refused)),
        }
    }
}

async fn read(body: Body, max: usize) -> Result<Bytes, Refusal> {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut size = 0_usize;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refusal::Broken)?;
        size += chunk.len();
        if size > DRAIN_FACTOR * max {
            break;
        }
        if size <= max {
            bytes.extend_from_slice(&chunk);
        }
    }
    if size > max {
        return Err(Refusal::TooLarge);
    }
    Ok(bytes.into())
}

/// Why a request was not taken.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("there is no such channel")]
    NoChannel,
    #[error(transparent)]
    Forged(Forged),
    #[error("{0}")]
    Malformed(String),
    #[error("the body is longer than any of this channel")]
    TooLarge,
    #[error("the body did not come in in time")]
    Slow,
    #[error("the body broke off")]
    Broken,
    #[error(transparent)]
    Later(Refused),
    #[error("too many requests for its business are under way")]
    NoShare(NoShare),
    #[error("its address has sent too much that is not genuine")]
    Limited(Over),
}

impl Refusal {
    /// Whether it was not proven who asks.
    const fn is_a_strangers(&self) -> bool {
        match self {
            Self::NoChannel | Self::TooLarge | Self::Slow | Self::Broken => true,
            // That the proof cannot be looked at is our own fault.
            Self::Forged(why) => !matches!(why, Forged::NoSecret),
            Self::Malformed(_) | Self::Later(_) | Self::NoShare(_) | Self::Limited(_) => false,
        }
    }

    const fn counted_as(&self) -> Hook {
        match self {
            Self::Forged(_) | Self::Limited(_) => Hook::Forged,
            Self::NoShare(_) => Hook::Busy,
            Self::NoChannel | Self::Malformed(_) | Self::TooLarge | Self::Slow | Self::Broken => {
                Hook::Malformed
            }
            Self::Later(Refused::PairBusy { .. } | Refused::Overloaded { .. }) => Hook::Busy,
            Self::Later(_) => Hook::Failed,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, again) = match self {
            Self::NoChannel => (StatusCode::NOT_FOUND, None),
            // An account that cannot be used is ours to mend, and what it is sent must not be lost meanwhile.
            Self::Forged(Forged::NoSecret) => (StatusCode::SERVICE_UNAVAILABLE, Some(COME_AGAIN)),
            Self::Forged(_) => (StatusCode::UNAUTHORIZED, None),
            Self::Malformed(_) | Self::Broken => (StatusCode::BAD_REQUEST, None),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, None),
            Self::Slow => (StatusCode::REQUEST_TIMEOUT, None),
            Self::Later(Refused::PairBusy { retry_after }) => {
                (StatusCode::TOO_MANY_REQUESTS, Some(retry_after))
            }
            Self::Later(Refused::Overloaded { retry_after }) => {
                (StatusCode::SERVICE_UNAVAILABLE, Some(retry_after))
            }
            Self::Later(_) => (StatusCode::SERVICE_UNAVAILABLE, Some(COME_AGAIN)),
            Self::NoShare(no_share) => {
                let reason = match no_share {
                    NoShare::Full => Shed::Requests,
                    NoShare::Spent => Shed::Share,
                };
                metrics::shed(reason);
                (StatusCode::SERVICE_UNAVAILABLE, Some(COME_AGAIN))
            }
            Self::Limited(over) => (StatusCode::TOO_MANY_REQUESTS, Some(over.retry_after)),
        };
        let mut response = status.into_response();
        if let Some(again) = again {
            let seconds = again.as_secs() + u64::from(again.subsec_nanos() > 0);
            let seconds = seconds.max(1);
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        match self.content_type {
            Some(kind) => {
                response
                    .headers_mut()
                    .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            }
            None => {
                response.headers_mut().remove(CONTENT_TYPE);
            }
        }
        response
    }
}
