# Vietnamese: the bot is "em", the customer "anh/chị", as at a counter. Facts come ready for display (days, times,
# money); numbers come as numbers. A fact may be missing: it is then `none`, for selectors.

### Days

weekdays = thứ Hai, thứ Ba, thứ Tư, thứ Năm, thứ Sáu, thứ Bảy, Chủ nhật
short-weekdays = T2, T3, T4, T5, T6, T7, CN
months = tháng 1, tháng 2, tháng 3, tháng 4, tháng 5, tháng 6, tháng 7, tháng 8, tháng 9, tháng 10, tháng 11, tháng 12
short-months = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
day = { $weekday } { $day }/{ $number }
day-of-year = { $weekday } { $day }/{ $number }/{ $year }
short-day = { $weekday } { $day }/{ $number }
short-moment = { $day }, { $time }

### Words

and = và
or = hoặc
yes = Đồng ý
no = Không
anyone = Ai cũng được
closed-word = nghỉ
price-on-request = giá báo khi hỏi
from-to = { $from }–{ $to }
span = { $day }, từ { $start } đến { $end } ({ $minutes } phút)
span-before-change = { $day }, từ { $start } (trước khi đổi giờ) đến { $end } ({ $minutes } phút)
span-after-change = { $day }, từ { $start } (sau khi đổi giờ) đến { $end } ({ $minutes } phút)
moment = { $time } { $day }
moment-before-change = { $time } { $day } (trước khi đổi giờ)
moment-after-change = { $time } { $day } (sau khi đổi giờ)
option-before-change = { $moment } trước khi đổi giờ
option-after-change = { $moment } sau khi đổi giờ
option-with = { $moment } với { $staff }
option-waitlist = Vào danh sách chờ
day-with-hours = { $day } ({ $hours })
visit = { $services } lúc { $moment }
visit-with = { $services } với { $staff } lúc { $moment }
suggest-book = Đặt lịch hẹn
suggest-hours = Giờ mở cửa
suggest-prices = Bảng giá
suggest-another-time = Giờ khác
suggest-drop = Thôi

### Hello and goodbye

hello = { $name ->
    [none] Dạ em chào anh/chị ạ!
   *[other] Dạ em chào { $name } ạ!
}
hello-again = { $name ->
    [none] Dạ em chào anh/chị ạ!
   *[other] Dạ em chào { $name } ạ!
}
greeting = { $name ->
    [none] Dạ em chào anh/chị, { $business } xin nghe ạ.
   *[other] Dạ em chào { $name }, { $business } xin nghe ạ.
}
help = Dạ em có thể đặt, đổi hoặc hủy lịch hẹn tại { $business }, và trả lời về giá và giờ mở cửa ạ. Anh/chị cứ nhắn điều mình cần, ví dụ: “{ $service } thứ Sáu lúc 14:00”.
i-am-a-bot = Dạ em là trợ lý đặt lịch của { $business }, một chương trình tự động ạ. Nếu muốn gặp nhân viên, anh/chị cứ nhắn cho em nhé.
noted = { $name ->
    [none] Dạ em cảm ơn, em ghi lại rồi ạ.
   *[other] Dạ em cảm ơn { $name } ạ.
}
welcome = { $name ->
    [none] Dạ không có gì ạ!
   *[other] Dạ không có gì ạ, { $name }!
}
bye = { $name ->
    [none] Dạ em chào anh/chị, hẹn gặp lại ạ!
   *[other] Dạ em chào { $name }, hẹn gặp lại ạ!
}
compliment = Dạ em cảm ơn anh/chị nhiều ạ!
how-are-you = Dạ em khỏe, cảm ơn anh/chị ạ!
small-talk = Dạ vâng ạ.
words-only = Dạ em cảm ơn ạ! Ở đây em chưa xem được hình và chưa nghe được ghi âm, nhưng em đọc được mọi tin nhắn ạ.

### Not understood

