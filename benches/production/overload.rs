//! Twice what the server can do, by many who do not wait for each other: what is still answered, how soon the rest is
//! refused, and how soon all is well again when the load falls.

use std::time::Duration;

use super::figures::{self, figure, median};
use super::load::{Heard, Load, Pace, SentAway};
use super::site::Site;
use super::top;

/// As many as the server lets in with its usual settings, less a few: more than it works on at once.
const CONNECTIONS: usize = 4_000;
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(6);
/// How long is looked at what follows.
const AFTERWARDS: Duration = Duration::from_secs(8);
/// Time is looked at in pieces of this length.
const PIECE: Duration = Duration::from_millis(250);
/// All is well again when nobody is refused and the 99th percentile is no more than so many times what it was before,
/// for a whole second.
const WELL: f64 = 2.0;
const WELL_PIECES: u32 = 4;

/// Answers with the number of errors.
pub(crate) async fn run(site: &Site) -> u64 {
    let frontdesk = site.frontdesk("overload").await;
    let mut errors = top::touch_all(frontdesk.address).await;
    let (mut kept, mut refused, mut soon, mut late, mut waits, mut recovery) = (
        Vec::new(),
        Vec::new(),
        Vec::new(),
        Vec::new(),
        Vec::new(),
        Vec::new(),
    );
    for _ in 0..ROUNDS {
        let top = top::measure(site, "top", &frontdesk, top::load(frontdesk.address, ROUND)).await;
        let at = |times: f64, lasts| Load {
            pace: Pace::PerSecond(top.per_second() * times, lasts),
            ..top::load(frontdesk.address, ROUND)
        };
        let before = top::measure(site, "half", &frontdesk, at(0.5, ROUND)).await;
        let twice = Load {
            connections: CONNECTIONS,
            sent_away: SentAway::IsAnAnswer,
            ..at(2.0, ROUND)
        };
        let twice = top::measure(site, "twice", &frontdesk, twice).await;
        let after = Load {
            sent_away: SentAway::IsAnAnswer,
            ..at(0.5, AFTERWARDS)
        };
        let after = top::measure(site, "after", &frontdesk, after).await;
        errors += [&top, &before, &twice, &after]
            .iter()
            .map(|heard| heard.errors)
            .sum::<u64>();
        let took = || twice.refusals.iter().map(|refusal| refusal.took);
        println!(
            "{} answered and {} refused a second; a refusal took {:.1} ms, 99 of 100 below {:.1} ms",
            (twice.per_second()) as u64,
            (twice.refusals.len() as f64 / ROUND.as_secs_f64()) as u64,
            figures::permille(took(), 500),
            figures::permille(took(), 990),
        );
        kept.push(100.0 * twice.per_second() / top.per_second());
        refused.push(twice.refusals.len() as f64 / ROUND.as_secs_f64());
        soon.push(figures::permille(took(), 500));
        late.push(figures::permille(took(), 990));
        waits.push(twice.permille(990));
        recovery.push(recovered(&before, &after).as_secs_f64());
    }
    figure("overload_kept_percent", median(kept), "%");
    figure("overload_refused_per_second", median(refused), "/s");
    figure("overload_refusal_p50", median(soon), "ms");
    figure("overload_refusal_p99", median(late), "ms");
    figure("overload_answer_p99", median(waits), "ms");
    figure("overload_recovery", recovery.into_iter().fold(0.0, f64::max), "s");
    errors
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
