//! Says why a start has no plan: the first rule that fails, for the first item that fails.

use jiff::Timestamp;

use super::Reason;
use super::day::Day;
use super::request::{Item, Need, Request};
use crate::booking::catalogue::ResourceKind;
use crate::booking::hours::Span;

/// The reason for a start that the planner has given up.
pub(super) fn of(request: &Request<'_>, day: &Day, start: Timestamp) -> Reason {
    let reasons = request
        .items
        .iter()
        .filter_map(|item| of_item(request, day, item, start));
    // When each item alone would fit, it is their being together that does not.
    reasons.min_by_key(rule).unwrap_or(Reason::Taken)
}

/// The place of a reason's rule in the order in which rules are checked.
const fn rule(reason: &Reason) -> u8 {
    match reason {
        Reason::NotBookable => 0,
        Reason::Past | Reason::NonexistentLocalTime { .. } => 1,
        Reason::TooSoon { .. } => 2,
        Reason::TooFar { .. } => 3,
        Reason::ClosedDay { .. } => 4,
        Reason::NoSession => 5,
        Reason::OutsideHours => 6,
        Reason::ResourceOff { .. } => 7,
        Reason::NotQualified { .. } => 8,
        Reason::Taken => 9,
        Reason::NotEnoughSeats { .. } => 10,
    }
}

fn of_item(request: &Request<'_>, day: &Day, item: &Item<'_>, start: Timestamp) -> Option<Reason> {
    let Some(span) = item.span(start) else {
        return Some(Reason::OutsideHours);
    };
    let is_open = |at: usize| day.is_open(request, at, item, span);
    // The hours of one who works when the business is closed count as open.
    let is_open_for_all = item
        .needs
        .iter()
        .all(|need| need.candidates.iter().any(|at| is_open(*at)));
    let is_business_open = is_open_for_all || day.is_business_open(request, item, span);
    if let (false, Some(closed)) = (is_business_open, day.closed()) {
        return Some(closed.clone());
    }
    if item.service.is_class() && !request.is_session(item.service, span.0) {
        return Some(Reason::NoSession);
    }
    if !is_business_open {
        return Some(Reason::OutsideHours);
    }
    if let Some((id, only)) = item.only {
        if only.is_some_and(|at| !is_open(at)) {
            return Some(Reason::ResourceOff { resource: id.clone() });
        }
        let staff = item.needs.iter().find(|need| need.kind == ResourceKind::Staff);
        if staff.is_none_or(|need| need.candidates.is_empty()) {
            return Some(Reason::NotQualified { resource: id.clone() });
        }
    }
    item.needs
        .iter()
        .find_map(|need| of_need(request, day, item, need, span))
}

fn of_need(request: &Request<'_>, day: &Day, item: &Item<'_>, need: &Need, span: Span) -> Option<Reason> {
    let Some(first) = need.candidates.first() else {
        // Everyone who could do it is unwanted.
        return need
            .unwanted
            .clone()
            .map(|resource| Reason::NotQualified { resource });
    };
    let at_work = need
        .candidates
        .iter()
        .filter(|at| day.is_open(request, **at, item, span));
    let seats = at_work.map(|at| request.free_seats(*at, item, span)).max();
    match seats {
        // Somebody at work is taken says more than somebody is off: another time of the day may do.
        Some(left) if left >= need.seats => None,
        Some(left) if need.kind == ResourceKind::Class => Some(Reason::NotEnoughSeats { left }),
        Some(_) => Some(Reason::Taken),
        None => {
            let resource = request.resources.get(*first)?.id.clone();
            Some(Reason::ResourceOff { resource })
        }
    }
}
