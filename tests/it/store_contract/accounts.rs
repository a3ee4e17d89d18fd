//! Accounts at channels.

use frontdesk::store::{AccountRow, Put};
use frontdesk::types::{AccountId, BusinessId, Channel};

use super::Backend;
use super::given::{at, salon};

fn account(channel: Channel, name: &str) -> AccountRow {
    AccountRow {
        channel,
        account: AccountId::new(name).unwrap(),
        business: salon(),
        settings: r#"{"phone": "+1 555 0100", "ü": 1}"#.to_owned(),
        secrets: "sealed".to_owned(),
        problem: None,
        created_at: at("09:00"),
        updated_at: at("09:00"),
    }
}

/// Settings are an object; its spelling is nobody's business.
fn same(a: &AccountRow, b: &AccountRow) -> bool {
    let value = |row: &AccountRow| serde_json::from_str::<serde_json::Value>(&row.settings).unwrap();
    let spelled_alike = AccountRow {
        settings: a.settings.clone(),
        ..b.clone()
    };
    value(a) == value(b) && *a == spelled_alike
}

pub(crate) async fn an_account_is_read_back_as_it_was_put(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    store.put_business(&salon(), "{}", at("09:00")).await.unwrap();
    let telegram = account(Channel::Telegram, "main");
    let slack = account(Channel::Slack, "main");
    for account in [&telegram, &slack] {
        assert_eq!(channels.put_account(account).await.unwrap(), Put::Added);
    }
    let read = channels
        .account(Channel::Telegram, &telegram.account)
        .await
        .unwrap()
        .unwrap();
    assert!(same(&read, &telegram), "{read:?}");
    let changed = AccountRow {
        settings: "{}".to_owned(),
        secrets: "sealed anew".to_owned(),
        problem: Some("its token is no good".to_owned()),
        updated_at: at("10:00"),
        ..telegram.clone()
    };
    let put = AccountRow {
        created_at: at("10:00"),
        ..changed.clone()
    };
    assert_eq!(channels.put_account(&put).await.unwrap(), Put::Changed);
    let all = channels.accounts().await.unwrap();
    assert_eq!(all.len(), 2);
    assert!(same(&all[0], &slack) && same(&all[1], &changed), "{all:?}");

    assert!(
        channels
            .remove_account(Channel::Slack, &slack.account)
            .await
            .unwrap()
    );
    assert!(
        !channels
            .remove_account(Channel::Slack, &slack.account)
            .await
            .unwrap()
    );
    assert_eq!(
        channels.account(Channel::Slack, &slack.account).await.unwrap(),
        None
    );
}

pub(crate) async fn an_account_stays_with_its_business(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    let ours = account(Channel::Whatsapp, "main");
    assert_eq!(channels.put_account(&ours).await.unwrap(), Put::UnknownBusiness);
    let barber = BusinessId::new("barber").unwrap();
    for business in [&salon(), &barber] {
        store.put_business(business, "{}", at("09:00")).await.unwrap();
    }
    assert_eq!(channels.put_account(&ours).await.unwrap(), Put::Added);
    let theirs = AccountRow {
        business: barber,
        secrets: "theirs".to_owned(),
        ..ours.clone()
    };
    assert_eq!(channels.put_account(&theirs).await.unwrap(), Put::Taken);
    assert!(same(&channels.accounts().await.unwrap()[0], &ours));
}

pub(crate) async fn a_stopped_account_says_why_until_it_goes_on(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    store.put_business(&salon(), "{}", at("09:00")).await.unwrap();
    let row = account(Channel::Telegram, "main");
    channels.put_account(&row).await.unwrap();
    for (problem, when) in [(Some("revoked"), "10:00"), (None, "11:00")] {
        channels
            .stop_account(row.channel, &row.account, problem, at(when))
            .await
            .unwrap();
        let read = channels
            .account(row.channel, &row.account)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((read.problem.as_deref(), read.updated_at), (problem, at(when)));
    }
    let nobody = AccountId::new("nobody").unwrap();
    channels
        .stop_account(row.channel, &nobody, Some("gone"), at("12:00"))
        .await
        .unwrap();
    assert_eq!(channels.accounts().await.unwrap().len(), 1);
}
