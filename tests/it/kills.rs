//! The program is killed at random moments while people write to it; nothing that anybody was told may turn out
//! untrue.
//!
//! `FRONTDESK_KILLS` says how often (8 by default; 100 is the full proof), `FRONTDESK_SEED` repeats a run's choices.

use std::time::Duration;

use super::checker::count;
use super::crowd::{Crowd, Surroundings, has_booked, seed, settle_and_check, start_with_trouble};
use super::process::{Site, number};

/// Kills, under a load, at random moments.
pub(crate) async fn kill_again_and_again(mut site: Site, around: Surroundings<'_>, times: u64, what: &str) {
    let mut chance = seed();
    let crowd = Crowd::gather(&mut chance);
    let mut kills = 0;
    while kills < times {
        let (process, url) = start_with_trouble(&mut site, &mut chance, &mut kills).await;
        crowd.go_to(Some(url));
        tokio::time::sleep(Duration::from_millis(chance.between(50, 1_500))).await;
        process.kill().await;
        crowd.go_to(None);
        kills += 1;
    }
    let (process, url) = site.start().await;
    crowd.go_to(Some(url));
    has_booked(&site).await;
    let log = crowd.go_home().await;
    process.kill().await;
    settle_and_check(site, around, &log, &format!("{what}, {kills} kills")).await;
}

/// Everybody waits for the answer.
pub(crate) fn patient(site: Site) -> Site {
    site.with("FRONTDESK_CONVERSATION__BURST_WEB_QUIET_MS", 0)
}

/// Nearly every message is accepted with 202 before its turn begins, and joins a burst.
pub(crate) fn hurried(site: Site) -> Site {
    site.with("MESSAGE_PROCESSOR_TIMEOUT", 100)
        .with("FRONTDESK_CONVERSATION__BURST_API_QUIET_MS", 150)
        .with("FRONTDESK_CONVERSATION__BURST_API_MS_MAX", 400)
        .with("FRONTDESK_UPKEEP__SWEEP_EVERY_SECONDS", 1)
}

#[tokio::test]
async fn who_waits_for_the_answer_loses_nothing_when_the_program_is_killed() {
    let times = number("FRONTDESK_KILLS", 8).div_ceil(2);
    kill_again_and_again(
        patient(Site::new()),
        Surroundings::default(),
        times,
        "waiting for answers",
    )
    .await;
}

#[tokio::test]
async fn what_was_accepted_for_later_is_answered_when_the_program_is_killed() {
    let times = number("FRONTDESK_KILLS", 8).div_ceil(2);
    kill_again_and_again(
        hurried(Site::new()),
        Surroundings::default(),
        times,
        "accepted for later",
    )
    .await;
}

#[tokio::test]
async fn a_graceful_stop_under_load_answers_what_was_accepted() {
    let mut site = Site::new().with("MESSAGE_PROCESSOR_TIMEOUT", 100);
    let mut chance = seed();
    let crowd = Crowd::gather(&mut chance);
    for _ in 0..3 {
        let (process, url) = site.start().await;
        crowd.go_to(Some(url));
        tokio::time::sleep(Duration::from_millis(chance.between(200, 800))).await;
        process.ask_to_stop().await;
        crowd.go_to(None);
        let status = process.ended().await;
        assert_eq!(status.code(), Some(0), "{}", site.log());
        let unfinished = count(&site, "SELECT COUNT(*) FROM inbox WHERE state <> 1").await;
        assert_eq!(unfinished, 0, "what was accepted is answered before the end");
    }
    let (process, url) = site.start().await;
    crowd.go_to(Some(url));
    has_booked(&site).await;
    let log = crowd.go_home().await;
    process.stop().await;
    settle_and_check(site, Surroundings::default(), &log, "graceful stops").await;
}
