//! Accounts at channels, who is who, and what is delivered, over a database in memory.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::support::{Site, locked_site, real_site, real_site_with};
use super::{check, message};
use crate::store::{AccountRow, Settlement};
use crate::types::{BusinessId, Channel};

const CHANNELS: &str = "/v1/businesses/demo-salon/channels";
const SALON: &str = "/v1/businesses/demo-salon/channels/telegram/salon";
const DELIVERIES: &str = "/v1/businesses/demo-salon/deliveries";

fn telegram() -> Value {
    json!({
        "settings": {"sends_per_second": "5"},
        "secrets": {"bot_token": "123:abc", "secret_token": "hush-hush"},
    })
}

async fn put(site: &Site, path: &str, given: &Value) -> super::Answered {
    site.json(Method::PUT, path, given.to_string()).await
}

#[tokio::test]
async fn an_account_is_added_changed_shown_without_its_secrets_and_forgotten() {
    let site = real_site().await;
    assert_eq!(site.get(CHANNELS).await.json(), json!({"channels": []}));

    let added = put(&site, SALON, &telegram()).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text());
    let account = json!({
        "channel": "telegram",
        "account": "salon",
        "webhook_url": "https://desk.example.com/webhooks/telegram/salon",
        "settings": {"sends_per_second": "5"},
        "secrets": ["bot_token", "secret_token"],
        "stopped": null,
        "sealed": null,
    });
    assert_eq!(added.json(), account);
    let listed = site.get(CHANNELS).await;
    assert_eq!(listed.json(), json!({"channels": [account]}));
    assert!(!listed.text().contains("123:abc"), "{}", listed.text());

    // What is not given stays, and an empty setting is taken back.
    let changed = put(&site, SALON, &json!({"settings": {"sends_per_second": ""}})).await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_eq!(changed.json()["settings"], json!({}));
    assert_eq!(changed.json()["secrets"], json!(["bot_token", "secret_token"]));

    let forgotten = site.json(Method::DELETE, SALON, "").await;
    assert_eq!(forgotten.status, StatusCode::NO_CONTENT);
    assert_eq!(site.get(CHANNELS).await.json(), json!({"channels": []}));
    check(&site.json(Method::DELETE, SALON, "").await, 404, "not-found");
}

#[tokio::test]
async fn what_does_not_fit_an_account_is_named() {
    let site = real_site().await;
    let mut given = telegram();
    given["settings"] = json!({"colour": "red"});
    let mut nameless = telegram();
    nameless["secrets"] = json!({"secret_token": "hush-hush"});
    let mut unknown = telegram();
    unknown["secrets"]["pin"] = json!("1234");
    for (given, place) in [
        (given, "settings.colour"),
        (nameless, "secrets.bot_token"),
        (unknown, "secrets.pin"),
        (
            json!({"settings": {"sends_per_second": 5}}),
            "settings.sends_per_second",
        ),
        (json!({"name": "salon"}), "name"),
    ] {
        let problem = check(&put(&site, SALON, &given).await, 422, "invalid");
        assert_eq!(problem["errors"][0]["path"], place, "{problem}");
    }
    let web = SALON.replace("telegram", "web");
    let problem = check(&put(&site, &web, &telegram()).await, 404, "not-found");
    assert!(
        problem["detail"].as_str().unwrap().contains("telegram"),
        "{problem}"
    );
    let fax = SALON.replace("telegram", "fax");
    check(&put(&site, &fax, &telegram()).await, 400, "malformed-request");
    let nobody = SALON.replace("demo-salon", "nobody");
    check(&put(&site, &nobody, &telegram()).await, 404, "not-found");
    let nobody = CHANNELS.replace("demo-salon", "nobody");
    check(&site.get(&nobody).await, 404, "not-found");
    assert_eq!(site.get(CHANNELS).await.json(), json!({"channels": []}));
}

/// A second business beside the demo.
async fn add_a_barber(site: &Site) {
    let mut document = site.get("/v1/businesses/demo-salon").await.json();
    document["id"] = json!("barber");
    let stored = put(site, "/v1/businesses/barber", &document).await;
    assert_eq!(stored.status, StatusCode::OK, "{}", stored.text());
}

