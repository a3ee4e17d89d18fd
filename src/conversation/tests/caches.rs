//! A cache saves work and never decides: stale, ahead, broken or empty, the turn starts on the committed context (I6).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use metrics_exporter_prometheus::PrometheusBuilder;

use super::house::{House, pair, quiet};
use super::store::standing_at;
use crate::conversation::Limits;
use crate::dialogue::Context;
use crate::store::cache::Cached;

/// A context that no turn has made.
fn wrong(version: u64) -> Cached {
    let context = Context {
        last_seq: 9_999,
        insults: 2,
        ..Context::default()
    };
    Cached {
        standing: standing_at(version),
        context: Arc::new(context),
    }
}

/// Another process on a store where Anna has talked twice.
async fn after_two_turns() -> (House, House) {
    let first = House::open().await;
    first.says("anna", "gel on friday").await;
    first.says("anna", "2pm").await;
    first.leaves("anna").await;
    let second = House::on(first.store.clone(), Limits::default()).await;
    first.store.take_calls();
    (first, second)
}

async fn goes_on_rightly(house: &House) {
    let answer = house.says("anna", "thanks").await;
    assert_eq!((answer.version, answer.goals.len()), (3, 1));
    assert_eq!(house.store.transcript_numbers(&pair("anna")), [1, 2, 3, 4, 5, 6]);
}

#[tokio::test(start_paused = true)]
async fn a_context_that_the_store_confirms_is_taken_from_the_cache() {
    let (first, second) = after_two_turns().await;
    let right = first.local.get_now(&pair("anna")).unwrap();
    second.local.remember(&pair("anna"), right);
    goes_on_rightly(&second).await;
}

#[tokio::test(start_paused = true)]
async fn stale_and_ahead_and_broken_caches_start_no_turn_on_a_wrong_context() {
    // At 2 it is another history of the same version.
    for version in [1, 2, 7] {
        for tier in ["local", "shared"] {
            let (_, house) = after_two_turns().await;
            let cache = if tier == "local" {
                &house.local
            } else {
                &house.shared
            };
            cache.remember(&pair("anna"), wrong(version));
            goes_on_rightly(&house).await;
            house.leaves("anna").await;
            assert_eq!(cache.remembers(&pair("anna")), Some(3), "{tier} at {version}");
        }
    }
    let (_, house) = after_two_turns().await;
    house.local.is_broken.store(true, Ordering::Relaxed);
    house.shared.is_broken.store(true, Ordering::Relaxed);
    goes_on_rightly(&house).await;
}

#[tokio::test(start_paused = true)]
async fn a_cache_that_is_ahead_is_emptied_before_its_number_fits_again() {
    let (_, house) = after_two_turns().await;
    house.local.remember(&pair("anna"), wrong(3));
    house.shared.remember(&pair("anna"), wrong(3));
    // The conversation is looked at and not changed; then another process makes version 3.
    house.conversations.context(&pair("anna")).await.unwrap();
    let other = House::on(house.store.clone(), Limits::default()).await;
    goes_on_rightly(&other).await;
    let answer = house.says("anna", "bye").await;
    assert_eq!(answer.version, 4);
    assert_eq!(house.store.transcript_numbers(&pair("anna")).len(), 8);
    let (_, context) = house.conversations.context(&pair("anna")).await.unwrap().unwrap();
    assert_eq!(context.insults, 0);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_went_back_is_believed() {
    let house = House::open().await;
    house.says("anna", "hi").await;
    house.says("anna", "gel").await;
    house.store.set_version(&pair("anna"), 1);
    let answer = house.says("anna", "friday").await;
    assert_eq!(answer.version, 2, "the store decides, whatever memory says");
}

#[tokio::test(start_paused = true)]
async fn the_shared_cache_knows_at_once_what_was_committed_and_that_of_the_process_when_the_actor_leaves() {
    let house = House::open().await;
    house.says("anna", "gel on friday").await;
    assert_eq!(house.shared.remembers(&pair("anna")), Some(1));
    assert_eq!(house.local.remembers(&pair("anna")), None, "the live actor knows");
    let (_, owned) = house.conversations.context(&pair("anna")).await.unwrap().unwrap();
    house.leaves("anna").await;
    let left = house.local.get_now(&pair("anna")).unwrap();
    assert_eq!((left.standing.version, &*left.context), (1, &owned));
    house.says("anna", "2pm").await;
    assert_eq!(
        house.local.remembers(&pair("anna")),
        None,
        "the next actor has taken it"
    );
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_was_killed_leaves_nothing_to_the_cache() {
    let house = House::open().await;
    house.says("anna", "gel on friday").await;
    house.says("anna", "2pm").await;
    let router = &house.conversations.services.router;
    router.find(&pair("anna")).unwrap().kill();
    quiet().await;
    assert_eq!(house.load(), (0, 0));
    assert_eq!(house.local.remembers(&pair("anna")), None);
    goes_on_rightly(&house).await;
}

#[tokio::test(start_paused = true)]
async fn every_tier_that_was_asked_is_counted_once() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let counted = |what: &str| -> u64 {
        let prefix = format!("frontdesk_cache_requests_total{{{what}}} ");
        let text = handle.render();
        let line = text.lines().find_map(|line| line.strip_prefix(&prefix));
        line.map_or(0, |number| number.parse().unwrap())
    };
    let _here = metrics::set_default_local_recorder(&recorder);
    let asked = |tier: &str, result: &str| counted(&format!("tier=\"{tier}\",result=\"{result}\""));

    let (first, second) = after_two_turns().await;
    // A new conversation is nowhere; afterwards the live actor answers its own two turns.
    assert_eq!((asked("local", "miss"), asked("shared", "miss")), (1, 1));
    assert_eq!((asked("durable", "miss"), asked("durable", "hit")), (1, 0));
    assert_eq!(asked("local", "hit"), 2);

    // Another process finds it in the shared tier.
    second
        .shared
        .remember(&pair("anna"), first.shared.get_now(&pair("anna")).unwrap());
    second.says("anna", "thanks").await;
    assert_eq!((asked("local", "miss"), asked("shared", "hit")), (2, 1));
    assert_eq!(asked("durable", "hit"), 0);

    // A third one meets two broken caches.
    let third = House::on(first.store.clone(), Limits::default()).await;
    third.local.is_broken.store(true, Ordering::Relaxed);
    third.shared.is_broken.store(true, Ordering::Relaxed);
    third.says("anna", "thanks").await;
    assert_eq!((asked("local", "error"), asked("shared", "error")), (1, 1));
    assert_eq!(asked("durable", "hit"), 1);

    // A fourth one leaves the shared cache alone for a moment.
    let fourth = House::on(first.store.clone(), Limits::default()).await;
    fourth.shared.is_left_alone.store(true, Ordering::Relaxed);
    fourth.says("anna", "thanks").await;
    assert_eq!((asked("shared", "skipped"), asked("shared", "error")), (1, 1));
}
