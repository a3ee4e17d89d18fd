//! Accounts at channels: what a business has at its providers, given and changed without stopping anything.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::App;
use super::body::Body;
use super::params::{OfBusiness, UrlPath};
use super::problem::{Kind, Problem};
use crate::accounts::{Account, Field, NotRegistered, Registration, SealProblem, Secrets};
use crate::store::AccountRow;
use crate::types::{AccountId, BusinessId, Channel};

/// The path of an account.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OfAccount {
    /// The business.
    #[param(value_type = String, min_length = 1, max_length = 64, pattern = "^[a-z0-9_-]+$")]
    business_id: BusinessId,
    /// The channel.
    channel: Channel,
    /// The account's name, chosen by you: the last part of its webhook's address.
    #[param(value_type = String, min_length = 1, max_length = 64, pattern = "^[a-z0-9_-]+$")]
    account: AccountId,
}

/// What an account is made of. Of one that is there already, what is not given stays as it was.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountGiven {
    /// Settings by name; an empty value takes the setting back. `frontdesk channel fields CHANNEL` lists them.
    #[serde(default)]
    settings: BTreeMap<String, String>,
    /// New values of secrets by name. What one replaces stays good until the next comes. Nobody is ever shown them.
    #[serde(default)]
    #[schema(write_only)]
    secrets: BTreeMap<String, String>,
}

/// The accounts of a business.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AccountList {
    /// By channel and name.
    channels: Vec<AccountView>,
}

/// An account at a channel.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AccountView {
    /// The channel.
    channel: Channel,
    /// Its name.
    #[schema(value_type = String)]
    account: AccountId,
    /// What the provider is to be told as the address of the webhook.
    webhook_url: String,
    /// Settings by name.
    settings: BTreeMap<String, String>,
    /// The names of the secrets that are set.
    secrets: Vec<String>,
    /// Why it sends nothing; `null` when it does.
    stopped: Option<String>,
    /// Why its secrets cannot be read, so that nothing that comes to it is believed; `null` when they can.
    sealed: Option<String>,
}

impl AccountView {
    fn of_row(app: &App, row: &AccountRow) -> Self {
        let opened = app
            .accounts
            .sealer()
            .open(row.channel, &row.account, &row.secrets);
        Self {
            sealed: opened.err().map(|problem| problem.to_string()),
            ..Self::of(app, app.accounts.open(row))
        }
    }

    fn of(app: &App, mut account: Account) -> Self {
        // Made by us, and told under a name of its own.
        account.settings.remove("webhook_url");
        Self {
            webhook_url: app.accounts.webhook_url(account.channel, &account.id),
            secrets: account.secrets.names().map(str::to_owned).collect(),
            channel: account.channel,
            account: account.id,
            settings: account.settings,
            stopped: account.problem,
            sealed: None,
        }
    }
}

/// List accounts at channels
#[utoipa::path(
    get, path = "/v1/businesses/{business_id}/channels", tag = "channels", operation_id = "listChannels",
    params(OfBusiness),
    responses((status = 200, description = "Every account of the business; secrets by name only", body = AccountList))
)]
pub(super) async fn list(
    State(app): State<App>,
    UrlPath(OfBusiness { business_id }): UrlPath<OfBusiness>,
) -> Result<Json<AccountList>, Problem> {
    app.business(&business_id).await?;
    let rows = app.accounts.store().accounts().await?;
    let channels = rows
        .iter()
        .filter(|row| row.business == business_id)
        .map(|row| AccountView::of_row(&app, row))
        .collect();
    Ok(Json(AccountList { channels }))
}

