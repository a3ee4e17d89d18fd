//! The program is killed between every two steps from a provider's request to its receipt, each by its name.
//!
//! No code of the program knows of it: the provider's stub and the database hold it still from outside (see
//! [`super::brakes`]). Each time somebody says yes to a visit that they were offered, which must then be booked once,
//! told once, under one key, and acknowledged once, whatever a provider delivers again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;
use sqlx::Row as _;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::brakes::{Brake, Write, WriteLock, claims_again, claims_nothing};
use super::cases::{Hook, case, meta};
use super::house::{House, post_if_it_lives};
use super::stub::{Called, Manner};
use crate::checker::{Database, count};
use crate::process::{Site, eventually, http};
use crate::support::postgres;

/// What was done last when the program is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    RequestRead,
    RowWritten,
    Acknowledged,
    TurnCommitted,
    Claimed,
    RequestSent,
    Answered,
    MarkedSent,
    ReceiptStored,
}

const STEPS: [Step; 9] = [
    Step::RequestRead,
    Step::RowWritten,
    Step::Acknowledged,
    Step::TurnCommitted,
    Step::Claimed,
    Step::RequestSent,
    Step::Answered,
    Step::MarkedSent,
    Step::ReceiptStored,
];

impl Step {
    /// Whether the provider was told that it is rid of the message.
    fn is_acknowledged(self) -> bool {
        !matches!(self, Self::RequestRead | Self::RowWritten)
    }

    /// Whether it is the receipt that is under way, and no longer the message.
    fn is_of_the_receipt(self) -> bool {
        matches!(self, Self::MarkedSent | Self::ReceiptStored)
    }

    /// The write that comes next, or the one that was made and nobody heard of.
    fn write(self) -> (Write, bool) {
        match self {
            Self::RequestRead => (Write::Message, false),
            Self::RowWritten => (Write::Message, true),
            Self::Acknowledged => (Write::Turn, false),
            Self::TurnCommitted => (Write::Turn, true),
            Self::Claimed => (Write::Claim, true),
            Self::RequestSent | Self::Answered => (Write::Sent, false),
            Self::MarkedSent => (Write::Receipt, false),
            Self::ReceiptStored => (Write::Receipt, true),
        }
    }

    /// What its death leaves behind: messages without a turn, replies that wait, replies that were claimed, receipts
    /// (the one before the last is told by then).
    fn leaves(self) -> [i64; 4] {
        match self {
            Self::RequestRead | Self::MarkedSent => [0, 0, 0, 0],
            Self::RowWritten | Self::Acknowledged => [1, 0, 0, 0],
            Self::TurnCommitted => [0, 1, 0, 0],
            Self::Claimed | Self::RequestSent | Self::Answered => [0, 0, 1, 0],
            Self::ReceiptStored => [0, 0, 0, 2],
        }
    }

    /// How often the reply goes out: after the call nobody knows any more that it was made.
    fn sends(self) -> usize {
        if matches!(self, Self::RequestSent | Self::Answered) {
            2
        } else {
            1
        }
    }
}

#[tokio::test]
async fn killed_at_each_step_a_visit_is_booked_and_told_once() {
    at_every_step(Site::new()).await;
}

#[tokio::test]
async fn killed_at_each_step_a_visit_is_booked_and_told_once_in_postgres() {
    let database = postgres::Database::new().await;
    // Whoever is held up does not give up by itself.
    let site = Site::on(&database.url())
        .with("FRONTDESK_STORE__STATEMENT_TIMEOUT_MS", 30_000)
        .with("FRONTDESK_STORE__LOCK_TIMEOUT_MS", 30_000);
    at_every_step(site).await;
}

async fn at_every_step(site: Site) {
    let mut house = House::open(case("whatsapp"), site).await;
    for (who, step) in (1..).zip(STEPS) {
        is_offered_a_visit(&house, who, step).await;
        let yes = house.saying(who, 100 * who + 1, "yes");
        if step.is_of_the_receipt() {
            assert!(house.post(&yes).await.is_success());
            is_settled(&house, step).await;
        }
        let hook = if step.is_of_the_receipt() {
            let last = house.provider.sends().pop().unwrap();
            status(&house, &last, "delivered")
        } else {
            yes
        };
        die_at(&mut house, step, &hook).await;
        assert_eq!(left(&house).await, step.leaves(), "{step:?}");

        // Past every lease, and the minute that a receipt is waited for.
        house.site.let_pass(SignedDuration::from_mins(2));
        house.start().await;
        // Again, as a provider does that was told nothing, or is not sure.
        for _ in 0..2 {
            assert!(house.post(&hook).await.is_success(), "{step:?}");
        }
        is_settled(&house, step).await;
        is_booked_once(&house, who, step).await;
    }
    receipts_only_move_forward(&house).await;
    let swept = house.site.now() - SignedDuration::from_secs(10);
    house.stop().await;
    every_reply_went_out_under_its_own_key(&house).await;
    let report = Database::of(&house.site).await.check_without_log(&swept).await;
    report.assert_none("a kill at every step");
}

