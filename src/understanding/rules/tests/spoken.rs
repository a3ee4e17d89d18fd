//! What customers type to a salon, one line each: many ways of saying the few things that are said there.

use super::*;

type Row = (&'static str, &'static str);

/// All rows are heard before any is judged, so that a change in the language shows everything it touches.
fn said(expecting: Option<Expecting>, rows: &[Row]) {
    let mut misheard = Vec::new();
    for (text, expected) in rows {
        let acts: Vec<String> = hear_after(text, expecting, &[]).iter().map(short).collect();
        let heard = acts.join(" + ");
        if heard != *expected {
            misheard.push(format!("{text:?}\n     is {expected}\n  heard {heard}"));
        }
    }
    assert!(
        misheard.is_empty(),
        "after {expecting:?}:\n{}",
        misheard.join("\n")
    );
}

#[test]
fn a_time_said_about_opening_hours_belongs_to_the_question() {
    said(
        None,
        &[
            ("what are your opening hours on Friday?", "ask hours Fri 20 Nov"),
            ("opening hours tomorrow?", "ask hours Thu 19 Nov"),
            ("are you open on Thanksgiving?", "ask hours Thu 26 Nov"),
            ("how late are you open Saturday?", "ask hours Sat 21 Nov"),
            ("when do you close tomorrow", "ask hours Thu 19 Nov"),
            ("what time do you open on Saturday", "ask hours Sat 21 Nov"),
            ("are you guys open sunday", "ask hours Sun 22 Nov"),
            ("are you still open at 6 today?", "ask hours Wed 18 Nov 18:00"),
            ("do you work on weekends?", "ask hours Sat 21 Nov..Mon 23 Nov"),
            ("r u closed thanksgiving day", "ask hours Thu 26 Nov"),
            ("what time do you guys close", "ask hours"),
            ("when are you open", "ask hours"),
            (
                "do you have any openings on Friday?",
                "ask availability + when Fri 20 Nov",
            ),
            ("are you open now?", "ask hours"),
            ("you open on black friday?", "ask hours Fri 27 Nov"),
            ("hours for saturday pls", "ask hours Sat 21 Nov"),
            ("what are your weekend hours", "ask hours Sat 21 Nov..Mon 23 Nov"),
            ("do you close early on friday", "ask hours Fri 20 Nov"),
            (
                "are you open, and can I book a gel on Friday?",
                "ask hours + start book + service gel-manicure + when Fri 20 Nov",
            ),
        ],
    );
}

#[test]
fn seats_and_places_are_people() {
    said(
        None,
        &[
            (
                "one seat in the workshop this Saturday",
                "people 1 + service nail-art-workshop + when Sat 21 Nov",
            ),
            ("2 seats please", "people 2"),
            (
                "two spots for the workshop",
                "people 2 + service nail-art-workshop",
            ),
            (
                "a place in the workshop for me",
                "people 1 + service nail-art-workshop",
            ),
            (
                "can I get three seats in the class",
                "start book + people 3 + service nail-art-workshop",
            ),
            (
                "gel for my daughter and me on friday",
                "service gel-manicure + people 2 + when Fri 20 Nov",
            ),
            (
                "manicures for 3 on saturday",
                "service basic-manicure~|gel-manicure~ + people 3 + when Sat 21 Nov",
            ),
            ("is there a spot on Friday?", "ask availability + when Fri 20 Nov"),
            (
                "do you have a spot for a gel tomorrow",
                "ask availability + service gel-manicure + when Thu 19 Nov",
            ),
            ("party of 3", "start book + people 3"),
            ("it'll be two of us", "people 2"),
            ("me and my sister", "people 2"),
            ("just the one seat", "people 1"),
            (
                "2 people for pedicures tomorrow",
                "people 2 + service pedicure + when Thu 19 Nov",
            ),
            ("can my friend come too", "unclear"),
            (
                "is there one spot left in the class",
                "ask availability + people 1 + service nail-art-workshop",
            ),
            ("for me and my mom", "people 2"),
        ],
    );
}