/// Add or change an account
///
/// Its webhook is good at once. One that was stopped sends again.
#[utoipa::path(
    put, path = "/v1/businesses/{business_id}/channels/{channel}/{account}", tag = "channels",
    operation_id = "storeChannel",
    params(OfAccount),
    request_body = AccountGiven,
    responses(
        (status = 200, description = "It is changed", body = AccountView),
        (status = 201, description = "It is new", body = AccountView),
    )
)]
pub(super) async fn store(
    State(app): State<App>,
    UrlPath(path): UrlPath<OfAccount>,
    Body(given): Body<AccountGiven>,
) -> Result<Response, Problem> {
    let fields = fields(&app, path.channel)?;
    app.business(&path.business_id).await?;
    let mut secrets = Secrets::default();
    for (name, value) in &given.secrets {
        secrets.add(name, value.trim());
    }
    let registration = Registration {
        channel: path.channel,
        account: path.account,
        business: path.business_id,
        settings: given.settings,
        secrets,
    };
    let registered = app
        .accounts
        .register(fields, registration, app.clock.now())
        .await?;
    heed(&app).await;
    let status = if registered.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(AccountView::of(&app, registered.account))).into_response())
}

/// Forget an account
///
/// Its secrets are gone for good; what was said stays.
#[utoipa::path(
    delete, path = "/v1/businesses/{business_id}/channels/{channel}/{account}", tag = "channels",
    operation_id = "removeChannel",
    params(OfAccount),
    responses((status = 204, description = "It is forgotten"))
)]
pub(super) async fn remove(
    State(app): State<App>,
    UrlPath(path): UrlPath<OfAccount>,
) -> Result<StatusCode, Problem> {
    let row = found(&app, path).await?;
    app.accounts
        .store()
        .remove_account(row.channel, &row.account)
        .await?;
    app.accounts.forget(row.channel, &row.account);
    heed(&app).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Have a stopped account send again
///
/// What waited for it is sent.
#[utoipa::path(
    post, path = "/v1/businesses/{business_id}/channels/{channel}/{account}/resume", tag = "channels",
    operation_id = "resumeChannel",
    params(OfAccount),
    responses((status = 204, description = "It sends again, or did all the time"))
)]
pub(super) async fn resume(
    State(app): State<App>,
    UrlPath(path): UrlPath<OfAccount>,
) -> Result<StatusCode, Problem> {
    let row = found(&app, path).await?;
    let now = app.clock.now();
    app.accounts
        .store()
        .stop_account(row.channel, &row.account, None, now)
        .await?;
    app.accounts.forget(row.channel, &row.account);
    app.conversations.replies_are_due();
    Ok(StatusCode::NO_CONTENT)
}

/// What the channel's accounts are made of.
fn fields(app: &App, channel: Channel) -> Result<&'static [Field], Problem> {
    (app.fields)(channel).ok_or_else(|| {
        let names: Vec<&str> = Channel::HOOKED.iter().map(|channel| channel.as_str()).collect();
        Problem::not_found(format!(
            "the channel {channel} has no accounts; those that do: {}",
            names.join(", ")
        ))
    })
}

/// The account, if it is one of the business.
async fn found(app: &App, path: OfAccount) -> Result<AccountRow, Problem> {
    app.business(&path.business_id).await?;
    let row = app.accounts.store().account(path.channel, &path.account).await?;
    row.filter(|row| row.business == path.business_id)
        .ok_or_else(|| Problem::not_found("the business has no account of that name at the channel"))
}

/// Has a new listener hear from the next turn on. Should it fail, the round that comes every few seconds does it.
async fn heed(app: &App) {
    if let Err(error) = app.listeners.refresh(app.accounts.store()).await {
        tracing::warn!(%error, "cannot read who wants to hear what happens; trying again soon");
    }
}

impl From<NotRegistered> for Problem {
    fn from(error: NotRegistered) -> Self {
        let detail = error.to_string();
        match error {
            NotRegistered::Unfit(unfit) => {
                let kind = if unfit.secret { "secrets" } else { "settings" };
                Self::fault(Kind::Invalid, format!("{kind}.{}", unfit.name), unfit.problem)
            }
            NotRegistered::Unsealed(SealProblem::Broken) => {
                tracing::error!("the secrets of an account could not be sealed or opened");
                Self::internal()
            }
            NotRegistered::Unsealed(_) | NotRegistered::Taken(_) => Self::new(Kind::Conflict, detail),
            NotRegistered::UnknownBusiness(_) => Self::not_found(detail),
            NotRegistered::Store(error) => error.into(),
        }
    }
}
