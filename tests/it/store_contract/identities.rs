//! Who is who at channels.

use std::sync::Arc;

use frontdesk::store::{
    Acceptance, ChannelStore, CommitOutcome, InboxState, MessageKey, Recognised, Sighting,
};
use frontdesk::types::{AccountId, BusinessId, Channel, MessageId, ParticipantId};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::Backend;
use super::given::{at, committed, message, pair, salon, turn};

fn who(name: &str) -> ParticipantId {
    ParticipantId::new(name).unwrap()
}

/// Somebody with these names, who would be `new` if nobody knew them.
pub(super) fn sighting(aliases: &[&str], new: &str) -> Sighting {
    Sighting {
        business: salon(),
        channel: Channel::Whatsapp,
        account: AccountId::new("main").unwrap(),
        aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        new: who(new),
    }
}

/// Who that is, when there is no doubt.
pub(super) async fn seen(channels: &Arc<dyn ChannelStore>, aliases: &[&str], new: &str) -> ParticipantId {
    let sightings = vec![sighting(aliases, new)];
    let recognised = channels.recognise(sightings, at("09:00")).await.unwrap();
    assert_eq!(recognised.len(), 1);
    assert!(recognised[0].also.is_empty(), "{recognised:?}");
    recognised[0].participant.clone()
}

pub(crate) async fn somebody_new_is_who_was_proposed_and_stays_so(backend: &dyn Backend) {
    let (_store, channels) = backend.open_for_channels().await;
    assert_eq!(seen(&channels, &["ana's phone"], "ana").await, who("ana"));
    assert_eq!(seen(&channels, &["ana's phone"], "another").await, who("ana"));
    assert_eq!(seen(&channels, &["ben's phone"], "ben").await, who("ben"));
    assert!(
        channels
            .recognise(Vec::new(), at("09:00"))
            .await
            .unwrap()
            .is_empty()
    );
}

pub(crate) async fn a_new_name_belongs_to_whom_the_known_one_does(backend: &dyn Backend) {
    let (_store, channels) = backend.open_for_channels().await;
    seen(&channels, &["phone"], "ana").await;
    assert_eq!(seen(&channels, &["id", "phone"], "another").await, who("ana"));
    assert_eq!(seen(&channels, &["id"], "another").await, who("ana"));
    // In one call, whatever comes first is known to what comes later.
    let sightings = vec![
        sighting(&["x", "y"], "ben"),
        sighting(&["y", "z"], "carl"),
        sighting(&["id"], "dora"),
        sighting(&["z"], "emil"),
    ];
    let recognised = channels.recognise(sightings, at("09:00")).await.unwrap();
    let participants: Vec<_> = recognised.into_iter().map(|r| r.participant).collect();
    assert_eq!(participants, ["ben", "ben", "ana", "ben"].map(who));
    assert_eq!(seen(&channels, &["z"], "another").await, who("ben"));
}

pub(crate) async fn names_of_two_people_are_left_as_they_are_and_both_are_named(backend: &dyn Backend) {
    let (_store, channels) = backend.open_for_channels().await;
    seen(&channels, &["id"], "ana").await;
    seen(&channels, &["phone"], "ben").await;
    for (aliases, first, other) in [
        (["id", "phone", "new"], "ana", "ben"),
        (["phone", "id", "newer"], "ben", "ana"),
    ] {
        let recognised = channels
            .recognise(vec![sighting(&aliases, "another")], at("09:00"))
            .await
            .unwrap();
        let expected = Recognised {
            participant: who(first),
            also: vec![who(other)],
        };
        assert_eq!(recognised, [expected]);
    }
    assert_eq!(seen(&channels, &["id"], "another").await, who("ana"));
    assert_eq!(seen(&channels, &["phone"], "another").await, who("ben"));
    assert_eq!(seen(&channels, &["new"], "another").await, who("ana"));
    assert_eq!(seen(&channels, &["newer"], "another").await, who("ben"));
}

pub(crate) async fn many_who_meet_the_same_new_person_agree(backend: &dyn Backend) {
    let (_store, channels) = backend.open_for_channels().await;
    for round in 0..8 {
        let barrier = Arc::new(Barrier::new(8));
        let mut tasks = JoinSet::new();
        for n in 0..8 {
            let (channels, barrier) = (channels.clone(), barrier.clone());
            tasks.spawn(async move {
                // All of them have one name in common, and none of them is told all names.
                let (shared, own) = (format!("shared {round}"), format!("own {round} {}", n % 3));
                let aliases = if n % 2 == 0 {
                    [&*shared, &*own]
                } else {
                    [&*own, &*shared]
                };
                barrier.wait().await;
                let sightings = vec![sighting(&aliases, &format!("{round} by {n}"))];
                channels
                    .recognise(sightings, at("09:00"))
                    .await
                    .unwrap()
                    .remove(0)
            });
        }
        let all = tasks.join_all().await;
        assert!(all.iter().all(|one| *one == all[0]), "{all:?}");
        assert!(all[0].also.is_empty());
    }
}

