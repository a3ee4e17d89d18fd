//! An activation storm: thousands of conversations of which none is live are written to at the same instant.
//!
//! The server is a new process each time; once Redis knows the conversations, once only the database does. The same
//! storm over the same conversations, by then live, is the yardstick. All messages are due when the round begins, and
//! each wait counts from then. Who is sent away (503 with `Retry-After`) comes again as told, and waits on meanwhile.

use std::time::Duration;

use super::figures::{figure, median};
use super::load::{Heard, Load, Pace, Pairs, SentAway};
use super::memory::high_water_mark;
use super::metric::metric;
use super::site::{Server, Site};
use super::tiers::Asked;
use super::top;

const CONVERSATIONS: u32 = 10_000;
/// Nearly as many as one business may have under way at once: three quarters of `server.requests_max`, which is 1,024.
/// With more, the last answers are those of customers who were sent away in the first moment, and who come when a second
/// is over, whatever the server could do by then.
const CONNECTIONS: usize = 700;
const ROUNDS: usize = 3;
/// What they have said before.
const TURNS_BEFORE: u32 = 5;
const LIMIT: Duration = Duration::from_secs(60);

/// What the rounds of one kind were like.
#[derive(Default)]
struct Storms {
    cold: Vec<Heard>,
    /// Cold to live, in messages a second.
    ratios: Vec<f64>,
    /// Database reads per conversation.
    reads: Vec<f64>,
    /// How many of a hundred contexts came from Redis.
    from_redis: Vec<f64>,
    memory: Vec<f64>,
}

/// Answers with the number of errors.
pub(crate) async fn run(site: &Site) -> u64 {
    let mut frontdesk = site.frontdesk("storm").await;
    let mut errors = 0;
    for _ in 0..TURNS_BEFORE {
        let all = Load {
            pairs: Pairs::Each(0..CONVERSATIONS),
            ..top::load(frontdesk.address, LIMIT)
        };
        errors += top::complain("before", &all.run().await);
    }
    let (mut live, mut redis, mut database) = (Vec::new(), Storms::default(), Storms::default());
    for _ in 0..ROUNDS {
        for (name, knows, storms) in [("redis", true, &mut redis), ("database", false, &mut database)] {
            if knows && !site.has_redis() {
                continue;
            }
            frontdesk.stop().await;
            if !knows {
                site.empty_redis();
            }
            frontdesk = site.frontdesk_again("storm", &[]);
            storms.add(site, name, &frontdesk).await;
            let heard = top::measure(site, "live", &frontdesk, storm(&frontdesk)).await;
            storms.compare(&heard);
            live.push(heard);
        }
    }
    report("live", &live);
    for (name, storms) in [("redis", &redis), ("database", &database)] {
        if storms.cold.is_empty() {
            continue;
        }
        report(name, &storms.cold);
        let of = |what: &[f64]| median(what.iter().copied());
        figure(&format!("storm_{name}_to_live"), of(&storms.ratios), "x");
        figure(&format!("storm_{name}_reads"), of(&storms.reads), "/conversation");
        figure(
            &format!("storm_{name}_contexts_shared"),
            of(&storms.from_redis),
            "%",
        );
        let most = storms.memory.iter().copied().fold(0.0, f64::max);
        figure(&format!("storm_{name}_memory"), most, "MiB");
    }
    let all = live.iter().chain(&redis.cold).chain(&database.cold);
    errors += all.map(|heard| heard.errors).sum::<u64>();
    figure("storm_errors", errors as f64, "answers");
    errors
}

/// Everybody at once.
fn storm(frontdesk: &Server) -> Load {
    Load {
        connections: CONNECTIONS,
        pairs: Pairs::Each(0..CONVERSATIONS),
        pace: Pace::AtOnce(LIMIT),
        sent_away: SentAway::ComesAgain,
        ..top::load(frontdesk.address, LIMIT)
    }
}

impl Storms {
    async fn add(&mut self, site: &Site, name: &str, frontdesk: &Server) {
        let reads = || metric(frontdesk.address, "frontdesk_store_reads_total");
        let (asked_before, before) = (Asked::of(frontdesk.address).await, reads().await);
        let heard = top::measure(site, name, frontdesk, storm(frontdesk)).await;
        let (after, asked) = (reads().await, Asked::of(frontdesk.address).await - asked_before);
        let conversations = f64::from(CONVERSATIONS);
        self.reads.push((after - before) / conversations);
        self.from_redis.push(asked.shared.hits / conversations * 100.0);
        // The process has done nothing else yet.
        self.memory.push(high_water_mark(frontdesk.pid()));
        self.cold.push(heard);
    }

    /// With the storm over the same conversations when they were live.
    fn compare(&mut self, live: &Heard) {
        let cold = self.cold.last().map_or(f64::NAN, Heard::per_second);
        self.ratios.push(cold / live.per_second());
    }
}

fn report(name: &str, rounds: &[Heard]) {
    let of = |what: &dyn Fn(&Heard) -> f64| median(rounds.iter().map(what));
    let figure = |what: &str, value, unit| figure(&format!("storm_{name}_{what}"), value, unit);
    figure("per_second", of(&Heard::per_second), "/s");
    figure("p50", of(&|heard| heard.permille(500)), "ms");
    figure("p99", of(&|heard| heard.permille(990)), "ms");
    figure("last", of(&|heard| heard.permille(1_000)), "ms");
    figure("sent_away", of(&|heard| heard.refusals.len() as f64), "answers");
}
