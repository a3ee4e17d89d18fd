//! The program is killed again and again between a provider's request and its receipt. Nothing that a provider was told
//! is lost, nothing is done twice, and what is sent again is sent under the same key.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::SignedDuration;
use sqlx::Row as _;

use super::cases::{Hook, case};
use super::house::{House, post_if_it_lives};
use crate::process::{Chance, Site, http, number};
use crate::support::postgres::Database;

const PEOPLE: u64 = 12;

#[tokio::test]
async fn killed_between_any_two_steps_nothing_is_lost_and_keys_stay() {
    kill_again_and_again(Site::new()).await;
}

#[tokio::test]
async fn on_postgresql_too() {
    let database = Database::new().await;
    kill_again_and_again(Site::on(&database.url())).await;
}

async fn kill_again_and_again(site: Site) {
    let mut chance = Chance(number("FRONTDESK_SEED", 20_261_120));
    let kills = number("FRONTDESK_KILLS", 8);
    let mut house = House::open(case("whatsapp"), site).await;
    let (mut id, mut taken) = (0, BTreeSet::new());
    for _ in 0..kills {
        let hooks: Vec<(u64, Hook)> = (0..PEOPLE)
            .map(|n| {
                (
                    id + n,
                    house.saying(
                        100 + n,
                        id + n,
                        &format!("do you have parking? number {}", id + n),
                    ),
                )
            })
            .collect();
        id += PEOPLE;
        let (client, url) = (http(), house.url().to_owned());
        let posting = tokio::spawn(async move {
            let mut taken = Vec::new();
            for (id, hook) in hooks {
                let sending = tokio::time::timeout(
                    Duration::from_secs(5),
                    post_if_it_lives(&client, &url, "whatsapp", &hook),
                )
                .await;
                if sending == Ok(Some(true)) {
                    taken.push(id);
                }
            }
            taken
        });
        tokio::time::sleep(Duration::from_millis(chance.between(5, 400))).await;
        house.kill().await;
        taken.extend(posting.await.unwrap());
        // Past every lease and every minute that a receipt is waited for.
        house.site.let_pass(SignedDuration::from_mins(2));
        house.start().await;
    }
    // What was not told to be taken comes again, as a provider sends it.
    for n in (0..id).filter(|n| !taken.contains(n)) {
        let who = 100 + n % PEOPLE;
        let hook = house.saying(who, n, &format!("do you have parking? number {n}"));
        while !house.post(&hook).await.is_success() {
            tokio::task::yield_now().await;
        }
    }
    for n in 0..PEOPLE {
        let said = house.has_said(100 + n, usize::try_from(kills).unwrap()).await;
        assert_eq!(
            said.len(),
            said.iter().collect::<BTreeSet<_>>().len(),
            "{n}: {said:?}"
        );
    }
    crate::process::eventually("an empty outbox", || async {
        house
            .rows("SELECT 1 FROM outbox WHERE state <> 2")
            .await
            .is_empty()
            .then_some(())
    })
    .await;

    let rows = house.rows("SELECT lower(hex(id)), reply FROM outbox").await;
    let kept: BTreeMap<String, String> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let (sends, mut again) = (house.provider.sends(), 0);
    for call in &sends {
        let key = call.json()["biz_opaque_callback_data"]
            .as_str()
            .unwrap()
            .replace('-', "");
        let texts = texts.entry(key).or_default();
        again += usize::from(!texts.is_empty());
        texts.insert((house.case.text)(call));
    }
    assert_eq!(
        texts.keys().collect::<BTreeSet<_>>(),
        kept.keys().collect(),
        "every row was sent, and nothing else"
    );
    assert!(
        texts.values().all(|texts| texts.len() == 1),
        "a key names one text: {texts:?}"
    );
    println!(
        "{kills} kills: {} replies, {} sends, {again} of them again under their key",
        kept.len(),
        sends.len()
    );
    house.stop().await;
}
