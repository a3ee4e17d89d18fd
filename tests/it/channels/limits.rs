//! Messages that come too often are not lost, whatever the channel.

use reqwest::StatusCode;

use super::cases::{CASES, case};
use super::house::{ACCOUNT, House};
use crate::process::{Site, get, http_within};

fn site(setting: &'static str, each_minute: u32) -> Site {
    Site::new()
        .with("FRONTDESK_RATE_LIMITS", "on")
        .with(setting, each_minute)
}

async fn metric(house: &House<'_>, series: &str) -> u64 {
    let text = get(format!("{}/metrics", house.url()))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(series));
    line.map_or(0, |number| number.trim().parse().unwrap())
}

/// Somebody says more than the limit, and everything of it is acknowledged, answered and in its order.
async fn loses_nothing(house: &House<'_>, scope: &str) {
    let channel = house.case.channel;
    let mut expected = Vec::new();
    for id in 1..=33 {
        let text = format!("do you have parking? {id}");
        house.says(42, id, &text).await;
        expected.push(text);
    }
    let said = house.has_said(42, expected.len()).await;
    assert_eq!(said, expected, "{channel}");
    let limited = async |result: &str| {
        let series = format!("frontdesk_limited_total{{scope=\"{scope}\",result=\"{result}\"}}");
        metric(house, &series).await
    };
    assert!(limited("kept").await > 0, "{channel}: nothing was over the limit");
    assert_eq!(limited("refused").await, 0, "{channel}");
}

#[tokio::test]
async fn a_customer_who_writes_too_often_is_answered_in_order_and_loses_nothing() {
    for channel in ["telegram", "twilio"] {
        let site = site("FRONTDESK_LIMITS__PER_PARTICIPANT_PER_MINUTE", 30);
        let mut house = House::open(case(channel), site).await;
        loses_nothing(&house, "participant").await;
        house.stop().await;
    }
}

#[tokio::test]
async fn an_account_that_delivers_too_much_loses_nothing_and_delivers_the_rest_later() {
    let site = site("FRONTDESK_LIMITS__PER_ACCOUNT_PER_MINUTE", 30);
    let mut house = House::open(case("whatsapp"), site).await;
    loses_nothing(&house, "account").await;
    house.stop().await;
}

#[tokio::test]
async fn what_is_kept_when_the_program_is_killed_is_answered_by_the_next() {
    let site = site("FRONTDESK_LIMITS__PER_PARTICIPANT_PER_MINUTE", 1);
    let mut house = House::open(case("telegram"), site).await;
    for id in 1..=5 {
        house.says(42, id, &format!("do you have parking? {id}")).await;
    }
    house.kill().await;
    house.start().await;
    let said = house.has_said(42, 5).await;
    let expected: Vec<String> = (1..=5).map(|id| format!("do you have parking? {id}")).collect();
    assert_eq!(said, expected);
    house.stop().await;
}

#[tokio::test]
async fn whoever_forges_is_told_to_come_later_and_stops_nobody_at_the_same_address() {
    for case in &CASES {
        let site = site("FRONTDESK_LIMITS__PER_ADDRESS_PER_MINUTE", 2);
        let mut house = House::open(case, site).await;
        let mut statuses = Vec::new();
        let http = http_within(std::time::Duration::from_secs(30));
        for _ in 0..4 {
            let url = format!("{}/webhooks/{}/{ACCOUNT}", house.url(), case.channel);
            let response = http.post(url).body("{}").send().await.unwrap();
            statuses.push(response.status());
            if response.status() == StatusCode::TOO_MANY_REQUESTS {
                assert!(response.headers().contains_key("retry-after"));
            }
        }
        assert_eq!(
            statuses,
            [401, 401, 429, 429].map(|s| StatusCode::from_u16(s).unwrap()),
            "{}",
            case.channel
        );
        // The provider comes from the same address.
        house.says(42, 1, "do you have parking?").await;
        house.has_said(42, 1).await;
        house.stop().await;
    }
}
