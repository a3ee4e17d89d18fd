//! Counts of how often somebody comes in: what every place that keeps them must do, and what happens when one is away.

use std::sync::Arc;
use std::time::Duration;

use frontdesk::rates::local::Local;
use frontdesk::rates::rule::{PerMinute, Rules};
use frontdesk::rates::{Ask, Key, Ledger, Over, Rate, Rates, Request, Scope, Through, Unanswered};
use frontdesk::store::cache::RedisCache;
use frontdesk::store::cache::redis::{Address, Options};
use frontdesk::types::{BusinessId, Channel, Pair, ParticipantId};
use secrecy::SecretString;

use super::process::eventually;
use super::support::redis::{Redis, cluster};

async fn shared(servers: &[Redis]) -> Arc<RedisCache> {
    let url = |server: &Redis| SecretString::from(server.url());
    let options = Options {
        address: Address {
            nodes: servers.iter().map(url).collect(),
            is_cluster: servers.len() > 1,
            ca: None,
        },
        // Longer than in production, so that a busy test machine is not taken for a slow server.
        limit: Duration::from_millis(500),
        ttl: Duration::from_secs(60),
    };
    Arc::new(RedisCache::open(&options).await.unwrap())
}

fn ask(scope: Scope, id: u128, each_minute: u32) -> Ask {
    Ask {
        key: Key { scope, id },
        rate: Rate::per_minute(each_minute),
    }
}

async fn spend(ledger: &dyn Ledger, cost: u32, asks: &[Ask]) -> Option<Over> {
    let request = Request {
        cost,
        asks: asks.to_vec(),
    };
    ledger.spend(7, &[request]).await.unwrap()[0]
}

/// What every ledger must do. `base` keeps the counts of different runs apart.
async fn keeps_the_contract(ledger: &dyn Ledger, base: u128) {
    // As many as a minute brings come at once, and then one after each step.
    let (anna, ben) = (
        ask(Scope::Participant, base + 1, 600),
        ask(Scope::Participant, base + 2, 600),
    );
    assert_eq!(spend(ledger, 599, &[anna]).await, None);
    assert_eq!(spend(ledger, 1, &[anna]).await, None);
    let over = spend(ledger, 3, &[anna]).await.expect("too much");
    assert_eq!((over.scope, over.rate), (Scope::Participant, anna.rate));
    assert!(over.retry_after <= Duration::from_millis(300), "{over:?}");
    assert_eq!(spend(ledger, 1, &[ben]).await, None, "others are none the worse");
    // The wait that was told is enough.
    tokio::time::sleep(over.retry_after).await;
    assert_eq!(spend(ledger, 3, &[anna]).await, None);

    // All or nothing: a customer over the limit costs the account nothing.
    let (cora, account) = (
        ask(Scope::Participant, base + 3, 1),
        ask(Scope::Account, base + 3, 2),
    );
    assert_eq!(spend(ledger, 1, &[cora, account]).await, None);
    for _ in 0..5 {
        let over = spend(ledger, 1, &[cora, account]).await.unwrap();
        assert_eq!(over.scope, Scope::Participant);
        assert!(over.retry_after > Duration::from_secs(50), "{over:?}");
    }
    let dora = ask(Scope::Participant, base + 4, 1);
    assert_eq!(
        spend(ledger, 1, &[dora, account]).await,
        None,
        "the account has one left"
    );
    let emil = ask(Scope::Participant, base + 5, 1);
    let over = spend(ledger, 1, &[emil, account]).await.unwrap();
    assert_eq!(over.scope, Scope::Account);

    // The same number of another kind is another count.
    assert_eq!(spend(ledger, 1, &[ask(Scope::Address, base + 3, 1)]).await, None);

    // Several requests are decided in their order, each alone, with one count in all of them.
    let account = ask(Scope::Account, base + 6, 3);
    let requests: Vec<Request> = [(2, 11), (2, 12), (1, 13), (1, 14)]
        .map(|(cost, who)| Request {
            cost,
            asks: vec![ask(Scope::Participant, base + who, 60), account],
        })
        .to_vec();
    let over = ledger.spend(7, &requests).await.unwrap();
    let over: Vec<bool> = over.iter().map(Option::is_some).collect();
    assert_eq!(over, [false, true, false, true]);

    // More than the limit at once never passes, and nothing asked is nothing refused.
    assert!(
        spend(ledger, 61, &[ask(Scope::Account, base + 7, 60)])
            .await
            .is_some()
    );
    assert_eq!(spend(ledger, 1, &[]).await, None);
}

