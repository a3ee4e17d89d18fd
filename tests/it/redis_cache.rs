//! The shared cache against real servers, which are killed, paused, flushed and started again under it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use frontdesk::dialogue::Context;
use frontdesk::dialogue::context::SCHEMA;
use frontdesk::store::Standing;
use frontdesk::store::cache::redis::{Address, Options};
use frontdesk::store::cache::{CacheError, Cached, ContextCache, RedisCache};
use frontdesk::types::{ConversationId, TurnId};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::process::{BUSINESS, Site, eventually, get, http_within};
use super::support::redis::{Redis, cluster, encrypted};

/// Longer than in production, so that a busy test machine is not taken for a slow server.
const LIMIT: Duration = Duration::from_millis(500);

fn options(urls: &[String]) -> Options {
    Options {
        address: Address {
            nodes: urls.iter().map(|url| SecretString::from(url.as_str())).collect(),
            is_cluster: urls.len() > 1,
            ca: None,
        },
        limit: LIMIT,
        ttl: Duration::from_secs(60),
    }
}

async fn cache(server: &Redis) -> RedisCache {
    RedisCache::open(&options(&[server.url()])).await.unwrap()
}

fn id(number: u128) -> ConversationId {
    ConversationId(Uuid::from_u128(number))
}

fn key(conversation: ConversationId) -> String {
    format!("fd:{{{}}}:ctx", conversation.0)
}

/// A context that says its version, made by a turn of that number.
fn put(cache: &RedisCache, conversation: ConversationId, version: u64, turn: u128) {
    let context = Context {
        last_seq: version,
        ..Context::default()
    };
    let json = serde_json::to_string(&context).unwrap().into();
    let standing = Standing {
        version,
        turn: TurnId(Uuid::from_u128(turn)),
    };
    let context = Arc::new(context);
    cache.put(conversation, &Cached { standing, context }, &json);
}

/// The version and the turn that are remembered.
async fn remembered(cache: &RedisCache, conversation: ConversationId) -> Option<(u64, u128)> {
    let cached = cache.get(conversation).await.unwrap()?;
    assert_eq!(cached.context.last_seq, cached.standing.version);
    Some((cached.standing.version, cached.standing.turn.0.as_u128()))
}

/// Waits until that is remembered: what is put is written a moment later.
async fn becomes(cache: &RedisCache, conversation: ConversationId, expected: Option<(u64, u128)>) {
    eventually("the cache remembers", || async {
        (remembered(cache, conversation).await == expected).then_some(())
    })
    .await;
}

/// Puts another conversation after everything else and waits for it: whatever was put before is written by then.
async fn all_is_written(cache: &RedisCache) {
    static LAST: AtomicU64 = AtomicU64::new(1 << 60);
    let last = id(u128::from(LAST.fetch_add(1, Ordering::Relaxed)));
    put(cache, last, 1, 1);
    becomes(cache, last, Some((1, 1))).await;
}

