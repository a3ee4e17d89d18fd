//! Services with typing errors, in the plural, in slang, and words that only look like one and must not be believed.

use super::houses::{dentist, garage, nail_bar, said_to, spa};
use super::spoken::said;

#[test]
fn services_of_a_salon_are_known_however_they_are_typed() {
    said(
        None,
        &[
            ("gell manicure", "service gel-manicure~"),
            ("gel manicures", "service gel-manicure"),
            ("pedicur", "service pedicure~"),
            ("a pedicure plz", "service pedicure"),
            ("pedi's", "service pedicure"),
            ("peddi", "service pedicure~"),
            ("pedicuer for saturday", "service pedicure~ + when Sat 21 Nov"),
            ("mani/pedi", "service basic-manicure, pedicure"),
            (
                "mani + pedi tmrw",
                "service basic-manicure, pedicure + when Thu 19 Nov",
            ),
            ("manipedi", "service basic-manicure, pedicure"),
            ("the basic one", "service basic-manicure~"),
            ("gels", "service gel-manicure"),
            ("gel polish", "service gel-manicure"),
            ("gel on my nails", "service gel-manicure"),
            ("i want gelnails", "start book + service gel-manicure"),
            ("nailart", "service nail-art"),
            ("nail arts", "service nail-art"),
            (
                "the wrkshop on saturday",
                "service nail-art-workshop~ + when Sat 21 Nov",
            ),
            ("nail art worshop", "service nail-art-workshop~"),
            ("GEL MANI", "service gel-manicure~"),
            ("gel manicure w/ nail art", "service gel-manicure, nail-art"),
            ("getting my toes done", "start book"),
            ("need my nails did", "start book"),
            ("manicuring", "service basic-manicure??|gel-manicure??"),
            ("2 gel manicures and 1 pedicure", "service gel-manicure, pedicure"),
            ("pedicure (the normal one)", "service pedicure"),
            ("a gel & a pedi", "service gel-manicure, pedicure"),
        ],
    );
}

#[test]
fn what_only_looks_like_a_service_is_not_believed() {
    said(
        None,
        &[
            ("I'll be there in a jiffy", "unclear"),
            ("that's a classy place", "unclear"),
            ("he's so pedantic", "unclear"),
            ("manic monday lol", "when Mon 23 Nov"),
            ("many thanks", "thanks"),
            ("is there a shop near you", "ask location"),
            ("we jell well", "unclear"),
            ("do you do acrylics", "ask services + service ?acrylics"),
            ("lash extensions", "service ?lash extensions"),
            ("can I get a haircut", "start book + service ?haircut"),
            (
                "do you guys do eyebrow threading",
                "ask services + service ?eyebrow threading",
            ),
            ("shellac?", "service ?shellac"),
            ("a massage for my back", "service ?massage"),
            ("spray tan", "service ?spray tan"),
            ("I work in marketing", "unclear"),
        ],
    );
}

#[test]
fn services_of_a_dentist() {
    said_to(
        &dentist(),
        None,
        &[
            ("chekup", "service check-up~"),
            (
                "need a check up and a clean",
                "start book + service check-up, cleaning~",
            ),
            ("i need my teeth cleaned", "start book + service cleaning~"),
            ("i lost a filling", "service filling"),
            ("fillings", "service filling"),
            ("rootcanal", "service root-canal"),
            ("want my teeth whitened", "start book + service whitening~"),
            ("get a tooth pulled", "start book"),
            ("wisdom tooth extracton", "service extraction~"),
            ("I'm feeling sick", "unclear"),
            ("fill out the form first?", "unclear"),
            (
                "how much is a teeth cleaning without insurance",
                "ask price + service cleaning",
            ),
            ("braces", "unclear"),
        ],
    );
}

#[test]
fn services_of_a_garage() {
    said_to(
        &garage(),
        None,
        &[
            ("oil chnage", "service oil-change~"),
            ("need an oilchange", "start book + service oil-change"),
            ("an oil and filter change", "service oil-change~"),
            ("brake pads", "service brakes"),
            ("winter tyres on", "service tires"),
            ("allignment", "service alignment~"),
            (
                "state inspction due this month",
                "service inspection~ + when Sun 1 Nov..Tue 1 Dec",
            ),
            ("I'm tired", "unclear"),
            ("give me a break", "unclear"),
            ("the engine light came on", "unclear"),
        ],
    );
}

#[test]
fn services_in_spanish() {
    said_to(
        &nail_bar(),
        None,
        &[
            ("una mani y una pedi", "service manicura~, pedicura~"),
            ("manicuras", "service manicura"),
            ("uñas d gel", "service gel"),
            ("me hacéis los pies?", "service pedicura"),
            ("pedicua el sabado", "service pedicura~ + when Sat 21 Nov"),
            ("a pie de calle?", "unclear"),
            ("masaje", "service ?masaje"),
            (
                "quiero hacerme las manos y los pies",
                "start book + service manicura, pedicura",
            ),
        ],
    );
}

#[test]
fn services_in_vietnamese() {
    said_to(
        &spa(),
        None,
        &[
            ("lam mong gel", "service gel"),
            ("goi dau duong sinh", "service goi-dau"),
            ("em ơi gội đầu với làm chân", "greet + service goi-dau, chan"),
            ("son gel t7", "service gel + when Sat 21 Nov"),
            ("cham soc chân", "service chan"),
            ("đau đầu quá", "unclear"),
            ("massage", "service ?massage"),
        ],
    );
}
