//! What has to be delivered to customers and to the business's own systems, what became of it, and sending it again.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::App;
use super::params::{OfBusiness, QueryString, UrlPath, page_after, page_limit};
use super::problem::Problem;
use crate::store::{Attempt, Content, OutboxEntry, OutboxQuery, OutboxState, OutboxVerdict};
use crate::types::{AccountId, BusinessId, Channel, ParticipantId};

/// The path of a delivery.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OfDelivery {
    /// The business.
    #[param(value_type = String, min_length = 1, max_length = 64, pattern = "^[a-z0-9_-]+$")]
    business_id: BusinessId,
    /// The delivery.
    delivery_id: Uuid,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct DeliveryParams {
    /// Those in this state; what was sent is shown only when it is asked for.
    #[param(inline, required = false, value_type = OutboxState)]
    state: Option<OutboxState>,
    /// Where the page before ended (its `next`).
    #[param(value_type = String, required = false, pattern = "^[0-9]{1,17}~[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
    after: Option<String>,
    /// How many at most.
    #[param(value_type = u32, required = false, minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Whether to show what is said.
    #[param(value_type = bool, required = false, default = false)]
    text: Option<bool>,
}

/// A page of deliveries.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeliveryPage {
    /// The oldest first.
    deliveries: Vec<Delivery>,
    /// Give this as `after` to get the next page; `null` at the end.
    next: Option<String>,
}

/// A reply to a customer, or a notice to one of the business's own systems.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Delivery {
    /// Its id. The channel gets it under this one, however often it is sent.
    id: Uuid,
    /// Whose conversation it comes from.
    #[schema(value_type = String)]
    participant_id: ParticipantId,
    /// Where it goes.
    channel: Channel,
    /// The account that sends it; `null` where the channel has none.
    #[schema(value_type = Option<String>)]
    account: Option<AccountId>,
    /// `reply`, or the kind of a notice, for example `appointment.confirmed`.
    kind: String,
    /// When it was committed.
    #[schema(value_type = String, format = DateTime)]
    committed_at: Timestamp,
    /// Where it stands.
    state: OutboxState,
    /// When it is due, or until when somebody is at it.
    #[schema(value_type = String, format = DateTime)]
    due_at: Timestamp,
    /// Whether it may have arrived without anybody knowing.
    unknown: bool,
    /// What went wrong last.
    problem: Option<String>,
    /// Every try, in order.
    tries: Vec<Try>,
    /// What is said, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// One try to deliver something.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Try {
    /// Which, from 1.
    number: u32,
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// `sent`, `retry`, `unknown` or `dead`.
    result: String,
    /// What went wrong.
    problem: Option<String>,
}

impl Delivery {
    fn of(entry: OutboxEntry, tries: Vec<Attempt>, text: bool) -> Self {
        let row = entry.row;
        let (kind, said) = match row.content {
            Content::Reply(reply) => ("reply".to_owned(), reply.text),
            Content::Notice(notice) => (notice.kind, notice.data.to_string()),
        };
        Self {
            id: row.id,
            participant_id: row.pair.participant,
            channel: row.channel,
            account: row.reach.map(|reach| reach.account),
            kind,
            committed_at: row.at,
            state: entry.state,
            due_at: entry.due_at,
            unknown: row.unknown,
            problem: entry.problem,
            tries: tries.into_iter().map(Try::from).collect(),
            text: text.then_some(said),
        }
    }
}

impl From<Attempt> for Try {
    fn from(attempt: Attempt) -> Self {
        Self {
            number: attempt.number,
            at: attempt.at,
            result: attempt.result,
            problem: attempt.problem,
        }
    }
}

/// List deliveries
///
/// Replies through channels with accounts or the web chat, and notices to the business's own systems, each with every
/// try.
#[utoipa::path(
    get, path = "/v1/businesses/{business_id}/deliveries", tag = "channels", operation_id = "listDeliveries",
    params(
        OfBusiness,
        DeliveryParams
    ),
    responses((status = 200, description = "A page of deliveries, the oldest first", body = DeliveryPage))
)]
pub(super) async fn list(
    State(app): State<App>,
    UrlPath(OfBusiness { business_id }): UrlPath<OfBusiness>,
    QueryString(params): QueryString<DeliveryParams>,
) -> Result<Json<DeliveryPage>, Problem> {
    let limit = page_limit(params.limit)?;
    let after = params.after.as_deref().map(page_after).transpose()?;
    app.business(&business_id).await?;
    let channels = app.accounts.store();
    let query = OutboxQuery {
        id: None,
        business: Some(business_id),
        state: params.state,
        after,
        // One more than shown says whether another page follows.
        limit: limit + 1,
    };
    let mut found = channels.outbox_list(&query).await?;
    let shown = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > shown;
    found.truncate(shown);
    let next = found
        .last()
        .filter(|_| more)
        .map(|OutboxEntry { row, .. }| format!("{}~{}", row.at.as_microsecond(), row.id));
    let mut deliveries = Vec::with_capacity(found.len());
    for entry in found {
        let tries = channels.attempts(entry.row.id).await?;
        deliveries.push(Delivery::of(entry, tries, params.text.unwrap_or(false)));
    }
    Ok(Json(DeliveryPage { deliveries, next }))
}

/// Send something again
///
/// What waits or was given up is due at once, as if it had never been tried. It is sent under the same id; a customer
/// who has it already may get it twice, where the channel cannot tell.
#[utoipa::path(
    post, path = "/v1/businesses/{business_id}/deliveries/{delivery_id}/resend", tag = "channels",
    operation_id = "resendDelivery",
    params(OfDelivery),
    responses((status = 204, description = "It will be sent"))
)]
pub(super) async fn resend(
    State(app): State<App>,
    UrlPath(path): UrlPath<OfDelivery>,
) -> Result<StatusCode, Problem> {
    app.business(&path.business_id).await?;
    let channels = app.accounts.store();
    let query = OutboxQuery {
        id: Some(path.delivery_id),
        business: Some(path.business_id),
        limit: 1,
        ..OutboxQuery::default()
    };
    let is_theirs = !channels.outbox_list(&query).await?.is_empty();
    let (ids, now) = ([path.delivery_id], app.clock.now());
    if !is_theirs || channels.outbox_decide(&ids, OutboxVerdict::Retry, now).await? == 0 {
        return Err(Problem::not_found(
            "the business has no delivery of that id that waits or was given up",
        ));
    }
    app.conversations.replies_are_due();
    Ok(StatusCode::NO_CONTENT)
}
