//! Hours by example, and over every zone and every change of its clocks.

use jiff::civil::date;
use jiff::{SignedDuration, Unit, Zoned};
use proptest::prelude::*;

use super::*;

fn new_york() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

/// A business in New York, open Tuesday to Saturday, with three people; `more` is added to the document.
fn business(more: &str) -> Catalogue {
    let text = format!(
        r#"
        id = "b"
        name = "B"
        time_zone = "America/New_York"
        currency = "USD"
        opening = {{ tue-fri = ["09:00-12:00", "13:00-19:00"], sat = ["20:00-04:00"] }}
        services = [{{ id = "s", name = "S", duration_min = 60, by = ["mai", "linh"] }}]
        {more}
        "#
    );
    Catalogue::from_toml(&text).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

const PEOPLE: &str = r#"
    exceptions = [
        { date = "2026-11-25", hours = ["11:00-16:00"], reason = "short day" },
        { date = "2026-11-26", closed = true, reason = "Thanksgiving" },
        { date = "2026-11-29", hours = ["10:00-14:00"] },
        { date = "2026-11-24", hours = ["10:00-14:00"] },
    ]
    [[staff]]
    id = "mai"
    name = "Mai"
    [[staff]]
    id = "linh"
    name = "Linh"
    opening = { wed = ["08:00-12:30"], thu = ["08:00-12:30"], sat = ["18:00-24:00"] }
    [[staff.exceptions]]
    date = "2026-12-02"
    closed = true
    [[staff.exceptions]]
    date = "2026-12-07"
    hours = ["10:00-11:00"]
    [[staff.exceptions]]
    date = "2026-11-26"
    hours = ["12:00-13:00"]
"#;

fn text(hours: &DayHours) -> String {
    let windows: Vec<String> = hours
        .windows
        .iter()
        .map(|w| format!("{}-{}", w.start.strftime("%H:%M"), w.end.strftime("%H:%M")))
        .collect();
    windows.join(" ")
}

#[test]
fn the_narrower_scope_decides_a_day_and_a_day_off_stays_one() {
    let catalogue = business(PEOPLE);
    let [mai, linh, ..] = catalogue.resources.as_slice() else {
        panic!()
    };
    for (day, of_house, of_mai, of_linh, why) in [
        (
            date(2026, 11, 18),
            "09:00-12:00 13:00-19:00",
            "09:00-12:00 13:00-19:00",
            "09:00-12:00",
            "a rule, cut to the house",
        ),
        (
            date(2026, 11, 20),
            "09:00-12:00 13:00-19:00",
            "09:00-12:00 13:00-19:00",
            "",
            "no rule that day",
        ),
        (
            date(2026, 11, 21),
            "20:00-04:00",
            "20:00-04:00",
            "20:00-00:00",
            "over midnight",
        ),
        (
            date(2026, 11, 24),
            "10:00-14:00",
            "10:00-14:00",
            "",
            "special hours on a day off",
        ),
        (
            date(2026, 11, 25),
            "11:00-16:00",
            "11:00-16:00",
            "11:00-12:30",
            "the house is open shorter",
        ),
        (
            date(2026, 11, 26),
            "",
            "",
            "12:00-13:00",
            "an own exception beats the house's",
        ),
        (
            date(2026, 11, 29),
            "10:00-14:00",
            "10:00-14:00",
            "10:00-14:00",
            "nobody has rules for a Sunday",
        ),
        (
            date(2026, 12, 2),
            "09:00-12:00 13:00-19:00",
            "09:00-12:00 13:00-19:00",
            "",
            "an own closure",
        ),
        (date(2026, 12, 7), "", "", "10:00-11:00", "an own opening"),
    ] {
        let said = [
            text(&of_business(&catalogue, day)),
            text(&of_resource(&catalogue, mai, day)),
            text(&of_resource(&catalogue, linh, day)),
        ];
        assert_eq!(said, [of_house, of_mai, of_linh], "{day}: {why}");
    }
    let thanksgiving = of_business(&catalogue, date(2026, 11, 26));
    assert_eq!(thanksgiving.exception, Some(Some("Thanksgiving".to_owned())));
    assert!(thanksgiving.is_closed() && thanksgiving.spans.is_empty());
    assert_eq!(of_business(&catalogue, date(2026, 11, 22)).exception, None);
}

#[test]
fn within_a_season_only_its_hours_hold() {
    let catalogue = business(&PEOPLE.replace(
        "exceptions = [\n        { date = \"2026-11-25\"",
        "seasons = [{ from = \"2026-12-01\", to = \"2027-02-28\", opening = { wed = [\"10:00-11:00\"] } }]\n\
         exceptions = [\n        { date = \"2026-11-25\"",
    ));
    assert_eq!(text(&of_business(&catalogue, date(2026, 12, 2))), "10:00-11:00");
    assert_eq!(text(&of_business(&catalogue, date(2026, 12, 3))), "");
    assert_eq!(text(&of_business(&catalogue, date(2027, 2, 28))), "");
    assert_eq!(
        text(&of_business(&catalogue, date(2027, 3, 3))),
        "09:00-12:00 13:00-19:00"
    );
}

#[test]
fn open_days_are_found_around_a_day() {
    let catalogue = business(PEOPLE);
    let next = next_open_days(&catalogue, date(2026, 11, 25), 3);
    assert_eq!(next, [date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 29)]);
    assert_eq!(
        previous_open_day(&catalogue, date(2026, 11, 24)),
        Some(date(2026, 11, 21))
    );
}

