//! Replies on channels that have accounts: where they go, how often that was tried, and what operators do about it.

use std::sync::Arc;

use frontdesk::store::{
    Attempt, ChannelStore, OutboxEntry, OutboxQuery, OutboxRow, OutboxState, OutboxVerdict, Settlement, Store,
};
use frontdesk::types::{AccountId, BusinessId, Channel, Pair, Reach};

use super::Backend;
use super::given::{at, committed, message, pair, reply, salon, turn};

pub(super) fn reach(account: &str, who: &str) -> Reach {
    Reach {
        account: AccountId::new(account).unwrap(),
        address: format!(r#"{{"to":"{who}"}}"#),
        heard_at: at("08:59"),
    }
}

/// A reply on WhatsApp, by an account.
pub(super) fn by(account: &str, row: OutboxRow) -> OutboxRow {
    let who = row.pair.participant.to_string();
    OutboxRow {
        channel: Channel::Whatsapp,
        reach: Some(reach(account, &who)),
        ..row
    }
}

/// Commits a turn with these replies on WhatsApp, each by the account named.
pub(super) async fn say(
    store: &Arc<dyn Store>,
    who: &Pair,
    version: u64,
    accounts: &[&str],
) -> Vec<OutboxRow> {
    let mut turn = turn(who, version);
    turn.outbox = (0..)
        .zip(accounts)
        .map(|(ordinal, account)| by(account, reply(who, version, ordinal)))
        .collect();
    let rows = turn.outbox.clone();
    committed(store, turn).await;
    rows
}

pub(super) async fn claim(store: &Arc<dyn Store>, now: &str) -> Vec<OutboxRow> {
    let lease_until = at(now) + jiff::SignedDuration::from_mins(1);
    store.outbox_claim(at(now), lease_until, 100).await.unwrap()
}

pub(super) async fn settle(store: &Arc<dyn Store>, row: &OutboxRow, settlement: Settlement) {
    store.outbox_settle(vec![(row.id, settlement)]).await.unwrap();
}

pub(super) fn retry(when: &str, problem: &str) -> Settlement {
    Settlement::Retry {
        at: at(when),
        problem: Some(problem.to_owned()),
    }
}

async fn list(channels: &Arc<dyn ChannelStore>, state: Option<OutboxState>) -> Vec<OutboxEntry> {
    let query = OutboxQuery {
        state,
        limit: 100,
        ..OutboxQuery::default()
    };
    channels.outbox_list(&query).await.unwrap()
}

/// The one row in that state, and its problem.
pub(super) async fn only(
    channels: &Arc<dyn ChannelStore>,
    state: OutboxState,
) -> (OutboxRow, Option<String>) {
    let mut rows = list(channels, Some(state)).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    let entry = rows.remove(0);
    (entry.row, entry.problem)
}

/// Number, result and problem of each try.
pub(super) async fn tries(
    channels: &Arc<dyn ChannelStore>,
    row: &OutboxRow,
) -> Vec<(u32, String, Option<String>)> {
    let tries = channels.attempts(row.id).await.unwrap();
    let told = |attempt: Attempt| (attempt.number, attempt.result, attempt.problem);
    tries.into_iter().map(told).collect()
}

pub(super) fn tried(number: u32, result: &str, problem: Option<&str>) -> (u32, String, Option<String>) {
    (number, result.to_owned(), problem.map(str::to_owned))
}

pub(crate) async fn a_reply_is_claimed_with_where_it_goes(backend: &dyn Backend) {
    let (store, _channels) = backend.open_for_channels().await;
    let ana = pair("ana");
    let mut heard = message(&ana, "hello");
    heard.address = Some(r#"{"to":"ana"}"#.to_owned());
    store.accept(vec![heard.clone()]).await.unwrap();
    assert_eq!(store.open(&ana, None).await.unwrap().pending, [heard]);
    let said = say(&store, &ana, 0, &["main"]).await;
    let expected = OutboxRow {
        attempts: 1,
        ..said[0].clone()
    };
    assert_eq!(claim(&store, "09:00").await, [expected]);
}

pub(crate) async fn an_account_that_is_down_holds_up_no_other(backend: &dyn Backend) {
    let (store, _channels) = backend.open_for_channels().await;
    let ana = pair("ana");
    let said = say(&store, &ana, 0, &["down", "up", "down", "up"]).await;
    let first = claim(&store, "09:00").await;
    let ids: Vec<_> = first.iter().map(|row| row.id).collect();
    assert_eq!(ids, [said[0].id, said[1].id], "the first of each account");
    settle(&store, &first[0], retry("10:00", "503")).await;
    settle(&store, &first[1], Settlement::Sent(None)).await;
    let second = claim(&store, "09:01").await;
    assert_eq!(second.len(), 1);
    assert_eq!(second[0].id, said[3].id);
    settle(&store, &second[0], Settlement::Sent(None)).await;
    assert!(
        claim(&store, "09:02").await.is_empty(),
        "what is left waits for the first"
    );
    assert_eq!(claim(&store, "10:00").await[0].id, said[0].id);
}

pub(crate) async fn what_became_of_each_try_is_on_record(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    say(&store, &pair("ana"), 0, &["main"]).await;
    let row = claim(&store, "09:00").await.remove(0);
    assert!(tries(&channels, &row).await.is_empty());
    settle(&store, &row, retry("09:01", "429: slow down")).await;
    let (waiting, problem) = only(&channels, OutboxState::Waiting).await;
    assert_eq!(
        (waiting.attempts, problem.as_deref()),
        (1, Some("429: slow down"))
    );
    let again = claim(&store, "09:01").await.remove(0);
    settle(&store, &again, Settlement::Unknown { at: at("09:02") }).await;
    let again = claim(&store, "09:02").await.remove(0);
    settle(&store, &again, Settlement::Sent(Some("wamid.1".to_owned()))).await;
    let (sent, problem) = only(&channels, OutboxState::Sent).await;
    assert_eq!((sent.attempts, sent.unknown, problem), (3, false, None));
    let expected = [
        tried(1, "retry", Some("429: slow down")),
        tried(2, "unknown", None),
        tried(3, "sent", None),
    ];
    assert_eq!(tries(&channels, &row).await, expected);

    say(&store, &pair("ben"), 0, &["main"]).await;
    let row = claim(&store, "09:03").await.remove(0);
    settle(&store, &row, Settlement::Dead("131026: no such user".to_owned())).await;
    let dead = only(&channels, OutboxState::Dead).await;
    assert_eq!(dead.1.as_deref(), Some("131026: no such user"));
    let expected = [tried(1, "dead", Some("131026: no such user"))];
    assert_eq!(tries(&channels, &row).await, expected);
}

pub(crate) async fn a_try_that_was_none_is_not_counted(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    say(&store, &pair("ana"), 0, &["main"]).await;
    let row = claim(&store, "09:00").await.remove(0);
    settle(&store, &row, retry("09:01", "503")).await;
    for minute in ["09:01", "09:02", "09:03"] {
        let row = claim(&store, minute).await.remove(0);
        assert_eq!(row.attempts, 2);
        let later = at(minute) + jiff::SignedDuration::from_mins(1);
        settle(&store, &row, Settlement::Postponed(later)).await;
        let (row, problem) = only(&channels, OutboxState::Waiting).await;
        assert_eq!((row.attempts, problem.as_deref()), (1, Some("503")));
    }
    assert_eq!(tries(&channels, &row).await.len(), 1);
}

pub(crate) async fn what_nobody_knows_is_due_again_and_marked(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    say(&store, &pair("ana"), 0, &["main"]).await;
    let row = claim(&store, "09:00").await.remove(0);
    assert!(!row.unknown);
    settle(&store, &row, Settlement::Unknown { at: at("09:30") }).await;
    assert!(claim(&store, "09:29").await.is_empty());
    let again = claim(&store, "09:30").await.remove(0);
    assert!(again.unknown);
    // That a later try failed says nothing about the earlier one.
    settle(&store, &again, retry("09:40", "503")).await;
    let waiting = only(&channels, OutboxState::Waiting).await;
    assert!(waiting.0.unknown);
}

pub(crate) async fn parts_that_the_channel_has_are_counted(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    say(&store, &pair("ana"), 0, &["main"]).await;
    let row = claim(&store, "09:00").await.remove(0);
    for (part, id) in [(0, "wamid.0"), (1, "wamid.1"), (0, "wamid.0")] {
        channels
            .part_sent(row.id, part, Some(id), at("09:00"))
            .await
            .unwrap();
    }
    settle(&store, &row, retry("09:01", "503")).await;
    let again = claim(&store, "09:01").await.remove(0);
    assert_eq!(again.parts_sent, 2);
    settle(&store, &again, Settlement::Sent(Some("wamid.2".to_owned()))).await;
    // A provider that repeats itself does not keep a row from being settled.
    say(&store, &pair("ben"), 0, &["main"]).await;
    let other = claim(&store, "09:02").await.remove(0);
    settle(&store, &other, Settlement::Sent(Some("wamid.2".to_owned()))).await;
    assert_eq!(list(&channels, Some(OutboxState::Sent)).await.len(), 2);
    let given = backend
        .ask("SELECT provider_id, CAST(part AS TEXT) FROM deliveries ORDER BY n")
        .await;
    let given: Vec<_> = given
        .into_iter()
        .map(|(id, part)| (id.unwrap(), part.unwrap()))
        .collect();
    let expected = [("wamid.0", "0"), ("wamid.1", "1"), ("wamid.2", "2")];
    assert_eq!(given, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
}

pub(crate) async fn replies_of_the_web_chat_leave_no_record(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    let mut turn = turn(&pair("ana"), 0);
    turn.outbox = vec![reply(&turn.pair, 0, 0)];
    committed(&store, turn).await;
    let row = claim(&store, "09:00").await.remove(0);
    settle(&store, &row, Settlement::Sent(None)).await;
    assert!(tries(&channels, &row).await.is_empty());
    assert!(
        backend
            .ask("SELECT status, problem FROM deliveries")
            .await
            .is_empty()
    );
}

pub(crate) async fn operators_see_what_was_not_sent(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    for who in ["sent", "in flight", "dead", "waiting"] {
        say(&store, &pair(who), 0, &["main"]).await;
    }
    let rows = claim(&store, "09:00").await;
    settle(&store, &rows[0], Settlement::Sent(None)).await;
    settle(&store, &rows[2], Settlement::Dead("no".to_owned())).await;
    settle(&store, &rows[3], retry("09:10", "later")).await;
    let told = |rows: Vec<OutboxEntry>| {
        let mut told: Vec<_> = rows
            .into_iter()
            .map(|entry| (entry.row.pair.participant.to_string(), entry.state, entry.due_at))
            .collect();
        told.sort_by(|a, b| a.0.cmp(&b.0));
        told
    };
    let unsent = told(list(&channels, None).await);
    let expected = [
        ("dead", OutboxState::Dead, at("09:01")),
        ("in flight", OutboxState::InFlight, at("09:01")),
        ("waiting", OutboxState::Waiting, at("09:10")),
    ];
    assert_eq!(
        unsent,
        expected.map(|(who, state, due)| (who.to_owned(), state, due))
    );
    for (who, state) in [
        ("dead", OutboxState::Dead),
        ("in flight", OutboxState::InFlight),
        ("waiting", OutboxState::Waiting),
        ("sent", OutboxState::Sent),
    ] {
        let (row, _) = only(&channels, state).await;
        assert_eq!(row.pair, pair(who));
        assert_eq!(row.sent, state == OutboxState::Sent);
    }
    let of_another = OutboxQuery {
        business: Some(BusinessId::new("barber").unwrap()),
        limit: 100,
        ..OutboxQuery::default()
    };
    assert!(channels.outbox_list(&of_another).await.unwrap().is_empty());
}

pub(crate) async fn operators_see_pages_without_gaps_and_repeats(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    let mut all = Vec::new();
    for n in 0..5 {
        let mut turn = turn(&pair(&format!("customer-{n}")), 0);
        turn.outbox = vec![OutboxRow {
            at: at(["09:00", "09:01"][n % 2]),
            ..by("main", reply(&turn.pair, 0, 0))
        }];
        all.push((turn.outbox[0].at, turn.outbox[0].id));
        committed(&store, turn).await;
    }
    all.sort();
    let mut query = OutboxQuery {
        business: Some(salon()),
        limit: 2,
        ..OutboxQuery::default()
    };
    let mut seen = Vec::new();
    loop {
        let page = channels.outbox_list(&query).await.unwrap();
        seen.extend(page.iter().map(|entry| (entry.row.at, entry.row.id)));
        let Some(last) = page.last() else { break };
        query.after = Some((last.row.at, last.row.id));
    }
    assert_eq!(seen, all);
}

pub(crate) async fn what_is_retried_is_as_if_never_tried(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    say(&store, &pair("ana"), 0, &["main"]).await;
    say(&store, &pair("ben"), 0, &["main"]).await;
    let rows = claim(&store, "09:00").await;
    let ids = [rows[0].id, rows[1].id];
    let retried = channels
        .outbox_decide(&ids, OutboxVerdict::Retry, at("09:00"))
        .await;
    assert_eq!(retried.unwrap(), 0, "both are in flight");
    settle(&store, &rows[0], Settlement::Dead("no".to_owned())).await;
    settle(&store, &rows[1], Settlement::Unknown { at: at("12:00") }).await;
    let retried = channels
        .outbox_decide(&ids, OutboxVerdict::Retry, at("09:05"))
        .await;
    assert_eq!(retried.unwrap(), 2);
    for row in claim(&store, "09:05").await {
        assert_eq!((row.attempts, row.unknown), (1, false));
        settle(&store, &row, Settlement::Sent(None)).await;
    }
    let tries = tries(&channels, &rows[0]).await;
    assert_eq!(tries, [tried(1, "dead", Some("no")), tried(2, "sent", None)]);
    // A lease that ran out is as good as none.
    say(&store, &pair("carl"), 0, &["main"]).await;
    let lost = claim(&store, "10:00").await.remove(0);
    let ids = [lost.id];
    let retried = channels
        .outbox_decide(&ids, OutboxVerdict::Retry, at("10:01"))
        .await;
    assert_eq!(retried.unwrap(), 1);
}

pub(crate) async fn what_is_dropped_is_dead_and_what_was_sent_stays_sent(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    for who in ["ana", "ben", "carl"] {
        say(&store, &pair(who), 0, &["main"]).await;
    }
    let rows = claim(&store, "09:00").await;
    settle(&store, &rows[0], Settlement::Sent(None)).await;
    settle(&store, &rows[1], Settlement::Dead("no".to_owned())).await;
    settle(&store, &rows[2], retry("09:10", "later")).await;
    let mut ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    ids.push(super::given::id("never seen"));
    let dropped = channels
        .outbox_decide(&ids, OutboxVerdict::Drop, at("09:05"))
        .await;
    assert_eq!(dropped.unwrap(), 2);
    for entry in list(&channels, Some(OutboxState::Dead)).await {
        assert_eq!(entry.problem.as_deref(), Some("dropped by an operator"));
    }
    assert_eq!(list(&channels, None).await.len(), 2);
    let ids = [rows[0].id];
    let retried = channels
        .outbox_decide(&ids, OutboxVerdict::Retry, at("09:05"))
        .await;
    assert_eq!(retried.unwrap(), 0);
    assert!(claim(&store, "12:00").await.is_empty());
}
