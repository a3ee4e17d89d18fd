//! The load: customers who ask the question whose answer is in the FAQ, and who check what they are told.
//!
//! It runs in the bench's own process, on threads with a runtime each, which share nothing while they measure. The
//! bench's process has nothing else to do then. A second process would save nothing and cost a way to report.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, OnceLock};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::wire::{Connection, Response};
use super::{businesses, figures};

pub(crate) const BUSINESS: &str = "demo-salon";
pub(crate) const QUESTION: &str = "do you have parking?";
/// What the right answer says.
pub(crate) const ANSWER: &str = "a garage at 106 Mott Street";

/// Half of the cores, since a question costs the load little more than half of what a bare echo takes to answer it. A
/// load that is too slow would flatter the product, which is compared with that echo.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1))
}

/// Past the end of a round: what is under way is waited for, but not for ever.
const PATIENCE: Duration = Duration::from_secs(40);

/// What is asked of whom, and how fast.
#[derive(Clone)]
pub(crate) struct Load {
    pub(crate) server: SocketAddr,
    pub(crate) asked: Asked,
    pub(crate) connections: usize,
    pub(crate) pairs: Pairs,
    pub(crate) pace: Pace,
    /// What it is to be sent away for the moment: 503 with `Retry-After`.
    pub(crate) sent_away: SentAway,
}

/// Whom they ask.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked {
    /// One business.
    One(&'static str),
    /// As many copies of it as there are; each customer has one of them.
    Copies(u32),
}

impl Asked {
    fn by(self, customer: u32) -> Cow<'static, str> {
        match self {
            Self::One(business) => business.into(),
            Self::Copies(copies) => businesses::business(u64::from(customer % copies)).into(),
        }
    }
}

/// What it is to be sent away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SentAway {
    IsAnError,
    /// An answer, too: nobody comes again.
    IsAnAnswer,
    /// Who is sent away comes again when told to.
    ComesAgain,
}

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) enum Pairs {
    /// Any of so many, each time another.
    AtRandom(u32),
    /// Each of these once, in order.
    Each(Range<u32>),
    /// Always the same.
    One(&'static str),
}

/// When they ask.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// A closed loop: each connection asks again as soon as it is answered.
    AsAnswered(Duration),
    /// An open loop: so many a second, whether earlier ones are answered or not.
    PerSecond(f64, Duration),
    /// All are due when the round begins, and are answered within so long.
    AtOnce(Duration),
}

/// A question that was answered as it should be. Times count from the beginning of the round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// When it was sent; in an open loop, when it should have been.
    pub(crate) asked: Duration,
    pub(crate) answered: Duration,
    /// The conversation's version after it.
    pub(crate) version: u64,
}

/// A question whose sender was sent away as it should be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refusal {
    /// When it was refused, from the beginning of the round.
    pub(crate) at: Duration,
    /// From when it was really sent.
    pub(crate) took: Duration,
}

/// What came of a round.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) samples: Vec<Sample>,
    pub(crate) refusals: Vec<Refusal>,
    pub(crate) errors: u64,
    pub(crate) first_error: Option<String>,
    /// How long the round lasted; what was answered later is in `samples` and not in the rate.
    pub(crate) lasted: Duration,
}

impl Heard {
    fn error(&mut self, what: impl FnOnce() -> String) {
        self.errors += 1;
        self.first_error.get_or_insert_with(what);
    }

    fn add(&mut self, other: Self) {
        self.samples.extend(other.samples);
        self.refusals.extend(other.refusals);
        self.errors += other.errors;
        self.first_error = self.first_error.take().or(other.first_error);
        self.lasted = self.lasted.max(other.lasted);
    }

    pub(crate) fn per_second(&self) -> f64 {
        let in_time = self.samples.iter().filter(|s| s.answered <= self.lasted).count();
        in_time as f64 / self.lasted.as_secs_f64()
    }

    /// How long each waited for the answer.
    pub(crate) fn waits(&self) -> impl Iterator<Item = Duration> + '_ {
        self.samples.iter().map(|s| s.answered - s.asked)
    }

    /// The wait that so many in a thousand did not exceed, in milliseconds.
    pub(crate) fn permille(&self, permille: usize) -> f64 {
        figures::permille(self.waits(), permille)
    }
}

/// The name of a pair. All have the same length.
pub(crate) fn participant(number: u32) -> String {
    format!("pair-{number:07}")
}

/// What the threads begin with together: all times of a round count from one instant.
struct Start {
    ready: Barrier,
    begun: OnceLock<Instant>,
}

impl Load {
    /// Runs it to its end.
    pub(crate) async fn run(self) -> Heard {
        tokio::task::spawn_blocking(move || self.run_on_threads())
            .await
            .unwrap()
    }

