//! Many messages of many people, shuffled and delivered again and again: each is said once, and in the order in which
//! they were sent, as far as the first of two was safe before the second came.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt as _;
use tokio::time::Instant;

use super::cases::{Hook, case};
use super::house::{House, post};
use crate::process::{Chance, Site, http, number};

const PEOPLE: u64 = 50;
const EACH: u64 = 20;
const COPIES: u64 = 3;

#[tokio::test]
async fn a_thousand_messages_shuffled_and_tripled_are_a_thousand_in_order() {
    let mut chance = Chance(number("FRONTDESK_SEED", 20_261_120));
    let mut house = House::open(case("whatsapp"), Site::new()).await;
    let mut hooks: Vec<(u64, Hook)> = Vec::new();
    for id in 0..PEOPLE * EACH {
        let (who, text) = (100 + id % PEOPLE, format!("do you have parking? number {id}"));
        // A second apart, and the last one just now.
        let at = house.now() - i64::try_from(PEOPLE * EACH - id).unwrap();
        let hook = house.saying_at(at, who, id, &text);
        hooks.extend((0..COPIES).map(|_| (id, hook.clone())));
    }
    for at in (1..hooks.len()).rev() {
        let other = usize::try_from(chance.between(0, at as u64 + 1)).unwrap();
        hooks.swap(at, other);
    }

    let (client, url) = (http(), house.url().to_owned());
    let posts = hooks.into_iter().map(|(id, hook)| {
        let (client, url) = (client.clone(), url.clone());
        async move {
            let begun = Instant::now();
            // As a provider does: until it is taken.
            loop {
                let status = post(&client, &url, "whatsapp", &hook).await;
                if status.is_success() {
                    return (id, begun, Instant::now());
                }
                assert!(matches!(status.as_u16(), 429 | 503), "{status}");
                tokio::task::yield_now().await;
            }
        }
    });
    let told: Vec<(u64, Instant, Instant)> = futures_util::stream::iter(posts)
        .buffer_unordered(16)
        .collect()
        .await;
    // When each was first posted, and when it was first told to be taken.
    let mut first: BTreeMap<u64, (Instant, Instant)> = BTreeMap::new();
    for (id, begun, ended) in told {
        let entry = first.entry(id).or_insert((begun, ended));
        *entry = (entry.0.min(begun), entry.1.min(ended));
    }

    for who in 100..100 + PEOPLE {
        let said = house.has_said(who, usize::try_from(EACH).unwrap()).await;
        let ids: Vec<u64> = said
            .iter()
            .map(|text| text.rsplit(' ').next().unwrap().parse().unwrap())
            .collect();
        assert_eq!(
            ids.iter().collect::<BTreeSet<_>>().len(),
            ids.len(),
            "{who}: each once"
        );
        for (at, after) in ids.iter().enumerate() {
            for before in &ids[..at] {
                // Sent first, and safe before the other was even posted.
                let was_first = after < before && first[after].1 < first[before].0;
                assert!(
                    !was_first,
                    "{who}: {after} was sent and taken before {before}, and stands after it"
                );
            }
        }
    }
    assert_eq!(
        house.rows("SELECT 1 FROM inbox WHERE state = 1").await.len(),
        1_000
    );
    house.stop().await;
}
