//! A person answers past the bot: it keeps what the customer writes, and is silent for a while.

use jiff::SignedDuration;
use serde_json::json;

use super::cases::{Hook, case, meta};
use super::house::House;
use crate::process::Site;

/// Staff wrote to customer 42 in the phone's app.
fn staff_writes(house: &House<'_>) -> Hook {
    meta(&json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": "2090", "changes": [{"field": "smb_message_echoes", "value": {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550000000", "phone_number_id": "1060"},
            "message_echoes": [{
                "from": "15550000000", "to": "15550000042", "id": "wamid.ECHO", "timestamp": house.now().to_string(),
                "type": "text", "text": {"body": "I'll see what I can do"},
            }],
        }}]}],
    }))
}

#[tokio::test]
async fn while_a_person_answers_in_the_phones_app_the_bot_listens_and_says_nothing() {
    let mut house = House::open(case("whatsapp"), Site::new()).await;
    house.says(42, 1, "do you have parking?").await;
    house.provider.gets(1).await;

    // Twice, as a provider may.
    for _ in 0..2 {
        assert!(house.post(&staff_writes(&house)).await.is_success());
    }
    house.says(42, 2, "and how much is a pedicure?").await;
    assert_eq!(house.has_said(42, 2).await.len(), 2);
    // Others are answered as always.
    house.says(43, 3, "do you have parking?").await;
    let sent = house.provider.gets(2).await;
    let silent = sent
        .iter()
        .all(|call| !(house.case.text)(call).contains("edicure"));
    assert!(silent, "the bot spoke");

    house.site.let_pass(SignedDuration::from_mins(61));
    house.stop().await;
    house.start().await;
    house.says(42, 4, "do you have parking?").await;
    house.provider.gets(3).await;
    house.stop().await;
}