    fn run_on_threads(self) -> Heard {
        let next = Arc::new(AtomicU32::new(0));
        let threads = threads();
        let start = Start {
            ready: Barrier::new(threads),
            begun: OnceLock::new(),
        };
        let mut heard = Heard::default();
        std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads)
                .map(|thread| {
                    let mine = (thread..self.connections).step_by(threads);
                    let (load, next, start) = (&self, next.clone(), &start);
                    scope.spawn(move || load.run_here(mine, &next, start))
                })
                .collect();
            for thread in running {
                heard.add(thread.join().unwrap());
            }
        });
        heard
    }

    fn run_here(&self, mine: impl Iterator<Item = usize>, next: &Arc<AtomicU32>, start: &Start) -> Heard {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let open = runtime.block_on(async {
            let mut open = Vec::new();
            for number in mine {
                open.push((number, Connection::open(self.server).await.unwrap()));
            }
            open
        });
        start.ready.wait();
        let begun = *start.begun.get_or_init(Instant::now);
        runtime.block_on(async {
            let mut asking = JoinSet::new();
            for (number, connection) in open {
                let customer = Customer {
                    load: self.clone(),
                    number,
                    begun,
                    next: next.clone(),
                    chance: fastrand::Rng::with_seed(number as u64 + 1),
                };
                asking.spawn(customer.ask_on(connection));
            }
            let mut heard = Heard::default();
            let limit = begun + self.pace.lasts() + PATIENCE;
            while let Ok(Some(ended)) = tokio::time::timeout_at(limit, asking.join_next()).await {
                heard.add(ended.unwrap());
            }
            for _ in 0..asking.len() {
                heard.error(|| "an answer did not come".to_owned());
            }
            heard.lasted = match self.pairs {
                // Ends with the last of them.
                Pairs::Each(_) => begun.elapsed(),
                Pairs::AtRandom(_) | Pairs::One(_) => self.pace.lasts(),
            };
            heard
        })
    }
}

impl Pace {
    /// At most, when each asks once.
    const fn lasts(self) -> Duration {
        match self {
            Self::AsAnswered(lasts) | Self::PerSecond(_, lasts) | Self::AtOnce(lasts) => lasts,
        }
    }
}

/// What came back.
enum Reply {
    /// The answer, at this version.
    Right(u64),
    /// Come again.
    SentAway,
    /// Something else.
    Wrong(String),
    /// Nothing: the connection broke.
    None(std::io::Error),
}

/// Whoever asks on one connection.
struct Customer {
    load: Load,
    /// Of the connection.
    number: usize,
    begun: Instant,
    /// Who has not asked yet.
    next: Arc<AtomicU32>,
    chance: fastrand::Rng,
}

impl Customer {
    async fn ask_on(mut self, mut connection: Connection) -> Heard {
        let mut heard = Heard::default();
        let until = self.begun + self.load.pace.lasts();
        for turn in 0_u32.. {
            let due = self.due(turn);
            if due >= until {
                break;
            }
            let Some((business, participant)) = self.whom_and_who() else {
                break;
            };
            if matches!(self.load.pace, Pace::PerSecond(..)) {
                // The timer ticks in milliseconds and may be late by one, which counts as waiting.
                tokio::time::sleep_until(due).await;
            }
            let asked = self.ask(&mut connection, &business, &participant, &mut heard.refusals);
            match asked.await {
                Reply::Right(version) => heard.samples.push(Sample {
                    asked: due - self.begun,
                    answered: self.begun.elapsed(),
                    version,
                }),
                Reply::SentAway => {}
                Reply::Wrong(words) => heard.error(|| words),
                Reply::None(error) => {
                    heard.error(|| error.to_string());
                    match Connection::open(self.load.server).await {
                        Ok(again) => connection = again,
                        Err(_) => break,
                    }
                }
            }
        }
        heard
    }

    /// Asks, and asks again when told to, if this load does.
    async fn ask(
        &self,
        connection: &mut Connection,
        business: &str,
        participant: &str,
        refusals: &mut Vec<Refusal>,
    ) -> Reply {
        loop {
            let sent = Instant::now();
            let response = match connection.say(business, participant, QUESTION).await {
                Ok(response) => response,
                Err(error) => return Reply::None(error),
            };
            let stay_away = match response.stay_away() {
                Some(stay_away) if self.load.sent_away != SentAway::IsAnError => stay_away,
                _ => return version(&response).map_or_else(|| Reply::Wrong(response.words()), Reply::Right),
            };
            refusals.push(Refusal {
                at: self.begun.elapsed(),
                took: sent.elapsed(),
            });
            if self.load.sent_away == SentAway::IsAnAnswer {
                return Reply::SentAway;
            }
            tokio::time::sleep(stay_away).await;
        }
    }

    /// When the next question should be asked. In an open loop the connections take turns, each on its own schedule:
    /// one that is still waiting asks late, and its wait counts from when it should have asked.
    fn due(&self, turn: u32) -> Instant {
        match self.load.pace {
            Pace::AsAnswered(_) => Instant::now(),
            Pace::PerSecond(rate, _) => {
                let before = f64::from(turn) * self.load.connections as f64 + self.number as f64;
                self.begun + Duration::from_secs_f64(before / rate)
            }
            Pace::AtOnce(_) => self.begun,
        }
    }

    /// Which business is asked, and by whom.
    fn whom_and_who(&mut self) -> Option<(Cow<'static, str>, String)> {
        let number = match self.load.pairs {
            Pairs::AtRandom(pairs) => self.chance.u32(..pairs),
            Pairs::Each(ref pairs) => {
                let number = pairs.start + self.next.fetch_add(1, Ordering::Relaxed);
                pairs.contains(&number).then_some(number)?
            }
            Pairs::One(participant) => return Some((self.load.asked.by(0), participant.to_owned())),
        };
        Some((self.load.asked.by(number), participant(number)))
    }
}

/// The version that an answer names, if it is what the question deserves.
fn version(response: &Response<'_>) -> Option<u64> {
    let right = response.status == 200 && response.says(r#""duplicate":false"#) && response.says(ANSWER);
    right.then(|| response.number_after(r#""version":"#)).flatten()
}
