//! The way in, from the moment the port is open: before the database is there, and after.
//!
//! Whoever watches the process sees at once that it lives (`/health`) and that it is not ready (`/ready`). Everybody
//! else is asked to come back. Only the first look for the database is waited for, because it is short when all is
//! well: a program that is started and used in one breath finds it open.

use std::convert::Infallible;
use std::future::{Future, ready as ready_with};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::future::RouteFuture;
use axum::routing::get;
use axum::{BoxError, Router};
use futures_util::future::Either;
use tokio::sync::watch;
use tower::{Service, ServiceExt};

use super::edge;
pub use super::edge::Room;
use super::health::{DependencyState, Readiness, health};
use super::problem::{Kind, Problem};

/// How long a request waits at most for the first look at the database.
const FIRST_LOOK_MAX: Duration = Duration::from_secs(10);

/// When it is worth coming back to a process that is starting.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// What is known of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The first look is under way.
    Looking,
    /// It is away; others follow.
    Away,
    /// It is there, and so is the router.
    There,
}

/// Leads to what stands behind it, as soon as something does. Cheap to clone; clones are one door.
#[derive(Clone)]
pub struct Door(Arc<Shared>);

struct Shared {
    /// Set once, and then read by every request without a lock.
    opened: OnceLock<Router>,
    meanwhile: Router,
    room: Room,
    phase: watch::Sender<Phase>,
}

impl Door {
    /// A closed door that holds up as many requests as there is room for.
    #[must_use]
    pub fn closed(room: Room) -> Self {
        let (phase, seen) = watch::channel(Phase::Looking);
        let meanwhile = Router::new()
            .route("/health", get(health))
            .route("/ready", get(ready))
            .fallback(come_back)
            .with_state(seen);
        Self(Arc::new(Shared {
            opened: OnceLock::new(),
            meanwhile: edge::wrap(meanwhile, room.clone(), FIRST_LOOK_MAX),
            room,
            phase,
        }))
    }

    /// The room that it watches over.
    #[must_use]
    pub fn room(&self) -> Room {
        self.0.room.clone()
    }

    /// Says that the database is away: nobody is held up any longer.
    pub fn database_is_away(&self) {
        self.0.phase.send_if_modified(|phase| {
            let looking = *phase == Phase::Looking;
            if looking {
                *phase = Phase::Away;
            }
            looking
        });
    }

    /// Opens the door for good.
    pub fn open(&self, router: Router) {
        // It opens once; a second router would find the first one in place.
        let _ = self.0.opened.set(router);
        self.0.phase.send_replace(Phase::There);
    }
}

impl<B> Service<Request<B>> for Door
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future =
        Either<RouteFuture<Infallible>, Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if let Some(refusal) = self.0.room.refuse(request.uri().path(), request.headers()) {
            return Either::Right(Box::pin(ready_with(Ok(refusal))));
        }
        match self.0.opened.get() {
            Some(router) => Either::Left(router.clone().call(request)),
            None => Either::Right(Box::pin(wait(self.0.clone(), request.map(Body::new)))),
        }
    }
}

async fn wait(shared: Arc<Shared>, request: Request) -> Result<Response, Infallible> {
    let watches = matches!(request.uri().path(), "/health" | "/ready");
    if !watches {
        let mut phase = shared.phase.subscribe();
        let looked = phase.wait_for(|phase| *phase != Phase::Looking);
        // Whatever ended the wait, the door itself says whether it is open.
        let _ = tokio::time::timeout(FIRST_LOOK_MAX, looked).await.is_ok();
        if let Some(router) = shared.opened.get() {
            return router.clone().oneshot(request).await;
        }
    }
    shared.meanwhile.clone().oneshot(request).await
}

async fn ready(State(phase): State<watch::Receiver<Phase>>) -> Readiness {
    let phase = *phase.borrow();
    Readiness::starting(match phase {
        Phase::Looking => DependencyState::Unknown,
        Phase::Away => DependencyState::Down,
        // The door opens between two looks at it.
        Phase::There => DependencyState::Up,
    })
}

