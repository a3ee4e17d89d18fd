//! Asking what is free, in the many ways in which it is asked: no row of it wants to be booked yet.

use super::houses::{dentist, garage, nail_bar, said_to, spa};
use super::spoken::said;

#[test]
fn a_salon_is_asked_what_is_free() {
    said(
        None,
        &[
            ("got anything tmrw?", "ask availability + when Thu 19 Nov"),
            ("u free sat?", "ask availability + when Sat 21 Nov"),
            ("any gaps today", "ask availability + when Wed 18 Nov"),
            (
                "do you have time for me tomorrow",
                "ask availability + when Thu 19 Nov",
            ),
            (
                "what have you got on friday",
                "ask availability + when Fri 20 Nov",
            ),
            (
                "when's the soonest I could get a gel done?",
                "ask availability + when earliest + service gel-manicure",
            ),
            (
                "is there still room this afternoon",
                "ask availability + when Wed 18 Nov 12:00-17:00",
            ),
            (
                "anything left for saturday morning??",
                "ask availability + when Sat 21 Nov 06:00-12:00",
            ),
            (
                "what does thursday look like for you",
                "ask availability + when Thu 19 Nov",
            ),
            ("hows friday looking", "ask availability + when Fri 20 Nov"),
            (
                "are you guys fully booked tomorrow?",
                "ask availability + when Thu 19 Nov",
            ),
            ("is saturday already full", "ask availability + when Sat 21 Nov"),
            (
                "Do you have availability next week for a pedicure?",
                "ask availability + when Mon 23 Nov..Mon 30 Nov + service pedicure",
            ),
            (
                "whats your availability like on the 24th",
                "ask availability + when Tue 24 Nov",
            ),
            (
                "does mai have any openings this week",
                "staff mai + ask availability + when Mon 16 Nov..Mon 23 Nov",
            ),
            (
                "when is linh next available",
                "ask availability + staff linh + when earliest",
            ),
            ("which days is sofia in", "ask availability + staff sofia"),
            (
                "can u squeeze me in b4 5 today",
                "ask availability + when Wed 18 Nov -17:00",
            ),
            (
                "any chance of a slot around lunchtime tomorrow?",
                "ask availability + when Thu 19 Nov 12:00-14:00",
            ),
            (
                "do you have an evening spot on thursday",
                "ask availability + when Thu 19 Nov 17:00-21:00",
            ),
            (
                "what's the latest appointment you have on friday",
                "ask availability + when Fri 20 Nov, latest",
            ),
            (
                "what is the first slot on saturday",
                "ask availability + when Sat 21 Nov, earliest",
            ),
            ("nothing earlier?", "ask availability + when earlier"),
            ("is that all you have", "ask availability"),
            ("what else do u have", "ask availability"),
            ("any other day that week?", "ask availability"),
            ("do u have 3pm", "when 15:00"),
            (
                "is 2:30 on friday taken",
                "ask availability + when Fri 20 Nov 14:30",
            ),
            (
                "is friday at 4 still available?",
                "ask availability + when Fri 20 Nov 16:00",
            ),
            ("could you do saturday around 11", "when Sat 21 Nov ~11:00"),
            (
                "would 5ish tomorrow be possible for a pedi",
                "ask availability + when Thu 19 Nov ~17:00 + service pedicure",
            ),
            (
                "anything for 2 people on Saturday",
                "ask availability + people 2 + when Sat 21 Nov",
            ),
            (
                "room for three of us on friday?",
                "ask availability + people 3 + when Fri 20 Nov",
            ),
            ("how far out are you booking", "ask availability"),
            (
                "do you have any cancellations today",
                "ask availability + when Wed 18 Nov",
            ),
            (
                "has anything opened up for tomorrow?",
                "ask availability + when Thu 19 Nov",
            ),
            (
                "what slots are open friday after 2",
                "ask availability + when Fri 20 Nov 14:00-",
            ),
            (
                "when do you have space for a gel mani with nail art",
                "ask availability + service gel-manicure~, nail-art",
            ),
            (
                "r there any appts left for tues",
                "ask availability + when Tue 24 Nov",
            ),
            (
                "checking if u have something between 12 and 2 on thurs",
                "ask availability + when Thu 19 Nov 12:00-14:00",
            ),
            (
                "just wondering if there's anything free over the weekend",
                "ask availability + when Sat 21 Nov..Mon 23 Nov",
            ),
            ("what's the wait like today", "ask availability + when Wed 18 Nov"),
            ("is it busy on saturdays", "ask availability + when Sat 21 Nov"),
            (
                "Could I possibly get in tomorrow after work?",
                "start book + when Thu 19 Nov 17:00-21:00",
            ),
            (
                "something not too early on friday?",
                "ask availability + when Fri 20 Nov 10:00-21:00",
            ),
            ("whats open", "ask availability"),
            (
                "show me the times for saturday",
                "ask availability + when Sat 21 Nov",
            ),
            ("when could Mai see me", "ask availability + staff mai"),
            (
                "do any of you have half an hour free today",
                "ask availability + when Wed 18 Nov",
            ),
        ],
    );
}

