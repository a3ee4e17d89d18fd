//! Two participants who turn out to be one.

use std::sync::Arc;

use frontdesk::dialogue::Effect;
use frontdesk::dialogue::context::{Context, SCHEMA};
use frontdesk::dialogue::outcome::WaitlistEntry;
use frontdesk::store::{
    ChannelStore, CommitOutcome, Direction, Inbound, InboxState, InboxVerdict, Joined, LinkProof, Store,
    StoredContext, TurnCommit,
};
use frontdesk::types::{Pair, ParticipantId};
use frontdesk::understanding::act::HandoffReason;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::Backend;
use super::effects::waiting;
use super::given::{at, attempt, booked, committed, message, now, pair, salon, turn, visit};
use super::identities::seen;
use super::inbox::given_up;

fn who(name: &str) -> ParticipantId {
    ParticipantId::new(name).unwrap()
}

pub(super) async fn join(channels: &Arc<dyn ChannelStore>, from: &str, into: &str) -> Joined {
    channels
        .join(&salon(), &who(from), &who(into), at("11:00"))
        .await
        .unwrap()
}

/// The context as it is stored.
async fn context(store: &Arc<dyn Store>, pair: &Pair) -> Context {
    let stored = store.open(pair, None).await.unwrap().context.unwrap();
    assert_eq!(stored.schema, SCHEMA);
    serde_json::from_str(&stored.json).unwrap()
}

fn stored(context: &Context) -> StoredContext {
    StoredContext {
        schema: SCHEMA,
        json: serde_json::to_string(context).unwrap(),
    }
}

/// Numbers, ids and texts of a whole transcript.
async fn said(store: &Arc<dyn Store>, pair: &Pair) -> Vec<(u64, String, String)> {
    let said = store.messages(pair.conversation(), None, 9999).await.unwrap();
    let told = said
        .into_iter()
        .map(|entry| (entry.seq, entry.message_id, entry.text));
    told.collect()
}

pub(crate) async fn two_who_are_one_have_one_conversation(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    let (ana, bea) = (pair("ana"), pair("bea"));
    seen(&channels, &["ana's phone"], "ana").await;
    seen(&channels, &["bea's phone"], "bea").await;
    committed(&store, turn(&ana, 0)).await;
    committed(&store, turn(&ana, 1)).await;
    let entry: WaitlistEntry = waiting("bea", at("09:00"));
    let before = Context {
        last_seq: 2,
        waitlist: vec![entry.clone()],
        handed_off: Some(HandoffReason::Asked),
        ..Context::default()
    };
    let first = TurnCommit {
        context: stored(&before),
        effects: vec![
            Effect::Waitlist { entry: entry.clone() },
            Effect::HandOff {
                reason: HandoffReason::Asked,
            },
        ],
        ..turn(&bea, 0)
    };
    committed(&store, first).await;
    let waits = message(&bea, "waits");
    store.accept(vec![waits.clone()]).await.unwrap();
    let (of_ana, of_bea) = (said(&store, &ana).await, said(&store, &bea).await);

    assert_eq!(join(&channels, "bea", "ana").await, Joined::Done(3));

    let opened = store.open(&ana, None).await.unwrap();
    assert_eq!(opened.version(), 3);
    let moved = Inbound {
        participant: who("ana"),
        ..waits
    };
    assert_eq!(opened.pending, [moved]);
    let after = context(&store, &ana).await;
    assert_eq!((after.last_seq, after.waitlist), (6, vec![entry.clone()]));
    assert_eq!(after.handed_off, Some(HandoffReason::Asked));
    let opened = store.open(&bea, None).await.unwrap();
    assert_eq!((opened.version(), opened.pending.len()), (2, 0));
    let left = context(&store, &bea).await;
    assert_eq!(
        (left.last_seq, left.waitlist.len(), left.handed_off),
        (2, 0, None)
    );

    let appended = of_bea
        .iter()
        .map(|(seq, id, text)| (seq + 4, id.clone(), text.clone()));
    let expected: Vec<_> = of_ana.into_iter().chain(appended).collect();
    assert_eq!(said(&store, &ana).await, expected);
    assert_eq!(said(&store, &bea).await, of_bea);
    let origins = backend
        .ask(
            "SELECT CAST(seq AS TEXT), CAST(metadata AS TEXT) FROM messages
             WHERE CAST(metadata AS TEXT) LIKE '%joined_from%' ORDER BY seq",
        )
        .await;
    let origins: Vec<serde_json::Value> = origins
        .iter()
        .map(|(_, metadata)| serde_json::from_str(metadata.as_ref().unwrap()).unwrap())
        .collect();
    assert_eq!(origins.len(), 2);
    assert_eq!(origins[1]["joined_from"]["participant"], "bea");
    assert_eq!(origins[1]["joined_from"]["seq"], 2);

    assert_eq!(seen(&channels, &["bea's phone"], "another").await, who("ana"));
    assert_eq!(store.waiting(&salon(), 9).await.unwrap(), [(ana.clone(), entry)]);
    let handoffs = backend.ask("SELECT participant_id, reason FROM handoffs").await;
    assert_eq!(handoffs[0].0.as_deref(), Some("ana"));
    let sessions = store.sessions(bea.conversation(), 9).await.unwrap();
    assert_eq!(sessions[0].ended_at, Some(at("11:00")));
    let sessions = store.sessions(ana.conversation(), 9).await.unwrap();
    let mut counts: Vec<_> = sessions
        .iter()
        .map(|session| (session.message_count, session.ended_at.is_some()))
        .collect();
    counts.sort_unstable();
    assert_eq!(counts, [(2, true), (4, false)]);

    // And on it goes.
    committed(&store, turn(&ana, 3)).await;
    assert_eq!(join(&channels, "bea", "ana").await, Joined::Already);
    assert_eq!(store.open(&ana, None).await.unwrap().version(), 4);
}