/// A visit at an hour of their own, so that everybody can have it.
async fn is_offered_a_visit(house: &House<'_>, who: u64, step: Step) {
    let before = house.provider.sends().len();
    let wish = format!("I'd like a basic manicure with Mai on Friday at {}:00", 8 + who);
    house.says(who, 100 * who, &wish).await;
    let sent = house.provider.gets(before + 1).await;
    let offer = (house.case.text)(&sent[before]);
    assert!(offer.ends_with("Shall I book it?"), "{step:?}: {offer}");
    is_settled(house, step).await;
}

/// Nothing waits to be answered or to be sent.
async fn is_settled(house: &House<'_>, step: Step) {
    let waiting = "SELECT (SELECT COUNT(*) FROM inbox WHERE state <> 1) + (SELECT COUNT(*) FROM outbox WHERE state <> 2)";
    eventually(&format!("everything answered and sent, {step:?}"), || async {
        (count(&house.site, waiting).await == 0).then_some(())
    })
    .await;
}

/// What a dead process left, as [`Step::leaves`] has it.
async fn left(house: &House<'_>) -> [i64; 4] {
    let mut left = [0; 4];
    for (place, count_of) in left.iter_mut().zip([
        "SELECT COUNT(*) FROM inbox WHERE state = 0",
        "SELECT COUNT(*) FROM outbox WHERE state = 0",
        "SELECT COUNT(*) FROM outbox WHERE state = 1",
        "SELECT COUNT(*) FROM deliveries WHERE status = 'delivered'",
    ]) {
        *place = count(&house.site, count_of).await;
    }
    left
}

async fn die_at(house: &mut House<'_>, step: Step, hook: &Hook) {
    if step == Step::RequestSent {
        let before = house.provider.sends().len();
        house.provider.will([Manner::Hangs]);
        assert!(house.post(hook).await.is_success());
        house.provider.gets(before + 1).await;
        return house.kill().await;
    }
    match house.site.server().map(str::to_owned) {
        Some(url) => die_in_postgres(house, &url, step, hook).await,
        None => die_in_sqlite(house, step, hook).await,
    }
}

async fn die_in_postgres(house: &mut House<'_>, url: &str, step: Step, hook: &Hook) {
    let (write, is_done) = step.write();
    let mut brake = Brake::on(url, write).await;
    let unheard = if step.is_acknowledged() && !step.is_of_the_receipt() {
        assert!(house.post(hook).await.is_success(), "{step:?}");
        None
    } else {
        Some(posting(house, hook))
    };
    brake.is_met().await;
    if is_done {
        house.freeze().await;
        brake.let_go().await;
        house.kill().await;
    } else {
        house.kill().await;
        brake.undo().await;
    }
    if let Some(unheard) = unheard {
        assert_eq!(unheard.await.unwrap(), None, "{step:?}: nobody was told anything");
    }
}

async fn die_in_sqlite(house: &mut House<'_>, step: Step, hook: &Hook) {
    const BURSTS: [&str; 2] = [
        "FRONTDESK_CONVERSATION__BURST_WEB_QUIET_MS",
        "FRONTDESK_CONVERSATION__BURST_WEB_MS_MAX",
    ];
    let file: PathBuf = house.site.database();
    match step {
        Step::RequestRead | Step::MarkedSent => {
            let lock = WriteLock::of(&file).await;
            let mut posting = posting(house, hook);
            // Nothing says that it has come to the write: it is only seen that nobody is answered.
            let answered = tokio::time::timeout(Duration::from_millis(200), &mut posting).await;
            assert!(answered.is_err(), "{step:?}: answered before it was written");
            house.kill().await;
            lock.release().await;
            assert_eq!(posting.await.unwrap(), None, "{step:?}");
        }
        Step::RowWritten | Step::Acknowledged => {
            // The turn waits for more to be said.
            let usual = house.site.settings.clone();
            house.stop().await;
            house
                .site
                .settings
                .extend(BURSTS.map(|name| (name, "60000".to_owned())));
            house.start().await;
            let posting = posting(house, hook);
            eventually("the row of a message", || async {
                (count(&house.site, "SELECT COUNT(*) FROM inbox WHERE state = 0").await == 1).then_some(())
            })
            .await;
            if step == Step::Acknowledged {
                assert_eq!(posting.await.unwrap(), Some(true));
            }
            // What became of the other answer is not looked at: to its provider it never came.
            house.kill().await;
            house.site.settings = usual;
        }
        Step::TurnCommitted => {
            claims_nothing(&file).await;
            assert!(house.post(hook).await.is_success());
            eventually("a turn", || async {
                (count(&house.site, "SELECT COUNT(*) FROM outbox WHERE state = 0").await == 1).then_some(())
            })
            .await;
            house.kill().await;
            claims_again(&file).await;
        }
        Step::Claimed => {
            house.provider.will([Manner::IsDeaf]);
            assert!(house.post(hook).await.is_success());
            eventually("a claim", || async {
                (count(&house.site, "SELECT COUNT(*) FROM outbox WHERE state = 1").await == 1
                    && house.provider.is_obedient())
                .then_some(())
            })
            .await;
            house.kill().await;
        }
        Step::Answered => {
            let (tell, told) = watch::channel(false);
            let before = house.provider.sends().len();
            house.provider.will([Manner::TakesWhen(told)]);
            assert!(house.post(hook).await.is_success());
            house.provider.gets(before + 1).await;
            let lock = WriteLock::of(&file).await;
            let answered = house.provider.answered();
            tell.send_replace(true);
            eventually("the provider's answer", || async {
                (house.provider.answered() > answered).then_some(())
            })
            .await;
            house.kill().await;
            lock.release().await;
        }
        Step::ReceiptStored => {
            let posting = posting(house, hook);
            eventually("what the receipt tells", || async {
                let told = "SELECT COUNT(*) FROM deliveries WHERE status = 'delivered'";
                (count(&house.site, told).await == 2).then_some(())
            })
            .await;
            house.kill().await;
            drop(posting);
        }
        Step::RequestSent => unreachable!("the provider holds it still"),
    }
}

