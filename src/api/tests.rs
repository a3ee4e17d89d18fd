//! Bad input and good manners at the edge.

mod support;

use axum::http::StatusCode;
use support::{Site, site};

#[tokio::test]
async fn the_document_is_openapi_3_1_and_names_every_route() {
    let answer = site().get("/openapi.json").await;
    assert_eq!(answer.status, StatusCode::OK);
    if let Ok(path) = std::env::var("OPENAPI_OUT") {
        std::fs::write(path, answer.json().to_string()).unwrap();
    }
    assert_eq!(answer.json()["openapi"], "3.1.0");
    let _: Option<Site> = None;
}
