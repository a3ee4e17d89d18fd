//! The worker against an outside that a test speaks for, a store in memory, and a folder.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use tempfile::TempDir;

use super::*;
use crate::accounts::{Sealer, Secrets};
use crate::attachments::base;
use crate::attachments::bucket::Place;
use crate::attachments::guard::Way;
use crate::clock::ManualClock;
use crate::outbound::fetch;
use crate::store::sqlite::{Options, SqliteStore};
use crate::store::{AccountRow, Attachment, MessageKey, Store as _};
use crate::types::{BusinessId, MessageId, Pair, ParticipantId};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nthe rest";

/// What an outside answers with.
enum Says {
    Got(Got),
    Breaks,
    Hangs,
}

/// An outside that was told what to say, and remembers what it was asked: the way, the address, what was shown.
#[derive(Default)]
struct Told {
    says: Mutex<VecDeque<Says>>,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Outside for Told {
    async fn get(&self, get: &Get, way: Way, _bytes_max: u64) -> Result<Got, String> {
        let shown = get
            .authorization
            .as_ref()
            .map_or("", |value| value.expose_secret());
        let line = format!("{way:?} {} {shown}", get.url.expose_secret());
        self.asked.lock().unwrap().push(line.trim_end().to_owned());
        let next = self.says.lock().unwrap().pop_front();
        match next {
            Some(Says::Got(got)) => Ok(got),
            Some(Says::Breaks) => Err("the connection broke".to_owned()),
            Some(Says::Hangs) | None => std::future::pending().await,
        }
    }
}

fn got(status: u16, content_type: &str, body: Option<&[u8]>) -> Got {
    Got {
        status,
        content_type: Some(content_type.to_owned()),
        location: None,
        retry_after: None,
        body: body.map(<[u8]>::to_vec),
    }
}

fn file(bytes: &[u8]) -> Says {
    Says::Got(got(200, "application/octet-stream", Some(bytes)))
}

fn status(status: u16) -> Says {
    Says::Got(got(status, "application/json", Some(b"{}")))
}

fn to(location: &str) -> Says {
    Says::Got(Got {
        location: Some(location.to_owned()),
        ..got(307, "text/html", Some(b""))
    })
}

struct House {
    worker: Worker,
    store: Arc<SqliteStore>,
    told: Arc<Told>,
    clock: Arc<ManualClock>,
    kept: TempDir,
}

impl House {
    async fn open() -> Self {
        let store = Arc::new(SqliteStore::open(&Options::new("sqlite::memory:")).await.unwrap());
        let clock = Arc::new(ManualClock::at("2026-11-20T15:00:00Z".parse().unwrap()));
        let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned();
        let accounts = Accounts::new(store.clone(), Sealer::new(&[key.into()]).unwrap(), "http://x");
        let salon = BusinessId::new("salon").unwrap();
        store.put_business(&salon, "{}", clock.now()).await.unwrap();
        let mut secrets = Secrets::default();
        secrets.add("access_token", "T");
        secrets.add("auth_token", "t");
        for (channel, settings) in [
            (Channel::Whatsapp, "{}"),
            (Channel::Messenger, "{}"),
            (Channel::Twilio, r#"{"account_sid": "AC1"}"#),
        ] {
            let account = AccountId::new("front").unwrap();
            let sealed = accounts.sealer().seal(channel, &account, &secrets).unwrap();
            let row = AccountRow {
                channel,
                account,
                business: salon.clone(),
                settings: settings.to_owned(),
                secrets: sealed,
                problem: None,
                created_at: clock.now(),
                updated_at: clock.now(),
            };
            store.put_account(&row).await.unwrap();
        }
        let kept = tempfile::tempdir().unwrap();
        let told = Arc::new(Told::default());
        let worker = Worker::new(Parts {
            store: store.clone(),
            accounts,
            clock: clock.clone(),
            channels: fetch::all(),
            outside: told.clone(),
            bucket: Bucket::open(&Place::Folder(kept.path().to_owned())).unwrap(),
            bytes_max: 1000,
        });
        Self {
            worker,
            store,
            told,
            clock,
            kept,
        }
    }

    /// A file of a message, at this address or with this id.
    async fn comes(&self, channel: Channel, message: &str, at: &str) -> Attachment {
        let pair = Pair {
            business: BusinessId::new("salon").unwrap(),
            participant: ParticipantId::new("ana").unwrap(),
        };
        let key = MessageKey {
            channel,
            account: "front".to_owned(),
            message_id: MessageId::new(message).unwrap(),
        };
        let is_url = at.contains("://");
        let one = Attachment {
            base: base(&pair.business, pair.conversation(), &key, 0),
            key,
            place: 0,
            conversation: pair.conversation(),
            business: pair.business,
            kind: "image".to_owned(),
            provider_id: (!is_url).then(|| at.to_owned()),
            url: is_url.then(|| at.to_owned()),
            mime_type: None,
            name: Some("../../etc/passwd".to_owned()),
            size: None,
            created_at: self.clock.now(),
        };
        self.store.attach(vec![one.clone()]).await.unwrap();
        one
    }

    fn says(&self, says: impl IntoIterator<Item = Says>) {
        self.told.says.lock().unwrap().extend(says);
    }

    /// Does all that is due, and answers with what the outside was asked meanwhile.
    async fn works(&self) -> Vec<String> {
        let stop = CancellationToken::new();
        for claimed in self.worker.claim(10).await {
            self.worker.work(claimed, &stop).await;
        }
        std::mem::take(&mut self.told.asked.lock().unwrap())
    }

    /// Claims what is due as somebody would who dies right after.
    async fn dies(&self) -> Vec<ClaimedAttachment> {
        self.worker.claim(10).await
    }

    fn passes(&self, time: SignedDuration) {
        self.clock.advance(time);
    }

    /// The files in the bucket, from the bottom up.
    fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.kept.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let path = path.strip_prefix(self.kept.path()).unwrap();
                    found.push(path.display().to_string());
                }
            }
        }
        found.sort();
        found
    }

    async fn stored(&self, of: &Attachment) -> Option<String> {
        let id = of.key.message_id.as_str();
        let found = self.store.attachments_of(of.conversation, &[id]).await.unwrap();
        found.into_iter().next().map(|one| one.location)
    }
}

