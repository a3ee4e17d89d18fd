//! Twilio: SMS, and WhatsApp through Twilio.
//!
//! Everything comes as a form to one address. Messages have a `MessageSid`; what became of a message of ours comes with
//! a `MessageStatus`, and with our own id in the query of the address (`outbox`), because the side out put it there.
//! Twilio signs the address and the form, and no time: what protects against a replay is the `MessageSid` alone.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::intake::{
    Answer, Attachment, Forged, Happening, Intake, Malformed, Parsed, Receipt, Request, Sample, Saying,
    short_id,
};
use super::json::{self, kind_of};
use super::signature::{hmac_sha1, same};
use crate::accounts::{Account, Field};
use crate::store::{DeliveryStatus, ReceiptOf};
use crate::types::Channel;

/// The query's name for the id of an outbox row, in addresses that are told what became of it.
pub(crate) const OUTBOX: &str = "outbox";

/// The most files that are read from one message; Twilio sends at most 10.
const FILES_MAX: usize = 20;

/// Where a reply goes: back to the number that wrote, from the number that it wrote to. Both keep `whatsapp:`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Address {
    pub(crate) to: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<String>,
}

/// Twilio's side in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Twilio;

const FIELDS: [Field; 5] = [
    Field::setting(
        "account_sid",
        "the Account SID (AC…), on the Console's first page",
    ),
    Field::secret(
        "auth_token",
        "the Auth Token, beside the Account SID: it signs what comes in, and sends",
    ),
    Field::setting(
        "messaging_service_sid",
        "a Messaging Service (MG…) that sends; without one, the number that was written to does",
    )
    .optional(),
    Field::setting(
        "from",
        "the number that sends when nobody wrote to one, with `whatsapp:` before it for WhatsApp",
    )
    .optional(),
    Field::setting("api_base", "another address than https://api.twilio.com").optional(),
];

impl Intake for Twilio {
    fn channel(&self) -> Channel {
        Channel::Twilio
    }

    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }

    fn body_max(&self) -> usize {
        128 * 1024
    }

    fn verify(&self, request: &Request<'_>, account: &Account, _now: Timestamp) -> Result<(), Forged> {
        let given = request.header("x-twilio-signature").ok_or(Forged::Missing)?;
        if account.secrets.newest("auth_token").is_none() {
            return Err(Forged::NoSecret);
        }
        let url = request.url.split('#').next().unwrap_or_default();
        // A body that is no form is signed by its hash in the address.
        let form: BTreeSet<_> = if is_form(request) {
            form_urlencoded::parse(request.body).collect()
        } else {
            let hash = hex::encode(Sha256::digest(request.body));
            let told = query(url, "bodySHA256").ok_or(Forged::Missing)?;
            if !same(hash.as_bytes(), told.to_ascii_lowercase().as_bytes()) {
                return Err(Forged::Wrong);
            }
            BTreeSet::new()
        };
        let mut fits = false;
        for token in account.secrets.all("auth_token") {
            for url in with_and_without_port(url) {
                fits |= same(sign(token, &url, &form).as_bytes(), given.as_bytes());
            }
        }
        if fits { Ok(()) } else { Err(Forged::Wrong) }
    }

    fn parse(&self, request: &Request<'_>, _account: &Account) -> Result<Parsed, Malformed> {
        let happening = if is_form(request) {
            let form = Form::read(request.body);
            match form.get("MessageStatus") {
                Some(status) if !matches!(status, "received" | "receiving") => {
                    told(&form, status, query(request.url, OUTBOX).as_deref())
                }
                _ => said(&form),
            }
        } else {
            Happening::Ignored("other")
        };
        Ok(Parsed {
            happenings: vec![happening],
            // An empty answer in TwiML: the reply goes over the API, so that it is known what became of it.
            answer: Answer::body("text/xml", "<Response/>"),
        })
    }

    fn sample(&self, account: &Account, text: &str, message_id: &str, _now: Timestamp) -> Option<Sample> {
        let token = account.secrets.newest("auth_token")?;
        let url = account.setting("webhook_url")?;
        // A number that belongs to Twilio's own tests.
        let from = "+15005550006";
        let form = [
            ("AccountSid", account.setting("account_sid").unwrap_or("AC0")),
            ("ApiVersion", "2010-04-01"),
            ("Body", text),
            ("From", from),
            ("MessageSid", message_id),
            ("NumMedia", "0"),
            ("NumSegments", "1"),
            ("SmsStatus", "received"),
            ("To", account.setting("from").unwrap_or(from)),
        ];
        let pairs = form
            .iter()
            .map(|(name, value)| (Cow::Borrowed(*name), Cow::Borrowed(*value)))
            .collect();
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        headers.insert(
            "x-twilio-signature",
            HeaderValue::from_str(&sign(token, url, &pairs)).ok()?,
        );
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        Some(Sample {
            headers,
            body: body.into_bytes(),
        })
    }
}

/// What is not called something else is a form.
fn is_form(request: &Request<'_>) -> bool {
    request.header("content-type").is_none_or(|kind| {
        kind.to_ascii_lowercase()
            .starts_with("application/x-www-form-urlencoded")
    })
}

