//! Payloads and signature vectors of the providers and of their libraries, when there is a folder of them:
//! `FRONTDESK_CHANNEL_FIXTURES` names it, with a folder for each channel. They belong to others and are not kept here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use frontdesk::accounts::{Account, Secrets};
use frontdesk::app::channels::intake;
use frontdesk::types::Channel;
use frontdesk::webhook::intake::{Happening, Intake, Request};
use jiff::Timestamp;
use serde_json::Value;

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("FRONTDESK_CHANNEL_FIXTURES").map(PathBuf::from);
    if folder.is_none() {
        println!("FRONTDESK_CHANNEL_FIXTURES is not set: the providers' payloads were not tried");
    }
    folder
}

fn account(channel: Channel, settings: &[(&str, &str)], secrets: &[(&str, &str)]) -> Account {
    let mut kept = Secrets::default();
    for (name, value) in secrets {
        kept.add(name, value);
    }
    let settings = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Account {
        channel,
        id: "salon".parse().unwrap(),
        business: "demo-salon".parse().unwrap(),
        settings: settings.collect(),
        secrets: kept,
        problem: None,
    }
}

fn code_of(channel: Channel) -> Arc<dyn Intake> {
    intake(channel).unwrap()
}

/// The first value of that name anywhere in a document.
fn find<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    match value {
        Value::Object(fields) => fields
            .get(name)
            .and_then(Value::as_str)
            .or_else(|| fields.values().find_map(|value| find(value, name))),
        Value::Array(items) => items.iter().find_map(|value| find(value, name)),
        _ => None,
    }
}

/// An account that the payload is meant for.
fn addressee(channel: Channel, payload: &Value) -> Account {
    let entry = payload["entry"][0]["id"].as_str().unwrap_or_default();
    let number = find(payload, "phone_number_id").unwrap_or_default();
    let settings: &[(&str, &str)] = match channel {
        Channel::Whatsapp => &[("phone_number_id", number)],
        Channel::Messenger => &[("page_id", entry)],
        Channel::Instagram => &[("instagram_id", entry)],
        _ => &[],
    };
    account(channel, settings, &[])
}

