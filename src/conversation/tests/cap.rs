//! Above the cap of live actors the least recently used idle ones leave, and nobody who is busy is cut.

use super::house::{House, answered, message, pair, quiet};
use crate::conversation::router::ROOM_EVERY;
use crate::conversation::{Limits, Said};

async fn capped(actors_max: usize) -> House {
    House::with(Limits {
        actors_max,
        ..Limits::default()
    })
    .await
}

fn is_live(house: &House, who: &str) -> bool {
    house.conversations.services.router.find(&pair(who)).is_some()
}

#[tokio::test(start_paused = true)]
async fn a_thousand_pairs_that_write_once_never_keep_more_actors_than_the_cap() {
    let house = capped(10).await;
    for number in 0..1_000 {
        house.says(&format!("guest-{number}"), "hi").await;
        quiet().await;
        assert!(house.load().0 <= 10, "{} live", house.load().0);
    }
    assert_eq!(house.load(), (10, 0), "and no fewer than may stay");
    assert_eq!(house.store.turns().len(), 1_000, "each was answered once");
}

#[tokio::test(start_paused = true)]
async fn the_least_recently_used_leaves_first() {
    let house = capped(3).await;
    for who in ["anna", "ben", "cora", "anna"] {
        house.says(who, "hi").await;
    }
    house.says("dora", "hi").await;
    quiet().await;
    assert!(!is_live(&house, "ben"));
    assert!(["anna", "cora", "dora"].iter().all(|who| is_live(&house, who)));
}

#[tokio::test(start_paused = true)]
async fn when_all_are_busy_the_cap_is_passed_and_they_leave_once_they_are_idle() {
    let house = capped(10).await;
    let mut sent = Vec::new();
    for number in 0..1_000 {
        sent.push(house.begins(&format!("guest-{number}"), "slow hi").await);
    }
    tokio::time::sleep(ROOM_EVERY * 3).await;
    assert_eq!(house.load(), (1_000, 1_000), "nobody was cut or refused");

    house.mind.release(900);
    tokio::time::sleep(ROOM_EVERY * 3).await;
    assert_eq!(house.load(), (100, 100), "only the busy ones are above the cap");

    house.mind.release(100);
    tokio::time::sleep(ROOM_EVERY * 3).await;
    assert_eq!(house.load(), (10, 0));
    for sent in sent {
        assert_eq!(answered(sent.await.unwrap()).version, 1);
    }
    assert_eq!(house.store.turns().len(), 1_000, "each was answered once");
}

#[tokio::test(start_paused = true)]
async fn busy_ones_in_front_do_not_shield_the_idle_ones_behind_them() {
    let house = capped(50).await;
    let mut slow = Vec::new();
    for number in 0..40 {
        slow.push(house.begins(&format!("slow-{number}"), "slow hi").await);
    }
    for number in 0..100 {
        house.says(&format!("guest-{number}"), "hi").await;
        tokio::time::sleep(ROOM_EVERY).await;
        assert!(house.load().0 <= 50, "{} live", house.load().0);
    }
    house.mind.release(40);
    for sent in slow {
        answered(sent.await.unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn who_writes_while_their_actor_makes_room_is_answered_in_order() {
    let (mut stayed, mut left) = (0, 0);
    for steps in 0..40 {
        let house = capped(1).await;
        house.says("anna", "gel on friday").await;
        let first = house.conversations.services.router.find(&pair("anna")).unwrap();
        // Ben's coming asks Anna's actor to leave; she writes so many steps of the scheduler later.
        let ben = house.send(message("ben", "b", "hi"));
        for _ in 0..steps {
            tokio::task::yield_now().await;
        }
        let anna = [("c", "2pm"), ("d", "thanks")].map(|(id, text)| house.send(message("anna", id, text)));
        answered(ben.await.unwrap());
        let mut versions = Vec::new();
        for sent in anna {
            let answer = answered(sent.await.unwrap());
            assert_eq!(answer.goals.len(), 1, "nothing was forgotten");
            versions.push(answer.version);
        }
        assert!(versions.is_sorted(), "{versions:?} after {steps} steps");
        assert_eq!(
            house
                .store
                .turns()
                .concat()
                .iter()
                .filter(|text| *text == "2pm")
                .count(),
            1
        );
        let numbers = house.store.transcript_numbers(&pair("anna"));
        assert!(
            numbers.is_sorted_by(|a, b| a < b),
            "{numbers:?} after {steps} steps"
        );
        let again = house.send(message("anna", "c", "2pm")).await.unwrap();
        assert!(matches!(again, Ok(Said::Duplicate(_))), "{again:?}");
        // Hers may have stayed and Ben's gone, or the other way round.
        match first.get_status() {
            ractor::ActorStatus::Running => stayed += 1,
            _ => left += 1,
        }
        tokio::time::sleep(ROOM_EVERY * 3).await;
        assert_eq!(house.load(), (1, 0), "after {steps} steps");
    }
    assert!(
        stayed > 0 && left > 0,
        "both were met: {stayed} stayed, {left} left"
    );
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_works_on_the_inbox_is_asked_and_stays() {
    let house = capped(1).await;
    // Nobody waits for it any more: it is durable, and worked on without a place in the queue.
    let gone = house.begins("anna", "slow hi").await;
    tokio::time::sleep(super::house::WAIT * 2).await;
    assert!(matches!(gone.await.unwrap(), Ok(Said::Accepted)));
    house.says("ben", "hi").await;
    tokio::time::sleep(ROOM_EVERY * 3).await;
    assert!(is_live(&house, "anna"));
    house.mind.release(1);
    quiet().await;
    assert_eq!(
        house
            .store
            .turns()
            .concat()
            .iter()
            .filter(|text| *text == "slow hi")
            .count(),
        1
    );
    tokio::time::sleep(ROOM_EVERY * 3).await;
    assert!(house.load().0 <= 1);
}
