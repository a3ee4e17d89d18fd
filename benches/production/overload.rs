//! Twice what the server can do, by many who do not wait for each other: what is still answered, how soon the rest is
//! refused, and how soon all is well again when the load falls.
//!
//! Once all businesses together are asked too much, so that the house is full; once a single one is, so that its share
//! is spent.

use std::time::Duration;

use super::businesses;
use super::figures::{self, figure, median};
use super::load::{Asked, BUSINESS, Heard, Load, Pace, SentAway};
use super::site::{Server, Site};
use super::top;

const BUSINESSES: u32 = 50;
/// As many as the server lets in with its usual settings, less a few: more than it works on at once.
const CONNECTIONS: usize = 4_000;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(5);
/// How long is looked at what follows.
const AFTERWARDS: Duration = Duration::from_secs(6);
/// Time is looked at in pieces of this length.
const PIECE: Duration = Duration::from_millis(250);
/// All is well again when nobody is refused and the 99th percentile is no more than so many times what it was before,
/// for a whole second.
const WELL: f64 = 2.0;
const WELL_PIECES: u32 = 4;

/// Answers with the number of errors.
pub(crate) async fn run(site: &Site) -> u64 {
    let frontdesk = site.frontdesk("overload").await;
    businesses::open(frontdesk.address, u64::from(BUSINESSES)).await;
    let mut errors = 0;
    for (name, asked) in [
        ("overload", Asked::Copies(BUSINESSES)),
        ("overload_of_one", Asked::One(BUSINESS)),
    ] {
        let load = Load {
            asked,
            ..top::load(frontdesk.address, ROUND)
        };
        errors += top::touch(load.clone()).await;
        errors += overload(site, &frontdesk, name, &load).await;
    }
    errors
}

async fn overload(site: &Site, frontdesk: &Server, name: &str, load: &Load) -> u64 {
    let at = |rate: f64, lasts| Load {
        pace: Pace::PerSecond(rate, lasts),
        ..load.clone()
    };
    let top = || top::measure(site, "top", frontdesk, load.clone());
    let (mut tops, mut kept, mut twices, mut recovery) =
        (vec![top().await], Vec::new(), Vec::new(), Vec::new());
    let mut errors = 0;
    for round in 0..ROUNDS {
        site.cluster.checkpoint().await;
        let known = tops[round].per_second();
        let before = top::measure(site, "half", frontdesk, at(0.5 * known, ROUND)).await;
        let twice = Load {
            connections: CONNECTIONS,
            sent_away: SentAway::IsAnAnswer,
            ..at(2.0 * known, ROUND)
        };
        let twice = top::measure(site, "twice", frontdesk, twice).await;
        let after = Load {
            sent_away: SentAway::IsAnAnswer,
            ..at(0.5 * known, AFTERWARDS)
        };
        let after = top::measure(site, "after", frontdesk, after).await;
        tops.push(top().await);
        // The machine does not stand still, so that what is kept is seen beside the top rate before and after it.
        let beside = f64::midpoint(known, tops[round + 1].per_second());
        kept.push(100.0 * twice.per_second() / beside);
        recovery.push(recovered(&before, &after).as_secs_f64());
        println!(
            "{} answered ({:.0} %) and {} refused a second; a refusal took {:.1} ms, 99 of 100 below {:.1} ms",
            twice.per_second() as u64,
            kept[round],
            refused(&twice) as u64,
            refusal(&twice, 500),
            refusal(&twice, 990),
        );
        errors += [&before, &twice, &after]
            .iter()
            .map(|heard| heard.errors)
            .sum::<u64>();
        twices.push(twice);
    }
    let of_twice = |what: &dyn Fn(&Heard) -> f64| median(twices.iter().map(what));
    let print = |what: &str, value, unit| figure(&format!("{name}_{what}"), value, unit);
    print("kept_percent", median(kept), "%");
    print("refused_per_second", of_twice(&refused), "/s");
    print("refusal_p50", of_twice(&|twice| refusal(twice, 500)), "ms");
    print("refusal_p99", of_twice(&|twice| refusal(twice, 990)), "ms");
    print("answer_p99", of_twice(&|twice| twice.permille(990)), "ms");
    print("recovery", recovery.into_iter().fold(0.0, f64::max), "s");
    errors + tops.iter().map(|heard| heard.errors).sum::<u64>()
}

/// How many were refused, a second.
fn refused(heard: &Heard) -> f64 {
    heard.refusals.len() as f64 / heard.lasted.as_secs_f64()
}

/// What so many in a thousand refusals did not exceed, in milliseconds.
fn refusal(heard: &Heard, permille: usize) -> f64 {
    figures::permille(heard.refusals.iter().map(|refusal| refusal.took), permille)
}

/// When all was well again, from when the load had fallen; all the time that was looked at, if it never was.
fn recovered(before: &Heard, after: &Heard) -> Duration {
    let bound = before.permille(990) * WELL;
    let pieces = (AFTERWARDS.as_nanos() / PIECE.as_nanos()) as u32;
    let is_well = |piece: u32| {
        let within = |time: Duration| time >= PIECE * piece && time < PIECE * (piece + 1);
        let asked = after.samples.iter().filter(|sample| within(sample.asked));
        // A piece without an answer has no percentile, which is below nothing.
        let p99 = figures::permille(asked.map(|sample| sample.answered - sample.asked), 990);
        p99 <= bound && !after.refusals.iter().any(|refusal| within(refusal.at))
    };
    (0..pieces.saturating_sub(WELL_PIECES))
        .find(|piece| (*piece..piece + WELL_PIECES).all(is_well))
        .map_or(AFTERWARDS, |piece| PIECE * piece)
}