#[test]
fn every_payload_is_taken_or_left_alone_on_purpose() {
    let Some(folder) = folder() else { return };
    let mut seen: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for channel in Channel::HOOKED {
        let name = if channel == Channel::Standard {
            "standard-webhooks"
        } else {
            channel.as_str()
        };
        for path in files(&folder.join(name)) {
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            if !is_inbound(&file) {
                continue;
            }
            let body = std::fs::read(&path).unwrap();
            let payload: Value = serde_json::from_slice(&body).unwrap_or_default();
            let form = file.ends_with(".form.txt");
            let mut headers = HeaderMap::new();
            let kind = if form {
                "application/x-www-form-urlencoded"
            } else {
                "application/json"
            };
            headers.insert("content-type", HeaderValue::from_static(kind));
            headers.insert("webhook-id", HeaderValue::from_static("msg_1"));
            let request = Request {
                method: &Method::POST,
                url: "https://desk.example.com/webhooks/x/salon",
                headers: &headers,
                body: body.trim_ascii_end(),
            };
            let parsed = code_of(channel).parse(&request, &addressee(channel, &payload));
            let parsed = parsed.unwrap_or_else(|error| panic!("{name}/{file}: {error}"));
            let told = parsed.happenings.iter().map(|happening| match happening {
                Happening::Said(saying) => format!(
                    "said ({} characters, {} attachments)",
                    saying.text.chars().count(),
                    saying.attachments.len()
                ),
                Happening::Known { aliases } => format!("{} names of one person", aliases.len()),
                Happening::Unsaid { .. } => "unsaid".to_owned(),
                Happening::Staff { .. } => "staff spoke".to_owned(),
                Happening::Receipt(receipt) => format!("receipt: {}", receipt.status.as_str()),
                Happening::Stopped { .. } => "stopped".to_owned(),
                Happening::Ignored(kind) => format!("left alone: {kind}"),
                Happening::Broken { problem } => panic!("{name}/{file}: {problem}"),
            });
            let mut told: Vec<String> = told.collect();
            if told.is_empty() {
                assert!(
                    !parsed.answer.body.is_empty(),
                    "{name}/{file} is neither taken nor answered"
                );
                told.push("answered".to_owned());
            }
            seen.insert(format!("{name}/{file}"), told);
        }
    }
    for (file, told) in &seen {
        println!("{file}: {}", told.join(", "));
    }
    assert!(seen.len() > 50, "the folder lacks payloads: {} found", seen.len());
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

/// Whether a provider sends it to us: not what we send, what is answered, parts of payloads, and vectors.
fn is_inbound(file: &str) -> bool {
    let ours = [
        "out_",
        "obj_",
        "resp_",
        "vectors",
        "syn_send",
        "syn_error",
        "syn_429",
    ];
    !ours.iter().any(|beginning| file.starts_with(beginning))
}

/// A signed request as a vector tells it.
struct Vector {
    channel: Channel,
    account: Account,
    url: String,
    headers: Vec<(&'static str, String)>,
    /// The header that holds the signature.
    signature: &'static str,
    body: Vec<u8>,
    at: i64,
    valid: bool,
    name: String,
}

impl Vector {
    fn fits(&self) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) else {
                return false;
            };
            headers.insert(HeaderName::from_static(name), value);
        }
        let request = Request {
            method: &Method::POST,
            url: &self.url,
            headers: &headers,
            body: &self.body,
        };
        let now = Timestamp::from_second(self.at).unwrap();
        code_of(self.channel).verify(&request, &self.account, now).is_ok()
    }

    /// Breaks it one bit at a time, in the body and in the signature, and counts what is still believed.
    fn survivors(&mut self) -> usize {
        let mut survivors = 0;
        for bit in 0..self.body.len() * 8 {
            self.body[bit / 8] ^= 1 << (bit % 8);
            survivors += usize::from(self.fits());
            self.body[bit / 8] ^= 1 << (bit % 8);
        }
        let place = self
            .headers
            .iter()
            .position(|(name, _)| *name == self.signature)
            .unwrap();
        let genuine = self.headers[place].1.clone();
        // A digit of hexadecimal may be written in two ways, which mean the same.
        let same = |changed: &str| changed.eq_ignore_ascii_case(&genuine) && changed != genuine;
        for bit in 0..genuine.len() * 8 {
            let mut bytes = genuine.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let Ok(changed) = String::from_utf8(bytes) else {
                continue;
            };
            if same(&changed) {
                continue;
            }
            self.headers[place].1 = changed;
            survivors += usize::from(self.fits());
        }
        self.headers[place].1 = genuine;
        survivors
    }
}

fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
    vector[name].as_str().unwrap_or_default()
}

