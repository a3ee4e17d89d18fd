//! A provider that misbehaves, and what follows: the table of `docs/channels/README.md`, row by row.

use jiff::SignedDuration;
use serde_json::{Value, json};
use sqlx::Row as _;

use super::cases::case;
use super::house::House;
use super::stub::Manner;
use crate::process::Site;

const WAITING_OR_DEAD: &str =
    "SELECT state, attempts, COALESCE(problem, '') FROM outbox WHERE state IN (0, 3)";
const SENT: &str = "SELECT attempts FROM outbox WHERE state = 2";

async fn house(channel: &str) -> House<'static> {
    House::open(case(channel), Site::new()).await
}

/// The states of rows that are not sent, with their tries and problems.
async fn left(house: &House<'_>) -> Vec<(i64, i64, String)> {
    let rows = house.rows(WAITING_OR_DEAD).await;
    rows.iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect()
}

#[tokio::test]
async fn a_provider_that_fails_gets_the_same_message_again_after_five_seconds() {
    let mut house = house("whatsapp").await;
    house
        .provider
        .will([Manner::Says(500, "", json!({"error": {"code": 131000}}))]);
    house.says(42, 1, "do you have parking?").await;
    let sent = house.provider.gets(2).await;
    assert_eq!(
        sent[0].json(),
        sent[1].json(),
        "the same message under the same key"
    );
    let rows = house.has_rows(SENT, 1).await;
    assert_eq!(rows[0].get::<i64, _>(0), 2, "tries");
    house.stop().await;
}

#[tokio::test]
async fn a_provider_that_asks_to_wait_is_not_asked_before() {
    let mut house = house("telegram").await;
    house.provider.will([Manner::Says(
        429,
        "Retry-After: 8\r\n",
        json!({"ok": false, "error_code": 429, "parameters": {"retry_after": 8}}),
    )]);
    house.says(42, 1, "do you have parking?").await;
    house.provider.gets(1).await;
    let rows = house
        .has_rows(
            "SELECT due_at, created_at FROM outbox WHERE state = 0 AND problem IS NOT NULL",
            1,
        )
        .await;
    let (due, created): (i64, i64) = (rows[0].get(0), rows[0].get(1));
    assert!(due - created >= 8_000_000, "{}", due - created);
    house.provider.gets(2).await;
    house.stop().await;
}

#[tokio::test]
async fn a_success_that_cannot_be_read_is_a_success() {
    for channel in ["whatsapp", "telegram", "twilio", "standard"] {
        let mut house = house(channel).await;
        house.provider.will([Manner::TakesAndBabbles]);
        house.says(42, 1, "do you have parking?").await;
        house.has_rows(SENT, 1).await;
        assert_eq!(house.provider.sends().len(), 1, "{channel}");
        house.stop().await;
    }
}

/// The line breaks after the message was taken. Whoever can tell a repeated message gets it again.
#[tokio::test]
async fn a_platform_that_knows_repeated_messages_gets_it_again_under_its_id() {
    let mut house = house("standard").await;
    house.provider.will([Manner::TakesAndBreaks]);
    house.says(42, 1, "do you have parking?").await;
    let sent = house.provider.gets(2).await;
    assert_eq!(sent[0].header("webhook-id"), sent[1].header("webhook-id"));
    house.has_rows(SENT, 1).await;
    house.stop().await;
}

#[tokio::test]
async fn a_receipt_settles_what_nobody_knew_and_nothing_is_sent_twice() {
    let mut house = house("whatsapp").await;
    house.provider.will([Manner::TakesAndBreaks]);
    house.says(42, 1, "do you have parking?").await;
    let sent = house.provider.gets(1).await;
    house
        .has_rows("SELECT 1 FROM outbox WHERE state = 0 AND unknown = 1", 1)
        .await;
    let (_, receipt) = house.case.receipt.unwrap();
    assert!(house.post(&receipt(&sent[0], 1, house.now())).await.is_success());
    house.has_rows(SENT, 1).await;
    // Long after the minute that a receipt is waited for.
    house.stop().await;
    house.site.let_pass(SignedDuration::from_mins(5));
    house.start().await;
    house.says(42, 2, "and how much is a pedicure?").await;
    let sent = house.provider.gets(2).await;
    assert!((house.case.text)(&sent[1]).contains("$40"), "{sent:?}");
    house.stop().await;
}

