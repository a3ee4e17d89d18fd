//! Facts put into words: days, times, money, names, lists.

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};

use super::view::View;
use super::wording::{self, Style, Wording};
use crate::booking::appointment::Appointment;
use crate::booking::catalogue::{LocalWindow, ResourceKind};
use crate::booking::money;
use crate::booking::visit::{Allocation, Plan};
use crate::types::{AppointmentId, Language, ResourceId, ServiceId};
use crate::understanding::when::Inferred;

/// Speaks for one business, today.
#[derive(Clone, Copy)]
pub(super) struct Speaker<'a> {
    view: &'a View<'a>,
    words: &'static Wording,
}

impl<'a> Speaker<'a> {
    /// `language` is that of the conversation, where it is not the business's own.
    pub(super) fn new(view: &'a View<'a>, language: Option<Language>) -> Self {
        Self {
            view,
            words: wording::of(language.unwrap_or_else(|| view.catalogue.language())),
        }
    }

    pub(super) fn line(self, id: &str, facts: &[wording::Fact<'_>]) -> String {
        self.words.line(id, facts)
    }

    /// "Friday 20 November"; the year only where it is not this one.
    pub(super) fn day(self, date: Date) -> String {
        let is_near = date.year() == self.view.today().year();
        let id = if is_near { "day" } else { "day-of-year" };
        let style = self.words.style();
        let facts = [
            ("weekday", Style::of_weekday(&style.weekdays, date).into()),
            ("day", date.day().into()),
            ("month", Style::of_month(&style.months, date).into()),
            ("number", date.month().into()),
            // A year is no amount: it has no thousands.
            ("year", date.year().to_string().into()),
        ];
        self.line(id, &facts)
    }

    /// "Fri 20 Nov", for options.
    pub(super) fn short_day(self, date: Date) -> String {
        let style = self.words.style();
        let facts = [
            ("weekday", Style::of_weekday(&style.short_weekdays, date).into()),
            ("day", date.day().into()),
            ("month", Style::of_month(&style.short_months, date).into()),
            ("number", date.month().into()),
        ];
        self.line("short-day", &facts)
    }

    /// "Friday", for sentences about all of them.
    pub(super) fn weekday(self, date: Date) -> String {
        self.weekday_name(date.weekday()).to_owned()
    }

    fn weekday_name(self, day: Weekday) -> &'static str {
        let weekdays = &self.words.style().weekdays;
        &weekdays[usize::from(day.to_monday_zero_offset().unsigned_abs())]
    }

    /// "2:00 pm" in English in 12-hour countries, and "14:00" elsewhere.
    pub(super) fn time(self, time: Time) -> String {
        let country = |c: &&str| self.view.catalogue.locale.ends_with(*c);
        let twelve_hours =
            self.words.style().twelve_hours && ["US", "CA", "AU", "NZ", "PH", "IN"].iter().any(country);
        time.strftime(if twelve_hours { "%-I:%M %P" } else { "%H:%M" })
            .to_string()
    }

    pub(super) fn time_at(self, at: Timestamp) -> String {
        self.time(self.view.local(at).time())
    }

    pub(super) fn day_at(self, at: Timestamp) -> String {
        self.day(self.view.local(at).date())
    }

    /// "Friday 20 November at 2:00 pm". Where the clocks go back over that time, it says which of the two.
    pub(super) fn moment(self, at: Timestamp) -> String {
        let facts = [("day", self.day_at(at).into()), ("time", self.time_at(at).into())];
        match self.fold(at) {
            Some(Fold::Before) => self.line("moment-before-change", &facts),
            Some(Fold::After) => self.line("moment-after-change", &facts),
            None => self.line("moment", &facts),
        }
    }

    /// "Fri 20 Nov, 2:00 pm", for options.
    pub(super) fn short_moment(self, at: Timestamp) -> String {
        let local = self.view.local(at);
        let facts = [
            ("day", self.short_day(local.date()).into()),
            ("time", self.time(local.time()).into()),
        ];
        let text = self.line("short-moment", &facts);
        match self.fold(at) {
            Some(Fold::Before) => self.line("option-before-change", &[("moment", text.into())]),
            Some(Fold::After) => self.line("option-after-change", &[("moment", text.into())]),
            None => text,
        }
    }

    fn fold(self, at: Timestamp) -> Option<Fold> {
        let zone = &self.view.catalogue.time_zone;
        let ambiguous = zone.to_ambiguous_timestamp(zone.to_datetime(at));
        if !ambiguous.is_ambiguous() {
            return None;
        }
        let first = zone.to_ambiguous_timestamp(zone.to_datetime(at)).earlier().ok()?;
        Some(if at == first { Fold::Before } else { Fold::After })
    }

    pub(super) fn service(self, id: &ServiceId) -> String {
        self.view
            .catalogue
            .service(id)
            .map_or_else(|| id.to_string(), |s| s.name.clone())
    }

