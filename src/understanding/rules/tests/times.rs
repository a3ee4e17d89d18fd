//! Time expressions, said on Wednesday 18 November 2026 at 10:00 to a salon open 9 to 19.

use super::*;

/// What is understood of the time in `text`.
fn heard(text: &str, expecting: Option<Expecting>) -> String {
    let found = hear_after(text, expecting, &[])
        .into_iter()
        .find_map(|act| match act {
            Act::Set {
                value: SlotValue::When { when },
            } => Some(short_when(&when)),
            _ => None,
        });
    found.unwrap_or_else(|| "nothing".to_owned())
}

fn table(rows: &[(&str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter(|(text, expected)| heard(text, None) != *expected)
        .map(|(text, expected)| format!("{text:?}: expected {expected:?}, heard {:?}", heard(text, None)))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn days() {
    table(&[
        ("today", "Wed 18 Nov"),
        ("tomorrow", "Thu 19 Nov"),
        ("tommorow please", "Thu 19 Nov"),
        ("the day after tomorrow", "Fri 20 Nov"),
        ("the day after Thanksgiving", "Fri 27 Nov"),
        ("the day before christmas", "Thu 24 Dec"),
        ("the day after 11/30", "Tue 1 Dec"),
        ("the day before Friday", "Thu 19 Nov"),
        ("yesterday at 3", "Tue 17 Nov 15:00"),
        ("Friday", "Fri 20 Nov"),
        ("on thurs", "Thu 19 Nov"),
        ("wensday", "Wed 25 Nov"),
        ("this Friday", "Fri 20 Nov"),
        ("next Friday", "Fri 27 Nov"),
        ("Friday next week", "Fri 27 Nov"),
        ("a week from Tuesday", "Tue 1 Dec"),
        ("in two weeks", "Wed 2 Dec"),
        ("in 3 days", "Sat 21 Nov"),
        ("the 20th", "Fri 20 Nov"),
        ("on the 5th", "Sat 5 Dec"),
        ("Nov 20", "Fri 20 Nov"),
        ("20 November 2026", "Fri 20 Nov"),
        ("11/20", "Fri 20 Nov"),
        ("2026-11-20", "Fri 20 Nov"),
        ("January 3rd", "Sun 3 Jan 2027"),
        ("Friday the 20th", "Fri 20 Nov"),
        ("Friday the 21st", "Sat 21 Nov, contradicts friday"),
        ("Thursday, December 3rd", "Thu 3 Dec"),
        ("Thanksgiving", "Thu 26 Nov"),
        ("Thanksgiving Thursday 26 at 10", "Thu 26 Nov 10:00"),
        ("the first Saturday of December", "Sat 5 Dec"),
    ]);
}

#[test]
fn a_date_just_past_stays_past_and_one_long_past_is_next_years() {
    table(&[("Nov 5", "Thu 5 Nov"), ("March 5", "Fri 5 Mar 2027")]);
}

#[test]
fn stretches_of_days() {
    table(&[
        ("next week", "Mon 23 Nov..Mon 30 Nov"),
        ("this weekend", "Sat 21 Nov..Mon 23 Nov"),
        ("next month", "Tue 1 Dec..Fri 1 Jan 2027"),
        ("end of the month", "Sat 21 Nov..Tue 1 Dec"),
        ("Monday to Wednesday", "Mon 23 Nov..Thu 26 Nov"),
        ("between the 20th and the 23rd", "Fri 20 Nov..Tue 24 Nov"),
        ("after Friday", "Sat 21 Nov.."),
        ("by Friday", "..Sat 21 Nov"),
        ("in the next 3 days", "Thu 19 Nov..Sun 22 Nov"),
    ]);
}

#[test]
fn times_of_day() {
    table(&[
        ("2pm", "14:00"),
        ("at 2 p.m.", "14:00"),
        ("14:30", "14:30"),
        ("at 2.30", "14:30"),
        ("half past five", "17:30"),
        ("quarter to 3", "14:45"),
        ("half five", "17:30"),
        ("noon", "12:00"),
        ("midnight", "00:00"),
        ("5 o'clock", "17:00"),
        ("ten thirty", "10:30"),
        ("at 4", "16:00"),
        ("around 3", "~15:00"),
        ("8 in the evening", "20:00"),
        ("tomorrow at 9", "Thu 19 Nov 09:00"),
        ("tomorrow 9", "Thu 19 Nov 09:00"),
        ("Friday half five", "Fri 20 Nov 17:30"),
        ("in 2 hours", "Wed 18 Nov 12:00"),
        ("in half an hour", "Wed 18 Nov 10:30"),
        ("today 10:30", "Wed 18 Nov 10:30"),
        ("Sunday at noon", "Sun 22 Nov 12:00"),
        ("tonight at 8", "Wed 18 Nov 20:00"),
        ("Saturday night at 1:30am", "Sun 22 Nov 01:30"),
        ("Saturday night at 9", "Sat 21 Nov 21:00"),
        ("2:30am Sunday", "Sun 22 Nov 02:30"),
    ]);
}

#[test]
fn ranges_and_open_ends() {
    table(&[
        ("between 2 and 4", "14:00-16:00"),
        ("from 9 to 11am", "09:00-11:00"),
        ("2-4pm", "14:00-16:00"),
        ("tomorrow 11 to 3", "Thu 19 Nov 11:00-15:00"),
        ("after 4", "16:00-"),
        ("before noon", "-12:00"),
        ("from 3 on", "15:00-"),
        ("by 5pm", "-17:00"),
        ("after 2 but before 5", "14:00-17:00"),
        ("Friday afternoon", "Fri 20 Nov 12:00-17:00"),
        ("tomorrow morning", "Thu 19 Nov 06:00-12:00"),
        ("mornings", "06:00-12:00"),
    ]);
}

#[test]
fn choices_exclusions_and_orders() {
    table(&[
        ("Friday or Saturday", "Fri 20 Nov or Sat 21 Nov"),
        ("Friday or Saturday at 3", "Fri 20 Nov 15:00 or Sat 21 Nov 15:00"),
        (
            "Friday at 2 or Saturday at 3",
            "Fri 20 Nov 14:00 or Sat 21 Nov 15:00",
        ),
        ("not Tuesday", "not tuesday"),
        (
            "next week, not Tuesday, mornings",
            "Mon 23 Nov..Mon 30 Nov 06:00-12:00, not tuesday",
        ),
        ("Saturday, except mornings", "Sat 21 Nov, not 06:00-12:00"),
        ("earliest on Friday after 4", "Fri 20 Nov 16:00-, earliest"),
        ("asap", "earliest"),
        ("as late as possible", "latest"),
        ("something later", "later"),
        ("anything earlier?", "earlier"),
    ]);
}

#[test]
fn the_last_word_counts() {
    table(&[
        ("2pm no 3pm", "15:00"),
        ("friday\n2pm no 3pm", "Fri 20 Nov 15:00"),
        ("Friday at 2. Actually make it Saturday", "Sat 21 Nov 14:00"),
    ]);
}

#[test]
fn numbers_and_words_that_are_no_time() {
    for text in [
        "a table for 4",
        "I have 2 kids",
        "may I come in",
        "second thoughts",
        "thanks a lot",
        "it costs $45",
        "call 555 0134",
    ] {
        assert_eq!(heard(text, None), "nothing", "{text:?}");
    }
}

#[test]
fn a_bare_number_is_a_time_when_a_time_was_asked_for() {
    assert_eq!(heard("10:30", Some(Expecting::Time)), "10:30");
    assert_eq!(heard("3", Some(Expecting::Time)), "15:00");
    assert_eq!(heard("9", Some(Expecting::Time)), "09:00");
    assert_eq!(heard("3", None), "nothing");
}
