//! What customers type in Vietnamese, with and without accents.

use super::spoken::said_in;
use super::*;

#[test]
fn wishes_questions_and_courtesies() {
    said_in(
        Language::Vietnamese,
        None,
        &[
            (
                "cho chi dat lich lam mong gel chieu mai 3h",
                "start book + service gel-manicure + when Thu 19 Nov 15:00",
            ),
            (
                "Đặt với Mai ngày mai được không em?",
                "start book + staff mai + when Thu 19 Nov",
            ),
            ("t6 tuần sau hoặc cn", "when Fri 27 Nov or Sun 22 Nov"),
            ("thứ sáu tuần sau 3 rưỡi chiều", "when Fri 27 Nov 15:30"),
            ("sáng mai 9h30", "when Thu 19 Nov 09:30"),
            ("9 giờ 15 sáng thứ bảy", "when Sat 21 Nov 09:15"),
            ("toi mai 7h", "when Thu 19 Nov 19:00"),
            ("tối thứ 6 lúc 7h", "when Fri 20 Nov 19:00"),
            ("cuối tuần này", "when Sat 21 Nov..Mon 23 Nov"),
            ("tuần sau", "when Mon 23 Nov..Mon 30 Nov"),
            ("ngày mốt lúc 10h", "when Fri 20 Nov 10:00"),
            ("ngày 5/12 lúc 2h chiều", "when Sat 5 Dec 14:00"),
            ("20/11 2h", "when Fri 20 Nov 14:00"),
            ("ngày 5 tháng 12", "when Sat 5 Dec"),
            ("từ 2h đến 4h chiều mai", "when Thu 19 Nov 14:00-16:00"),
            ("sau 4h", "when 16:00-"),
            ("trước 11h trưa", "when -11:00"),
            ("khoảng 3h chiều", "when ~15:00"),
            ("3h kém 15 chiều nay", "when Wed 18 Nov 14:45"),
            (
                "chiều nay còn chỗ không em",
                "when Wed 18 Nov 12:00-18:00 + ask availability",
            ),
            ("càng sớm càng tốt", "when earliest"),
            ("thứ 3 chị bận", "when not tuesday"),
            (
                "hủy lịch hẹn ngày mai giúp chị",
                "start cancel + which Thu 19 Nov",
            ),
            (
                "đổi lịch thứ sáu sang thứ bảy 3h chiều",
                "start reschedule + which Fri 20 Nov + when Sat 21 Nov 15:00",
            ),
            ("giá bao nhiêu vậy em", "ask price"),
            ("tiệm ở đâu", "ask location"),
            ("mấy giờ mở cửa vậy em", "ask hours"),
            ("có chỗ đậu xe không", "ask parking"),
            ("làm gel mất bao lâu", "service gel-manicure + ask duration"),
            ("chị tên là Lan", "name Lan -"),
            ("đặt cho 2 người", "start book + people 2"),
            ("chào em", "greet"),
            ("cảm ơn em nhiều", "thanks"),
            ("cho chị gặp nhân viên", "handoff asked"),
            ("em là người hay máy vậy", "ask areyouabot"),
            ("lịch hẹn của chị khi nào", "ask myappointments"),
            (
                "Linh có rảnh thứ bảy không",
                "staff linh + ask availability + when Sat 21 Nov",
            ),
            ("ai làm cũng được", "staff anyone"),
            (
                "dat lich gel thu 7 luc 2 gio chieu",
                "start book + service gel-manicure + when Sat 21 Nov 14:00",
            ),
            ("mai 3h", "when Thu 19 Nov 15:00"),
            ("mai linh lam dc k", "when Thu 19 Nov + staff linh"),
            (
                "chị muốn làm gel với Linh t7 này",
                "start book + service gel-manicure + staff linh + when Sat 21 Nov",
            ),
            ("3 ngày nữa", "when Sat 21 Nov"),
            ("đầu tuần sau", "when Mon 23 Nov..Thu 26 Nov"),
            ("cuối tháng này", "when Sat 21 Nov..Tue 1 Dec"),
            ("8h tối", "when 20:00"),
            ("trưa mai", "when Thu 19 Nov 11:00-14:00"),
            ("không đến được", "start cancel"),
            ("đừng nhắn nữa", "stopcontact"),
            ("thôi để chị xem lại", "setaside"),
            ("cn tuần này 10h", "when Sun 22 Nov 10:00"),
            ("thứ hai tới", "when Mon 23 Nov"),
            ("mồng 5", "when Sat 5 Dec"),
            ("ngày kia", "when Fri 20 Nov"),
        ],
    );
}

#[test]
fn answers_to_a_read_back() {
    said_in(
        Language::Vietnamese,
        Some(Expecting::Confirm),
        &[
            ("dạ", "confirm"),
            ("ok em", "confirm"),
            ("ừ", "confirm"),
            ("được em", "confirm"),
            ("dạ đúng rồi", "confirm"),
            ("không", "deny"),
            ("thôi", "cancelgoal"),
            ("thôi khỏi", "cancelgoal"),
            ("đổi qua 4h đi em", "start reschedule + when 16:00"),
            ("để chị suy nghĩ đã", "setaside"),
            ("dạ cho em hỏi giá bao nhiêu", "ask price"),
            ("yes", "confirm"),
            ("chốt", "confirm"),
            ("giờ khác", "ask availability"),
            ("đồng ý", "confirm"),
        ],
    );
}
