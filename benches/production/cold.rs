//! The first answer of a conversation that is not live, by the tier that still knows it.
//!
//! - `local`: its actor has left, and the process's cache has its context.
//! - `shared`: the process is a new one, and Redis has it.
//! - `durable`: only the database has it.
//! - `new`: nobody has, because the customer was never seen before.
//!
//! Each conversation is asked a second time soon after, when its actor lives: that is the yardstick, of the same
//! seconds, the same process and the same customers. The server's own counts must say that the tier which is meant
//! has answered; else it is an error.

use std::ops::Range;
use std::time::Duration;

use tokio::time::Instant;

use super::figures::{figure, median, permille};
use super::load::{Heard, Load, Pairs};
use super::metric::metric;
use super::site::{Server, Site};
use super::tiers::Asked;
use super::top;

/// For each number of connections.
const CONVERSATIONS: u32 = 2_000;
const CONNECTIONS: [usize; 2] = [1, 16];
/// So many are asked for the first time, and then all of them again.
const BLOCK: u32 = 400;
/// A conversation remembers its last 20 messages: these are as long as they get.
const TURNS_BEFORE: u32 = 10;
/// An actor of the first server leaves after so long: long enough to be there still when its block is asked again.
const IDLE_SECONDS: &str = "5";
/// The process's cache holds them all, whatever they weigh.
const CACHE_BYTES: &str = "1000000000";
/// More than a block ever takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// Whom nobody has seen before: those who are measured, and those who only see to it that connections to the database
/// are there, as they are in a process that has run for a minute.
const STRANGERS: u32 = 1_000_000;
const FIRST_IN: u32 = 2_000_000;
const FIRST_INS: u32 = 200;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Known {
    Local,
    Shared,
    Durable,
    New,
}

impl Known {
    const fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Shared => "shared",
            Self::Durable => "durable",
            Self::New => "new",
        }
    }

    /// How many of the first answers came from this tier.
    fn answered(self, asked: Asked, conversations: f64) -> f64 {
        match self {
            // A turn finds its context in its actor, which is counted too.
            Self::Local => asked.local.hits - conversations,
            Self::Shared => asked.shared.hits,
            Self::Durable => asked.durable.hits,
            Self::New => asked.durable.misses,
        }
    }
}

/// Waits of the first answers, and of the second ones.
#[derive(Default)]
struct Waits {
    first: Vec<Duration>,
    second: Vec<Duration>,
    /// Of the medians of each block.
    ratios: Vec<f64>,
}

/// Answers with the number of errors.
pub(crate) async fn run(site: &Site) -> u64 {
    println!(
        "{:>9} {:>12} {:>9} {:>9}   live: {:>9} {:>9} {:>9}",
        "known to", "connections", "p50 ms", "p99 ms", "p50 ms", "p99 ms", "ratio"
    );
    let mut live = CONNECTIONS.map(|_| Vec::new());
    let settings = [
        ("FRONTDESK_CONVERSATION__ACTOR_IDLE_SECONDS", IDLE_SECONDS),
        ("FRONTDESK_CACHE__BYTES_MAX", CACHE_BYTES),
    ];
    let frontdesk = site.frontdesk_with("cold", &settings).await;
    let all = CONVERSATIONS * CONNECTIONS.len() as u32;
    let mut errors = 0;
    for _ in 0..TURNS_BEFORE {
        let heard = ask(&frontdesk, top::CONNECTIONS, 0..all).await;
        errors += top::complain("before", &heard);
    }
    errors += until_all_have_left(&frontdesk).await;
    errors += measure(&frontdesk, Known::Local, &mut live).await;
    frontdesk.stop().await;

    if site.has_redis() {
        let frontdesk = again(site, &mut errors).await;
        errors += measure(&frontdesk, Known::Shared, &mut live).await;
        frontdesk.stop().await;
        site.empty_redis();
    }
    let frontdesk = again(site, &mut errors).await;
    errors += measure(&frontdesk, Known::Durable, &mut live).await;
    // Their second answers are no yardstick for the others: they have hardly a past.
    errors += measure(&frontdesk, Known::New, &mut CONNECTIONS.map(|_| Vec::new())).await;
    for (connections, waits) in CONNECTIONS.iter().zip(&live) {
        let waits = || waits.iter().copied();
        figure(
            &format!("cold_live_{connections}_p50"),
            permille(waits(), 500),
            "ms",
        );
        figure(
            &format!("cold_live_{connections}_p99"),
            permille(waits(), 990),
            "ms",
        );
    }
    errors
}