#[test]
fn several_services_and_their_staff() {
    said(
        None,
        &[
            (
                "basic with Mai and a pedicure with Sofia",
                "service basic-manicure~, pedicure + staff mai + staff sofia",
            ),
            ("gel and a pedicure", "service gel-manicure, pedicure"),
            ("add nail art to it", "service +nail-art"),
            ("and also a pedicure", "service +pedicure"),
            ("with nail art too", "service +nail-art"),
            ("a pedicure as well please", "service +pedicure"),
            ("can I add a pedicure?", "service +pedicure"),
            ("no pedicure after all", "service -pedicure"),
            ("without the nail art", "service -nail-art"),
            ("remove the pedicure please", "service -pedicure"),
            ("just the gel", "service gel-manicure"),
            ("I'd rather have a pedicure", "service pedicure"),
            (
                "a gel with Linh and then a pedicure with Sofia on Saturday",
                "service gel-manicure, pedicure + staff linh + staff sofia + when Sat 21 Nov",
            ),
            (
                "pedicure instead of the gel",
                "service pedicure + service -gel-manicure",
            ),
            ("scratch the nail art", "service -nail-art"),
            ("actually no nail art", "service -nail-art"),
            ("I don't want the pedicure", "service -pedicure"),
            ("can you also do nail art", "service +nail-art"),
            ("gel plus nail art", "service gel-manicure + service +nail-art"),
            ("make it a pedicure", "service pedicure"),
            ("forget the pedicure", "service -pedicure"),
            (
                "not gel, basic",
                "service -gel-manicure + service basic-manicure~",
            ),
        ],
    );
}

#[test]
fn questions_are_not_bookings() {
    said(
        None,
        &[
            (
                "is Mai working on Friday?",
                "ask availability + staff mai + when Fri 20 Nov",
            ),
            (
                "does Linh work on Saturdays?",
                "ask availability + staff linh + when Sat 21 Nov",
            ),
            (
                "is Sofia in tomorrow",
                "ask availability + staff sofia + when Thu 19 Nov",
            ),
            ("how long does a gel take", "ask duration + service gel-manicure"),
            (
                "how much is a gel and a pedicure",
                "ask price + service gel-manicure, pedicure",
            ),
            (
                "what's the price of a gel manicure?",
                "ask price + service gel-manicure",
            ),
            ("price for pedi", "ask price + service pedicure"),
            ("what services do you have", "ask services"),
            ("what do you offer", "ask services"),
            ("who works there", "ask staff"),
            ("who works on friday", "ask staff + when Fri 20 Nov"),
            ("who does nail art", "ask staff + service nail-art"),
            ("where can I park", "ask parking"),
            ("can I pay by card", "ask payment"),
            ("what's your address", "ask location"),
            ("do you do gel?", "ask services + service gel-manicure"),
            ("who's working tomorrow", "ask staff + when Thu 19 Nov"),
            (
                "does Sofia do gel?",
                "ask staff + staff sofia + service gel-manicure",
            ),
            (
                "how much do you charge for a pedi",
                "ask price + service pedicure",
            ),
            ("what does nail art cost", "ask price + service nail-art"),
            (
                "how long is the workshop",
                "ask duration + service nail-art-workshop",
            ),
            ("do you have parking", "ask parking"),
            ("do you take walk-ins?", "ask policy"),
            ("what's your cancellation policy", "ask policy"),
            (
                "is Mai free at 3 on Friday?",
                "ask availability + staff mai + when Fri 20 Nov 15:00",
            ),
            (
                "who can do a pedicure on saturday",
                "ask staff + service pedicure + when Sat 21 Nov",
            ),
            (
                "what times do you have on Saturday",
                "ask availability + when Sat 21 Nov",
            ),
            (
                "when can you fit me in for a gel",
                "ask availability + service gel-manicure",
            ),
            (
                "what's the earliest you have tomorrow",
                "ask availability + when Thu 19 Nov, earliest",
            ),
        ],
    );
}