not-understood = Dạ em xin lỗi, em chưa hiểu ý anh/chị ạ.
not-understood-again = Dạ em xin lỗi, em vẫn chưa hiểu ạ. Anh/chị chọn giúp em một trong các mục này, hoặc nói cách khác nhé.
no-such-option = { $count ->
    [one] Dạ chỉ có một lựa chọn thôi ạ.
   *[other] Dạ anh/chị chọn giúp em một số từ 1 đến { $count } ạ.
}
no-answer = { $phone ->
    [none] Dạ tiếc quá, điều này em không biết ạ.
   *[other] Dạ tiếc quá, điều này em không biết ạ. Anh/chị gọi giúp em số { $phone } nhé.
}
nothing-to-drop = Dạ hiện chưa có gì đang đặt dở ạ. Em giúp gì được cho anh/chị ạ?
overreach = Dạ việc đó em không làm được ạ: em chỉ lo lịch hẹn của chính anh/chị thôi. Em sẵn lòng đặt, đổi hoặc hủy lịch giúp anh/chị ạ.
insulted = Dạ em rất muốn giúp, mình nói chuyện nhẹ nhàng với nhau nhé ạ.

### Services and staff

ask-service = Dạ anh/chị muốn làm dịch vụ nào ạ?
ask-service-of-many = Dạ anh/chị muốn làm dịch vụ nào ạ? Bên em còn có { $more }.
ask-service-again = Dạ anh/chị muốn làm dịch vụ nào ạ?
which-service = Dạ “{ $text }” là dịch vụ nào ạ?
did-you-mean = Dạ ý anh/chị là { $service } phải không ạ?
not-offered = Dạ tiếc quá, bên em không có “{ $text }” ạ.
add-on-alone = Dạ { $services } là dịch vụ làm thêm, chỉ đặt kèm dịch vụ khác thôi ạ.
not-bookable = { $phone ->
    [none] Dạ { $services } không đặt ở đây được ạ.
   *[other] Dạ { $services } không đặt ở đây được ạ; anh/chị gọi giúp em số { $phone } nhé.
}
services = Dạ bên em có:
    { $list }
service-item = { $service }, { $minutes } phút, { $price }
price-of = Dạ { $service } giá { $price } ({ $minutes } phút) ạ.
duration-of = Dạ { $service } làm trong { $minutes } phút ạ.
staff = Dạ bên em có { $list } ạ.
no-such-staff = Dạ bên em không có ai tên { $text } ạ.
staff-not-qualified = Dạ { $staff } không làm { $services }; { $able } thì làm được ạ.
staff-none-needed = Dạ { $services } không cần chọn người làm ạ.
which-staff = Dạ “{ $text }” là ai ạ: { $staff }?
which-sense = Dạ “{ $text }” là { $staff } (nhân viên) hay { $day } ạ?
ask-staff = Dạ { $moment } còn trống ạ. Anh/chị muốn làm với { $staff }, hay ai cũng được ạ?
ask-staff-again = Dạ anh/chị muốn làm với { $staff }, hay ai cũng được ạ?
party-too-large = { $phone ->
    [none] Dạ em đặt được cho nhiều nhất { $max } người ạ.
   *[other] Dạ em đặt được cho nhiều nhất { $max } người ạ; đông hơn thì anh/chị gọi giúp em số { $phone } nhé.
}

### When

ask-when = Dạ anh/chị muốn đến làm { $services } lúc nào ạ?
ask-when-instead = Dạ vậy lúc nào thì tiện cho anh/chị ạ?
ask-when-again = Dạ anh/chị đến ngày nào, mấy giờ thì tiện ạ?
ask-day-again = Dạ anh/chị đến ngày nào thì tiện ạ?
ask-time-again = Dạ anh/chị đến mấy giờ thì tiện ạ?
ask-choice-again = Dạ anh/chị chọn mục nào ạ?
which-day = Dạ “{ $text }” là ngày nào ạ?
ask-what-else = Dạ anh/chị muốn đổi gì ạ? Anh/chị nhắn em ngày, giờ hoặc người khác, hoặc nhắn “thôi” nhé.
free-on-day = Dạ { $services } { $day }: em còn giờ từ { $first } đến { $last } ạ. Ví dụ các giờ này, hoặc anh/chị nhắn giờ khác nhé:
free-on-days = Dạ { $services }: còn trống các giờ này ạ, hoặc anh/chị nhắn giờ khác nhé:
time-twice = Dạ đêm đó đồng hồ lùi lại nên { $time } có hai lần ạ. Anh/chị muốn lần nào?
weekday-contradicts = Dạ { $day } không phải { $said }, anh/chị xem lại ngày giúp em ạ.
still-that-day = Dạ là { $day } ạ.
ask-seats = Dạ { $services } { $moment }: { $seats ->
   *[other] còn { $seats } chỗ ạ.
} Anh/chị muốn mấy chỗ?
ask-seats-again = Dạ anh/chị muốn mấy chỗ ạ?
seats-left = { $start }: { $seats ->
   *[other] còn { $seats } chỗ
}