/// A new process on the same database.
async fn again(site: &Site, errors: &mut u64) -> Server {
    let frontdesk = site.frontdesk_again("cold", &[]);
    // By customers whom nobody else asks for.
    let heard = ask(&frontdesk, top::CONNECTIONS, FIRST_IN..FIRST_IN + FIRST_INS).await;
    *errors += top::complain("the first in", &heard);
    frontdesk
}

/// Asks each of these once.
async fn ask(frontdesk: &Server, connections: usize, whom: Range<u32>) -> Heard {
    let load = Load {
        connections,
        pairs: Pairs::Each(whom),
        ..top::load(frontdesk.address, PATIENCE)
    };
    load.run().await
}

/// The first server has let every conversation go.
async fn until_all_have_left(frontdesk: &Server) -> u64 {
    let begun = Instant::now();
    while metric(frontdesk.address, "frontdesk_actors").await > 0.0 {
        if begun.elapsed() > PATIENCE {
            println!("cold: ERROR, conversations stay although nobody writes");
            return 1;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    0
}

/// Answers with the number of errors.
async fn measure(frontdesk: &Server, known: Known, live: &mut [Vec<Duration>]) -> u64 {
    let mut errors = 0;
    let first = if known == Known::New { STRANGERS } else { 0 };
    for (place, connections) in (0..).zip(CONNECTIONS) {
        let mut waits = Waits::default();
        let begin = first + place * CONVERSATIONS;
        for from in (begin..begin + CONVERSATIONS).step_by(BLOCK as usize) {
            errors += block(frontdesk, known, connections, from..from + BLOCK, &mut waits).await;
        }
        report(known, connections, &waits);
        live[place as usize].extend(waits.second);
    }
    errors
}

/// Asks some for the first time, and all of them again. Answers with the number of errors.
async fn block(
    frontdesk: &Server,
    known: Known,
    connections: usize,
    whom: Range<u32>,
    waits: &mut Waits,
) -> u64 {
    let conversations = whom.len() as f64;
    let before = Asked::of(frontdesk.address).await;
    let first = ask(frontdesk, connections, whom.clone()).await;
    let between = Asked::of(frontdesk.address).await;
    let second = ask(frontdesk, connections, whom).await;
    let after = Asked::of(frontdesk.address).await;

    let mut errors = top::complain(known.name(), &first) + top::complain("live", &second);
    let asked = between - before;
    let elsewhere = (conversations - known.answered(asked, conversations)).abs();
    if is_wrong(known, elsewhere, conversations) {
        println!(
            "{}: ERROR, {elsewhere} of {conversations} answered by another tier: {asked:?}",
            known.name()
        );
        errors += 1;
    }
    let asked = after - between;
    // A live conversation asks nobody.
    let loaded = asked.local.hits - conversations + asked.local.misses;
    if loaded != 0.0 {
        println!("live: ERROR, {loaded} of {conversations} were not: {asked:?}");
        errors += 1;
    }
    waits.ratios.push(first.permille(500) / second.permille(500));
    waits.first.extend(first.waits());
    waits.second.extend(second.waits());
    errors
}

/// A read of Redis has 50 ms, which a busy machine may exceed now and then; nothing else may go elsewhere.
fn is_wrong(known: Known, elsewhere: f64, conversations: f64) -> bool {
    match known {
        Known::Shared => elsewhere > conversations / 100.0,
        Known::Local | Known::Durable | Known::New => elsewhere > 0.0,
    }
}

fn report(known: Known, connections: usize, waits: &Waits) {
    let of = |waits: &[Duration], at| permille(waits.iter().copied(), at);
    let (p50, p99) = (of(&waits.first, 500), of(&waits.first, 990));
    let ratio = median(waits.ratios.iter().copied());
    println!(
        "{:>9} {connections:>12} {p50:>9.2} {p99:>9.2}         {:>9.2} {:>9.2} {ratio:>9.2}",
        known.name(),
        of(&waits.second, 500),
        of(&waits.second, 990),
    );
    let name = format!("cold_{}_{connections}", known.name());
    figure(&format!("{name}_p50"), p50, "ms");
    figure(&format!("{name}_p99"), p99, "ms");
    figure(&format!("{name}_to_live"), ratio, "x");
}