    /// "Gel Manicure", "Basic Manicure and Pedicure".
    pub(super) fn services<'i>(self, ids: impl IntoIterator<Item = &'i ServiceId>) -> String {
        // Two people with the same service are one name with a number, not the name twice.
        let mut names: Vec<(String, u32)> = Vec::new();
        for id in ids {
            let name = self.service(id);
            match names.iter_mut().find(|(known, _)| *known == name) {
                Some((_, count)) => *count += 1,
                None => names.push((name, 1)),
            }
        }
        let names: Vec<String> = names
            .into_iter()
            .map(|(name, count)| {
                if count > 1 {
                    format!("{count} × {name}")
                } else {
                    name
                }
            })
            .collect();
        self.and(&names)
    }

    pub(super) fn resource(self, id: &ResourceId) -> String {
        self.view
            .catalogue
            .resource(id)
            .map_or_else(|| id.to_string(), |r| r.name.clone())
    }

    /// The people among what a visit occupies, in order, each once.
    pub(super) fn staff_of(self, allocations: &[Allocation]) -> Vec<ResourceId> {
        let mut staff: Vec<ResourceId> = Vec::new();
        for allocation in allocations {
            let is_person = self
                .view
                .catalogue
                .resource(&allocation.resource)
                .is_some_and(|r| r.kind == ResourceKind::Staff);
            if is_person && !staff.contains(&allocation.resource) {
                staff.push(allocation.resource.clone());
            }
        }
        staff
    }

    pub(super) fn people<'i>(self, ids: impl IntoIterator<Item = &'i ResourceId>) -> String {
        self.and(&ids.into_iter().map(|id| self.resource(id)).collect::<Vec<_>>())
    }

    /// "$45", "25,50 €", "250.000 ₫": whole amounts without their empty decimals.
    pub(super) fn money(self, minor: u64) -> String {
        let currency = self.view.catalogue.currency.as_str();
        let amount = money::amount(minor, currency);
        // "$45" reads better than "$45.00"; "$45.50" stays.
        let amount = amount.strip_suffix(".00").unwrap_or(&amount);
        self.words.style().money(amount, currency)
    }

    pub(super) fn price(self, minor: Option<u64>) -> String {
        minor.map_or_else(|| self.line("price-on-request", &[]), |minor| self.money(minor))
    }

    /// "a, b and c".
    pub(super) fn and(self, items: &[String]) -> String {
        self.join(items, &self.line("and", &[]))
    }

    /// "a, b or c".
    pub(super) fn or(self, items: &[String]) -> String {
        self.join(items, &self.line("or", &[]))
    }

    fn join(self, items: &[String], last: &str) -> String {
        match items {
            [] => String::new(),
            [only] => only.clone(),
            [head @ .., tail] => format!("{} {last} {tail}", head.join(", ")),
        }
    }

    /// "Gel Manicure with Linh on Friday 20 November at 2:00 pm", from a committed row or one that the commit checks.
    pub(super) fn visit(
        self,
        services: &[ServiceId],
        allocations: &[Allocation],
        starts_at: Timestamp,
    ) -> String {
        let staff = self.staff_of(allocations);
        let facts = [
            ("services", self.services(services).into()),
            ("staff", self.people(&staff).into()),
            ("moment", self.moment(starts_at).into()),
        ];
        self.line(if staff.is_empty() { "visit" } else { "visit-with" }, &facts)
    }

    pub(super) fn appointment(self, appointment: &Appointment) -> String {
        self.visit(
            &appointment.services,
            &appointment.allocations,
            appointment.starts_at,
        )
    }

    /// "Friday 20 November, 2:00 pm to 3:00 pm (60 min)".
    pub(super) fn span(self, starts_at: Timestamp, ends_at: Timestamp) -> String {
        let facts = [
            ("day", self.day_at(starts_at).into()),
            ("start", self.time_at(starts_at).into()),
            ("end", self.time_at(ends_at).into()),
            ("minutes", ends_at.duration_since(starts_at).as_mins().into()),
        ];
        match self.fold(starts_at) {
            Some(Fold::Before) => self.line("span-before-change", &facts),
            Some(Fold::After) => self.line("span-after-change", &facts),
            None => self.line("span", &facts),
        }
    }

    /// "4 hours", "90 minutes".
    pub(super) fn notice(self, minutes: u32) -> String {
        if minutes > 0 && minutes.is_multiple_of(60) {
            self.line("notice-hours", &[("hours", (minutes / 60).into())])
        } else {
            self.line("notice-minutes", &[("minutes", minutes.into())])
        }
    }

    /// "9:00 am–12:00 pm and 2:00 pm–7:00 pm"; empty when there are none.
    pub(super) fn windows(self, windows: &[LocalWindow]) -> String {
        let each: Vec<String> = windows
            .iter()
            .map(|w| {
                let facts = [
                    ("from", self.time(w.start).into()),
                    ("to", self.time(w.end).into()),
                ];
                self.line("from-to", &facts)
            })
            .collect();
        self.and(&each)
    }

    /// A plan as an option: the moment, and with whom where that differs between options.
    pub(super) fn option(self, plan: &Plan, with_staff: bool) -> String {
        let moment = self.short_moment(plan.starts_at);
        let staff = self.staff_of(&plan.allocations);
        if with_staff && !staff.is_empty() {
            self.line(
                "option-with",
                &[("moment", moment.into()), ("staff", self.people(&staff).into())],
            )
        } else {
            moment
        }
    }

    /// A short reference that a person can read out: the random end of the id in an alphabet without look-alikes.
    pub(super) fn reference(self, id: AppointmentId) -> String {
        const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
        let mut bits = id.0.as_u128();
        let mut text = String::with_capacity(6);
        for _ in 0..6 {
            text.push(char::from(LETTERS[usize::try_from(bits & 31).unwrap_or(0)]));
            bits >>= 5;
        }
        text
    }

    /// What was assumed about a time, as a remark; the read-back shows the value itself.
    pub(super) fn remark(self, inferred: &[Inferred], date: Option<Date>) -> Option<String> {
        inferred.iter().find_map(|i| match i {
            Inferred::WeekdayContradicts(said) => {
                let date = date?;
                let facts = [
                    ("day", self.day(date).into()),
                    ("said", self.weekday_name(*said).into()),
                ];
                Some(self.line("weekday-contradicts", &facts))
            }
            Inferred::HalfOfDay | Inferred::HalfHourStyle | Inferred::Year | Inferred::Month => None,
        })
    }
}

enum Fold {
    Before,
    After,
}
