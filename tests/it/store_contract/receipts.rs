//! What channels tell of messages that they were given.

use std::sync::Arc;

use frontdesk::store::{
    ChannelStore, DeliveryReceipt, DeliveryStatus, OutboxRow, OutboxState, ReceiptOf, Settlement, Store,
};
use frontdesk::types::{AccountId, Channel};
use tokio::sync::Barrier;

use super::Backend;
use super::given::{at, id, pair};
use super::identities::seen;
use super::tries::{claim, only, say, settle, tried, tries};

fn receipt(of: ReceiptOf, status: DeliveryStatus) -> DeliveryReceipt {
    DeliveryReceipt {
        channel: Channel::Whatsapp,
        account: AccountId::new("main").unwrap(),
        of,
        status,
        problem: (status == DeliveryStatus::Failed).then(|| "131026: undeliverable".to_owned()),
        at: at("10:00"),
    }
}

fn theirs(name: &str, status: DeliveryStatus) -> DeliveryReceipt {
    receipt(ReceiptOf::Provider(name.to_owned()), status)
}

fn ours(row: &OutboxRow, provider_id: Option<&str>, status: DeliveryStatus) -> DeliveryReceipt {
    let provider_id = provider_id.map(str::to_owned);
    receipt(
        ReceiptOf::Ours {
            id: row.id,
            provider_id,
        },
        status,
    )
}

async fn told(channels: &Arc<dyn ChannelStore>, receipt: DeliveryReceipt) -> u64 {
    channels.receipts(vec![receipt]).await.unwrap()
}

/// What is known of the messages that the channel was given, by the provider's ids.
async fn known(backend: &dyn Backend) -> Vec<(String, String)> {
    backend
        .ask("SELECT provider_id, status FROM deliveries ORDER BY n")
        .await
        .into_iter()
        .map(|(id, status)| (id.unwrap_or_default(), status.unwrap()))
        .collect()
}

fn as_known<const N: usize>(expected: [(&str, &str); N]) -> [(String, String); N] {
    expected.map(|(id, status)| (id.to_owned(), status.to_owned()))
}

/// A reply that is in flight.
async fn in_flight(store: &Arc<dyn Store>, who: &str) -> OutboxRow {
    say(store, &pair(who), 0, &["main"]).await;
    claim(store, "09:00").await.remove(0)
}

async fn sent(store: &Arc<dyn Store>, who: &str, provider_id: &str) -> OutboxRow {
    let row = in_flight(store, who).await;
    settle(store, &row, Settlement::Sent(Some(provider_id.to_owned()))).await;
    row
}

pub(crate) async fn what_is_known_only_moves_forward(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    sent(&store, "ana", "wamid.1").await;
    for (status, after) in [
        (DeliveryStatus::Sent, "sent"),
        (DeliveryStatus::Delivered, "delivered"),
        (DeliveryStatus::Read, "read"),
        (DeliveryStatus::Delivered, "read"),
        (DeliveryStatus::Sent, "read"),
    ] {
        assert_eq!(told(&channels, theirs("wamid.1", status)).await, 1);
        assert_eq!(known(backend).await, as_known([("wamid.1", after)]));
    }
    assert!(channels.receipts(Vec::new()).await.unwrap() == 0);
}

pub(crate) async fn a_receipt_for_what_nobody_sent_finds_nothing(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    sent(&store, "ana", "wamid.1").await;
    let elsewhere = DeliveryReceipt {
        account: AccountId::new("other").unwrap(),
        ..theirs("wamid.1", DeliveryStatus::Read)
    };
    let nobody = OutboxRow {
        id: id("never seen"),
        ..super::given::reply(&pair("ana"), 0, 0)
    };
    let up_to = ReceiptOf::UpTo {
        user: "nobody".to_owned(),
        time: at("12:00"),
    };
    let receipts = vec![
        theirs("wamid.2", DeliveryStatus::Read),
        elsewhere,
        ours(&nobody, None, DeliveryStatus::Read),
        receipt(up_to, DeliveryStatus::Read),
    ];
    assert_eq!(channels.receipts(receipts).await.unwrap(), 0);
    assert_eq!(known(backend).await, as_known([("wamid.1", "sent")]));
}

