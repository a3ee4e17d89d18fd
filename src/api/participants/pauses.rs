//! `PUT` and `DELETE …/pause`: a person answers a customer, and the bot is silent.

use axum::extract::State;
use axum::response::Json;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::App;
use super::super::body::Body;
use super::super::params::{OfParticipant, UrlPath};
use super::super::problem::{Kind, Problem};
use super::known;
use crate::accounts::PAUSE_MINUTES_MAX;
use crate::types::Channel;

/// How long the bot is to be silent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct WantedPause {
    /// Minutes from now.
    #[schema(minimum = 1, maximum = 10080)]
    minutes: i64,
}

/// Whether the bot is silent in a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct PauseSet {
    /// Until when; `null` when it answers.
    #[schema(value_type = Option<String>, format = DateTime)]
    paused_until: Option<Timestamp>,
    /// The conversation's version.
    version: u64,
}

/// Answer a customer in the bot's place
///
/// Until then the bot keeps what the customer writes and says nothing, except to a wish to be left alone. Every call
/// begins the time anew.
#[utoipa::path(
    put, path = "/v1/businesses/{business_id}/participants/{participant_id}/pause", tag = "conversations", operation_id = "pause",
    params(
        OfParticipant
    ),
    request_body = WantedPause,
    responses((status = 200, description = "The bot is silent", body = PauseSet))
)]
pub(in crate::api) async fn pause(
    State(app): State<App>,
    UrlPath(path): UrlPath<OfParticipant>,
    Body(wanted): Body<WantedPause>,
) -> Result<Json<PauseSet>, Problem> {
    if !(1..=PAUSE_MINUTES_MAX).contains(&wanted.minutes) {
        let message = format!("must be from 1 to {PAUSE_MINUTES_MAX}");
        return Err(Problem::fault(Kind::Invalid, "minutes", message));
    }
    let pause = SignedDuration::from_mins(wanted.minutes);
    let until = app.clock.now().saturating_add(pause).unwrap_or(Timestamp::MAX);
    set(&app, path, Some(until)).await
}

/// Have the bot answer again
#[utoipa::path(
    delete, path = "/v1/businesses/{business_id}/participants/{participant_id}/pause", tag = "conversations", operation_id = "resume",
    params(
        OfParticipant
    ),
    responses((status = 200, description = "The bot answers", body = PauseSet))
)]
pub(in crate::api) async fn resume(
    State(app): State<App>,
    UrlPath(path): UrlPath<OfParticipant>,
) -> Result<Json<PauseSet>, Problem> {
    set(&app, path, None).await
}

async fn set(
    app: &App,
    path: OfParticipant,
    paused_until: Option<Timestamp>,
) -> Result<Json<PauseSet>, Problem> {
    let (pair, _) = known(app, path).await?;
    let _share = app.admit(Channel::Api, &pair).await?;
    let wait = app.settings.message_wait;
    let version = app.conversations.pause(&pair, paused_until, wait).await?;
    let Some(version) = version else {
        return Err(Problem::not_found("this participant has not written yet"));
    };
    Ok(Json(PauseSet {
        paused_until,
        version,
    }))
}
