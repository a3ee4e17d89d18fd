//! `/openapi.json` and `/docs`.
//!
//! Handlers document what they answer when all goes well. What can go wrong is the same everywhere (see
//! [`super::problem`]), so it is added here, to every operation, by what the operation takes.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::Html;
use axum::routing::get;
use utoipa::openapi::path::{Operation, Parameter};
use utoipa::openapi::schema::{Schema, SchemaType, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Response,
    ResponseBuilder, SecurityRequirement,
};
use utoipa::{PartialSchema, ToSchema};

use super::problem::{Fault, MEDIA_TYPE, ProblemDetails};
use super::{availability, events};

/// Operations that anybody may call, keys or not.
const OPEN: [&str; 4] = ["health", "ready", "openWebSession", "openapi"];

/// The document before any route is in it. `locked` says whether API keys are needed.
pub(super) fn base(locked: bool) -> OpenApi {
    let mut schemas: Vec<(String, RefOr<Schema>)> = vec![
        (ProblemDetails::name().into_owned(), ProblemDetails::schema()),
        (Fault::name().into_owned(), Fault::schema()),
        (
            availability::Start::name().into_owned(),
            availability::Start::schema(),
        ),
        (
            events::ReplyEvent::name().into_owned(),
            events::ReplyEvent::schema(),
        ),
    ];
    ProblemDetails::schemas(&mut schemas);
    let mut components = ComponentsBuilder::new().schemas_from_iter(schemas);
    if locked {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API key, or a web chat's token where one will do"))
            .build();
        let header = ApiKeyValue::with_description("X-Api-Key", "An API key");
        components = components
            .security_scheme("bearer", SecurityScheme::Http(bearer))
            .security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Header(header)));
    }
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("frontdesk")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(
                    "A booking bot: send it what a customer writes, get what to answer. \
                     Times are RFC 3339 with the business's offset; errors are problem details (RFC 9457).",
                ))
                .build(),
        )
        .components(Some(components.build()))
        .build()
}

/// The routes that serve the document and its readable form.
pub(super) fn router(document: OpenApi, locked: bool) -> Router {
    let document = finish(document, locked);
    // Our own document always serialises; a test reads it.
    let json = document.to_json().unwrap_or_default();
    Router::new()
        .route(
            "/openapi.json",
            get(move || {
                let json = json.clone();
                async move { ([(CONTENT_TYPE, "application/json")], json) }
            }),
        )
        .route(
            "/docs",
            get(|| async { super::web::page(Html(include_str!("web/docs.html"))) }),
        )
}

fn finish(mut document: OpenApi, locked: bool) -> OpenApi {
    for (path, item) in &mut document.paths.paths {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.patch,
            &mut item.delete,
        ];
        for operation in operations.into_iter().flatten() {
            complete(operation, path, locked);
        }
    }
    document
}

fn complete(operation: &mut Operation, path: &str, locked: bool) {
    let id = operation.operation_id.clone().unwrap_or_default();
    let needs_key = locked && !OPEN.contains(&id.as_str());
    if needs_key {
        operation.security = Some(vec![
            SecurityRequirement::new("bearer", Vec::<String>::new()),
            SecurityRequirement::new("api_key", Vec::<String>::new()),
        ]);
    }
    for parameter in operation.parameters.iter_mut().flatten() {
        never_null(parameter);
    }
    let takes_parameters = operation.parameters.is_some();
    let takes_body = operation.request_body.is_some();
    let talks = matches!(
        id.as_str(),
        "sendMessage" | "beginGoal" | "setModel" | "unsetModel"
    );
    let changes = matches!(
        id.as_str(),
        "sendMessage"
            | "storeCatalogue"
            | "bookAppointment"
            | "changeAppointment"
            | "cancelAppointment"
            | "searchAvailability"
            | "storeChannel"
            | "createLinkToken"
            | "redeemLinkToken"
    );
    let problems = [
        (
            "400",
            takes_parameters || takes_body,
            "The request cannot be read",
        ),
        ("401", needs_key, "An API key is needed"),
        ("403", needs_key, "A web chat's token does not allow it"),
        (
            "404",
            path.contains('{') || takes_body,
            "There is no such business, participant, appointment, service, member of staff, account or delivery",
        ),
        (
            "405",
            true,
            "The method does not fit; `Allow` lists those that do",
        ),
        ("408", takes_body, "The body came in too slowly"),
        (
            "409",
            changes,
            "The slot is taken, the start cannot be booked, the id or name belongs to something else, or the present \
             state does not allow it",
        ),
        ("413", takes_body, "The body is too large"),
        ("415", takes_body, "The body must be JSON"),
        (
            "422",
            takes_body,
            "The body says something impossible; `errors` lists where",
        ),
        (
            "429",
            talks || needs_key || id == "openWebSession",
            "Too many messages of this participant or business, or too many requests of an address that gives no API \
             key; see `Retry-After`",
        ),
        ("503", true, "Not now; see `Retry-After`"),
        ("504", true, "The answer took too long; see `Retry-After`"),
        ("default", true, "Any other error"),
    ];
    for (status, applies, description) in problems {
        if applies {
            operation
                .responses
                .responses
                .entry(status.to_owned())
                .or_insert_with(|| RefOr::T(problem(description)));
        }
    }
}

/// A parameter that may be left out is left out, and not sent as the word "null".
fn never_null(parameter: &mut RefOr<Parameter>) {
    if let RefOr::T(Parameter {
        schema: Some(RefOr::T(Schema::Object(object))),
        ..
    }) = parameter
        && let SchemaType::Array(types) = &object.schema_type
    {
        let mut types = types.iter().filter(|kind| **kind != Type::Null);
        if let (Some(only), None) = (types.next(), types.next()) {
            object.schema_type = SchemaType::Type(only.clone());
        }
    }
}

fn problem(description: &str) -> Response {
    let schema = Ref::from_schema_name(ProblemDetails::name());
    ResponseBuilder::new()
        .description(description)
        .content(MEDIA_TYPE, ContentBuilder::new().schema(Some(schema)).build())
        .build()
}
