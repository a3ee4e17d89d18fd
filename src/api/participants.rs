//! What is known of one customer: context, transcript, sessions; and goals, models and pauses set from outside.

mod goals;
mod models;
mod pauses;
mod views;

use axum::extract::{Extension, State};
use axum::response::Json;
use serde::Deserialize;
use utoipa::IntoParams;

pub(super) use goals::{__path_goals, goals};
pub(super) use models::{__path_set_model, __path_unset_model, set_model, unset_model};
pub(super) use pauses::{__path_pause, __path_resume, pause, resume};
use views::{ContextView, SessionList, SessionView, TranscriptMessage, TranscriptPage};

use super::App;
use super::auth::Caller;
use super::params::{OfParticipant, QueryString, UrlPath, page_limit};
use super::problem::{Kind, Problem};
use crate::booking::appointment::Status;
use crate::conversation::Business;
use crate::conversation::answer::AppointmentView;
use crate::store::AppointmentQuery;
use crate::types::Pair;

/// Appointments that a context shows at most.
const UPCOMING_MAX: u32 = 20;

/// The largest number that every JSON reader keeps exactly.
const SEQ_MAX: u64 = 9_007_199_254_740_991;

/// Read what the bot knows of a customer
#[utoipa::path(
    get, path = "/v1/businesses/{business_id}/participants/{participant_id}/context", tag = "conversations", operation_id = "readContext",
    params(
        OfParticipant
    ),
    responses((status = 200, description = "The context as committed", body = ContextView))
)]
pub(super) async fn context(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    UrlPath(path): UrlPath<OfParticipant>,
) -> Result<Json<ContextView>, Problem> {
    let (pair, business) = known(&app, path).await?;
    caller.may_speak_for(&pair, &app)?;
    let Some((version, context)) = app.conversations.context(&pair).await? else {
        return Err(Problem::not_found("this participant has not written yet"));
    };
    let upcoming = AppointmentQuery {
        from: Some(app.clock.now()),
        participant: Some(pair.participant),
        statuses: vec![Status::Pending, Status::Confirmed, Status::CheckedIn],
        limit: UPCOMING_MAX,
        ..AppointmentQuery::default()
    };
    let appointments = app.store.appointments(&pair.business, &upcoming).await?;
    let appointments = appointments
        .iter()
        .map(|appointment| AppointmentView::of(appointment, &business.catalogue))
        .collect();
    Ok(Json(ContextView::of(version, context, appointments, &business)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct TranscriptParams {
    /// The messages before this number; the newest when missing.
    #[param(value_type = u64, required = false, minimum = 1, maximum = 9007199254740991_i64)]
    before: Option<u64>,
    /// How many at most.
    #[param(value_type = u32, required = false, minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

/// Read a page of the transcript
#[utoipa::path(
    get, path = "/v1/businesses/{business_id}/participants/{participant_id}/messages", tag = "conversations", operation_id = "readTranscript",
    params(
        OfParticipant,
        TranscriptParams
    ),
    responses((status = 200, description = "Messages in both directions, the oldest first", body = TranscriptPage))
)]
pub(super) async fn messages(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    UrlPath(path): UrlPath<OfParticipant>,
    QueryString(params): QueryString<TranscriptParams>,
) -> Result<Json<TranscriptPage>, Problem> {
    let limit = page_limit(params.limit)?;
    if params
        .before
        .is_some_and(|before| !(1..=SEQ_MAX).contains(&before))
    {
        let message = "must be the `before` of another page";
        return Err(Problem::fault(Kind::Malformed, "before", message));
    }
    let (pair, _) = known(&app, path).await?;
    caller.may_speak_for(&pair, &app)?;
    let entries = app
        .store
        .messages(pair.conversation(), params.before, limit)
        .await?;
    let before = entries.first().map(|first| first.seq).filter(|seq| *seq > 1);
    let mut messages: Vec<_> = entries.into_iter().map(TranscriptMessage::from).collect();
    let with_files: Vec<&str> = messages
        .iter()
        .filter_map(TranscriptMessage::id_if_with_attachments)
        .collect();
    if !with_files.is_empty() {
        let stored = app
            .accounts
            .store()
            .attachments_of(pair.conversation(), &with_files)
            .await?;
        messages
            .iter_mut()
            .for_each(|message| message.show_stored(&stored));
    }
    if caller != Caller::Operator {
        messages.iter_mut().for_each(TranscriptMessage::hide_accounts);
    }
    Ok(Json(TranscriptPage { messages, before }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionParams {
    /// How many at most.
    #[param(value_type = u32, required = false, minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

/// List sessions
#[utoipa::path(
    get, path = "/v1/businesses/{business_id}/participants/{participant_id}/sessions", tag = "conversations", operation_id = "listSessions",
    params(
        OfParticipant,
        SessionParams
    ),
    responses((status = 200, description = "Sessions, the newest first", body = SessionList))
)]
pub(super) async fn sessions(
    State(app): State<App>,
    UrlPath(path): UrlPath<OfParticipant>,
    QueryString(params): QueryString<SessionParams>,
) -> Result<Json<SessionList>, Problem> {
    let limit = page_limit(params.limit)?;
    let (pair, _) = known(&app, path).await?;
    let sessions = app.store.sessions(pair.conversation(), limit).await?;
    let sessions = sessions.into_iter().map(SessionView::from).collect();
    Ok(Json(SessionList { sessions }))
}

/// The pair that a path names, with its business.
pub(super) async fn known(
    app: &App,
    OfParticipant {
        business_id: business,
        participant_id: participant,
    }: OfParticipant,
) -> Result<(Pair, std::sync::Arc<Business>), Problem> {
    let found = app.business(&business).await?;
    let pair = Pair {
        business,
        participant,
    };
    Ok((pair, found))
}
