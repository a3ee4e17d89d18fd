//! Whatever a model answers.

use proptest::prelude::*;

use super::super::merge::merge;
use super::super::proposal::{ACTS, parse};
use super::*;
use crate::understanding::act::{StaffSaid, Topic};
use crate::understanding::{Act, SlotValue};

/// No word of the list.
const NO_ACTS: [&str; 2] = ["refund", ""];

const VALUES: &[&str] = &[
    "Gel Manicure",
    "gel-manicure",
    "Mai",
    "mai",
    "1",
    "2",
    "99",
    "-1",
    "time",
    "wifi",
    "hours",
    "Robert",
    "",
];

const WORDS: &[&str] = &[
    "gel",
    "friday",
    "yes",
    "no",
    "cancel",
    "Mai",
    "3pm",
    "the",
    "\u{1F485}",
    "\u{200b}",
    "\u{597d}",
    "\"",
    "<",
    ">",
    "?",
    ",",
    "s\u{ed}",
    "my name is",
    "Robert",
    "\u{130}",
    "\u{df}",
    "\u{fb01}",
    "2",
];

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(WORDS).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(
                prop::sample::select(&["acts", "act", "quote", "value", "say", "x"][..]),
                inner,
                0..5
            )
            .prop_map(|map| map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

/// Nearly right answers, which get further than any JSON.
fn near() -> impl Strategy<Value = Value> {
    let act = (
        prop::sample::select([&ACTS[..], &NO_ACTS].concat()),
        prop::collection::vec(prop::sample::select(WORDS), 0..3),
        prop::option::of(prop::sample::select(VALUES)),
    )
        .prop_map(|(act, quote, value)| json!({"act": act, "quote": quote.join(" "), "value": value}));
    prop::collection::vec(act, 0..16).prop_map(|acts| json!({"acts": acts, "say": "ok"}))
}

fn settings() -> impl Strategy<Value = Option<Expecting>> {
    prop::sample::select(
        &[
            None,
            Some(Expecting::Confirm),
            Some(Expecting::Choice),
            Some(Expecting::Name),
        ][..],
    )
}

fn check(text: &str, value: &Value, expecting: Option<Expecting>) -> Result<(), TestCaseError> {
    let lexicon = salon();
    let options = options(&["10:00", "15:00"]);
    let heard = heard(text, expecting, &options, &lexicon);
    let Some(proposal) = parse(value, &heard) else {
        return Ok(());
    };
    let length = text.chars().count();
    let merged = merge(&rules(heard).understood.acts, &proposal.acts, &heard);
    prop_assert!(!merged.acts.is_empty());
    for it in &proposal.acts {
        prop_assert!(it.quote.0 < it.quote.1 && it.quote.1 <= length);
    }
    let service = |id: &crate::types::ServiceId| lexicon.services.iter().any(|e| e.id == *id);
    let person = |id: &crate::types::ResourceId| lexicon.staff.iter().any(|e| e.id == *id);
    for act in &merged.acts {
        match act {
            Act::Set {
                value: SlotValue::Service { mentions, .. },
            } => {
                prop_assert!(
                    mentions
                        .iter()
                        .flat_map(|m| &m.candidates)
                        .all(|c| service(&c.id))
                );
                prop_assert!(mentions.iter().all(|m| m.span.1 <= length));
            }
            Act::Set {
                value:
                    SlotValue::Staff {
                        said: StaffSaid::Named { candidates, .. },
                    },
            } => {
                prop_assert!(candidates.iter().all(|c| person(&c.id)));
            }
            Act::Set {
                value: SlotValue::Staff {
                    said: StaffSaid::Not { ids },
                },
            } => {
                prop_assert!(ids.iter().all(person));
            }
            Act::Set {
                value: SlotValue::When { when } | SlotValue::Which { when },
            } => {
                prop_assert!(when.span.1 <= length);
            }
            Act::Choose { option } => prop_assert!((1..=options.len()).contains(option)),
            Act::Ask {
                topic: Topic::Faq { key },
            } => prop_assert_eq!(key, "wifi"),
            _ => {}
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_survived(value in json(), text in "\\PC{0,40}", expecting in settings()) {
        check(&text, &value, expecting)?;
    }

    #[test]
    fn nearly_right_answers_name_only_what_is_there(
        value in near(),
        words in prop::collection::vec(prop::sample::select(WORDS), 0..12),
        expecting in settings(),
    ) {
        check(&words.join(" "), &value, expecting)?;
        check(&words.concat(), &value, expecting)?;
    }
}