pub(crate) async fn appointments_move_with_the_calendar(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    committed(&store, turn(&pair("ana"), 0)).await;
    committed(&store, turn(&pair("bea"), 0)).await;
    let theirs = booked(&store, visit("bea", "mai", "12:00", "12:30")).await;
    let others = booked(&store, visit("carl", "mai", "13:00", "13:30")).await;
    let before = store.calendar_changes(&salon(), 0, at("00:00")).await.unwrap();
    join(&channels, "bea", "ana").await;
    assert_eq!(now(&store, &theirs).await.participant, who("ana"));
    assert_eq!(now(&store, &others).await, others);
    let since = store
        .calendar_changes(&salon(), before.version, at("00:00"))
        .await
        .unwrap();
    assert!(since.version > before.version);
    assert_eq!(since.appointments, [now(&store, &theirs).await]);
    // A turn that read it back as it was cannot change it any more; one of who it belongs to now can.
    let cancel = |who: &str, appointment| TurnCommit {
        effects: vec![Effect::Cancel { appointment }],
        ..turn(&pair(who), 2)
    };
    let refused = store.commit(cancel("bea", theirs.clone())).await.unwrap();
    assert!(
        matches!(refused, CommitOutcome::EffectRefused { .. }),
        "{refused:?}"
    );
    let theirs = now(&store, &theirs).await;
    committed(&store, cancel("ana", theirs)).await;
}

pub(crate) async fn only_those_who_were_heard_of_are_joined(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    seen(&channels, &["ana"], "ana").await;
    assert_eq!(join(&channels, "nobody", "ana").await, Joined::Unknown);
    assert_eq!(join(&channels, "ana", "nobody").await, Joined::Unknown);
    assert_eq!(join(&channels, "ana", "ana").await, Joined::Already);
    assert_eq!(store.open(&pair("ana"), None).await.unwrap().version(), 0);
    // Neither has said anything yet.
    seen(&channels, &["bea"], "bea").await;
    assert_eq!(join(&channels, "bea", "ana").await, Joined::Done(0));
    assert_eq!(seen(&channels, &["bea"], "another").await, who("ana"));
    assert_eq!(seen(&channels, &["new", "bea"], "another").await, who("ana"));
}

