//! What was said stays said, in pages.

use frontdesk::store::{Asked, Session, TranscriptEntry};
use frontdesk::types::ConversationId;

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

/// What asking a model came to: with everything that there is to say about it, or with the least.
fn asked(everything: bool) -> Asked {
    let if_any = |text: &str| everything.then(|| text.to_owned());
    Asked {
        model: "small-model:q4 \"quoted\"".to_owned(),
        prompt: "2026-11-20.1".to_owned(),
        variant: if_any("b"),
        outcome: "timeout".to_owned(),
        input_tokens: 1_234,
        output_tokens: 56,
        latency_ms: 8_000,
        request_id: if_any("chatcmpl-\u{1f485}"),
    }
}

pub(crate) async fn what_asking_a_model_came_to_is_kept_with_the_message(backend: &dyn Backend) {
    let store = backend.open().await;
    let ana = pair("ana");
    let mut first = turn(&ana, 0);
    first.transcript[0].engine = Some("small-model:q4".to_owned());
    first.transcript[0].asked = Some(Box::new(asked(true)));
    let mut second = turn(&ana, 1);
    second.transcript[0].asked = Some(Box::new(asked(false)));
    // By rules alone, in the same batch as far as the store likes.
    let third = turn(&ana, 2);
    committed(&store, first.clone()).await;
    // Written behind its turn.
    let mut silent = second.clone();
    silent.transcript.clear();
    committed(&store, silent).await;
    store.append_transcript(&said(&second)).await.unwrap();
    committed(&store, third.clone()).await;
    let expected = [first.transcript, second.transcript, third.transcript].concat();
    assert_eq!(
        store.messages(ana.conversation(), None, 9).await.unwrap(),
        expected
    );
    let tokens: Vec<u64> = expected.iter().map(TranscriptEntry::tokens).collect();
    assert_eq!(tokens, [1_290, 0, 1_290, 0, 0, 0]);
    store.close().await;
    let columns = backend.accounts(ana.conversation()).await;
    let metadata = |at: usize| -> Option<Asked> {
        let json = columns[at].1.as_deref()?;
        Some(serde_json::from_str(json).unwrap())
    };
    assert_eq!(
        columns.iter().map(|(tokens, _)| *tokens).collect::<Vec<_>>(),
        [1_290, 0, 1_290, 0, 0, 0]
    );
    assert_eq!(
        (metadata(0), metadata(2)),
        (Some(asked(true)), Some(asked(false)))
    );
    for plain in [1, 3, 4, 5] {
        assert_eq!(
            columns[plain].1, None,
            "nothing is written where no model was asked"
        );
    }
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

/// What a turn says, as it is appended.
fn said(turn: &frontdesk::store::TurnCommit) -> Vec<(ConversationId, &TranscriptEntry)> {
    let conversation = turn.pair.conversation();
    turn.transcript
        .iter()
        .map(|entry| (conversation, entry))
        .collect()
}

pub(crate) async fn a_turn_without_a_transcript_is_committed_and_gets_it_later(backend: &dyn Backend) {
    let store = backend.open().await;
    let people = [pair("ana"), pair("ben")];
    let turns: Vec<_> = (0..3)
        .flat_map(|version| people.iter().map(move |who| turn(who, version)))
        .collect();
    for turn in &turns {
        let mut silent = turn.clone();
        silent.transcript.clear();
        committed(&store, silent).await;
    }
    for who in &people {
        assert_eq!(store.open(who, None).await.unwrap().version(), 3);
        assert!(
            store
                .messages(who.conversation(), None, 9)
                .await
                .unwrap()
                .is_empty()
        );
    }
    let all: Vec<_> = turns.iter().flat_map(said).collect();
    store.append_transcript(&all).await.unwrap();
    for who in &people {
        let expected: Vec<_> = turns
            .iter()
            .filter(|turn| turn.pair == *who)
            .flat_map(|turn| turn.transcript.clone())
            .collect();
        assert_eq!(
            store.messages(who.conversation(), None, 9).await.unwrap(),
            expected
        );
    }
}

pub(crate) async fn what_was_said_stays_what_it_was(backend: &dyn Backend) {
    let store = backend.open().await;
    let ana = pair("ana");
    let first = turn(&ana, 0);
    committed(&store, first.clone()).await;
    // Repeated, because nobody knew what became of it; and once with another text under the same number.
    let mut again = turn(&ana, 1);
    again.transcript.push(TranscriptEntry {
        text: "something else".to_owned(),
        ..first.transcript[0].clone()
    });
    for _ in 0..2 {
        store.append_transcript(&said(&again)).await.unwrap();
    }
    let expected = [first.transcript, again.transcript[..2].to_vec()].concat();
    assert_eq!(
        store.messages(ana.conversation(), None, 9).await.unwrap(),
        expected
    );
}

pub(crate) async fn an_empty_append_does_nothing(backend: &dyn Backend) {
    let store = backend.open().await;
    store.append_transcript(&[]).await.unwrap();
}
