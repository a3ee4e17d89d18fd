//! What is free, and why the rest is not.

use axum::extract::State;
use axum::response::Json;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::App;
use super::params::{OfBusiness, QueryString, UrlPath};
use super::problem::{Kind, Problem};
use super::wish;
use crate::booking::availability::{self, Question, Refusal};
use crate::booking::catalogue::{Catalogue, ResourceKind};
use crate::booking::visit::{Plan, Wish};
use crate::conversation::Business;
use crate::types::{AppointmentId, BusinessId, ResourceId, ServiceId};

/// Days that one answer covers at most.
const DAYS_MAX: i32 = 62;

/// Days that an answer covers when no end is named.
const DAYS_DEFAULT: i32 = 7;

/// The largest party.
pub(super) const PEOPLE_MAX: u32 = 20;

/// How many starts are named in place of one that is not free.
const ALTERNATIVES: usize = 5;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchParams {
    /// The service's id.
    #[param(value_type = String, min_length = 1, max_length = 64, pattern = "^[a-z0-9_-]+$")]
    service: ServiceId,
    /// The first local day; today when missing.
    #[param(value_type = String, format = Date, required = false)]
    from: Option<Date>,
    /// The last local day, included; a week from the first when missing. At most 62 days are looked at.
    #[param(value_type = String, format = Date, required = false)]
    to: Option<Date>,
    /// The id of a member of staff; `anyone` or nothing for whoever is free.
    #[param(value_type = String, required = false, min_length = 1, max_length = 64, pattern = "^[a-z0-9_-]+$")]
    staff: Option<ResourceId>,
    /// How many people come.
    #[param(minimum = 1, maximum = 20, default = 1, required = false, value_type = u32)]
    people: Option<u32>,
    /// Whether starts that are not free are listed too, each with its reason.
    #[param(default = false, required = false, value_type = bool)]
    explain: Option<bool>,
}

/// Free starts.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AvailabilityView {
    /// The business.
    #[schema(value_type = String)]
    business_id: BusinessId,
    /// The service.
    #[schema(value_type = String)]
    service: ServiceId,
    /// The IANA name of the zone of all local times.
    time_zone: String,
    /// The first local day that was looked at.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// The last local day that was looked at; earlier than `from` when the range is empty.
    #[schema(value_type = String, format = Date)]
    to: Date,
    /// What is free, by start.
    starts: Vec<Start>,
    /// What is not, by start; only with `explain=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<Vec<RefusedStart>>,
}

/// A start that is free at the moment.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct Start {
    /// When it starts, with the business's offset. Book with exactly this.
    #[schema(value_type = String, format = DateTime)]
    starts_at: String,
    /// When it ends, with the business's offset.
    #[schema(value_type = String, format = DateTime)]
    ends_at: String,
    /// The local day.
    #[schema(value_type = String, format = Date)]
    date: Date,
    /// The local time, `15:00`.
    time: String,
    /// Who would serve.
    staff: Vec<String>,
}

/// A start that is not free.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct RefusedStart {
    /// The local start, `2026-11-20T15:00:00`. A day that is closed as a whole has one entry, at midnight.
    start: String,
    /// The first rule that refuses it: `not_bookable`, `past`, `too_soon`, `too_far`, `closed_day`,
    /// `outside_hours`, `nonexistent_local_time`, `no_session`, `not_qualified`, `resource_off`, `taken` or
    /// `not_enough_seats`.
    #[schema(value_type = String)]
    code: &'static str,
    /// The rule in words.
    why: String,
}

