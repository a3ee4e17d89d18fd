//! Several things in one message, with corrections, courtesy and noise between them.

use super::houses::{dentist, garage, nail_bar, said_to, spa};
use super::spoken::said;
use super::*;

#[test]
fn a_wish_with_all_that_belongs_to_it() {
    said(
        None,
        &[
            (
                "hello! two pedicures please, friday 5pm, me and my daughter, and is there wifi?",
                "greet + service pedicure + when Fri 20 Nov 17:00 + people 2 + ask faq wifi",
            ),
            (
                "ok great. tomorrow at 1 then, basic manicure, no polish changes, thank u so much",
                "confirm + when Thu 19 Nov 13:00 + service basic-manicure + thanks",
            ),
            (
                "I'd love a gel next saturday, sometime between 11 and 2, with whoever is free",
                "start book + service gel-manicure + when Sat 28 Nov 11:00-14:00 + staff anyone",
            ),
            (
                "Hello, I'd like to book a pedicure for me and my mum, Saturday morning if poss, and do you have parking?",
                "greet + start book + service pedicure + people 2 + when Sat 21 Nov 06:00-12:00 + ask parking",
            ),
            (
                "need a pedi before friday, how much is it & do u take apple pay",
                "start book + service pedicure + when ..Fri 20 Nov + ask price + ask payment",
            ),
            (
                "sorry me again. can I add nail art to that? and whats the total price",
                "service +nail-art + ask price",
            ),
            (
                "gel w linh fri 2pm, my names Kate, number 555 010 4141",
                "service gel-manicure + staff linh + when Fri 20 Nov 14:00 + name Kate - + phone 5550104141",
            ),
            (
                "Can I book two seats in the workshop this Saturday, one for me and one for my sister?",
                "start book + people 2 + service nail-art-workshop + when Sat 21 Nov",
            ),
            (
                "book me tomorrow 3pm with mai... wait no, linh. 3pm is good",
                "start book + when Thu 19 Nov 15:00 + staff mai + staff linh",
            ),
            ("Friday. No sorry, Saturday. Around 1?", "when Sat 21 Nov ~13:00"),
            (
                "morning! pedicure tues or wed next week, whichever mai is free. ta",
                "greet + service pedicure + when Tue 24 Nov or Wed 25 Nov + staff mai + thanks",
            ),
            (
                "is the gel thing still 45? if so book me in for thursday at 5",
                "service gel-manicure + start book + when Thu 19 Nov 17:00",
            ),
            (
                "Do you do gel removal? I'd also like a pedicure on Saturday",
                "ask services + service gel-manicure + start book + service +pedicure + when Sat 21 Nov",
            ),
            (
                "what time do you close on friday and can i come at 6 for a basic manicure",
                "ask hours + when Fri 20 Nov 18:00 + start book + service basic-manicure",
            ),
            (
                "hey hope ur well!! wanna come in w my bestie sat for gels, 2 of us, anytime after 12 x",
                "greet + start book + when Sat 21 Nov 12:00- + service gel-manicure + people 2",
            ),
            (
                "I want the earliest pedicure tomorrow, and my phone is 555 010 2299",
                "start book + when Thu 19 Nov, earliest + service pedicure + phone 5550102299",
            ),
            (
                "Any time Friday works except 1 to 2, I have a call. Gel please",
                "when Fri 20 Nov, not 13:00-14:00 + service gel-manicure",
            ),
            (
                "not mai this time, someone else. same service, friday",
                "staff not mai + ask availability + when Fri 20 Nov",
            ),
            (
                "can you tell me your address, hours on saturday, and book me a gel at 11 that day",
                "ask location + ask hours + when Sat 21 Nov 11:00 + start book + service gel-manicure",
            ),
            (
                "mani for me pedi for my mom, fri 10am",
                "service basic-manicure??|gel-manicure??, pedicure + when Fri 20 Nov 10:00",
            ),
            (
                "1) gel 2) friday 3) after 4 4) with Mai",
                "service gel-manicure + when Fri 20 Nov 16:00- + staff mai",
            ),
            (
                "thx for yesterday, nails look amazing! same again in 3 weeks?",
                "thanks + when Wed 9 Dec",
            ),
            (
                "pedicure for my 70 yr old mother at 11 on friday, she walks slowly, do you have stairs?",
                "service pedicure + when Fri 20 Nov 11:00",
            ),
        ],
    );
}

