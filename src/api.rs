//! The doors of HTTP: the JSON API, the web chat, documentation, health and metrics.
//!
//! Handlers are thin: they read a request into types, ask the room that knows, and show what it said. Every error
//! leaves as a problem document, decided in one place ([`problem`]). Nothing here logs a text, a participant or a
//! key, and nothing waits without a limit.
//!
//! - [`messages`]: `POST /v1/messages`, the way into a conversation.
//! - [`participants`], [`events`]: what is known of one customer, at rest and live.
//! - [`businesses`], [`availability`], [`appointments`]: the business's side.
//! - [`channels`], [`deliveries`], [`links`]: its accounts at channels, what is sent through them, and who is who there.
//! - [`health`], [`stats`]: for those who run it.
//! - [`auth`]: who may do what. [`body`], [`params`]: reading requests. [`edge`]: limits and headers.
//! - [`web`], [`openapi`]: the web chat and the documentation.
//! - [`door`]: the way in before the database is there. [`serve`]: connections, with their limits.

#![expect(
    unused_qualifications,
    reason = "utoipa::path writes qualified names into the code that it makes"
)]

mod appointments;
mod auth;
mod availability;
mod body;
mod businesses;
mod channels;
mod deliveries;
pub mod door;
mod edge;
mod events;
pub mod health;
mod links;
mod messages;
mod openapi;
mod params;
mod participants;
mod problem;
pub mod serve;
mod stats;
#[cfg(test)]
mod tests;
mod web;
mod wish;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use secrecy::SecretString;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::accounts::{Accounts, Field, Listeners};
use crate::clock::Clock;
use crate::conversation::{Business, Businesses, Conversations};
use crate::outbound::Hub;
use crate::rates;
use crate::rates::{Rates, Through};
use crate::shares::{Share, Shares};
use crate::store::Store;
use crate::telemetry::Meter;
use crate::telemetry::metrics::{self, Limited};
use crate::types::{BusinessId, Channel, Pair};
use health::Probe;
use problem::Problem;

/// What the handlers need.
pub struct Api {
    /// The door to conversations.
    pub conversations: Conversations,
    /// What is known of businesses.
    pub businesses: Businesses,
    /// The store, for everything that is no turn.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Live listeners.
    pub hub: Hub,
    /// Accounts at channels.
    pub accounts: Accounts,
    /// What the accounts of a channel are made of; `None` for a channel without accounts.
    pub fields: fn(Channel) -> Option<&'static [Field]>,
    /// Which systems of a business want to hear what happens.
    pub listeners: Listeners,
    /// The state of the shared cache, for `/ready`.
    pub cache: Arc<dyn Probe>,
    /// The state of the language model, for `/ready`.
    pub llm: Arc<dyn Probe>,
    /// What `/metrics` and `/v1/stats` show.
    pub metrics: Meter,
    /// How often somebody may come in.
    pub rates: Rates,
    /// What businesses may have of the requests that are worked on at once.
    pub shares: Shares,
    /// Settings.
    pub settings: Settings,
}

/// Settings of the API.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The API keys. Without any, everything is open, and the process must listen on loopback only.
    pub keys: Vec<SecretString>,
    /// How long a message waits for its turn before it is answered with 202.
    pub message_wait: Duration,
    /// The business that the web chat shows when none is named.
    pub demo_business: BusinessId,
    /// Room for requests that are worked on at once; past it they are answered 503.
    pub room: door::Room,
}

/// What every handler is given.
type App = Arc<Shared>;

struct Shared {
    api: Api,
    keys: auth::Keys,
}

impl std::ops::Deref for Shared {
    type Target = Api;
    fn deref(&self) -> &Api {
        &self.api
    }
}

impl Api {
    async fn business(&self, id: &BusinessId) -> Result<Arc<Business>, Problem> {
        self.businesses
            .find(id)
            .await?
            .ok_or_else(|| Problem::not_found("there is no business of that id"))
    }

    /// Lets one thing be said in a conversation, unless its customer or its business has had too much. What is given is
    /// to be held until it is answered.
    async fn admit(&self, channel: Channel, pair: &Pair) -> Result<Share, Problem> {
        let through = Through {
            channel,
            account: pair.business.as_str(),
            own: rates::rule::Own::default(),
        };
        let counted = self.rates.message(through, pair).await;
        counted.inspect_err(|over| metrics::limited(over.scope, Limited::Refused))?;
        Ok(self.shares.take(&pair.business)?)
    }

    /// Tells whoever looks at a conversation that goals or appointments may have changed.
    fn tell_state(&self, pair: &Pair, version: Option<u64>) {
        self.hub.publish(pair, crate::outbound::Event::State { version });
    }
}

/// Every route, with its limits and its documentation; `others` are routes that are none of the API's and have the same
/// limits.
pub fn router(api: Api, others: Router) -> Router {
    let keys = auth::Keys::new(&api.settings.keys);
    let locked = keys.are_configured();
    let room = api.settings.room.clone();
    let answer_limit = api.settings.message_wait + edge::GRACE;
    let app = Arc::new(Shared { api, keys });

    let operators = OpenApiRouter::new()
        .routes(routes!(businesses::list))
        .routes(routes!(businesses::read, businesses::write))
        .routes(routes!(availability::search))
        .routes(routes!(appointments::list, appointments::book))
        .routes(routes!(
            appointments::read,
            appointments::change,
            appointments::cancel
        ))
        .routes(routes!(appointments::events))
        .routes(routes!(participants::goals))
        .routes(routes!(participants::set_model, participants::unset_model))
        .routes(routes!(participants::pause, participants::resume))
        .routes(routes!(participants::sessions))
        .routes(routes!(channels::list))
        .routes(routes!(channels::store, channels::remove))
        .routes(routes!(channels::resume))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::resend))
        .routes(routes!(links::link))
        .routes(routes!(links::token))
        .routes(routes!(links::redeem))
        .routes(routes!(stats::stats))
        .routes(routes!(stats::metrics))
        .layer(axum::middleware::from_fn_with_state(
            app.clone(),
            auth::operators_only,
        ));
    let visitors = OpenApiRouter::new()
        .routes(routes!(messages::say))
        .routes(routes!(participants::context))
        .routes(routes!(participants::messages))
        .routes(routes!(events::listen))
        .layer(axum::middleware::from_fn_with_state(
            app.clone(),
            auth::visitors_too,
        ));
    let open = OpenApiRouter::new()
        .routes(routes!(health::health))
        .routes(routes!(health::ready))
        .routes(routes!(web::session));

    let (router, document) = OpenApiRouter::with_openapi(openapi::base(locked))
        .merge(operators)
        .merge(visitors)
        .merge(open)
        .with_state::<()>(app)
        .split_for_parts();
    let router = router
        .merge(openapi::router(document, locked))
        .merge(web::router())
        .merge(others);
    edge::wrap(router, room, answer_limit)
}
