//! A person answers in the bot's place.

use axum::http::{Method, StatusCode};
use serde_json::json;

use super::support::real_site;
use super::{check, message};

const ANA: &str = "/v1/businesses/demo-salon/participants/ana";

#[tokio::test]
async fn the_bot_is_sent_away_and_called_back() {
    let site = real_site().await;
    let pause = format!("{ANA}/pause");
    check(&site.json(Method::DELETE, &pause, "").await, 404, "not-found");
    for wrong in [r#"{"minutes": 0}"#, r#"{"minutes": 10081}"#] {
        check(&site.json(Method::PUT, &pause, wrong).await, 422, "invalid");
    }
    // Also before the customer has ever written.
    let set = site.json(Method::PUT, &pause, r#"{"minutes": 30}"#).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text());
    let until = set.json()["paused_until"].clone();
    assert!(until.is_string());
    let context = site.get(&format!("{ANA}/context")).await.json();
    assert_eq!(context["paused_until"], until);

    let said = site.json(Method::POST, "/v1/messages", message(&json!({}))).await;
    assert_eq!(said.status, StatusCode::OK);
    assert_eq!(said.json()["replies"], json!([]));

    let unset = site.json(Method::DELETE, &pause, "").await;
    assert_eq!(unset.json()["paused_until"], json!(null));
    let again = message(&json!({"message_id": "m-after"}));
    let said = site.json(Method::POST, "/v1/messages", again).await;
    assert_ne!(said.json()["replies"], json!([]));
}
