//! Whether the process lives, and whether it can do its work.

use std::time::Duration;

use async_trait::async_trait;
use axum::extract::State;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::{App, edge};

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
    /// Nobody has asked it yet.
    Unknown,
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

/// How the process as a whole is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    /// It has just begun, or waits for its database: 503.
    Starting,
    /// Everything that it uses answers: 200.
    Ready,
    /// Something that it can do without is away. Every message is answered all the same: 200.
    Degraded,
    /// The database does not answer, so no message can be taken: 503.
    Down,
}

impl Status {
    const fn of(dependencies: &Dependencies) -> Self {
        use DependencyState::{Degraded, Down, NotConfigured, Unknown, Up};
        match dependencies.database.state {
            Up | Degraded => {}
            Down | NotConfigured | Unknown => return Self::Down,
        }
        // A new state has to be sorted here before it can be shown.
        match (dependencies.cache.state, dependencies.llm.state) {
            (Up | NotConfigured | Unknown, Up | NotConfigured | Unknown) => Self::Ready,
            (Degraded | Down, _) | (_, Degraded | Down) => Self::Degraded,
        }
    }

    /// Whether messages are taken.
    const fn serves(self) -> bool {
        matches!(self, Self::Ready | Self::Degraded)
    }
}

/// Whether the process can do its work. The same form whatever the answer is, so that one look at `status` tells.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Readiness {
    status: Status,
    #[serde(flatten)]
    dependencies: Dependencies,
}

impl Readiness {
    fn of(dependencies: Dependencies) -> Self {
        Self {
            status: Status::of(&dependencies),
            dependencies,
        }
    }

    /// Of a process that has not opened its database yet.
    pub(super) const fn starting(database: DependencyState) -> Self {
        let unknown = Dependency {
            state: DependencyState::Unknown,
        };
        Self {
            status: Status::Starting,
            dependencies: Dependencies {
                database: Dependency { state: database },
                cache: unknown,
                llm: unknown,
            },
        }
    }
}

impl IntoResponse for Readiness {
    fn into_response(self) -> Response {
        if self.status.serves() {
            return Json(self).into_response();
        }
        let mut response = (StatusCode::SERVICE_UNAVAILABLE, Json(self)).into_response();
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(LIMIT.as_secs()));
        edge::keep_body(&mut response);
        response
    }
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
/// `starting` (it waits for its database) and `down` (the database does not answer) are 503; `ready` and `degraded`
/// (a shared cache or a model is away, which changes no answer) are 200.
#[utoipa::path(
    get, path = "/ready", tag = "operations", operation_id = "ready",
    responses(
        (status = 200, description = "It can: `ready` or `degraded`", body = Readiness),
        (status = 503, description = "It cannot yet, or not now: `starting` or `down`; see `Retry-After`", body = Readiness),
    )
)]
pub(super) async fn ready(State(app): State<App>) -> Readiness {
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
    Readiness::of(Dependencies {
        database: dependency(database),
        cache: dependency(cache.unwrap_or(DependencyState::Down)),
        llm: dependency(llm.unwrap_or(DependencyState::Down)),
    })
}

#[cfg(test)]
mod tests {
    use super::DependencyState::{Degraded, Down, NotConfigured, Up};
    use super::*;

    fn status(database: DependencyState, cache: DependencyState, llm: DependencyState) -> Status {
        let dependency = |state| Dependency { state };
        Status::of(&Dependencies {
            database: dependency(database),
            cache: dependency(cache),
            llm: dependency(llm),
        })
    }

    #[test]
    fn only_the_database_decides_whether_messages_are_taken() {
        for (database, cache, llm, expected) in [
            (Up, NotConfigured, NotConfigured, Status::Ready),
            (Up, Up, Up, Status::Ready),
            (Up, Down, NotConfigured, Status::Degraded),
            (Up, Degraded, Up, Status::Degraded),
            (Up, Up, Down, Status::Degraded),
            (Up, NotConfigured, Degraded, Status::Degraded),
            (Down, Up, Up, Status::Down),
            (Down, Down, Down, Status::Down),
            (Down, NotConfigured, NotConfigured, Status::Down),
        ] {
            assert_eq!(
                status(database, cache, llm),
                expected,
                "{database:?} {cache:?} {llm:?}"
            );
        }
        assert!(Status::Degraded.serves());
        assert!(!Status::Starting.serves());
    }
}