#[tokio::test]
async fn an_account_is_its_business_s_own() {
    let site = real_site().await;
    add_a_barber(&site).await;
    put(&site, SALON, &telegram()).await;
    let theirs = SALON.replace("demo-salon", "barber");
    check(&put(&site, &theirs, &telegram()).await, 409, "conflict");
    check(&put(&site, &theirs, &json!({})).await, 409, "conflict");
    check(&site.json(Method::DELETE, &theirs, "").await, 404, "not-found");
    let resume = format!("{theirs}/resume");
    check(&site.json(Method::POST, &resume, "").await, 404, "not-found");
    let listed = site.get("/v1/businesses/barber/channels").await;
    assert_eq!(listed.json(), json!({"channels": []}));
}

#[tokio::test]
async fn without_a_key_to_seal_with_the_answer_says_what_to_do() {
    let site = real_site_with(&[], false).await;
    let problem = check(&put(&site, SALON, &telegram()).await, 409, "conflict");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("FRONTDESK_SECRETS_KEY"), "{detail}");

    // One that was sealed with a key that is gone.
    let store = site.database.clone().unwrap();
    let row = AccountRow {
        channel: Channel::Telegram,
        account: "salon".parse().unwrap(),
        business: BusinessId::new("demo-salon").unwrap(),
        settings: "{}".to_owned(),
        secrets: "v1:AAAA".to_owned(),
        problem: None,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    };
    store.put_account(&row).await.unwrap();
    let listed = site.get(CHANNELS).await.json();
    assert_eq!(listed["channels"][0]["secrets"], json!([]));
    assert!(listed["channels"][0]["sealed"].is_string(), "{listed}");
}

#[tokio::test]
async fn a_stopped_account_says_why_and_is_resumed() {
    let site = real_site().await;
    put(&site, SALON, &telegram()).await;
    let store = site.database.clone().unwrap();
    let (channel, account) = (Channel::Telegram, "salon".parse().unwrap());
    let stop = store.stop_account(
        channel,
        &account,
        Some("the token ran out"),
        Timestamp::UNIX_EPOCH,
    );
    stop.await.unwrap();
    let stopped = async || site.get(CHANNELS).await.json()["channels"][0]["stopped"].clone();
    assert_eq!(stopped().await, "the token ran out");
    let resume = format!("{SALON}/resume");
    for _ in 0..2 {
        let resumed = site.json(Method::POST, &resume, "").await;
        assert_eq!(resumed.status, StatusCode::NO_CONTENT);
        assert_eq!(stopped().await, Value::Null);
    }
    let other = SALON.replace("/salon", "/other") + "/resume";
    check(&site.json(Method::POST, &other, "").await, 404, "not-found");
}

#[tokio::test]
async fn a_new_listener_hears_at_once() {
    let site = real_site().await;
    let crm = "/v1/businesses/demo-salon/channels/standard/crm";
    let given = json!({
        "settings": {"url": "https://crm.example.com/hooks", "events": "all"},
        "secrets": {"secret": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="},
    });
    let salon = BusinessId::new("demo-salon").unwrap();
    assert!(site.listeners.of(&salon).is_none());
    let added = put(&site, crm, &given).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text());
    assert_eq!(site.listeners.of(&salon).unwrap().len(), 1);
    site.json(Method::DELETE, crm, "").await;
    assert!(site.listeners.of(&salon).is_none());
}

#[tokio::test]
async fn an_accounts_model_is_known_at_once_and_what_is_no_name_is_refused() {
    let site = real_site().await;
    let model = || site.listeners.model(Channel::Telegram, "salon");
    put(&site, SALON, &telegram()).await;
    assert_eq!(model(), None);
    let wanted = |model: &str| json!({"settings": {"model": model}});
    let set = put(&site, SALON, &wanted("small:q8")).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text());
    assert_eq!(model().as_deref(), Some("small:q8"));
    let problem = check(&put(&site, SALON, &wanted("a\nb")).await, 422, "invalid");
    assert_eq!(problem["errors"][0]["path"], "settings.model", "{problem}");
    assert_eq!(site.listeners.model(Channel::Slack, "salon"), None);
    put(&site, SALON, &wanted("")).await;
    assert_eq!(model(), None, "taken back");
}

/// What everybody says first.
async fn says(site: &Site, who: &str, channel: &str) {
    let said = message(&json!({"participant_id": who, "channel": channel}));
    let said = site.json(Method::POST, "/v1/messages", said).await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.text());
}

async fn link(site: &Site, into: &str, other: &str) -> super::Answered {
    let path = format!("/v1/businesses/demo-salon/participants/{into}/link");
    site.json(Method::POST, &path, json!({"other": other}).to_string())
        .await
}

