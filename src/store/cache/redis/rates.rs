//! Counts of how often somebody comes in, kept for all processes: one script decides a request in one round trip.
//!
//! It is the arithmetic of `crate::rates`, by the server's own clock, so that no two processes disagree about the time.
//! Each count is one number under a key that names nobody and is gone when all is paid back, after a minute at most.

use std::sync::LazyLock;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, Script};

use super::link::{Link, is_answer, says, within};
use super::{Inner, RedisCache};
use crate::rates::{Ask, Key, Ledger, Over, Rate, Request, Scope, Unanswered, WINDOW};

/// KEYS are the counts of all requests in a row. ARGV is the window, and then for each request: how many counts it has,
/// what it spends of each, and the step of each count. Answers for each request with the number of the count that is
/// over its limit by the most (0 for none) and with how long to wait, in microseconds.
static SPEND: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local window = tonumber(ARGV[1])
local answers = {}
local at, first = 2, 1
while at <= #ARGV do
  local counts, cost = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  local over, wait = 0, 0
  local after = {}
  for i = 1, counts do
    local owed = tonumber(redis.call('GET', KEYS[first + i - 1]) or now) or now
    owed = math.min(math.max(owed, now), now + window)
    after[i] = owed + tonumber(ARGV[at + 1 + i]) * cost
    local late = after[i] - now - window
    if late > wait then
      over, wait = i, late
    end
  end
  if over == 0 then
    for i = 1, counts do
      local left = math.max(math.ceil((after[i] - now) / 1000), 1)
      redis.call('SET', KEYS[first + i - 1], string.format('%.0f', after[i]), 'PX', left)
    end
  end
  answers[#answers + 1] = over
  answers[#answers + 1] = wait
  at = at + 2 + counts
  first = first + counts
end
return answers
",
    )
});

/// The braces make a cluster keep all counts of one script in one place.
fn key(place: u128, key: Key) -> String {
    let kind = match key.scope {
        Scope::Participant => 'p',
        Scope::Account => 'a',
        Scope::Address => 'i',
    };
    format!("fd:{{{place:032x}}}:{kind}:{:032x}", key.id)
}

fn command(place: u128, requests: &[Request]) -> Cmd {
    let asks = || requests.iter().flat_map(|request| &request.asks);
    let mut command = Cmd::with_capacity(8, 512);
    command.arg("EVALSHA").arg(SPEND.get_hash()).arg(asks().count());
    for ask in asks() {
        command.arg(key(place, ask.key));
    }
    command.arg(WINDOW);
    for request in requests {
        command.arg(request.asks.len()).arg(request.cost);
        for ask in &request.asks {
            command.arg(ask.rate.step());
        }
    }
    command
}

fn read(requests: &[Request], answers: &[i64]) -> Option<Vec<Option<Over>>> {
    let pairs = answers.chunks_exact(2);
    if pairs.len() != requests.len() {
        return None;
    }
    let each = requests.iter().zip(pairs).map(|(request, pair)| {
        let (over, wait) = (usize::try_from(*pair.first()?).ok()?, *pair.last()?);
        if over == 0 {
            return Some(None);
        }
        let Ask { key, rate } = request.asks.get(over - 1)?;
        Some(Some(Over {
            scope: key.scope,
            rate: *rate,
            // Less than a microsecond is no number here, and too much all the same.
            retry_after: Duration::from_micros(u64::try_from(wait).ok()?.max(1)),
        }))
    });
    each.collect()
}

#[async_trait]
impl Ledger for RedisCache {
    async fn spend(&self, place: u128, requests: &[Request]) -> Result<Vec<Option<Over>>, Unanswered> {
        let inner: &Inner = &self.inner;
        if inner.breaker.is_open() {
            return Err(Unanswered);
        }
        let command = command(place, requests);
        let answers: Vec<i64> = match within(inner.limit, inner.link.run(&SPEND, &command)).await {
            Ok(answers) => answers,
            Err(error) => {
                // One that answers and refuses lives: what else it is asked it may well do.
                if is_answer(&error) {
                    if !inner.refuses_counting.swap(true, Ordering::Relaxed) {
                        tracing::warn!(error = %says(&error), "redis does not count; each process counts by itself");
                    }
                } else {
                    inner.failed(&error);
                }
                return Err(Unanswered);
            }
        };
        inner.breaker.succeeded();
        if inner.refuses_counting.swap(false, Ordering::Relaxed) {
            tracing::info!("redis counts again");
        }
        read(requests, &answers).ok_or(Unanswered)
    }
}

/// Whether the server lets us count.
pub(super) async fn examine(link: &Link, limit: Duration) -> bool {
    let key = Key {
        scope: Scope::Account,
        id: 0,
    };
    // Paid back within a millisecond.
    let rate = Rate::per_minute(1_000_000);
    let request = Request {
        cost: 1,
        asks: vec![Ask { key, rate }],
    };
    let command = command(0, std::slice::from_ref(&request));
    let answered: Result<Vec<i64>, _> = within(limit, link.run(&SPEND, &command)).await;
    answered.is_ok_and(|answers| read(&[request], &answers).is_some())
}