async fn come_back() -> Problem {
    Problem::new(
        Kind::Unavailable,
        "frontdesk is starting and waits for its database; nothing was changed",
    )
    .retry_after(RETRY_AFTER)
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode};
    use axum::routing::post;

    use super::*;

    async fn ask(door: &Door, method: Method, path: &str) -> (StatusCode, String, serde_json::Value) {
        let request = Request::builder().method(method).uri(path).body(Body::empty());
        let response = door.clone().oneshot(request.unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let retry_after = parts.headers.get("retry-after");
        let retry_after = retry_after.map_or("", |value| value.to_str().unwrap()).to_owned();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        (parts.status, retry_after, body)
    }

    fn house() -> Router {
        Router::new()
            .route("/v1/messages", post(|| async { "\"answered\"" }))
            .route("/ready", get(|| async { "\"ready\"" }))
    }

    #[tokio::test(start_paused = true)]
    async fn while_the_database_is_away_it_lives_is_not_ready_and_takes_nothing() {
        let door = Door::closed(Room::new(8));
        door.database_is_away();
        let (status, _, body) = ask(&door, Method::GET, "/health").await;
        assert_eq!((status, &body["status"]), (StatusCode::OK, &"alive".into()));

        let (status, retry_after, body) = ask(&door, Method::GET, "/ready").await;
        assert_eq!((status.as_u16(), retry_after.as_str()), (503, "2"));
        assert_eq!(body["status"], "starting");
        assert_eq!(body["database"]["state"], "down");
        assert_eq!(body["cache"]["state"], "unknown");

        for (method, path) in [
            (Method::POST, "/v1/messages"),
            (Method::GET, "/v1/businesses"),
            (Method::DELETE, "/health/not"),
            (Method::GET, "/"),
        ] {
            let (status, retry_after, body) = ask(&door, method, path).await;
            assert_eq!((status.as_u16(), retry_after.as_str()), (503, "2"), "{path}");
            assert_eq!(body["type"], "/problems/unavailable", "{path}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_opens_for_good_and_for_connections_that_were_there_before() {
        let door = Door::closed(Room::new(8));
        let early = door.clone();
        door.database_is_away();
        assert_eq!(ask(&early, Method::POST, "/v1/messages").await.0.as_u16(), 503);
        door.open(house());
        assert_eq!(ask(&early, Method::POST, "/v1/messages").await.2, "answered");
        assert_eq!(ask(&early, Method::GET, "/ready").await.2, "ready");
        door.database_is_away();
        assert_eq!(ask(&door, Method::POST, "/v1/messages").await.2, "answered");
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_look_is_waited_for_and_no_longer_than_its_limit() {
        let door = Door::closed(Room::new(8));
        let (_, _, body) = ask(&door, Method::GET, "/ready").await;
        assert_eq!(body["database"]["state"], "unknown", "the watchman does not wait");

        let begun = tokio::time::Instant::now();
        let (answer, ()) = tokio::join!(ask(&door, Method::POST, "/v1/messages"), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            door.open(house());
        });
        assert_eq!(answer.2, "answered");
        assert_eq!(begun.elapsed(), Duration::from_secs(1));

        let never = Door::closed(Room::new(8));
        let begun = tokio::time::Instant::now();
        assert_eq!(ask(&never, Method::POST, "/v1/messages").await.0.as_u16(), 503);
        assert_eq!(begun.elapsed(), FIRST_LOOK_MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_room_is_told_when_to_come_again_while_the_process_can_be_watched() {
        let room = Room::new(1);
        let door = Door::closed(room.clone());
        let begun = Arc::new(tokio::sync::Notify::new());
        let slow = {
            let begun = begun.clone();
            post(move || async move {
                begun.notify_one();
                std::future::pending::<()>().await;
            })
        };
        let router = house().route("/slow", slow);
        door.open(edge::wrap(router, room, Duration::from_secs(30)));
        let under_way = tokio::spawn({
            let door = door.clone();
            async move { ask(&door, Method::POST, "/slow").await }
        });
        begun.notified().await;
        let (status, retry_after, body) = ask(&door, Method::POST, "/v1/messages").await;
        assert_eq!(
            (status, retry_after.as_str()),
            (StatusCode::SERVICE_UNAVAILABLE, "1")
        );
        assert_eq!(body["detail"], "too many requests are under way");
        assert_eq!(ask(&door, Method::GET, "/ready").await.0, StatusCode::OK);
        // The one under way ends at its limit, and its place is free.
        assert_eq!(under_way.await.unwrap().0, StatusCode::GATEWAY_TIMEOUT);
        assert_eq!(ask(&door, Method::POST, "/v1/messages").await.0, StatusCode::OK);
    }
}