#[test]
fn local_times_are_one_instant_or_two_or_none() {
    let zone = new_york();
    let at = |text: &str| -> Timestamp { text.parse().unwrap() };
    assert_eq!(
        instant_of(&zone, date(2026, 11, 20).at(15, 0, 0, 0)),
        LocalInstant::One(at("2026-11-20T20:00:00Z"))
    );
    assert_eq!(
        instant_of(&zone, date(2026, 11, 1).at(1, 30, 0, 0)),
        LocalInstant::Twice {
            first: at("2026-11-01T05:30:00Z"),
            second: at("2026-11-01T06:30:00Z")
        }
    );
    assert_eq!(
        instant_of(&zone, date(2026, 3, 8).at(2, 30, 0, 0)),
        LocalInstant::Gap {
            next: date(2026, 3, 8).at(3, 0, 0, 0)
        }
    );
    // Samoa had no 30 December 2011 at all.
    let samoa = TimeZone::get("Pacific/Apia").unwrap();
    assert_eq!(
        instant_of(&samoa, date(2011, 12, 30).at(12, 0, 0, 0)),
        LocalInstant::Gap {
            next: date(2011, 12, 31).at(0, 0, 0, 0)
        }
    );
    assert!(day_span(&samoa, date(2011, 12, 30)).is_some_and(|(start, end)| start == end));
}

#[test]
fn a_night_lasts_nine_hours_in_autumn_and_seven_in_spring() {
    let catalogue = business(PEOPLE);
    let hours = |day| -> Vec<i64> {
        let spans = of_business(&catalogue, day).spans;
        spans
            .iter()
            .map(|(start, end)| start.duration_until(*end).as_hours())
            .collect()
    };
    assert_eq!(hours(date(2026, 10, 31)), [9]);
    assert_eq!(hours(date(2027, 3, 13)), [7]);
    assert_eq!(hours(date(2026, 11, 14)), [8]);
}

#[test]
fn the_ends_of_time_are_no_panic() {
    let catalogue = business(PEOPLE);
    for day in [Date::MIN, Date::MAX] {
        for resource in &catalogue.resources {
            let _ = of_resource(&catalogue, resource, day);
        }
        let _ = (
            next_open_days(&catalogue, day, 3),
            previous_open_day(&catalogue, day),
        );
        let _ = day_span(&catalogue.time_zone, day);
    }
    for zone in ["Pacific/Kiritimati", "Pacific/Niue"].map(|name| TimeZone::get(name).unwrap()) {
        let _ = (instant_of(&zone, DateTime::MIN), instant_of(&zone, DateTime::MAX));
    }
}

/// Every zone, with the local days on which its clocks change from 2024 to 2028 and the days before them.
fn changes() -> Vec<(TimeZone, Vec<Date>)> {
    let from: Timestamp = "2024-01-01T00:00:00Z".parse().unwrap();
    let until: Timestamp = "2028-12-31T00:00:00Z".parse().unwrap();
    let zones = jiff::tz::db()
        .available()
        .filter_map(|name| TimeZone::get(name.as_str()).ok());
    zones
        .map(|zone| {
            let transitions = zone
                .following(from)
                .map(|t| t.timestamp())
                .take_while(|at| *at < until);
            let days: std::collections::BTreeSet<Date> = transitions
                .flat_map(|at| {
                    let before = at.checked_sub(SignedDuration::from_secs(1)).unwrap();
                    [zone.to_datetime(before).date(), zone.to_datetime(at).date()]
                })
                .flat_map(|day| [day.yesterday().unwrap(), day])
                .collect();
            (zone.clone(), days.into_iter().collect::<Vec<Date>>())
        })
        .filter(|(_, days)| !days.is_empty())
        .collect()
}