async fn recovers(cache: &RedisCache) {
    eventually("the server is asked again", || async {
        cache.answers().await.then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_was_put_is_found_by_another_process() {
    let server = Redis::start();
    let (ours, theirs) = (cache(&server).await, cache(&server).await);
    assert_eq!(remembered(&ours, id(1)).await, None);
    put(&ours, id(1), 3, 30);
    becomes(&theirs, id(1), Some((3, 30))).await;
    assert!(theirs.answers().await);
}

#[tokio::test]
async fn it_never_moves_backwards_unless_it_was_wrong() {
    let server = Redis::start();
    let (cache, other) = (cache(&server).await, cache(&server).await);
    put(&cache, id(1), 7, 70);
    becomes(&cache, id(1), Some((7, 70))).await;
    // Another process has an older one, and one of another history.
    put(&other, id(1), 6, 60);
    put(&other, id(2), 1, 1);
    all_is_written(&other).await;
    put(&other, id(1), 7, 71);
    all_is_written(&other).await;
    assert_eq!(remembered(&cache, id(1)).await, Some((7, 70)));
    put(&other, id(1), 8, 80);
    becomes(&cache, id(1), Some((8, 80))).await;
    // The store has lost version 8, and says so to whoever offers it.
    cache.forget(id(1));
    put(&cache, id(1), 7, 72);
    becomes(&cache, id(1), Some((7, 72))).await;
    cache.forget(id(1));
    becomes(&cache, id(1), None).await;
}

#[tokio::test]
async fn an_entry_runs_out_and_a_turn_again_keeps_it() {
    let server = Redis::start();
    let cache = cache(&server).await;
    let left = || -> i64 { server.cli(&["pttl", &key(id(1))]).parse().unwrap() };
    put(&cache, id(1), 1, 1);
    becomes(&cache, id(1), Some((1, 1))).await;
    assert!((50_000..=60_000).contains(&left()), "{}", left());
    server.cli(&["pexpire", &key(id(1)), "5000"]);
    put(&cache, id(1), 1, 2);
    all_is_written(&cache).await;
    assert!(left() <= 5_000, "another turn of the same number changes nothing");
    put(&cache, id(1), 1, 1);
    all_is_written(&cache).await;
    assert!(left() > 50_000, "the same turn again renews it");
    server.cli(&["pexpire", &key(id(1)), "1"]);
    becomes(&cache, id(1), None).await;
}

#[tokio::test]
async fn what_cannot_be_read_is_a_miss_and_is_cleared_away() {
    let server = Redis::start();
    let cache = cache(&server).await;
    let (turn, ours, other) = (
        Uuid::nil().to_string(),
        SCHEMA.to_string(),
        (SCHEMA + 1).to_string(),
    );
    let key = key(id(1));
    let entry =
        |schema, json| ["hset", &key, "v", "9", "t", &turn, "s", schema, "d", json].map(str::to_owned);
    let another_program = ["set", &key, "something else"].map(str::to_owned);
    let (old, broken) = (entry(&other, "{}"), entry(&ours, "{\"last_seq\":"));
    for written in [&old[..], &broken[..], &another_program[..]] {
        let words: Vec<&str> = written.iter().map(String::as_str).collect();
        server.cli(&words);
        assert_eq!(server.cli(&["exists", &key]), "1");
        assert!(cache.get(id(1)).await.unwrap().is_none(), "{words:?}");
        eventually("it is cleared away", || async {
            (server.cli(&["exists", &key]) == "0").then_some(())
        })
        .await;
    }
    put(&cache, id(1), 1, 1);
    becomes(&cache, id(1), Some((1, 1))).await;
}

#[tokio::test]
async fn a_flushed_server_forgets_and_learns_again_scripts_included() {
    let server = Redis::start();
    let cache = cache(&server).await;
    put(&cache, id(1), 1, 1);
    becomes(&cache, id(1), Some((1, 1))).await;
    server.cli(&["flushall"]);
    server.cli(&["script", "flush"]);
    assert_eq!(remembered(&cache, id(1)).await, None);
    put(&cache, id(1), 2, 2);
    put(&cache, id(2), 5, 5);
    becomes(&cache, id(1), Some((2, 2))).await;
    becomes(&cache, id(2), Some((5, 5))).await;
}

#[tokio::test]
async fn many_conversations_are_written_in_few_round_trips() {
    let server = Redis::start();
    let cache = cache(&server).await;
    all_is_written(&cache).await;
    for number in 1..=2_000 {
        put(&cache, id(number), 1, number);
    }
    cache.close().await;
    assert_eq!(server.cli(&["dbsize"]), "2001", "closing writes what waits");
    assert_eq!(remembered(&cache, id(1_234)).await, Some((1, 1_234)));
}

#[tokio::test]
async fn a_killed_server_is_left_alone_and_used_again_when_it_is_back() {
    let mut server = Redis::start();
    let cache = cache(&server).await;
    put(&cache, id(1), 1, 1);
    becomes(&cache, id(1), Some((1, 1))).await;
    server.kill();
    eventually("nobody asks any more", || {
        let asked = cache.get(id(1));
        async {
            asked
                .await
                .is_err_and(|error| error == CacheError::Skipped)
                .then_some(())
        }
    })
    .await;
    assert!(!cache.answers().await);
    put(&cache, id(1), 2, 2);
    // Nothing is asked of the server, so this takes no time whatever its state.
    for _ in 0..1_000 {
        assert_eq!(cache.get(id(1)).await.unwrap_err(), CacheError::Skipped);
    }
    server.run();
    recovers(&cache).await;
    assert_eq!(
        remembered(&cache, id(1)).await,
        None,
        "what was put meanwhile is not written late"
    );
    put(&cache, id(1), 3, 3);
    becomes(&cache, id(1), Some((3, 3))).await;
}

#[tokio::test]
async fn a_paused_server_costs_the_limit_and_then_nothing() {
    let server = Redis::start();
    let cache = cache(&server).await;
    put(&cache, id(1), 1, 1);
    becomes(&cache, id(1), Some((1, 1))).await;
    server.pause();
    for _ in 0..5 {
        let begun = Instant::now();
        put(&cache, id(1), 2, 2);
        let put_took = begun.elapsed();
        let asked = cache.get(id(1)).await;
        assert!(matches!(asked, Err(CacheError::Failed(_))), "{asked:?}");
        assert!(put_took < LIMIT / 2, "putting waits for nobody");
        assert!(begun.elapsed() < LIMIT * 2, "{:?}", begun.elapsed());
    }
    let begun = Instant::now();
    for _ in 0..100 {
        assert_eq!(cache.get(id(1)).await.unwrap_err(), CacheError::Skipped);
    }
    assert!(
        begun.elapsed() < LIMIT,
        "a server that is left alone costs nothing"
    );
    server.go_on();
    recovers(&cache).await;
    put(&cache, id(1), 3, 3);
    becomes(&cache, id(1), Some((3, 3))).await;
}

#[tokio::test]
async fn a_server_that_comes_later_is_used_then() {
    let mut server = Redis::start();
    server.kill();
    let begun = Instant::now();
    let cache = cache(&server).await;
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "the start waits for nobody"
    );
    assert_eq!(cache.get(id(1)).await.unwrap_err(), CacheError::Skipped);
    server.run();
    recovers(&cache).await;
    put(&cache, id(1), 1, 1);
    becomes(&cache, id(1), Some((1, 1))).await;
}

#[tokio::test]
async fn a_refused_log_in_heals_when_the_operator_mends_it() {
    let server = Redis::start_with(&["--requirepass", "old"]);
    let url = format!("redis://:new%40@127.0.0.1:{}", server.port);
    let cache = RedisCache::open(&options(&[url])).await.unwrap();
    assert!(!cache.answers().await);
    server.cli(&["-a", "old", "config", "set", "requirepass", "new@"]);
    recovers(&cache).await;
    put(&cache, id(1), 1, 1);
    becomes(&cache, id(1), Some((1, 1))).await;
}

#[tokio::test]
async fn a_full_server_is_still_read_from() {
    let server = Redis::start();
    let cache = cache(&server).await;
    put(&cache, id(1), 1, 1);
    becomes(&cache, id(1), Some((1, 1))).await;
    server.cli(&["config", "set", "maxmemory", "1"]);
    for version in 2..=20 {
        put(&cache, id(1), version, 2);
        assert_eq!(remembered(&cache, id(1)).await, Some((1, 1)));
    }
    let seen = RedisCache::examine(&options(&[server.url()])).await;
    assert_eq!(seen.unwrap_err(), "the server refused: OOM");
    server.cli(&["config", "set", "maxmemory", "100mb"]);
    let seen = RedisCache::examine(&options(&[server.url()])).await.unwrap();
    assert!(seen.refuses_when_full);
    server.cli(&["config", "set", "maxmemory-policy", "allkeys-lru"]);
    let seen = RedisCache::examine(&options(&[server.url()])).await.unwrap();
    assert!(!seen.refuses_when_full);
    put(&cache, id(1), 21, 21);
    becomes(&cache, id(1), Some((21, 21))).await;
}

#[tokio::test]
async fn a_line_is_encrypted_and_a_private_authority_can_be_named() {
    let Some((server, ca)) = encrypted() else {
        println!("openssl is not there: encrypted lines to Redis were not tried");
        return;
    };
    let mut options = options(&[format!("rediss://localhost:{}", server.port)]);
    let stranger = RedisCache::open(&options).await.unwrap();
    assert!(!stranger.answers().await, "nobody vouches for this server");
    options.address.ca = Some(std::fs::read(ca).unwrap());
    let cache = RedisCache::open(&options).await.unwrap();
    assert!(cache.answers().await);
    put(&cache, id(1), 1, 1);
    becomes(&cache, id(1), Some((1, 1))).await;
    RedisCache::examine(&options).await.unwrap();
    options.address.ca = Some(b"no certificate".to_vec());
    let refused = RedisCache::open(&options)
        .await
        .map(drop)
        .unwrap_err()
        .to_string();
    assert!(refused.contains("certificate"), "{refused}");
}

#[tokio::test]
async fn a_cluster_is_used_as_one_cache() {
    let nodes = cluster();
    // One of them names the others.
    let mut options = options(&[nodes[0].url()]);
    options.address.is_cluster = true;
    let cache = RedisCache::open(&options).await.unwrap();
    assert!(cache.answers().await);
    for number in 1..=300 {
        put(&cache, id(number), 1, number);
    }
    for number in 1..=300 {
        becomes(&cache, id(number), Some((1, number))).await;
    }
    put(&cache, id(7), 5, 50);
    becomes(&cache, id(7), Some((5, 50))).await;
    put(&cache, id(7), 4, 40);
    all_is_written(&cache).await;
    assert_eq!(remembered(&cache, id(7)).await, Some((5, 50)));
    cache.forget(id(7));
    becomes(&cache, id(7), None).await;
    let kept = nodes.iter().filter(|node| node.cli(&["dbsize"]) != "0").count();
    assert_eq!(kept, 3, "each node has a part");
    RedisCache::examine(&options).await.unwrap();
}

#[tokio::test]
async fn a_cluster_that_lost_a_node_costs_the_limit_at_most_and_heals() {
    let mut nodes = cluster();
    let mut options = options(&[nodes[0].url()]);
    options.address.is_cluster = true;
    let cache = RedisCache::open(&options).await.unwrap();
    put(&cache, id(1), 1, 1);
    becomes(&cache, id(1), Some((1, 1))).await;
    nodes[2].kill();
    for number in 1..=100 {
        let begun = Instant::now();
        put(&cache, id(number), 2, number);
        let asked = cache.get(id(number)).await;
        assert!(
            begun.elapsed() < LIMIT * 2,
            "{asked:?} after {:?}",
            begun.elapsed()
        );
    }
    nodes[2].run();
    for number in 1..=30 {
        eventually("every part is written and read again", || async {
            put(&cache, id(number), 3, number);
            let cached = cache.get(id(number)).await.ok()??;
            (cached.standing.version == 3).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_user_with_the_rights_of_the_manual_is_enough() {
    let server = Redis::start();
    let manual = include_str!("../../docs/OPERATIONS.md");
    let rights = manual
        .lines()
        .find_map(|line| line.strip_prefix("ACL SETUSER frontdesk "))
        .expect("the manual says which rights are needed");
    let words: Vec<&str> = ["acl", "setuser", "frontdesk"]
        .into_iter()
        .chain(rights.split(' '))
        .collect();
    assert_eq!(server.cli(&words), "OK");
    let url = format!("redis://frontdesk:a-long-password@127.0.0.1:{}", server.port);
    RedisCache::examine(&options(&[url])).await.unwrap();
}

/// Somebody's message, answered.
async fn says(url: &str, who: &str, text: &str) -> Value {
    let body = json!({"business_id": BUSINESS, "participant_id": who, "text": text});
    let http = http_within(Duration::from_secs(30));
    let response = http
        .post(format!("{url}/v1/messages"))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200, "{who}: {text}");
    response.json().await.unwrap()
}

async fn figures(url: &str, path: &str) -> Value {
    get(format!("{url}{path}")).await.unwrap().json().await.unwrap()
}

/// A process that uses `server`, and keeps no conversation in its own memory once it stops.
fn site(server: &Redis) -> Site {
    let mut site = Site::new();
    site.settings.push(("REDIS_URL", server.url()));
    let limit = LIMIT.as_millis().to_string();
    site.settings.push(("FRONTDESK_CACHE__REDIS_TIMEOUT_MS", limit));
    site
}

#[tokio::test]
async fn a_restarted_process_takes_its_contexts_from_the_shared_cache() {
    let server = Redis::start();
    let mut site = site(&server);
    let (process, url) = site.start().await;
    for person in ["ana", "ben", "cleo"] {
        says(&url, person, "gel manicure on friday").await;
    }
    process.stop().await;
    let (process, url) = site.start().await;
    for person in ["ana", "ben", "cleo"] {
        let answer = says(&url, person, "2pm").await;
        assert_eq!(answer["goals"].as_array().unwrap().len(), 1, "{answer}");
    }
    let stats = figures(&url, "/v1/stats").await;
    assert_eq!(stats["cache"]["shared"]["hits"], 3, "{stats}");
    assert_eq!(stats["cache"]["shared"]["hit_ratio"], 1.0, "{stats}");
    // Their actors hold them; a context is kept beside only when its actor has left.
    assert_eq!(
        (&stats["load"]["actors"], &stats["cache_entries"]),
        (&json!(3), &json!(0)),
        "{stats}"
    );
    let ready = figures(&url, "/ready").await;
    assert_eq!(
        (&ready["status"], &ready["cache"]["state"]),
        (&json!("ready"), &json!("up"))
    );
    process.stop().await;
}

#[tokio::test]
async fn conversations_go_on_while_redis_is_killed_paused_flushed_and_back() {
    let mut server = Redis::start();
    let mut site = site(&server);
    let (process, url) = site.start().await;
    let people: Vec<String> = (0..8).map(|number| format!("person-{number}")).collect();
    // With somebody new each time, whose context every cache is asked for.
    let everybody = |url: String, text: &'static str| {
        let mut people = people.clone();
        people.push(format!("newcomer-{}", text.len()));
        async move {
            for person in &people {
                let answer = says(&url, person, text).await;
                assert_eq!(answer["duplicate"], false);
            }
        }
    };
    everybody(url.clone(), "do you have parking?").await;
    server.kill();
    everybody(url.clone(), "how much is a pedicure?").await;
    let ready = eventually("readiness tells", || async {
        let ready = figures(&url, "/ready").await;
        (ready["status"] == "degraded").then_some(ready)
    })
    .await;
    assert_eq!(ready["cache"]["state"], "degraded");
    assert_eq!(ready["database"]["state"], "up");
    everybody(url.clone(), "are you open on sunday?").await;
    server.run();
    eventually("readiness tells", || async {
        (figures(&url, "/ready").await["status"] == "ready").then_some(())
    })
    .await;
    everybody(url.clone(), "where are you?").await;
    server.cli(&["flushall"]);
    everybody(url.clone(), "thanks").await;
    server.pause();
    everybody(url.clone(), "do you take cards?").await;
    server.go_on();
    let shared = &figures(&url, "/v1/stats").await["cache"]["shared"];
    let unanswered = shared["errors"].as_u64().unwrap() + shared["skipped"].as_u64().unwrap();
    assert!(unanswered >= 2, "newcomers met a cache that was away: {shared}");
    process.kill().await;

    // Another process finds every conversation where it stood, whatever Redis has kept of it.
    let (process, url) = site.start().await;
    for person in &people {
        let answer = says(&url, person, "hi").await;
        assert_eq!(answer["version"], 7, "{answer}");
    }
    let stats = figures(&url, "/v1/stats").await;
    assert_eq!(stats["turns"]["committed"], 8, "{stats}");
    assert!(
        stats["invariant_violations"]
            .as_object()
            .unwrap()
            .values()
            .all(|count| count == 0),
        "{stats}"
    );
    process.stop().await;
    assert!(!site.log().contains("ERROR"), "{}", site.log());
}

#[tokio::test]
async fn the_program_starts_without_redis_and_finds_it_later() {
    let mut server = Redis::start();
    server.kill();
    let mut site = site(&server);
    let (process, url) = site.start().await;
    assert_eq!(figures(&url, "/ready").await["status"], "degraded");
    says(&url, "ana", "do you have parking?").await;
    let stats = figures(&url, "/v1/stats").await;
    assert_eq!(stats["cache"]["shared"]["skipped"], 1, "{stats}");
    assert_eq!(stats["cache_writes"]["skipped"], 1, "{stats}");
    server.run();
    eventually("readiness tells", || async {
        (figures(&url, "/ready").await["status"] == "ready").then_some(())
    })
    .await;
    says(&url, "ana", "thanks").await;
    process.stop().await;
    assert_eq!(server.cli(&["dbsize"]), "1");
}
