//! Nothing a customer can type makes the engine fail, and what it reports lies within the text.

use proptest::prelude::*;

use super::*;

fn all_spans_hold(language: Language, text: &str) -> Result<(), TestCaseError> {
    let chars = text.chars().count();
    for expecting in [
        None,
        Some(Expecting::Time),
        Some(Expecting::Name),
        Some(Expecting::PartySize),
    ] {
        let acts = understood_in(language, text, expecting, &["Thu 10:30", "Gel Manicure", "11:00"]).acts;
        prop_assert!(!acts.is_empty());
        for act in &acts {
            let Act::Set { value } = act else { continue };
            let spans: Vec<Span> = match value {
                SlotValue::Service { mentions, .. } => mentions.iter().map(|m| m.span).collect(),
                SlotValue::Staff {
                    said: StaffSaid::Named { span, .. },
                } => vec![*span],
                SlotValue::Staff { .. } => vec![],
                SlotValue::When { when } | SlotValue::Which { when } => {
                    prop_assert!(!when.windows.is_empty() || !when.except.is_empty() || when.order.is_some());
                    vec![when.span]
                }
                SlotValue::PartySize { span, .. } => vec![*span],
                SlotValue::Name { first, last } => {
                    [first, last].into_iter().flatten().map(|s| s.span).collect()
                }
                SlotValue::Phone { value } | SlotValue::Email { value } => vec![value.span],
            };
            for (start, end) in spans {
                prop_assert!(start < end && end <= chars, "{start}..{end} of {chars}: {act:?}");
            }
        }
    }
    Ok(())
}

const WORDS: &[&str] = &[
    "next",
    "friday",
    "the",
    "5th",
    "of",
    "may",
    "2",
    ":",
    "30",
    "pm",
    "-",
    "to",
    "in",
    "half",
    "an",
    "hour",
    "after",
    "not",
    "tuesday",
    "or",
    "gel",
    "manicure",
    "with",
    "mai",
    "for",
    "two",
    "people",
    "and",
    "me",
    "my",
    "name",
    "is",
    "yes",
    "no",
    "cancel",
    "move",
    "appointment",
    "week",
    "from",
    "between",
    "4",
    "31",
    "11/31",
    "2026",
    "second",
    "a",
    "quarter",
    "24",
    "99999999999",
    "feb",
    "29",
    "day",
    "before",
    "yesterday",
    "last",
    "month",
    "end",
    "@",
    ".com",
    "\u{1F44D}",
    "\u{2019}",
    "o'clock",
    "thanksgiving",
    "first",
    "1",
    "year",
    "9999",
    "noon",
    "ago",
    "weekend",
    "'",
    "\n",
];

const SPANISH: &[&str] = &[
    "el",
    "la",
    "las",
    "del",
    "al",
    "de",
    "a",
    "y",
    "media",
    "menos",
    "cuarto",
    "5",
    "12",
    "31",
    "próximo",
    "que viene",
    "viernes",
    "mar",
    "semana",
    "mes",
    "año",
    "mañana",
    "por la mañana",
    "esta noche",
    "pasado",
    "entre",
    "hasta",
    "h",
    "desde",
    "en",
    "dos",
    "treinta",
    "febrero",
    "fin de semana",
    "última",
    "no",
    "sí",
    "gel",
    "con",
    "Mai",
    "17/2",
    ".",
    "después",
    "ahora mismo",
    "finales",
    "2026",
    "%",
    "personas",
];