#[tokio::test]
async fn two_participants_are_said_to_be_one() {
    let site = real_site().await;
    says(&site, "ana", "api").await;
    says(&site, "bea", "api").await;
    check(&link(&site, "ana", "nobody").await, 404, "not-found");
    check(&link(&site, "nobody", "ana").await, 404, "not-found");
    let problem = check(&link(&site, "ana", "").await, 422, "invalid");
    assert_eq!(problem["errors"][0]["path"], "other");

    assert_eq!(link(&site, "ana", "bea").await.json(), json!({"joined": 2}));
    assert_eq!(link(&site, "ana", "bea").await.json(), json!({"joined": 0}));
    assert_eq!(link(&site, "ana", "ana").await.json(), json!({"joined": 0}));
    let page = "/v1/businesses/demo-salon/participants/ana/messages";
    let page = site.get(page).await.json();
    assert_eq!(page["messages"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn what_a_joined_participant_says_is_answered_in_the_joined_conversation() {
    let site = real_site().await;
    says(&site, "ana", "api").await;
    says(&site, "bea", "api").await;
    link(&site, "ana", "bea").await;
    let to_bea = message(&json!({"participant_id": "bea", "message_id": "after"}));
    let said = site.json(Method::POST, "/v1/messages", to_bea.clone()).await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.text());
    // Ana's first turn, the join, and this one.
    assert_eq!(
        (&said.json()["version"], &said.json()["duplicate"]),
        (&json!(3), &json!(false))
    );
    let again = site.json(Method::POST, "/v1/messages", to_bea).await;
    assert_eq!(again.json()["duplicate"], json!(true), "{}", again.text());
    let page = "/v1/businesses/demo-salon/participants/ana/messages";
    let page = site.get(page).await.json();
    let ids: Vec<&Value> = page["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| &m["message_id"])
        .collect();
    assert_eq!(
        ids.iter().filter(|id| ***id == json!("after")).count(),
        1,
        "{page}"
    );
    assert_eq!(ids.len(), 6);

    let model = "/v1/businesses/demo-salon/participants/bea/model";
    let set = site.json(Method::PUT, model, r#"{"model": "small"}"#).await;
    assert_eq!(set.json()["version"], 4, "{}", set.text());
}

#[tokio::test]
async fn a_token_links_whoever_brings_it_back() {
    let site = real_site_with(&["secret"], true).await;
    says(&site, "ana", "api").await;
    says(&site, "bea", "api").await;
    let tokens = "/v1/businesses/demo-salon/participants/ana/link-token";
    let given = site.json(Method::POST, tokens, "").await.json();
    assert_eq!(given["expires_at"], "2026-11-18T15:15:00Z");
    let redeem = async |token: &str, who: &str| {
        let body = json!({"token": token, "participant_id": who}).to_string();
        site.json(Method::POST, "/v1/businesses/demo-salon/link", body)
            .await
    };
    let token = given["token"].as_str().unwrap();
    for wrong in ["", "fdl1.1.2.3", &token.replace("fdl1", "fdw1")] {
        let problem = check(&redeem(wrong, "bea").await, 422, "invalid");
        assert_eq!(problem["errors"][0]["path"], "token");
    }
    check(&redeem(token, "nobody").await, 404, "not-found");
    assert_eq!(redeem(token, "bea").await.json(), json!({"joined": 2}));
    assert_eq!(redeem(token, "bea").await.json(), json!({"joined": 0}));
    // Whoever saw it over her shoulder becomes nobody else.
    says(&site, "eve", "api").await;
    for spent in [token, &format!(" {token}\n")] {
        check(&redeem(spent, "eve").await, 409, "conflict");
    }
    assert_eq!(redeem(token, "bea").await.json(), json!({"joined": 0}));
}

#[tokio::test]
async fn without_api_keys_there_is_nothing_to_sign_tokens_with() {
    let site = real_site().await;
    for (path, body) in [
        ("participants/ana/link-token", String::new()),
        (
            "link",
            json!({"token": "fdl1.1.2.3", "participant_id": "bea"}).to_string(),
        ),
    ] {
        let path = format!("/v1/businesses/demo-salon/{path}");
        let problem = check(&site.json(Method::POST, &path, body).await, 409, "conflict");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("FRONTDESK_API_KEYS"), "{detail}");
    }
}

#[tokio::test]
async fn deliveries_are_listed_page_by_page_and_sent_again() {
    let site = real_site().await;
    for who in ["ana", "bea", "cleo"] {
        says(&site, who, "web").await;
    }
    let store = site.database.clone().unwrap();
    let now: Timestamp = "2026-11-18T15:00:00Z".parse().unwrap();
    let claimed = store.outbox_claim(now, now, 9).await.unwrap();
    let dead = claimed
        .iter()
        .find(|row| row.pair.participant.as_str() == "bea")
        .unwrap()
        .id;
    let settled = claimed.iter().map(|row| {
        let settlement = match row.id {
            id if id == dead => Settlement::Dead("nobody is there".to_owned()),
            _ => Settlement::Sent(None),
        };
        (row.id, settlement)
    });
    store.outbox_settle(settled.collect()).await.unwrap();

    let page = site.get(DELIVERIES).await.json();
    let [delivery] = page["deliveries"].as_array().unwrap().as_slice() else {
        panic!("{page}");
    };
    assert_eq!(
        (
            &delivery["id"],
            &delivery["state"],
            &delivery["problem"],
            &delivery["kind"]
        ),
        (
            &json!(dead),
            &json!("dead"),
            &json!("nobody is there"),
            &json!("reply")
        )
    );
    assert_eq!(
        delivery["tries"],
        json!([]),
        "they are kept for channels with accounts"
    );
    assert_eq!(delivery.get("text"), None);
    let shown = site.get(&format!("{DELIVERIES}?text=true")).await.json();
    assert!(!shown["deliveries"][0]["text"].as_str().unwrap().is_empty());

    let first = site.get(&format!("{DELIVERIES}?state=sent&limit=1")).await.json();
    let after = first["next"].as_str().unwrap();
    let second = site
        .get(&format!("{DELIVERIES}?state=sent&limit=1&after={after}"))
        .await
        .json();
    // Committed in the same instant, they are in the order of their ids.
    let mut seen = [&first, &second].map(|page| page["deliveries"][0]["participant_id"].as_str().unwrap());
    seen.sort_unstable();
    assert_eq!(seen, ["ana", "cleo"]);
    assert_eq!(second["next"], Value::Null);
    for wrong in ["state=lost", "after=1", "limit=0", "texts=true"] {
        let answer = site.get(&format!("{DELIVERIES}?{wrong}")).await;
        check(&answer, 400, "malformed-request");
    }

    add_a_barber(&site).await;
    let resend = format!("{DELIVERIES}/{dead}/resend");
    let theirs = resend.replace("demo-salon", "barber");
    check(&site.json(Method::POST, &theirs, "").await, 404, "not-found");
    let again = site.json(Method::POST, &resend, "").await;
    assert_eq!(again.status, StatusCode::NO_CONTENT);
    assert_eq!(
        site.get(DELIVERIES).await.json()["deliveries"][0]["state"],
        "waiting"
    );
    let sent = first["deliveries"][0]["id"].as_str().unwrap();
    let sent = format!("{DELIVERIES}/{sent}/resend");
    check(&site.json(Method::POST, &sent, "").await, 404, "not-found");
    let nonsense = format!("{DELIVERIES}/nonsense/resend");
    check(
        &site.json(Method::POST, &nonsense, "").await,
        400,
        "malformed-request",
    );
}

#[tokio::test]
async fn all_of_this_is_for_operators_only() {
    let site = locked_site("secret").await;
    let base = "/v1/businesses/demo-salon";
    for (method, path) in [
        (Method::GET, "channels"),
        (Method::PUT, "channels/telegram/salon"),
        (Method::DELETE, "channels/telegram/salon"),
        (Method::POST, "channels/telegram/salon/resume"),
        (Method::POST, "participants/ana/link"),
        (Method::POST, "participants/ana/link-token"),
        (Method::POST, "link"),
        (Method::GET, "deliveries"),
        (
            Method::POST,
            "deliveries/019ab3c4-5d6e-5f70-8a9b-0c1d2e3f4a5b/resend",
        ),
    ] {
        let path = format!("{base}/{path}");
        check(&site.json(method.clone(), &path, "{}").await, 401, "unauthorized");
        let visitor = Request::builder()
            .method(method)
            .uri(&path)
            .header("authorization", "Bearer fdw1.9999999999.00")
            .header("content-type", "application/json")
            .body(Body::from("{}"))
            .unwrap();
        check(&site.send(visitor).await, 403, "forbidden");
    }
}
