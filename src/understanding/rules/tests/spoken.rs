//! What customers type to a salon, one line each: many ways of asking the few things that are asked there.

use super::*;

pub(super) type Row = (&'static str, &'static str);

/// All rows are heard before any is judged, so that a change in the language shows everything it touches.
pub(super) fn said(expecting: Option<Expecting>, rows: &[Row]) {
    said_in(Language::English, expecting, rows);
}

/// The same in a conversation that is in `language`.
pub(super) fn said_in(language: Language, expecting: Option<Expecting>, rows: &[Row]) {
    let mut misheard = Vec::new();
    for (text, expected) in rows {
        let understood = understood_in(language, text, expecting, &[]);
        let acts: Vec<String> = understood.acts.iter().map(short).collect();
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
            ("we are 3", "people 3"),
            ("I'm coming with two friends", "people 3"),
            ("we'll be 4 on saturday", "people 4 + when Sat 21 Nov"),
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
            ("how soon can you see me", "ask availability"),
            ("do I need to pay upfront?", "ask payment"),
            ("can you call me?", "handoff asked"),
            (
                "do u have smth free 2day after 4",
                "ask availability + when Wed 18 Nov 16:00-",
            ),
            ("can Mai do it instead", "staff mai"),
        ],
    );
}
