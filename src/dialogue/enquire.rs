//! Questions, answered from the catalogue and the calendar. They leave every goal as it is.

use jiff::civil::{Date, Weekday};

use super::draft::Draft;
use super::find;
use super::{existing, refuse};
use crate::booking::catalogue::{LocalWindow, OpeningRule, ResourceKind};
use crate::booking::hours;
use crate::types::ServiceId;
use crate::understanding::When;
use crate::understanding::act::Topic;

/// Answers one question. `about` are the services named with it, else those of the goal in focus.
pub(super) fn answer(draft: &mut Draft<'_>, topic: &Topic, about: &[ServiceId]) {
    match topic {
        Topic::Hours { when } => hours(draft, when.as_ref()),
        Topic::Price => prices(draft, about),
        Topic::Duration => durations(draft, about),
        Topic::Location => location(draft),
        Topic::Parking => from_faq(draft, "parking"),
        Topic::Payment => from_faq(draft, "payment"),
        Topic::Services => services(draft),
        Topic::Staff => staff(draft),
        Topic::MyAppointments => existing::list(draft),
        Topic::Policy => policy(draft),
        Topic::Faq { key } => from_faq(draft, key),
        Topic::Help => help(draft),
        Topic::AreYouABot => {
            let name = draft.view.catalogue.name.clone();
            draft.line("i-am-a-bot", &[("business", name.into())]);
        }
        Topic::WhyNot => why_not(draft),
        // Answered by going on with the goal: what is free is offered.
        Topic::Availability => {}
    }
}

/// Why the time asked for last cannot be had.
fn why_not(draft: &mut Draft<'_>) {
    let goals = draft.context.goals.iter().rev();
    let refused = goals.filter_map(|goal| Some((goal.clone(), goal.refused.clone()?)));
    let newest = refused.max_by_key(|(goal, _)| goal.touched_at);
    if let Some((goal, refusal)) = newest {
        let reason = refuse::why(draft, &goal, refusal.start, &refusal.reason);
        draft.say(reason);
    }
}

/// What can be done here, for somebody who does not know.
pub(super) fn help(draft: &mut Draft<'_>) {
    let speaker = draft.speaker();
    let example = draft
        .view
        .catalogue
        .services
        .iter()
        .find(|s| s.online_bookable && !s.add_on);
    let name = example.map(|s| s.name.clone()).unwrap_or_default();
    draft.line(
        "help",
        &[
            ("business", draft.view.catalogue.name.clone().into()),
            ("service", name.clone().into()),
        ],
    );
    if !draft.has_asked() && draft.context.question.is_none() {
        draft.suggest(vec![
            speaker.line("suggest-book", &[]),
            speaker.line("suggest-hours", &[]),
            speaker.line("suggest-prices", &[]),
        ]);
    }
}

fn hours(draft: &mut Draft<'_>, when: Option<&When>) {
    if let Some(date) = when.and_then(When::date) {
        return hours_of_day(draft, date);
    }
    let speaker = draft.speaker();
    let today = draft.view.today();
    let week: Vec<(Weekday, Vec<LocalWindow>)> = (0..7)
        .map(|n| {
            let day = Weekday::Monday.wrapping_add(n);
            let holds = |r: &&OpeningRule| {
                r.weekday == day
                    && r.valid_from.is_none_or(|d| d <= today)
                    && r.valid_to.is_none_or(|d| today <= d)
            };
            (
                day,
                draft
                    .view
                    .catalogue
                    .opening
                    .iter()
                    .filter(holds)
                    .map(|r| r.window)
                    .collect(),
            )
        })
        .collect();
    let mut lines: Vec<String> = Vec::new();
    let mut at = 0;
    while at < week.len() {
        let same = week[at..]
            .iter()
            .take_while(|(_, windows)| *windows == week[at].1)
            .count();
        let name = |day: Weekday| {
            let name = crate::types::weekday::name(day);
            name[..1].to_ascii_uppercase() + &name[1..3]
        };
        let days = if same == 1 {
            name(week[at].0)
        } else {
            format!("{}–{}", name(week[at].0), name(week[at + same - 1].0))
        };
        let open = speaker.windows(&week[at].1);
        let open = if open.is_empty() {
            speaker.line("closed-word", &[])
        } else {
            open
        };
        lines.push(format!("{days}: {open}"));
        at += same;
    }
    let coming: Vec<String> = draft
        .view
        .catalogue
        .exceptions
        .iter()
        .filter(|e| e.to >= today && e.from <= find::plus_days(today, 30))
        .map(|e| {
            let open = speaker.windows(&e.windows);
            let open = if open.is_empty() {
                speaker.line("closed-word", &[])
            } else {
                open
            };
            let why = e.reason.as_ref().map(|r| format!(" ({r})")).unwrap_or_default();
            format!("{}: {open}{why}", speaker.short_day(e.from))
        })
        .collect();
    lines.extend(coming);
    draft.line("hours", &[("list", lines.join("\n").into())]);
}