pub(crate) async fn whoever_was_joined_before_comes_along(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    for name in ["ana", "bea", "cleo", "dora"] {
        seen(&channels, &[name], name).await;
        committed(&store, turn(&pair(name), 0)).await;
    }
    assert_eq!(join(&channels, "ana", "bea").await, Joined::Done(2));
    assert_eq!(join(&channels, "bea", "cleo").await, Joined::Done(4));
    assert_eq!(join(&channels, "ana", "cleo").await, Joined::Already);
    assert_eq!(join(&channels, "cleo", "ana").await, Joined::Already);
    // Into whoever that is by now.
    assert_eq!(join(&channels, "dora", "ana").await, Joined::Done(2));
    for name in ["ana", "bea", "cleo", "dora"] {
        assert_eq!(seen(&channels, &[name], "another").await, who("cleo"));
    }
    let all = said(&store, &pair("cleo")).await;
    let numbers: Vec<_> = all.iter().map(|(seq, ..)| *seq).collect();
    assert_eq!(numbers, (1..=8).collect::<Vec<_>>());
    // What is taken back is taken back everywhere.
    assert!(channels.redact(&message(&pair("ana"), "m1").key).await.unwrap());
    for name in ["ana", "bea", "cleo"] {
        let said = said(&store, &pair(name)).await;
        let gone = said.iter().filter(|(_, id, text)| id == "m1" && text.is_empty());
        assert_eq!(gone.count(), 1, "{name}: {said:?}");
    }
}

pub(crate) async fn of_many_who_join_the_same_two_one_does(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    committed(&store, turn(&pair("ana"), 0)).await;
    committed(&store, turn(&pair("bea"), 0)).await;
    let barrier = Arc::new(Barrier::new(8));
    let mut tasks = JoinSet::new();
    for n in 0..8 {
        let (channels, barrier) = (channels.clone(), barrier.clone());
        tasks.spawn(async move {
            barrier.wait().await;
            let (from, into) = if n % 2 == 0 {
                ("ana", "bea")
            } else {
                ("bea", "ana")
            };
            join(&channels, from, into).await
        });
    }
    let mut outcomes = tasks.join_all().await;
    outcomes.sort_by_key(|outcome| *outcome == Joined::Already);
    assert_eq!(outcomes[0], Joined::Done(2));
    assert!(outcomes[1..].iter().all(|outcome| *outcome == Joined::Already));
}

pub(crate) async fn a_turn_under_way_begins_again_and_answers_once(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    let (ana, bea) = (pair("ana"), pair("bea"));
    committed(&store, turn(&ana, 0)).await;
    committed(&store, turn(&bea, 0)).await;
    let waits = message(&bea, "waits");
    store.accept(vec![waits.clone()]).await.unwrap();
    let under_way = |who: &Pair, version| TurnCommit {
        answered: vec![waits.clone()],
        ..attempt(who, version, "under way")
    };
    let (of_bea, of_ana) = (under_way(&bea, 1), attempt(&ana, 1, "under way"));
    join(&channels, "bea", "ana").await;
    let conflict = CommitOutcome::VersionConflict { committed: 2 };
    assert_eq!(store.commit(of_bea).await.unwrap(), conflict);
    assert_eq!(store.commit(of_ana).await.unwrap(), conflict);
    // Reloaded, but with the message that it was rung for.
    assert_eq!(
        store.commit(under_way(&bea, 2)).await.unwrap(),
        CommitOutcome::AlreadyAnswered(vec![waits.key.clone()])
    );
    let mut replayed = under_way(&ana, 2);
    replayed.answered = store.open(&ana, None).await.unwrap().pending;
    assert_eq!(replayed.answered[0].key, waits.key);
    for (n, entry) in replayed.transcript.iter_mut().enumerate() {
        entry.seq = 5 + n as u64;
    }
    committed(&store, replayed).await;
    let receipt = store.receipt(&waits.key).await.unwrap().unwrap();
    assert_eq!(receipt.state, InboxState::Done);
}