/// Posts, and tells whether it was taken; nothing when the line broke.
fn posting(house: &House<'_>, hook: &Hook) -> JoinHandle<Option<bool>> {
    let (url, hook) = (house.url().to_owned(), hook.clone());
    tokio::spawn(async move { post_if_it_lives(&http(), &url, "whatsapp", &hook).await })
}

async fn is_booked_once(house: &House<'_>, who: u64, step: Step) {
    let database = Database::of(&house.site).await;
    let participant = house.case.participant(super::house::ACCOUNT, who);
    let rows = database
        .rows(
            "SELECT c.participant_id AS who, c.version,
                 (SELECT COUNT(*) FROM inbox i WHERE i.conversation_id = c.id),
                 (SELECT COUNT(*) FROM messages m WHERE m.conversation_id = c.id AND m.direction = 'inbound'),
                 (SELECT COUNT(*) FROM outbox o WHERE o.conversation_id = c.id),
                 (SELECT COUNT(*) FROM appointments a
                  WHERE a.business_id = c.business_id AND a.participant_id = c.participant_id AND a.status = 'confirmed'),
                 (SELECT COUNT(*) FROM appointment_events e JOIN appointments a ON a.id = e.appointment_id
                  WHERE a.business_id = c.business_id AND a.participant_id = c.participant_id AND e.kind = 'confirmed')
             FROM conversations c",
        )
        .await;
    let row = rows
        .iter()
        .find(|row| row.get::<&str, _>(0) == participant)
        .unwrap();
    let told: Vec<i64> = (1..7).map(|column| row.get(column)).collect();
    // Turns, messages of the inbox and of the transcript, replies; and one visit, confirmed once.
    assert_eq!(told, [2, 2, 2, 2, 1, 1], "{step:?}");
}

/// What WhatsApp tells of a message that it was given.
fn status(house: &House<'_>, call: &Called, status: &str) -> Hook {
    let number = house.provider.number_of(call);
    meta(&json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": "2090", "changes": [{"field": "messages", "value": {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550000000", "phone_number_id": "1060"},
            "statuses": [{
                "id": format!("wamid.{number}"), "status": status, "timestamp": house.now().to_string(),
                "recipient_id": "15550000042",
                "biz_opaque_callback_data": call.json()["biz_opaque_callback_data"],
            }],
        }}]}],
    }))
}

async fn receipts_only_move_forward(house: &House<'_>) {
    let sends = house.provider.sends();
    for told in ["read", "delivered", "sent"] {
        for call in &sends {
            assert!(house.post(&status(house, call, told)).await.is_success());
        }
    }
    let behind = "SELECT COUNT(*) FROM deliveries WHERE status <> 'read'";
    assert_eq!(count(&house.site, behind).await, 0);
}

async fn every_reply_went_out_under_its_own_key(house: &House<'_>) {
    let rows = house
        .rows("SELECT lower(hex(id)), reply ->> 'text', participant_id FROM outbox")
        .await;
    let mut sent: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for call in house.provider.sends() {
        let key = call.json()["biz_opaque_callback_data"]
            .as_str()
            .unwrap()
            .replace('-', "");
        sent.entry(key).or_default().push((house.case.text)(&call));
    }
    let kept: BTreeSet<&String> = sent.keys().collect();
    assert_eq!(kept.len(), rows.len(), "every reply, and nothing else");
    for row in &rows {
        let (id, text, participant): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let times = sent.get(&id).map_or(&[][..], Vec::as_slice);
        assert!(
            times.iter().all(|time| *time == text),
            "a key names one text: {times:?}"
        );
        let step = (1..)
            .zip(STEPS)
            .find(|(who, _)| house.case.participant(super::house::ACCOUNT, *who) == participant);
        let (_, step) = step.unwrap();
        let expected = if text.starts_with("Booked") {
            step.sends()
        } else {
            1
        };
        assert_eq!(times.len(), expected, "{step:?}: {text}");
    }
}
