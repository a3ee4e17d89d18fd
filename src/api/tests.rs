//! Bad input and good manners at the edge.

mod channels;
mod limits;
mod live;
mod models;
mod pauses;
mod support;
mod traces;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::json;
use support::{Answered, Fault, broken_site, locked_site, site, site_with_cache};

use crate::api::health::DependencyState;

/// Checks that an answer is a problem of that kind.
#[track_caller]
fn check(answer: &Answered, status: u16, kind: &str) -> serde_json::Value {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let problem = answer.json();
    assert_eq!(problem["type"], format!("/problems/{kind}"));
    assert_eq!(problem["status"], status);
    assert!(!problem["title"].as_str().unwrap().is_empty());
    assert!(!problem["detail"].as_str().unwrap().is_empty());
    problem
}

fn message(changes: &serde_json::Value) -> String {
    let mut message = json!({"business_id": "demo-salon", "participant_id": "ana", "text": "hi"});
    for (key, value) in changes.as_object().unwrap() {
        message[key] = value.clone();
    }
    message.to_string()
}

#[tokio::test]
async fn a_body_that_cannot_be_read_says_why() {
    let site = site().await;
    let two = message(&json!({})) + " {}";
    let deep = format!("{}{}", "[".repeat(65), "]".repeat(65));
    let deepest = "[".repeat(100_000);
    let huge = format!("{{\"text\":\"{}\"}}", "x".repeat(300 * 1024));
    let cases: [(&[u8], u16, &str, &str); 12] = [
        (b"", 400, "malformed-request", "EOF"),
        (b"{", 400, "malformed-request", "EOF"),
        (b"nonsense", 400, "malformed-request", "line 1 column 2"),
        (two.as_bytes(), 400, "malformed-request", "one JSON value"),
        (b"{\"text\":\"\xff\xfe\"}", 400, "malformed-request", "UTF-8"),
        (br#"{"text":"\ud800"}"#, 400, "malformed-request", "hex escape"),
        (deep.as_bytes(), 400, "malformed-request", "deeper than 64"),
        (deepest.as_bytes(), 400, "malformed-request", "deeper than 64"),
        (huge.as_bytes(), 413, "too-large", "262144"),
        (b"[]", 422, "invalid", "must be a JSON object"),
        (b"null", 422, "invalid", "must be a JSON object"),
        (b"{}", 422, "invalid", "business_id"),
    ];
    for (body, status, kind, hint) in cases {
        let answer = site.json(Method::POST, "/v1/messages", body.to_vec()).await;
        let problem = check(&answer, status, kind);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(hint), "{detail}");
    }
}

#[tokio::test]
async fn a_mistake_in_a_message_names_its_place() {
    let site = site().await;
    let cases = [
        (json!({"business_id": "Demo Salon"}), "business_id"),
        (json!({"business_id": 7}), "business_id"),
        (json!({"participant_id": ""}), "participant_id"),
        (json!({"participant_id": "a\u{0}b"}), "participant_id"),
        (json!({"participant_id": "x".repeat(129)}), "participant_id"),
        (json!({"message_id": "x".repeat(129)}), "message_id"),
        (json!({"text": ""}), "text"),
        (json!({"text": "x".repeat(20_001)}), "text"),
        (json!({"text": ["hi"]}), "text"),
        (json!({"text": null}), "text"),
        (json!({"channel": "fax"}), "channel"),
        (json!({"attachments": "a"}), "attachments"),
        (json!({"attachments": vec![1; 11]}), "attachments"),
        (json!({"sent_at": "yesterday"}), "sent_at"),
        (json!({"txt": "hi"}), "txt"),
    ];
    for (changes, place) in cases {
        let answer = site.json(Method::POST, "/v1/messages", message(&changes)).await;
        let problem = check(&answer, 422, "invalid");
        assert_eq!(problem["errors"][0]["path"], place, "{problem}");
    }
}

