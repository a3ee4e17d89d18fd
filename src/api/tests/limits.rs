//! Who comes too often is told so, and when to come again.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::json;

use super::support::{Answered, Site, locked_site, real_site, real_site_with};
use crate::rates::peer::{Connection, Network, Proxies};
use crate::rates::rule::{PerMinute, Rules};

const KEY: &str = "a-key-of-24-characters-ok";

fn rules(participant: u32, account: u32, address: u32) -> Rules {
    Rules {
        participant: PerMinute::of(participant).0,
        account: PerMinute::of(account).0,
        address: PerMinute::of(address).0,
        are_on: true,
        proxies: Proxies::default(),
    }
}

async fn says(site: &Site, who: &str, text: &str) -> Answered {
    let body = json!({"business_id": "demo-salon", "participant_id": who, "text": text});
    site.json(Method::POST, "/v1/messages", body.to_string()).await
}

/// A request as it comes over a connection from this address.
fn from(address: &str, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .extension(Connection(address.parse().unwrap()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

/// Asks for what there is not, with this key.
async fn knocks(site: &Site, address: &str, headers: &[(&str, &str)]) -> StatusCode {
    site.send(from(address, Method::GET, "/v1/stats", headers, ""))
        .await
        .status
}

#[tokio::test]
async fn a_customer_who_writes_too_often_is_told_when_to_write_again() {
    let site = real_site().await;
    site.rates.set(rules(2, 100, 100));
    for _ in 0..2 {
        assert_eq!(says(&site, "anna", "hi").await.status, StatusCode::OK);
    }
    let refused = says(&site, "anna", "hi").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.header("retry-after"), "30");
    assert_eq!(refused.header("ratelimit-policy"), "\"participant\";q=2;w=60");
    assert_eq!(refused.header("ratelimit"), "\"participant\";r=0;t=30");
    let body = refused.json();
    assert_eq!(body["type"], "/problems/too-many-requests");
    assert_eq!(body["detail"], "a participant may send 2 messages a minute");
    // Somebody else may.
    assert_eq!(says(&site, "ben", "hi").await.status, StatusCode::OK);
}

#[tokio::test]
async fn whoever_acts_in_place_of_a_customer_spends_of_their_limit() {
    let site = real_site().await;
    site.rates.set(rules(1, 100, 100));
    let path = "/v1/businesses/demo-salon/participants/anna/goals";
    let goal = json!({"kind": "book"}).to_string();
    assert_eq!(
        site.json(Method::POST, path, goal.clone()).await.status,
        StatusCode::OK
    );
    let refused = site.json(Method::POST, path, goal).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        says(&site, "anna", "hi").await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
}

#[tokio::test]
async fn a_business_has_a_limit_over_all_its_customers() {
    let site = real_site().await;
    site.rates.set(rules(100, 2, 100));
    assert_eq!(says(&site, "anna", "hi").await.status, StatusCode::OK);
    assert_eq!(says(&site, "ben", "hi").await.status, StatusCode::OK);
    let refused = says(&site, "cora", "hi").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        refused.json()["detail"],
        "a business may get 2 messages a minute this way"
    );
}

#[tokio::test(start_paused = true)]
async fn an_address_may_try_only_so_many_wrong_keys_and_a_right_one_always_passes() {
    let site = locked_site(KEY).await;
    site.rates.set(rules(1, 1, 3));
    let wrong = [("x-api-key", "wrong")];
    for _ in 0..3 {
        assert_eq!(knocks(&site, "192.0.2.1", &wrong).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(
        knocks(&site, "192.0.2.1", &wrong).await,
        StatusCode::TOO_MANY_REQUESTS
    );
    assert_eq!(
        knocks(&site, "192.0.2.1", &[]).await,
        StatusCode::TOO_MANY_REQUESTS
    );
    for _ in 0..10 {
        assert_eq!(
            knocks(&site, "192.0.2.1", &[("x-api-key", KEY)]).await,
            StatusCode::OK
        );
    }
    assert_eq!(knocks(&site, "192.0.2.2", &wrong).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_address_may_open_only_so_many_web_chats_and_talk_in_them_as_often() {
    let site = real_site_with(&[KEY], true).await;
    site.rates.set(rules(100, 100, 3));
    let open = |address: &'static str, headers: &'static [(&str, &str)]| {
        site.send(from(address, Method::POST, "/web/session", headers, "{}"))
    };
    let session = open("192.0.2.1", &[]).await;
    assert_eq!(session.status, StatusCode::OK);
    let session = session.json();
    let token = format!("Bearer {}", session["token"].as_str().unwrap());
    let body = json!({
        "business_id": "demo-salon",
        "participant_id": session["participant_id"],
        "text": "hi",
    })
    .to_string();
    let says = |address: &'static str| {
        let headers = [("authorization", token.as_str())];
        site.send(from(address, Method::POST, "/v1/messages", &headers, &body))
    };
    assert_eq!(says("192.0.2.1").await.status, StatusCode::OK);
    assert_eq!(says("192.0.2.1").await.status, StatusCode::OK);
    assert_eq!(says("192.0.2.1").await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(open("192.0.2.1", &[]).await.status, StatusCode::TOO_MANY_REQUESTS);
    // The page of somebody else, and the business's own server.
    assert_eq!(says("192.0.2.2").await.status, StatusCode::OK);
    let own = open("192.0.2.1", &[("x-api-key", KEY)]).await;
    assert_eq!(own.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn behind_a_trusted_proxy_its_clients_are_counted_and_not_the_proxy() {
    let site = locked_site(KEY).await;
    let trusted: Network = "10.0.0.0/8".parse().unwrap();
    let proxies = Proxies {
        trusted: vec![trusted],
        ..Proxies::default()
    };
    site.rates.set(Rules {
        proxies,
        ..rules(1, 1, 1)
    });
    let mut told = Vec::new();
    for (address, client) in [
        ("10.0.0.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1"),
        ("10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.2"),
        ("203.0.113.9", "198.51.100.3"),
        ("203.0.113.9", "198.51.100.4"),
    ] {
        told.push(
            knocks(&site, address, &[("x-forwarded-for", client)])
                .await
                .as_u16(),
        );
    }
    assert_eq!(told, [401, 429, 429, 401, 401, 429]);
}

#[tokio::test(start_paused = true)]
async fn whoever_watches_is_never_limited() {
    let site = locked_site(KEY).await;
    site.rates.set(rules(1, 1, 1));
    for _ in 0..5 {
        for path in ["/health", "/ready", "/"] {
            let answer = site.send(from("192.0.2.1", Method::GET, path, &[], "")).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
        }
    }
}
