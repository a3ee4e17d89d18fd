//! A question with its names resolved: what is to be planned, and whom it could be planned with.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::day::{Day, Days};
use super::starts;
use super::{Question, Reason};
use crate::booking::calendar::Seats;
use crate::booking::catalogue::{Resource, ResourceKind, Service};
use crate::booking::hours::{LocalInstant, Span, instant_of, shifted};
use crate::booking::visit::{ITEMS_MAX, StaffWish, WishItem};
use crate::types::ResourceId;

/// A question, resolved.
pub(super) struct Request<'a> {
    pub(super) question: Question<'a>,
    /// By start, then in the order of the wish.
    pub(super) items: Vec<Item<'a>>,
    /// Everything that could be occupied, in the order of the catalogue; items refer to it by position.
    pub(super) resources: Vec<&'a Resource>,
    /// Their seats in the calendar.
    seats: Vec<Seats<'a>>,
    /// The first instant that the notice allows.
    earliest: Timestamp,
    today: Date,
    last_day: Date,
}

/// One item of the wish.
pub(super) struct Item<'a> {
    /// Its place in the wish.
    pub(super) index: u32,
    pub(super) service: &'a Service,
    /// How long after the start of the visit it starts.
    pub(super) offset: SignedDuration,
    pub(super) needs: Vec<Need>,
    /// Who was asked for by name, and their place among the resources; none when there is no such member of staff.
    pub(super) only: Option<(&'a ResourceId, Option<usize>)>,
    /// The item of the same person before it.
    pub(super) previous: Option<usize>,
    /// An item of another person that is like it in everything: the two can be exchanged, so only one order of
    /// them needs to be tried.
    pub(super) twin: Option<usize>,
}

/// What one item needs of one kind.
pub(super) struct Need {
    pub(super) kind: ResourceKind,
    /// Who would do, in the order of preference, after the wish about staff.
    pub(super) candidates: Vec<usize>,
    /// Somebody who would do but for the wish; says why when there are no candidates.
    pub(super) unwanted: Option<ResourceId>,
    /// How many seats of it.
    pub(super) seats: u32,
}

impl Item<'_> {
    /// The visible span in a visit that starts at `start`; `None` at the end of time.
    pub(super) fn span(&self, start: Timestamp) -> Option<Span> {
        let from = shifted(start, self.offset.as_secs())?;
        Some((from, shifted(from, 60 * i64::from(self.service.duration_min))?))
    }

    /// A visible span with the buffers; `None` at the end of time.
    pub(super) fn blocked(&self, span: Span) -> Option<Span> {
        let before = shifted(span.0, -60 * i64::from(self.service.buffer_before_min))?;
        Some((
            before,
            shifted(span.1, 60 * i64::from(self.service.buffer_after_min))?,
        ))
    }
}

impl<'a> Request<'a> {
    /// Resolves a question.
    ///
    /// # Errors
    /// `NotBookable`: a service is unknown or not booked online, an add-on has nothing to be added to, seats are
    /// asked of what has none, or the wish is empty or endless.
    pub(super) fn new(question: Question<'a>) -> Result<Self, Reason> {
        let wish = question.wish;
        let is_sensible_size = (1..=usize::try_from(ITEMS_MAX).unwrap_or(0)).contains(&wish.items.len());
        if !is_sensible_size {
            return Err(Reason::NotBookable);
        }
        let resources: Vec<&Resource> = question.catalogue.resources.iter().filter(|r| r.active).collect();
        let mut items: Vec<Item<'a>> = Vec::with_capacity(wish.items.len());
        let mut index = 0;
        let mut track_before: Option<&[WishItem]> = None;
        for track in wish.tracks() {
            let is_like_before = track_before.replace(track) == Some(track);
            let mut offset = SignedDuration::ZERO;
            let first_of_track = items.len();
            for wished in track {
                let previous = items
                    .len()
                    .checked_sub(1)
                    .filter(|previous| *previous >= first_of_track);
                let mut item = resolve(question, &resources, wished, previous.and_then(|p| items.get(p)))?;
                item.index = index;
                item.offset = offset;
                item.previous = previous;
                // The twin of the head of a track is the head of the track before it.
                item.twin = (is_like_before && previous.is_none())
                    .then(|| first_of_track.checked_sub(track.len()))
                    .flatten();
                offset += SignedDuration::from_mins(i64::from(item.service.duration_min));
                index += 1;
                items.push(item);
            }
        }
        let notice_min = items
            .iter()
            .map(|item| {
                item.service
                    .min_notice_min
                    .unwrap_or(question.catalogue.policies.min_notice_min)
            })
            .max()
            .unwrap_or(0);
        let notice = SignedDuration::from_mins(i64::from(notice_min));
        let today = question.catalogue.time_zone.to_datetime(question.now).date();
        let mut request = Self {
            question,
            items,
            resources,
            seats: Vec::new(),
            earliest: question.now.checked_add(notice).unwrap_or(Timestamp::MAX),
            today,
            last_day: today.saturating_add(i64::from(question.catalogue.policies.horizon_days).days()),
        };
        request.keep_only_used_resources();
        request.order_by_start();
        Ok(request)
    }

