//! The fence: one writer per version, all of a turn or nothing (I1, I2).

use std::sync::Arc;

use frontdesk::store::{CommitOutcome, Error, InboxState, Standing, TurnCommit};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::Backend;
use super::given::{attempt, committed, pair, turn};

pub(crate) async fn a_new_conversation_has_version_0_and_no_context(backend: &dyn Backend) {
    let store = backend.open().await;
    let opened = store.open(&pair("ana"), None).await.unwrap();
    assert_eq!(opened.version(), 0);
    assert_eq!(opened.context, None);
    assert!(opened.pending.is_empty());
}

pub(crate) async fn a_committed_turn_is_read_back(backend: &dyn Backend) {
    let store = backend.open().await;
    let ana = pair("ana");
    let turn = turn(&ana, 0);
    committed(&store, turn.clone()).await;

    let opened = store.open(&ana, None).await.unwrap();
    assert_eq!(opened.version(), 1);
    assert_eq!(opened.context.as_ref(), Some(&turn.context));
    assert!(opened.pending.is_empty());
    assert_eq!(
        store.messages(ana.conversation(), None, 10).await.unwrap(),
        turn.transcript
    );
    assert_eq!(
        store.sessions(ana.conversation(), 10).await.unwrap(),
        turn.sessions
    );
    let receipt = store.receipt(&turn.answered[0].key).await.unwrap().unwrap();
    assert_eq!(receipt.state, InboxState::Done);
    assert_eq!(receipt.text, turn.answered[0].text);
    assert_eq!(receipt.answer, Some(turn.answer));
}

pub(crate) async fn a_context_is_only_sent_to_those_who_do_not_know_it(backend: &dyn Backend) {
    let store = backend.open().await;
    let ana = pair("ana");
    committed(&store, turn(&ana, 0)).await;
    committed(&store, turn(&ana, 1)).await;
    let now = Standing {
        version: 2,
        turn: turn(&ana, 1).turn,
    };
    assert_eq!(store.open(&ana, Some(now)).await.unwrap().context, None);
    // A cache can be behind, and after a restored backup also ahead or beside.
    let behind = Standing { version: 1, ..now };
    let ahead = Standing { version: 3, ..now };
    let beside = Standing {
        turn: turn(&ana, 0).turn,
        ..now
    };
    for known in [None, Some(behind), Some(ahead), Some(beside)] {
        let opened = store.open(&ana, known).await.unwrap();
        assert_eq!(opened.standing, Some(now));
        assert_eq!(opened.context, Some(turn(&ana, 1).context), "known: {known:?}");
    }
}

pub(crate) async fn a_stale_version_never_wins(backend: &dyn Backend) {
    let store = backend.open().await;
    let ana = pair("ana");
    committed(&store, turn(&ana, 0)).await;
    committed(&store, turn(&ana, 1)).await;
    for stale in [0, 1, 3, 99] {
        let outcome = store.commit(attempt(&ana, stale, "late")).await.unwrap();
        assert_eq!(outcome, CommitOutcome::VersionConflict { committed: 2 });
    }
    assert_eq!(store.open(&ana, None).await.unwrap().version(), 2);
    assert_eq!(
        store.messages(ana.conversation(), None, 99).await.unwrap().len(),
        4
    );
    assert_eq!(
        store
            .receipt(&attempt(&ana, 0, "late").answered[0].key)
            .await
            .unwrap(),
        None
    );
}

pub(crate) async fn of_many_commits_of_one_version_exactly_one_wins(backend: &dyn Backend) {
    let store = backend.open().await;
    let ana = pair("ana");
    for version in 0..4 {
        let barrier = Arc::new(Barrier::new(48));
        let mut tasks = JoinSet::new();
        for n in 0..48 {
            let (store, barrier, turn) = (
                store.clone(),
                barrier.clone(),
                attempt(&ana, version, &format!("-{n}")),
            );
            tasks.spawn(async move {
                barrier.wait().await;
                store.commit(turn).await.unwrap()
            });
        }
        let outcomes = tasks.join_all().await;
        let won = outcomes
            .iter()
            .filter(|o| matches!(o, CommitOutcome::Committed { .. }))
            .count();
        let lost = CommitOutcome::VersionConflict {
            committed: version + 1,
        };
        assert_eq!(won, 1);
        assert_eq!(outcomes.iter().filter(|o| **o == lost).count(), 47);
    }
    assert_eq!(
        store.messages(ana.conversation(), None, 99).await.unwrap().len(),
        8
    );
}

