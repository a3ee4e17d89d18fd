//! Many pairs: the top rate against the yardstick and the echo, and the wait at half of it.

use std::net::SocketAddr;
use std::time::Duration;

use super::figures::{figure, median};
use super::load::{ANSWER, Asked, BUSINESS, Heard, Load, Pace, Pairs, QUESTION, SentAway, participant};
use super::site::{Server, Site};
use super::wire::Connection;
use super::{flush, ordinary, processor, role};

pub(crate) const PAIRS: u32 = 10_000;
pub(crate) const CONNECTIONS: usize = 64;
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(4);
/// Without a disk to wait for, an echo is as steady in less.
const ROUND_OF_ECHO: Duration = Duration::from_secs(2);

/// A round at the top rate.
pub(crate) fn load(server: SocketAddr, lasts: Duration) -> Load {
    Load {
        server,
        asked: Asked::One(BUSINESS),
        connections: CONNECTIONS,
        pairs: Pairs::AtRandom(PAIRS),
        pace: Pace::AsAnswered(lasts),
        sent_away: SentAway::IsAnError,
    }
}

/// Asks once for each pair, so that every conversation has begun. Answers with the number of errors.
pub(crate) async fn touch_all(server: SocketAddr) -> u64 {
    touch(load(server, Duration::from_secs(300))).await
}

/// The same for each pair that this load asks for.
pub(crate) async fn touch(load: Load) -> u64 {
    let all = Load {
        pairs: Pairs::Each(0..PAIRS),
        pace: Pace::AsAnswered(Duration::from_secs(300)),
        ..load
    };
    complain("warming up", &all.run().await)
}

/// Prints what went wrong, and answers with how often.
pub(crate) fn complain(what: &str, heard: &Heard) -> u64 {
    if let Some(error) = &heard.first_error {
        println!("{what}: {} ERRORS, the first: {error}", heard.errors);
    }
    heard.errors
}

/// Answers with the number of errors.
pub(crate) async fn run(site: &Site) -> u64 {
    let frontdesk = site.frontdesk("top").await;
    let mut errors = touch_all(frontdesk.address).await;
    let echo = site.role(&[role::ECHO, &reply(&frontdesk).await]);
    let url = site.cluster.database("yardstick").await;
    ordinary::prepare(&url, PAIRS).await;
    let yardstick = site.role(&[role::YARDSTICK, &url]);
    errors += touch_all(yardstick.address).await;
    let _ = load(echo.address, ROUND_OF_ECHO / 2).run().await;

    println!(
        "{:>9} {:>12} {:>9} {:>9}   cores: server  load  PostgreSQL",
        "", "requests/s", "p50 ms", "p99 ms"
    );
    let (mut echoes, mut plain, mut fast, mut turns) = (Vec::new(), Vec::new(), Vec::new(), u64::from(PAIRS));
    for _ in 0..ROUNDS {
        site.cluster.checkpoint().await;
        echoes.push(measure(site, "echo", &echo, load(echo.address, ROUND_OF_ECHO)).await);
        ordinary::age(&url, turns / u64::from(PAIRS)).await;
        plain.push(measure(site, "yardstick", &yardstick, load(yardstick.address, ROUND)).await);
        let heard = measure(site, "frontdesk", &frontdesk, load(frontdesk.address, ROUND)).await;
        turns += heard.samples.len() as u64;
        fast.push(heard);
    }
    errors += echoes
        .iter()
        .chain(&plain)
        .chain(&fast)
        .map(|heard| heard.errors)
        .sum::<u64>();
    let rate = |of: &[Heard]| median(of.iter().map(Heard::per_second));
    let top = rate(&fast);
    figure("requests_per_second", top, "/s");
    figure("yardstick_per_second", rate(&plain), "/s");
    figure("echo_per_second", rate(&echoes), "/s");
    // Each round against its own neighbour in time; the median of the ratios.
    let ratios = fast
        .iter()
        .zip(&plain)
        .map(|(fast, plain)| fast.per_second() / plain.per_second());
    figure("ratio_to_yardstick", median(ratios), "x");
    let shares = fast
        .iter()
        .zip(&echoes)
        .map(|(fast, echo)| fast.per_second() / echo.per_second());
    figure("share_of_echo_percent", median(shares) * 100.0, "%");
    figure(
        "top_rate_p50",
        median(fast.iter().map(|heard| heard.permille(500))),
        "ms",
    );
    figure(
        "top_rate_p99",
        median(fast.iter().map(|heard| heard.permille(990))),
        "ms",
    );
    figure("yardstick_context", ordinary::context_bytes(&url).await, "bytes");
    if !super::site::is_embedded() {
        let context = ordinary::context_bytes(&site.cluster.url("top")).await;
        figure("frontdesk_context", context, "bytes");
    }
    errors + at_half(site, &frontdesk, top).await
}

/// An open loop at half of the top rate.
async fn at_half(site: &Site, frontdesk: &Server, top: f64) -> u64 {
    let (mut p50, mut p99, mut less_flush, mut flushes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut errors = 0;
    for _ in 0..ROUNDS {
        site.cluster.checkpoint().await;
        let flush = flush::measure(site.folder());
        let half = Load {
            pace: Pace::PerSecond(top / 2.0, ROUND),
            ..load(frontdesk.address, ROUND)
        };
        let heard = measure(site, "at half", frontdesk, half).await;
        errors += heard.errors;
        p50.push(heard.permille(500));
        p99.push(heard.permille(990));
        less_flush.push((heard.permille(990) - flush).max(0.0));
        flushes.push(flush);
    }
    figure("half_rate_p50", median(p50), "ms");
    figure("half_rate_p99", median(p99), "ms");
    figure("disk_flush", median(flushes), "ms");
    figure("p99_at_half_less_flush", median(less_flush), "ms");
    errors
}

/// Runs a round, and prints it with who was busy.
pub(crate) async fn measure(site: &Site, name: &str, server: &Server, load: Load) -> Heard {
    let processes = [server.pid(), std::process::id(), site.cluster.pid()];
    let before = processes.map(processor::used);
    let heard = load.run().await;
    let after = processes.map(processor::used);
    let cores = |at: usize| after[at].saturating_sub(before[at]).as_secs_f64() / heard.lasted.as_secs_f64();
    println!(
        "{name:>9} {:>12.0} {:>9.2} {:>9.2}          {:>6.2} {:>5.2} {:>11.2}",
        heard.per_second(),
        heard.permille(500),
        heard.permille(990),
        cores(0),
        cores(1),
        cores(2)
    );
    complain(name, &heard);
    heard
}

/// What the product answers, for the echo to answer with as many bytes.
async fn reply(frontdesk: &Server) -> String {
    let mut connection = Connection::open(frontdesk.address).await.unwrap();
    let response = connection.say(BUSINESS, &participant(0), QUESTION).await.unwrap();
    let answer: frontdesk::conversation::Answer = serde_json::from_slice(response.body).unwrap();
    assert!(answer.replies[0].text.contains(ANSWER), "{}", response.words());
    answer.replies[0].text.clone()
}
