//! Checks what a visit occupies and what is offered.

use super::{CAPACITY_MAX, Checker, DAY_MIN, HORIZON_DAYS_MAX, LIST_LEN_MAX, NAME_CHARS_MAX};
use crate::booking::catalogue::{OpeningRule, Requirement, Resource, ResourceKind, Service};
use crate::booking::document::{self, Document, Need, Path, PlaceKind, Problem, opening};
use crate::booking::money;
use crate::types::{ResourceId, ServiceId};

/// The staff and the places.
pub(super) fn resources(checker: &mut Checker, at: &Path, document: &Document) -> Vec<Resource> {
    let mut read: Vec<Resource> = Vec::new();
    let staff = at.key("staff");
    checker.length(&staff, document.staff.len(), LIST_LEN_MAX);
    for (i, person) in document.staff.iter().enumerate() {
        let at = staff.index(i);
        checker.text(&at.key("name"), &person.name, NAME_CHARS_MAX);
        checker.words(&at.key("aliases"), &person.aliases);
        let opening = opening::rules(checker, &at, &person.opening, &[]);
        let exceptions = opening::exceptions(checker, &at.key("exceptions"), &person.exceptions);
        let id = checker.id(&at.key("id"), &person.id, |id| ResourceId::new(id));
        let Some(id) = id else { continue };
        push(
            checker,
            &at,
            &mut read,
            Resource {
                id,
                name: person.name.clone(),
                aliases: person.aliases.clone(),
                kind: ResourceKind::Staff,
                capacity: 1,
                opening,
                exceptions,
                active: person.active,
            },
        );
    }
    let places = at.key("resources");
    checker.length(&places, document.resources.len(), LIST_LEN_MAX);
    for (i, place) in document.resources.iter().enumerate() {
        let at = places.index(i);
        checker.text(&at.key("name"), &place.name, NAME_CHARS_MAX);
        checker.words(&at.key("aliases"), &place.aliases);
        checker.range(&at.key("capacity"), place.capacity, 1, CAPACITY_MAX);
        let opening = opening::rules(checker, &at, &place.opening, &[]);
        let exceptions = opening::exceptions(checker, &at.key("exceptions"), &place.exceptions);
        let id = checker.id(&at.key("id"), &place.id, |id| ResourceId::new(id));
        let Some(id) = id else { continue };
        push(
            checker,
            &at,
            &mut read,
            Resource {
                id,
                name: place.name.clone(),
                aliases: place.aliases.clone(),
                kind: place.kind.into(),
                capacity: place.capacity,
                opening,
                exceptions,
                active: place.active,
            },
        );
    }
    read
}

fn push(checker: &mut Checker, at: &Path, resources: &mut Vec<Resource>, resource: Resource) {
    if resources.iter().any(|other| other.id == resource.id) {
        checker.report(
            &at.key("id"),
            Problem::DuplicateId {
                id: resource.id.to_string(),
            },
        );
    } else {
        resources.push(resource);
    }
}

/// What is offered; classes add resources of their own to `resources`.
pub(super) fn services(
    checker: &mut Checker,
    at: &Path,
    document: &Document,
    opening: &[OpeningRule],
    resources: &mut Vec<Resource>,
    decimals: Option<u32>,
) -> Vec<Service> {
    checker.length(at, document.services.len(), LIST_LEN_MAX);
    if document.services.is_empty() {
        checker.report(at, Problem::NoServices);
    }
    // Classes bring resources of their own, which no other service may name.
    let by_hand = resources.clone();
    let mut read: Vec<Service> = Vec::new();
    for (i, service) in document.services.iter().enumerate() {
        let at = at.index(i);
        checker.text(&at.key("name"), &service.name, NAME_CHARS_MAX);
        checker.words(&at.key("aliases"), &service.aliases);
        checker.range(&at.key("duration_min"), service.duration_min, 1, DAY_MIN);
        checker.range(
            &at.key("buffer_before_min"),
            service.buffer_before_min,
            0,
            DAY_MIN,
        );
        checker.range(&at.key("buffer_after_min"), service.buffer_after_min, 0, DAY_MIN);
        let notice = service.min_notice_min.unwrap_or(0);
        checker.range(&at.key("min_notice_min"), notice, 0, HORIZON_DAYS_MAX * DAY_MIN);
        let price_minor = match (&service.price, decimals) {
            (Some(price), Some(decimals)) => money::parse(price, decimals)
                .map_err(|problem| checker.report(&at.key("price"), problem))
                .ok(),
            _ => None,
        };
        let at_sessions = at.key("sessions");
        let sessions = opening::sessions(
            checker,
            &at_sessions,
            &service.sessions,
            service.duration_min,
            opening,
        );
        let id = checker.id(&at.key("id"), &service.id, |id| ServiceId::new(id));
        let requirements = if service.sessions.is_empty() && service.seats.is_none() {
            requirements(checker, &at, service, &by_hand)
        } else {
            class(checker, &at, service, resources)
        };
        let Some(id) = id else { continue };
        if read.iter().any(|other| other.id == id) {
            checker.report(&at.key("id"), Problem::DuplicateId { id: id.to_string() });
            continue;
        }
        read.push(Service {
            id,
            name: service.name.clone(),
            aliases: service.aliases.clone(),
            duration_min: service.duration_min,
            buffer_before_min: service.buffer_before_min,
            buffer_after_min: service.buffer_after_min,
            price_minor,
            requirements,
            sessions,
            add_on: service.add_on,
            online_bookable: service.online_bookable,
            min_notice_min: service.min_notice_min,
        });
    }
    report_lonely_add_ons(checker, at, document, &read);
    read
}