fn hours_of_day(draft: &mut Draft<'_>, date: Date) {
    let speaker = draft.speaker();
    let day = hours::of_business(draft.view.catalogue, date);
    let open = speaker.windows(&day.windows);
    let facts = [("day", speaker.day(date).into()), ("hours", open.clone().into())];
    if open.is_empty() {
        match day.exception {
            Some(why) => draft.line(
                "closed-that-day",
                &[
                    ("day", speaker.day(date).into()),
                    ("why", why.unwrap_or_default().into()),
                ],
            ),
            None => draft.line("closed-weekday", &[("weekday", speaker.weekday(date).into())]),
        }
    } else {
        draft.line("open-on", &facts);
    }
}

fn prices(draft: &mut Draft<'_>, about: &[ServiceId]) {
    let speaker = draft.speaker();
    let catalogue = draft.view.catalogue;
    let named: Vec<_> = about.iter().filter_map(|id| catalogue.service(id)).collect();
    if named.is_empty() {
        return services(draft);
    }
    for service in named {
        let facts = [
            ("service", service.name.clone().into()),
            ("price", speaker.price(service.price_minor).into()),
            ("minutes", service.duration_min.into()),
        ];
        draft.line("price-of", &facts);
    }
}

fn durations(draft: &mut Draft<'_>, about: &[ServiceId]) {
    let catalogue = draft.view.catalogue;
    let named: Vec<_> = about.iter().filter_map(|id| catalogue.service(id)).collect();
    if named.is_empty() {
        return services(draft);
    }
    for service in named {
        draft.line(
            "duration-of",
            &[
                ("service", service.name.clone().into()),
                ("minutes", service.duration_min.into()),
            ],
        );
    }
}

/// Everything on offer, with length and price.
pub(super) fn services(draft: &mut Draft<'_>) {
    let speaker = draft.speaker();
    let lines: Vec<String> = draft
        .view
        .catalogue
        .services
        .iter()
        .map(|s| {
            speaker.line(
                "service-item",
                &[
                    ("service", s.name.clone().into()),
                    ("minutes", s.duration_min.into()),
                    ("price", speaker.price(s.price_minor).into()),
                ],
            )
        })
        .collect();
    draft.line("services", &[("list", lines.join("\n").into())]);
}

fn staff(draft: &mut Draft<'_>) {
    let speaker = draft.speaker();
    let names: Vec<String> = draft
        .view
        .catalogue
        .resources
        .iter()
        .filter(|r| r.kind == ResourceKind::Staff && r.active)
        .map(|r| r.name.clone())
        .collect();
    draft.line("staff", &[("list", speaker.and(&names).into())]);
}

fn location(draft: &mut Draft<'_>) {
    match draft.view.catalogue.address.clone() {
        Some(address) => draft.line("address", &[("address", address.into())]),
        None => from_faq(draft, "address"),
    }
}

fn policy(draft: &mut Draft<'_>) {
    let policies = &draft.view.catalogue.policies;
    match policies.text.clone() {
        Some(text) => draft.say(text),
        None => {
            let notice = draft.speaker().notice(policies.cancel_notice_min);
            draft.line("policy", &[("notice", notice.into())]);
        }
    }
}

fn from_faq(draft: &mut Draft<'_>, key: &str) {
    match draft.view.catalogue.faq.iter().find(|f| f.key == key) {
        Some(faq) => {
            let answer = faq.answer.clone();
            draft.own_answer(answer);
        }
        None => {
            let phone = draft.view.catalogue.phone.clone().unwrap_or_default();
            draft.line("no-answer", &[("phone", phone.into())]);
        }
    }
}