### Why not

past-time = Dạ { $time } hôm nay đã qua rồi ạ.
past-day = Dạ { $day } đã qua rồi ạ.
too-far = Dạ bên em nhận lịch đến { $day } ạ.
too-soon = Dạ bên em cần báo trước ít nhất { $minutes } phút; sớm nhất là { $moment } ạ.
closed-weekday = Dạ { $weekday } bên em nghỉ ạ.
closed-that-day = { $why ->
    [none] Dạ { $day } bên em nghỉ ạ.
   *[other] Dạ { $day } bên em nghỉ ({ $why }) ạ.
}
nearest-days = Dạ các ngày gần nhất là:
outside-hours = Dạ { $day } bên em mở cửa { $hours }, giờ đó không kịp ạ.
nothing-then = Dạ lúc đó không xếp được ạ; { $day } bên em mở cửa { $hours }.
no-such-time = Dạ { $day } không có { $time } ạ: đồng hồ nhảy sang { $next }.
no-session = Dạ lúc đó không có { $services } ạ.
staff-off = Dạ { $staff } không làm giờ đó { $day } ạ.
not-enough-seats = Dạ { $services } { $moment }: { $left ->
    [0] đã hết chỗ ạ.
   *[other] chỉ còn { $left } chỗ ạ.
}
just-taken = Dạ tiếc quá, { $time } { $day } vừa có người đặt mất rồi ạ.
staff-taken = Dạ { $staff } không rảnh lúc { $time } { $day } ạ.
taken = Dạ { $time } { $day } có người đặt rồi ạ.
staff-full = Dạ { $staff } kín lịch { $day } rồi ạ.
full = Dạ { $day } kín lịch rồi ạ.
free-instead = Dạ em còn trống:
only-waitlist = Dạ khi nào có chỗ em có thể báo anh/chị:

### Booking

read-back = Dạ { $services }{ $staff ->
    [none] {""}
   *[other] {" "}với { $staff }
} { $when }, { $price }{ $people ->
    [one] {""}
   *[other] , cho { $people } người
}. { $name ->
    [none] Em đặt cho anh/chị nhé ạ?
   *[other] Em đặt nhé, { $name }?
}
read-back-again = Dạ em đặt { $visit } nhé ạ?
read-back-move = Dạ em đổi { $old } sang { $moment }{ $staff ->
    [none] {""}
   *[other] {" "}với { $staff }
} nhé ạ?
read-back-move-again = Dạ em đổi sang { $moment } nhé ạ?
booked = { $name ->
    [none] Dạ em đã đặt: { $visit }. Mã hẹn là { $reference } ạ.
   *[other] Dạ em đã đặt cho { $name }: { $visit }. Mã hẹn là { $reference } ạ.
}
booked-pending = Dạ em đã ghi { $visit }, còn chờ bên em xác nhận ạ. Mã hẹn là { $reference }.
moved = Dạ em đã đổi: { $visit }. Mã hẹn vẫn là { $reference } ạ.
own-overlap = Dạ anh/chị nhớ là mình còn có { $visit } ạ.
too-many-appointments = Dạ anh/chị đã có đủ số lịch hẹn mà một người được đặt ({ $max }) ạ.
hold-renewed = Dạ em không giữ giờ lâu hơn được, nhưng giờ đó vẫn còn trống ạ.
hold-lapsed = Dạ em không giữ giờ cho anh/chị lâu hơn được ạ.
dropped = Dạ vâng, em dừng lại ạ. Khi nào anh/chị cần, em luôn ở đây.
set-aside = Dạ anh/chị cứ xem lại ạ. Em chưa đặt gì, và em vẫn giữ thông tin, khi nào cần anh/chị nhắn em nhé.
revived = Dạ em đây ạ.

### Appointments that exist

no-appointments = Dạ anh/chị chưa có lịch hẹn nào sắp tới ạ.
your-appointments = { $count ->
   *[other] Dạ lịch hẹn của anh/chị:
}
    { $list }
