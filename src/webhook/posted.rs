//! Requests as providers post them, for the tests of the channels.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderValue, Method};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

use super::intake::{Happening, Intake, Request, Saying};
use crate::accounts::{Account, Secrets};
use crate::types::{AccountId, BusinessId, Channel};

pub(crate) fn account(channel: Channel, settings: &[(&str, &str)], secrets: &[(&str, &str)]) -> Account {
    let mut known = Secrets::default();
    for (name, value) in secrets {
        known.add(name, value);
    }
    Account {
        channel,
        id: AccountId::new("front").unwrap(),
        business: BusinessId::new("demo-salon").unwrap(),
        settings: settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect::<BTreeMap<_, _>>(),
        secrets: known,
        problem: None,
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Posted {
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Posted {
    pub(crate) fn json(body: impl Into<String>) -> Self {
        Self::of("application/json", body.into().into_bytes())
    }

    pub(crate) fn form(body: impl Into<String>) -> Self {
        Self::of("application/x-www-form-urlencoded", body.into().into_bytes())
    }

    fn of(content_type: &'static str, body: Vec<u8>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(content_type));
        Self {
            url: "https://salon.example/webhooks/x/front".to_owned(),
            headers,
            body,
        }
    }

    pub(crate) fn at(mut self, url: &str) -> Self {
        url.clone_into(&mut self.url);
        self
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, HeaderValue::from_str(value).unwrap());
        self
    }

    pub(crate) fn request(&self) -> Request<'_> {
        Request {
            method: &Method::POST,
            url: &self.url,
            headers: &self.headers,
            body: &self.body,
        }
    }

    /// The one thing that it says.
    pub(crate) fn happening(&self, intake: &dyn Intake, account: &Account) -> Happening {
        let mut parsed = intake
            .parse(&self.request(), account)
            .expect("a body that can be read");
        assert_eq!(parsed.happenings.len(), 1, "{parsed:?}");
        parsed.happenings.remove(0)
    }

    /// What somebody says in it.
    pub(crate) fn saying(&self, intake: &dyn Intake, account: &Account) -> Saying {
        match self.happening(intake, account) {
            Happening::Said(saying) => *saying,
            other => panic!("nobody says anything in {other:?}"),
        }
    }
}

/// The same with one bit the other way round: each bit of that header, then each bit of the body. Those that are no
/// HTTP any more are left out.
pub(crate) fn flipped<'a>(posted: &'a Posted, header: &'static str) -> impl Iterator<Item = Posted> + 'a {
    let value = posted.headers[header].as_bytes().to_vec();
    let headers = (0..value.len() * 8).filter_map(move |bit| {
        let mut flipped = posted.clone();
        let mut value = value.clone();
        value[bit / 8] ^= 1 << (bit % 8);
        flipped
            .headers
            .insert(header, HeaderValue::from_bytes(&value).ok()?);
        Some(flipped)
    });
    let bodies = (0..posted.body.len() * 8).map(move |bit| {
        let mut flipped = posted.clone();
        flipped.body[bit / 8] ^= 1 << (bit % 8);
        flipped
    });
    headers.chain(bodies)
}

/// Whatever comes, the channel's code only says what it thinks of it: these payloads with bytes changed and cut, and
/// noise.
pub(crate) fn survives(intake: &dyn Intake, account: &Account, payloads: &[Posted], signature: &'static str) {
    let mut runner = TestRunner::new(Config {
        cases: 512,
        failure_persistence: None,
        ..Config::default()
    });
    let now = Timestamp::from_second(1_763_600_000).unwrap();
    let changes = (
        any::<Index>(),
        vec((any::<Index>(), any::<u8>()), 0..6),
        any::<Index>(),
        vec(any::<u8>(), 0..200),
        any::<bool>(),
    );
    runner
        .run(&changes, |(which, edits, end, noise, whole)| {
            let mut posted = which.get(payloads).clone();
            if !posted.body.is_empty() {
                for (at, byte) in edits {
                    let at = at.index(posted.body.len());
                    posted.body[at] = byte;
                }
                if !whole {
                    posted.body.truncate(end.index(posted.body.len()));
                }
            }
            if let Ok(value) = HeaderValue::from_bytes(&noise) {
                posted.headers.insert(signature, value);
            }
            let _ = intake.verify(&posted.request(), account, now);
            let _ = intake.parse(&posted.request(), account);
            posted.body = noise;
            let _ = intake.verify(&posted.request(), account, now);
            let _ = intake.parse(&posted.request(), account);
            Ok(())
        })
        .unwrap();
}