    /// Whoever cannot be part of any plan costs nothing.
    fn keep_only_used_resources(&mut self) {
        let used = |at: &usize| {
            self.items.iter().any(|item| {
                item.only.is_some_and(|(_, only)| only == Some(*at))
                    || item.needs.iter().any(|need| need.candidates.contains(at))
            })
        };
        let kept: Vec<usize> = (0..self.resources.len()).filter(used).collect();
        let moved = |at: usize| kept.iter().position(|old| *old == at);
        for item in &mut self.items {
            item.only = item.only.map(|(id, only)| (id, only.and_then(moved)));
            for need in &mut item.needs {
                need.candidates = need.candidates.iter().filter_map(|at| moved(*at)).collect();
            }
        }
        self.resources = kept
            .iter()
            .filter_map(|at| self.resources.get(*at).copied())
            .collect();
        let calendar = self.question.calendar;
        self.seats = self
            .resources
            .iter()
            .map(|resource| calendar.seats_of(&resource.id))
            .collect();
    }

    /// The planner goes forward in time, so that a buffer can make way for the next item at the same seat.
    fn order_by_start(&mut self) {
        let mut order: Vec<usize> = (0..self.items.len()).collect();
        order.sort_by_key(|at| self.items.get(*at).map(|item| item.offset));
        let moved = |at: Option<usize>| at.and_then(|at| order.iter().position(|old| *old == at));
        for item in &mut self.items {
            item.previous = moved(item.previous);
            item.twin = moved(item.twin);
        }
        self.items.sort_by_key(|item| item.offset);
    }

    /// The rules that look only at the clock: past, notice, horizon.
    pub(super) fn check_limits(&self, start: Timestamp, date: Date) -> Result<(), Reason> {
        if start < self.question.now {
            return Err(Reason::Past);
        }
        if start < self.earliest {
            let earliest = starts::next_on_grid(self.question.catalogue, self.earliest);
            return Err(Reason::TooSoon { earliest });
        }
        if date > self.last_day {
            return Err(Reason::TooFar {
                last_day: self.last_day,
            });
        }
        Ok(())
    }

    /// Why nothing at all is free on a day, if that is so before any start is tried.
    pub(super) fn whole_day_refusal(&self, days: &mut Days, date: Date) -> Option<Reason> {
        if date < self.today {
            return Some(Reason::Past);
        }
        if date > self.last_day {
            return Some(Reason::TooFar {
                last_day: self.last_day,
            });
        }
        let day = days.of(self, date);
        day.closed().filter(|_| day.is_without_hours()).cloned()
    }

    pub(super) fn has_class(&self) -> bool {
        self.items.iter().any(|item| item.service.is_class())
    }

    /// Whether an item that starts at `start` starts with a session, as a class must.
    pub(super) fn is_session(&self, service: &Service, start: Timestamp) -> bool {
        let zone = &self.question.catalogue.time_zone;
        let local = zone.to_datetime(start);
        // Of a session at a time that exists twice, the first takes place.
        let is_first = match instant_of(zone, local) {
            LocalInstant::One(instant) | LocalInstant::Twice { first: instant, .. } => instant == start,
            LocalInstant::Gap { .. } => false,
        };
        is_first
            && service
                .sessions
                .iter()
                .any(|session| session.weekday == local.weekday() && session.start == local.time())
    }

