//! A picture arrives over WhatsApp: it is fetched in two steps with the account's token, lands in the bucket, and the
//! transcript names it. And what happens when it cannot be fetched.

use jiff::SignedDuration;
use serde_json::{Value, json};
use sqlx::Row as _;
use tempfile::TempDir;

use super::cases::{Hook, case, meta};
use super::house::House;
use super::stub::Manner;
use crate::process::{Site, eventually};

/// A picture of one pixel.
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";

const PATH: &str = "/v23.0/770077";

struct Desk {
    house: House<'static>,
    bucket: TempDir,
}

impl Desk {
    async fn open() -> Self {
        let bucket = TempDir::new().unwrap();
        let site = Site::new()
            .with("ATTACHMENT_BUCKET", bucket.path().display())
            .with("FRONTDESK_ATTACHMENTS__BYTES_MAX", 2000);
        let house = House::open(case("whatsapp"), site).await;
        Self { house, bucket }
    }

    /// A message with a picture, as WhatsApp tells of it.
    fn picture(&self) -> Hook {
        self.message(&json!({
            "id": "wamid.PICTURE", "type": "image",
            "image": {"id": "770077", "mime_type": "image/png", "caption": "do you have parking?"},
        }))
    }

    fn message(&self, message: &Value) -> Hook {
        let mut message = message.clone();
        message["from"] = "15550000042".into();
        message["from_user_id"] = "US.42".into();
        message["timestamp"] = self.house.now().to_string().into();
        meta(&json!({
            "object": "whatsapp_business_account",
            "entry": [{"id": "2090", "changes": [{"field": "messages", "value": {
                "messaging_product": "whatsapp",
                "metadata": {"display_phone_number": "15550000000", "phone_number_id": "1060"},
                "contacts": [{"profile": {"name": "Ana"}, "wa_id": "15550000042", "user_id": "US.42"}],
                "messages": [message],
            }}]}],
        }))
    }

    /// The provider will say where the picture is and give it.
    fn has(&self, manners: impl IntoIterator<Item = Manner>) {
        let url = format!("{}/media/770077?token=signed", self.house.provider.url);
        self.house.provider.will_at(
            PATH,
            [Manner::Says(200, "", json!({"url": url, "file_size": "33"}))],
        );
        self.house.provider.will_at("/media/", manners);
    }

    async fn comes(&self) {
        assert!(self.house.post(&self.picture()).await.is_success());
    }

    /// Waits until the one job stands so, and answers with its problem.
    async fn stands(&self, state: i64) -> String {
        eventually("what became of the picture", || async {
            let rows = self
                .house
                .rows("SELECT state, COALESCE(problem, '') FROM attachments")
                .await;
            assert!(rows.len() <= 1, "one job");
            let row = rows.first()?;
            (row.get::<i64, _>(0) == state).then(|| row.get(1))
        })
        .await
    }

    /// How often the picture was asked for: where it is, and itself.
    fn asked(&self) -> (usize, usize) {
        let calls = self.house.provider.calls();
        let of = |path: &str| calls.iter().filter(|call| call.path.starts_with(path)).count();
        (of(PATH), of("/media/"))
    }

    /// The files in the bucket, with what is in them.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.bucket.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path
                        .strip_prefix(self.bucket.path())
                        .unwrap()
                        .display()
                        .to_string();
                    found.push((name, std::fs::read(path).unwrap()));
                }
            }
        }
        found
    }

    /// What the transcript shows of the picture.
    async fn shown(&self) -> Value {
        let lines = self.house.has_lines(42, 2).await;
        lines[0]["attachments"][0].clone()
    }
}

#[tokio::test]
async fn a_picture_is_fetched_with_the_token_and_the_transcript_says_where_it_is() {
    let mut desk = Desk::open().await;
    desk.has([Manner::Gives("image/png", PICTURE.to_vec())]);
    desk.comes().await;
    desk.comes().await;
    assert_eq!(desk.stands(2).await, "");
    assert_eq!(desk.asked(), (1, 1));
    for call in desk.house.provider.calls() {
        if call.path.starts_with(PATH) || call.path.starts_with("/media/") {
            assert_eq!(call.header("authorization"), Some("Bearer token"));
        }
    }
    let files = desk.files();
    let (name, bytes) = &files[0];
    assert_eq!((files.len(), bytes.as_slice()), (1, PICTURE));
    let shown = desk.shown().await;
    assert_eq!(shown["stored"], json!(name));
    assert_eq!(
        (&shown["type"], &shown["id"]),
        (&json!("image"), &json!("770077"))
    );
    assert!(name.ends_with("/0.png"), "{name}");
    desk.house.stop().await;
}

#[tokio::test]
async fn what_cannot_be_kept_is_given_up_and_the_message_is_answered_all_the_same() {
    for (manner, expected) in [
        (
            Manner::Gives("image/png", [PICTURE, &[0; 4000]].concat()),
            "it has more than 2000 bytes",
        ),
        (
            Manner::Gives("image/png", b"#!/bin/sh\n".to_vec()),
            "it is none of the kinds of file that are kept",
        ),
        (Manner::Says(404, "", json!({})), "HTTP 404"),
        (
            Manner::Says(302, "Location: http://169.254.169.254/latest\r\n", json!({})),
            "the file's address leads elsewhere",
        ),
    ] {
        let mut desk = Desk::open().await;
        desk.has([manner]);
        desk.comes().await;
        assert_eq!(desk.stands(3).await, expected);
        let shown = desk.shown().await;
        assert_eq!(shown["id"], "770077");
        assert_eq!(shown.get("stored"), None, "{expected}");
        assert_eq!(desk.files(), []);
        desk.house.stop().await;
    }
}

#[tokio::test]
async fn a_provider_that_points_at_this_machine_is_not_followed() {
    let mut desk = Desk::open().await;
    let elsewhere = super::stub::Provider::open().await;
    let url = format!("{}/media/770077", elsewhere.url);
    desk.house
        .provider
        .will_at(PATH, [Manner::Says(200, "", json!({ "url": url }))]);
    desk.comes().await;
    assert_eq!(desk.stands(3).await, "the file's address is not https");
    assert!(elsewhere.calls().is_empty());
    desk.house.stop().await;
}

#[tokio::test]
async fn killed_in_the_middle_it_is_fetched_again_and_there_is_one_object() {
    let mut desk = Desk::open().await;
    desk.has([Manner::Hangs]);
    desk.comes().await;
    eventually("the picture to be asked for", || async {
        (desk.asked().1 == 1).then_some(())
    })
    .await;
    desk.house.kill().await;
    // Past the lease of whoever died.
    desk.house.site.let_pass(SignedDuration::from_mins(5));
    desk.has([Manner::Gives("image/png", PICTURE.to_vec())]);
    desk.house.start().await;
    desk.stands(2).await;
    assert_eq!(desk.asked(), (2, 2));
    assert_eq!(desk.files().len(), 1);
    assert!(desk.shown().await["stored"].is_string());
    desk.house.stop().await;
}

#[tokio::test]
async fn without_a_bucket_a_picture_is_described_and_not_fetched() {
    let mut house = House::open(case("whatsapp"), Site::new()).await;
    let bucket = TempDir::new().unwrap();
    let desk = Desk { house, bucket };
    desk.comes().await;
    let shown = desk.shown().await;
    assert_eq!(
        shown,
        json!({"type": "image", "id": "770077", "mime_type": "image/png"})
    );
    assert!(desk.house.rows("SELECT 1 FROM attachments").await.is_empty());
    assert_eq!(desk.asked(), (0, 0));
    house = desk.house;
    house.stop().await;
}
