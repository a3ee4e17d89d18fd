# English. Facts come ready for display (days, times, money); numbers come as numbers, for plurals.
# A fact may be missing: it is then `none`, for selectors.

### Days

weekdays = Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday
short-weekdays = Mon, Tue, Wed, Thu, Fri, Sat, Sun
months = January, February, March, April, May, June, July, August, September, October, November, December
short-months = Jan, Feb, Mar, Apr, May, Jun, Jul, Aug, Sep, Oct, Nov, Dec
day = { $weekday } { $day } { $month }
day-of-year = { $weekday } { $day } { $month } { $year }
short-day = { $weekday } { $day } { $month }
short-moment = { $day }, { $time }

### Words

and = and
or = or
yes = Yes
no = No
anyone = Anyone
closed-word = closed
price-on-request = price on request
from-to = { $from }–{ $to }
span = { $day }, { $start } to { $end } ({ $minutes } min)
span-before-change = { $day }, { $start } (before the clocks go back) to { $end } ({ $minutes } min)
span-after-change = { $day }, { $start } (after the clocks go back) to { $end } ({ $minutes } min)
moment = { $day } at { $time }
moment-before-change = { $day } at { $time } (before the clocks go back)
moment-after-change = { $day } at { $time } (after the clocks go back)
option-before-change = { $moment } before the clocks go back
option-after-change = { $moment } after the clocks go back
option-with = { $moment } with { $staff }
option-waitlist = Join the waitlist
day-with-hours = { $day } ({ $hours })
visit = { $services } on { $moment }
visit-with = { $services } with { $staff } on { $moment }
suggest-book = Book an appointment
suggest-hours = Opening hours
suggest-prices = Prices
suggest-another-time = Another time
suggest-drop = Never mind

### Hello and goodbye

hello = { $name ->
    [none] Hello!
   *[other] Hello { $name }!
}
hello-again = { $name ->
    [none] Hello again!
   *[other] Hello again, { $name }!
}
greeting = { $name ->
    [none] Hello, this is { $business }.
   *[other] Hello { $name }, this is { $business }.
}
help = I can book, move or cancel an appointment at { $business } and answer questions about prices and hours. Just write what you need, for example “{ $service } on Friday at 2pm”.
i-am-a-bot = I am the booking assistant of { $business }, a program. If you would rather have a person, just say so.
noted = { $name ->
    [none] Thank you, noted.
   *[other] Thank you, { $name }.
}
welcome = { $name ->
    [none] You're welcome!
   *[other] You're welcome, { $name }!
}
bye = { $name ->
    [none] Goodbye!
   *[other] Goodbye, { $name }!
}
compliment = That's kind of you!
how-are-you = Very well, thank you!
small-talk = I see.
words-only = Thank you! I can't look at pictures or listen to recordings here, but I read every word.

### Not understood

not-understood = Sorry, I did not get that.
not-understood-again = Sorry, I still don't understand. Please pick one of these, or say it in other words.
no-such-option = { $count ->
    [one] There is only one option.
   *[other] Please pick a number from 1 to { $count }.
}
no-answer = { $phone ->
    [none] I'm afraid I don't know that.
   *[other] I'm afraid I don't know that. Please call { $phone }.
}
nothing-to-drop = Nothing is being arranged at the moment. What can I do for you?
overreach = That is something I can't do: I only look after your own appointments. I'd be glad to book, move or cancel one of yours.
insulted = I'd like to help, so let's stay friendly.

### Services and staff

ask-service = Which service would you like?
ask-service-of-many = Which service would you like? There is also { $more }.
ask-service-again = Which service would you like?
which-service = Which one do you mean by “{ $text }”?
did-you-mean = Did you mean { $service }?
not-offered = Sorry, “{ $text }” is not something we offer.
add-on-alone = { $services } is an add-on and only booked together with another service.
not-bookable = { $phone ->
    [none] { $services } can't be booked here.
   *[other] { $services } can't be booked here; please call { $phone }.
}
services = We offer:
    { $list }
service-item = { $service }, { $minutes } min, { $price }
price-of = { $service } costs { $price } ({ $minutes } min).
duration-of = { $service } takes { $minutes } minutes.
staff = You can come to { $list }.
no-such-staff = Nobody called { $text } works here.
staff-not-qualified = { $staff } doesn't do { $services }; { $able } would.
staff-none-needed = { $services } is not tied to a person.
which-staff = Who do you mean by “{ $text }”: { $staff }?
which-sense = Do you mean { $staff } by “{ $text }”, or { $day }?
ask-staff = { $moment } is free. With { $staff }, or whoever is free?
ask-staff-again = With { $staff }, or whoever is free?
party-too-large = { $phone ->
    [none] I can arrange visits for up to { $max } people.
   *[other] I can arrange visits for up to { $max } people; for more please call { $phone }.
}

### When

ask-when = When would you like to come for { $services }?
ask-when-instead = When would suit you instead?
ask-when-again = Which day and time would suit you?
ask-day-again = Which day would suit you?
ask-time-again = Which time would suit you?
ask-choice-again = Which one would suit you?
which-day = Which day do you mean by “{ $text }”?
ask-what-else = What should I change? Tell me another day, time or person, or say “never mind”.
free-on-day = { $services } on { $day }: I have times between { $first } and { $last }. For example these, or tell me another one:
free-on-days = { $services }: these are free, or tell me another time:
time-twice = The clocks go back that night, so { $time } happens twice. Which one do you mean?
weekday-contradicts = { $day } is not a { $said }, so please check the day.
still-that-day = That is { $day }.
ask-seats = { $services } on { $moment }: { $seats ->
    [one] { $seats } seat is left.
   *[other] { $seats } seats are left.
} How many would you like?
ask-seats-again = How many seats would you like?
seats-left = { $start }: { $seats ->
    [one] { $seats } seat left
   *[other] { $seats } seats left
}

