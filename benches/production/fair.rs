//! A flood for one business, beside another whose customers write steadily: what the flood costs them.

use std::time::Duration;

use super::businesses;
use super::figures::{figure, median};
use super::load::{Asked, Heard, Load, Pace};
use super::site::Site;
use super::top;

/// What the steady business gets a second.
const STEADY: f64 = 300.0;
/// How many times as much the flood brings.
const TIMES: f64 = 4.0;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(4);

/// Answers with the number of errors.
pub(crate) async fn run(site: &Site) -> u64 {
    let frontdesk = site.frontdesk("fair").await;
    businesses::open(frontdesk.address, 1).await;
    let every = || Load {
        asked: Asked::Copies(1),
        connections: 32,
        ..top::load(frontdesk.address, ROUND)
    };
    let steady = || Load {
        pace: Pace::PerSecond(STEADY, ROUND),
        ..every()
    };
    let flood = |pace| Load {
        pace,
        ..top::load(frontdesk.address, ROUND)
    };
    // Every conversation of both has begun.
    let mut errors = top::touch_all(frontdesk.address).await;
    errors += top::touch(every()).await;
    let (mut alone, mut beside, mut beside_all) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        site.cluster.checkpoint().await;
        alone.push(top::measure(site, "alone", &frontdesk, steady()).await);
        for (pace, heard) in [
            (Pace::PerSecond(STEADY * TIMES, ROUND), &mut beside),
            // As much as it can take.
            (Pace::AsAnswered(ROUND), &mut beside_all),
        ] {
            let other = flood(pace);
            let (one, other) = tokio::join!(top::measure(site, "beside", &frontdesk, steady()), other.run());
            errors += top::complain("the flood", &other);
            heard.push(one);
        }
    }
    let p99 = |heard: &[Heard]| median(heard.iter().map(|heard| heard.permille(990)));
    let ratio = |heard: &[Heard]| {
        let pairs = heard.iter().zip(&alone);
        median(pairs.map(|(beside, alone)| beside.permille(990) / alone.permille(990)))
    };
    figure("fair_p99_alone", p99(&alone), "ms");
    figure("fair_p99_beside", p99(&beside), "ms");
    figure("fair_p99_ratio", ratio(&beside), "x");
    figure("fair_p99_beside_all", p99(&beside_all), "ms");
    figure("fair_p99_ratio_all", ratio(&beside_all), "x");
    errors
        + alone
            .iter()
            .chain(&beside)
            .chain(&beside_all)
            .map(|heard| heard.errors)
            .sum::<u64>()
}
