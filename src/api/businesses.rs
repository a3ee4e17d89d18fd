//! Businesses and their catalogues.

use axum::extract::State;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Json, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::App;
use super::body::JsonText;
use super::params::{OfBusiness, UrlPath};
use super::problem::{Fault, Kind, Problem};
use crate::booking::{Catalogue, Document};
use crate::types::BusinessId;

/// Businesses.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BusinessList {
    /// Each business's id, in order.
    #[schema(value_type = Vec<String>)]
    businesses: Vec<BusinessId>,
}

/// A catalogue was stored.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CatalogueStored {
    /// The business.
    #[schema(value_type = String)]
    business_id: BusinessId,
    /// The version of its catalogue; the same document again makes no new one.
    version: u64,
}

/// List businesses
#[utoipa::path(
    get, path = "/v1/businesses", tag = "businesses", operation_id = "listBusinesses",
    responses((status = 200, description = "Every business", body = BusinessList))
)]
pub(super) async fn list(State(app): State<App>) -> Result<Json<BusinessList>, Problem> {
    let businesses = app.store.businesses().await?;
    Ok(Json(BusinessList { businesses }))
}

/// Read a catalogue
#[utoipa::path(
    get, path = "/v1/businesses/{business_id}", tag = "businesses", operation_id = "readCatalogue",
    params(OfBusiness),
    responses((
        status = 200, description = "The catalogue document, with its version as ETag",
        body = Document, headers(("ETag" = String, description = "The version of the catalogue"))
    ))
)]
pub(super) async fn read(
    State(app): State<App>,
    UrlPath(OfBusiness { business_id: id }): UrlPath<OfBusiness>,
) -> Result<Response, Problem> {
    let Some((version, document)) = app.store.business(&id).await? else {
        return Err(Problem::not_found("there is no business of that id"));
    };
    let document = RawValue::from_string(document).map_err(|error| {
        tracing::error!(business = %id, %error, "a stored catalogue is not JSON");
        Problem::internal()
    })?;
    Ok(([(ETAG, format!("\"{version}\""))], Json(document)).into_response())
}

/// Store a catalogue
///
/// The document is checked as a whole; every mistake is listed with its place. It holds from the next turn on.
#[utoipa::path(
    put, path = "/v1/businesses/{business_id}", tag = "businesses", operation_id = "storeCatalogue",
    params(OfBusiness),
    request_body(content = Document, description = "The catalogue document"),
    responses((status = 200, description = "It is stored", body = CatalogueStored))
)]
pub(super) async fn write(
    State(app): State<App>,
    UrlPath(OfBusiness { business_id: id }): UrlPath<OfBusiness>,
    JsonText(text): JsonText,
) -> Result<Json<CatalogueStored>, Problem> {
    let catalogue = catalogue_of(&text).map_err(|mistakes| {
        let detail = match mistakes.as_slice() {
            [one] if one.path.is_empty() => one.message.clone(),
            [one] => format!("{}: {}", one.path, one.message),
            many => format!("the catalogue has {} mistakes", many.len()),
        };
        Problem::new(Kind::Invalid, detail).with_errors(mistakes)
    })?;
    if catalogue.id != id {
        return Err(Problem::new(
            Kind::Conflict,
            "the id in the document is not the one in the path",
        ));
    }
    let business = app.businesses.put(catalogue, app.clock.now()).await?;
    // Another catalogue may make room for somebody who waits.
    app.conversations.calendar_changed(&id);
    Ok(Json(CatalogueStored {
        business_id: id,
        version: business.version,
    }))
}

/// Reads and checks a catalogue document.
fn catalogue_of(text: &str) -> Result<Catalogue, Vec<Fault>> {
    Catalogue::from_json(text).map_err(|mistakes| {
        mistakes
            .iter()
            .map(|mistake| Fault {
                path: mistake.path.clone(),
                message: mistake.problem.to_string(),
            })
            .collect()
    })
}