pub(crate) async fn a_receipt_settles_what_nobody_knew(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    let row = in_flight(&store, "ana").await;
    settle(&store, &row, Settlement::Unknown { at: at("09:30") }).await;
    let delivered = ours(&row, Some("wamid.1"), DeliveryStatus::Delivered);
    assert_eq!(told(&channels, delivered).await, 1);
    let (settled, _) = only(&channels, OutboxState::Sent).await;
    assert!(!settled.unknown);
    assert!(claim(&store, "12:00").await.is_empty(), "it is not sent again");
    assert_eq!(told(&channels, theirs("wamid.1", DeliveryStatus::Read)).await, 1);
    assert_eq!(known(backend).await, as_known([("wamid.1", "read")]));

    let row = in_flight(&store, "ben").await;
    settle(&store, &row, Settlement::Unknown { at: at("09:30") }).await;
    assert_eq!(told(&channels, ours(&row, None, DeliveryStatus::Failed)).await, 1);
    let (dead, problem) = only(&channels, OutboxState::Dead).await;
    assert_eq!(
        (dead.id, problem.as_deref()),
        (row.id, Some("131026: undeliverable"))
    );
    assert_eq!(tries(&channels, &row).await, [tried(1, "unknown", None)]);
}

pub(crate) async fn a_receipt_settles_what_is_in_flight(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    let row = in_flight(&store, "ana").await;
    assert_eq!(told(&channels, ours(&row, None, DeliveryStatus::Sent)).await, 1);
    only(&channels, OutboxState::Sent).await;
    // Whoever sent it comes later, and knows what the provider calls it.
    settle(&store, &row, Settlement::Sent(Some("wamid.1".to_owned()))).await;
    assert_eq!(told(&channels, theirs("wamid.1", DeliveryStatus::Read)).await, 1);
    assert_eq!(
        known(backend).await,
        as_known([("", "sent"), ("wamid.1", "read")])
    );
    assert_eq!(tries(&channels, &row).await, [tried(1, "sent", None)]);
    // A part that is known is all that a receipt for it speaks of.
    let row = in_flight(&store, "ben").await;
    channels
        .part_sent(row.id, 0, Some("wamid.2"), at("09:00"))
        .await
        .unwrap();
    let of_the_part = ours(&row, Some("wamid.2"), DeliveryStatus::Delivered);
    assert_eq!(told(&channels, of_the_part).await, 1);
    let still = only(&channels, OutboxState::InFlight).await;
    assert_eq!((still.0.id, still.0.parts_sent), (row.id, 1));
}

pub(crate) async fn a_receipt_of_another_account_settles_nothing(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    let row = in_flight(&store, "ana").await;
    settle(&store, &row, Settlement::Unknown { at: at("09:30") }).await;
    for (channel, account) in [(Channel::Whatsapp, "other"), (Channel::Telegram, "main")] {
        let forged = DeliveryReceipt {
            channel,
            account: AccountId::new(account).unwrap(),
            ..ours(&row, Some("x"), DeliveryStatus::Failed)
        };
        assert_eq!(told(&channels, forged).await, 0);
    }
    assert!(only(&channels, OutboxState::Waiting).await.0.unknown);
    assert!(known(backend).await.is_empty());
}

pub(crate) async fn what_failed_at_its_channel_is_dead(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    let row = sent(&store, "ana", "wamid.1").await;
    assert_eq!(
        told(&channels, theirs("wamid.1", DeliveryStatus::Failed)).await,
        1
    );
    let (dead, problem) = only(&channels, OutboxState::Dead).await;
    assert_eq!(
        (dead.id, problem.as_deref()),
        (row.id, Some("131026: undeliverable"))
    );
    // Late news of better times do not bring it back.
    told(&channels, theirs("wamid.1", DeliveryStatus::Delivered)).await;
    only(&channels, OutboxState::Dead).await;
    assert_eq!(known(backend).await, as_known([("wamid.1", "failed")]));
}