    /// The free seats of the first class of the wish at its session at `start`.
    pub(super) fn seats_left(&self, day: &Day, start: Timestamp) -> u32 {
        let Some(item) = self.items.iter().find(|item| item.service.is_class()) else {
            return 0;
        };
        let Some(span) = item.span(start) else { return 0 };
        if !self.is_session(item.service, span.0) {
            return 0;
        }
        let candidates = item.needs.iter().flat_map(|need| &need.candidates);
        candidates
            .filter(|at| day.is_open(self, **at, item, span))
            .map(|at| self.free_seats(*at, item, span))
            .sum()
    }

    /// How many seats of a resource are free for an item, the rest of the visit left out of account.
    pub(super) fn free_seats(&self, resource: usize, item: &Item<'_>, span: Span) -> u32 {
        item.blocked(span)
            .map_or(0, |blocked| self.seats_free_for(resource, blocked))
    }

    /// How many seats of a resource nobody else blocks within a span.
    pub(super) fn seats_free_for(&self, resource: usize, span: Span) -> u32 {
        let capacity = self
            .resources
            .get(resource)
            .map_or(0, |resource| resource.capacity);
        let free = (1..=capacity)
            .filter(|seat| self.is_free(resource, *seat, span))
            .count();
        u32::try_from(free).unwrap_or(u32::MAX)
    }

    /// Whether nobody else blocks a seat within a span.
    pub(super) fn is_free(&self, resource: usize, seat: u32, span: Span) -> bool {
        let Question { now, ignoring, .. } = self.question;
        self.seats
            .get(resource)
            .is_some_and(|seats| seats.is_free(seat, span.0, span.1, now, ignoring))
    }
}

fn resolve<'a>(
    question: Question<'a>,
    resources: &[&'a Resource],
    wished: &'a WishItem,
    previous: Option<&Item<'a>>,
) -> Result<Item<'a>, Reason> {
    let service = question
        .catalogue
        .service(&wished.service)
        .ok_or(Reason::NotBookable)?;
    let is_added_to_nothing = service.add_on && previous.is_none();
    let has_right_seats = if service.is_class() {
        wished.seats >= 1
    } else {
        wished.seats == 1
    };
    if !service.online_bookable || is_added_to_nothing || !has_right_seats {
        return Err(Reason::NotBookable);
    }
    let place = |id: &ResourceId| resources.iter().position(|resource| resource.id == *id);
    let mut only = match &wished.staff {
        StaffWish::Only(id) => {
            let is_staff = |at: &usize| resources.get(*at).is_some_and(|r| r.kind == ResourceKind::Staff);
            Some((id, place(id).filter(is_staff)))
        }
        StaffWish::Anyone | StaffWish::Not(_) => None,
    };
    // An add-on is done by whoever does what it is added to, so that one's name is asked for here too.
    if service.add_on && matches!(wished.staff, StaffWish::Anyone) {
        only = previous.and_then(|previous| previous.only);
    }
    let is_wanted = |at: &usize| match (&wished.staff, only) {
        (_, Some((_, only))) => only == Some(*at),
        (StaffWish::Not(others), None) => resources.get(*at).is_some_and(|r| !others.contains(&r.id)),
        _ => true,
    };
    let mut needs = Vec::with_capacity(service.requirements.len());
    for requirement in &service.requirements {
        let able: Vec<usize> = requirement.any_of.iter().filter_map(place).collect();
        let name = |at: &usize| resources.get(*at).map(|resource| resource.id.clone());
        // Without anyone who could ever do it, the service is not offered.
        let unwanted = Some(able.first().and_then(name).ok_or(Reason::NotBookable)?);
        let is_staff = requirement.kind == ResourceKind::Staff;
        needs.push(Need {
            kind: requirement.kind,
            candidates: able.into_iter().filter(|at| !is_staff || is_wanted(at)).collect(),
            unwanted,
            seats: if requirement.kind == ResourceKind::Class {
                wished.seats
            } else {
                1
            },
        });
    }
    if needs.is_empty() {
        return Err(Reason::NotBookable);
    }
    Ok(Item {
        index: 0,
        service,
        offset: SignedDuration::ZERO,
        needs,
        only,
        previous: None,
        twin: None,
    })
}
