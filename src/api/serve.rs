//! Connections: accepts them up to a limit, answers those beyond it that there is no room, gives each a deadline for
//! its headers, and ends them in order.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::{Service, ServiceExt as _};

use crate::rates::peer::Connection;

/// How long the first head of a connection may take to come in.
const HEADER_LIMIT: Duration = Duration::from_secs(10);

/// How long a connection that was answered may take for the next one, and so how long it may idle: longer than the
/// minute for which load balancers keep theirs, since who closes first must be the one who asks, or a request meets a
/// closed connection.
const NEXT_HEADER_LIMIT: Duration = Duration::from_secs(75);

/// How long the head of a request may take that is only told that there is no room.
const HEADER_LIMIT_WITHOUT_ROOM: Duration = Duration::from_secs(2);

/// Connections beyond the limit that are told so at once; the kernel lets further ones wait.
const WITHOUT_ROOM_MAX: usize = 64;

/// Who has asked nothing for so long makes room when somebody comes for whom there is none.
const IDLE_MIN: Duration = Duration::from_secs(2);

/// How long room is waited for that others have been asked to make.
const ROOM_WAIT: Duration = Duration::from_millis(200);

/// The longest head of a request, in bytes.
const HEADER_BYTES_MAX: usize = 32 * 1024;

/// How long to wait after an accept that failed for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Connections that the kernel keeps until they are accepted, at most; it takes fewer where `net.core.somaxconn` is
/// lower. When that queue is full, the handshakes of others are dropped and tried again after a second or three, so
/// that those who come all at once need a long one.
const BACKLOG: u32 = 4_096;

/// Begins to listen.
///
/// # Errors
/// When the address is taken, is none of this machine's, or needs rights that the process has not.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // Connections of a process that has just ended must not keep the next one from its port.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Marks a request that came on a connection for which there is no room.
#[derive(Debug, Clone, Copy)]
pub(super) struct NoRoom;

/// Serves until `stop` is cancelled; then accepts nothing more, lets requests under way finish for at most
/// `grace`, and returns. Event streams do not finish on their own: close the hub first.
pub async fn serve<S>(
    listener: TcpListener,
    service: S,
    connections_max: usize,
    stop: CancellationToken,
    grace: Duration,
) where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(NEXT_HEADER_LIMIT)
        .max_buf_size(HEADER_BYTES_MAX);
    let mut once = http.clone();
    once.header_read_timeout(HEADER_LIMIT_WITHOUT_ROOM)
        .keep_alive(false);
    let house = House {
        service,
        crowded: Arc::new(Notify::new()),
        stop: stop.clone(),
        opened: Instant::now(),
    };
    let connections = TaskTracker::new();
    let room = Arc::new(Semaphore::new(connections_max));
    let doorstep = Arc::new(Semaphore::new(WITHOUT_ROOM_MAX));
    let mut room_made: Option<Instant> = None;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Answers are small and complete; waiting to fill a packet only makes them late.
        let _ = stream.set_nodelay(true);
        let from = Connection(from.ip());
        let (house, http) = (house.clone(), http.clone());
        if let Ok(permit) = room.clone().try_acquire_owned() {
            connections.spawn(async move {
                house.serve(&http, stream, from, true).await;
                drop(permit);
            });
            continue;
        }
        if room_made.is_none_or(|made| made.elapsed() >= IDLE_MIN) {
            house.crowded.notify_waiters();
            room_made = Some(Instant::now());
        }
        let place = tokio::select! {
            place = doorstep.clone().acquire_owned() => place,
            () = stop.cancelled() => break,
        };
        let (once, room) = (once.clone(), room.clone());
        connections.spawn(async move {
            if let Ok(Ok(permit)) = tokio::time::timeout(ROOM_WAIT, room.acquire_owned()).await {
                drop(place);
                house.serve(&http, stream, from, true).await;
                drop(permit);
            } else {
                house.serve(&once, stream, from, false).await;
                drop(place);
            }
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(grace, connections.wait()).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

/// What every connection is served with.
#[derive(Clone)]
struct House<S> {
    service: S,
    /// Somebody has come for whom there is no room: who idles may leave.
    crowded: Arc<Notify>,
    stop: CancellationToken,
    opened: Instant,
}

impl<S> House<S>
where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    /// Serves a connection to its end.
    async fn serve(self, http: &http1::Builder, stream: TcpStream, from: Connection, has_room: bool) {
        let Self {
            service,
            crowded,
            stop,
            opened,
        } = self;
        let came = opened.elapsed();
        // Milliseconds from `opened` to the latest request, from 1; 0 before the first.
        let latest = Arc::new(AtomicU64::new(0));
        let service = service.map_request({
            let latest = latest.clone();
            move |mut request: Request<Incoming>| {
                latest.store(millis(opened.elapsed()).max(1), Ordering::Relaxed);
                request.extensions_mut().insert(from);
                if !has_room {
                    request.extensions_mut().insert(NoRoom);
                }
                request
            }
        });
        let service = TowerToHyperService::new(service);
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
        let mut first_head = pin!(tokio::time::sleep(HEADER_LIMIT));
        let (mut is_new, mut is_leaving) = (true, false);
        let ended = loop {
            tokio::select! {
                biased;
                ended = connection.as_mut() => break ended,
                () = stop.cancelled(), if !is_leaving => is_leaving = true,
                () = first_head.as_mut(), if is_new => {
                    if latest.load(Ordering::Relaxed) == 0 {
                        return;
                    }
                    is_new = false;
                }
                () = crowded.notified(), if !is_leaving => {
                    let since = latest.load(Ordering::Relaxed).max(millis(came));
                    is_leaving = millis(opened.elapsed()).saturating_sub(since) >= millis(IDLE_MIN);
                }
            }
            if is_leaving {
                // Finishes the request under way and takes no further one on this connection.
                connection.as_mut().graceful_shutdown();
            }
        };
        // A connection that breaks is the other side's business; requests log themselves.
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