### Why not

past-time = { $time } today has already passed.
past-day = { $day } has already passed.
too-far = We take bookings up to { $day }.
too-soon = We need at least { $minutes } minutes' notice; the earliest is { $moment }.
closed-weekday = We are closed on { $weekday }s.
closed-that-day = { $why ->
    [none] We are closed on { $day }.
   *[other] We are closed on { $day } ({ $why }).
}
nearest-days = The nearest days are:
outside-hours = On { $day } we are open { $hours }, and that time does not fit.
nothing-then = Nothing fits then; on { $day } we are open { $hours }.
no-such-time = { $time } does not exist on { $day }: the clocks jump forward to { $next }.
no-session = { $services } does not take place then.
staff-off = { $staff } does not work then on { $day }.
not-enough-seats = { $services } on { $moment }: { $left ->
    [0] it is full.
    [one] only one seat is left.
   *[other] only { $left } seats are left.
}
just-taken = Sorry, { $day } at { $time } was taken just now.
staff-taken = { $staff } is not free on { $day } at { $time }.
taken = { $day } at { $time } is taken.
staff-full = { $staff } has nothing free on { $day }.
full = { $day } is full.
free-instead = Free instead:
only-waitlist = I can let you know when something becomes free:

### Booking

read-back = { $services }{ $staff ->
    [none] {""}
   *[other] {" "}with { $staff }
} on { $when }, { $price }{ $people ->
    [one] {""}
   *[other] , for { $people } people
}. { $name ->
    [none] Shall I book it?
   *[other] Shall I book it, { $name }?
}
read-back-again = Shall I book { $visit }?
read-back-move = Shall I move your { $old } to { $moment }{ $staff ->
    [none] {""}
   *[other] {" "}with { $staff }
}?
read-back-move-again = Shall I move it to { $moment }?
booked = { $name ->
    [none] Booked: { $visit }. Your reference is { $reference }.
   *[other] Booked, { $name }: { $visit }. Your reference is { $reference }.
}
booked-pending = { $visit } is noted and waits for our confirmation. Your reference is { $reference }.
moved = Moved: { $visit }. Your reference is still { $reference }.
own-overlap = Mind that you also have { $visit }.
too-many-appointments = You already have as many upcoming appointments as one person can have ({ $max }).
hold-renewed = I could not keep the time any longer, but it was still free.
hold-lapsed = I could not keep the time for you any longer.
dropped = All right, I have dropped it. If you change your mind, I'm here.
set-aside = Take your time. Nothing is booked, and I keep what you told me.
revived = Yes, I'm here.

### Appointments that exist

no-appointments = You have no upcoming appointments.
your-appointments = { $count ->
    [one] Your appointment:
   *[other] Your appointments:
}
    { $list }
appointment-item = { $visit } (reference { $reference })
no-such-appointment = I find no appointment of yours then ({ $when }).
ask-which-cancel = Which appointment should I cancel?
ask-which-move = Which appointment should I move?
ask-which-again = Which appointment do you mean?
read-back-cancel = Shall I cancel your { $visit }?
read-back-cancel-again = Shall I cancel your { $visit }?
cancelled = Cancelled: { $visit }.
cancel-kept = All right, your appointment stays as it is.
too-late-to-cancel = { $phone ->
    [none] It is less than { $notice } until your appointment, so I can't cancel it here any more.
   *[other] It is less than { $notice } until your appointment, so I can't cancel it here any more. Please call { $phone }.
}
too-late-to-move = { $phone ->
    [none] It is less than { $notice } until your appointment, so I can't move it here any more.
   *[other] It is less than { $notice } until your appointment, so I can't move it here any more. Please call { $phone }.
}
appointment-gone = That appointment no longer stands, so there is nothing to change.

### Questions

hours = Our hours:
    { $list }
open-on = On { $day } we are open { $hours }.
address = You find us at { $address }.
notice-hours = { $hours ->
    [one] { $hours } hour
   *[other] { $hours } hours
}
notice-minutes = { $minutes } minutes
policy = You can cancel or move an appointment here until { $notice } before it begins.

### The waitlist

waitlist-joined = You are on the waitlist for { $services } ({ $when }). I'll write as soon as something becomes free.
waitlist-full = You are waiting for { $max } visits already, which is as many as I can keep. Leave one of them first.
waitlist-offer = Good news: { $visit } has become free ({ $price }). I'm keeping it for you until { $until }. Shall I book it?
waitlist-offer-again = Shall I book { $visit }?
waitlist-offer-gone = I'm sorry, that slot has gone to somebody else meanwhile. You stay on the waitlist.
waitlist-declined = All right. You stay on the waitlist.
waitlist-left = I have taken you off the waitlist.

### A person

handoff-asked = { $phone ->
    [none] I have asked somebody from { $business } to get back to you.
   *[other] I have asked somebody from { $business } to get back to you. You can also call { $phone }.
}
handoff-complaint = { $phone ->
    [none] I'm sorry to hear that. I have passed it on to somebody at { $business }.
   *[other] I'm sorry to hear that. I have passed it on to somebody at { $business }. You can also call { $phone }.
}
handoff-emergency = If this is an emergency, please call your local emergency number at once. I have also told { $business }.
handoff-not-understood = { $phone ->
    [none] I'm sorry, I can't make sense of this. I have asked somebody from { $business } to get back to you.
   *[other] I'm sorry, I can't make sense of this. I have asked somebody from { $business } to get back to you. You can also call { $phone }.
}
handoff-abuse = I'll leave this to a person: somebody from { $business } will look at it.
stopped = You will get no further messages from { $business }. Write to us whenever you like to start again.
