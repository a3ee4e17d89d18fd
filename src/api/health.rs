//! Whether the process lives, and whether it can do its work.

use std::time::Duration;

use async_trait::async_trait;
use axum::extract::State;
use axum::response::Json;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::problem::{Kind, Problem};

/// How long a dependency may take to answer.
const LIMIT: Duration = Duration::from_secs(2);

/// Tells how something that the process depends on is doing.
#[async_trait]
pub trait Probe: Send + Sync + 'static {
    /// The state now. Must not wait long: 2 seconds count as down.
    async fn state(&self) -> DependencyState;
}

/// How a dependency is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DependencyState {
    /// It answers.
    Up,
    /// It answers badly, and is left alone for the moment; the work goes on without it.
    Degraded,
    /// It does not answer.
    Down,
    /// It is not part of this setup.
    NotConfigured,
}

/// A dependency that this setup does not have.
#[derive(Debug, Clone, Copy, Default)]
pub struct NotConfigured;

#[async_trait]
impl Probe for NotConfigured {
    async fn state(&self) -> DependencyState {
        DependencyState::NotConfigured
    }
}

/// The process lives.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Alive {
    /// Always `alive`.
    #[schema(value_type = String)]
    status: &'static str,
    /// The program's version.
    #[schema(value_type = String)]
    version: &'static str,
}

/// The process can do its work.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ready {
    /// Whether everything that is part of this setup answers.
    status: Readiness,
    #[serde(flatten)]
    dependencies: Dependencies,
}

/// How well the process can do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Readiness {
    /// With everything that it was given.
    Ready,
    /// Without something that it can do without: slower or plainer, and just as right.
    Degraded,
}

/// What the process depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Dependencies {
    /// Without it nothing works.
    database: Dependency,
    /// The shared cache; without it contexts are read from the database.
    cache: Dependency,
    /// The language model; without it the built-in rules understand messages.
    llm: Dependency,
}

/// Something that the process depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Dependency {
    state: DependencyState,
}

/// Is the process alive?
#[utoipa::path(
    get, path = "/health", tag = "operations", operation_id = "health",
    responses((status = 200, description = "It is", body = Alive))
)]
pub(super) async fn health() -> Json<Alive> {
    Json(Alive {
        status: "alive",
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// Can the process do its work?
///
/// 503 when the database does not answer. While a cache or a model is away the answer is 200 with `degraded`: take no
/// traffic away, and tell somebody.
#[utoipa::path(
    get, path = "/ready", tag = "operations", operation_id = "ready",
    responses((status = 200, description = "It can", body = Ready))
)]
pub(super) async fn ready(State(app): State<App>) -> Result<Json<Ready>, Problem> {
    let (database, cache, llm) = tokio::join!(
        tokio::time::timeout(LIMIT, app.store.ping()),
        tokio::time::timeout(LIMIT, app.cache.state()),
        tokio::time::timeout(LIMIT, app.llm.state()),
    );
    let database = match database {
        Ok(Ok(())) => DependencyState::Up,
        Ok(Err(_)) | Err(_) => DependencyState::Down,
    };
    let dependency = |state| Dependency { state };
    let dependencies = Dependencies {
        database: dependency(database),
        cache: dependency(cache.unwrap_or(DependencyState::Down)),
        llm: dependency(llm.unwrap_or(DependencyState::Down)),
    };
    if database == DependencyState::Down {
        return Err(Problem::new(Kind::Unavailable, "the database does not answer")
            .with_dependencies(dependencies)
            .retry_after(LIMIT));
    }
    let is_well = |dependency: Dependency| {
        matches!(
            dependency.state,
            DependencyState::Up | DependencyState::NotConfigured
        )
    };
    let status = if is_well(dependencies.cache) && is_well(dependencies.llm) {
        Readiness::Ready
    } else {
        Readiness::Degraded
    };
    Ok(Json(Ready { status, dependencies }))
}