const VIETNAMESE: &[&str] = &[
    "thứ",
    "6",
    "t6",
    "cn",
    "ngày",
    "mai",
    "mốt",
    "tháng",
    "năm",
    "tuần",
    "sau",
    "tới",
    "này",
    "trước",
    "nữa",
    "3",
    "h",
    "giờ",
    "rưỡi",
    "kém",
    "15",
    "phút",
    "sáng",
    "tối",
    "toi",
    "chiều nay",
    "từ",
    "đến",
    "hoặc",
    "trong",
    "cuối",
    "đầu",
    "2026",
    "với",
    "gel",
    "em",
    "không",
    "được",
    "ba mươi",
    "mồng",
    "31",
    "/",
    "2",
    "hai",
    "người",
    "Mai",
    "\u{301}",
    "qua",
    "nay",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_survived(text in "\\PC{0,80}") {
        for language in Language::ALL {
            all_spans_hold(language, &text)?;
        }
    }

    #[test]
    fn any_soup_of_another_language_is_survived(
        spanish in prop::collection::vec(prop::sample::select(SPANISH), 0..30),
        vietnamese in prop::collection::vec(prop::sample::select(VIETNAMESE), 0..30),
    ) {
        for (language, words) in [(Language::Spanish, spanish), (Language::Vietnamese, vietnamese)] {
            all_spans_hold(language, &words.join(" "))?;
            all_spans_hold(language, &words.concat())?;
            all_spans_hold(Language::English, &words.join(" "))?;
        }
    }

    #[test]
    fn any_soup_of_meaningful_words_is_survived(words in prop::collection::vec(prop::sample::select(WORDS), 0..40)) {
        all_spans_hold(Language::English, &words.join(" "))?;
        all_spans_hold(Language::English, &words.concat())?;
    }

    #[test]
    fn any_year_is_survived(year in -9999i16..=9999, text in prop::sample::select(&["next friday", "in 5000 years", "the 31st", "new year", "end of next month", "yesterday", "2/29", "in 99999 hours", "the week after next"][..])) {
        let lexicon = salon();
        for now in [datetime(year, 1, 1, 0, 0, 0, 0), datetime(year, 12, 31, 23, 59, 59, 0)] {
            let _ = Rules::new().hear(Heard { text, now, expecting: None, options: &[], language: Language::English, lexicon: &lexicon, scene: None });
            for (language, text) in [(Language::Spanish, "el 31 del mes que viene"), (Language::Vietnamese, "thứ sáu tuần sau nữa")] {
                let _ = Rules::new().hear(Heard { text, now, expecting: None, options: &[], language, lexicon: &lexicon, scene: None });
            }
        }
    }
}

/// Found by the fuzz target.
#[test]
fn nothing_is_no_number_of_people_and_no_stretch_of_days() {
    for text in ["0 guys", "0 people for a pedicure", "from 2 people to 0"] {
        let acts = hear(text);
        let nobody = |act: &Act| {
            matches!(
                act,
                Act::Set {
                    value: SlotValue::PartySize { people: 0, .. }
                }
            )
        };
        assert!(!acts.iter().any(nobody), "{text}: {acts:?}");
    }
    for (language, text) in [
        (Language::Vietnamese, "mai 0 tuần sau 4h"),
        (Language::English, "in the next 0 days"),
    ] {
        for act in understood_in(language, text, None, &[]).acts {
            let Act::Set {
                value: SlotValue::When { when },
            } = act
            else {
                continue;
            };
            assert!(
                when.windows.iter().all(|w| w.dates.is_none_or(|d| d.runs())),
                "{text}: {when:?}"
            );
        }
    }
}

#[test]
fn a_long_message_keeps_what_is_said_in_its_middle() {
    let before = "my cat is orange and sleeps on the sofa all day long, which I find lovely. ".repeat(80);
    let text = format!("{before} gel Friday 2pm. {before}");
    assert!(text.chars().count() > 12_000);
    let acts: Vec<String> = hear(&text).iter().map(short).collect();
    assert!(acts.contains(&"service gel-manicure".to_owned()), "{acts:?}");
    assert!(acts.contains(&"when Fri 20 Nov 14:00".to_owned()), "{acts:?}");
}

#[test]
fn names_without_end_are_cut_and_a_refusal_repeated_hides_nobody() {
    let all = hear(&"with Mai or Linh, ".repeat(300));
    assert_eq!(all.len(), 256);
    let text = format!("{}but with Linh please", "not with Mai, ".repeat(300));
    let acts: Vec<String> = hear(&text).iter().map(short).collect();
    assert_eq!(acts, ["staff not mai", "staff linh"]);
}

#[test]
fn a_phrase_is_known_in_more_pieces_than_it_has_words() {
    for text in [
        "any one is fine",
        "any body is fine",
        "what ever stylist, any one",
    ] {
        let acts: Vec<String> = hear(text).iter().map(short).collect();
        assert!(acts.contains(&"staff anyone".to_owned()), "{text}: {acts:?}");
    }
}