#[tokio::test]
async fn the_counts_of_a_process_keep_the_contract() {
    keeps_the_contract(&Local::new(1_000), 100).await;
}

#[tokio::test]
async fn the_counts_in_redis_keep_the_contract_and_are_gone_when_they_are_paid_back() {
    let server = Redis::start();
    let redis = shared(std::slice::from_ref(&server)).await;
    keeps_the_contract(redis.as_ref(), 100).await;
    for key in server.cli(&["keys", "fd:*"]).lines() {
        let left: i64 = server.cli(&["pttl", key]).parse().unwrap();
        assert!(left <= 60_000, "{key} stays for {left} ms");
    }
    server.cli(&["flushall"]);
    assert_eq!(
        spend(redis.as_ref(), 1, &[ask(Scope::Address, 1, 600)]).await,
        None
    );
    eventually("the count is gone", || async {
        (server.cli(&["dbsize"]) == "0").then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_counts_in_a_cluster_keep_the_contract() {
    let servers = cluster();
    let redis = shared(&servers).await;
    keeps_the_contract(redis.as_ref(), 100).await;
}

#[tokio::test]
async fn of_many_who_ask_two_processes_at_once_exactly_so_many_come_in() {
    let server = Redis::start();
    let (ours, theirs) = (
        shared(std::slice::from_ref(&server)).await,
        shared(std::slice::from_ref(&server)).await,
    );
    let mut asking = tokio::task::JoinSet::new();
    for n in 0..200 {
        let ledger = if n % 2 == 0 { ours.clone() } else { theirs.clone() };
        // One a minute comes back: none during the test.
        let ask = ask(Scope::Account, 1, 20);
        asking.spawn(async move { spend(ledger.as_ref(), 1, &[ask]).await.is_none() });
    }
    let let_in = asking.join_all().await.into_iter().filter(|is_in| *is_in).count();
    // A test machine may be so slow that one of 20 a minute comes back meanwhile.
    assert!((20..=22).contains(&let_in), "{let_in}");
}

#[tokio::test]
async fn a_server_that_was_emptied_learns_the_script_anew() {
    let server = Redis::start();
    let redis = shared(std::slice::from_ref(&server)).await;
    assert_eq!(spend(redis.as_ref(), 1, &[ask(Scope::Account, 1, 1)]).await, None);
    server.cli(&["script", "flush"]);
    assert!(
        spend(redis.as_ref(), 1, &[ask(Scope::Account, 1, 1)])
            .await
            .is_some()
    );
}

#[tokio::test]
async fn a_server_that_refuses_to_count_is_still_a_cache() {
    let server = Redis::start();
    let redis = shared(std::slice::from_ref(&server)).await;
    server.cli(&["acl", "setuser", "default", "-time"]);
    for _ in 0..20 {
        let asked = redis.spend(7, &[]).await;
        assert_eq!(asked, Err(Unanswered));
    }
    assert!(redis.answers().await, "it is not left alone for that");
    server.cli(&["acl", "setuser", "default", "+time"]);
    assert_eq!(redis.spend(7, &[]).await, Ok(Vec::new()));
}

#[tokio::test]
async fn when_redis_dies_a_process_goes_on_with_what_it_has_counted_itself() {
    let mut server = Redis::start();
    let redis = shared(std::slice::from_ref(&server)).await;
    let rules = Rules {
        participant: PerMinute::of(4).0,
        are_on: true,
        ..Rules::default()
    };
    let rates = Rates::new(rules, Some(redis), None);
    let pair = Pair {
        business: BusinessId::new("salon").unwrap(),
        participant: ParticipantId::new("anna").unwrap(),
    };
    let through = Through {
        channel: Channel::Api,
        account: "salon",
        own: frontdesk::rates::rule::Own::default(),
    };
    for _ in 0..2 {
        assert_eq!(rates.message(through, &pair).await, Ok(()));
    }
    server.kill();
    for _ in 0..2 {
        assert_eq!(rates.message(through, &pair).await, Ok(()));
    }
    let over = rates.message(through, &pair).await.unwrap_err();
    assert_eq!(over.scope, Scope::Participant);
}