fn requirements(
    checker: &mut Checker,
    at: &Path,
    service: &document::Service,
    resources: &[Resource],
) -> Vec<Requirement> {
    if service.by.is_empty() && service.needs.is_empty() {
        checker.report(at, Problem::NoRequirement);
    }
    let of_kind = |is: fn(ResourceKind) -> bool| -> Vec<(&str, &Resource)> {
        resources
            .iter()
            .filter(|r| is(r.kind))
            .map(|r| (r.id.as_str(), r))
            .collect()
    };
    let ids = |found: Vec<&Resource>| found.into_iter().map(|r| r.id.clone()).collect::<Vec<_>>();
    let mut read = Vec::new();
    if !service.by.is_empty() {
        let staff = of_kind(|kind| kind == ResourceKind::Staff);
        let any_of = ids(checker.references(&at.key("by"), &service.by, "member of staff", &staff));
        read.push(Requirement {
            kind: ResourceKind::Staff,
            any_of,
        });
    }
    let places = of_kind(|kind| kind != ResourceKind::Staff);
    let at = at.key("needs");
    checker.length(&at, service.needs.len(), 10);
    for (i, need) in service.needs.iter().enumerate() {
        let at = at.index(i);
        let found: Vec<&Resource> = match need {
            Need::AnyOf(names) => {
                let found = checker.references(&at, names, "resource", &places);
                if names.is_empty() {
                    checker.report(&at, Problem::EmptyNeed);
                }
                found
            }
            Need::Kind(kind) => {
                let kind = ResourceKind::from(*kind);
                let found: Vec<&Resource> = resources.iter().filter(|r| r.kind == kind).collect();
                if found.is_empty() {
                    checker.report(&at, Problem::EmptyNeed);
                }
                found
            }
        };
        let Some(kind) = found.first().map(|r| r.kind) else {
            continue;
        };
        if found.iter().any(|r| r.kind != kind) {
            checker.report(&at, Problem::MixedNeed);
        }
        read.push(Requirement {
            kind,
            any_of: ids(found),
        });
    }
    read
}

/// A class occupies seats of a resource of its own, which bears its id.
fn class(
    checker: &mut Checker,
    at: &Path,
    service: &document::Service,
    resources: &mut Vec<Resource>,
) -> Vec<Requirement> {
    if service.sessions.is_empty() {
        checker.report(at, Problem::ClassWithoutSessions);
    }
    for (field, is_there) in [
        ("by", !service.by.is_empty()),
        ("needs", !service.needs.is_empty()),
        ("add_on", service.add_on),
    ] {
        if is_there {
            checker.report(&at.key(field), Problem::ClassOccupiesSeats { field });
        }
    }
    let Some(seats) = service.seats else {
        checker.report(at, Problem::ClassWithoutSeats);
        return Vec::new();
    };
    checker.range(&at.key("seats"), seats, 1, CAPACITY_MAX);
    // A service's id is also a resource's: both are slugs of the same length. A bad one is reported already.
    let Ok(id) = ResourceId::new(&service.id) else {
        return Vec::new();
    };
    push(
        checker,
        at,
        resources,
        Resource {
            id: id.clone(),
            name: service.name.clone(),
            aliases: Vec::new(),
            kind: ResourceKind::Class,
            capacity: seats,
            opening: Vec::new(),
            exceptions: Vec::new(),
            active: true,
        },
    );
    vec![Requirement {
        kind: ResourceKind::Class,
        any_of: vec![id],
    }]
}

fn report_lonely_add_ons(checker: &mut Checker, at: &Path, document: &Document, services: &[Service]) {
    for service in services.iter().filter(|service| service.add_on) {
        let staff = service
            .requirements
            .iter()
            .filter(|r| r.kind == ResourceKind::Staff);
        let mut staff = staff.flat_map(|r| &r.any_of).peekable();
        let is_lonely = staff.peek().is_some()
            && !staff.any(|person| {
                services
                    .iter()
                    .any(|other| !other.add_on && other.served_by(person))
            });
        let index = document
            .services
            .iter()
            .position(|other| other.id == service.id.as_str());
        if let (true, Some(index)) = (is_lonely, index) {
            checker.report(&at.index(index), Problem::LonelyAddOn);
        }
    }
}

impl From<PlaceKind> for ResourceKind {
    fn from(kind: PlaceKind) -> Self {
        match kind {
            PlaceKind::Room => Self::Room,
            PlaceKind::Equipment => Self::Equipment,
        }
    }
}