#[test]
fn changes_of_what_exists() {
    said(
        None,
        &[
            (
                "omg so sorry i overslept!! can we do 2pm today instead? also its Bella",
                "when Wed 18 Nov 14:00 + name Bella -",
            ),
            (
                "Please cancel both my appointments this week, I have covid. Thank you",
                "start cancel + which Mon 16 Nov..Mon 23 Nov + thanks",
            ),
            (
                "could you swap me from mai to linh and make it 4 instead of 3? ta",
                "start reschedule + staff mai + staff linh + when 16:00 + thanks",
            ),
            (
                "hi so sorry, I need to cancel tomorrow, my kid is sick",
                "greet + start cancel + which Thu 19 Nov",
            ),
            (
                "can't make friday anymore :( any chance of saturday instead?",
                "start reschedule + which Fri 20 Nov + ask availability + when Sat 21 Nov",
            ),
            (
                "pls move my thurs 2pm w linh to fri same time, thank you!!",
                "start reschedule + which Thu 19 Nov 14:00 + staff linh + when Fri 20 Nov + thanks",
            ),
            (
                "do I have anything booked this week? if yes cancel it",
                "which Mon 16 Nov..Mon 23 Nov + start cancel",
            ),
            ("running 15 late, traffic is crazy, is that ok?", "ask policy"),
            (
                "Cancel my Saturday booking and tell me how much the fee is",
                "start cancel + which Sat 21 Nov + ask price",
            ),
            (
                "what time is my appt tomorrow and where do I park",
                "ask myappointments + when Thu 19 Nov + ask parking",
            ),
            (
                "I have an appointment on Friday at 2, can my friend come too? she wants a pedi",
                "when Fri 20 Nov 14:00 + service pedicure",
            ),
            (
                "need to change my booking from 2 people to 3",
                "start reschedule + people 3",
            ),
            (
                "I booked for the 20th but I meant the 27th, can you fix it",
                "when Fri 27 Nov",
            ),
            (
                "please reschedule me to any morning next week with Mai",
                "start reschedule + when Mon 23 Nov..Mon 30 Nov 06:00-12:00 + staff mai",
            ),
        ],
    );
}

#[test]
fn a_yes_or_a_no_comes_with_more() {
    said(
        Some(Expecting::Confirm),
        &[
            ("yes!! and can you remind me the day before", "confirm"),
            ("perfect, it's Lily by the way", "confirm + name Lily -"),
            (
                "yeah but with linh not mai",
                "confirm + staff linh + staff not mai",
            ),
            ("no thats too late, something around noon", "deny + when ~12:00"),
            ("hmm ok. actually wait, how much was it again?", "ask price"),
            (
                "ya thats fine thx. where are you exactly",
                "confirm + thanks + ask location",
            ),
            ("no no no I said FRIDAY", "deny + when Fri 20 Nov"),
            ("oh wait I have work till 5, so 5:30", "when 17:30"),
            ("sure, 555 010 8899 is my number", "confirm + phone 5550108899"),
            (
                "yes go ahead, my email is jo@example.com",
                "confirm + email jo@example.com",
            ),
            ("let me think about it", "setaside"),
            ("let me check with my husband first", "setaside"),
            ("i'll let you know tomorrow", "setaside"),
            ("gimme a day to think it over", "setaside"),
            ("not sure yet, I'll come back to you", "setaside"),
            ("nah forget it, thanks anyway", "cancelgoal + thanks"),
            ("ok cool and add nail art too pls", "confirm + service +nail-art"),
            ("thats great but I'll be 2 people", "confirm + people 2"),
            (
                "no, saturday, and make it two pedicures",
                "deny + when Sat 21 Nov + service pedicure",
            ),
            (
                "yes for the gel, no for the nail art",
                "confirm + service gel-manicure + service -nail-art",
            ),
        ],
    );
}

#[test]
fn a_day_comes_with_more() {
    said(
        Some(Expecting::Date),
        &[
            (
                "hmm thursday? or friday if mai is in",
                "when Thu 19 Nov or Fri 20 Nov + staff mai",
            ),
            ("the sooner the better", "when earliest"),
            ("whatever day sofia works", "staff sofia"),
            ("sat. oh and how much is parking", "when Sat 21 Nov + ask parking"),
            (
                "tomorrow if u can, otherwise friday",
                "when Thu 19 Nov or Fri 20 Nov",
            ),
        ],
    );
}

#[test]
fn a_time_comes_with_more() {
    said(
        Some(Expecting::Time),
        &[
            ("after school run, so 9:30?", "when 09:30"),
            ("any time b4 12, the earlier the better", "when -12:00, earliest"),
            ("4 pls and its for 2 people", "when 16:00 + people 2"),
            ("not too early", "when 10:00-21:00"),
        ],
    );
}

#[test]
fn a_service_comes_with_more() {
    said(
        Some(Expecting::Service),
        &[
            (
                "gel i guess, how long does it take?",
                "service gel-manicure + ask duration",
            ),
            ("whats the cheapest", "ask price"),
        ],
    );
}

#[test]
fn callers_of_a_dentist_say_several_things() {
    said_to(
        &dentist(),
        None,
        &[
            (
                "Hi, I chipped a tooth, can Dr Novak see me today? I'm Omar, 555 010 6161",
                "greet + ask availability + staff novak + when Wed 18 Nov + name Omar - + phone 5550106161",
            ),
            (
                "pls cancel my cleaning on the 25th and book a filling w/ dr patel asap, it hurts",
                "start reschedule + service cleaning, filling + which Wed 25 Nov + staff patel + when earliest",
            ),
            (
                "how much is whitening and does it hurt lol",
                "ask price + service whitening",
            ),
            (
                "not Dr Patel please. Monday 9am cleaning if possible",
                "staff not patel + when Mon 23 Nov 09:00 + service cleaning",
            ),
        ],
    );
}