#[test]
fn a_dentist_is_asked_what_is_free() {
    said_to(
        &dentist(),
        None,
        &[
            ("how soon can Dr Patel see me?", "ask availability + staff patel"),
            (
                "do you have anything today, my tooth is killing me",
                "ask availability + when Wed 18 Nov",
            ),
            (
                "any emergency appointments left for today?",
                "ask availability + when Wed 18 Nov",
            ),
            (
                "when is the next available cleaning",
                "ask availability + when earliest + service cleaning",
            ),
            (
                "does dr novak have anything monday morning before school",
                "staff novak + ask availability + when Mon 23 Nov 06:00-09:00",
            ),
            (
                "is rosa available for a cleaning on the 2nd of december",
                "ask availability + staff rosa + service cleaning + when Wed 2 Dec",
            ),
            (
                "what's the earliest you can do a filling",
                "ask availability + when earliest + service filling",
            ),
            (
                "got room for a quick checkup this wk",
                "ask availability + service check-up + when Mon 16 Nov..Mon 23 Nov",
            ),
            (
                "first thing tomorrow, is that free?",
                "when Thu 19 Nov, earliest + ask availability",
            ),
        ],
    );
}

#[test]
fn a_garage_is_asked_what_is_free() {
    said_to(
        &garage(),
        None,
        &[
            (
                "when can I bring my car in for an oil change",
                "ask availability + service oil-change",
            ),
            (
                "any chance you can look at my brakes today",
                "ask availability + service brakes + when Wed 18 Nov",
            ),
            (
                "how booked up are you next week",
                "ask availability + when Mon 23 Nov..Mon 30 Nov",
            ),
            ("can you do tires tomorrow", "service tires + when Thu 19 Nov"),
            (
                "do u have a bay free friday morning",
                "ask availability + when Fri 20 Nov 06:00-12:00",
            ),
            (
                "is tony around on monday",
                "ask availability + staff tony + when Mon 23 Nov",
            ),
            (
                "what day could you do an alignment",
                "ask availability + service alignment",
            ),
        ],
    );
}

#[test]
fn what_is_free_is_asked_in_spanish() {
    said_to(
        &nail_bar(),
        None,
        &[
            (
                "tenéis algo libre esta tarde?",
                "ask availability + when Wed 18 Nov 12:00-20:00",
            ),
            (
                "hay sitio el sabado por la mañana",
                "ask availability + when Sat 21 Nov 06:00-12:00",
            ),
            (
                "os queda algún hueco para hoy",
                "ask availability + when Wed 18 Nov",
            ),
            (
                "cuándo podría ir a hacerme las uñas de gel?",
                "ask availability + service gel",
            ),
            (
                "qué días tiene libre Lola la semana que viene",
                "ask availability + staff lola + when Mon 23 Nov..Mon 30 Nov",
            ),
            (
                "a qué hora podéis el viernes",
                "ask availability + when Fri 20 Nov",
            ),
            ("no tenéis nada antes?", "ask availability + when earlier"),
            ("y por la tarde hay algo?", "when 12:00-20:00 + ask availability"),
            (
                "inés está el jueves?",
                "ask availability + staff ines + when Thu 19 Nov",
            ),
            (
                "tienes hueco pa mañana a las 5",
                "ask availability + when Thu 19 Nov 17:00",
            ),
        ],
    );
}

#[test]
fn what_is_free_is_asked_in_vietnamese() {
    said_to(
        &spa(),
        None,
        &[
            (
                "chiều nay còn chỗ ko em",
                "when Wed 18 Nov 12:00-18:00 + ask availability",
            ),
            (
                "mai Lan có rảnh k",
                "when Thu 19 Nov + staff lan + ask availability",
            ),
            (
                "thứ 7 này còn giờ nào trống vậy em",
                "when Sat 21 Nov + ask availability",
            ),
            (
                "sáng mai có slot ko",
                "when Thu 19 Nov 06:00-12:00 + ask availability",
            ),
            (
                "bên mình còn lịch gội đầu tối nay không",
                "ask availability + service goi-dau + when Wed 18 Nov 18:00-23:59",
            ),
            (
                "cuoi tuan con cho khong shop",
                "when Sat 21 Nov..Mon 23 Nov + ask availability",
            ),
            ("khi nào chị Thu Hà rảnh", "ask availability + staff thu"),
            (
                "2h chiều t6 còn trống không em",
                "when Fri 20 Nov 14:00 + ask availability",
            ),
            ("hôm nay kín lịch chưa em", "when Wed 18 Nov + ask availability"),
            (
                "ngày mốt có ai làm móng gel không",
                "when Fri 20 Nov + ask availability + service gel",
            ),
        ],
    );
}
