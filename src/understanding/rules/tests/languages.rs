//! Which language a conversation is in after a message.

use super::*;
use Language::{English, Spanish, Vietnamese};

#[test]
fn a_customer_who_changes_the_language_is_followed_and_courtesy_moves_nobody() {
    for (language, text, after) in [
        (English, "gel with Linh on Friday at 2pm", English),
        (English, "mejor hablo español, el viernes por la tarde", Spanish),
        (English, "cho em dat lich lam gel chieu mai", Vietnamese),
        (English, "gracias!", English),
        (English, "gel with Mai on Friday, gracias", English),
        (Spanish, "15:30", Spanish),
        (Spanish, "yes please", Spanish),
        (Spanish, "I would like to cancel my appointment", English),
        (Vietnamese, "ok", Vietnamese),
        (Vietnamese, "what are your opening hours?", English),
        (English, "ich m\u{f6}chte einen Termin am Freitag", English),
    ] {
        let understood = understood_in(language, text, None, &[]);
        assert_eq!(understood.language, after, "{text}");
    }
}

#[test]
fn a_foreign_yes_is_a_yes_and_the_language_stays() {
    for (language, text) in [(Spanish, "yes please"), (Vietnamese, "yes")] {
        let understood = understood_in(language, text, Some(Expecting::Confirm), &[]);
        assert_eq!(understood.acts, [Act::Confirm], "{text}");
        assert_eq!(understood.language, language);
    }
}

#[test]
fn a_date_in_digits_has_the_day_first_where_its_language_always_has() {
    for language in [Spanish, Vietnamese] {
        let understood = understood_in(language, "5/12", Some(Expecting::Date), &[]);
        assert_eq!(short(&understood.acts[0]), "when Sat 5 Dec");
    }
    let understood = understood_in(English, "5/12", Some(Expecting::Date), &[]);
    assert_eq!(short(&understood.acts[0]), "when Wed 12 May 2027");
}

/// Apps write them, and not their users, so that the language stays that of the business.
#[test]
fn a_command_of_an_app_is_a_greeting_or_a_question_in_any_language() {
    for language in [English, Spanish, Vietnamese] {
        for (text, expected) in [
            ("/start", "greet"),
            ("/start aB3_-x", "greet"),
            ("/start@LotusNailsBot", "greet"),
            ("/help", "ask help"),
            ("/help@LotusNailsBot", "ask help"),
        ] {
            let understood = understood_in(language, text, Some(Expecting::Date), &[]);
            let acts: Vec<String> = understood.acts.iter().map(short).collect();
            assert_eq!(
                (acts, understood.language),
                (vec![expected.to_owned()], language),
                "{text}"
            );
        }
    }
    for text in ["/start at ten, please", "start", "/", "/book", "1/2"] {
        let acts = understood_in(English, text, None, &[]).acts;
        assert!(!acts.iter().any(|act| short(act) == "greet"), "{text}: {acts:?}");
    }
}

/// What stands on the buttons is understood when it is typed.
#[test]
fn what_is_suggested_is_understood() {
    use crate::dialogue::wording;
    for language in [Spanish, Vietnamese] {
        for (id, expecting, expected) in [
            ("suggest-book", None, "start book"),
            ("suggest-hours", None, "ask hours"),
            ("suggest-prices", None, "ask price"),
            ("suggest-drop", Some(Expecting::Date), "cancelgoal"),
            ("yes", Some(Expecting::Confirm), "confirm"),
            ("no", Some(Expecting::Confirm), "deny"),
            ("anyone", Some(Expecting::Staff), "staff anyone"),
        ] {
            let text = wording::of(language).line(id, &[]);
            let understood = understood_in(language, &text, expecting, &[]);
            let acts: Vec<String> = understood.acts.iter().map(short).collect();
            assert_eq!(acts, [expected], "{language:?} {text}");
        }
    }
}
