//! Which model understands a conversation, and what its transcript says about that.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::json;

use super::support::{FakeStore, locked_site_on, real_site};
use super::{check, message};
use crate::store::Asked;

const ANA: &str = "/v1/businesses/demo-salon/participants/ana";

#[tokio::test]
async fn a_conversation_is_given_a_model_of_its_own_and_gives_it_back() {
    let site = real_site().await;
    let model = format!("{ANA}/model");
    let wanted = || r#"{"model": "large-model:q8"}"#;
    check(&site.json(Method::PUT, &model, wanted()).await, 404, "not-found");
    check(&site.json(Method::DELETE, &model, "").await, 404, "not-found");

    let said = site.json(Method::POST, "/v1/messages", message(&json!({}))).await;
    assert_eq!(said.json()["version"], 1);
    for _ in 0..2 {
        let set = site.json(Method::PUT, &model, wanted()).await;
        assert_eq!(set.status, StatusCode::OK, "{}", set.text());
        assert_eq!(set.json(), json!({"model": "large-model:q8", "version": 2}));
    }
    let context = site.get(&format!("{ANA}/context")).await.json();
    assert_eq!(
        (&context["model"], &context["version"]),
        (&json!("large-model:q8"), &json!(2))
    );

    let unset = site.json(Method::DELETE, &model, "").await;
    assert_eq!(unset.json(), json!({"model": null, "version": 3}));
    assert!(site.get(&format!("{ANA}/context")).await.json()["model"].is_null());
    let said = site.json(Method::POST, "/v1/messages", message(&json!({}))).await;
    assert_eq!(said.json()["version"], 4, "the conversation goes on");
}

#[tokio::test]
async fn what_cannot_be_the_name_of_a_model_is_refused() {
    let site = real_site().await;
    let model = format!("{ANA}/model");
    for name in [
        json!(""),
        json!("x".repeat(201)),
        json!("a\nb"),
        json!("a\u{0}"),
        json!(7),
        json!(null),
    ] {
        let body = json!({"model": name}).to_string();
        let problem = check(&site.json(Method::PUT, &model, body).await, 422, "invalid");
        assert_eq!(problem["errors"][0]["path"], "model", "{problem}");
    }
    check(&site.json(Method::PUT, &model, "{}").await, 422, "invalid");
    check(
        &site.json(Method::PUT, &model, "nonsense").await,
        400,
        "malformed-request",
    );
    let nobody = "/v1/businesses/nobody/participants/ana/model";
    let body = r#"{"model": "small"}"#;
    check(&site.json(Method::PUT, nobody, body).await, 404, "not-found");
}

#[tokio::test]
async fn a_transcript_tells_the_business_what_models_cost_and_nobody_else() {
    let store = FakeStore::default();
    store.say(2);
    store.ask_a_model(Asked {
        model: "small-model".to_owned(),
        prompt: "7".to_owned(),
        variant: None,
        outcome: "ok".to_owned(),
        input_tokens: 900,
        output_tokens: 60,
        latency_ms: 1_200,
        request_id: Some("request-1".to_owned()),
    });
    let site = locked_site_on("secret", store).await;
    let session = site.json(Method::POST, "/web/session", "{}").await.json();
    let visitor = session["participant_id"].as_str().unwrap();
    let page = async |credential: &str| {
        let request = Request::get(format!(
            "/v1/businesses/demo-salon/participants/{visitor}/messages"
        ))
        .header("authorization", format!("Bearer {credential}"))
        .body(Body::empty())
        .unwrap();
        site.send(request).await.json()
    };
    let shown = page("secret").await;
    let [heard, said] = [&shown["messages"][0], &shown["messages"][1]];
    assert_eq!(heard["tokens"], 960);
    assert_eq!(
        heard["understood"],
        json!({
            "model": "small-model", "prompt": "7", "outcome": "ok", "input_tokens": 900,
            "output_tokens": 60, "latency_ms": 1200, "request_id": "request-1",
        })
    );
    assert_eq!((&said["tokens"], said.get("understood")), (&json!(0), None));

    let shown = page(session["token"].as_str().unwrap()).await;
    let heard = &shown["messages"][0];
    assert_eq!((&heard["text"], &heard["tokens"]), (&json!("text 1"), &json!(0)));
    assert_eq!(heard.get("understood"), None);
}