#[tokio::test]
async fn without_a_receipt_it_is_sent_again_after_a_minute_under_the_same_key() {
    let mut house = house("whatsapp").await;
    house.provider.will([Manner::TakesAndBreaks]);
    house.says(42, 1, "do you have parking?").await;
    house.provider.gets(1).await;
    house
        .has_rows("SELECT 1 FROM outbox WHERE state = 0 AND unknown = 1", 1)
        .await;
    house.stop().await;
    house.site.let_pass(SignedDuration::from_mins(2));
    house.start().await;
    let sent = house.provider.gets(2).await;
    let key = |at: usize| sent[at].json()["biz_opaque_callback_data"].clone();
    assert_eq!(key(0), key(1));
    house.has_rows(SENT, 1).await;
    house.stop().await;
}

#[tokio::test]
async fn where_nothing_can_tell_it_is_left_to_an_operator_and_the_next_reply_goes() {
    let mut house = house("telegram").await;
    house.provider.will([Manner::TakesAndBreaks]);
    house.says(42, 1, "do you have parking?").await;
    house.has_rows("SELECT 1 FROM outbox WHERE state = 3", 1).await;
    let left = left(&house).await;
    assert!(left[0].2.contains("nobody knows"), "{left:?}");
    house.says(42, 2, "and how much is a pedicure?").await;
    let sent = house.provider.gets(2).await;
    assert!((house.case.text)(&sent[1]).contains("$40"), "{sent:?}");
    house.stop().await;
}

#[tokio::test]
async fn a_provider_that_hangs_is_left_in_time_and_delays_no_other_channel() {
    let mut house = house("standard").await;
    house.provider.will([Manner::Hangs]);
    house.says(42, 1, "do you have parking?").await;
    house.provider.gets(1).await;
    // Somebody else is answered meanwhile.
    house.says(43, 2, "do you have parking?").await;
    let sent = house.provider.gets(2).await;
    assert_eq!(sent[1].json()["data"]["participant_id"], "43", "{sent:?}");
    // And the first one after the limit of a call and the five seconds.
    let sent = house.provider.gets(3).await;
    assert_eq!(sent[0].header("webhook-id"), sent[2].header("webhook-id"));
    house.stop().await;
}

#[tokio::test]
async fn a_refused_message_is_a_dead_letter_with_the_reason_and_the_next_one_goes() {
    let mut house = house("telegram").await;
    let blocked =
        json!({"ok": false, "error_code": 403, "description": "Forbidden: bot was blocked by the user"});
    house.provider.will([Manner::Says(403, "", blocked)]);
    house.says(42, 1, "do you have parking?").await;
    house.has_rows("SELECT 1 FROM outbox WHERE state = 3", 1).await;
    let left = left(&house).await;
    assert_eq!((left[0].0, left[0].1), (3, 1), "{left:?}");
    assert!(left[0].2.contains("403"), "{left:?}");
    house.says(42, 2, "and how much is a pedicure?").await;
    house.provider.gets(2).await;
    house.has_rows(SENT, 1).await;
    house.stop().await;
}

#[tokio::test]
async fn a_refused_account_is_stopped_and_its_replies_wait_until_it_is_mended() {
    let mut house = house("telegram").await;
    let unauthorised = json!({"ok": false, "error_code": 401, "description": "Unauthorized"});
    house.provider.will([Manner::Says(401, "", unauthorised)]);
    house.says(42, 1, "do you have parking?").await;
    house
        .has_rows("SELECT 1 FROM channel_accounts WHERE problem IS NOT NULL", 1)
        .await;
    // It takes messages, and sends nothing.
    house.says(43, 2, "do you have parking?").await;
    house.has_lines(43, 2).await;
    house.stop().await;
    let listed = house.site.run(&["channel", "list"]).await;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains("stopped"), "{listed}");
    let waiting = left(&house).await;
    assert_eq!(waiting.len(), 2, "{waiting:?}");
    assert!(waiting.iter().all(|(state, ..)| *state == 0), "{waiting:?}");
    assert_eq!(house.provider.sends().len(), 1);

    let resumed = house.site.run(&["channel", "resume", "telegram", "salon"]).await;
    assert!(resumed.status.success(), "{resumed:?}");
    house.site.let_pass(SignedDuration::from_mins(1));
    house.start().await;
    house.has_rows(SENT, 2).await;
    let to: Vec<Value> = house
        .provider
        .sends()
        .iter()
        .map(|call| call.json()["chat_id"].clone())
        .collect();
    assert!(to.len() == 3 && to.contains(&json!(43)), "{to:?}");
    house.stop().await;
}
