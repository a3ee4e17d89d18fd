//! The web chat: a page without a build step, and the session that its visitors talk in; and the page of figures.
//!
//! The chat needs no API key. Its visitor is given a participant id that nobody can guess, and, where keys are
//! configured, a token for exactly that conversation.
//!
//! The page of figures (`/console/metrics`) holds none itself: it reads `/metrics`, with a key where keys are configured.

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{Extensions, HeaderMap};
use axum::response::{Html, IntoResponse, Json, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::App;
use super::availability::zone_name;
use super::body::Body;
use super::problem::Problem;
use crate::booking::Catalogue;
use crate::booking::catalogue::ResourceKind;
use crate::ids;
use crate::types::{BusinessId, Pair, ParticipantId};

/// Only our own files, nothing inline, nobody around us.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A visitor opens the web chat.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWebSession {
    /// The business to talk to; the demo business when missing.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64, pattern = "^[a-z0-9_-]+$")]
    business_id: Option<BusinessId>,
}

/// A web chat that was opened.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WebSession {
    /// The business.
    #[schema(value_type = String)]
    business_id: BusinessId,
    /// The name that customers know.
    business_name: String,
    /// The IANA name of the zone of the business.
    time_zone: String,
    /// The visitor.
    #[schema(value_type = String)]
    participant_id: ParticipantId,
    /// Send it as `Authorization: Bearer`. It allows messages, context, transcript and events of this conversation,
    /// for 180 days; `null` when none is needed.
    token: Option<String>,
    /// Sentences to begin with.
    examples: Vec<String>,
}

/// Open a web chat
#[utoipa::path(
    post, path = "/web/session", tag = "web chat", operation_id = "openWebSession",
    request_body = NewWebSession,
    responses((status = 200, description = "Who the visitor is from now on", body = WebSession))
)]
pub(super) async fn session(
    State(app): State<App>,
    extensions: Extensions,
    headers: HeaderMap,
    Body(new): Body<NewWebSession>,
) -> Result<Json<WebSession>, Problem> {
    super::auth::admit_stranger(&app, &extensions, &headers).await?;
    let business_id = new
        .business_id
        .unwrap_or_else(|| app.settings.demo_business.clone());
    let business = app.business(&business_id).await?;
    let now = app.clock.now();
    let pair = Pair {
        business: business_id,
        participant: ParticipantId::new(format!("web-{}", ids::new_id(now)))
            .map_err(|_| Problem::internal())?,
    };
    Ok(Json(WebSession {
        business_name: business.catalogue.name.clone(),
        time_zone: zone_name(&business.catalogue.time_zone),
        token: app.keys.token(&pair, now),
        examples: examples(&business.catalogue),
        business_id: pair.business,
        participant_id: pair.participant,
    }))
}

/// Three sentences that this business can answer.
fn examples(catalogue: &Catalogue) -> Vec<String> {
    let mut services = catalogue
        .services
        .iter()
        .filter(|service| service.online_bookable && !service.add_on && !service.is_class());
    let first = services.next();
    let second = services.next().or(first);
    let staff = second.and_then(|service| {
        catalogue
            .resources
            .iter()
            .find(|r| r.kind == ResourceKind::Staff && r.active && service.served_by(&r.id))
    });
    let mut examples = Vec::new();
    if let Some(service) = second {
        let with = staff.map(|s| format!(" with {}", s.name)).unwrap_or_default();
        examples.push(format!("{}{with} on Friday at 2pm", service.name));
    }
    if let Some(service) = first {
        examples.push(format!("How much is a {}?", service.name));
    }
    examples.push("When are you open?".to_owned());
    examples
}

/// The pages and what they are made of.
pub(super) fn router() -> Router {
    Router::new()
        .route("/", get(|| async { page(Html(include_str!("web/chat.html"))) }))
        .route("/web/chat.js", get(|| script(include_str!("web/chat.js"))))
        .route("/web/chat.css", get(|| style(include_str!("web/chat.css"))))
        .route("/web/line.js", get(|| script(include_str!("web/line.js"))))
        .route("/web/panel.js", get(|| script(include_str!("web/panel.js"))))
        .route(
            "/console/metrics",
            get(|| async { page(Html(include_str!("web/metrics.html"))) }),
        )
        .route("/web/metrics.js", get(|| script(include_str!("web/metrics.js"))))
        .route("/web/metrics.css", get(|| style(include_str!("web/metrics.css"))))
        .route("/web/chart.js", get(|| script(include_str!("web/chart.js"))))
        .route(
            "/web/exposition.js",
            get(|| script(include_str!("web/exposition.js"))),
        )
        .route("/web/docs.js", get(|| script(include_str!("web/docs.js"))))
        .route("/web/docs.css", get(|| style(include_str!("web/docs.css"))))
        .route("/web/icon.svg", get(|| icon(include_str!("web/icon.svg"))))
        .route("/favicon.ico", get(|| icon(include_str!("web/icon.svg"))))
}

/// A page, with what it may load.
pub(super) fn page(html: Html<&'static str>) -> Response {
    let headers = [
        (CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, html).into_response()
}

async fn script(text: &'static str) -> Response {
    asset("text/javascript; charset=utf-8", text)
}

async fn style(text: &'static str) -> Response {
    asset("text/css; charset=utf-8", text)
}

async fn icon(text: &'static str) -> Response {
    asset("image/svg+xml", text)
}

/// Files change with the program, so a browser asks again each time; they are small.
fn asset(content_type: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-cache")], text).into_response()
}
