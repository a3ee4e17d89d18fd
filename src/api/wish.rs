//! From the words of the API (service ids, a number of people, a member of staff) to a wish that booking knows.

use crate::booking::Catalogue;
use crate::booking::availability::Reason;
use crate::booking::catalogue::{ResourceKind, Service};
use crate::booking::visit::{StaffWish, Wish, wish_for};
use crate::types::{ResourceId, ServiceId};

use super::problem::Problem;

/// The word for "whoever is free".
const ANYONE: &str = "anyone";

/// The services of these ids, in that order.
pub(super) fn services<'c>(catalogue: &'c Catalogue, ids: &[ServiceId]) -> Result<Vec<&'c Service>, Problem> {
    ids.iter()
        .map(|id| {
            catalogue
                .service(id)
                .ok_or_else(|| Problem::not_found(format!("there is no service {id}")))
        })
        .collect()
}

/// The wish about staff that this name stands for.
pub(super) fn staff(catalogue: &Catalogue, named: Option<&ResourceId>) -> Result<StaffWish, Problem> {
    match named {
        None => Ok(StaffWish::Anyone),
        Some(id) if id.as_str() == ANYONE => Ok(StaffWish::Anyone),
        Some(id) => match catalogue.resource(id) {
            Some(resource) if resource.kind == ResourceKind::Staff => Ok(StaffWish::Only(id.clone())),
            Some(_) | None => Err(Problem::not_found(format!("there is no member of staff {id}"))),
        },
    }
}

/// The visit that these services, this member of staff and this number of people stand for.
pub(super) fn visit(
    catalogue: &Catalogue,
    ids: &[ServiceId],
    named: Option<&ResourceId>,
    people: u32,
) -> Result<Wish, Problem> {
    services(catalogue, ids)?;
    let staff = staff(catalogue, named)?;
    Ok(wish_for(catalogue, ids, &staff, people))
}

/// Why a start is refused, as a code and as a sentence.
pub(super) fn explain(reason: &Reason, catalogue: &Catalogue) -> (&'static str, String) {
    let name = |id: &ResourceId| {
        catalogue
            .resource(id)
            .map_or_else(|| id.to_string(), |resource| resource.name.clone())
    };
    match reason {
        Reason::NotBookable => ("not_bookable", "This cannot be booked online.".to_owned()),
        Reason::Past => ("past", "This time has passed.".to_owned()),
        Reason::TooSoon { earliest } => {
            let local = earliest.to_zoned(catalogue.time_zone.clone());
            (
                "too_soon",
                format!(
                    "This is too soon; the earliest start is {}.",
                    local.strftime("%Y-%m-%d %H:%M")
                ),
            )
        }
        Reason::TooFar { last_day } => (
            "too_far",
            format!("This is too far ahead; the last day that can be booked is {last_day}."),
        ),
        Reason::ClosedDay { why: Some(why), .. } => (
            "closed_day",
            format!("{} is closed on that day ({why}).", catalogue.name),
        ),
        Reason::ClosedDay { why: None, .. } => {
            ("closed_day", format!("{} is closed on that day.", catalogue.name))
        }
        Reason::OutsideHours => (
            "outside_hours",
            "The visit does not fit into the opening hours.".to_owned(),
        ),
        Reason::NonexistentLocalTime { next } => (
            "nonexistent_local_time",
            format!(
                "The clocks jump over this time; the next one is {}.",
                next.strftime("%H:%M")
            ),
        ),
        Reason::NoSession => ("no_session", "The class does not take place then.".to_owned()),
        Reason::NotQualified { resource } => {
            ("not_qualified", format!("{} does not do this.", name(resource)))
        }
        Reason::ResourceOff { resource } => {
            ("resource_off", format!("{} does not work then.", name(resource)))
        }
        Reason::Taken => ("taken", "Everyone who could do it is busy then.".to_owned()),
        Reason::NotEnoughSeats { left } => (
            "not_enough_seats",
            match left {
                1 => "Only 1 seat is left.".to_owned(),
                left => format!("Only {left} seats are left."),
            },
        ),
    }
}
