//! A model's words: said where courtesy is called for, and never where something was done.

use super::talk::{has_all, talk};
use super::words::gel_with_linh_on_friday;
use crate::booking::Status;
use crate::understanding::Act;
use crate::understanding::act::{SmallTalk, Topic};

const THANKS: Act = Act::SmallTalk {
    kind: SmallTalk::Thanks,
};

#[test]
fn a_courtesy_may_be_put_in_the_words_of_a_model() {
    let mut talk = talk();
    let said = talk.says_to_a_model([THANKS], Some("Anytime, it was a pleasure!"));
    assert_eq!(said, "Anytime, it was a pleasure!");
}

#[test]
fn a_claim_is_replaced_by_the_template() {
    for claim in [
        "You're booked!",
        "See you on Friday",
        "It's free",
        "See evil.example",
    ] {
        let template = talk().says([THANKS]);
        let mut talk = talk();
        assert_eq!(talk.says_to_a_model([THANKS], Some(claim)), template, "{claim}");
    }
}

#[test]
fn a_common_answer_may_be_reworded_with_its_own_facts() {
    let parking = || Act::Ask {
        topic: Topic::Parking,
    };
    let plain = talk().says([parking()]);
    let invented = "Yes, 900 places right here!";
    assert_eq!(talk().says_to_a_model([parking()], Some(invented)), plain);
    let friendly = format!("Of course! {plain}");
    assert_eq!(talk().says_to_a_model([parking()], Some(&friendly)), friendly);
}

#[test]
fn what_is_read_back_and_what_was_done_is_never_a_models_to_say() {
    let mut talk = talk();
    let words = Some("Lovely, consider it yours!");
    let read_back = talk.says_to_a_model(gel_with_linh_on_friday(), words);
    has_all(&read_back, &["Gel Manicure", "Linh"]);
    assert!(!read_back.contains("Lovely"), "{read_back}");
    let done = talk.says_to_a_model([Act::Confirm], words);
    assert_eq!(talk.has(Status::Confirmed).len(), 1);
    assert!(!done.contains("Lovely"), "{done}");
}