pub(crate) async fn the_same_name_at_another_account_is_somebody_else(backend: &dyn Backend) {
    let (_store, channels) = backend.open_for_channels().await;
    let here = sighting(&["7"], "ana");
    let there = Sighting {
        account: AccountId::new("other").unwrap(),
        ..sighting(&["7"], "ben")
    };
    let elsewhere = Sighting {
        channel: Channel::Telegram,
        ..sighting(&["7"], "carl")
    };
    let sightings = vec![here, there, elsewhere];
    let recognised = channels.recognise(sightings, at("09:00")).await.unwrap();
    let participants: Vec<_> = recognised.into_iter().map(|r| r.participant).collect();
    assert_eq!(participants, ["ana", "ben", "carl"].map(who));
}

pub(crate) async fn a_name_at_an_account_that_changed_hands_is_free(backend: &dyn Backend) {
    let (_store, channels) = backend.open_for_channels().await;
    seen(&channels, &["phone"], "ana").await;
    let barber = Sighting {
        business: BusinessId::new("barber").unwrap(),
        ..sighting(&["phone"], "somebody")
    };
    for _ in 0..2 {
        let recognised = channels
            .recognise(vec![barber.clone()], at("09:00"))
            .await
            .unwrap();
        assert_eq!(recognised[0].participant, who("somebody"));
    }
}

pub(crate) async fn a_turn_records_no_name_of_those_who_were_recognised(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    seen(&channels, &["phone"], "ana").await;
    let mut first = turn(&pair("ana"), 0);
    first.answered[0].key.channel = Channel::Whatsapp;
    first.answered[0].key.account = "main".to_owned();
    first.answered[0].address = Some(r#"{"to":"phone"}"#.to_owned());
    committed(&store, first).await;
    committed(&store, turn(&pair("ben"), 0)).await;
    let known = backend
        .ask("SELECT user_id, participant_id FROM identities ORDER BY user_id")
        .await;
    let known: Vec<_> = known.into_iter().map(|(a, b)| (a.unwrap(), b.unwrap())).collect();
    let expected = [("ben", "ben"), ("phone", "ana")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(known, expected);
}

pub(crate) async fn what_was_taken_back_is_gone_from_inbox_and_transcript(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    let ana = pair("ana");
    let mut first = turn(&ana, 0);
    first.answered[0].attachments = Some(r#"["a photo"]"#.to_owned());
    first.transcript[0].attachments = Some(r#"["a photo"]"#.to_owned());
    let answer = first.answer.clone();
    committed(&store, first).await;
    committed(&store, turn(&ana, 1)).await;
    let waiting = message(&ana, "waiting");
    store.accept(vec![waiting.clone()]).await.unwrap();
    let key = message(&ana, "m1").key;
    assert!(channels.redact(&key).await.unwrap());
    assert!(channels.redact(&key).await.unwrap(), "once more changes nothing");
    assert!(channels.redact(&waiting.key).await.unwrap());
    let never_seen = MessageKey {
        message_id: MessageId::new("never seen").unwrap(),
        ..key.clone()
    };
    assert!(!channels.redact(&never_seen).await.unwrap());

    let receipt = store.receipt(&key).await.unwrap().unwrap();
    assert_eq!((receipt.text.as_str(), receipt.answer), ("", Some(answer)));
    // Nobody answers what was not said.
    let dropped = store.receipt(&waiting.key).await.unwrap().unwrap();
    assert_eq!((dropped.text.as_str(), dropped.state), ("", InboxState::Dropped));
    assert!(store.open(&ana, None).await.unwrap().pending.is_empty());
    let mut late = turn(&ana, 2);
    late.answered = vec![waiting.clone()];
    let refused = CommitOutcome::AlreadyAnswered(vec![waiting.key.clone()]);
    assert_eq!(
        store.commit(late).await.unwrap(),
        refused,
        "a turn that was under way"
    );
    let again = store.accept(vec![waiting]).await.unwrap();
    assert_eq!(
        again,
        [Acceptance::Duplicate],
        "its provider tells of it once more"
    );
    let said = store.messages(ana.conversation(), None, 99).await.unwrap();
    let texts: Vec<_> = said.iter().map(|entry| entry.text.is_empty()).collect();
    assert_eq!(texts, [true, false, false, false]);
    assert!(said[0].attachments.is_none());
    assert_eq!((said[0].seq, said[0].message_id.as_str()), (1, "m1"));
    // The session is called by what began it, and its next turn still knows the name.
    committed(&store, turn(&ana, 2)).await;
    let sessions = store.sessions(ana.conversation(), 9).await.unwrap();
    assert_eq!((sessions[0].title.as_str(), sessions[0].message_count), ("", 6));
}