#[test]
fn a_yes_or_a_no_with_more() {
    said(
        Some(Expecting::Confirm),
        &[
            ("yes please", "confirm"),
            ("yep that works", "confirm"),
            ("no thanks", "deny + thanks"),
            ("no, Saturday", "deny + when Sat 21 Nov"),
            ("sounds good but 3pm", "confirm + when 15:00"),
            ("ok but with Mai", "confirm + staff mai"),
            ("perfect thanks", "confirm + thanks"),
            ("great, thank you!", "confirm + thanks"),
            ("nope", "deny"),
            ("not really", "deny"),
            ("sure, go ahead", "confirm"),
            ("\u{1F44D}\u{1F3FD}", "confirm"),
            ("\u{1F44E}", "deny"),
            ("y", "confirm"),
            ("n", "deny"),
            ("k", "confirm"),
            ("yes pls book it", "confirm"),
            ("yesss", "confirm"),
            ("that's right", "confirm"),
            ("that's not right", "deny"),
            ("no that's wrong", "deny"),
            ("can we do 4 instead", "when 16:00"),
            ("yes and add nail art", "confirm + service +nail-art"),
            ("yes!", "confirm"),
            ("Yes, Friday at 2 is perfect", "confirm + when Fri 20 Nov 14:00"),
            ("that's fine", "confirm"),
            ("no wait, 4pm", "deny + when 16:00"),
            ("no, I want a pedicure", "deny + start book + service pedicure"),
            ("lgtm", "confirm"),
            ("yup!! thx", "confirm + thanks"),
            ("nah", "deny"),
            ("no not that one", "deny"),
            ("i guess", "confirm"),
            ("don't book it", "deny"),
            ("fine", "confirm"),
            ("ok thanks", "confirm + thanks"),
            ("cool", "confirm"),
            ("works for me", "confirm"),
            ("yes but not with Sofia", "confirm + staff not sofia"),
            ("actually yes", "confirm"),
            ("no, something earlier", "deny + ask availability + when earlier"),
            ("later", "when later"),
            ("can you do 3 instead?", "when 15:00"),
            ("no, next week", "deny + when Mon 23 Nov..Mon 30 Nov"),
        ],
    );
}

#[test]
fn another_time_is_asked_for() {
    said(
        None,
        &[
            ("earlier", "when earlier"),
            ("something later", "ask availability + when later"),
            ("anything earlier?", "ask availability + when earlier"),
            ("a bit later please", "when later"),
            ("any other time?", "ask availability"),
            ("another day", "ask availability"),
            ("do you have other times", "ask availability"),
            ("same time on Saturday", "when Sat 21 Nov"),
            ("later", "bye"),
            ("something earlier in the day", "ask availability + when earlier"),
            ("anything in the evening?", "ask availability + when 17:00-21:00"),
            ("what about 4?", "when 16:00"),
            ("how about friday", "when Fri 20 Nov"),
            ("any time next week", "when Mon 23 Nov..Mon 30 Nov"),
            ("same time next week", "when Mon 23 Nov..Mon 30 Nov"),
            ("next available", "ask availability + when earliest"),
            ("other days?", "ask availability"),
            ("maybe Thursday", "when Thu 19 Nov"),
        ],
    );
}

#[test]
fn contacts() {
    said(
        None,
        &[
            ("my number is 555 010 2030", "phone 5550102030"),
            ("(555) 010-2030", "phone 5550102030"),
            ("reach me at 5550102030", "phone 5550102030"),
            ("anna@example.com", "email anna@example.com"),
            ("my email is anna@example.com", "email anna@example.com"),
            ("it's Anna, 555 010 2030", "name Anna - + phone 5550102030"),
        ],
    );
}