/// The signature of an address and a form: pairs of key and value in order, each once.
fn sign(token: &str, url: &str, form: &BTreeSet<(Cow<'_, str>, Cow<'_, str>)>) -> String {
    let mut pieces = vec![url.as_bytes()];
    for (key, value) in form {
        pieces.extend([key.as_bytes(), value.as_bytes()]);
    }
    STANDARD.encode(hmac_sha1(token.as_bytes(), &pieces))
}

/// The address as it is, and with its port written or left out: Twilio's servers do not agree about that.
fn with_and_without_port(url: &str) -> Vec<String> {
    let mut all = vec![url.to_owned()];
    let Some((scheme, rest)) = url.split_once("://") else {
        return all;
    };
    let ends = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(ends);
    let port = authority
        .rsplit_once(':')
        .filter(|(_, port)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
    all.push(match port {
        Some((host, _)) => format!("{scheme}://{host}{path}"),
        None if scheme == "http" => format!("http://{authority}:80{path}"),
        None => format!("{scheme}://{authority}:443{path}"),
    });
    all
}

/// A value of an address's query.
fn query(url: &str, name: &str) -> Option<String> {
    let url = url.split('#').next()?;
    let (_, query) = url.split_once('?')?;
    form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// A form's fields that are not empty; of a repeated one, the first.
struct Form(BTreeMap<String, String>);

impl Form {
    fn read(body: &[u8]) -> Self {
        let mut fields = BTreeMap::new();
        for (key, value) in form_urlencoded::parse(body).filter(|(_, value)| !value.is_empty()) {
            fields
                .entry(key.into_owned())
                .or_insert_with(|| value.into_owned());
        }
        Self(fields)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn sid(&self) -> Option<&str> {
        ["MessageSid", "SmsMessageSid", "SmsSid"]
            .iter()
            .find_map(|name| self.get(name))
    }
}

/// Somebody's message. Stop words are words of the customer like any other: Twilio itself has obeyed them by then.
fn said(form: &Form) -> Happening {
    let broken = |field: &str| Happening::Broken {
        problem: format!("a message without {field}"),
    };
    let Some(sid) = form.sid() else {
        return broken("MessageSid");
    };
    let Some(from) = form.get("From") else {
        return broken("From");
    };
    let text = ["Body", "ButtonText"].iter().find_map(|name| form.get(name));
    let attachments = attachments(form);
    if text.is_none() && attachments.is_empty() {
        return Happening::Ignored("other");
    }
    let mut aliases = vec![from.to_owned()];
    aliases.extend(form.get("WaId").map(ToOwned::to_owned));
    let address = Address {
        to: from.to_owned(),
        from: form.get("To").map(ToOwned::to_owned),
    };
    let address = match json::address(&address) {
        Ok(address) => address,
        Err(problem) => return Happening::Broken { problem },
    };
    Happening::Said(Box::new(Saying {
        message_id: short_id(sid),
        aliases,
        text: text.unwrap_or_default().to_owned(),
        attachments,
        sent_at: None,
        address,
    }))
}

fn attachments(form: &Form) -> Vec<Attachment> {
    let mut found = Vec::new();
    for n in 0..FILES_MAX {
        let Some(url) = form.get(&format!("MediaUrl{n}")) else {
            break;
        };
        let mime_type = form.get(&format!("MediaContentType{n}"));
        found.push(Attachment {
            kind: kind_of(mime_type),
            url: Some(url.to_owned()),
            mime_type: mime_type.map(ToOwned::to_owned),
            ..Attachment::default()
        });
    }
    let degrees = |name| form.get(name)?.parse::<f64>().ok().filter(|n| n.is_finite());
    if let (Some(latitude), Some(longitude)) = (degrees("Latitude"), degrees("Longitude")) {
        found.push(Attachment {
            kind: "location",
            name: form.get("Label").or(form.get("Address")).map(ToOwned::to_owned),
            place: Some((latitude, longitude)),
            ..Attachment::default()
        });
    }
    found
}

/// What became of a message that we sent.
fn told(form: &Form, status: &str, outbox: Option<&str>) -> Happening {
    let status = match status {
        // It is in Twilio's hands, whatever those do: that is what a row of unknown fate waits to hear.
        "accepted" | "scheduled" | "queued" | "sending" | "sent" => DeliveryStatus::Sent,
        "delivered" | "partially_delivered" => DeliveryStatus::Delivered,
        "read" => DeliveryStatus::Read,
        "undelivered" | "failed" | "canceled" => DeliveryStatus::Failed,
        _ => return Happening::Ignored("other"),
    };
    let sid = form.sid().map(ToOwned::to_owned);
    let of = match (outbox.and_then(|tag| ReceiptOf::tagged(tag, sid.clone())), sid) {
        (Some(of), _) => of,
        (None, Some(sid)) => ReceiptOf::Provider(sid),
        (None, None) => {
            return Happening::Broken {
                problem: "a status without MessageSid".to_owned(),
            };
        }
    };
    let problem = (status == DeliveryStatus::Failed).then(|| match form.get("ErrorCode") {
        Some(code) if code.len() <= 6 && code.bytes().all(|b| b.is_ascii_digit()) => {
            format!("Twilio's error {code}")
        }
        _ => "Twilio does not say why".to_owned(),
    });
    Happening::Receipt(Receipt {
        of,
        status,
        problem,
        at: None,
    })
}

#[cfg(test)]
mod tests;