#[test]
fn callers_of_a_garage_say_several_things() {
    said_to(
        &garage(),
        None,
        &[
            (
                "Morning, need tires and an alignment, can drop it off tomorrow before 9",
                "greet + start book + service tires, alignment + when Thu 19 Nov -09:00",
            ),
            (
                "is my civic ready? also brakes are squealing, what would that cost",
                "service +brakes + ask price",
            ),
            (
                "oil change friday 8am, name is Rick Dalton, whats the price",
                "service oil-change + when Fri 20 Nov 08:00 + name Rick Dalton + ask price",
            ),
            (
                "can I wait there while Tony does the inspection or should I come back after lunch",
                "staff tony + service inspection + when 13:00-16:00",
            ),
            (
                "monday 8am no make it 9, oil change, and can you check the ac too",
                "when Mon 23 Nov 09:00 + service oil-change + service +air-con",
            ),
        ],
    );
}

#[test]
fn several_things_in_spanish() {
    said_to(
        &nail_bar(),
        None,
        &[
            (
                "buenas tardes, quiero pedicura para dos personas el lunes a las 11 y saber el precio, gracias",
                "greet + start book + service pedicura + people 2 + when Mon 23 Nov 11:00 + ask price + thanks",
            ),
            (
                "no puedo el jueves, me lo cambias al viernes a las 5? soy Paula",
                "start reschedule + which Thu 19 Nov + when Fri 20 Nov 17:00 + name Paula -",
            ),
            (
                "hola guapa! tenéis hueco mañana x la tarde? es para gel y pies, gracias",
                "greet + ask availability + when Thu 19 Nov 12:00-20:00 + service gel, pedicura + thanks",
            ),
            (
                "buenas, quería cambiar la cita del jueves al viernes a la misma hora y añadir pedicura",
                "greet + start reschedule + which Thu 19 Nov + when Fri 20 Nov + service +pedicura",
            ),
            (
                "necesito cancelar lo de mañana, estoy mala, perdón!",
                "start cancel + which Thu 19 Nov",
            ),
            (
                "cuánto cuesta el gel y a qué hora cerráis el viernes?",
                "ask price + service gel + ask hours Fri 20 Nov",
            ),
            (
                "soy Nuria, quiero pedicura el viernes a las 6 con Inés",
                "name Nuria - + start book + service pedicura + when Fri 20 Nov 18:00 + staff ines",
            ),
            (
                "el miércoles no, mejor el jueves sobre las 4, y somos dos",
                "when Thu 19 Nov ~16:00 + people 2",
            ),
            ("vale, y se puede pagar con tarjeta?", "confirm + ask payment"),
            (
                "hola! manicura para mí y pedicura para mi madre el lunes por la tarde",
                "greet + service manicura, pedicura + when Mon 23 Nov 12:00-20:00",
            ),
        ],
    );
}

#[test]
fn several_things_in_vietnamese() {
    said_to(
        &spa(),
        None,
        &[
            (
                "chị muốn đổi từ thứ 5 sang thứ 6 3h chiều, làm thêm gội đầu nữa nha",
                "start reschedule + which Thu 19 Nov + when Fri 20 Nov 15:00 + service +goi-dau",
            ),
            (
                "chào em, cho chị đặt làm gel chiều mai 3h với Lan nha, chị tên Hoa",
                "greet + start book + service gel + when Thu 19 Nov 15:00 + staff lan + name Hoa -",
            ),
            (
                "em ơi giá gội đầu bao nhiêu, thứ 7 còn chỗ không",
                "greet + ask price + service goi-dau + when Sat 21 Nov + ask availability",
            ),
            (
                "hủy giúp chị lịch mai rồi đặt lại thứ 6 10h nhé",
                "start reschedule + which Thu 19 Nov + when Fri 20 Nov 10:00",
            ),
            (
                "làm chân cho 2 người sáng cn, có chỗ đậu xe không em",
                "service chan + people 2 + when Sun 22 Nov 06:00-12:00 + ask parking",
            ),
            (
                "3h chiều nay, à không 4h, làm móng gel",
                "when Wed 18 Nov 16:00 + service gel",
            ),
            (
                "cảm ơn em, cho chị hỏi tiệm mở cửa tới mấy giờ",
                "thanks + ask hours",
            ),
            (
                "dat goi dau toi mai 7h, sdt 0905123456",
                "start book + service goi-dau + when Thu 19 Nov 19:00 + phone 0905123456",
            ),
            (
                "không với Mai nha, ai khác cũng được, chiều t6",
                "staff not mai + when Fri 20 Nov 12:00-18:00",
            ),
        ],
    );
}
