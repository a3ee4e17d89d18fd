//! Appointments from the business's side: list, read, book, move, call off.

mod change;
mod slot;

use axum::extract::State;
use axum::http::header::{ETAG, LOCATION};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub(super) use change::{__path_book, __path_cancel, __path_change, book, cancel, change};

use super::App;
use super::params::{OfAppointment, OfBusiness, QueryString, UrlPath, page_after, page_limit};
use super::problem::Problem;
use crate::booking::appointment::{Actor, Appointment, EventKind, Status};
use crate::booking::catalogue::Catalogue;
use crate::conversation::answer::AppointmentView;
use crate::store::{AppointmentEvent, AppointmentQuery};
use crate::types::{AppointmentId, BusinessId, ParticipantId, TurnId};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ListParams {
    /// Those that end after this instant.
    #[param(value_type = String, format = DateTime, required = false)]
    from: Option<Timestamp>,
    /// Those that start before this instant.
    #[param(value_type = String, format = DateTime, required = false)]
    until: Option<Timestamp>,
    /// Those of one participant.
    #[param(value_type = String, required = false, min_length = 1, max_length = 128, pattern = r"^[^\u0000-\u001f\u007f-\u009f\ufffd]+$")]
    participant_id: Option<ParticipantId>,
    /// Those in this state.
    #[param(inline, required = false, value_type = Status)]
    status: Option<Status>,
    /// Where the page before ended (its `next`).
    #[param(value_type = String, required = false, pattern = "^[0-9]{1,17}~[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
    after: Option<String>,
    /// How many at most.
    #[param(value_type = u32, required = false, minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

/// A page of appointments.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AppointmentPage {
    /// By start.
    appointments: Vec<BookedAppointment>,
    /// Give this as `after` to get the next page; `null` at the end.
    next: Option<String>,
}

/// An appointment with its customer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BookedAppointment {
    /// Whose it is.
    #[schema(value_type = String)]
    participant_id: ParticipantId,
    /// The price at the time of booking in minor units; `null` when it is asked for on the spot.
    price_minor: Option<u64>,
    #[serde(flatten)]
    view: AppointmentView,
}

/// What happened to an appointment.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AppointmentHistory {
    /// In order.
    events: Vec<AppointmentEventView>,
}

/// Something that happened to an appointment.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AppointmentEventView {
    /// Counts from 1.
    seq: u64,
    /// What happened.
    kind: EventKind,
    /// By whom.
    actor: Actor,
    /// The turn of a conversation that did it.
    #[schema(value_type = Option<uuid::Uuid>)]
    turn: Option<TurnId>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The appointment after it.
    after: BookedAppointment,
}

/// List appointments
#[utoipa::path(
    get, path = "/v1/businesses/{business_id}/appointments", tag = "appointments", operation_id = "listAppointments",
    params(
        OfBusiness,
        ListParams
    ),
    responses((status = 200, description = "A page of appointments, by start", body = AppointmentPage))
)]
pub(super) async fn list(
    State(app): State<App>,
    UrlPath(OfBusiness { business_id: id }): UrlPath<OfBusiness>,
    QueryString(params): QueryString<ListParams>,
) -> Result<Json<AppointmentPage>, Problem> {
    let limit = page_limit(params.limit)?;
    let after = params.after.as_deref().map(page_after).transpose()?;
    let business = app.business(&id).await?;
    let query = AppointmentQuery {
        from: params.from,
        until: params.until,
        participant: params.participant_id,
        statuses: params.status.into_iter().collect(),
        after,
        // One more than shown says whether another page follows.
        limit: limit + 1,
    };
    let mut found = app.store.appointments(&id, &query).await?;
    let shown = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > shown;
    found.truncate(shown);
    let next = found.last().filter(|_| more).map(|last| {
        let micros = last.starts_at.as_microsecond();
        format!("{micros}~{}", last.id)
    });
    let appointments = found
        .iter()
        .map(|appointment| BookedAppointment::of(appointment, &business.catalogue))
        .collect();
    Ok(Json(AppointmentPage { appointments, next }))
}

/// Read an appointment
#[utoipa::path(
    get, path = "/v1/businesses/{business_id}/appointments/{appointment_id}", tag = "appointments", operation_id = "readAppointment",
    params(
        OfAppointment
    ),
    responses((
        status = 200, description = "The appointment, with its version as ETag",
        body = BookedAppointment, headers(("ETag" = String, description = "The appointment's version"))
    ))
)]
pub(super) async fn read(
    State(app): State<App>,
    UrlPath(OfAppointment {
        business_id: id,
        appointment_id: appointment,
    }): UrlPath<OfAppointment>,
) -> Result<Response, Problem> {
    let business = app.business(&id).await?;
    let found = find(&app, &id, appointment).await?;
    Ok(show(StatusCode::OK, &found, &business.catalogue))
}

/// List what happened to an appointment
#[utoipa::path(
    get, path = "/v1/businesses/{business_id}/appointments/{appointment_id}/events", tag = "appointments", operation_id = "listAppointmentEvents",
    params(
        OfAppointment
    ),
    responses((status = 200, description = "Its whole history", body = AppointmentHistory))
)]
pub(super) async fn events(
    State(app): State<App>,
    UrlPath(OfAppointment {
        business_id: id,
        appointment_id: appointment,
    }): UrlPath<OfAppointment>,
) -> Result<Json<AppointmentHistory>, Problem> {
    let business = app.business(&id).await?;
    find(&app, &id, appointment).await?;
    let events = app.store.appointment_events(&id, appointment).await?;
    let events = events
        .iter()
        .map(|event| AppointmentEventView::of(event, &business.catalogue))
        .collect();
    Ok(Json(AppointmentHistory { events }))
}

async fn find(app: &App, id: &BusinessId, appointment: AppointmentId) -> Result<Appointment, Problem> {
    app.store
        .appointment(id, appointment)
        .await?
        .ok_or_else(|| Problem::not_found("there is no appointment of that id"))
}

fn show(status: StatusCode, appointment: &Appointment, catalogue: &Catalogue) -> Response {
    let etag = [(ETAG, format!("\"{}\"", appointment.version))];
    (status, etag, Json(BookedAppointment::of(appointment, catalogue))).into_response()
}

fn location(id: &BusinessId, appointment: AppointmentId) -> [(header::HeaderName, String); 1] {
    [(
        LOCATION,
        format!("/v1/businesses/{id}/appointments/{appointment}"),
    )]
}

impl BookedAppointment {
    fn of(appointment: &Appointment, catalogue: &Catalogue) -> Self {
        Self {
            participant_id: appointment.participant.clone(),
            price_minor: appointment.price_minor,
            view: AppointmentView::of(appointment, catalogue),
        }
    }
}

impl AppointmentEventView {
    fn of(event: &AppointmentEvent, catalogue: &Catalogue) -> Self {
        Self {
            seq: event.seq,
            kind: event.kind,
            actor: event.actor,
            turn: event.turn,
            at: event.at,
            after: BookedAppointment::of(&event.after, catalogue),
        }
    }
}