pub(crate) async fn what_comes_in_under_an_old_name_is_handed_over(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    let (ana, bea, cleo) = (pair("ana"), pair("bea"), pair("cleo"));
    for one in [&ana, &bea, &cleo] {
        seen(&channels, &[one.participant.as_str()], one.participant.as_str()).await;
        committed(&store, turn(one, 0)).await;
    }
    assert_eq!(store.hand_over(&bea).await.unwrap(), None);
    assert_eq!(store.hand_over(&pair("nobody")).await.unwrap(), None);
    assert_eq!(store.open(&bea, None).await.unwrap().joined_into, None);
    join(&channels, "bea", "ana").await;

    // Whoever accepts it does not know yet; whoever opens the conversation does, whatever they remember of it.
    let late = message(&bea, "late");
    store.accept(vec![late.clone()]).await.unwrap();
    let opened = store.open(&bea, None).await.unwrap();
    assert_eq!(
        (opened.joined_into, opened.pending),
        (Some(who("ana")), vec![late.clone()])
    );
    let remembered = store.open(&bea, opened.standing).await.unwrap();
    assert_eq!(
        (remembered.joined_into, remembered.context),
        (Some(who("ana")), None)
    );
    assert_eq!(store.open(&ana, None).await.unwrap().joined_into, None);
    for _ in 0..2 {
        assert_eq!(store.hand_over(&bea).await.unwrap(), Some(who("ana")));
        assert_eq!(store.open(&bea, None).await.unwrap().pending, []);
        let moved = Inbound {
            participant: who("ana"),
            ..late.clone()
        };
        assert_eq!(store.open(&ana, None).await.unwrap().pending, [moved]);
    }
    let in_the_old_one = TurnCommit {
        answered: vec![late.clone()],
        ..attempt(&bea, 2, "in the old one")
    };
    assert_eq!(
        store.commit(in_the_old_one).await.unwrap(),
        CommitOutcome::AlreadyAnswered(vec![late.key])
    );

    // To whoever that is by now.
    join(&channels, "ana", "cleo").await;
    let later = message(&bea, "later");
    store.accept(vec![later.clone()]).await.unwrap();
    assert_eq!(store.hand_over(&bea).await.unwrap(), Some(who("cleo")));
    let pending = store.open(&cleo, None).await.unwrap().pending;
    let keys: Vec<_> = pending
        .iter()
        .map(|message| message.key.message_id.as_str())
        .collect();
    assert_eq!(keys, ["late", "later"]);
}

pub(crate) async fn a_first_turn_under_way_answers_nothing_that_has_moved(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    let bea = pair("bea");
    seen(&channels, &["ana"], "ana").await;
    seen(&channels, &["bea"], "bea").await;
    let first = turn(&bea, 0);
    store.accept(first.answered.clone()).await.unwrap();
    assert_eq!(join(&channels, "bea", "ana").await, Joined::Done(1));
    let key = first.answered[0].key.clone();
    let again = TurnCommit {
        answered: first.answered.clone(),
        ..attempt(&bea, 1, "again")
    };
    assert_eq!(
        store.commit(first).await.unwrap(),
        CommitOutcome::VersionConflict { committed: 1 }
    );
    assert_eq!(
        store.commit(again).await.unwrap(),
        CommitOutcome::AlreadyAnswered(vec![key.clone()])
    );
    let pending = store.open(&pair("ana"), None).await.unwrap().pending;
    assert_eq!(pending[0].key, key);
}

/// Answers what waits for a pair, one message a turn, as its actor would, until nothing does.
async fn answer_all(store: &Arc<dyn Store>, pair: &Pair) {
    loop {
        let opened = store.open(pair, None).await.unwrap();
        let Some(waits) = opened.pending.first().cloned() else {
            return;
        };
        let mut context: Context = opened
            .context
            .as_ref()
            .map(|stored| serde_json::from_str(&stored.json).unwrap())
            .unwrap_or_default();
        let version = opened.version();
        let mut turn = attempt(pair, version, waits.key.message_id.as_str());
        for entry in &mut turn.transcript {
            context.last_seq += 1;
            entry.seq = context.last_seq;
            if entry.direction == Direction::Inbound {
                entry.message_id = waits.key.message_id.to_string();
            }
        }
        turn.context = stored(&context);
        turn.answered = vec![waits];
        store.commit(turn).await.unwrap();
    }
}