pub(crate) async fn a_receipt_up_to_a_time_is_for_all_that_was_said_before(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    seen(&channels, &["ana's id"], "ana").await;
    let ana = pair("ana");
    for (version, when) in [(0, "09:00"), (1, "09:10"), (2, "09:20")] {
        let mut turn = super::given::turn(&ana, version);
        turn.outbox = vec![OutboxRow {
            at: at(when),
            ..super::tries::by("main", super::given::reply(&ana, version, 0))
        }];
        super::given::committed(&store, turn).await;
        let row = claim(&store, "09:30").await.remove(0);
        settle(&store, &row, Settlement::Sent(Some(format!("mid.{version}")))).await;
    }
    sent(&store, "ben", "mid.ben").await;
    let up_to = |time: &str, status| {
        let user = "ana's id".to_owned();
        receipt(ReceiptOf::UpTo { user, time: at(time) }, status)
    };
    assert_eq!(told(&channels, up_to("09:10", DeliveryStatus::Read)).await, 2);
    assert_eq!(
        told(&channels, up_to("09:20", DeliveryStatus::Delivered)).await,
        1
    );
    let expected = [
        ("mid.0", "read"),
        ("mid.1", "read"),
        ("mid.2", "delivered"),
        ("mid.ben", "sent"),
    ];
    assert_eq!(known(backend).await, as_known(expected));
}

pub(crate) async fn a_receipt_that_is_faster_than_the_answer_is_kept_for_it(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    let row = in_flight(&store, "ana").await;
    told(&channels, theirs("wamid.1", DeliveryStatus::Delivered)).await;
    told(&channels, theirs("wamid.1", DeliveryStatus::Sent)).await;
    settle(&store, &row, Settlement::Sent(Some("wamid.1".to_owned()))).await;
    only(&channels, OutboxState::Sent).await;
    assert_eq!(known(backend).await, as_known([("wamid.1", "delivered")]));
    assert_eq!(tries(&channels, &row).await, [tried(1, "sent", None)]);

    let row = in_flight(&store, "ben").await;
    told(&channels, theirs("wamid.2", DeliveryStatus::Failed)).await;
    settle(&store, &row, Settlement::Sent(Some("wamid.2".to_owned()))).await;
    let (dead, problem) = only(&channels, OutboxState::Dead).await;
    assert_eq!(
        (dead.id, problem.as_deref()),
        (row.id, Some("131026: undeliverable"))
    );
    // Nobody waits to hear of anything now, so that this one is of another program's message.
    assert_eq!(told(&channels, theirs("wamid.3", DeliveryStatus::Read)).await, 0);
    assert_eq!(
        known(backend).await,
        as_known([("wamid.1", "delivered"), ("wamid.2", "failed")])
    );
}

pub(crate) async fn a_receipt_that_is_faster_than_the_answer_to_a_part_is_kept_for_it(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    let row = in_flight(&store, "ana").await;
    told(&channels, theirs("wamid.1", DeliveryStatus::Delivered)).await;
    channels
        .part_sent(row.id, 0, Some("wamid.1"), at("09:00"))
        .await
        .unwrap();
    assert_eq!(told(&channels, theirs("wamid.1", DeliveryStatus::Read)).await, 1);
    assert_eq!(known(backend).await, as_known([("wamid.1", "read")]));
    let still = only(&channels, OutboxState::InFlight).await;
    assert_eq!((still.0.id, still.0.parts_sent), (row.id, 1));

    told(&channels, theirs("wamid.2", DeliveryStatus::Failed)).await;
    channels
        .part_sent(row.id, 1, Some("wamid.2"), at("09:00"))
        .await
        .unwrap();
    only(&channels, OutboxState::Dead).await;
}

fn of_part(row: &OutboxRow, part: u32, provider_id: Option<&str>, status: DeliveryStatus) -> DeliveryReceipt {
    let provider_id = provider_id.map(str::to_owned);
    let id = row.id;
    receipt(
        ReceiptOf::Part {
            id,
            part,
            provider_id,
        },
        status,
    )
}

