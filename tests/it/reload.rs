//! Settings that are changed while the program runs.

use reqwest::StatusCode;
use serde_json::json;

use super::process::{BUSINESS, Site, eventually, http};

/// Says something, and answers with how that was taken.
async fn says(http: &reqwest::Client, url: &str, who: &str) -> StatusCode {
    let message = json!({"business_id": BUSINESS, "participant_id": who, "text": "hi"});
    let request = http.post(format!("{url}/v1/messages"));
    let request = request
        .header("content-type", "application/json")
        .body(message.to_string());
    request.send().await.unwrap().status()
}

fn write(site: &Site, text: &str) {
    let folder = site.database();
    let file = folder.parent().unwrap().join("frontdesk.toml");
    std::fs::write(file, text).unwrap();
}

async fn log_has(site: &Site, words: &str) {
    eventually(words, || async { site.log().contains(words).then_some(()) }).await;
}

#[tokio::test]
async fn a_signal_puts_new_limits_and_a_new_level_into_force_and_a_broken_file_changes_nothing() {
    let mut site = Site::new().with("FRONTDESK_RATE_LIMITS", "on");
    write(&site, "[limits]\nper_participant_per_minute = 1\n");
    let (process, url) = site.start().await;
    let http = http();
    assert_eq!(says(&http, &url, "anna").await, StatusCode::OK);
    assert_eq!(says(&http, &url, "anna").await, StatusCode::TOO_MANY_REQUESTS);
    assert!(
        !site.log().contains("answered"),
        "requests are logged at debug only"
    );

    write(
        &site,
        "[limits]\nper_participant_per_minute = 40\n[log]\nlevel = \"info,frontdesk::api=debug\"\n",
    );
    process.signal("-HUP").await;
    log_has(&site, "the log has its level anew").await;
    let log = site.log();
    let told = log
        .lines()
        .find(|line| line.contains("the settings were read anew"))
        .unwrap();
    for word in [
        "per_participant=\"40\"",
        "per_account=\"6000\"",
        "level=\"info,frontdesk::api=debug\"",
    ] {
        assert!(told.contains(word), "no {word} in {told}");
    }
    assert_eq!(says(&http, &url, "ben").await, StatusCode::OK);
    assert_eq!(says(&http, &url, "ben").await, StatusCode::OK);
    log_has(&site, "answered").await;

    write(&site, "[limits]\nper_participant_per_minute = \"many\"\n");
    process.signal("-HUP").await;
    log_has(&site, "the settings were not read anew").await;
    assert!(
        site.log()
            .contains("limits.per_participant_per_minute (frontdesk.toml:2)"),
        "{}",
        site.log()
    );
    assert_eq!(says(&http, &url, "ben").await, StatusCode::OK, "what held holds");
    process.stop().await;
}
