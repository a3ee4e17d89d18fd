//! PostgreSQL and Redis are killed, stopped, frozen and emptied under the program, and the program under them, while
//! people write to it. Every test has servers of its own.
//!
//! `FRONTDESK_KILLS` says how often the program is killed (4 by default), `FRONTDESK_SEED` repeats a run's choices.

mod chaos;

use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

use super::crowd::{Crowd, Surroundings, has_booked, seed, settle_and_check};
use super::kills::{hurried, kill_again_and_again, patient};
use super::load::{Client, Said, Sent};
use super::process::{BUSINESS, Site, eventually, http, number};
use super::support::cluster::Cluster;
use super::support::redis::Redis;

fn beside(redis: &Redis) -> Surroundings<'_> {
    Surroundings {
        redis: Some(redis),
        database_was_away: false,
    }
}

fn beside_without_database(redis: &Redis) -> Surroundings<'_> {
    Surroundings {
        database_was_away: true,
        ..beside(redis)
    }
}

/// How long a sender waits for the answer, in milliseconds. Then the message has to be made durable, or refused.
const WAIT_MS: u64 = 5_000;
/// Longer than any answer may take: the wait, and 10 s after which a request is given up.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// A site on servers of its own. Conversations leave memory soon after they are idle, and little is remembered of
/// them, so that Redis is asked for whoever comes back.
fn site(cluster: &Cluster, redis: &Redis) -> Site {
    let mut site = Site::on(&cluster.url)
        .with("FRONTDESK_CONVERSATION__ACTORS_MAX", 4)
        .with("FRONTDESK_CONVERSATION__ACTOR_IDLE_SECONDS", 1)
        .with("MAX_CACHE_SIZE", 1)
        .with("FRONTDESK_CACHE__REDIS_TIMEOUT_MS", 250)
        .with("FRONTDESK_UPKEEP__SWEEP_EVERY_SECONDS", 1);
    site.settings.push(("REDIS_URL", redis.url()));
    site
}

