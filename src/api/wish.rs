//! From the words of the API (service ids, a number of people, a member of staff) to a wish that booking knows.

use crate::booking::Catalogue;
use crate::booking::availability::Reason;
use crate::booking::catalogue::{ResourceKind, Service};
use crate::booking::visit::{Arrangement, StaffWish, Wish, WishItem};
use crate::types::{ResourceId, ServiceId};

use super::problem::{Kind, Problem};

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

/// The visit: seats in a class, one service for several people at once, or services one after the other.
pub(super) fn visit(services: &[&Service], people: u32, staff: &StaffWish) -> Result<Wish, Problem> {
    let item = |service: &Service, seats: u32| WishItem {
        service: service.id.clone(),
        staff: staff.clone(),
        seats,
    };
    match *services {
        [class] if class.is_class() => Ok(Wish {
            items: vec![item(class, people)],
            arrangement: Arrangement::InSequence,
        }),
        [service] => Ok(Wish {
            items: (0..people.max(1)).map(|_| item(service, 1)).collect(),
            arrangement: if people > 1 {
                Arrangement::Together
            } else {
                Arrangement::InSequence
            },
        }),
        ref several if people <= 1 => Ok(Wish {
            items: several.iter().map(|service| item(service, 1)).collect(),
            arrangement: Arrangement::InSequence,
        }),
        _ => Err(Problem::new(
            Kind::Conflict,
            "several services for several people are booked one person at a time",
        )),
    }
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
