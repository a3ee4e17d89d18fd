//! Checks a document whole and makes a catalogue of it.

mod offers;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::locate::Map;
use super::mistake::{Mistake, Mistakes, Path, Problem};
use super::{Document, opening};
use crate::booking::availability::KnownDays;
use crate::booking::catalogue::{Bundle, Catalogue, Faq, Models, Policies, Service};
use crate::booking::money;
use crate::types::{BusinessId, Channel, InvalidName, ServiceId, is_model_name};

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
    let mut resources = offers::resources(checker, at, &document);
    let services = offers::services(
        checker,
        &at.key("services"),
        &document,
        &opening,
        &mut resources,
        decimals,
    );
    let bundles = bundles(checker, &at.key("bundles"), &document, &services);
    let faq = faq(checker, &at.key("faq"), &document);
    let understanding = models(checker, &at.key("understanding"), &document.understanding);
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
        understanding,
        document: Arc::new(document),
        days: KnownDays::default(),
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

fn models(checker: &mut Checker, at: &Path, understanding: &super::Understanding) -> Models {
    let mut model = |at: &Path, name: &str| {
        if !is_model_name(name) {
            checker.report(at, Problem::BadModel);
        }
    };
    if let Some(name) = &understanding.model {
        model(&at.key("model"), name);
    }
    let at = at.key("channels");
    for (channel, name) in &understanding.channels {
        model(&at.key(channel), name);
    }
    let mut channels = BTreeMap::new();
    for (channel, name) in &understanding.channels {
        match channel.parse::<Channel>() {
            Ok(channel) => drop(channels.insert(channel, name.clone())),
            Err(_) => checker.report(
                &at.key(channel),
                Problem::UnknownChannel {
                    name: channel.clone(),
                    known: Channel::ALL.map(Channel::as_str).join(", "),
                },
            ),
        }
    }
    Models {
        model: understanding.model.clone(),
        channels,
    }
}
