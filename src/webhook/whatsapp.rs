//! WhatsApp, inbound, through Meta's Cloud API. Facts: Meta's WhatsApp platform, "Webhooks" and "Business-scoped user
//! ids"; `facebook/openapi`, business messaging API v23.0.
//!
//! People are known by a business-scoped user id, by their number, or by both. Who has a username may have no number.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::intake::{Answer, Forged, Happening, Intake, Malformed, Parsed, Receipt, Request, Sample};
use super::loose::{self, Id, Parts, given, needed};
use super::{json, meta};
use crate::accounts::{Account, Field, PAUSE_MINUTES};
use crate::outbound::meta::{Class, Problem};
use crate::store::{DeliveryStatus, ReceiptOf};
use crate::types::Channel;

mod message;

/// Business numbers that people write to.
#[derive(Debug, Clone, Copy, Default)]
pub struct WhatsApp;

const FIELDS: [Field; 10] = [
    Field::setting(
        "phone_number_id",
        "The id of the business's number: WhatsApp, API setup. It is not the number itself.",
    ),
    Field::setting(
        "template_name",
        "The name of an approved template without variables, sent when the customer has been silent for 24 hours.",
    )
    .optional(),
    Field::setting("template_language", "The template's language, en_US if not set.").optional(),
    Field::setting(
        PAUSE_MINUTES,
        "For how long the bot is silent after staff wrote in the phone's app, 60 if not set; 0 is not at all.",
    )
    .optional(),
    Field::setting("list_button", "What stands on the button that opens a list of options.").optional(),
    meta::APP_SECRET,
    meta::VERIFY_TOKEN,
    meta::ACCESS_TOKEN,
    meta::API_BASE,
    meta::API_VERSION,
];

/// Where a reply goes. One of the two at least.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The customer's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The customer's business-scoped user id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
}

impl Intake for WhatsApp {
    fn channel(&self) -> Channel {
        Channel::Whatsapp
    }

    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }

    fn body_max(&self) -> usize {
        meta::BODY_MAX
    }

    fn handshake(&self, account: &Account, query: &[(String, String)]) -> Option<Answer> {
        meta::handshake(account, query)
    }

    fn verify(&self, request: &Request<'_>, account: &Account, _now: Timestamp) -> Result<(), Forged> {
        meta::verify(request, account)
    }

    fn parse(&self, request: &Request<'_>, account: &Account) -> Result<Parsed, Malformed> {
        let own = account.setting("phone_number_id");
        meta::entries(request.body, "whatsapp_business_account", |entry, out| {
            loose::each("changes", entry.changes, out, |change, out| {
                changed(change, own, out)
            });
            Ok(())
        })
    }

    fn sample(&self, account: &Account, text: &str, message_id: &str, now: Timestamp) -> Option<Sample> {
        // A number that nobody has: 555-01xx is kept for examples.
        let customer = "12025550100";
        let value = json!({
            "messaging_product": "whatsapp",
            "metadata": {"phone_number_id": account.setting("phone_number_id")?},
            "contacts": [{"profile": {"name": "frontdesk"}, "wa_id": customer}],
            "messages": [{
                "from": customer,
                "id": message_id,
                "timestamp": now.as_second().to_string(),
                "type": "text",
                "text": {"body": text},
            }],
        });
        let entry = json!({"id": "0", "changes": [{"field": "messages", "value": value}]});
        meta::signed(
            account,
            &json!({"object": "whatsapp_business_account", "entry": [entry]}),
        )
    }
}

#[derive(Deserialize)]
struct Value {
    metadata: Option<Metadata>,
    contacts: Parts,
    messages: Parts,
    statuses: Parts,
    message_echoes: Parts,
    errors: Parts,
}

#[derive(Deserialize)]
struct Echo {
    to: Option<Id>,
    to_user_id: Option<Id>,
    timestamp: Option<Id>,
}

#[derive(Deserialize)]
struct Metadata {
    phone_number_id: Option<Id>,
}

#[derive(Deserialize)]
struct Contact {
    wa_id: Option<Id>,
    user_id: Option<Id>,
}