#[tokio::test]
async fn the_longest_text_passes_the_door_in_any_script_and_escaped() {
    let site = site().await;
    let escaped = format!(
        r#"{{"business_id":"nobody","participant_id":"ana","text":"{}"}}"#,
        r"\ud83d\ude00".repeat(20_000)
    );
    let long = "漢".repeat(20_000);
    for body in [message(&json!({"business_id": "nobody", "text": long})), escaped] {
        // It is read; what is missing is the business.
        let answer = site.json(Method::POST, "/v1/messages", body).await;
        check(&answer, 404, "not-found");
    }
}

#[tokio::test]
async fn a_body_without_json_as_its_type_is_not_looked_at() {
    let site = site().await;
    for content_type in [None, Some("text/plain"), Some("application/xml"), Some("")] {
        let mut request = Request::post("/v1/messages");
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let request = request.body(Body::from(message(&json!({})))).unwrap();
        check(&site.send(request).await, 415, "unsupported-media-type");
    }
    for content_type in [
        "application/json; charset=utf-8",
        "application/vnd.x+json",
        "Application/JSON",
    ] {
        let request = Request::post("/v1/messages")
            .header("content-type", content_type)
            .body(Body::from("{}"))
            .unwrap();
        check(&site.send(request).await, 422, "invalid");
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_too() {
    let site = site().await;
    check(&site.get("/nowhere").await, 404, "not-found");
    check(&site.get("/v1/businesses/nobody").await, 404, "not-found");
    check(
        &site.get("/v1/businesses/nobody/participants/ana/messages").await,
        404,
        "not-found",
    );
    check(
        &site.get("/v1/businesses/Demo%20Salon").await,
        400,
        "malformed-request",
    );
    check(&site.get("/v1/businesses/%00").await, 400, "malformed-request");
    check(&site.get("/v1/businesses/%ff").await, 400, "malformed-request");
    check(
        &site.get("/v1/businesses/demo-salon/appointments/7").await,
        400,
        "malformed-request",
    );
}

#[tokio::test]
async fn a_method_that_does_not_fit_is_told_which_would() {
    let site = site().await;
    for (method, path, allowed) in [
        ("DELETE", "/v1/messages", "POST"),
        ("TRACE", "/v1/messages", "POST"),
        ("POST", "/v1/businesses/demo-salon", "GET,HEAD,PUT"),
        ("PUT", "/health", "GET,HEAD"),
        ("PATCH", "/openapi.json", "GET,HEAD"),
        ("POST", "/", "GET,HEAD"),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(Body::empty())
            .unwrap();
        let answer = site.send(request).await;
        check(&answer, 405, "method-not-allowed");
        let mut methods: Vec<&str> = answer.header("allow").split(',').map(str::trim).collect();
        methods.sort_unstable();
        assert_eq!(methods.join(","), allowed, "{path}");
    }
}

#[tokio::test]
async fn query_strings_are_held_to_their_documentation() {
    let site = site().await;
    let base = "/v1/businesses/nobody";
    for path in [
        "/availability",
        "/availability?service=Gel%20Manicure",
        "/availability?service=gel&from=tomorrow",
        "/availability?service=gel&people=0",
        "/availability?service=gel&people=21",
        "/availability?service=gel&people=-1",
        "/availability?service=gel&explain=maybe",
        "/availability?service=gel&service=gel",
        "/availability?service=gel&colour=red",
        "/appointments?status=lost",
        "/appointments?limit=0",
        "/appointments?limit=201",
        "/appointments?after=x",
        "/appointments?from=2026-11-20",
        "/participants/ana/messages?before=0",
        "/participants/ana/messages?before=18446744073709551615",
        "/participants/ana/messages?limit=many",
        "/participants/ana/sessions?limit=1000",
        "/participants/ana/events?after=-1",
    ] {
        let answer = site.get(&format!("{base}{path}")).await;
        check(&answer, 400, "malformed-request");
    }
}

#[tokio::test]
async fn without_the_key_a_locked_site_shows_nothing_but_its_open_doors() {
    let site = locked_site("secret").await;
    let with = |path: &str, header: &str, value: &str| {
        Request::get(path)
            .header(header, value)
            .body(Body::empty())
            .unwrap()
    };
    for path in [
        "/v1/businesses",
        "/v1/stats",
        "/metrics",
        "/v1/businesses/demo-salon/participants/a/messages",
        "/v1/businesses/demo-salon/channels",
        "/v1/businesses/demo-salon/deliveries",
    ] {
        let answer = site.get(path).await;
        check(&answer, 401, "unauthorized");
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"frontdesk\"");
        check(
            &site.send(with(path, "authorization", "Bearer wrong")).await,
            401,
            "unauthorized",
        );
        check(
            &site.send(with(path, "authorization", "Basic secret")).await,
            401,
            "unauthorized",
        );
    }
    for path in [
        "/health",
        "/ready",
        "/openapi.json",
        "/docs",
        "/",
        "/web/chat.js",
        "/console/metrics",
    ] {
        assert_eq!(site.get(path).await.status, StatusCode::OK, "{path}");
    }
    for (header, value) in [("authorization", "Bearer secret"), ("x-api-key", "secret")] {
        let answer = site.send(with("/v1/businesses", header, value)).await;
        assert_eq!(answer.json(), json!({"businesses": ["demo-salon"]}));
    }
    // A forged token of the web chat is no key, and opens no conversation.
    let forged = "Bearer fdw1.9999999999.00";
    check(
        &site.send(with("/v1/businesses", "authorization", forged)).await,
        403,
        "forbidden",
    );
}

#[tokio::test]
async fn a_cache_that_is_away_degrades_and_refuses_nobody() {
    for (state, status, shown) in [
        (DependencyState::NotConfigured, "ready", "not_configured"),
        (DependencyState::Up, "ready", "up"),
        (DependencyState::Degraded, "degraded", "degraded"),
        (DependencyState::Down, "degraded", "down"),
    ] {
        let answer = site_with_cache(state).await.get("/ready").await;
        assert_eq!(answer.status, StatusCode::OK);
        let ready = answer.json();
        assert_eq!(
            (&ready["status"], &ready["cache"]["state"]),
            (&json!(status), &json!(shown))
        );
    }
}

#[tokio::test]
async fn a_database_that_is_away_means_not_now_and_not_a_mistake_of_ours() {
    let business = "/v1/businesses/demo-salon";
    let appointment = format!("{business}/appointments/01933b2e-0000-7000-8000-000000000000");
    let booking =
        r#"{"participant_id": "ana", "services": ["gel"], "starts_at": "2026-11-20T14:00:00-05:00"}"#;
    for fault in [Fault::Unavailable, Fault::OutcomeUnknown, Fault::Closed] {
        let (site, _outage) = broken_site(fault).await;
        for (method, path, body) in [
            (Method::POST, "/v1/messages".to_owned(), message(&json!({}))),
            (Method::GET, "/v1/businesses".to_owned(), String::new()),
            (Method::GET, business.to_owned(), String::new()),
            (
                Method::GET,
                format!("{business}/availability?service=gel"),
                String::new(),
            ),
            (Method::GET, format!("{business}/appointments"), String::new()),
            (
                Method::POST,
                format!("{business}/appointments"),
                booking.to_owned(),
            ),
            (Method::GET, appointment.clone(), String::new()),
            (Method::DELETE, appointment.clone(), String::new()),
            (Method::GET, format!("{appointment}/events"), String::new()),
            (
                Method::GET,
                format!("{business}/participants/ana/context"),
                String::new(),
            ),
            (
                Method::GET,
                format!("{business}/participants/ana/messages"),
                String::new(),
            ),
            (
                Method::GET,
                format!("{business}/participants/ana/sessions"),
                String::new(),
            ),
            (
                Method::POST,
                format!("{business}/participants/ana/goals"),
                r#"{"kind": "book"}"#.to_owned(),
            ),
            (
                Method::PUT,
                format!("{business}/participants/ana/model"),
                r#"{"model": "small"}"#.to_owned(),
            ),
            (
                Method::DELETE,
                format!("{business}/participants/ana/model"),
                String::new(),
            ),
        ] {
            let answer = site.json(method.clone(), &path, body).await;
            assert_eq!(answer.status, 503, "{fault:?} {method} {path}: {}", answer.text());
            check(&answer, 503, "unavailable");
            assert_eq!(answer.header("retry-after"), "1", "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_database_that_goes_and_comes_is_told_by_ready_and_nothing_has_to_be_started_again() {
    let (site, outage) = broken_site(Fault::Unavailable).await;
    for _ in 0..2 {
        let ready = site.get("/ready").await;
        assert_eq!((ready.status.as_u16(), ready.header("retry-after")), (503, "2"));
        assert_eq!(ready.header("content-type"), "application/json");
        assert_eq!(
            ready.json(),
            json!({
                "status": "down",
                "database": {"state": "down"},
                "cache": {"state": "not_configured"},
                "llm": {"state": "not_configured"},
            })
        );
        assert_eq!(site.get("/health").await.json()["status"], "alive");
        assert_eq!(site.get("/metrics").await.status, StatusCode::OK);

        outage.end();
        let ready = site.get("/ready").await;
        assert_eq!(
            (ready.status.as_u16(), &ready.json()["status"]),
            (200, &json!("ready"))
        );
        assert_eq!(site.get("/v1/businesses").await.status, StatusCode::OK);
        outage.begin(Fault::Closed);
    }
}

#[tokio::test]
async fn a_catalogue_is_read_with_its_version_and_refused_with_its_mistakes() {
    let site = site().await;
    let answer = site.get("/v1/businesses/demo-salon").await;
    assert_eq!(answer.json(), json!({"id": "demo-salon"}));
    assert_eq!(answer.header("etag"), "\"3\"");
    let answer = site
        .json(Method::PUT, "/v1/businesses/demo-salon", r#"{"id":"demo-salon"}"#)
        .await;
    let problem = check(&answer, 422, "invalid");
    assert!(!problem["errors"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn every_answer_carries_a_request_id_and_safe_headers() {
    let site = site().await;
    for path in ["/", "/health", "/nowhere"] {
        let answer = site.get(path).await;
        assert!(!answer.header("x-request-id").is_empty());
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert!(
            answer
                .header("content-security-policy")
                .starts_with("default-src 'none'")
        );
    }
    let named = |id: &str| {
        Request::get("/health")
            .header("x-request-id", id)
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(
        site.send(named("abc-123")).await.header("x-request-id"),
        "abc-123"
    );
    assert_ne!(site.send(named("a b\"c")).await.header("x-request-id"), "a b\"c");
}

#[tokio::test]
async fn pages_load_nothing_from_elsewhere_and_run_nothing_inline() {
    let site = site().await;
    for path in [
        "/",
        "/docs",
        "/web/chat.js",
        "/web/line.js",
        "/web/panel.js",
        "/web/chat.css",
        "/web/docs.js",
        "/web/docs.css",
        "/console/metrics",
        "/web/metrics.js",
        "/web/metrics.css",
        "/web/chart.js",
        "/web/exposition.js",
    ] {
        let answer = site.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let text = answer.text();
        assert!(!text.is_empty(), "{path}");
        for outside in [
            "https://",
            "src=\"http",
            "style=\"",
            "onclick=",
            "<style",
            "eval(",
        ] {
            assert!(!text.contains(outside), "{path} holds {outside}");
        }
    }
}

#[tokio::test]
async fn the_document_is_openapi_3_1_and_every_operation_says_what_can_go_wrong() {
    let open = site().await.get("/openapi.json").await.json();
    assert_eq!(open["openapi"], "3.1.0");
    let locked = locked_site("secret").await.get("/openapi.json").await.json();
    let mut operations = 0;
    for (path, item) in locked["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations += 1;
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.contains_key("default"), "{method} {path}");
            let is_open = matches!(path.as_str(), "/health" | "/ready" | "/web/session");
            assert_eq!(operation["security"].is_array(), !is_open, "{method} {path}");
            assert!(
                open["paths"][path][method]["security"].is_null(),
                "{method} {path}"
            );
            for name in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                let parameters = operation["parameters"].as_array().unwrap();
                assert!(
                    parameters.iter().any(|p| p["name"] == name && p["in"] == "path"),
                    "{method} {path}"
                );
            }
        }
    }
    assert_eq!(operations, 34);
}