pub(crate) async fn a_join_among_turns_loses_and_doubles_nothing(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    for round in 0..6 {
        let (ana, bea) = (pair(&format!("ana {round}")), pair(&format!("bea {round}")));
        let mut messages = Vec::new();
        for pair in [&ana, &bea] {
            seen(&channels, &[pair.participant.as_str()], pair.participant.as_str()).await;
            messages.extend((0..6).map(|n| message(pair, &format!("{} {n}", pair.participant))));
        }
        store.accept(messages.clone()).await.unwrap();
        let barrier = Arc::new(Barrier::new(3));
        let mut actors = JoinSet::new();
        for pair in [ana.clone(), bea.clone()] {
            let (store, barrier) = (store.clone(), barrier.clone());
            actors.spawn(async move {
                barrier.wait().await;
                answer_all(&store, &pair).await;
            });
        }
        barrier.wait().await;
        let joined = join(&channels, bea.participant.as_str(), ana.participant.as_str()).await;
        assert!(matches!(joined, Joined::Done(_)), "{joined:?}");
        actors.join_all().await;
        answer_all(&store, &ana).await;

        for message in &messages {
            let receipt = store.receipt(&message.key).await.unwrap().unwrap();
            assert_eq!(receipt.state, InboxState::Done);
        }
        let all = said(&store, &ana).await;
        let numbers: Vec<_> = all.iter().map(|(seq, ..)| *seq).collect();
        assert_eq!(numbers, (1..=24).collect::<Vec<_>>());
        for message in &messages {
            let id = message.key.message_id.as_str();
            assert_eq!(all.iter().filter(|(_, heard, _)| heard == id).count(), 1, "{id}");
        }
        assert!(store.open(&bea, None).await.unwrap().pending.is_empty());
    }
}

pub(crate) async fn a_dead_letter_is_retried_where_its_sender_is_now(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    seen(&channels, &["ana"], "ana").await;
    seen(&channels, &["bea"], "bea").await;
    let lost = message(&pair("bea"), "lost");
    given_up(&store, std::slice::from_ref(&lost)).await;
    join(&channels, "bea", "ana").await;
    let key = std::slice::from_ref(&lost.key);
    let retried = store.inbox_settle(key, InboxVerdict::Retry).await.unwrap();
    assert_eq!(retried, 1);
    let pending = store.open(&pair("ana"), None).await.unwrap().pending;
    assert_eq!(pending[0].key, lost.key);
}

pub(crate) async fn a_token_makes_one_participant_another_and_no_second_one(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    for name in ["ana", "bea", "eve"] {
        committed(&store, turn(&pair(name), 0)).await;
    }
    let brings = async |name: &str, token: &str, now: &str| {
        let proof = LinkProof {
            digest: format!("digest of {token}"),
            ends_at: at("11:15"),
        };
        channels
            .join_by(&salon(), &who(name), &who("ana"), proof, at(now))
            .await
            .unwrap()
    };
    assert_eq!(
        brings("nobody", "one", "11:00").await,
        Joined::Unknown,
        "which spends nothing"
    );
    assert!(matches!(brings("bea", "one", "11:00").await, Joined::Done(_)));
    assert_eq!(brings("bea", "one", "11:01").await, Joined::Already);
    assert_eq!(brings("eve", "one", "11:02").await, Joined::Spent);
    // One that was spent on what was so before stays spent, too.
    assert_eq!(brings("bea", "two", "11:03").await, Joined::Already);
    assert_eq!(brings("eve", "two", "11:04").await, Joined::Spent);
    assert!(matches!(brings("eve", "three", "11:05").await, Joined::Done(_)));
    let kept = "SELECT digest, participant_id FROM link_tokens";
    assert_eq!(backend.ask(kept).await.len(), 3);
    brings("bea", "four", "11:30").await;
    assert_eq!(backend.ask(kept).await.len(), 1, "those that ended are forgotten");
}