#[test]
fn visits_that_exist() {
    said(
        None,
        &[
            ("can I come 15 minutes later?", "ask policy"),
            ("I'm running late", "ask policy"),
            ("running 10 min late sorry", "ask policy"),
            ("I'll be 20 minutes late", "ask policy"),
            ("do I have an appointment?", "ask myappointments"),
            ("when is my appointment", "ask myappointments"),
            ("what did I book", "ask myappointments"),
            (
                "what time is my appointment on friday",
                "ask myappointments + when Fri 20 Nov",
            ),
            ("cancel it", "start cancel"),
            ("cancel the pedicure", "start cancel + service pedicure"),
            ("cancel my 2pm on Friday", "start cancel + which Fri 20 Nov 14:00"),
            ("I can't make it on friday", "start cancel + which Fri 20 Nov"),
            ("I need to cancel", "start cancel"),
            ("reschedule", "start reschedule"),
            ("can we do Saturday instead", "when Sat 21 Nov"),
            ("move it to 3", "start reschedule + when 15:00"),
            (
                "can I change my appointment to 4pm",
                "start reschedule + when 16:00",
            ),
            ("push my appointment back an hour", "start reschedule"),
            ("cancel", "start cancel"),
            ("pls cancel my appt tmrw", "start cancel + which Thu 19 Nov"),
            (
                "can I move my gel to Thursday",
                "start reschedule + service gel-manicure + when Thu 19 Nov",
            ),
            ("I need to change my appointment", "start reschedule"),
            (
                "please move my 2pm to 4pm",
                "start reschedule + which 14:00 + when 16:00",
            ),
            ("can I switch to Linh", "start reschedule + staff linh"),
            (
                "something came up, can we reschedule to friday at 11?",
                "start reschedule + when Fri 20 Nov 11:00",
            ),
            ("sorry I'm gonna be 10 mins late", "ask policy"),
            ("I'm stuck in traffic, will be late", "ask policy"),
            ("am I booked for tomorrow", "ask myappointments + when Thu 19 Nov"),
            ("I don't need my appointment anymore", "start cancel"),
            (
                "I won't be able to come tomorrow",
                "start cancel + which Thu 19 Nov",
            ),
            ("did my booking go through?", "ask myappointments"),
            ("bring my appointment forward", "start reschedule"),
            ("cancel everything", "start cancel"),
            ("who is my appointment with", "ask myappointments"),
        ],
    );
}

#[test]
fn all_at_once() {
    said(
        None,
        &[
            (
                "hi! do you have anything Friday afternoon for a gel with linh? thx",
                "greet + ask availability + when Fri 20 Nov 12:00-17:00 + service gel-manicure + staff linh + thanks",
            ),
            (
                "Tomorrow morning pedi for 2 pls",
                "when Thu 19 Nov 06:00-12:00 + service pedicure + people 2",
            ),
            (
                "book me in for a basic mani fri @ 2",
                "start book + service basic-manicure~ + when Fri 20 Nov 14:00",
            ),
            ("gel 2moro 10ish", "service gel-manicure + when Thu 19 Nov ~10:00"),
            ("need nails done asap", "start book + when earliest"),
            ("can you fit me in today", "ask availability + when Wed 18 Nov"),
            (
                "could I come in at 3 for a pedicure",
                "start book + when 15:00 + service pedicure",
            ),
            (
                "Hey is there any chance you can squeeze me in for a quick pedi today after 5?",
                "greet + start book + service pedicure + when Wed 18 Nov 17:00-",
            ),
            (
                "I'd like to book a manicure for myself and my sister next Saturday around noon",
                "start book + service basic-manicure~|gel-manicure~ + people 2 + when Sat 28 Nov ~12:00",
            ),
            (
                "whens ur next opening for gel",
                "ask availability + when earliest + service gel-manicure",
            ),
            (
                "Can I get an appointment tomorrow at 10am with Mai? My name is Anna",
                "start book + when Thu 19 Nov 10:00 + staff mai + name Anna -",
            ),
            (
                "good morning, pedicure friday 3pm please",
                "greet + service pedicure + when Fri 20 Nov 15:00",
            ),
            (
                "looking for a gel appt sat morning",
                "start book + service gel-manicure + when Sat 21 Nov 06:00-12:00",
            ),
            (
                "I have a wedding on Saturday, can you do my nails on Friday after 3?",
                "when Fri 20 Nov 15:00- + start book",
            ),
            ("not before 3 please", "when 15:00-"),
            (
                "any weekday except friday",
                "when not friday, not saturday, not sunday",
            ),
            (
                "either thursday or friday, whatever works",
                "when Thu 19 Nov or Fri 20 Nov",
            ),
            ("I need it before 5", "when -17:00"),
            ("between 2 and 4 tomorrow", "when Thu 19 Nov 14:00-16:00"),
        ],
    );
}
