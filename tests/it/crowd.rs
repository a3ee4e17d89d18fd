//! A crowd that books, moves, cancels and chats whatever happens to the program, and what must hold once all is over.

use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::checker::{self, Database};
use super::load::{Client, Said, Sent, chatter};
use super::process::{Chance, Process, Site, eventually, http_within, number};
use super::support::redis::Redis;

const PEOPLE: usize = 24;
/// How often the program looks for promises that have run out (`upkeep.sweep_every_seconds`).
const SWEEP_EVERY: SignedDuration = SignedDuration::from_secs(15);
const BOOKINGS: &str = "SELECT COUNT(*) FROM appointment_events WHERE kind = 'confirmed'";

/// People who write, and the lever that ends it.
pub(crate) struct Crowd {
    place: watch::Sender<Option<String>>,
    over: watch::Sender<bool>,
    people: JoinSet<Vec<Sent>>,
}

impl Crowd {
    pub(crate) fn gather(chance: &mut Chance) -> Self {
        let (place, whereabouts) = watch::channel(None);
        let (over, ended) = watch::channel(false);
        let http = http_within(Duration::from_secs(30));
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
    pub(crate) fn go_to(&self, url: Option<String>) {
        self.place.send_replace(url);
    }

    /// Everybody finishes what they have begun. Somebody must be there to answer.
    pub(crate) async fn go_home(self) -> Vec<Sent> {
        self.over.send_replace(true);
        let logs = self.people.join_all().await;
        logs.into_iter().flatten().collect()
    }
}

/// The choices of a run, which it prints.
pub(crate) fn seed() -> Chance {
    let seed = number("FRONTDESK_SEED", u64::from(std::process::id()));
    println!("FRONTDESK_SEED={seed}");
    Chance(seed)
}

/// Starts the program; before it is ready, it may be killed once or twice.
pub(crate) async fn start_with_trouble(
    site: &mut Site,
    chance: &mut Chance,
    kills: &mut u64,
) -> (Process, String) {
    while chance.between(0, 4) == 0 {
        let process = site.spawn();
        tokio::time::sleep(Duration::from_millis(chance.between(0, 250))).await;
        process.kill().await;
        *kills += 1;
    }
    site.start().await
}

/// A load that books nothing would prove little; on a slow machine it needs a moment more.
pub(crate) async fn has_booked(site: &Site) {
    eventually("somebody has booked", || async {
        (checker::count(site, BOOKINGS).await > 0).then_some(())
    })
    .await;
}

/// What there was beside the program and its own file.
#[derive(Clone, Copy, Default)]
pub(crate) struct Surroundings<'a> {
    pub redis: Option<&'a Redis>,
    /// Whether the database was away at times; then the log says so, as errors.
    pub database_was_away: bool,
}

impl Surroundings<'_> {
    /// What the log must not say: that something broke, other than the database under a request.
    fn complaint<'l>(&self, log: &'l str) -> Option<&'l str> {
        let is_expected = |line: &str| {
            self.database_was_away
                && line.contains("the store failed under a request")
                && (line.contains("the database is unavailable")
                    || line.contains("the outcome of the write is unknown"))
        };
        log.lines()
            .find(|line| line.contains("panicked") || (line.contains("ERROR") && !is_expected(line)))
    }
}

/// A late process finds everything done and every promise at its end; then the checker looks, at Redis too. Says in
/// one line what there was.
pub(crate) async fn settle_and_check(
    mut site: Site,
    around: Surroundings<'_>,
    log: &[Sent],
    what: &str,
) -> String {
    site.let_pass(SignedDuration::from_mins(10));
    let (process, _) = site.start().await;
    let waiting =
        "SELECT (SELECT COUNT(*) FROM inbox WHERE state = 0) + (SELECT COUNT(*) FROM outbox WHERE state < 2)";
    // A soak leaves many thousands of replies to few people, and those of one go out one by one.
    let mut left = i64::MAX;
    while left > 0 {
        left = eventually("the inbox and the outbox get emptier", || async {
            let now = checker::count(&site, waiting).await;
            (now < left).then_some(now)
        })
        .await;
    }
    // What ran out before this, a sweep has ended; an offer lasts longer than the time that was let pass, and the
    // clock goes on while the database is copied.
    let swept = site.now() - SWEEP_EVERY - SignedDuration::from_secs(5);
    process.stop().await;

    let database = Database::of(&site).await;
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
    let mut report = database.check(log, &swept).await;
    let mut line = format!(
        "{} messages acknowledged ({later} with 202, {cut} only after a retry), {turns} turns, {booked} bookings",
        log.len()
    );
    if let Some(redis) = around.redis {
        let (remembered, found) = database.check_cache(redis).await;
        line.push_str(&format!(", {remembered} contexts in Redis"));
        report.0.extend(found);
    }
    println!("{what}: {line}");
    report.assert_none(what);
    assert_eq!(around.complaint(&site.log()), None, "{what}");
    line
}
