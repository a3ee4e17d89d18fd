//! Files that came along with messages: each is fetched once, by whoever has claimed it, and deleted when its sender
//! takes it back.

use std::sync::Arc;

use frontdesk::store::{Attachment, AttachmentSettlement, ChannelStore, ClaimedAttachment, Inbound};
use jiff::SignedDuration;

use super::Backend;
use super::given::{at, committed, message, pair, turn};
use super::identities::seen;
use super::joining::join;

fn file(of: &Inbound, place: u32) -> Attachment {
    let conversation = of.pair().conversation();
    Attachment {
        key: of.key.clone(),
        place,
        business: of.business.clone(),
        conversation,
        base: format!("salon/{conversation}/{}/{place}", of.key.message_id),
        kind: "image".to_owned(),
        provider_id: Some("77".to_owned()),
        url: Some("https://cdn.example/77".to_owned()),
        mime_type: Some("image/jpeg".to_owned()),
        name: Some("me.jpg".to_owned()),
        size: Some(17),
        created_at: at("09:00"),
    }
}

async fn claim(channels: &Arc<dyn ChannelStore>, now: &str) -> Vec<ClaimedAttachment> {
    let lease_until = at(now) + SignedDuration::from_mins(1);
    channels
        .attachments_claim(at(now), lease_until, 10)
        .await
        .unwrap()
}

fn stored(location: &str) -> AttachmentSettlement {
    AttachmentSettlement::Stored {
        location: location.to_owned(),
        sha256: "00".repeat(32),
        bytes: 17,
        mime_type: "image/png".to_owned(),
    }
}

/// Places and locations of what is in the bucket.
async fn kept(channels: &Arc<dyn ChannelStore>, of: &Inbound) -> Vec<(u32, String)> {
    let found = channels
        .attachments_of(of.pair().conversation(), &[of.key.message_id.as_str(), "another"])
        .await
        .unwrap();
    let id = of.key.message_id.as_str();
    assert!(
        found
            .iter()
            .all(|one| one.message_id == id && one.channel == of.key.channel)
    );
    found.into_iter().map(|one| (one.place, one.location)).collect()
}

pub(crate) async fn a_file_is_recorded_once_and_read_back_as_it_was_told(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    let photo = message(&pair("ana"), "photo");
    let files = vec![
        file(&photo, 0),
        Attachment {
            provider_id: None,
            url: None,
            mime_type: None,
            name: None,
            size: None,
            ..file(&photo, 1)
        },
    ];
    channels.attach(Vec::new()).await.unwrap();
    channels.attach(files.clone()).await.unwrap();
    channels.attach(files.clone()).await.unwrap();
    store.accept(vec![photo]).await.unwrap();
    let claimed = claim(&channels, "09:00").await;
    let told: Vec<_> = claimed.iter().map(|one| one.attachment.clone()).collect();
    assert_eq!(told, files);
    assert!(claimed.iter().all(|one| one.attempts == 1 && !one.erase));
}

pub(crate) async fn a_message_that_was_accepted_without_files_gets_none_later(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    let photo = message(&pair("ana"), "photo");
    store.accept(vec![photo.clone()]).await.unwrap();
    channels.attach(vec![file(&photo, 0)]).await.unwrap();
    assert_eq!(claim(&channels, "09:00").await, []);
}

pub(crate) async fn a_claimed_file_is_nobody_elses_until_its_lease_ends(backend: &dyn Backend) {
    let (_store, channels) = backend.open_for_channels().await;
    let photo = message(&pair("ana"), "photo");
    channels.attach(vec![file(&photo, 0)]).await.unwrap();
    let first = claim(&channels, "09:00").await.remove(0);
    assert_eq!(claim(&channels, "09:00").await, []);
    let second = claim(&channels, "09:02").await.remove(0);
    assert_eq!((second.n, second.attempts), (first.n, 2));
    assert!(!channels.attachments_settle(&first, stored("late")).await.unwrap());
    assert_eq!(kept(&channels, &photo).await, []);
    assert!(
        channels
            .attachments_settle(&second, stored("a/0.png"))
            .await
            .unwrap()
    );
    assert!(
        !channels
            .attachments_settle(&second, stored("again"))
            .await
            .unwrap()
    );
    assert_eq!(kept(&channels, &photo).await, [(0, "a/0.png".to_owned())]);
    assert_eq!(claim(&channels, "10:00").await, []);
}