appointment-item = { $visit } (mã { $reference })
no-such-appointment = Dạ em không thấy lịch hẹn nào của anh/chị lúc đó ({ $when }) ạ.
ask-which-cancel = Dạ anh/chị muốn hủy lịch hẹn nào ạ?
ask-which-move = Dạ anh/chị muốn đổi lịch hẹn nào ạ?
ask-which-again = Dạ anh/chị nói lịch hẹn nào ạ?
read-back-cancel = Dạ em hủy { $visit } nhé ạ?
read-back-cancel-again = Dạ em hủy { $visit } nhé ạ?
cancelled = Dạ em đã hủy: { $visit } ạ.
cancel-kept = Dạ vâng, lịch hẹn của anh/chị vẫn giữ nguyên ạ.
too-late-to-cancel = { $phone ->
    [none] Dạ còn chưa đến { $notice } là đến giờ hẹn nên em không hủy ở đây được nữa ạ.
   *[other] Dạ còn chưa đến { $notice } là đến giờ hẹn nên em không hủy ở đây được nữa ạ. Anh/chị gọi giúp em số { $phone } nhé.
}
too-late-to-move = { $phone ->
    [none] Dạ còn chưa đến { $notice } là đến giờ hẹn nên em không đổi ở đây được nữa ạ.
   *[other] Dạ còn chưa đến { $notice } là đến giờ hẹn nên em không đổi ở đây được nữa ạ. Anh/chị gọi giúp em số { $phone } nhé.
}
appointment-gone = Dạ lịch hẹn đó không còn nữa nên không có gì để đổi ạ.

### Questions

hours = Dạ giờ mở cửa bên em:
    { $list }
open-on = Dạ { $day } bên em mở cửa { $hours } ạ.
address = Dạ địa chỉ bên em: { $address } ạ.
notice-hours = { $hours ->
   *[other] { $hours } tiếng
}
notice-minutes = { $minutes } phút
policy = Dạ anh/chị có thể hủy hoặc đổi lịch ở đây trước giờ hẹn { $notice } ạ.

### The waitlist

waitlist-joined = Dạ em đã ghi anh/chị vào danh sách chờ { $services } ({ $when }). Có chỗ là em nhắn ngay ạ.
waitlist-full = Dạ anh/chị đang chờ { $max } lịch rồi, em không giữ thêm được ạ. Anh/chị bỏ bớt một lịch trước nhé.
waitlist-offer = Dạ tin vui ạ: { $visit } vừa có chỗ trống ({ $price }). Em giữ cho anh/chị đến { $until }. Em đặt nhé ạ?
waitlist-offer-again = Dạ em đặt { $visit } nhé ạ?
waitlist-offer-gone = Dạ tiếc quá, chỗ đó vừa có người khác đặt mất rồi ạ. Anh/chị vẫn ở trong danh sách chờ.
waitlist-declined = Dạ vâng. Anh/chị vẫn ở trong danh sách chờ ạ.
waitlist-left = Dạ em đã đưa anh/chị ra khỏi danh sách chờ ạ.

### A person

handoff-asked = { $phone ->
    [none] Dạ em đã nhờ nhân viên { $business } liên hệ lại với anh/chị ạ.
   *[other] Dạ em đã nhờ nhân viên { $business } liên hệ lại với anh/chị ạ. Anh/chị cũng có thể gọi số { $phone }.
}
handoff-complaint = { $phone ->
    [none] Dạ em rất xin lỗi anh/chị. Em đã chuyển lời đến nhân viên { $business } ạ.
   *[other] Dạ em rất xin lỗi anh/chị. Em đã chuyển lời đến nhân viên { $business } ạ. Anh/chị cũng có thể gọi số { $phone }.
}
handoff-emergency = Nếu là trường hợp khẩn cấp, anh/chị gọi ngay số cấp cứu ạ. Em cũng đã báo cho { $business }.
handoff-not-understood = { $phone ->
    [none] Dạ em xin lỗi, em không hiểu được ạ. Em đã nhờ nhân viên { $business } liên hệ lại với anh/chị.
   *[other] Dạ em xin lỗi, em không hiểu được ạ. Em đã nhờ nhân viên { $business } liên hệ lại với anh/chị. Anh/chị cũng có thể gọi số { $phone }.
}
handoff-abuse = Dạ việc này em nhờ người phụ trách: nhân viên { $business } sẽ xem ạ.
stopped = Dạ anh/chị sẽ không nhận tin nhắn từ { $business } nữa ạ. Khi nào muốn, anh/chị cứ nhắn lại nhé.