fn read(folder: &Path, file: &str) -> Vec<Value> {
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn vectors(folder: &Path) -> Vec<Vector> {
    let mut all = Vec::new();
    for vector in read(folder, "meta/vectors_x_hub_signature_256.json") {
        let body = match vector["body_file"].as_str() {
            Some(file) => std::fs::read(folder.join(file)).unwrap(),
            None => text(&vector, "body").as_bytes().to_vec(),
        };
        for channel in [Channel::Whatsapp, Channel::Messenger, Channel::Instagram] {
            let signature = vector["x_hub_signature_256"].as_str();
            let header = match signature {
                Some(signature) => ("x-hub-signature-256", signature.to_owned()),
                None => ("x-hub-signature", text(&vector, "x_hub_signature").to_owned()),
            };
            all.push(Vector {
                channel,
                account: account(channel, &[], &[("app_secret", text(&vector, "app_secret"))]),
                url: String::new(),
                signature: header.0,
                headers: vec![header],
                body: body.clone(),
                at: 0,
                valid: vector["valid"] == true,
                name: text(&vector, "name").to_owned(),
            });
        }
    }
    for vector in read(folder, "slack/vectors_signature.json") {
        all.push(Vector {
            channel: Channel::Slack,
            account: account(
                Channel::Slack,
                &[],
                &[("signing_secret", text(&vector, "signing_secret"))],
            ),
            url: String::new(),
            headers: vec![
                ("x-slack-request-timestamp", text(&vector, "timestamp").to_owned()),
                ("x-slack-signature", text(&vector, "signature").to_owned()),
            ],
            signature: "x-slack-signature",
            body: text(&vector, "body").as_bytes().to_vec(),
            at: text(&vector, "timestamp").parse().unwrap(),
            valid: vector["valid"] == true,
            name: text(&vector, "name").to_owned(),
        });
    }
    for vector in read(folder, "discord/vectors_interaction.json") {
        let key = text(&vector, "public_key").to_owned();
        all.push(Vector {
            channel: Channel::Discord,
            account: account(Channel::Discord, &[("public_key", &key)], &[]),
            url: String::new(),
            headers: vec![
                (
                    "x-signature-timestamp",
                    text(&vector, "x_signature_timestamp").to_owned(),
                ),
                (
                    "x-signature-ed25519",
                    text(&vector, "x_signature_ed25519").to_owned(),
                ),
            ],
            signature: "x-signature-ed25519",
            body: text(&vector, "body").as_bytes().to_vec(),
            at: text(&vector, "x_signature_timestamp").parse().unwrap(),
            valid: vector["valid"] == true,
            name: text(&vector, "name").to_owned(),
        });
    }
    for vector in read(folder, "standard-webhooks/vectors.json") {
        let (secret, key) = (text(&vector, "secret"), text(&vector, "public_key"));
        let kept: Vec<(&str, &str)> = [("secret", secret)]
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        all.push(Vector {
            channel: Channel::Standard,
            account: account(Channel::Standard, &[("public_key", key)], &kept),
            url: String::new(),
            headers: vec![
                ("webhook-id", text(&vector, "webhook_id").to_owned()),
                ("webhook-timestamp", vector["webhook_timestamp"].to_string()),
                ("webhook-signature", text(&vector, "webhook_signature").to_owned()),
            ],
            signature: "webhook-signature",
            body: text(&vector, "body").as_bytes().to_vec(),
            at: vector["webhook_timestamp"].as_i64().unwrap(),
            valid: vector["valid"] == true,
            name: text(&vector, "from_").to_owned(),
        });
    }
    all.extend(read(folder, "twilio/vectors_signature.json").iter().map(twilio));
    all
}

fn twilio(vector: &Value) -> Vector {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in vector["params"].as_object().into_iter().flatten() {
        match value {
            Value::Array(values) => {
                for value in values {
                    form.append_pair(name, value.as_str().unwrap());
                }
            }
            value => {
                form.append_pair(name, value.as_str().unwrap());
            }
        }
    }
    let raw = vector["raw_body"].as_str();
    let kind = if raw.is_some() {
        "application/json"
    } else {
        "application/x-www-form-urlencoded"
    };
    Vector {
        channel: Channel::Twilio,
        account: account(
            Channel::Twilio,
            &[],
            &[("auth_token", text(vector, "auth_token"))],
        ),
        url: text(vector, "url").to_owned(),
        headers: vec![
            ("content-type", kind.to_owned()),
            ("x-twilio-signature", text(vector, "signature").to_owned()),
        ],
        signature: "x-twilio-signature",
        body: raw.map_or_else(|| form.finish().into_bytes(), |raw| raw.as_bytes().to_vec()),
        at: 0,
        valid: vector["valid"] == true,
        name: text(vector, "name").to_owned(),
    }
}

#[test]
fn every_published_signature_fits_and_no_bit_of_it_may_change() {
    let Some(folder) = folder() else { return };
    let (mut fitting, mut refused) = (0, 0);
    for mut vector in vectors(&folder) {
        let name = format!("{}: {}", vector.channel, vector.name);
        assert_eq!(vector.fits(), vector.valid, "{name}");
        if !vector.valid {
            refused += 1;
            continue;
        }
        fitting += 1;
        // The names of fields may be written otherwise in a form and mean the same, so that of Twilio's bodies only
        // what is signed counts; and of a list of signatures one is enough.
        let is_form = vector.channel == Channel::Twilio && vector.headers[0].1.contains("form");
        let is_list = vector
            .headers
            .iter()
            .any(|(_, value)| value.matches("v1,").count() > 1);
        let survivors = vector.survivors();
        if !is_form && !is_list {
            assert_eq!(survivors, 0, "{name}: {survivors} changes are believed");
        }
    }
    println!("{fitting} signatures fit, {refused} do not and are refused");
}