const CDN: &str = "https://scontent.fbcdn.net/a";

#[tokio::test]
async fn a_file_is_fetched_in_the_steps_that_its_channel_has() {
    let house = House::open().await;
    let picture = house.comes(Channel::Whatsapp, "m1", "77").await;
    let answer = br#"{"url": "https://lookaside.fbsbx.com/x"}"#;
    house.says([Says::Got(got(200, "application/json", Some(answer))), file(PNG)]);
    assert_eq!(
        house.works().await,
        [
            "Outside https://graph.facebook.com/v23.0/77 Bearer T",
            "Outside https://lookaside.fbsbx.com/x Bearer T"
        ]
    );
    let location = format!("{}.png", picture.base);
    assert_eq!(house.stored(&picture).await, Some(location.clone()));
    assert_eq!(house.files(), [location]);
}

#[tokio::test]
async fn a_redirect_of_twilio_is_followed_once_without_the_credentials() {
    let house = House::open().await;
    let media = "https://api.twilio.com/2010-04-01/Media/ME1";
    let picture = house.comes(Channel::Twilio, "m1", media).await;
    house.says([to("https://mms.twiliocdn.com/x?Signature=1"), file(PNG)]);
    assert_eq!(
        house.works().await,
        [
            "Outside https://api.twilio.com/2010-04-01/Media/ME1 Basic QUMxOnQ=",
            "Outside https://mms.twiliocdn.com/x?Signature=1"
        ]
    );
    assert!(house.stored(&picture).await.is_some());
    for (nth, (location, more)) in [
        ("http://169.254.169.254/latest", vec![]),
        ("https://127.0.0.1/", vec![]),
        ("https://internal.example/", vec![]),
        (
            "https://mms.twiliocdn.com/a",
            vec![to("https://mms.twiliocdn.com/b")],
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let picture = house.comes(Channel::Twilio, &format!("r{nth}"), media).await;
        let asked = 1 + more.len();
        house.says(std::iter::once(to(location)).chain(more));
        assert_eq!(house.works().await.len(), asked, "{location}");
        house.passes(SignedDuration::from_hours(12));
        assert_eq!(house.works().await, [""; 0], "{location}: it is given up");
        assert_eq!(house.stored(&picture).await, None);
    }
}

#[tokio::test]
async fn what_cannot_be_kept_is_given_up_at_once() {
    let page = b"<html>".as_slice();
    for (at, says) in [
        (CDN, vec![status(404)]),
        (CDN, vec![status(410)]),
        (CDN, vec![status(400)]),
        (CDN, vec![Says::Got(got(200, "image/png", None))]),
        (CDN, vec![Says::Got(got(200, "image/png", Some(page)))]),
        (CDN, vec![file(b"")]),
        (CDN, vec![to("https://scontent.fbcdn.net/b")]),
        ("https://evil.example/a", vec![]),
        ("http://scontent.fbcdn.net/a", vec![]),
        ("https://127.0.0.1/a", vec![]),
    ] {
        let house = House::open().await;
        let picture = house.comes(Channel::Messenger, "m1", at).await;
        let expected = says.len();
        house.says(says);
        assert_eq!(house.works().await.len(), expected);
        house.passes(SignedDuration::from_hours(12));
        assert_eq!(house.works().await, [""; 0]);
        assert_eq!((house.stored(&picture).await, house.files()), (None, vec![]));
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_then_given_up() {
    let house = House::open().await;
    let picture = house.comes(Channel::Messenger, "m1", CDN).await;
    let page = b"<html>".as_slice();
    house.says([
        status(503),
        Says::Breaks,
        status(401),
        Says::Got(got(200, "text/html; charset=utf-8", Some(page))),
        status(429),
    ]);
    for wait in RETRY_AFTER {
        assert_eq!(house.works().await.len(), 1);
        house.passes(wait - SignedDuration::from_secs(1));
        assert_eq!(house.works().await, [""; 0], "not before {wait}");
        house.passes(SignedDuration::from_secs(1));
    }
    assert_eq!(house.works().await.len(), 1);
    house.passes(SignedDuration::from_hours(48));
    assert_eq!(house.works().await, [""; 0]);
    assert_eq!(house.stored(&picture).await, None);
}

#[tokio::test]
async fn a_provider_that_asks_to_wait_is_not_asked_before() {
    let house = House::open().await;
    let picture = house.comes(Channel::Messenger, "m1", CDN).await;
    let tired = Got {
        retry_after: Some(Duration::from_secs(600)),
        ..got(429, "application/json", Some(b"{}"))
    };
    house.says([Says::Got(tired), file(PNG)]);
    house.works().await;
    house.passes(SignedDuration::from_secs(599));
    assert_eq!(house.works().await, [""; 0]);
    house.passes(SignedDuration::from_secs(1));
    assert_eq!(house.works().await.len(), 1);
    assert!(house.stored(&picture).await.is_some());
}

#[tokio::test]
async fn a_file_that_never_comes_is_left_and_tried_again() {
    let mut house = House::open().await;
    house.worker.limit = Duration::from_millis(50);
    let picture = house.comes(Channel::Messenger, "m1", CDN).await;
    house.says([Says::Hangs]);
    assert_eq!(house.works().await.len(), 1);
    assert_eq!(house.works().await, [""; 0], "it is not due yet");
    house.worker.limit = FILE_LIMIT;
    house.says([file(PNG)]);
    house.passes(RETRY_AFTER[0]);
    assert_eq!(house.works().await.len(), 1);
    assert!(house.stored(&picture).await.is_some());
}

#[tokio::test]
async fn whoever_dies_in_the_middle_leaves_one_object() {
    let house = House::open().await;
    let picture = house.comes(Channel::Messenger, "m1", CDN).await;
    house.says([file(PNG), file(PNG)]);
    let claimed = house.dies().await.remove(0);
    // It was stored, and nobody recorded that.
    house.worker.fetch(&claimed).await.unwrap();
    assert_eq!(
        house.works().await,
        ["Outside https://scontent.fbcdn.net/a"],
        "the one that died"
    );
    house.passes(LEASE);
    assert_eq!(house.works().await.len(), 1);
    assert_eq!(house.files(), [format!("{}.png", picture.base)]);
    assert!(house.stored(&picture).await.is_some());
}

#[tokio::test]
async fn what_its_sender_takes_back_is_deleted_even_if_nobody_recorded_it() {
    let house = House::open().await;
    let kept = house.comes(Channel::Messenger, "kept", CDN).await;
    let recorded = house.comes(Channel::Messenger, "recorded", CDN).await;
    house.says([file(PNG), file(PNG), file(PNG)]);
    house.works().await;
    let lost = house.comes(Channel::Messenger, "lost", CDN).await;
    let claimed = house.dies().await.remove(0);
    house.worker.fetch(&claimed).await.unwrap();
    assert_eq!(house.files().len(), 3);
    for one in [&recorded, &lost] {
        house.store.redact(&one.key).await.unwrap();
    }
    house.works().await;
    house.passes(LEASE);
    house.works().await;
    assert_eq!(house.files(), [format!("{}.png", kept.base)]);
    assert_eq!(house.stored(&recorded).await, None);
}

#[tokio::test]
async fn a_worker_that_is_stopped_gives_back_what_it_has_under_way() {
    let House {
        worker,
        store,
        told,
        clock,
        kept: _kept,
    } = {
        let house = House::open().await;
        house.comes(Channel::Messenger, "m1", CDN).await;
        house.says([Says::Hangs]);
        house
    };
    let (stop, bell) = (CancellationToken::new(), worker.bell());
    let running = tokio::spawn(worker.run(stop.clone()));
    bell();
    while told.asked.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    running.await.unwrap();
    clock.advance(RETRY_AFTER[0]);
    let now = clock.now();
    let again = store.attachments_claim(now, now, 10).await.unwrap();
    assert_eq!(again[0].attempts, 2);
}
