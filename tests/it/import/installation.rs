//! An SQLite installation in which there is something of everything.

use std::path::Path;
use std::sync::Arc;

use frontdesk::booking::appointment::Status;
use frontdesk::booking::visit::{Arrangement, Plan, Wish};
use frontdesk::dialogue::Effect;
use frontdesk::dialogue::outcome::{Profile, WaitlistEntry, WaitlistOffer, WaitlistState};
use frontdesk::store::{Actor, Change, InboxVerdict, Session, Settlement, Store, TurnCommit};
use frontdesk::types::WaitlistId;
use frontdesk::understanding::act::HandoffReason;
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Executor as _};

use super::{at, committed, demo, hold, id, message, pair, salon, sqlite, sqlite_store, turn, visit};
use crate::store_contract::given::{booked, held, reply, session};

const DOCUMENT: &str =
    r#"{"services":[{"id":"manicure","name":"Maniküre"}],"staff":[{"id":"mai","name":"Mai"}]}"#;

fn waiting(name: &str, state: WaitlistState) -> WaitlistEntry {
    WaitlistEntry {
        id: WaitlistId(id(name)),
        wish: Wish {
            items: Vec::new(),
            arrangement: Arrangement::InSequence,
        },
        when: serde_json::from_str(r#"{"windows":[],"text":"any day","span":[0,7]}"#).unwrap(),
        state,
        offer: (state == WaitlistState::Offered).then(|| WaitlistOffer {
            plan: Plan {
                starts_at: at("15:00"),
                ends_at: at("15:30"),
                allocations: visit(name, "mai", "15:00", "15:30").allocations,
            },
            expires_at: at("16:00"),
        }),
        since: at("09:30"),
        passed: Vec::new(),
    }
}

async fn talk(store: &Arc<dyn Store>, who: &str, effects: Vec<Vec<Effect>>) {
    for (version, effects) in (0..).zip(effects) {
        let pair = pair(who);
        committed(
            store,
            TurnCommit {
                effects,
                outbox: vec![reply(&pair, version, 0)],
                sessions: vec![Session {
                    ended_at: (who == "cleo").then(|| at("10:00")),
                    ..session(&pair)
                }],
                ..turn(&pair, version)
            },
        )
        .await;
    }
}

/// Bookings of every fate, promises, waitlist, a handoff, a profile, replies sent and unsent, and messages that were
/// answered, wait, are dead, or were dropped.
pub(super) async fn furnish(file: &Path) {
    let store = sqlite_store(file).await;
    for document in ["{}", DOCUMENT] {
        store.put_business(&salon(), document, at("08:00")).await.unwrap();
    }
    store.put_business(&demo(), "{}", at("08:00")).await.unwrap();

    let anas = booked(&store, visit("ana", "mai", "10:00", "10:30")).await;
    let moved = Effect::Move {
        appointment: anas.clone(),
        to: visit("ana", "mai", "12:00", "12:30"),
        hold: None,
    };
    talk(&store, "ana", vec![vec![], vec![moved], vec![]]).await;
    let profile = Effect::Profile(Profile {
        name: Some("Ben Ñandú 💅".to_owned()),
        phone: None,
        email: Some("ben@example.org".to_owned()),
    });
    let effects = vec![
        Effect::HandOff {
            reason: HandoffReason::Asked,
        },
        Effect::Contact { allowed: false },
        profile,
    ];
    talk(&store, "ben", vec![effects, vec![]]).await;
    let (waits, offered) = (
        waiting("cleo", WaitlistState::Waiting),
        waiting("cleo too", WaitlistState::Offered),
    );
    talk(
        &store,
        "cleo",
        vec![
            vec![Effect::Waitlist { entry: waits }],
            vec![Effect::Waitlist { entry: offered }],
        ],
    )
    .await;
    let promise = held(&store, hold("dora", "mai", "14:00", "14:30"), "09:00").await;
    let confirmed = Effect::Confirm {
        appointment: promise,
        by_hand: false,
    };
    talk(&store, "dora", vec![vec![confirmed]]).await;
    // A promise that is open.
    held(&store, hold("dora", "linh", "10:00", "10:30"), "09:00").await;
    let change = Change::Book {
        appointment: visit("fay", "linh", "16:00", "16:30"),
        actor: Actor::Operator,
        idempotency_key: Some("once".to_owned()),
    };
    store.change(&salon(), change, at("09:00")).await.unwrap();
    let cancelled = booked(&store, visit("fay", "mai", "17:00", "17:30")).await;
    let change = Change::SetStatus {
        id: cancelled.id,
        status: Status::Cancelled,
        expected_version: None,
        actor: Actor::Operator,
    };
    store.change(&salon(), change, at("09:00")).await.unwrap();

    // Eve's messages kill the process four times each; one of them is dropped then.
    let letters = ["m1", "m2"].map(|name| message(&pair("eve"), name));
    store.accept(letters.to_vec()).await.unwrap();
    while store.figures().await.unwrap().inbox_dead < 2 {
        store.claim_unfinished(Timestamp::MAX, 100).await.unwrap();
    }
    let verdict = InboxVerdict::Drop { at: at("11:00") };
    store
        .inbox_settle(&[letters[0].key.clone()], verdict)
        .await
        .unwrap();
    store.accept(vec![message(&pair("dora"), "late")]).await.unwrap();

    // One reply is delivered, some are in flight, the rest wait.
    let claimed = store.outbox_claim(at("10:00"), at("10:01"), 3).await.unwrap();
    store
        .outbox_settle(vec![(claimed[0].id, Settlement::Sent(None))])
        .await
        .unwrap();
    store.close().await;

    // What no part of the program writes yet.
    let mut file = sqlite(file).await;
    for statement in [
        "INSERT INTO channel_accounts VALUES ('whatsapp', '+1555', 'salon', '{\"b\": [1, 2.5],  \"a\": null}', 1,
             'sealed', 'revoked', 2)",
        "UPDATE participants SET joined_into = 'ana' WHERE participant_id = 'ben'",
        "UPDATE inbox SET address = '{}' WHERE message_id = 'late'",
        "UPDATE outbox SET account = 'main', address = '{}', heard_at = 1700000000123456, parts_sent = 1, unknown = 1
         WHERE n = 1",
        "INSERT INTO deliveries SELECT 7, id, 0, 'whatsapp', 'main', conversation_id, 'wamid', created_at, 'failed',
             created_at + 1, 'gone' FROM outbox WHERE n = 1",
        "INSERT INTO link_tokens VALUES ('digest', 'salon', 'bea', 1763560000000000)",
        "INSERT INTO delivery_attempts SELECT id, 1, created_at, 'unknown', NULL FROM outbox WHERE n = 1",
        "INSERT INTO attachments SELECT 9, business_id, conversation_id, 'whatsapp', 'main', 'wamid.in', 0, 'salon/c/m/0',
             'image', '77', 'https://cdn.example/77', 'image/png', 'me.png', 17, 2, 1, created_at, 'salon/c/m/0.png',
             'ab', 17, 'late', created_at + 1 FROM outbox WHERE n = 1",
        "INSERT INTO reminders SELECT id, 'day_before', starts_at - 86400000000, 0 FROM appointments",
        "UPDATE messages SET metadata = '{\"z\":1, \"a\":\"ü\"}', attachments = '[]' WHERE seq = 2",
        // The newest number is given out and gone.
        "INSERT INTO handoffs VALUES (77, 'salon', 'ana', x'00112233445566778899aabbccddeeff',
             x'00112233445566778899aabbccddeeff', 'asked', 1700000000123456, NULL)",
        "DELETE FROM handoffs WHERE n = 77",
    ] {
        file.execute(statement).await.unwrap();
    }
}

/// Adds a long history of ana's, older than what is there already by its content only.
pub(super) async fn add_history(file: &Path, messages: u32) {
    let mut file = sqlite(file).await;
    let numbers = format!(
        "WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < {messages})"
    );
    for statement in [
        format!(
            "{numbers} INSERT INTO messages (conversation_id, seq, session_id, turn_id, direction, role, message_id,
                                             channel, content, at)
             SELECT m.conversation_id, 100 + i, m.session_id, m.turn_id, 'inbound', 'customer', 'old-' || i, 'api',
                    'do you have parking? ' || i, m.at + i
             FROM numbers, messages AS m
             WHERE m.message_id = 'm1' AND m.seq = 1
               AND m.conversation_id = (SELECT id FROM conversations WHERE participant_id = 'ana')"
        ),
        format!(
            "{numbers} INSERT INTO inbox (channel, account, message_id, business_id, participant_id, conversation_id,
                                          text, received_at, state, turn_id)
             SELECT 'api', 'old', 'old-' || i, 'salon', 'ana', id, 'do you have parking?', created_at, 1, last_turn_id
             FROM numbers, conversations WHERE participant_id = 'ana'"
        ),
    ] {
        file.execute(AssertSqlSafe(statement)).await.unwrap();
    }
}