#[derive(Deserialize)]
struct Status {
    id: Option<Id>,
    status: Option<String>,
    timestamp: Option<Id>,
    recipient_type: Option<String>,
    biz_opaque_callback_data: Option<String>,
    errors: Parts,
}

fn changed(change: meta::Change, own: Option<&str>, out: &mut Vec<Happening>) -> Result<(), Malformed> {
    let ignored = match change.field.as_deref() {
        Some("messages" | "smb_message_echoes") => None,
        Some("standby") => Some("standby"),
        // Templates, quality, old chats: matters of the account.
        _ => Some("system"),
    };
    if let Some(kind) = ignored {
        out.push(Happening::Ignored(kind));
        return Ok(());
    }
    let value: Box<RawValue> = needed("value", change.value)?;
    let value: Value = json::whole(value.get().as_bytes())?;
    let number = value.metadata.and_then(|metadata| metadata.phone_number_id);
    if given(&number).is_some_and(|number| Some(number) != own) {
        out.push(Happening::Ignored("other"));
        return Ok(());
    }
    let before = out.len();
    // Staff wrote in the phone's app.
    loose::each("message_echoes", value.message_echoes, out, |echo: Echo, out| {
        let aliases: Vec<String> = [given(&echo.to_user_id), given(&echo.to)]
            .into_iter()
            .flatten()
            .map(str::to_owned)
            .collect();
        out.push(if aliases.is_empty() {
            Happening::Ignored("echo")
        } else {
            let at = loose::time(&echo.timestamp);
            Happening::Staff { aliases, at }
        });
        Ok(())
    });
    // A contact that cannot be read leaves the senders' own words of who they are.
    let contacts: Vec<Contact> = readable(value.contacts);
    loose::each("messages", value.messages, out, |message, out| {
        message::says(message, &contacts, out)
    });
    loose::each("statuses", value.statuses, out, became);
    stopped(&readable::<Problem>(value.errors), out);
    if out.len() == before {
        out.push(Happening::Ignored("system"));
    }
    Ok(())
}

/// Those of the parts that can be read.
fn readable<T: serde::de::DeserializeOwned>(parts: Parts) -> Vec<T> {
    let parts = parts.unwrap_or_default();
    let read = |part: Box<RawValue>| json::whole(part.get().as_bytes()).ok();
    parts.into_iter().filter_map(read).collect()
}

/// What became of a message that we sent.
fn became(status: Status, out: &mut Vec<Happening>) -> Result<(), Malformed> {
    let known = match status.status.as_deref() {
        Some("sent") => Some(DeliveryStatus::Sent),
        Some("delivered") => Some(DeliveryStatus::Delivered),
        Some("read" | "played") => Some(DeliveryStatus::Read),
        Some("failed") => Some(DeliveryStatus::Failed),
        _ => None,
    };
    // Groups are not served, so that this one is another app's.
    let group = status.recipient_type.as_deref() == Some("group");
    let Some(known) = known.filter(|_| !group) else {
        out.push(Happening::Ignored("other"));
        return Ok(());
    };
    let provider_id = given(&status.id).map(str::to_owned);
    let ours = status.biz_opaque_callback_data.as_deref();
    let of = match ours.and_then(|tag| ReceiptOf::tagged(tag, provider_id.clone())) {
        Some(of) => of,
        None => ReceiptOf::Provider(needed("id", provider_id)?),
    };
    let failed = known == DeliveryStatus::Failed;
    let errors: Vec<Problem> = readable(status.errors);
    let problem = errors.first().map(ToString::to_string);
    out.push(Happening::Receipt(Receipt {
        of,
        status: known,
        problem: problem.filter(|_| failed),
        at: loose::time(&status.timestamp),
    }));
    stopped(&errors, out);
    Ok(())
}

/// Errors after which nothing is to be sent any more arrive here, too.
fn stopped(errors: &[Problem], out: &mut Vec<Happening>) {
    if let Some(problem) = errors.iter().find(|error| error.class() == Class::Stop) {
        out.push(Happening::Stopped {
            problem: problem.to_string(),
        });
    }
}

#[cfg(test)]
mod tests;
