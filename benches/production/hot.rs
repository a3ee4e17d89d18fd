//! One pair that everybody writes to: its messages are answered in order, and nearly as fast as those of many pairs.

use std::time::Duration;

use super::figures::{figure, median};
use super::load::{Heard, Load, Pairs, Sample};
use super::site::Site;
use super::top;

const CONNECTIONS: usize = 16;
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(3);

/// Answers with the number of errors.
pub(crate) async fn run(site: &Site) -> u64 {
    let frontdesk = site.frontdesk("hot").await;
    let mut errors = top::touch_all(frontdesk.address).await;
    let (mut many, mut hot) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        many.push(top::measure(site, "many", &frontdesk, top::load(frontdesk.address, ROUND)).await);
        let one = Load {
            connections: CONNECTIONS,
            pairs: Pairs::One("everybody"),
            ..top::load(frontdesk.address, ROUND)
        };
        hot.push(top::measure(site, "one hot", &frontdesk, one).await);
    }
    let disorder: u64 = hot.iter_mut().map(|heard| disorder(&mut heard.samples)).sum();
    let messages: usize = hot.iter().map(|heard| heard.samples.len()).sum();
    let turns: u64 = hot.iter().map(|heard| turns(&heard.samples)).sum();
    figure(
        "hot_pair_per_second",
        median(hot.iter().map(Heard::per_second)),
        "/s",
    );
    figure(
        "hot_pair_p99",
        median(hot.iter().map(|heard| heard.permille(990))),
        "ms",
    );
    let shares = hot
        .iter()
        .zip(&many)
        .map(|(hot, many)| hot.per_second() / many.per_second());
    figure("hot_pair_to_many", median(shares), "x");
    figure(
        "hot_pair_messages_per_turn",
        messages as f64 / turns as f64,
        "messages",
    );
    figure("hot_pair_out_of_order", disorder as f64, "answers");
    errors += hot.iter().chain(&many).map(|heard| heard.errors).sum::<u64>();
    errors + disorder
}

/// How many turns made these answers: messages that waited together share one.
fn turns(samples: &[Sample]) -> u64 {
    let mut versions: Vec<u64> = samples.iter().map(|sample| sample.version).collect();
    versions.sort_unstable();
    versions.dedup();
    versions.len() as u64
}

/// Counts answers that break the order: a message that was sent after another was answered belongs to a later turn,
/// so its version is greater; and no turn is missing between the first and the last.
fn disorder(samples: &mut [Sample]) -> u64 {
    let mut answered = samples.to_vec();
    answered.sort_unstable_by_key(|sample| sample.answered);
    samples.sort_unstable_by_key(|sample| sample.asked);
    let mut broken = 0;
    // The greatest version that was known when the message at hand was sent.
    let (mut known, mut earlier) = (0, answered.iter().peekable());
    for sample in &*samples {
        while let Some(before) = earlier.next_if(|before| before.answered < sample.asked) {
            known = known.max(before.version);
        }
        broken += u64::from(sample.version <= known);
    }
    let versions = || samples.iter().map(|sample| sample.version);
    let (first, last) = (versions().min().unwrap_or(0), versions().max().unwrap_or(0));
    let missing = last + 1 - first - turns(samples).min(last + 1 - first);
    broken + if samples.is_empty() { 1 } else { missing }
}
