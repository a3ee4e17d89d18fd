//! Businesses other than the salon of most tables: a dentist, a garage, a Spanish nail bar, a Vietnamese spa.

use super::spoken::Row;
use super::*;

/// What is sold and who sells it: ids with what they are called.
type Names<'a> = &'a [(&'a str, &'a [&'a str])];

fn house(language: Language, services: Names<'_>, staff: Names<'_>, open: (i8, i8)) -> Lexicon {
    let called = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    let weekdays = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
    ];
    Lexicon {
        language,
        services: services
            .iter()
            .map(|(id, names)| Entry::new(ServiceId::new(id).unwrap(), called(names)))
            .collect(),
        staff: staff
            .iter()
            .map(|(id, names)| Entry::new(ResourceId::new(id).unwrap(), called(names)))
            .collect(),
        hours: weekdays
            .map(|day| (day, time(open.0, 0, 0, 0), time(open.1, 0, 0, 0)))
            .to_vec(),
        half_means_past: Some(true),
        ..Lexicon::default()
    }
}

pub(super) fn dentist() -> Lexicon {
    house(
        Language::English,
        &[
            ("check-up", &["Check-up", "checkup", "exam"]),
            ("cleaning", &["Teeth Cleaning", "cleaning", "hygiene visit"]),
            ("filling", &["Filling"]),
            ("whitening", &["Teeth Whitening", "whitening"]),
            ("extraction", &["Tooth Extraction", "extraction"]),
            ("root-canal", &["Root Canal"]),
        ],
        &[
            ("patel", &["Dr. Patel"]),
            ("novak", &["Dr. Novak"]),
            ("rosa", &["Rosa"]),
        ],
        (8, 18),
    )
}

pub(super) fn garage() -> Lexicon {
    house(
        Language::English,
        &[
            ("oil-change", &["Oil Change"]),
            ("brakes", &["Brake Check", "brakes"]),
            ("tires", &["Tire Change", "tires", "tyres", "tire rotation"]),
            ("alignment", &["Wheel Alignment", "alignment"]),
            ("air-con", &["AC Recharge", "ac", "air con"]),
            ("inspection", &["State Inspection", "inspection"]),
        ],
        &[("tony", &["Tony"]), ("raj", &["Raj"])],
        (8, 18),
    )
}

pub(super) fn nail_bar() -> Lexicon {
    house(
        Language::Spanish,
        &[
            ("manicura", &["Manicura", "manicure", "manos"]),
            (
                "gel",
                &["Manicura de gel", "gel", "uñas de gel", "semipermanente"],
            ),
            ("pedicura", &["Pedicura", "pedicure", "pies"]),
        ],
        &[("lola", &["Lola"]), ("ines", &["Inés"])],
        (10, 20),
    )
}

pub(super) fn spa() -> Lexicon {
    house(
        Language::Vietnamese,
        &[
            ("gel", &["Làm móng gel", "móng gel", "sơn gel", "gel"]),
            ("chan", &["Chăm sóc chân", "làm chân", "pedicure", "móng chân"]),
            ("goi-dau", &["Gội đầu dưỡng sinh", "gội đầu"]),
        ],
        &[("mai", &["Mai"]), ("lan", &["Lan"]), ("thu", &["Thu Hà", "Hà"])],
        (9, 20),
    )
}

/// The rows are said to this business, in its own language.
pub(super) fn said_to(house: &Lexicon, expecting: Option<Expecting>, rows: &[Row]) {
    let mut misheard = Vec::new();
    for (text, expected) in rows {
        let understood = understood_at(house, house.language, text, expecting, &[]);
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
