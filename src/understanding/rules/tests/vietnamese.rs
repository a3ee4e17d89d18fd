//! What customers type in Vietnamese, with and without accents.

use super::spoken::said_in;
use super::*;

#[test]
fn wishes_questions_and_courtesies() {
    said_in(
        Language::Vietnamese,
        None,
        &[
            ("cho chi dat lich lam mong gel chieu mai 3h", ""),
            ("Đặt với Mai ngày mai được không em?", ""),
            ("t6 tuần sau hoặc cn", ""),
            ("thứ sáu tuần sau 3 rưỡi chiều", ""),
            ("sáng mai 9h30", ""),
            ("9 giờ 15 sáng thứ bảy", ""),
            ("toi mai 7h", ""),
            ("tối thứ 6 lúc 7h", ""),
            ("cuối tuần này", ""),
            ("tuần sau", ""),
            ("ngày mốt lúc 10h", ""),
            ("ngày 5/12 lúc 2h chiều", ""),
            ("20/11 2h", ""),
            ("ngày 5 tháng 12", ""),
            ("từ 2h đến 4h chiều mai", ""),
            ("sau 4h", ""),
            ("trước 11h trưa", ""),
            ("khoảng 3h chiều", ""),
            ("3h kém 15 chiều nay", ""),
            ("chiều nay còn chỗ không em", ""),
            ("càng sớm càng tốt", ""),
            ("thứ 3 chị bận", ""),
            ("hủy lịch hẹn ngày mai giúp chị", ""),
            ("đổi lịch thứ sáu sang thứ bảy 3h chiều", ""),
            ("giá bao nhiêu vậy em", ""),
            ("tiệm ở đâu", ""),
            ("mấy giờ mở cửa vậy em", ""),
            ("có chỗ đậu xe không", ""),
            ("làm gel mất bao lâu", ""),
            ("chị tên là Lan", ""),
            ("đặt cho 2 người", ""),
            ("chào em", ""),
            ("cảm ơn em nhiều", ""),
            ("cho chị gặp nhân viên", ""),
            ("em là người hay máy vậy", ""),
            ("lịch hẹn của chị khi nào", ""),
            ("Linh có rảnh thứ bảy không", ""),
            ("ai làm cũng được", ""),
            ("dat lich gel thu 7 luc 2 gio chieu", ""),
            ("mai 3h", ""),
            ("mai linh lam dc k", ""),
            ("chị muốn làm gel với Linh t7 này", ""),
            ("3 ngày nữa", ""),
            ("đầu tuần sau", ""),
            ("cuối tháng này", ""),
            ("8h tối", ""),
            ("trưa mai", ""),
            ("không đến được", ""),
            ("đừng nhắn nữa", ""),
            ("thôi để chị xem lại", ""),
            ("cn tuần này 10h", ""),
            ("thứ hai tới", ""),
            ("mồng 5", ""),
            ("ngày kia", ""),
        ],
    );
}

#[test]
fn answers_to_a_read_back() {
    said_in(
        Language::Vietnamese,
        Some(Expecting::Confirm),
        &[
            ("dạ", ""),
            ("ok em", ""),
            ("ừ", ""),
            ("được em", ""),
            ("dạ đúng rồi", ""),
            ("không", ""),
            ("thôi", ""),
            ("thôi khỏi", ""),
            ("đổi qua 4h đi em", ""),
            ("để chị suy nghĩ đã", ""),
            ("dạ cho em hỏi giá bao nhiêu", ""),
            ("yes", ""),
            ("chốt", ""),
            ("giờ khác", ""),
            ("đồng ý", ""),
        ],
    );
}
