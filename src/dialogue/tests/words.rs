//! Acts made by hand, named as one would say them.

use jiff::civil::{Date, Time};

use crate::types::{ResourceId, ServiceId};
use crate::understanding::act::{Candidate, Certainty, Mode, ServiceMention, StaffSaid};
use crate::understanding::when::{DateRange, Except, Inferred, Order, TimeRange, Window};
use crate::understanding::{Act, SlotValue, When};

pub(super) fn service(ids: &[&str]) -> Act {
    services(ids, Mode::Replace)
}

pub(super) fn services(ids: &[&str], mode: Mode) -> Act {
    let mention = |id: &&str| ServiceMention {
        candidates: vec![Candidate {
            id: ServiceId::new(*id).unwrap(),
            certainty: Certainty::Exact,
        }],
        text: (*id).to_owned(),
        span: (0, 0),
    };
    Act::Set {
        value: SlotValue::Service {
            mentions: ids.iter().map(mention).collect(),
            mode,
        },
    }
}

pub(super) fn nothing_like_it(text: &str) -> Act {
    let mention = ServiceMention {
        candidates: Vec::new(),
        text: text.to_owned(),
        span: (0, 0),
    };
    Act::Set {
        value: SlotValue::Service {
            mentions: vec![mention],
            mode: Mode::Replace,
        },
    }
}

pub(super) fn with(names: &[&str]) -> Act {
    let candidates = names
        .iter()
        .map(|name| Candidate {
            id: ResourceId::new(*name).unwrap(),
            certainty: Certainty::Exact,
        })
        .collect();
    Act::Set {
        value: SlotValue::Staff {
            said: StaffSaid::Named {
                candidates,
                text: names.join(" or "),
                span: (0, 0),
            },
        },
    }
}

pub(super) fn with_anyone() -> Act {
    Act::Set {
        value: SlotValue::Staff {
            said: StaffSaid::Anyone,
        },
    }
}

pub(super) fn people(people: u32) -> Act {
    Act::Set {
        value: SlotValue::PartySize { people, span: (0, 0) },
    }
}

pub(super) fn when(when: When) -> Act {
    Act::Set {
        value: SlotValue::When { when },
    }
}

fn said(text: &str, windows: Vec<Window>) -> When {
    When {
        windows,
        except: Vec::new(),
        order: None,
        ambiguous: false,
        inferred: Vec::new(),
        text: text.to_owned(),
        span: (0, text.len()),
    }
}

fn day_of(text: &str) -> Date {
    text.parse().unwrap()
}

pub(super) fn at_of(text: &str) -> Time {
    text.parse().unwrap()
}

/// A day in November 2026.
pub(super) fn on(day: i8) -> When {
    let date = jiff::civil::date(2026, 11, day);
    let window = Window {
        dates: Some(DateRange::day(date)),
        times: None,
    };
    said("that day", vec![window])
}

pub(super) fn on_either(days: &[i8]) -> When {
    let windows = days.iter().flat_map(|day| on(*day).windows).collect();
    said("one of them", windows)
}

pub(super) fn between(from: &str, until: &str) -> When {
    let range = DateRange {
        from: Some(day_of(from)),
        until: Some(day_of(until)),
    };
    let window = Window {
        dates: Some(range),
        times: None,
    };
    said("those days", vec![window])
}

/// "at 14:00".
pub(super) fn at(time: &str) -> When {
    in_times(TimeRange::At(at_of(time)))
}

pub(super) fn in_times(times: TimeRange) -> When {
    let window = Window {
        dates: None,
        times: Some(times),
    };
    said("then", vec![window])
}

pub(super) fn on_at(day: i8, time: &str) -> When {
    let mut when = on(day);
    when.windows[0].times = Some(TimeRange::At(at_of(time)));
    when
}

pub(super) fn ordered(mut when: When, order: Order) -> When {
    when.order = Some(order);
    when
}

pub(super) fn only(order: Order) -> When {
    ordered(said("like that", Vec::new()), order)
}

pub(super) fn except(except: Except) -> When {
    When {
        except: vec![except],
        ..said("not then", Vec::new())
    }
}

pub(super) fn assuming(mut when: When, inferred: Inferred) -> When {
    when.inferred.push(inferred);
    when
}

pub(super) fn ambiguous(mut when: When) -> When {
    when.ambiguous = true;
    when
}

/// "gel with Linh on Friday at 14:00".
pub(super) fn gel_with_linh_on_friday() -> Vec<Act> {
    vec![
        service(&["gel-manicure"]),
        with(&["linh"]),
        when(on_at(20, "14:00")),
    ]
}
