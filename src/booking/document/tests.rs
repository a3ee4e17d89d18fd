//! What is read, what is refused, and with which words.

use super::*;
use crate::booking::Catalogue;
use crate::booking::catalogue::{ResourceKind, Service as Offer};
use crate::types::Channel;

const LOTUS: &str = include_str!("../../../examples/lotus-nails.toml");
const EXAMPLES: [&str; 4] = [
    LOTUS,
    include_str!("../../../examples/bright-dental.toml"),
    include_str!("../../../examples/north-garage.toml"),
    include_str!("../../../tests/businesses/night-owl.toml"),
];

/// A sound document; tests spoil it.
const SOUND: &str = r#"
id = "barber"
name = "The Barber"
time_zone = "Europe/Madrid"
currency = "EUR"
opening = { mon-fri = ["09:00-13:00", "16:00-20:00"] }

[[staff]]
id = "ana"
name = "Ana"

[[resources]]
id = "chair"
name = "Chair"
kind = "equipment"

[[services]]
id = "cut"
name = "Cut"
duration_min = 30
price = "18.50"
by = ["ana"]
needs = [["chair"]]
"#;

/// The mistakes of the sound document with `old` replaced by `new`.
fn mistakes(old: &str, new: &str) -> Vec<String> {
    assert!(SOUND.contains(old), "{old}");
    let spoilt = SOUND.replacen(old, new, 1);
    match Catalogue::from_toml(&spoilt) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn the_examples_are_sound_and_survive_both_formats() {
    for text in EXAMPLES {
        let catalogue = Catalogue::from_toml(text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let document = catalogue.document.as_ref();
        let as_toml = document.to_toml().unwrap();
        assert_eq!(Document::from_toml(&as_toml).as_ref(), Ok(document), "{as_toml}");
        let as_json = serde_json::to_vec(document).unwrap();
        assert_eq!(Document::from_json(&as_json).as_ref(), Ok(document));
        assert!(Catalogue::from_json(&as_json).is_ok());
    }
}

#[test]
fn the_demo_business_is_as_described() {
    let catalogue = Catalogue::from_toml(LOTUS).unwrap();
    let offer = |id: &str| -> Offer {
        catalogue
            .services
            .iter()
            .find(|s| s.id.as_str() == id)
            .unwrap()
            .clone()
    };
    let facts: Vec<_> = [
        "basic-manicure",
        "gel-manicure",
        "pedicure",
        "nail-art",
        "nail-art-workshop",
    ]
    .map(offer)
    .iter()
    .map(|s| {
        (
            s.name.clone(),
            s.duration_min,
            s.buffer_after_min,
            s.price_minor,
            s.add_on,
            s.is_class(),
        )
    })
    .collect();
    assert_eq!(
        facts,
        [
            ("Basic Manicure".to_owned(), 30, 5, Some(2_500), false, false),
            ("Gel Manicure".to_owned(), 60, 10, Some(4_500), false, false),
            ("Pedicure".to_owned(), 45, 10, Some(4_000), false, false),
            ("Nail Art".to_owned(), 15, 0, Some(1_000), true, false),
            ("Nail Art Workshop".to_owned(), 60, 0, Some(3_000), false, true),
        ]
    );
    let resources: Vec<_> = catalogue
        .resources
        .iter()
        .map(|r| (r.id.as_str(), r.kind, r.capacity))
        .collect();
    assert_eq!(
        resources,
        [
            ("mai", ResourceKind::Staff, 1),
            ("linh", ResourceKind::Staff, 1),
            ("sofia", ResourceKind::Staff, 1),
            ("nail-art-workshop", ResourceKind::Class, 4),
        ]
    );
    let keys: Vec<&str> = catalogue.faq.iter().map(|faq| faq.key.as_str()).collect();
    assert_eq!(keys, ["location", "parking", "prices", "hours", "payment"]);
    // Which manicure a plain one is must be asked, so neither may claim the word.
    assert!(
        catalogue
            .services
            .iter()
            .all(|s| s.aliases.iter().all(|a| a != "manicure" && a != "mani"))
    );
}

#[test]
fn each_mistake_says_where_it_is_and_what_to_do() {
    for (old, new, said) in [
        (
            r#"id = "barber""#,
            r#"id = "The Barber""#,
            r#"line 2: id: "The Barber" cannot be an id: business id may hold only lower-case letters, digits, '-' and '_'"#,
        ),
        (
            r#""The Barber""#,
            r#"" ""#,
            "line 3: name: must have between 1 and 120 characters",
        ),
        (
            "Europe/Madrid",
            "Europe/Madird",
            r#"line 4: time_zone: "Europe/Madird" is not a time zone; use an IANA name; did you mean "Europe/Madrid"?"#,
        ),
        (
            "Europe/Madrid",
            "New York",
            r#"line 4: time_zone: "New York" is not a time zone; use an IANA name; did you mean "America/New_York"?"#,
        ),
        (
            "EUR",
            "Euro",
            r#"line 5: currency: "Euro" is not a currency; use an ISO 4217 code in capitals, such as USD or EUR"#,
        ),
        (
            r#"currency = "EUR""#,
            "currency = \"EUR\"\nlocale = \"english\"",
            r#"line 6: locale: "english" is not a language tag; write it like en-US or vi"#,
        ),
        (
            "mon-fri",
            "mo-fri",
            r#"line 6: opening.mo-fri: "mo-fri" is not a day; write mon, tue, ..., a range such as tue-fri, or daily"#,
        ),
        (
            "mon-fri = ",
            r#"tue = ["10:00-11:00"], mon-fri = "#,
            "line 6: opening.tue: tuesday has hours in two entries; put all its windows into one",
        ),
        (
            "09:00-13:00",
            "9-13",
            r#"line 6: opening.mon-fri[0]: "9-13" is not a window of time; write it like 09:00-17:30, or 20:00-04:00 over midnight"#,
        ),
        (
            "09:00-13:00",
            "25:00-26:00",
            r#"line 6: opening.mon-fri[0]: "25:00-26:00" is not a window of time; write it like 09:00-17:30, or 20:00-04:00 over midnight"#,
        ),
        (
            "09:00-13:00",
            "09:00-09:00",
            r#"line 6: opening.mon-fri[0]: "09:00-09:00" starts and ends at the same time; write 00:00-24:00 for the whole day"#,
        ),
        (
            "[[staff]]",
            "[policies]\nhorizon_days = 367\n[[staff]]",
            "line 9: policies.horizon_days: 367 is out of range; it must be from 0 to 366",
        ),
        (
            "[[staff]]",
            "[policies]\nslot_grid_min = 0\n[[staff]]",
            "line 9: policies.slot_grid_min: 0 is out of range; it must be from 5 to 240",
        ),
        (
            r#"kind = "equipment""#,
            "kind = \"equipment\"\ncapacity = 0",
            "line 16: resources[0].capacity: 0 is out of range; it must be from 1 to 500",
        ),
        (
            "[[resources]]",
            "[[staff]]\nid = \"ana\"\nname = \"Another\"\n[[resources]]",
            r#"line 13: staff[1].id: the id "ana" is used twice; give one of them another (staff, resources and classes share theirs)"#,
        ),
        (
            "[[staff]]",
            "[[services]]\nid = \"cut\"\nname = \"Cut\"\nduration_min = 5\nby = [\"ana\"]\n[[staff]]",
            r#"line 23: services[1].id: the id "cut" is used twice; give one of them another (staff, resources and classes share theirs)"#,
        ),
        (
            "duration_min = 30",
            "duration_min = 0",
            "line 20: services[0].duration_min: 0 is out of range; it must be from 1 to 1440",
        ),
        (
            "18.50",
            "18.505",
            r#"line 21: services[0].price: "18.505" is not a price; write digits only, with at most 2 decimals in this currency"#,
        ),
        (
            r#"by = ["ana"]"#,
            r#"by = ["anna"]"#,
            r#"line 22: services[0].by[0]: there is no member of staff with the id "anna"; did you mean "ana"?"#,
        ),
        (
            r#"by = ["ana"]"#,
            r#"by = ["ana", "ana"]"#,
            r#"line 22: services[0].by[1]: "ana" stands twice in this list; remove one"#,
        ),
        (
            r#"[["chair"]]"#,
            r#"[["ana"]]"#,
            r#"line 23: services[0].needs[0][0]: there is no resource with the id "ana""#,
        ),
        (
            r#"[["chair"]]"#,
            "[[]]",
            "line 23: services[0].needs[0]: names no resource; list at least one that would do",
        ),
        (
            r#"[["chair"]]"#,
            r#"["room"]"#,
            "line 23: services[0].needs[0]: names no resource; list at least one that would do",
        ),
        (
            "by = [\"ana\"]\nneeds = [[\"chair\"]]",
            "",
            "line 17: services[0]: nothing limits how often it can be booked at once; say who does it (by) or what it needs (needs)",
        ),
        (
            "by = [\"ana\"]\nneeds = [[\"chair\"]]",
            "seats = 4",
            r#"line 17: services[0]: a class with seats needs sessions; add for example sessions = ["sat 15:00"]"#,
        ),
        (
            "by = [\"ana\"]\nneeds = [[\"chair\"]]",
            "sessions = [\"mon 10:00\"]",
            "line 17: services[0]: a class needs seats; say how many people can take part",
        ),
        (
            "by = [\"ana\"]\nneeds = [[\"chair\"]]",
            "seats = 4\nsessions = [\"monday\"]",
            r#"line 23: services[0].sessions[0]: "monday" is not a session; write a day and a start, like sat 15:00"#,
        ),
        (
            "by = [\"ana\"]\nneeds = [[\"chair\"]]",
            "seats = 4\nsessions = [\"sat 15:00\"]",
            "line 23: services[0].sessions[0]: the session sat 15:00 does not fit into the weekly hours; widen the hours or move it",
        ),
        (
            "by = [\"ana\"]\nneeds = [[\"chair\"]]",
            "seats = 4\nsessions = [\"mon 10:00\", \"mon 10:15\"]",
            "line 23: services[0].sessions: the sessions mon 10:00 and mon 10:15 overlap; a class takes place once at a time",
        ),
        (
            "needs = [[\"chair\"]]",
            "add_on = true",
            "line 17: services[0]: no other service is done by the same staff, so this add-on can never be booked; check by",
        ),
        (
            "[[staff]]",
            "[[exceptions]]\ndate = \"2026-11-31\"\nclosed = true\n[[staff]]",
            r#"line 9: exceptions[0].date: "2026-11-31" is not a date; write it like 2026-11-26"#,
        ),
        (
            "[[staff]]",
            "[[exceptions]]\nfrom = \"2026-11-27\"\nto = \"2026-11-26\"\nclosed = true\n[[staff]]",
            "line 8: exceptions[0]: the last day 2026-11-26 is before the first day 2026-11-27; swap them",
        ),
        (
            "[[staff]]",
            "[[exceptions]]\ndate = \"2026-11-26\"\n[[staff]]",
            "line 8: exceptions[0]: say either closed = true or hours = [...]",
        ),
        (
            "[[staff]]",
            "[[exceptions]]\nclosed = true\n[[staff]]",
            "line 8: exceptions[0]: say which day it is: either date, or from and to",
        ),
        (
            "[[staff]]",
            "[[exceptions]]\ndate = \"2026-11-26\"\nclosed = true\n[[exceptions]]\ndate = \"2026-11-26\"\nhours = [\"10:00-12:00\"]\n[[staff]]",
            "line 11: exceptions[1]: 2026-11-26 is covered by an earlier entry too; keep one of them",
        ),
        (
            "[[staff]]",
            "[[exceptions]]\ndate = \"2026-11-26\"\nhours = [\"10:00-12:00\", \"11:00-13:00\"]\n[[staff]]",
            "line 10: exceptions[0].hours: the windows 10:00-12:00 and 11:00-13:00 overlap; join them into one",
        ),
        (
            "[[staff]]",
            "[[bundles]]\nnames = [\"all\"]\nservices = [\"cut\"]\n[[staff]]",
            "line 10: bundles[0].services: a bundle names at least two services; for one, use its aliases",
        ),
        (
            "[[staff]]",
            "[[faq]]\nkey = \"a\"\nanswer = \"b\"\n[[faq]]\nkey = \"a\"\nanswer = \"c\"\n[[staff]]",
            r#"line 12: faq[1].key: the key "a" is used twice; join the answers"#,
        ),
        (
            "[[staff]]",
            "[understanding]\nmodel = \"\"\n[[staff]]",
            "line 9: understanding.model: a model's name has between 1 and 200 printable characters",
        ),
        (
            "[[staff]]",
            "[understanding]\nchannels = { fax = \"small\" }\n[[staff]]",
            "line 9: understanding.channels.fax: \"fax\" is not a channel; use one of: api, web, terminal, \
             whatsapp, messenger, instagram, telegram, twilio, slack, discord, standard",
        ),
        (
            "[[staff]]",
            "[understanding.channels]\nweb = \"a\\tb\"\n[[staff]]",
            "line 9: understanding.channels.web: a model's name has between 1 and 200 printable characters",
        ),
        (
            r#"{ mon-fri = ["09:00-13:00", "16:00-20:00"] }"#,
            "{ }",
            "line 6: opening: a business needs hours on at least one day of the week",
        ),
    ] {
        assert_eq!(mistakes(old, new), [said], "{old} -> {new}");
    }
}

#[test]
fn a_wrong_shape_is_told_with_its_line() {
    for (old, new, line, part) in [
        (r#"currency = "EUR""#, "", "", "missing field `currency`"),
        (
            "duration_min = 30",
            "duration = 30",
            "line 20: ",
            "unknown field `duration`",
        ),
        (
            "duration_min = 30",
            "duration_min = \"30\"",
            "line 20: ",
            "invalid type: string \"30\"",
        ),
        (
            "duration_min = 30",
            "duration_min = -5",
            "line 20: ",
            "invalid value",
        ),
        (
            r#"needs = [["chair"]]"#,
            "needs = [\"chair\"]",
            "line 23: ",
            "expected \"room\", \"equipment\" or a list",
        ),
        (
            r#"name = "Cut""#,
            "name = ",
            "line 19: ",
            "string values must be quoted",
        ),
    ] {
        let said = mistakes(old, new).join("\n");
        assert!(said.starts_with(line) && said.contains(part), "{new}: {said}");
    }
    let said = Catalogue::from_json(r#"{"id": "x", "services": [{"duration_min": "long"}]}"#).unwrap_err();
    let said = said.to_string();
    assert!(
        said.contains("services[0].duration_min: invalid type: string"),
        "{said}"
    );
    assert!(Catalogue::from_json("{} x").is_err() && Catalogue::from_json("").is_err());
}

#[test]
fn all_mistakes_are_told_at_once() {
    let spoilt = SOUND
        .replace("Europe/Madrid", "Mars/Olympus")
        .replace("duration_min = 30", "duration_min = 0")
        .replace("[\"ana\"]", "[\"bea\"]");
    let mistakes = Catalogue::from_toml(&spoilt).unwrap_err();
    assert_eq!(
        mistakes.to_string(),
        "the catalogue has 3 mistakes:\n  \
         line 4: time_zone: \"Mars/Olympus\" is not a time zone; use an IANA name\n  \
         line 20: services[0].duration_min: 0 is out of range; it must be from 1 to 1440\n  \
         line 22: services[0].by[0]: there is no member of staff with the id \"bea\""
    );
    let document = Document::from_toml(&spoilt).unwrap();
    let by_path = Catalogue::from_document(document).unwrap_err();
    assert_eq!(
        by_path.0[2].to_string(),
        "services[0].by[0]: there is no member of staff with the id \"bea\""
    );
}

#[test]
fn windows_may_cross_midnight_but_not_the_next_window() {
    let opening = r#"{ mon-fri = ["09:00-13:00", "16:00-20:00"] }"#;
    assert_eq!(mistakes(opening, r#"{ daily = ["00:00-24:00"] }"#), [""; 0]);
    assert_eq!(
        mistakes(opening, r#"{ fri-sat = ["20:00-4:00"], sun = ["04:00-05:00"] }"#),
        [""; 0]
    );
    assert_eq!(
        mistakes(opening, r#"{ sun = ["20:00-04:00"], mon = ["03:00-05:00"] }"#),
        [
            "line 6: opening: the windows sunday 20:00-04:00 and monday 03:00-05:00 overlap; join them into one"
        ]
    );
    assert_eq!(
        mistakes(opening, r#"{ mon = ["09:00-13:00", "12:00-14:00"] }"#),
        [
            "line 6: opening: the windows monday 09:00-13:00 and monday 12:00-14:00 overlap; join them into one"
        ]
    );
}

#[test]
fn prices_follow_the_currency() {
    let price = |currency: &str, price: &str| {
        let text = SOUND.replace("EUR", currency).replace("18.50", price);
        Catalogue::from_toml(&text)
            .ok()
            .and_then(|catalogue| catalogue.services[0].price_minor)
    };
    assert_eq!(price("EUR", "18.50"), Some(1_850));
    assert_eq!(price("VND", "350000"), Some(350_000));
    assert_eq!(price("VND", "350000.00"), None);
    assert_eq!(price("KWD", "1.250"), Some(1_250));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    #[test]
    fn no_text_in_any_field_makes_reading_panic(text in "\\PC{0,12}", field in 0_usize..12) {
        let mut document = Document::from_toml(LOTUS).unwrap();
        match field {
            0 => document.id = text,
            1 => document.time_zone = text,
            2 => document.currency = text,
            3 => document.locale = text,
            4 => { document.opening.insert(text.clone(), vec![text]); }
            5 => document.exceptions[0].date = Some(text),
            6 => document.exceptions[1].hours = vec![text],
            7 => document.services[0].price = Some(text),
            8 => document.services[0].by = vec![text],
            9 => document.services[4].sessions = vec![text],
            10 => document.bundles[0].services = vec![text],
            _ => document.seasons.push(Season { from: text.clone(), to: text, opening: Week::new() }),
        }
        let _ = Catalogue::from_document(document);
    }
}

#[test]
fn the_models_of_a_business_survive_an_export() {
    let demo = LOTUS;
    let usual = Catalogue::from_toml(demo).unwrap();
    assert_eq!(usual.understanding.model_for(Channel::Web), None);
    assert!(!usual.document.to_toml().unwrap().contains("understanding"));

    let text = demo.to_owned()
        + "\n[understanding]\nmodel = \"large:q8\"\n[understanding.channels]\nweb = \"small\"\n";
    let first = Catalogue::from_toml(&text).unwrap();
    let again = Catalogue::from_toml(&first.document.to_toml().unwrap()).unwrap();
    let json = serde_json::to_string(first.document.as_ref()).unwrap();
    for catalogue in [&first, &again, &Catalogue::from_json(&json).unwrap()] {
        assert_eq!(catalogue.understanding.model_for(Channel::Web), Some("small"));
        assert_eq!(catalogue.understanding.model_for(Channel::Api), Some("large:q8"));
    }
}
