//! Two names that turn out to be one person, while messages of both come in; and accounts that are added while the
//! server runs.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::Row as _;
use tokio::sync::oneshot;

use super::cases::{Hook, case};
use super::house::{House, post};
use super::stub::Manner;
use crate::process::{BUSINESS, Site, eventually, http};
use crate::support::postgres;

/// Messages of each of the two.
const EACH: u64 = 20;
/// So many of each are posted before the two are linked.
const BEFORE: usize = 5;

const ANA: u64 = 1;
const BEA: u64 = 2;

/// Calls the API, and reads its answer.
async fn call(house: &House<'_>, method: Method, path: &[&str], body: &Value) -> (StatusCode, Value) {
    let mut url = reqwest::Url::parse(house.url()).unwrap();
    let segments = ["v1", "businesses", BUSINESS].iter().chain(path);
    url.path_segments_mut().unwrap().extend(segments);
    let response = http().request(method, url).json(body).send().await.unwrap();
    let status = response.status();
    (status, response.json().await.unwrap_or_default())
}

async fn link(house: &House<'_>) -> Value {
    let [ana, bea] = [ANA, BEA].map(|who| house.case.participant("salon", who));
    let (status, told) = call(
        house,
        Method::POST,
        &["participants", &ana, "link"],
        &json!({"other": bea}),
    )
    .await;
    assert_eq!(status, StatusCode::OK, "{told}");
    told
}

fn inbound(lines: &[Value]) -> Vec<String> {
    let said = lines.iter().filter(|line| line["direction"] == "inbound");
    said.map(|line| line["text"].as_str().unwrap().to_owned())
        .collect()
}

/// Nobody waits, and everything is answered.
async fn all_is_answered(house: &House<'_>, messages: usize) {
    let all = eventually("an answer to everything", || async {
        let answered = house.rows("SELECT 1 FROM inbox WHERE state = 1").await.len();
        (answered == messages).then_some(())
    });
    if tokio::time::timeout(Duration::from_secs(50), all).await.is_err() {
        let left = house.rows("SELECT participant_id || ' ' || message_id || ' ' || state || ' ' || attempts FROM inbox WHERE state <> 1").await;
        let left: Vec<String> = left.iter().map(|row| row.get(0)).collect();
        panic!("not all is answered: {left:?}\n{}", house.site.log());
    }
}

/// Both write, one message after the other; in the midst of it an operator links them, and they go on under both names.
async fn both_write_while_they_are_linked(site: Site) {
    let mut house = House::open(case("telegram"), site).await;
    let hooks = |who: u64| -> Vec<Hook> {
        let hook = |n| {
            house.saying(
                who,
                100 * who + n,
                &format!("do you have parking? number {who}-{n}"),
            )
        };
        (0..EACH).map(hook).collect()
    };
    let (begun, mut may_link): (Vec<_>, Vec<_>) = (0..2).map(|_| oneshot::channel::<()>()).unzip();
    let writing = [ANA, BEA].into_iter().zip(begun).map(|(who, begun)| {
        let (hooks, url, http) = (hooks(who), house.url().to_owned(), http());
        tokio::spawn(async move {
            let mut begun = Some(begun);
            for (at, hook) in hooks.iter().enumerate() {
                if at == BEFORE {
                    begun.take().map(|begun| begun.send(()));
                }
                // As a provider does: until it is taken, and then once more.
                while !post(&http, &url, "telegram", hook).await.is_success() {
                    tokio::task::yield_now().await;
                }
                assert!(post(&http, &url, "telegram", hook).await.is_success());
            }
        })
    });
    let writing: Vec<_> = writing.collect();
    for begun in &mut may_link {
        begun.await.unwrap();
    }
    link(&house).await;
    let until_then = house.transcript(BEA).await;
    assert_eq!(link(&house).await, json!({"joined": 0}), "they are one already");
    for writer in writing {
        writer.await.unwrap();
    }

    let messages = usize::try_from(2 * EACH).unwrap();
    all_is_answered(&house, messages).await;
    let lines = house.transcript(ANA).await;
    let said = inbound(&lines);
    assert_eq!(said.len(), messages, "each once: {said:?}");
    assert_eq!(said.iter().collect::<BTreeSet<_>>().len(), messages, "{said:?}");
    assert_eq!(
        house.transcript(BEA).await,
        until_then,
        "nothing is answered in a conversation that is another one by now"
    );
    // One reply answers what was written together; none is there twice.
    let replies: Vec<&Value> = lines
        .iter()
        .filter(|line| line["direction"] == "outbound")
        .collect();
    let ids: BTreeSet<String> = replies
        .iter()
        .map(|line| line["message_id"].to_string())
        .collect();
    assert_eq!(ids.len(), replies.len(), "{replies:?}");
    let rows = house.rows("SELECT 1 FROM outbox").await.len();
    assert_eq!(
        rows,
        replies.len(),
        "every reply is handed to the outbox, and nothing else"
    );
    house.stop().await;
}

#[tokio::test]
async fn linked_while_both_names_write_nothing_is_lost_or_answered_twice() {
    both_write_while_they_are_linked(Site::new()).await;
}

#[tokio::test]
async fn linked_while_both_names_write_nothing_is_lost_or_answered_twice_in_postgres() {
    let database = postgres::Database::new().await;
    both_write_while_they_are_linked(Site::on(&database.url())).await;
}