pub(crate) async fn a_receipt_for_a_part_settles_that_part_and_not_the_rest(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    let row = in_flight(&store, "ana").await;
    let told_first = of_part(&row, 0, Some("wamid.1"), DeliveryStatus::Delivered);
    assert_eq!(told(&channels, told_first).await, 1);
    let still = only(&channels, OutboxState::InFlight).await;
    assert_eq!((still.0.id, still.0.parts_sent), (row.id, 1));
    // Whoever sent it comes later.
    channels
        .part_sent(row.id, 0, Some("wamid.1"), at("09:00"))
        .await
        .unwrap();
    assert_eq!(known(backend).await, as_known([("wamid.1", "delivered")]));

    // Of the next one nobody knows, until a receipt tells. What follows it is due at once.
    settle(&store, &row, Settlement::Unknown { at: at("12:00") }).await;
    assert!(claim(&store, "10:30").await.is_empty());
    assert_eq!(
        told(&channels, of_part(&row, 1, None, DeliveryStatus::Sent)).await,
        1
    );
    let again = claim(&store, "10:30").await.remove(0);
    assert_eq!((again.id, again.parts_sent, again.unknown), (row.id, 2, false));
    settle(&store, &again, Settlement::Sent(Some("wamid.3".to_owned()))).await;
    assert_eq!(
        known(backend).await,
        as_known([("wamid.1", "delivered"), ("", "sent"), ("wamid.3", "sent")])
    );
    // A part that failed is a reply that was not said.
    let failed = of_part(&row, 0, Some("wamid.1"), DeliveryStatus::Failed);
    assert_eq!(told(&channels, failed).await, 1);
    only(&channels, OutboxState::Dead).await;
}

pub(crate) async fn early_receipts_and_answers_at_once_agree(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    for round in 0..12 {
        let row = in_flight(&store, &format!("customer-{round}")).await;
        let name = format!("wamid.{round}");
        let barrier = Arc::new(Barrier::new(2));
        let telling = {
            let (channels, barrier, name) = (channels.clone(), barrier.clone(), name.clone());
            tokio::spawn(async move {
                barrier.wait().await;
                told(&channels, theirs(&name, DeliveryStatus::Delivered)).await
            })
        };
        barrier.wait().await;
        settle(&store, &row, Settlement::Sent(Some(name.clone()))).await;
        telling.await.unwrap();
        let last = known(backend).await.pop();
        assert_eq!(last, Some((name, "delivered".to_owned())), "round {round}");
        assert_eq!(told(&channels, ours(&row, None, DeliveryStatus::Read)).await, 1);
        let last = known(backend).await.pop();
        assert_eq!(last.unwrap().1, "read", "it is the reply's own");
    }
}

pub(crate) async fn receipts_and_settlements_at_once_agree(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    for round in 0..12 {
        let row = in_flight(&store, &format!("customer-{round}")).await;
        let name = format!("wamid.{round}");
        let barrier = Arc::new(Barrier::new(2));
        let telling = {
            let (channels, barrier, row) = (channels.clone(), barrier.clone(), row.clone());
            let named = (round % 2 == 0).then(|| name.clone());
            tokio::spawn(async move {
                barrier.wait().await;
                told(&channels, ours(&row, named.as_deref(), DeliveryStatus::Delivered)).await
            })
        };
        barrier.wait().await;
        let settlement = match round % 3 {
            0 => Settlement::Unknown { at: at("09:30") },
            1 => Settlement::Sent(Some(name)),
            _ => Settlement::Sent(None),
        };
        settle(&store, &row, settlement).await;
        assert_eq!(telling.await.unwrap(), 1);
        assert!(claim(&store, "12:00").await.is_empty(), "round {round}");
        let results = tries(&channels, &row).await;
        assert_eq!(results.len(), 1, "one try, whoever told of it: {results:?}");
    }
}
