//! What becomes of an answer, field by field.

use super::super::proposal::{ACTS_MAX, parse};
use super::*;
use crate::telemetry::metrics::LlmDropped;
use crate::understanding::{Act, SlotValue};

/// The acts in short, and the reasons for those that are not among them.
fn read(text: &str, answer: &Value) -> (Vec<String>, Vec<&'static str>) {
    let lexicon = salon();
    let options = options(&["10:00", "15:00"]);
    let heard = heard(text, Some(Expecting::Choice), &options, &lexicon);
    let proposal = parse(answer, &heard).expect("an answer");
    let acts = proposal
        .acts
        .iter()
        .map(|it| serde_json::to_string(&it.act).unwrap())
        .collect();
    (acts, proposal.dropped.iter().map(|d| d.as_str()).collect())
}

fn check_dropped(text: &str, act: (&str, &str, Option<&str>), reason: &str) {
    assert_eq!(read(text, &answer(&[act])), (vec![], vec![reason]), "{act:?}");
}

#[test]
fn each_reason_for_leaving_an_act_out() {
    let text = "the foot thing with May next friday afternoon please";
    check_dropped(text, ("refund", "the foot thing", None), "unknown_act");
    check_dropped(
        text,
        ("service", "the foot thing", Some("Foot Massage")),
        "unknown_name",
    );
    check_dropped(text, ("service", "the foot thing", None), "unknown_name");
    check_dropped(text, ("staff", "with May", Some("Robert")), "unknown_name");
    check_dropped(text, ("ask", "please", Some("salaries")), "unknown_name");
    check_dropped(text, ("option", "the foot thing", Some("3")), "bad_option");
    check_dropped(text, ("option", "the foot thing", Some("0")), "bad_option");
    check_dropped(text, ("people", "please", Some("a million")), "bad_option");
    check_dropped(text, ("service", "pedicure", Some("Pedicure")), "ungrounded");
    check_dropped(text, ("yes", "", None), "ungrounded");
    check_dropped(text, ("name", "with May", Some("Robert")), "ungrounded");
    check_dropped(text, ("time", "the foot thing", None), "unresolved_time");
}

#[test]
fn one_bad_field_spoils_only_its_act() {
    let value = json!({"acts": [
        7, null, {"act": "service"}, {"act": 3, "quote": "gel"}, {"quote": "gel"},
        {"act": "option", "quote": "THE  second", "value": 2, "certainty": 0.9},
    ], "say": 4, "more": []});
    let (acts, dropped) = read("the second, gel", &value);
    assert_eq!(acts, ["{\"act\":\"choose\",\"option\":2}"]);
    assert_eq!(
        dropped,
        [
            "unknown_act",
            "unknown_act",
            "ungrounded",
            "unknown_act",
            "unknown_act"
        ]
    );
}

#[test]
fn more_acts_than_a_message_can_do_are_left_out() {
    let many: Vec<_> = (0..ACTS_MAX + 3).map(|_| ("thanks", "thanks", None)).collect();
    let (_, dropped) = read("thanks", &answer(&many));
    assert_eq!(dropped, vec![LlmDropped::TooMany.as_str(); 3]);
}

#[test]
fn marked_words_are_resolved_by_the_rules_and_keep_their_place() {
    let lexicon = salon();
    let heard = heard("can u do it next friday arvo around 3ish?", None, &[], &lexicon);
    let value = answer(&[
        ("time", "Next Friday", None),
        ("service", "do it", Some("gel manicure")),
    ]);
    let proposal = parse(&value, &heard).unwrap();
    let Act::Set {
        value: SlotValue::When { when },
    } = &proposal.acts[1].act
    else {
        panic!("{proposal:?}")
    };
    assert_eq!(when.date(), Some(jiff::civil::date(2026, 11, 27)));
    assert_eq!((when.span, when.text.as_str()), ((12, 23), "next friday"));
    assert_eq!(proposal.acts[1].quote, (12, 23));
    let Act::Set {
        value: SlotValue::Service { mentions, .. },
    } = &proposal.acts[0].act
    else {
        panic!("{proposal:?}")
    };
    assert_eq!(mentions[0].candidates[0].id.as_str(), "gel-manicure");
    assert_eq!((mentions[0].span, mentions[0].text.as_str()), ((6, 11), "do it"));
}

#[test]
fn a_name_is_taken_from_the_text_with_its_place() {
    let lexicon = salon();
    let heard = heard(
        "put it under Nguy\u{1ec5}n Hoa ok",
        Some(Expecting::Name),
        &[],
        &lexicon,
    );
    let value = answer(&[("name", "under nguy\u{1ec5}n hoa", Some("Nguy\u{1ec5}n Hoa"))]);
    let proposal = parse(&value, &heard).unwrap();
    let Act::Set {
        value: SlotValue::Name {
            first: Some(first),
            last: Some(last),
        },
    } = &proposal.acts[0].act
    else {
        panic!("{proposal:?}")
    };
    assert_eq!((first.value.as_str(), first.span), ("Nguy\u{1ec5}n", (13, 19)));
    assert_eq!((last.value.as_str(), last.span), ("Hoa", (20, 23)));
}

#[test]
fn what_has_not_the_shape_of_an_answer_is_none() {
    let lexicon = salon();
    let heard = heard("hi", None, &[], &lexicon);
    for value in [
        json!(null),
        json!([]),
        json!({"acts": {}}),
        json!({"say": "hi"}),
        json!("acts"),
    ] {
        assert_eq!(parse(&value, &heard), None, "{value}");
    }
}
