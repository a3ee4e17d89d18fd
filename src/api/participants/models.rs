//! `PUT` and `DELETE …/model`: which language model understands one conversation, in place of the usual one.

use axum::extract::State;
use axum::response::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::App;
use super::super::body::Body;
use super::super::params::{OfParticipant, UrlPath};
use super::super::problem::{Kind, Problem};
use super::known;
use crate::types::{Channel, MODEL_CHARS_MAX, is_model_name};

/// The model that a conversation is to be understood by.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct WantedModel {
    /// The model, as its endpoint calls it.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f\ufffd]+$"
    )]
    model: String,
}

/// The model that a conversation is understood by.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct ModelSet {
    /// The model; `null` for the one that the business or the installation uses.
    model: Option<String>,
    /// The conversation's version.
    version: u64,
}

/// Have a conversation understood by another model
///
/// It holds from the next message on, where a model is asked at all.
#[utoipa::path(
    put, path = "/v1/businesses/{business_id}/participants/{participant_id}/model", tag = "conversations", operation_id = "setModel",
    params(
        OfParticipant
    ),
    request_body = WantedModel,
    responses((status = 200, description = "It is set", body = ModelSet))
)]
pub(in crate::api) async fn set_model(
    State(app): State<App>,
    UrlPath(path): UrlPath<OfParticipant>,
    Body(wanted): Body<WantedModel>,
) -> Result<Json<ModelSet>, Problem> {
    if !is_model_name(&wanted.model) {
        let message = format!("must have 1 to {MODEL_CHARS_MAX} printable characters");
        return Err(Problem::fault(Kind::Invalid, "model", message));
    }
    set(&app, path, Some(wanted.model)).await
}

/// Have a conversation understood by the usual model again
#[utoipa::path(
    delete, path = "/v1/businesses/{business_id}/participants/{participant_id}/model", tag = "conversations", operation_id = "unsetModel",
    params(
        OfParticipant
    ),
    responses((status = 200, description = "It has none of its own", body = ModelSet))
)]
pub(in crate::api) async fn unset_model(
    State(app): State<App>,
    UrlPath(path): UrlPath<OfParticipant>,
) -> Result<Json<ModelSet>, Problem> {
    set(&app, path, None).await
}

async fn set(app: &App, path: OfParticipant, model: Option<String>) -> Result<Json<ModelSet>, Problem> {
    let (pair, _) = known(app, path).await?;
    let _share = app.admit(Channel::Api, &pair).await?;
    let wait = app.settings.message_wait;
    let version = app.conversations.set_model(&pair, model.clone(), wait).await?;
    let Some(version) = version else {
        return Err(Problem::not_found("this participant has not written yet"));
    };
    Ok(Json(ModelSet { model, version }))
}
