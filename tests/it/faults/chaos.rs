//! The long soak: for a number of cycles, under load, one fault of a kind that chance chooses. `scripts/chaos` runs it.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::super::crowd::{Crowd, has_booked, seed, settle_and_check, start_with_trouble};
use super::super::process::{Chance, Process, Site, eventually, number};
use super::{Cluster, Redis, becomes, beside_without_database, hurried, patient, ready, site};

/// What can happen, and how often of 20 times.
const FAULTS: [(Fault, u64); 8] = [
    (Fault::KillFrontdesk, 8),
    (Fault::KillRedis, 2),
    (Fault::FlushRedis, 2),
    (Fault::PauseRedis, 2),
    (Fault::RestartPostgres, 3),
    (Fault::BreakConnections, 1),
    (Fault::FreezePostgres, 1),
    (Fault::EverythingAtOnce, 1),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    KillFrontdesk,
    KillRedis,
    FlushRedis,
    PauseRedis,
    RestartPostgres,
    BreakConnections,
    FreezePostgres,
    EverythingAtOnce,
}

impl Fault {
    fn chosen(chance: &mut Chance) -> Self {
        let mut left = chance.between(0, FAULTS.iter().map(|(_, weight)| weight).sum());
        for (fault, weight) in FAULTS {
            if left < weight {
                return fault;
            }
            left -= weight;
        }
        Self::KillFrontdesk
    }

    const fn name(self) -> &'static str {
        match self {
            Self::KillFrontdesk => "frontdesk killed",
            Self::KillRedis => "Redis killed",
            Self::FlushRedis => "Redis flushed",
            Self::PauseRedis => "Redis paused",
            Self::RestartPostgres => "PostgreSQL restarted",
            Self::BreakConnections => "connections broken",
            Self::FreezePostgres => "PostgreSQL frozen",
            Self::EverythingAtOnce => "all three killed",
        }
    }
}

/// The servers, the program, and the people who write to it.
struct Town {
    cluster: Cluster,
    redis: Redis,
    site: Site,
    crowd: Crowd,
    running: Option<(Process, String)>,
    kills: u64,
}

impl Town {
    async fn suffers(&mut self, fault: Fault, chance: &mut Chance) {
        let a_moment = Duration::from_millis(chance.between(20, 800));
        match fault {
            Fault::KillFrontdesk => {
                self.kill().await;
                self.start(chance).await;
            }
            Fault::KillRedis => {
                self.redis.kill();
                tokio::time::sleep(a_moment).await;
                self.redis.run();
            }
            Fault::FlushRedis => drop(self.redis.cli(&["flushall"])),
            Fault::PauseRedis => {
                self.redis.pause();
                tokio::time::sleep(a_moment).await;
                self.redis.go_on();
            }
            Fault::RestartPostgres => self.cluster.restart_immediately(),
            Fault::BreakConnections => {
                self.cluster.terminate_backends().await;
            }
            Fault::FreezePostgres => {
                let frozen = self.cluster.freeze();
                tokio::time::sleep(a_moment * 4).await;
                drop(frozen);
            }
            Fault::EverythingAtOnce => {
                self.kill().await;
                self.redis.kill();
                self.cluster.restart_immediately();
                self.redis.run();
                self.start(chance).await;
            }
        }
    }

    async fn kill(&mut self) {
        self.crowd.go_to(None);
        if let Some((process, _)) = self.running.take() {
            process.kill().await;
            self.kills += 1;
        }
    }

    async fn start(&mut self, chance: &mut Chance) {
        let (process, url) = start_with_trouble(&mut self.site, chance, &mut self.kills).await;
        self.crowd.go_to(Some(url.clone()));
        self.running = Some((process, url));
    }

    /// The program answers again, whatever happened.
    async fn recovers(&self) {
        let Some((_, url)) = &self.running else { return };
        eventually("the program is ready again", || async {
            (ready(url).await.0 == 200).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; scripts/chaos runs it"]
async fn chaos() {
    let (cycles, longest) = (
        number("FRONTDESK_CHAOS_CYCLES", 20),
        Duration::from_secs(number("FRONTDESK_CHAOS_SECONDS", 3_600)),
    );
    let (mut chance, begun) = (seed(), Instant::now());
    let (cluster, redis) = (Cluster::start(), Redis::start());
    // Half of the seeds meet people who wait for their answers, half a program that answers later.
    let habit = if chance.between(0, 2) == 0 {
        patient
    } else {
        hurried
    };
    let site = habit(site(&cluster, &redis))
        .with("FRONTDESK_STORE__STATEMENT_TIMEOUT_MS", 1_000)
        .with("FRONTDESK_STORE__LOCK_TIMEOUT_MS", 500);
    let crowd = Crowd::gather(&mut chance);
    let mut town = Town {
        cluster,
        redis,
        site,
        crowd,
        running: None,
        kills: 0,
    };
    town.start(&mut chance).await;
    let (mut cycle, mut faults) = (0, BTreeMap::<Fault, u64>::new());
    while cycle < cycles && begun.elapsed() < longest {
        tokio::time::sleep(Duration::from_millis(chance.between(50, 1_200))).await;
        let fault = Fault::chosen(&mut chance);
        town.suffers(fault, &mut chance).await;
        town.recovers().await;
        *faults.entry(fault).or_default() += 1;
        cycle += 1;
    }
    has_booked(&town.site).await;
    let (process, url) = town.running.expect("it was started again");
    becomes(&url, "ready").await;
    let log = town.crowd.go_home().await;
    process.kill().await;
    let line = settle_and_check(town.site, beside_without_database(&town.redis), &log, "chaos").await;
    let kinds: Vec<String> = faults
        .iter()
        .map(|(fault, times)| format!("{} {times}", fault.name()))
        .collect();
    println!(
        "chaos: {cycle} cycles ({}; frontdesk killed {} times in all), {line}, 0 lost, 0 doubled, 0 overlaps, \
         0 version gaps, 0 ahead in Redis, {} s",
        kinds.join(", "),
        town.kills,
        begun.elapsed().as_secs()
    );
}
