//! Changing appointments from the business's side, under the same rules as in a conversation.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::App;
use super::super::availability::PEOPLE_MAX;
use super::super::body::{Body, whole};
use super::super::params::{IdempotencyKey, IfMatch, OfAppointment, OfBusiness, Slug, UrlPath};
use super::super::problem::{Kind, Problem};
use super::super::wish;
use super::slot::{carry_out, own_visits, plan};
use super::{BookedAppointment, find, location, show};
use crate::booking::appointment::{Appointment, Status};
use crate::booking::catalogue::ResourceKind;
use crate::booking::visit;
use crate::conversation::Business;
use crate::ids;
use crate::store::{Actor, Change};
use crate::types::{AppointmentId, ParticipantId, ResourceId, ServiceId};

/// Services of one visit.
const SERVICES_MAX: usize = 10;

/// The largest version that every JSON reader keeps exactly.
const VERSION_MAX: u64 = 9_007_199_254_740_991;

/// A booking by the business.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewAppointment {
    /// Whose it is.
    #[schema(value_type = String, min_length = 1, max_length = 128, pattern = r"^[^\u0000-\u001f\u007f-\u009f\ufffd]+$")]
    participant_id: ParticipantId,
    /// The services' ids, in the order of the visit.
    #[schema(value_type = Vec<Slug>, min_items = 1, max_items = 10)]
    services: Vec<ServiceId>,
    /// The id of the member of staff; whoever is free when missing or `anyone`.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64, pattern = "^[a-z0-9_-]+$")]
    staff: Option<ResourceId>,
    /// When it starts, as `GET .../availability` says it.
    #[schema(value_type = String, format = DateTime)]
    starts_at: Timestamp,
    /// How many people come.
    #[serde(default, deserialize_with = "whole")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 20)]
    party_size: Option<u32>,
}

/// A change of an appointment: either of its time and staff, or of its state.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct AppointmentChange {
    /// The new start.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    starts_at: Option<Timestamp>,
    /// The id of the new member of staff, or `anyone`; the present one when missing.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64, pattern = "^[a-z0-9_-]+$")]
    staff: Option<ResourceId>,
    /// The new state.
    #[serde(default)]
    status: Option<Status>,
    /// Refuse unless the appointment has this version. `If-Match` says the same.
    #[serde(default, deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    expected_version: Option<u64>,
}

/// Book an appointment
///
/// The same `Idempotency-Key` again returns the first result.
#[utoipa::path(
    post, path = "/v1/businesses/{business_id}/appointments", tag = "appointments", operation_id = "bookAppointment",
    params(
        OfBusiness,
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a second try of the same booking return the first's result", min_length = 1, max_length = 128, pattern = "^[!-~]+$")
    ),
    request_body = NewAppointment,
    responses((
        status = 201, description = "Booked", body = BookedAppointment,
        headers(
            ("ETag" = String, description = "The appointment's version"),
            ("Location" = String, description = "The appointment's path"),
        )
    ))
)]
pub(in crate::api) async fn book(
    State(app): State<App>,
    UrlPath(OfBusiness { business_id: id }): UrlPath<OfBusiness>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Body(new): Body<NewAppointment>,
) -> Result<Response, Problem> {
    let people = new.party_size.unwrap_or(1);
    if !(1..=PEOPLE_MAX).contains(&people) {
        let message = format!("must be a number from 1 to {PEOPLE_MAX}");
        return Err(Problem::fault(Kind::Invalid, "party_size", message));
    }
    if !(1..=SERVICES_MAX).contains(&new.services.len()) {
        let message = format!("must hold 1 to {SERVICES_MAX} services");
        return Err(Problem::fault(Kind::Invalid, "services", message));
    }
    let business = app.business(&id).await?;
    let catalogue = &business.catalogue;
    let wish = wish::visit(catalogue, &new.services, new.staff.as_ref(), people)?;
    let (now, starts_at) = (app.clock.now(), new.starts_at);
    // A second try would find the booking of the first in its way. Looking past the customer's own visits leaves
    // the answer to the store, which knows the key; under another key the slot is still taken.
    let own = match idempotency_key {
        Some(_) => own_visits(&app, &business, &new.participant_id, starts_at).await?,
        None => Vec::new(),
    };
    let plan = plan(&app, &business, &wish, starts_at, &own).await?;
    let new = visit::NewAppointment {
        id: AppointmentId(ids::new_id(now)),
        participant: new.participant_id,
        hold_expires_at: None,
        goal: None,
    };
    let appointment = plan.new_appointment(catalogue, &wish, new);
    let change = Change::Book {
        appointment,
        actor: Actor::Operator,
        idempotency_key,
    };
    let booked = carry_out(&app, &business, change, Some((&wish, starts_at, &[]))).await?;
    Ok((
        location(&id, booked.id),
        show(StatusCode::CREATED, &booked, catalogue),
    )
        .into_response())
}

