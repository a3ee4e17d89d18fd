//! What was said stays said, in pages.

use frontdesk::store::Session;

use super::Backend;
use super::given::{at, committed, pair, session, turn};

pub(crate) async fn pages_end_before_what_was_asked(backend: &dyn Backend) {
    let store = backend.open().await;
    let ana = pair("ana");
    for version in 0..5 {
        committed(&store, turn(&ana, version)).await;
    }
    let seqs = async |before: Option<u64>, limit: u32| -> Vec<u64> {
        let page = store.messages(ana.conversation(), before, limit).await.unwrap();
        page.iter().map(|entry| entry.seq).collect()
    };
    assert_eq!(seqs(None, 3).await, [8, 9, 10]);
    assert_eq!(seqs(Some(8), 3).await, [5, 6, 7]);
    assert_eq!(seqs(Some(2), 3).await, [1]);
    assert!(seqs(Some(1), 3).await.is_empty());
    assert_eq!(seqs(Some(99), 99).await.len(), 10);
    assert!(
        store
            .messages(pair("ben").conversation(), None, 3)
            .await
            .unwrap()
            .is_empty()
    );
}

pub(crate) async fn everything_said_is_kept(backend: &dyn Backend) {
    let store = backend.open().await;
    let ana = pair("ana");
    let mut turn = turn(&ana, 0);
    turn.transcript[0].attachments = Some(r#"[{"type":"image"}]"#.to_owned());
    turn.transcript[0].text = "\"quoted\" \\ 'single' \u{1f485}\n\tend".to_owned();
    turn.transcript[1].options = vec!["10:00".to_owned(), "it's \"half\" past".to_owned()];
    committed(&store, turn.clone()).await;
    assert_eq!(
        store.messages(ana.conversation(), None, 9).await.unwrap(),
        turn.transcript
    );
}

pub(crate) async fn sessions_are_listed_newest_first_and_closed_when_idle(backend: &dyn Backend) {
    let store = backend.open().await;
    let ana = pair("ana");
    committed(&store, turn(&ana, 0)).await;
    let ended = Session {
        ended_at: Some(at("11:00")),
        message_count: 2,
        ..session(&ana)
    };
    let fresh = Session {
        id: frontdesk::types::SessionId(super::given::id("another session")),
        started_at: at("11:30"),
        last_activity: at("11:30"),
        ..session(&ana)
    };
    let mut second = turn(&ana, 1);
    second.sessions = vec![ended.clone(), fresh.clone()];
    committed(&store, second).await;
    committed(&store, turn(&pair("ben"), 0)).await;
    assert_eq!(store.figures().await.unwrap().sessions_open, 2);
    let both = store.sessions(ana.conversation(), 10).await.unwrap();
    assert_eq!(both, [fresh.clone(), ended]);
    assert_eq!(
        store.sessions(ana.conversation(), 1).await.unwrap(),
        std::slice::from_ref(&fresh)
    );

    assert_eq!(
        store.close_sessions(at("09:00"), at("12:00")).await.unwrap(),
        0,
        "not idle for long enough"
    );
    assert_eq!(
        store.close_sessions(at("11:30"), at("12:00")).await.unwrap(),
        1,
        "only ben's"
    );
    assert_eq!(store.close_sessions(at("11:31"), at("12:01")).await.unwrap(), 1);
    let closed = Session {
        ended_at: Some(at("12:01")),
        ..fresh
    };
    assert_eq!(store.sessions(ana.conversation(), 1).await.unwrap(), [closed]);
    assert_eq!(store.figures().await.unwrap().sessions_open, 0);
}