async fn ready(url: &str) -> (u16, Value) {
    let response = http().get(format!("{url}/ready")).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn becomes(url: &str, status: &str) -> Value {
    eventually(&format!("/ready says {status}"), || async {
        let (_, ready) = ready(url).await;
        (ready["status"] == status).then_some(ready)
    })
    .await
}

/// Somebody writes once, whatever comes of it, within the time that an answer may take.
async fn writes(url: &str, who: &str, message: &str) -> Sent {
    let begun = Instant::now();
    let client = Client::new(who.to_owned(), http());
    let sent = client.say_once(url, message, "do you have parking?").await;
    assert!(begun.elapsed() < ANSWER_MAX, "{who}: {:?}", begun.elapsed());
    sent
}

/// "Not now", with when to come back: all that may be said to somebody who gets no answer.
fn is_refused(said: &Said) -> bool {
    let Said::Nothing(why) = said else { return false };
    let seconds = why
        .strip_prefix("503, again in ")
        .and_then(|rest| rest.split_once(" s: "));
    seconds.is_some_and(|(seconds, _)| seconds.parse::<u64>().is_ok())
}

/// Nobody was told anything but an answer, or when to come back.
fn nobody_met_an_error(log: &[Sent], site: &Site) {
    let others = |said: &&Said| matches!(said, Said::Nothing(_)) && !is_refused(said);
    let met = log.iter().flat_map(|sent| &sent.said).find(others);
    assert_eq!(met, None, "{}", site.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_the_answer_loses_nothing_on_postgres_and_redis() {
    let (cluster, redis) = (Cluster::start(), Redis::start());
    let times = number("FRONTDESK_KILLS", 4).div_ceil(2);
    let site = patient(site(&cluster, &redis));
    kill_again_and_again(site, beside(&redis), times, "on PostgreSQL, waiting for answers").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_for_later_is_answered_on_postgres_and_redis() {
    let (cluster, redis) = (Cluster::start(), Redis::start());
    let times = number("FRONTDESK_KILLS", 4).div_ceil(2);
    let site = hurried(site(&cluster, &redis));
    kill_again_and_again(site, beside(&redis), times, "on PostgreSQL, accepted for later").await;
}

/// What became of the requests to Redis so far: those that found something, and all.
async fn asked(url: &str) -> (u64, u64) {
    let response = http().get(format!("{url}/v1/stats")).send().await.unwrap();
    let stats: Value = response.json().await.unwrap();
    let of = |name: &str| stats["cache"]["shared"][name].as_u64().unwrap();
    let all = of("hits") + of("misses") + of("errors") + of("skipped");
    (of("hits"), all)
}

/// People who come back after their conversation has left memory, one after the other; nobody else needs a cache.
async fn come_and_go(url: String, over: watch::Receiver<bool>) -> Vec<Sent> {
    let mut log = Vec::new();
    let mut tick = tokio::time::interval(Duration::from_millis(15));
    while !*over.borrow() {
        tick.tick().await;
        let visitor = format!("visitor-{}", log.len() % 40);
        log.push(writes(&url, &visitor, &format!("m{}", log.len())).await);
    }
    log
}

/// Redis has most of what it is asked for, from now on.
async fn redis_serves(url: &str) {
    eventually("most contexts come from Redis", || async {
        let before = asked(url).await;
        let after = eventually("Redis is asked", || async {
            let now = asked(url).await;
            (now.1 >= before.1 + 20).then_some(now)
        })
        .await;
        ((after.0 - before.0) * 10 >= (after.1 - before.1) * 7).then_some(())
    })
    .await;
}

/// Redis is asked in vain for a while.
async fn goes_on_without_redis(url: &str) {
    assert_eq!(becomes(url, "degraded").await["database"]["state"], "up");
    let before = asked(url).await;
    eventually("conversations start without Redis", || async {
        (asked(url).await.1 >= before.1 + 20).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_notices_what_happens_to_redis_and_its_hits_come_back() {
    let (cluster, mut redis) = (Cluster::start(), Redis::start());
    let mut site = patient(site(&cluster, &redis));
    let crowd = Crowd::gather(&mut seed());
    let (process, url) = site.start().await;
    crowd.go_to(Some(url.clone()));
    let (over, ended) = watch::channel(false);
    let visitors = tokio::spawn(come_and_go(url.clone(), ended));
    redis_serves(&url).await;

    redis.kill();
    goes_on_without_redis(&url).await;
    redis.run();
    becomes(&url, "ready").await;
    redis_serves(&url).await;

    redis.cli(&["flushall"]);
    redis_serves(&url).await;

    redis.pause();
    goes_on_without_redis(&url).await;
    redis.go_on();
    becomes(&url, "ready").await;
    redis_serves(&url).await;

    has_booked(&site).await;
    over.send_replace(true);
    let mut log = crowd.go_home().await;
    log.extend(visitors.await.unwrap());
    let stats = http().get(format!("{url}/v1/stats")).send().await.unwrap();
    let stats = stats.text().await.unwrap();
    let failed = |sent: &&Sent| sent.said.iter().any(|said| matches!(said, Said::Nothing(_)));
    let failed: Vec<&Sent> = log.iter().filter(failed).collect();
    assert!(
        failed.is_empty(),
        "no request fails: {failed:?}\n{stats}\n{}",
        site.log()
    );
    process.stop().await;
    settle_and_check(site, beside(&redis), &log, "Redis killed, flushed and paused").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_postgres_nothing_is_taken_and_with_it_everything_goes_on() {
    let (cluster, redis) = (Cluster::start(), Redis::start());
    let mut site = patient(site(&cluster, &redis)).with("MESSAGE_PROCESSOR_TIMEOUT", WAIT_MS);
    let crowd = Crowd::gather(&mut seed());
    let (process, url) = site.start().await;
    crowd.go_to(Some(url.clone()));
    has_booked(&site).await;

    cluster.stop();
    let down = becomes(&url, "down").await;
    assert_eq!(down["database"]["state"], "down");
    assert_eq!(ready(&url).await.0, 503);
    let begun = Instant::now();
    let (known, newcomer, listed) = tokio::join!(
        writes(&url, "person-1", "while it is down"),
        writes(&url, "newcomer", "while it is down"),
        http()
            .get(format!("{url}/v1/businesses/{BUSINESS}/appointments"))
            .send(),
    );
    assert!(begun.elapsed() < ANSWER_MAX);
    assert!(is_refused(&known.said[0]), "{known:?}");
    assert!(is_refused(&newcomer.said[0]), "{newcomer:?}");
    let listed = listed.unwrap();
    assert_eq!(listed.status().as_u16(), 503);
    assert!(listed.headers().contains_key("retry-after"));

    cluster.run();
    becomes(&url, "ready").await;
    let back = writes(&url, "newcomer", "once it is back").await;
    assert_eq!(back.answers().count(), 1, "{back:?}");
    let mut log = crowd.go_home().await;
    process.stop().await;
    log.extend([known, newcomer, back]);
    nobody_met_an_error(&log, &site);
    settle_and_check(
        site,
        beside_without_database(&redis),
        &log,
        "PostgreSQL stopped and started",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restarts_of_postgres_and_broken_connections_lose_and_double_nothing() {
    let (cluster, redis) = (Cluster::start(), Redis::start());
    let mut site = patient(site(&cluster, &redis));
    let mut chance = seed();
    let crowd = Crowd::gather(&mut chance);
    let (process, url) = site.start().await;
    crowd.go_to(Some(url.clone()));
    has_booked(&site).await;
    let mut broken = 0;
    for round in 0..12 {
        if round % 6 == 3 {
            cluster.restart_immediately();
        } else {
            broken += cluster.terminate_backends().await;
        }
        tokio::time::sleep(Duration::from_millis(chance.between(50, 500))).await;
    }
    assert!(broken > 10, "{broken} connections were broken");
    becomes(&url, "ready").await;
    let log = crowd.go_home().await;
    process.stop().await;
    nobody_met_an_error(&log, &site);
    let what = format!("2 restarts of PostgreSQL, {broken} broken connections");
    settle_and_check(site, beside_without_database(&redis), &log, &what).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_hangs_is_not_waited_for_and_is_used_again() {
    let (cluster, redis) = (Cluster::start(), Redis::start());
    let mut site = patient(site(&cluster, &redis))
        .with("MESSAGE_PROCESSOR_TIMEOUT", WAIT_MS)
        .with("FRONTDESK_STORE__STATEMENT_TIMEOUT_MS", 500)
        .with("FRONTDESK_STORE__LOCK_TIMEOUT_MS", 500);
    let crowd = Crowd::gather(&mut seed());
    let (process, url) = site.start().await;
    crowd.go_to(Some(url.clone()));
    has_booked(&site).await;

    let frozen = cluster.freeze();
    assert_eq!(becomes(&url, "down").await["database"]["state"], "down");
    let begun = Instant::now();
    let (known, newcomer, listed) = tokio::join!(
        writes(&url, "person-1", "while it hangs"),
        writes(&url, "newcomer", "while it hangs"),
        http()
            .get(format!("{url}/v1/businesses/{BUSINESS}/appointments"))
            .send(),
    );
    assert!(begun.elapsed() < ANSWER_MAX);
    assert!(is_refused(&known.said[0]), "{known:?}");
    assert!(is_refused(&newcomer.said[0]), "{newcomer:?}");
    let listed = listed.unwrap();
    assert!(matches!(listed.status().as_u16(), 503 | 504), "{listed:?}");
    assert!(listed.headers().contains_key("retry-after"));
    drop(frozen);

    becomes(&url, "ready").await;
    let back = writes(&url, "newcomer", "once it is back").await;
    assert_eq!(back.answers().count(), 1, "{back:?}");
    let mut log = crowd.go_home().await;
    process.stop().await;
    log.extend([known, newcomer, back]);
    nobody_met_an_error(&log, &site);
    settle_and_check(site, beside_without_database(&redis), &log, "PostgreSQL frozen").await;
}