/// Search free starts
#[utoipa::path(
    get, path = "/v1/businesses/{business_id}/availability", tag = "appointments", operation_id = "searchAvailability",
    params(
        OfBusiness,
        SearchParams
    ),
    responses((status = 200, description = "Free starts, and on request the reason for each that is not", body = AvailabilityView))
)]
pub(super) async fn search(
    State(app): State<App>,
    UrlPath(OfBusiness { business_id: id }): UrlPath<OfBusiness>,
    QueryString(params): QueryString<SearchParams>,
) -> Result<Json<AvailabilityView>, Problem> {
    let people = params.people.unwrap_or(1);
    if !(1..=PEOPLE_MAX).contains(&people) {
        let message = format!("must be a number from 1 to {PEOPLE_MAX}");
        return Err(Problem::fault(Kind::Malformed, "people", message));
    }
    let business = app.business(&id).await?;
    let catalogue = &business.catalogue;
    let services = std::slice::from_ref(&params.service);
    let wish = wish::visit(catalogue, services, params.staff.as_ref(), people)?;

    let now = app.clock.now();
    let from = params
        .from
        .unwrap_or_else(|| now.to_zoned(catalogue.time_zone.clone()).date());
    let to = params.to.unwrap_or_else(|| later(from, DAYS_DEFAULT - 1));
    let to = to.min(later(from, DAYS_MAX - 1));

    let calendar = app.businesses.calendar(&business, now).await?;
    let question = Question {
        catalogue,
        calendar: &calendar,
        wish: &wish,
        now,
        ignoring: &[],
    };
    let found = if to < from {
        availability::Availability::default()
    } else {
        availability::search(question, from, to)
    };
    let refused = params.explain.unwrap_or(false).then(|| {
        found
            .refused
            .iter()
            .map(|r| RefusedStart::of(r, catalogue))
            .collect()
    });
    Ok(Json(AvailabilityView {
        business_id: id,
        service: params.service,
        time_zone: zone_name(&catalogue.time_zone),
        from,
        to,
        starts: found.free.iter().map(|plan| Start::of(plan, catalogue)).collect(),
        refused,
    }))
}

/// Free starts nearest to one that is not: of the same day and the week after it, those closest in time.
pub(super) async fn alternatives(
    app: &App,
    business: &Business,
    wish: &Wish,
    wanted: Timestamp,
    ignoring: &[AppointmentId],
) -> Result<Vec<Start>, Problem> {
    let now = app.clock.now();
    let catalogue = &business.catalogue;
    let calendar = app.businesses.calendar(business, now).await?;
    let question = Question {
        catalogue,
        calendar: &calendar,
        wish,
        now,
        ignoring,
    };
    let day = wanted.max(now).to_zoned(catalogue.time_zone.clone()).date();
    let mut free = availability::search(question, day, later(day, DAYS_DEFAULT)).free;
    free.sort_by_key(|plan| (plan.starts_at.duration_since(wanted).abs(), plan.starts_at));
    free.truncate(ALTERNATIVES);
    free.sort_by_key(|plan| plan.starts_at);
    Ok(free.iter().map(|plan| Start::of(plan, catalogue)).collect())
}

fn later(day: Date, days: i32) -> Date {
    day.checked_add(days.days()).unwrap_or(Date::MAX)
}

/// The zone's name; a zone without one is a fixed offset.
pub(super) fn zone_name(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("UTC").to_owned()
}

impl Start {
    pub(super) fn of(plan: &Plan, catalogue: &Catalogue) -> Self {
        let starts = plan.starts_at.to_zoned(catalogue.time_zone.clone());
        let ends = plan.ends_at.to_zoned(catalogue.time_zone.clone());
        let mut staff: Vec<String> = Vec::new();
        for allocation in &plan.allocations {
            let is_staff = catalogue
                .resource(&allocation.resource)
                .is_some_and(|resource| resource.kind == ResourceKind::Staff);
            let id = allocation.resource.to_string();
            if is_staff && !staff.contains(&id) {
                staff.push(id);
            }
        }
        Self {
            starts_at: starts.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            ends_at: ends.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            date: starts.date(),
            time: starts.strftime("%H:%M").to_string(),
            staff,
        }
    }
}

impl RefusedStart {
    fn of(refusal: &Refusal, catalogue: &Catalogue) -> Self {
        let (code, why) = wish::explain(&refusal.reason, catalogue);
        Self {
            start: refusal.start.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
            code,
            why,
        }
    }
}
