//! What is known of one customer: context, transcript, sessions; and goals set from outside.

mod goals;

use axum::extract::{Extension, State};
use axum::response::Json;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub(super) use goals::{__path_goals, goals};

use super::App;
use super::appointments::page_limit;
use super::auth::Caller;
use super::availability::zone_name;
use super::params::{OfParticipant, QueryString, UrlPath};
use super::problem::{Kind, Problem};
use crate::booking::appointment::Status;
use crate::conversation::Business;
use crate::conversation::answer::{AppointmentView, GoalView};
use crate::dialogue::Context;
use crate::dialogue::context::Session;
use crate::store::{AppointmentQuery, Direction, TranscriptEntry};
use crate::types::{Channel, Pair, SessionId};

const PAGE_DEFAULT: u32 = 50;
const PAGE_MAX: u32 = 200;

/// Appointments that a context shows at most.
const UPCOMING_MAX: u32 = 20;

/// The largest number that every JSON reader keeps exactly.
const SEQ_MAX: u64 = 9_007_199_254_740_991;

/// What the bot knows of a customer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ContextView {
    /// The conversation's version; grows by one with every turn.
    version: u64,
    /// The IANA name of the zone of all local times.
    time_zone: String,
    /// The session that is open, if any.
    session: Option<SessionView>,
    /// The goals that are active.
    goals: Vec<GoalView>,
    /// What was asked last and waits for its answer.
    question: Option<QuestionView>,
    /// The customer's upcoming appointments, by start.
    appointments: Vec<AppointmentView>,
    /// What the customer said about themselves.
    profile: ProfileView,
    /// How many places on the waitlist the customer has.
    waitlist_entries: usize,
    /// Whether a person was asked to take over.
    handed_off: bool,
    /// Whether the customer wants no further messages.
    opted_out: bool,
}

/// A question that waits for its answer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct QuestionView {
    /// The question in short.
    text: String,
    /// The options as listed.
    options: Vec<String>,
}

/// What a customer said about themselves.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProfileView {
    /// The name to be called by.
    name: Option<String>,
    /// A phone number.
    phone: Option<String>,
    /// A mail address.
    email: Option<String>,
}

/// A stretch of a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionView {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    id: SessionId,
    /// The beginning of its first message.
    title: String,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// When it was last active.
    #[schema(value_type = String, format = DateTime)]
    last_activity: Timestamp,
    /// When it was closed.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    /// Messages in both directions.
    message_count: u64,
    /// Tokens of models in both directions.
    total_tokens: u64,
}

/// Sessions of a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionList {
    /// The newest first.
    sessions: Vec<SessionView>,
}

/// A page of a transcript.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TranscriptPage {
    /// The oldest first.
    messages: Vec<TranscriptMessage>,
    /// Give this as `before` to get the page that precedes this one; `null` at the beginning.
    before: Option<u64>,
}

/// A message of a transcript.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TranscriptMessage {
    /// Counts the conversation's messages from 1, without gaps.
    seq: u64,
    /// Which way it went.
    direction: Direction,
    /// Who speaks: `customer`, `bot` or `operator`.
    role: String,
    /// The sender's id, or ours for a reply.
    message_id: String,
    /// The text.
    text: String,
    /// What could be tapped.
    options: Vec<String>,
    /// Attachments as the channel described them.
    #[serde(skip_serializing_if = "Option::is_none")]
    attachments: Option<serde_json::Value>,
    /// When it was sent.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The channel.
    channel: Channel,
    /// The session that it belongs to.
    #[schema(value_type = uuid::Uuid)]
    session_id: SessionId,
    /// Who understood it (inbound): `rules` or a model's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<String>,
    /// How long the turn took until it was decided, in milliseconds.
    latency_ms: u32,
}

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
    let limit = page_limit(params.limit, PAGE_DEFAULT, PAGE_MAX)?;
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
    let messages = entries.into_iter().map(TranscriptMessage::from).collect();
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
    let limit = page_limit(params.limit, PAGE_DEFAULT, PAGE_MAX)?;
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

impl ContextView {
    fn of(version: u64, context: Context, appointments: Vec<AppointmentView>, business: &Business) -> Self {
        let zone = &business.catalogue.time_zone;
        let options = context.option_labels();
        Self {
            version,
            time_zone: zone_name(zone),
            session: context.session.map(SessionView::from),
            goals: context
                .goals
                .iter()
                .filter(|goal| goal.state.is_active())
                .map(|goal| GoalView::of(goal, zone))
                .collect(),
            question: context.question.map(|question| QuestionView {
                text: question.again,
                options,
            }),
            appointments,
            profile: ProfileView {
                name: context.profile.name,
                phone: context.profile.phone,
                email: context.profile.email,
            },
            waitlist_entries: context.waitlist.len(),
            handed_off: context.handed_off.is_some(),
            opted_out: context.opted_out,
        }
    }
}

impl From<Session> for SessionView {
    fn from(session: Session) -> Self {
        Self {
            id: session.id,
            title: session.title,
            started_at: session.started_at,
            last_activity: session.last_activity,
            ended_at: session.ended_at,
            message_count: session.message_count,
            total_tokens: session.total_tokens,
        }
    }
}

impl From<TranscriptEntry> for TranscriptMessage {
    fn from(entry: TranscriptEntry) -> Self {
        Self {
            seq: entry.seq,
            direction: entry.direction,
            role: entry.role,
            message_id: entry.message_id,
            text: entry.text,
            options: entry.options,
            attachments: entry
                .attachments
                .and_then(|json| serde_json::from_str(&json).ok()),
            at: entry.at,
            channel: entry.channel,
            session_id: entry.session,
            engine: entry.engine,
            latency_ms: entry.latency_ms,
        }
    }
}
