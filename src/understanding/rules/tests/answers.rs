//! The same words after different questions, with options in view.

use super::*;

const TIMES: &[&str] = &["Thu 19 Nov 10:00", "Thu 19 Nov 10:30", "Thu 19 Nov 11:00"];
const DAYS: &[&str] = &[
    "Friday 20 Nov at 2:00 PM",
    "Saturday 21 Nov at 10:00 AM",
    "Tuesday 24 Nov at 2:00 PM",
];
const SERVICES: &[&str] = &["Basic Manicure", "Gel Manicure", "Pedicure"];

fn table(expecting: Expecting, options: &[&str], rows: &[(&str, &str)]) {
    for (text, expected) in rows {
        let acts: Vec<String> = hear_after(text, Some(expecting), options)
            .iter()
            .map(short)
            .collect();
        assert_eq!(acts.join(" + "), *expected, "{text:?} after {expecting:?}");
    }
}

#[test]
fn among_listed_times() {
    table(
        Expecting::Time,
        TIMES,
        &[
            ("10:30", "choose 2"),
            ("half past ten", "choose 2"),
            ("at 11", "choose 3"),
            ("3", "choose 3"),
            ("4", "when 16:00"),
            ("the first one works", "choose 1"),
            ("the last one", "choose 3"),
            ("do you have 10:30?", "when 10:30"),
            ("2:30pm or later", "when 14:30-"),
            ("2 or 3", "when 14:00 or 15:00"),
            ("any time", "clear { slot: when }"),
        ],
    );
}

#[test]
fn among_listed_days() {
    table(
        Expecting::Choice,
        DAYS,
        &[
            ("Saturday", "choose 2"),
            ("the Saturday one", "choose 2"),
            ("saturday at 10", "choose 2"),
            ("2pm", "when 14:00"),
            ("none of those", "deny"),
            ("do you have anything later?", "ask availability + when later"),
            ("how about 12?", "when 12:00"),
        ],
    );
}

#[test]
fn among_listed_services() {
    table(
        Expecting::Service,
        SERVICES,
        &[
            ("gel manicure", "choose 2"),
            ("the gel one", "service gel-manicure"),
            ("pedicure and gel", "service pedicure, gel-manicure"),
            ("manicure", "service basic-manicure~|gel-manicure~"),
            ("hot stone therapy", "service ?hot stone therapy"),
        ],
    );
}

#[test]
fn about_staff_and_people() {
    table(
        Expecting::Staff,
        &[],
        &[
            ("mai", "staff mai"),
            ("doesn't matter", "staff anyone"),
            ("whoever", "staff anyone"),
            ("Kelly", "staff ?Kelly"),
        ],
    );
    table(
        Expecting::PartySize,
        &[],
        &[
            ("4", "people 4"),
            ("four of us", "people 4"),
            ("just me", "people 1"),
            ("me and my two kids", "people 3"),
        ],
    );
    table(
        Expecting::Name,
        &[],
        &[("Anna", "name Anna -"), ("Mai Nguyen", "name Mai Nguyen")],
    );
}

#[test]
fn about_days() {
    table(
        Expecting::Date,
        &[],
        &[
            ("20", "when Fri 20 Nov"),
            ("any day", "clear { slot: when }"),
            ("asap", "when earliest"),
            (
                "sometime next week in the afternoon",
                "when Mon 23 Nov..Mon 30 Nov 12:00-17:00",
            ),
        ],
    );
}

#[test]
fn yes_and_no() {
    table(
        Expecting::Confirm,
        &[],
        &[
            ("y", "confirm"),
            ("\u{1F44D}\u{1F3FD}", "confirm"),
            ("book it", "confirm"),
            ("great see you then", "confirm"),
            ("yes at 3", "confirm + when 15:00"),
            ("ok but make it 3", "confirm + when 15:00"),
            ("yes please and do you have parking", "confirm + ask parking"),
            ("no thanks", "deny + thanks"),
            ("not yet", "deny"),
            ("can you make it Saturday instead?", "when Sat 21 Nov"),
            ("wait, how much is it?", "ask price"),
        ],
    );
}
