//! Finds who and what serves a visit at one start.
//!
//! A search with backtracking over the needs of all items, forward in time. Its size is bounded: visits have few
//! items, items that can be exchanged are tried in one order only, and past [`STEPS_MAX`] the start counts as taken.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::day::Day;
use super::request::{Item, Request};
use crate::booking::catalogue::ResourceKind;
use crate::booking::hours::Span;
use crate::booking::visit::{Allocation, Plan};

/// How many candidates are tried for one start at most. Reached only by large parties with awkward needs.
const STEPS_MAX: u32 = 1_000;

/// The plan for a visit that starts at `start`, if there is one.
pub(super) fn plan(request: &Request<'_>, day: &Day, start: Timestamp) -> Option<Plan> {
    let mut posts = Vec::with_capacity(request.items.len());
    for (item_at, item) in request.items.iter().enumerate() {
        let span = item.span(start)?;
        if item.service.is_class() && !request.is_session(item.service, span.0) {
            return None;
        }
        let blocked = item.blocked(span)?;
        for need_at in 0..item.needs.len() {
            posts.push(Post {
                item_at,
                need_at,
                span,
                blocked,
            });
        }
    }
    if has_too_few_seats(request, day, &posts) {
        return None;
    }
    let has_sequence = request.items.iter().any(|item| item.previous.is_some());
    // The same person for all items of one customer, when that is possible.
    let keepings: &[bool] = if has_sequence { &[true, false] } else { &[false] };
    keepings.iter().find_map(|keeps_staff| {
        let mut search = Search {
            request,
            day,
            posts: &posts,
            keeps_staff: *keeps_staff,
            chosen: Vec::with_capacity(posts.len()),
            steps_left: STEPS_MAX,
        };
        search.fill().then(|| search.plan(start)).flatten()
    })
}

/// Whether more items start at the same time than there are free seats among all who could serve them. It costs
/// one look at each, where the search would try every way to seat too few.
fn has_too_few_seats(request: &Request<'_>, day: &Day, posts: &[Post]) -> bool {
    if request.items.len() == 1 {
        return false;
    }
    let firsts: Vec<&Post> = posts.iter().filter(|post| post.need_at == 0).collect();
    firsts.chunk_by(|a, b| a.span.0 == b.span.0).any(|at_once| {
        let mut wanted: u32 = 0;
        let mut free: BTreeMap<usize, u32> = BTreeMap::new();
        for post in at_once {
            let Some(item) = request.items.get(post.item_at) else {
                continue;
            };
            let Some(need) = item.needs.first() else { continue };
            wanted = wanted.saturating_add(need.seats);
            // A twin is served by the same people as the one before it, and a single item needs no sum.
            if item.twin.is_some() || at_once.len() == 1 {
                continue;
            }
            for resource in need
                .candidates
                .iter()
                .filter(|at| day.is_open(request, **at, item, post.span))
            {
                let seats = free.entry(*resource).or_default();
                // Buffers may make way for the items of the same visit, so only the visible span counts here.
                *seats = (*seats).max(request.seats_free_for(*resource, post.span));
            }
        }
        let sum = free
            .values()
            .fold(0, |sum: u32, seats| sum.saturating_add(*seats));
        at_once.len() > 1 && sum < wanted
    })
}

/// One need of one item: a place that a resource must take.
struct Post {
    item_at: usize,
    need_at: usize,
    span: Span,
    blocked: Span,
}

/// Who takes a post.
#[derive(Clone)]
struct Choice {
    /// The post's item.
    item_at: usize,
    kind: ResourceKind,
    resource: usize,
    /// Its place in the order in which the candidates were tried.
    rank: usize,
    /// The seats, each with what is blocked there.
    seats: Vec<(u32, Span)>,
    span: Span,
}

struct Search<'a, 'q> {
    request: &'a Request<'q>,
    day: &'a Day,
    posts: &'a [Post],
    keeps_staff: bool,
    chosen: Vec<Choice>,
    steps_left: u32,
}

impl Search<'_, '_> {
    /// Fills the posts that are not filled yet; leaves the chosen as they were when it cannot.
    fn fill(&mut self) -> bool {
        let Some(post) = self.posts.get(self.chosen.len()) else {
            return true;
        };
        for (rank, resource) in self.candidates(post).into_iter().enumerate() {
            if self.steps_left == 0 {
                return false;
            }
            self.steps_left -= 1;
            if rank < self.least_rank(post) {
                continue;
            }
            let Some(choice) = self.choice(post, resource, rank) else {
                continue;
            };
            self.chosen.push(choice);
            if self.fill() {
                return true;
            }
            self.chosen.pop();
        }
        false
    }

