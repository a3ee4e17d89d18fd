//! The program is killed at random moments while people write to it; nothing that anybody was told may turn out
//! untrue.
//!
//! `FRONTDESK_KILLS` says how often (8 by default; 100 is the full proof), `FRONTDESK_SEED` repeats a run's choices.

use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::checker::Database;
use super::load::{Client, Said, Sent, chatter};
use super::process::{Chance, Process, Site, eventually, number};

const PEOPLE: usize = 24;
const BOOKINGS: &str = "SELECT COUNT(*) FROM appointment_events WHERE kind = 'confirmed'";

/// A crowd that writes, and the lever that ends it.
struct Crowd {
    place: watch::Sender<Option<String>>,
    over: watch::Sender<bool>,
    people: JoinSet<Vec<Sent>>,
}

impl Crowd {
    fn gather(chance: &mut Chance) -> Self {
        let (place, whereabouts) = watch::channel(None);
        let (over, ended) = watch::channel(false);
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        let mut people = JoinSet::new();
        for person in 0..PEOPLE {
            let mut client = Client::new(format!("person-{person}"), http.clone());
            if person % 3 == 0 {
                client = client.on_the_web();
            }
            let chance = Chance(chance.next());
            people.spawn(chatter(client, whereabouts.clone(), chance, ended.clone()));
        }
        Self { place, over, people }
    }

    /// They know where the program is, until it is killed or stopped.
    fn go_to(&self, url: Option<String>) {
        self.place.send_replace(url);
    }

    /// Everybody finishes what they have begun. Somebody must be there to answer.
    async fn go_home(self) -> Vec<Sent> {
        self.over.send_replace(true);
        let logs = self.people.join_all().await;
        logs.into_iter().flatten().collect()
    }
}

fn seed() -> Chance {
    let seed = number("FRONTDESK_SEED", u64::from(std::process::id()));
    println!("FRONTDESK_SEED={seed}");
    Chance(seed)
}

/// Starts the program; before it is ready, it may be killed once or twice.
async fn start_with_trouble(site: &mut Site, chance: &mut Chance, kills: &mut u64) -> (Process, String) {
    while chance.between(0, 4) == 0 {
        let process = site.spawn();
        tokio::time::sleep(Duration::from_millis(chance.between(0, 250))).await;
        process.kill().await;
        *kills += 1;
    }
    site.start().await
}

/// A late process finds everything done and every promise at its end; then the checker looks.
async fn settle_and_check(mut site: Site, log: &[Sent], what: &str) {
    site.let_pass(SignedDuration::from_mins(10));
    let (process, _) = site.start().await;
    let database = Database::open(&site.database()).await;
    eventually("the inbox and the outbox are empty", || async {
        let waiting = database
            .count("SELECT (SELECT COUNT(*) FROM inbox WHERE state = 0) + (SELECT COUNT(*) FROM outbox WHERE state < 2)")
            .await;
        (waiting == 0).then_some(())
    })
    .await;
    process.stop().await;

    let (booked, turns) = (
        database.count(BOOKINGS).await,
        database.count("SELECT COUNT(*) FROM turns").await,
    );
    let later = log
        .iter()
        .filter(|sent| sent.said.contains(&Said::Accepted))
        .count();
    let cut = log
        .iter()
        .filter(|sent| matches!(sent.said.first(), Some(Said::Nothing(_))))
        .count();
    println!(
        "{what}: {} messages acknowledged ({later} with 202, {cut} only after a retry), {turns} turns, {booked} bookings",
        log.len()
    );
    database.check(log, &site.now()).await.assert_none(what);
    let said = site.log();
    assert!(
        !said.contains("ERROR") && !said.contains("panicked"),
        "{what}:\n{said}"
    );
}

/// A load that books nothing would prove little; on a slow machine it needs a moment more.
async fn has_booked(site: &Site) {
    let database = Database::open(&site.database()).await;
    eventually("somebody has booked", || async {
        let booked = database.count(BOOKINGS).await;
        (booked > 0).then_some(())
    })
    .await;
}

/// Kills, under a load, at random moments.
async fn kill_again_and_again(mut site: Site, times: u64, what: &str) {
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
    settle_and_check(site, &log, &format!("{what}, {kills} kills")).await;
}

#[tokio::test]
async fn who_waits_for_the_answer_loses_nothing_when_the_program_is_killed() {
    let times = number("FRONTDESK_KILLS", 8).div_ceil(2);
    let site = Site::new().with("FRONTDESK_CONVERSATION__BURST_WEB_QUIET_MS", 0);
    kill_again_and_again(site, times, "waiting for answers").await;
}

#[tokio::test]
async fn what_was_accepted_for_later_is_answered_when_the_program_is_killed() {
    let times = number("FRONTDESK_KILLS", 8).div_ceil(2);
    // Nearly every message is accepted with 202 before its turn begins, and joins a burst.
    let site = Site::new()
        .with("MESSAGE_PROCESSOR_TIMEOUT", 100)
        .with("FRONTDESK_CONVERSATION__BURST_API_QUIET_MS", 150)
        .with("FRONTDESK_CONVERSATION__BURST_API_MS_MAX", 400)
        .with("FRONTDESK_UPKEEP__SWEEP_EVERY_SECONDS", 1);
    kill_again_and_again(site, times, "accepted for later").await;
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
        let database = Database::open(&site.database()).await;
        let unfinished = database
            .count("SELECT COUNT(*) FROM inbox WHERE state <> 1")
            .await;
        assert_eq!(unfinished, 0, "what was accepted is answered before the end");
    }
    let (process, url) = site.start().await;
    crowd.go_to(Some(url));
    has_booked(&site).await;
    let log = crowd.go_home().await;
    process.stop().await;
    settle_and_check(site, &log, "graceful stops").await;
}
