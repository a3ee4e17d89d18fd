//! Names, numbers and addresses: given unasked, in answer to a question, and put right.

use super::houses::{dentist, garage, nail_bar, said_to, spa};
use super::spoken::said;
use super::*;

#[test]
fn a_name_is_asked_for() {
    said(
        Some(Expecting::Name),
        &[
            ("priya", "name priya -"),
            ("it's Tom", "name Tom -"),
            ("Sarah O'Brien", "name Sarah O'Brien"),
            ("under Jenkins please", "name Jenkins -"),
            ("put it under Maria", "name Maria -"),
            ("Jo-Ann Smith-Baker", "name Jo-Ann Smith-Baker"),
            ("my name? its kevin", "name kevin -"),
            ("Denise, thanks!", "name Denise - + thanks"),
            ("hi, Claire Duval here", "greet + name Claire Duval"),
            ("first name Leo last name Park", "name Leo Park"),
            ("mrs. Whitaker", "name - Whitaker"),
            ("April", "name April -"),
            ("May Johnson", "name May Johnson"),
            ("Ana María Ruiz", "name Ana María Ruiz"),
            ("anna, 555 010 4477", "name anna - + phone 5550104477"),
            ("zoë", "name zoë -"),
            ("Rob. R-o-b", "name Rob -"),
            ("for my daughter, Ellie", "name Ellie -"),
            ("why do you need my name?", "unclear"),
            ("id rather not say", "deny"),
            ("you already have it", "unclear"),
            ("Friday at 3 actually", "when Fri 20 Nov 15:00"),
            ("never mind", "cancelgoal"),
            ("yes its Dave", "confirm + name Dave -"),
        ],
    );
}

#[test]
fn a_name_and_a_number_come_unasked() {
    said(
        None,
        &[
            ("Hi this is Rachel from yesterday", "greet + name Rachel -"),
            ("I'm Tasha btw", "name Tasha -"),
            ("name's Derek", "name Derek -"),
            ("you can call me Bea", "name Bea -"),
            ("my full name is Olivia Grant", "name Olivia Grant"),
            ("the booking should be under Patel", "name Patel -"),
            ("my cell is 917.555.0188", "phone 9175550188"),
            ("text me on 07700 900461", "phone 07700900461"),
            ("ph: 0412 555 019", "phone 0412555019"),
            ("my mobile's +44 7700 900123", "phone +447700900123"),
            ("number's 5550149 if you need it", "phone 5550149"),
            ("here's my number (646)555-0175", "phone 6465550175"),
            (
                "my email's j.doe+nails@mail.co.uk",
                "email j.doe+nails@mail.co.uk",
            ),
            (
                "send it to Kim_Lee99@Example.COM pls",
                "email kim_lee99@example.com",
            ),
            (
                "email: rosie@example.org / tel 555-010-9988",
                "email rosie@example.org + phone 5550109988",
            ),
            (
                "I'm Noah, noah.k@example.com, 212 555 0171",
                "name Noah - + email noah.k@example.com + phone 2125550171",
            ),
            ("I'm allergic to latex", "unclear"),
            ("I'm late", "ask policy"),
            ("i'm a new client", "unclear"),
            ("I'm Mai's friend", "unclear"),
            ("order number 4471", "unclear"),
            ("its been 3 weeks since my last gel", "service gel-manicure"),
            ("my zip is 10013", "unclear"),
        ],
    );
}

#[test]
fn a_name_or_a_number_is_put_right() {
    said(
        None,
        &[
            ("sorry it's Catherine with a C", "name Catherine -"),
            ("no, my name is Jon not John", "deny + name Jon -"),
            ("my last name is Meyer, not Mayer", "name - Meyer"),
            ("my number changed, it's 555 010 6622 now", "phone 5550106622"),
            ("wrong number sorry, 555-010-7711", "phone 5550107711"),
            (
                "can you update my phone number to 555 010 8080",
                "start profile + phone 5550108080",
            ),
            (
                "please change my email to new.me@example.com",
                "start profile + email new.me@example.com",
            ),
            (
                "I misspelled my email, its lena@example.net",
                "email lena@example.net",
            ),
            (
                "old number was 555 010 1111, new one is 555 010 2222",
                "phone 5550102222",
            ),
            ("not 0134, its 555 010 0143", "phone 5550100143"),
            ("you spelled my name wrong, it's Siobhan", "name Siobhan -"),
            ("I got married, my last name is Ortiz now", "name - Ortiz"),
        ],
    );
}

#[test]
fn a_patient_says_who_calls() {
    said_to(
        &dentist(),
        None,
        &[
            (
                "this is Henry Cole, I'm a patient of Dr. Patel",
                "name Henry Cole + staff patel",
            ),
            ("best number to reach me is 555 010 3030", "phone 5550103030"),
        ],
    );
}

#[test]
fn a_driver_says_who_calls() {
    said_to(
        &garage(),
        None,
        &[
            (
                "Mike here, 555 010 9090, need new tires",
                "name Mike - + phone 5550109090 + start book + service tires",
            ),
            ("my plate is 7ABC123", "unclear"),
            ("under the name Gomez, it's the blue civic", "name Gomez -"),
        ],
    );
}

#[test]
fn names_and_numbers_in_spanish() {
    said_to(
        &nail_bar(),
        None,
        &[
            ("soy Marta, la de ayer", "name Marta -"),
            ("a nombre de Elena Ruiz", "name Elena Ruiz"),
            ("mi tlf es 612 34 56 78", "phone 612345678"),
            ("mi correo es pili@example.es", "email pili@example.es"),
            ("soy alérgica al acrílico", "unclear"),
            ("apunta mi número +34 600 123 123", "phone +34600123123"),
        ],
    );
}

#[test]
fn a_name_is_asked_for_in_spanish() {
    said_to(
        &nail_bar(),
        Some(Expecting::Name),
        &[
            ("rocío", "name rocío -"),
            ("ponlo a nombre de mi madre, Carmen Soto", "name Carmen Soto"),
            ("Mª Ángeles", "name Mª Ángeles"),
        ],
    );
}

#[test]
fn names_and_numbers_in_vietnamese() {
    said_to(
        &spa(),
        None,
        &[
            ("chị tên Hương nha em", "name Hương -"),
            ("sdt của chị là 0903 555 014", "phone 0903555014"),
            ("số mình 0912345678", "phone 0912345678"),
            (
                "mail của em là huong.tran@example.vn",
                "email huong.tran@example.vn",
            ),
            ("tên Ngọc, sđt 0987 654 321", "name Ngọc - + phone 0987654321"),
        ],
    );
}

#[test]
fn a_name_is_asked_for_in_vietnamese() {
    said_to(
        &spa(),
        Some(Expecting::Name),
        &[
            ("dạ Thảo ạ", "name Thảo -"),
            ("Trần Thị Bích", "name Trần Thị Bích"),
            ("em ghi giúp chị tên Yến", "name Yến -"),
        ],
    );
}