pub(crate) async fn versions_and_transcripts_have_no_gaps(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut tasks = JoinSet::new();
    // Five customers, each served by three who do not know of each other, as after a partition.
    for who in 0..5 {
        for server in 0..3 {
            let store = store.clone();
            let pair = pair(&format!("customer-{who}"));
            tasks.spawn(async move {
                let mut won = 0;
                while won < 8 {
                    let version = store.open(&pair, None).await.unwrap().version();
                    let turn = attempt(&pair, version, &format!("-{server}-{won}"));
                    if let CommitOutcome::Committed { version: made, .. } = store.commit(turn).await.unwrap()
                    {
                        assert_eq!(made, version + 1);
                        won += 1;
                    }
                }
            });
        }
    }
    tasks.join_all().await;
    for who in 0..5 {
        let pair = pair(&format!("customer-{who}"));
        assert_eq!(store.open(&pair, None).await.unwrap().version(), 24);
        let said = store.messages(pair.conversation(), None, 99).await.unwrap();
        let seqs: Vec<u64> = said.iter().map(|entry| entry.seq).collect();
        assert_eq!(seqs, (1..=48).collect::<Vec<_>>());
    }
}

pub(crate) async fn a_turn_that_is_handed_in_twice_is_committed_once(backend: &dyn Backend) {
    let store = backend.open().await;
    let ana = pair("ana");
    committed(&store, turn(&ana, 0)).await;
    // Whoever does not know what became of a commit asks by the turn's id.
    committed(&store, turn(&ana, 0)).await;
    assert_eq!(store.open(&ana, None).await.unwrap().version(), 1);
    assert_eq!(
        store.messages(ana.conversation(), None, 99).await.unwrap().len(),
        2
    );
}

pub(crate) async fn a_turn_that_the_database_refuses_fails_alone(backend: &dyn Backend) {
    let store = backend.open().await;
    let barrier = Arc::new(Barrier::new(24));
    let mut tasks = JoinSet::new();
    for n in 0..24 {
        let (store, barrier) = (store.clone(), barrier.clone());
        tasks.spawn(async move {
            let mut turn = turn(&pair(&format!("customer-{n}")), 0);
            let poison = n % 8 == 3;
            if poison {
                turn.transcript[1].seq = turn.transcript[0].seq;
            }
            barrier.wait().await;
            (poison, store.commit(turn).await)
        });
    }
    for (poison, outcome) in tasks.join_all().await {
        if poison {
            assert!(matches!(outcome, Err(Error::Rejected(_))), "{outcome:?}");
        } else {
            assert!(
                matches!(outcome, Ok(CommitOutcome::Committed { version: 1, .. })),
                "{outcome:?}"
            );
        }
    }
    assert_eq!(store.figures().await.unwrap().conversations, 21);
}

pub(crate) async fn a_turn_without_words_changes_the_context_alone(backend: &dyn Backend) {
    let store = backend.open().await;
    let ana = pair("ana");
    committed(&store, turn(&ana, 0)).await;
    let said = store.messages(ana.conversation(), None, 9).await.unwrap();
    let sessions = store.sessions(ana.conversation(), 9).await.unwrap();
    let silent = TurnCommit {
        sessions: Vec::new(),
        transcript: Vec::new(),
        answered: Vec::new(),
        answer: String::new(),
        ..turn(&ana, 1)
    };
    let context = silent.context.clone();
    committed(&store, silent).await;
    let opened = store.open(&ana, None).await.unwrap();
    assert_eq!((opened.version(), opened.context), (2, Some(context)));
    assert_eq!(store.messages(ana.conversation(), None, 9).await.unwrap(), said);
    assert_eq!(store.sessions(ana.conversation(), 9).await.unwrap(), sessions);
    committed(&store, turn(&ana, 2)).await;
}