pub(crate) async fn a_file_is_tried_again_when_it_is_due_and_not_once_it_is_given_up(backend: &dyn Backend) {
    let (_store, channels) = backend.open_for_channels().await;
    let photo = message(&pair("ana"), "photo");
    channels.attach(vec![file(&photo, 0)]).await.unwrap();
    let first = claim(&channels, "09:00").await.remove(0);
    let again = AttachmentSettlement::Retry {
        at: at("09:30"),
        problem: "it is away".to_owned(),
    };
    assert!(channels.attachments_settle(&first, again).await.unwrap());
    assert_eq!(claim(&channels, "09:29").await, []);
    let second = claim(&channels, "09:30").await.remove(0);
    let never = AttachmentSettlement::GivenUp("it is gone".to_owned());
    assert!(channels.attachments_settle(&second, never).await.unwrap());
    assert_eq!(claim(&channels, "12:00").await, []);
    let rows = backend
        .ask("SELECT problem, CAST(attempts AS TEXT) FROM attachments")
        .await;
    assert_eq!(rows, [(Some("it is gone".to_owned()), Some("2".to_owned()))]);
}

pub(crate) async fn what_was_taken_back_is_deleted_whatever_had_become_of_it(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    let photos = message(&pair("ana"), "photos");
    let other = message(&pair("bea"), "other");
    channels
        .attach(vec![
            file(&photos, 0),
            file(&photos, 1),
            file(&photos, 2),
            file(&other, 0),
        ])
        .await
        .unwrap();
    store.accept(vec![photos.clone(), other.clone()]).await.unwrap();
    let claimed = claim(&channels, "09:00").await;
    assert!(
        channels
            .attachments_settle(&claimed[0], stored("a/0.png"))
            .await
            .unwrap()
    );
    let never = AttachmentSettlement::GivenUp("it is gone".to_owned());
    assert!(channels.attachments_settle(&claimed[1], never).await.unwrap());
    assert!(
        channels
            .attachments_settle(&claimed[3], stored("b/0.png"))
            .await
            .unwrap()
    );

    assert!(channels.redact(&photos.key).await.unwrap());
    assert_eq!(kept(&channels, &photos).await, []);
    let due = claim(&channels, "09:00").await;
    let places: Vec<_> = due.iter().map(|one| (one.attachment.place, one.erase)).collect();
    assert_eq!(places, [(0, true), (1, true)], "the third is in flight");
    assert!(
        due.iter()
            .all(|one| one.attachment.url.is_none() && one.attachment.name.is_none())
    );
    assert_eq!(due[0].attachment.base, claimed[0].attachment.base);
    for one in &due {
        assert!(
            channels
                .attachments_settle(one, AttachmentSettlement::Erased)
                .await
                .unwrap()
        );
    }
    // Whoever has it in flight may have put it there meanwhile.
    assert!(
        !channels
            .attachments_settle(&claimed[2], stored("a/2.png"))
            .await
            .unwrap()
    );
    let late = claim(&channels, "09:02").await;
    assert_eq!(
        (late[0].attachment.place, late[0].erase, late.len()),
        (2, true, 1)
    );
    let away = AttachmentSettlement::Retry {
        at: at("10:00"),
        problem: "the bucket is away".to_owned(),
    };
    assert!(channels.attachments_settle(&late[0], away).await.unwrap());
    let late = claim(&channels, "10:00").await;
    assert!(late[0].erase, "it is never fetched again");
    assert!(
        channels
            .attachments_settle(&late[0], AttachmentSettlement::Erased)
            .await
            .unwrap()
    );
    assert_eq!(claim(&channels, "12:00").await, []);
    assert_eq!(kept(&channels, &other).await, [(0, "b/0.png".to_owned())]);
}

pub(crate) async fn files_come_along_when_two_are_one(backend: &dyn Backend) {
    let (store, channels) = backend.open_for_channels().await;
    seen(&channels, &["ana's phone"], "ana").await;
    seen(&channels, &["bea's phone"], "bea").await;
    let (ana, bea) = (pair("ana"), pair("bea"));
    committed(&store, turn(&ana, 0)).await;
    committed(&store, turn(&bea, 0)).await;
    let photo = message(&bea, "photo");
    channels.attach(vec![file(&photo, 0)]).await.unwrap();
    let claimed = claim(&channels, "09:00").await.remove(0);
    join(&channels, "bea", "ana").await;
    assert!(
        channels
            .attachments_settle(&claimed, stored("a/0.png"))
            .await
            .unwrap()
    );
    let of_ana = message(&ana, "photo");
    assert_eq!(kept(&channels, &of_ana).await, [(0, "a/0.png".to_owned())]);
}