/// Move an appointment, or change its state
#[utoipa::path(
    patch, path = "/v1/businesses/{business_id}/appointments/{appointment_id}", tag = "appointments", operation_id = "changeAppointment",
    params(
        OfAppointment,
        ("If-Match" = Option<String>, Header, description = "Refuse unless the appointment has this version", pattern = "^\"?[0-9]{1,15}\"?$")
    ),
    request_body = AppointmentChange,
    responses((
        status = 200, description = "Changed", body = BookedAppointment,
        headers(("ETag" = String, description = "The appointment's version"))
    ))
)]
pub(in crate::api) async fn change(
    State(app): State<App>,
    UrlPath(OfAppointment {
        business_id: id,
        appointment_id: appointment,
    }): UrlPath<OfAppointment>,
    IfMatch(if_match): IfMatch,
    Body(wanted): Body<AppointmentChange>,
) -> Result<Response, Problem> {
    if wanted
        .expected_version
        .is_some_and(|version| !(1..=VERSION_MAX).contains(&version))
    {
        let message = "must be the `version` of an appointment";
        return Err(Problem::fault(Kind::Invalid, "expected_version", message));
    }
    let business = app.business(&id).await?;
    let found = find(&app, &id, appointment).await?;
    let expected_version = wanted.expected_version.or(if_match);
    let moves = wanted.starts_at.is_some() || wanted.staff.is_some();
    let changed = match (moves, wanted.status) {
        (true, Some(_)) => {
            return Err(Problem::new(
                Kind::Conflict,
                "change the time and staff, or the status, but not both at once",
            ));
        }
        (true, None) => move_to(&app, &business, found, &wanted, expected_version).await?,
        (false, Some(status)) => set_status(&app, &business, appointment, status, expected_version).await?,
        // Nothing asked for, nothing changed.
        (false, None) => found,
    };
    Ok(show(StatusCode::OK, &changed, &business.catalogue))
}

/// Call an appointment off
///
/// It keeps its history and can still be read, with the status `cancelled`. Calling it off again changes nothing.
#[utoipa::path(
    delete, path = "/v1/businesses/{business_id}/appointments/{appointment_id}", tag = "appointments", operation_id = "cancelAppointment",
    params(
        OfAppointment,
        ("If-Match" = Option<String>, Header, description = "Refuse unless the appointment has this version", pattern = "^\"?[0-9]{1,15}\"?$")
    ),
    responses((
        status = 200, description = "Called off", body = BookedAppointment,
        headers(("ETag" = String, description = "The appointment's version"))
    ))
)]
pub(in crate::api) async fn cancel(
    State(app): State<App>,
    UrlPath(OfAppointment {
        business_id: id,
        appointment_id: appointment,
    }): UrlPath<OfAppointment>,
    IfMatch(expected_version): IfMatch,
) -> Result<Response, Problem> {
    let business = app.business(&id).await?;
    let found = find(&app, &id, appointment).await?;
    let cancelled = if found.status == Status::Cancelled {
        found
    } else {
        set_status(&app, &business, appointment, Status::Cancelled, expected_version).await?
    };
    Ok(show(StatusCode::OK, &cancelled, &business.catalogue))
}

async fn set_status(
    app: &App,
    business: &Arc<Business>,
    id: AppointmentId,
    status: Status,
    expected_version: Option<u64>,
) -> Result<Appointment, Problem> {
    let change = Change::SetStatus {
        id,
        status,
        expected_version,
        actor: Actor::Operator,
    };
    carry_out(app, business, change, None).await
}

async fn move_to(
    app: &App,
    business: &Arc<Business>,
    found: Appointment,
    wanted: &AppointmentChange,
    expected_version: Option<u64>,
) -> Result<Appointment, Problem> {
    let catalogue = &business.catalogue;
    let present = found.allocations.iter().find_map(|allocation| {
        let resource = catalogue.resource(&allocation.resource)?;
        (resource.kind == ResourceKind::Staff).then(|| resource.id.clone())
    });
    // A party is served by several people; naming one of them would ask too much of that one.
    let present = present.filter(|_| found.party_size == 1);
    let staff = wanted.staff.as_ref().or(present.as_ref());
    // A party's services are listed person by person; a class is listed once for all.
    let people = usize::try_from(found.party_size).unwrap_or(usize::MAX);
    let of_one = found.services.len().checked_div(people).unwrap_or_default();
    let services = match of_one {
        0 => &found.services[..],
        of_one => &found.services[..of_one],
    };
    let wish = wish::visit(catalogue, services, staff, found.party_size)?;
    let starts_at = wanted.starts_at.unwrap_or(found.starts_at);
    let ignoring = [found.id];
    let plan = plan(app, business, &wish, starts_at, &ignoring).await?;
    let to = Appointment {
        starts_at: plan.starts_at,
        ends_at: plan.ends_at,
        allocations: plan.allocations,
        ..found
    };
    let change = Change::Move {
        to,
        expected_version,
        actor: Actor::Operator,
    };
    carry_out(app, business, change, Some((&wish, starts_at, &ignoring))).await
}