/// The rules that hold on any day in any zone, for one window a day.
fn check_day(catalogue: &Catalogue, window: LocalWindow, day: Date) {
    use crate::booking::availability::{Question, search};
    use crate::booking::calendar::Calendar;
    use crate::booking::visit::{StaffWish, wish_for};

    let zone = &catalogue.time_zone;
    let hours = of_business(catalogue, day);
    let starts_on_clock = zone.to_ambiguous_zoned(day.to_datetime(window.start));
    let ends_on_clock = {
        let last = if window.end <= window.start {
            day.tomorrow().unwrap()
        } else {
            day
        };
        zone.to_ambiguous_zoned(last.to_datetime(window.end))
    };
    // Where neither end is in doubt, the length is the time that really passes.
    if let (Ok(start), Ok(end)) = (starts_on_clock.unambiguous(), ends_on_clock.unambiguous()) {
        let elapsed = start.duration_until(&end);
        let open: SignedDuration = hours
            .spans
            .iter()
            .map(|(start, end)| start.duration_until(*end))
            .fold(SignedDuration::ZERO, |a, b| a + b);
        assert_eq!(open, elapsed, "{zone:?} {day}");
    }
    let wish = wish_for(
        catalogue,
        &[catalogue.services[0].id.clone()],
        &StaffWish::Anyone,
        1,
    );
    let calendar = Calendar::default();
    let now: Zoned = day.saturating_sub(2.days()).to_zoned(zone.clone()).unwrap();
    let question = Question {
        catalogue,
        calendar: &calendar,
        wish: &wish,
        now: now.timestamp(),
        ignoring: &[],
    };
    let around = [day.yesterday().unwrap(), day, day.tomorrow().unwrap()];
    let open = joined(
        around
            .into_iter()
            .flat_map(|day| of_business(catalogue, day).spans)
            .collect(),
    );
    let found = search(question, day, day);
    for plan in &found.free {
        assert_eq!(
            plan.starts_at.duration_until(plan.ends_at),
            SignedDuration::from_mins(60),
            "{zone:?} {day}"
        );
        // A visit may cross midnight from one window into the next when they touch.
        let is_inside = open
            .iter()
            .any(|(start, end)| *start <= plan.starts_at && plan.ends_at <= *end);
        assert!(is_inside, "{zone:?} {day}: {plan:?} not in {open:?}");
        let local = zone.to_datetime(plan.starts_at);
        assert_eq!(
            (local.date(), local.minute() % 15, local.second()),
            (day, 0, 0),
            "{zone:?}"
        );
        match instant_of(zone, local) {
            LocalInstant::One(at) => assert_eq!(at, plan.starts_at),
            LocalInstant::Twice { first, second } => assert!([first, second].contains(&plan.starts_at)),
            LocalInstant::Gap { .. } => panic!("{zone:?}: {local} does not exist"),
        }
    }
    assert!(
        found
            .free
            .windows(2)
            .all(|pair| pair[0].starts_at < pair[1].starts_at)
    );
}

/// A business with one window every day, in any zone.
fn daily(zone: &TimeZone, window: LocalWindow) -> Catalogue {
    let clock = |time: Time| time.strftime("%H:%M").to_string();
    let end = if window.end == Time::midnight() {
        "24:00".to_owned()
    } else {
        clock(window.end)
    };
    let text = format!(
        r#"
        id = "b"
        name = "B"
        time_zone = "UTC"
        currency = "USD"
        opening = {{ daily = ["{}-{end}"] }}
        resources = [{{ id = "room", name = "Room", kind = "room" }}]
        services = [{{ id = "s", name = "S", duration_min = 60, needs = ["room"] }}]
        "#,
        clock(window.start)
    );
    let mut catalogue = Catalogue::from_toml(&text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    // Some names of the database (posixrules, Factory) are not for documents, but clocks all the same.
    catalogue.time_zone = zone.clone();
    catalogue
}

#[test]
fn every_zone_keeps_its_hours_on_the_days_its_clocks_change() {
    let window = |start: i8, end: i8| LocalWindow {
        start: Time::constant(start, 0, 0, 0),
        end: Time::constant(end, 0, 0, 0),
    };
    let windows = [window(20, 4), window(1, 3), window(0, 0)];
    let changes = changes();
    assert!(changes.len() > 100, "the database of zones is there");
    for (zone, days) in changes {
        for window in windows {
            let catalogue = daily(&zone, window);
            for day in &days {
                check_day(&catalogue, window, *day);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_window_in_any_zone_keeps_its_length_when_the_clocks_change(
        zone in any::<prop::sample::Index>(),
        day in any::<prop::sample::Index>(),
        start in 0_i64..96,
        length in 1_i64..=96,
    ) {
        static CHANGES: std::sync::LazyLock<Vec<(TimeZone, Vec<Date>)>> = std::sync::LazyLock::new(changes);
        let (zone, days) = zone.get(&CHANGES);
        let start = Time::midnight().wrapping_add((start * 15).minutes());
        let end = start.wrapping_add((length * 15).minutes());
        // A window of a whole day is written from midnight only.
        prop_assume!(start != end || start == Time::midnight());
        let window = LocalWindow { start, end };
        check_day(&daily(zone, window), window, *day.get(days));
    }

    #[test]
    fn no_local_time_is_lost_between_two_instants(zone in any::<prop::sample::Index>(), second in 1_704_067_200_i64..1_861_833_600) {
        static CHANGES: std::sync::LazyLock<Vec<(TimeZone, Vec<Date>)>> = std::sync::LazyLock::new(changes);
        let (zone, _) = zone.get(&CHANGES);
        let at = Timestamp::from_second(second).unwrap().round(Unit::Minute).unwrap();
        let local = zone.to_datetime(at);
        match instant_of(zone, local) {
            LocalInstant::One(instant) => prop_assert_eq!(instant, at),
            LocalInstant::Twice { first, second } => prop_assert!(at == first || at == second),
            LocalInstant::Gap { .. } => prop_assert!(false, "{local} exists"),
        }
    }
}
