//! Two participants of a business who are one person: said by an operator, or proven by a token.
//!
//! A token says whom it was given for. Whoever brings it back becomes that participant: the business shows it to a
//! customer whom it knows, and takes it from the same customer where it does not know them yet.

use axum::extract::State;
use axum::response::Json;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::App;
use super::body::Body;
use super::params::{OfBusiness, OfParticipant, UrlPath};
use super::participants::known;
use super::problem::{Kind, Problem};
use crate::store::{Joined, LinkProof};
use crate::types::{Pair, ParticipantId};

/// Who else the participant is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Other {
    /// The participant who becomes the one of the path.
    #[schema(value_type = String, min_length = 1, max_length = 128, pattern = r"^[^\u0000-\u001f\u007f-\u009f\ufffd]+$")]
    other: ParticipantId,
}

/// A token that somebody brought back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkTokenGiven {
    /// The token.
    token: String,
    /// Who brought it: the participant who becomes the one whom it was given for.
    #[schema(value_type = String, min_length = 1, max_length = 128, pattern = r"^[^\u0000-\u001f\u007f-\u009f\ufffd]+$")]
    participant_id: ParticipantId,
}

/// Two participants are one.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Linked {
    /// How many messages were moved; 0 when they were one before.
    joined: u64,
}

/// A token that proves who somebody is.
#[derive(Serialize, ToSchema)]
pub(super) struct LinkToken {
    /// The token.
    token: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Say that two participants are one
///
/// The other becomes this one: identities, messages, appointments and places on the waitlist are theirs from now on, and
/// what was said stands in one transcript. It cannot be undone.
#[utoipa::path(
    post, path = "/v1/businesses/{business_id}/participants/{participant_id}/link", tag = "conversations",
    operation_id = "linkParticipants",
    params(OfParticipant),
    request_body = Other,
    responses((status = 200, description = "They are one", body = Linked))
)]
pub(super) async fn link(
    State(app): State<App>,
    UrlPath(path): UrlPath<OfParticipant>,
    Body(Other { other }): Body<Other>,
) -> Result<Json<Linked>, Problem> {
    let (pair, _) = known(&app, path).await?;
    let joined = app
        .accounts
        .store()
        .join(&pair.business, &other, &pair.participant, app.clock.now())
        .await?;
    tell(&app, joined, &pair)
}

/// Get a token that links a participant
///
/// It is good for 15 minutes. Show it to the customer, who brings it back under another name.
#[utoipa::path(
    post, path = "/v1/businesses/{business_id}/participants/{participant_id}/link-token", tag = "conversations",
    operation_id = "createLinkToken",
    params(OfParticipant),
    responses((status = 200, description = "The token", body = LinkToken))
)]
pub(super) async fn token(
    State(app): State<App>,
    UrlPath(path): UrlPath<OfParticipant>,
) -> Result<Json<LinkToken>, Problem> {
    let (pair, _) = known(&app, path).await?;
    let (token, expires_at) = app
        .keys
        .link_token(&pair, app.clock.now())
        .ok_or_else(nothing_to_sign_with)?;
    Ok(Json(LinkToken { token, expires_at }))
}

/// Bring a token back
///
/// The participant becomes the one whom the token was given for, as with `linkParticipants`. A token is good for one
/// participant: from anybody else after that it is a conflict (409), and from the same one once more it changes nothing.
#[utoipa::path(
    post, path = "/v1/businesses/{business_id}/link", tag = "conversations", operation_id = "redeemLinkToken",
    params(OfBusiness),
    request_body = LinkTokenGiven,
    responses((status = 200, description = "They are one", body = Linked))
)]
pub(super) async fn redeem(
    State(app): State<App>,
    UrlPath(OfBusiness { business_id }): UrlPath<OfBusiness>,
    Body(given): Body<LinkTokenGiven>,
) -> Result<Json<Linked>, Problem> {
    app.business(&business_id).await?;
    if !app.keys.are_configured() {
        return Err(nothing_to_sign_with());
    }
    let (participant, ends_at) = app
        .keys
        .linked_by(&given.token, &business_id, app.clock.now())
        .ok_or_else(|| {
            let message = "is none of this business, or has run out; ask for another";
            Problem::fault(Kind::Invalid, "token", message)
        })?;
    let pair = Pair {
        business: business_id,
        participant,
    };
    let proof = LinkProof {
        digest: hex::encode(Sha256::digest(given.token.trim())),
        ends_at,
    };
    let joined = app
        .accounts
        .store()
        .join_by(
            &pair.business,
            &given.participant_id,
            &pair.participant,
            proof,
            app.clock.now(),
        )
        .await?;
    tell(&app, joined, &pair)
}

fn tell(app: &App, joined: Joined, into: &Pair) -> Result<Json<Linked>, Problem> {
    match joined {
        Joined::Done(joined) => {
            // Appointments have another participant.
            app.conversations.calendar_changed(&into.business);
            Ok(Json(Linked { joined }))
        }
        Joined::Already => Ok(Json(Linked { joined: 0 })),
        Joined::Spent => Err(Problem::new(
            Kind::Conflict,
            "somebody else has brought this token back already; ask for another",
        )),
        Joined::Unknown => Err(Problem::not_found(
            "one of the two participants was never heard of by this business",
        )),
    }
}

fn nothing_to_sign_with() -> Problem {
    Problem::new(
        Kind::Conflict,
        "there is no API key to sign tokens with: set FRONTDESK_API_KEYS, or link participants by their names",
    )
}