/// The reply of a message that comes under the old name goes where it came from.
#[tokio::test]
async fn whoever_was_linked_is_answered_where_they_write() {
    let mut house = House::open(case("telegram"), Site::new()).await;
    house.says(ANA, 1, "do you have parking?").await;
    house.says(BEA, 2, "do you have parking?").await;
    house.provider.gets(2).await;
    all_is_answered(&house, 2).await;
    assert_eq!(link(&house).await, json!({"joined": 2}));

    house.says(BEA, 3, "how much is a pedicure?").await;
    let sent = house.provider.gets(3).await;
    assert_eq!(
        sent[2].json()["chat_id"].to_string().trim_matches('"'),
        BEA.to_string()
    );
    let lines = house.has_lines(ANA, 6).await;
    assert_eq!(lines[4]["text"], "how much is a pedicure?");
    assert_eq!(house.transcript(BEA).await.len(), 2);
    house.stop().await;
}

/// What was accepted under the old name by a process that died before it was answered, is answered under the new one.
#[tokio::test]
async fn what_a_dead_process_left_under_the_old_name_is_answered_under_the_new_one() {
    const QUIET: &str = "FRONTDESK_CONVERSATION__BURST_WEB_QUIET_MS";
    const LONGEST: &str = "FRONTDESK_CONVERSATION__BURST_WEB_MS_MAX";
    let mut house = House::open(case("telegram"), Site::new()).await;
    house.says(ANA, 1, "do you have parking?").await;
    all_is_answered(&house, 1).await;
    house.stop().await;
    // From now on everything waits for more.
    for name in [QUIET, LONGEST] {
        house.site.settings.push((name, "60000".to_owned()));
    }
    house.start().await;
    house.says(BEA, 2, "do you have parking?").await;
    assert_eq!(link(&house).await, json!({"joined": 1}));
    // This process still knows the old name, and is not to answer any more.
    house.says(BEA, 3, "how much is a pedicure?").await;
    let waiting = house
        .rows("SELECT participant_id FROM inbox WHERE state = 0 ORDER BY n")
        .await;
    let waiting: Vec<String> = waiting.iter().map(|row| row.get(0)).collect();
    assert_eq!(waiting, ["telegram:salon:1", "telegram:salon:2"]);
    house.kill().await;
    for name in [QUIET, LONGEST] {
        house.site.settings.push((name, "30".to_owned()));
    }
    house.start().await;
    all_is_answered(&house, 3).await;
    let said = inbound(&house.transcript(ANA).await);
    let expected = [
        "do you have parking?",
        "do you have parking?",
        "how much is a pedicure?",
    ];
    assert_eq!(said, expected);
    assert_eq!(house.transcript(BEA).await, Vec::<Value>::new());
    house.stop().await;
}

#[tokio::test]
async fn an_account_is_added_and_forgotten_while_the_server_runs() {
    let case = case("telegram");
    let mut house = House::open(case, Site::new()).await;
    let path = ["channels", "telegram", "salon"];
    let (status, _) = call(&house, Method::DELETE, &path, &json!({})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let hook = house.saying(ANA, 1, "do you have parking?");
    assert_eq!(house.post(&hook).await, StatusCode::UNAUTHORIZED);

    let secrets: serde_json::Map<String, Value> = case
        .secrets
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    let given = json!({"settings": {"api_base": house.provider.url}, "secrets": secrets});
    let (status, account) = call(&house, Method::PUT, &path, &given).await;
    assert_eq!(status, StatusCode::CREATED, "{account}");
    assert_eq!(
        account["webhook_url"],
        "https://desk.example.com/webhooks/telegram/salon"
    );
    assert!(house.post(&hook).await.is_success());
    assert_eq!(house.provider.gets(1).await.len(), 1);
    assert!(
        !house.site.log().contains("123:abc"),
        "secrets stay out of the log"
    );
    house.stop().await;
}

#[tokio::test]
async fn what_was_given_up_is_seen_with_its_tries_and_sent_again() {
    let mut house = House::open(case("telegram"), Site::new()).await;
    let blocked =
        json!({"ok": false, "error_code": 403, "description": "Forbidden: bot was blocked by the user"});
    house.provider.will([Manner::Says(403, "", blocked)]);
    house.says(ANA, 1, "do you have parking?").await;
    let dead = eventually("a dead letter", || async {
        let (_, page) = call(&house, Method::GET, &["deliveries"], &json!({})).await;
        let delivery = page["deliveries"][0].clone();
        (delivery["state"] == "dead").then_some(delivery)
    })
    .await;
    assert_eq!(dead["tries"][0]["result"], "dead", "{dead}");
    assert_eq!(dead["account"], "salon");
    assert!(!dead.to_string().contains("parking"), "{dead}");

    let id = dead["id"].as_str().unwrap();
    let (status, _) = call(&house, Method::POST, &["deliveries", id, "resend"], &json!({})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let sent = house.provider.gets(2).await;
    assert_eq!((house.case.text)(&sent[0]), (house.case.text)(&sent[1]));
    house.has_rows("SELECT 1 FROM outbox WHERE state = 2", 1).await;
    house.stop().await;
}