    fn item(&self, post: &Post) -> Option<&Item<'_>> {
        self.request.items.get(post.item_at)
    }

    /// Who could take a post, best first.
    fn candidates(&self, post: &Post) -> Vec<usize> {
        let Some(item) = self.item(post) else {
            return Vec::new();
        };
        let Some(need) = item.needs.get(post.need_at) else {
            return Vec::new();
        };
        let before = item
            .previous
            .and_then(|previous| self.chosen_for(previous, need.kind));
        let is_staff = need.kind == ResourceKind::Staff;
        let must_stay = is_staff && (self.keeps_staff || item.service.add_on);
        if let (true, Some(before)) = (must_stay, before) {
            let is_able = need.candidates.contains(&before.resource);
            return is_able.then_some(before.resource).into_iter().collect();
        }
        let mut candidates = need.candidates.clone();
        if is_staff {
            // The sort is stable: among equals the order of preference stands.
            candidates.sort_by_key(|resource| self.day.occupied_s(*resource));
        }
        if let Some(before) = before {
            candidates.sort_by_key(|resource| *resource != before.resource);
        }
        candidates
    }

    fn chosen_for(&self, item_at: usize, kind: ResourceKind) -> Option<&Choice> {
        self.chosen
            .iter()
            .find(|choice| choice.item_at == item_at && choice.kind == kind)
    }

    /// Of two people with the same wish, the second need not try whom the first has already passed over.
    fn least_rank(&self, post: &Post) -> usize {
        let twin = self
            .item(post)
            .and_then(|item| item.twin)
            .filter(|_| post.need_at == 0);
        twin.and_then(|twin| self.chosen.iter().find(|choice| choice.item_at == twin))
            .map_or(0, |choice| choice.rank)
    }

    fn choice(&self, post: &Post, resource: usize, rank: usize) -> Option<Choice> {
        let item = self.item(post)?;
        let need = item.needs.get(post.need_at)?;
        let is_used_by_item = self
            .chosen
            .iter()
            .any(|choice| choice.item_at == post.item_at && choice.resource == resource);
        if is_used_by_item || !self.day.is_open(self.request, resource, item, post.span) {
            return None;
        }
        let known = self.request.resources.get(resource)?;
        let wanted = usize::try_from(need.seats).ok()?;
        let mut seats = Vec::new();
        for seat in 1..=known.capacity {
            let Some(blocked) = self.blocked_at(post, resource, seat) else {
                continue;
            };
            if !self.request.is_free(resource, seat, blocked) {
                continue;
            }
            seats.push((seat, blocked));
            if seats.len() == wanted {
                let (item_at, kind) = (post.item_at, need.kind);
                return Some(Choice {
                    item_at,
                    kind,
                    resource,
                    rank,
                    seats,
                    span: post.span,
                });
            }
        }
        None
    }

    /// What a post would block at a seat, next to what the same visit has there already; `None` when the two meet.
    ///
    /// Between two items of one visit at one seat a buffer makes way, because nobody leaves in between; it is not
    /// lost, but moves behind the second.
    fn blocked_at(&self, post: &Post, resource: usize, seat: u32) -> Option<Span> {
        let (mut from, mut until) = post.blocked;
        for (other, other_blocked) in self.at(resource, seat) {
            if post.span.0 < other.1 && other.0 < post.span.1 {
                return None;
            }
            let cut = other_blocked.1.min(post.span.0);
            from = from.max(cut);
            if cut < other_blocked.1 {
                let buffer: SignedDuration = other.1.duration_until(other_blocked.1);
                until = until.max(post.span.1.checked_add(buffer).ok()?);
            }
        }
        Some((from, until))
    }

    /// What the visit has at a seat already: visible and blocked spans.
    fn at(&self, resource: usize, seat: u32) -> impl Iterator<Item = (Span, Span)> {
        let of_resource = self
            .chosen
            .iter()
            .filter(move |choice| choice.resource == resource);
        let at_seat = move |choice: &Choice| {
            choice
                .seats
                .iter()
                .find(|(other, _)| *other == seat)
                .map(|(_, blocked)| (choice.span, *blocked))
        };
        of_resource.filter_map(at_seat)
    }

    fn plan(&self, start: Timestamp) -> Option<Plan> {
        let mut allocations = Vec::new();
        for choice in &self.chosen {
            let item = self.request.items.get(choice.item_at)?;
            for (seat, blocked) in &choice.seats {
                // The next item of the visit at this seat cuts the buffer short.
                let next = self
                    .at(choice.resource, *seat)
                    .map(|(other, _)| other.0)
                    .filter(|other| *other >= choice.span.1)
                    .min();
                allocations.push(Allocation {
                    item: item.index,
                    service: item.service.id.clone(),
                    resource: self.request.resources.get(choice.resource)?.id.clone(),
                    seat: *seat,
                    starts_at: choice.span.0,
                    ends_at: choice.span.1,
                    blocked_from: blocked.0,
                    blocked_until: next.map_or(blocked.1, |next| blocked.1.min(next)),
                });
            }
        }
        allocations.sort_by_key(|allocation| (allocation.starts_at, allocation.item));
        let ends_at = allocations.iter().map(|allocation| allocation.ends_at).max()?;
        Some(Plan {
            starts_at: start,
            ends_at,
            allocations,
        })
    }
}
