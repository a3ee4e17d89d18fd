//! Checks a document whole and makes a catalogue of it.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::locate::Map;
use super::mistake::{Mistake, Mistakes, Path, Problem};
use super::{Document, Need, PlaceKind, opening};
use crate::booking::catalogue::{
    Bundle, Catalogue, Faq, Policies, Requirement, Resource, ResourceKind, Service,
};
use crate::booking::money;
use crate::types::{BusinessId, InvalidName, ResourceId, ServiceId};

/// The longest list of services, resources, bundles or answers.
const LIST_LEN_MAX: usize = 500;
/// The longest list of aliases, names or keywords of one thing.
const WORDS_LEN_MAX: usize = 100;
/// The longest name or alias, in characters.
const NAME_CHARS_MAX: usize = 120;
/// The longest answer or sentence, in characters.
const TEXT_CHARS_MAX: usize = 2_000;
/// The longest service, buffer or hold, in minutes.
const DAY_MIN: u32 = 24 * 60;
/// The longest horizon, in days.
const HORIZON_DAYS_MAX: u32 = 366;
/// The most seats of one resource.
const CAPACITY_MAX: u32 = 500;
/// How like each other two names must be for one to be taken for a misspelt other (Jaro-Winkler, 0 to 1).
const HINT_LIKENESS_MIN: f64 = 0.8;

/// Collects mistakes while a document is read.
#[derive(Default)]
pub(super) struct Checker {
    found: Vec<(Path, Problem)>,
}

impl Checker {
    pub(super) fn report(&mut self, at: &Path, problem: Problem) {
        self.found.push((at.clone(), problem));
    }

    pub(super) fn length(&mut self, at: &Path, len: usize, len_max: usize) {
        if len > len_max {
            self.report(at, Problem::TooMany { len, len_max });
        }
    }

    pub(super) fn optional_text(&mut self, at: &Path, text: Option<&str>, chars_max: usize) {
        if let Some(text) = text {
            self.text(at, text, chars_max);
        }
    }

    fn text(&mut self, at: &Path, text: &str, chars_max: usize) {
        if text.trim().is_empty() || text.chars().count() > chars_max {
            self.report(at, Problem::BadText { chars_max });
        }
    }

    fn words(&mut self, at: &Path, words: &[String]) {
        self.length(at, words.len(), WORDS_LEN_MAX);
        for (i, word) in words.iter().enumerate() {
            self.text(&at.index(i), word, NAME_CHARS_MAX);
        }
    }

    fn range(&mut self, at: &Path, value: u32, min: u32, max: u32) {
        if !(min..=max).contains(&value) {
            self.report(at, Problem::OutOfRange { value, min, max });
        }
    }

    fn id<T>(&mut self, at: &Path, id: &str, new: fn(&str) -> Result<T, InvalidName>) -> Option<T> {
        new(id)
            .map_err(|error| {
                self.report(
                    at,
                    Problem::BadId {
                        id: id.to_owned(),
                        why: error.to_string(),
                    },
                );
            })
            .ok()
    }

    /// The things of a list of ids; reports those that do not exist and those that stand twice.
    fn references<T: Clone>(
        &mut self,
        at: &Path,
        ids: &[String],
        what: &'static str,
        known: &[(&str, T)],
    ) -> Vec<T> {
        self.length(at, ids.len(), LIST_LEN_MAX);
        let mut found = Vec::new();
        for (i, id) in ids.iter().enumerate() {
            let at = at.index(i);
            if ids.iter().take(i).any(|other| other == id) {
                self.report(&at, Problem::Repeated { text: id.clone() });
            } else if let Some((_, thing)) = known.iter().find(|(name, _)| name == id) {
                found.push(thing.clone());
            } else {
                let hint = nearest(id, known.iter().map(|(name, _)| *name));
                self.report(
                    &at,
                    Problem::Unknown {
                        what,
                        id: id.clone(),
                        hint,
                    },
                );
            }
        }
        found
    }
}

fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let wanted = wanted.to_lowercase();
    names
        .map(|name| (strsim::jaro_winkler(&wanted, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= HINT_LIKENESS_MIN)
        .max_by(|(a, x), (b, y)| a.total_cmp(b).then(y.cmp(x)))
        .map(|(_, name)| name.to_owned())
}

/// Makes a catalogue of a document; `text` is the TOML that it came from, if it did, for line numbers.
pub(in crate::booking) fn catalogue(document: Document, text: Option<&str>) -> Result<Catalogue, Mistakes> {
    let mut checker = Checker::default();
    let root = Path::default();
    let catalogue = read(&mut checker, &root, document);
    if let (Some(catalogue), true) = (catalogue, checker.found.is_empty()) {
        return Ok(catalogue);
    }
    let map = text.and_then(Map::of);
    let mistakes = checker.found.into_iter().map(|(path, problem)| Mistake {
        line: map.as_ref().and_then(|map| map.line(&path)),
        path: path.to_string(),
        problem,
    });
    Err(Mistakes(mistakes.collect()))
}

/// `None` only together with a reported mistake.
fn read(checker: &mut Checker, at: &Path, document: Document) -> Option<Catalogue> {
    let id = checker.id(&at.key("id"), &document.id, |id| BusinessId::new(id));
    checker.text(&at.key("name"), &document.name, NAME_CHARS_MAX);
    let time_zone = time_zone(checker, &at.key("time_zone"), &document.time_zone);
    if !is_language_tag(&document.locale) {
        checker.report(
            &at.key("locale"),
            Problem::BadLocale {
                tag: document.locale.clone(),
            },
        );
    }
    let decimals = money::decimals(&document.currency);
    if decimals.is_none() {
        checker.report(
            &at.key("currency"),
            Problem::UnknownCurrency {
                code: document.currency.clone(),
            },
        );
    }
    checker.optional_text(&at.key("address"), document.address.as_deref(), TEXT_CHARS_MAX);
    checker.optional_text(&at.key("phone"), document.phone.as_deref(), NAME_CHARS_MAX);
    let policies = policies(checker, &at.key("policies"), &document.policies);
    let opening = opening::rules(checker, at, &document.opening, &document.seasons);
    if document
        .opening
        .values()
        .chain(document.seasons.iter().flat_map(|s| s.opening.values()))
        .all(Vec::is_empty)
    {
        checker.report(&at.key("opening"), Problem::NeverOpen);
    }
    let exceptions = opening::exceptions(checker, &at.key("exceptions"), &document.exceptions);
    let mut resources = resources(checker, at, &document);
    let services = services(
        checker,
        &at.key("services"),
        &document,
        &opening,
        &mut resources,
        decimals,
    );
    let bundles = bundles(checker, &at.key("bundles"), &document, &services);
    let faq = faq(checker, &at.key("faq"), &document);
    Some(Catalogue {
        id: id?,
        name: document.name.clone(),
        time_zone: time_zone?,
        locale: document.locale.clone(),
        currency: document.currency.clone(),
        address: document.address.clone(),
        phone: document.phone.clone(),
        policies,
        services,
        bundles,
        resources,
        opening,
        exceptions,
        faq,
        document: Arc::new(document),
    })
}

fn time_zone(checker: &mut Checker, at: &Path, name: &str) -> Option<TimeZone> {
    let zone = TimeZone::get(name).ok().filter(|zone| zone.iana_name().is_some());
    if zone.is_none() {
        let database = jiff::tz::db();
        let names: Vec<String> = database.available().map(|name| name.to_string()).collect();
        // A city alone ("New York") is the commonest mistake.
        let city = name.replace(' ', "_").to_lowercase();
        let hint = names
            .iter()
            .find(|known| {
                known
                    .rsplit('/')
                    .next()
                    .is_some_and(|last| last.to_lowercase() == city)
            })
            .cloned()
            .or_else(|| nearest(name, names.iter().map(String::as_str)));
        checker.report(
            at,
            Problem::UnknownTimeZone {
                name: name.to_owned(),
                hint,
            },
        );
    }
    zone
}

/// The shape of a BCP 47 tag: a language of two or three letters, then parts of two to eight.
fn is_language_tag(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    let is_language = matches!(language.len(), 2 | 3) && language.bytes().all(|b| b.is_ascii_alphabetic());
    is_language
        && tag.len() <= 35
        && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn policies(checker: &mut Checker, at: &Path, policies: &super::Policies) -> Policies {
    let notice_max = HORIZON_DAYS_MAX * DAY_MIN;
    let reschedule_notice_min = policies
        .reschedule_notice_min
        .unwrap_or(policies.cancel_notice_min);
    for (key, value, min, max) in [
        ("slot_grid_min", policies.slot_grid_min, 5, 240),
        ("min_notice_min", policies.min_notice_min, 0, notice_max),
        ("horizon_days", policies.horizon_days, 0, HORIZON_DAYS_MAX),
        ("hold_min", policies.hold_min, 0, DAY_MIN),
        ("cancel_notice_min", policies.cancel_notice_min, 0, notice_max),
        ("reschedule_notice_min", reschedule_notice_min, 0, notice_max),
        (
            "active_appointments_max",
            policies.active_appointments_max.unwrap_or(1),
            1,
            1_000,
        ),
    ] {
        checker.range(&at.key(key), value, min, max);
    }
    checker.optional_text(&at.key("text"), policies.text.as_deref(), TEXT_CHARS_MAX);
    Policies {
        slot_grid_min: policies.slot_grid_min,
        min_notice_min: policies.min_notice_min,
        horizon_days: policies.horizon_days,
        hold_min: policies.hold_min,
        cancel_notice_min: policies.cancel_notice_min,
        reschedule_notice_min,
        active_appointments_max: policies.active_appointments_max,
        confirm_by_hand: policies.confirm_by_hand,
        express: policies.express,
        buffers_inside_hours: policies.buffers_inside_hours,
        text: policies.text.clone(),
    }
}

fn resources(checker: &mut Checker, at: &Path, document: &Document) -> Vec<Resource> {
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

fn services(
    checker: &mut Checker,
    at: &Path,
    document: &Document,
    opening: &[crate::booking::catalogue::OpeningRule],
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
    service: &super::Service,
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
    service: &super::Service,
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

fn bundles(checker: &mut Checker, at: &Path, document: &Document, services: &[Service]) -> Vec<Bundle> {
    checker.length(at, document.bundles.len(), LIST_LEN_MAX);
    let known: Vec<(&str, ServiceId)> = services
        .iter()
        .map(|service| (service.id.as_str(), service.id.clone()))
        .collect();
    let mut read = Vec::new();
    for (i, bundle) in document.bundles.iter().enumerate() {
        let at = at.index(i);
        checker.words(&at.key("names"), &bundle.names);
        if bundle.names.is_empty() {
            checker.report(
                &at.key("names"),
                Problem::BadText {
                    chars_max: NAME_CHARS_MAX,
                },
            );
        }
        let services = checker.references(&at.key("services"), &bundle.services, "service", &known);
        if bundle.services.len() < 2 {
            checker.report(&at.key("services"), Problem::SmallBundle);
        }
        read.push(Bundle {
            names: bundle.names.clone(),
            services,
        });
    }
    read
}

fn faq(checker: &mut Checker, at: &Path, document: &Document) -> Vec<Faq> {
    checker.length(at, document.faq.len(), LIST_LEN_MAX);
    let mut read: Vec<Faq> = Vec::new();
    for (i, faq) in document.faq.iter().enumerate() {
        let at = at.index(i);
        checker.text(&at.key("key"), &faq.key, NAME_CHARS_MAX);
        checker.words(&at.key("keywords"), &faq.keywords);
        checker.text(&at.key("answer"), &faq.answer, TEXT_CHARS_MAX);
        if read.iter().any(|other| other.key == faq.key) {
            checker.report(&at.key("key"), Problem::DuplicateKey { key: faq.key.clone() });
        }
        read.push(Faq {
            key: faq.key.clone(),
            keywords: faq.keywords.clone(),
            answer: faq.answer.clone(),
        });
    }
    read
}

impl From<PlaceKind> for ResourceKind {
    fn from(kind: PlaceKind) -> Self {
        match kind {
            PlaceKind::Room => Self::Room,
            PlaceKind::Equipment => Self::Equipment,
        }
    }
}
