//! `POST …/goals`: something that a customer wants, said by a program in place of words.
//!
//! The goal goes through the conversation like any message, so it is asked about, read back and answered in the
//! same way, and it meets the same rules.

use axum::extract::State;
use axum::response::Json;
use jiff::civil::{Date, Time};
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::App;
use super::super::availability::PEOPLE_MAX;
use super::super::body::{Body, whole};
use super::super::params::{OfParticipant, Slug, UrlPath};
use super::super::problem::{Kind, Problem};
use super::super::wish;
use super::known;
use crate::booking::catalogue::Catalogue;
use crate::booking::visit::StaffWish;
use crate::conversation::Answer;
use crate::types::{AppointmentId, Channel, ResourceId, ServiceId};
use crate::understanding::act::{Candidate, Certainty, Mode, ServiceMention, StaffSaid};
use crate::understanding::when::{DateRange, TimeRange, Window};
use crate::understanding::{Act, GoalKind, SlotValue, When};

/// Services of one goal.
const SERVICES_MAX: usize = 10;

/// Something that a customer wants done. What is left out is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewGoal {
    /// What it is.
    kind: GoalKind,
    /// The services' ids, in the order of the visit.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Slug>>, max_items = 10)]
    services: Option<Vec<ServiceId>>,
    /// The id of a member of staff, or `anyone`.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64, pattern = "^[a-z0-9_-]+$")]
    staff: Option<ResourceId>,
    /// The local day.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    date: Option<Date>,
    /// The local time, `15:00`.
    #[serde(default)]
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    time: Option<String>,
    /// How many people come.
    #[serde(default, deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 20)]
    party_size: Option<u32>,
    /// The existing appointment that is to be moved or called off.
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    appointment_id: Option<AppointmentId>,
}

/// Begin a goal in place of the customer
#[utoipa::path(
    post, path = "/v1/businesses/{business_id}/participants/{participant_id}/goals", tag = "conversations", operation_id = "beginGoal",
    params(
        OfParticipant
    ),
    request_body = NewGoal,
    responses((status = 200, description = "The answer, as to a message", body = Answer))
)]
pub(in crate::api) async fn goals(
    State(app): State<App>,
    UrlPath(path): UrlPath<OfParticipant>,
    Body(goal): Body<NewGoal>,
) -> Result<Json<Answer>, Problem> {
    let time = goal.time.as_deref().map(local_time).transpose()?;
    if goal
        .party_size
        .is_some_and(|people| !(1..=PEOPLE_MAX).contains(&people))
    {
        let message = format!("must be a number from 1 to {PEOPLE_MAX}");
        return Err(Problem::fault(Kind::Invalid, "party_size", message));
    }
    if goal.services.as_ref().is_some_and(|s| s.len() > SERVICES_MAX) {
        let message = format!("may hold at most {SERVICES_MAX} services");
        return Err(Problem::fault(Kind::Invalid, "services", message));
    }
    let (pair, business) = known(&app, path).await?;
    let mut acts = acts(&goal, time, &business.catalogue)?;
    if let Some(id) = goal.appointment_id {
        let found = app.store.appointment(&pair.business, id).await?;
        let Some(found) = found.filter(|found| found.participant == pair.participant) else {
            return Err(Problem::not_found(
                "this participant has no appointment of that id",
            ));
        };
        let local = found
            .starts_at
            .to_zoned(business.catalogue.time_zone.clone())
            .datetime();
        let when = when(Some(local.date()), Some(local.time()));
        acts.push(Act::Set {
            value: SlotValue::Which { when },
        });
    }
    let _share = app.admit(Channel::Api, &pair).await?;
    let answer = app
        .conversations
        .act(pair.clone(), acts, app.settings.message_wait)
        .await?;
    app.tell_state(&pair, Some(answer.version));
    Ok(Json(answer))
}

/// What the customer would have said.
fn acts(goal: &NewGoal, time: Option<Time>, catalogue: &Catalogue) -> Result<Vec<Act>, Problem> {
    let mut acts = vec![Act::Start { goal: goal.kind }];
    let mut set = |value| acts.push(Act::Set { value });
    let services = wish::services(catalogue, goal.services.as_deref().unwrap_or_default())?;
    if !services.is_empty() {
        set(SlotValue::Service {
            mentions: services
                .iter()
                .map(|service| ServiceMention {
                    candidates: vec![exactly(service.id.clone())],
                    text: service.name.clone(),
                    span: (0, 0),
                })
                .collect(),
            mode: Mode::Replace,
        });
    }
    if goal.staff.is_some() {
        let said = match wish::staff(catalogue, goal.staff.as_ref())? {
            StaffWish::Only(id) => StaffSaid::Named {
                text: id.to_string(),
                candidates: vec![exactly(id)],
                span: (0, 0),
            },
            StaffWish::Anyone | StaffWish::Not(_) => StaffSaid::Anyone,
        };
        set(SlotValue::Staff { said });
    }
    if goal.date.is_some() || time.is_some() {
        set(SlotValue::When {
            when: when(goal.date, time),
        });
    }
    if let Some(people) = goal.party_size {
        set(SlotValue::PartySize { people, span: (0, 0) });
    }
    Ok(acts)
}

fn exactly<T>(id: T) -> Candidate<T> {
    Candidate {
        id,
        certainty: Certainty::Exact,
    }
}

fn when(date: Option<Date>, time: Option<Time>) -> When {
    let mut words: Vec<String> = date.iter().map(ToString::to_string).collect();
    words.extend(time.map(|time| time.strftime("%H:%M").to_string()));
    When {
        windows: vec![Window {
            dates: date.map(DateRange::day),
            times: time.map(TimeRange::At),
        }],
        except: Vec::new(),
        order: None,
        ambiguous: false,
        inferred: Vec::new(),
        text: words.join(" "),
        span: (0, 0),
    }
}

fn local_time(text: &str) -> Result<Time, Problem> {
    let time = text.split_once(':').and_then(|(hour, minute)| {
        let two_digits = |part: &str| -> Option<i8> {
            (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok())?
        };
        Time::new(two_digits(hour)?, two_digits(minute)?, 0, 0).ok()
    });
    time.ok_or_else(|| Problem::fault(Kind::Invalid, "time", "must be a time of day, for example 15:00"))
}
