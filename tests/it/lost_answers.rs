//! The answer to a COMMIT is lost on its way, and PostgreSQL crashes, or takes its time to notice: what the store then
//! says is what happened.

use std::sync::Arc;
use std::time::Duration;

use frontdesk::store::Store as _;
use frontdesk::store::postgres::{Options, PostgresStore};
use frontdesk::types::BusinessId;
use jiff::Timestamp;
use sqlx::{Executor as _, PgConnection};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::process::eventually;
use super::support::cluster::Cluster;

/// What becomes of a COMMIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It gets through, and so does its answer.
    Answered,
    /// The connection breaks before the server hears of it.
    Unheard,
    /// The same, and the server does not notice that the connection is broken.
    UnheardUnnoticed,
    /// It is carried out, and the connection breaks before its answer is heard.
    Unanswered,
}

/// How things stand on the way.
#[derive(Debug, Clone, Copy)]
struct Standing {
    next: Fate,
    /// How many the store has asked for.
    commits: u32,
    /// Whether new connections are let through; otherwise they wait.
    is_open: bool,
    /// Whether the server may notice what broke.
    is_noticed: bool,
}

/// A way to the server on which the answer to one COMMIT can be lost. It is closed after that.
struct Way {
    url: String,
    standing: Arc<watch::Sender<Standing>>,
    carrier: JoinHandle<()>,
}

impl Way {
    async fn to(cluster: &Cluster) -> Self {
        let (before, rest) = cluster.url.split_once("127.0.0.1:").unwrap();
        let (port, database) = rest.split_once('/').unwrap();
        let server = format!("127.0.0.1:{port}");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{before}{}/{database}", listener.local_addr().unwrap());
        let standing = Arc::new(watch::Sender::new(Standing {
            next: Fate::Answered,
            commits: 0,
            is_open: true,
            is_noticed: true,
        }));
        let of_connections = standing.clone();
        let carrier = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server.clone(), of_connections.clone()));
            }
        });
        Self {
            url,
            standing,
            carrier,
        }
    }

    /// The next COMMIT has this fate.
    fn next(&self, fate: Fate) {
        self.standing.send_modify(|standing| {
            *standing = Standing {
                next: fate,
                commits: 0,
                is_open: true,
                is_noticed: fate != Fate::UnheardUnnoticed,
            };
        });
    }

    async fn is_closed(&self) {
        let mut standing = self.standing.subscribe();
        let closed = standing.wait_for(|standing| !standing.is_open);
        tokio::time::timeout(Duration::from_secs(60), closed)
            .await
            .unwrap()
            .unwrap();
    }

    fn reopen(&self) {
        self.standing.send_modify(|standing| standing.is_open = true);
    }

    fn let_it_be_noticed(&self) {
        self.standing.send_modify(|standing| standing.is_noticed = true);
    }

    fn commits(&self) -> u32 {
        self.standing.borrow().commits
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.carrier.abort();
    }
}

/// Carries what is said on one connection, until it ends or a COMMIT has met its fate.
async fn carry(mut client: TcpStream, server: String, standing: Arc<watch::Sender<Standing>>) {
    let mut changes = standing.subscribe();
    changes.wait_for(|standing| standing.is_open).await.unwrap();
    let Ok(mut server) = TcpStream::connect(server).await else {
        return;
    };
    let (mut said, mut answered) = ([0; 65_536], [0; 65_536]);
    loop {
        tokio::select! {
            bytes = client.read(&mut said) => {
                let Ok(bytes @ 1..) = bytes else { return };
                let said = &said[..bytes];
                let fate = if said.windows(6).any(|word| word == b"COMMIT") {
                    standing.send_modify(|standing| standing.commits += 1);
                    standing.borrow().next
                } else {
                    Fate::Answered
                };
                if matches!(fate, Fate::Answered | Fate::Unanswered) && server.write_all(said).await.is_err() {
                    return;
                }
                if fate == Fate::Unanswered {
                    // An answer is a sign that it is done; it goes no further.
                    let _ = server.read(&mut answered).await;
                }
                if fate != Fate::Answered {
                    standing.send_modify(|standing| {
                        standing.next = Fate::Answered;
                        standing.is_open = false;
                    });
                    drop(client);
                    changes.wait_for(|standing| standing.is_noticed).await.unwrap();
                    return;
                }
            }
            bytes = server.read(&mut answered) => {
                let Ok(bytes @ 1..) = bytes else { return };
                if client.write_all(&answered[..bytes]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// A store that reaches its database on such a way, and has written to it.
async fn store_over(way: &Way) -> Arc<PostgresStore> {
    let store = PostgresStore::open(&Options::new(&way.url)).await.unwrap();
    assert_eq!(write(&store, "the first version").await, 1);
    Arc::new(store)
}

async fn write(store: &PostgresStore, document: &str) -> u64 {
    let salon = BusinessId::new("salon").unwrap();
    store
        .put_business(&salon, document, Timestamp::UNIX_EPOCH)
        .await
        .unwrap()
}

fn writing(store: &Arc<PostgresStore>) -> JoinHandle<u64> {
    let store = store.clone();
    tokio::spawn(async move { write(&store, "the second version").await })
}

async fn versions(direct: &mut PgConnection) -> Vec<i64> {
    sqlx::query_scalar("SELECT version FROM catalogue_versions ORDER BY version")
        .fetch_all(direct)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_a_crash_undid_is_made_again_though_its_number_now_is_anothers() {
    let cluster = Cluster::start();
    // Whatever nobody waits for stays out of the log for long enough.
    let mut direct = cluster.connect().await;
    direct
        .execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
        .await
        .unwrap();
    direct.execute("SELECT pg_reload_conf()").await.unwrap();
    let way = Way::to(&cluster).await;
    let store = store_over(&way).await;

    way.next(Fate::Unheard);
    let asked = writing(&store);
    way.is_closed().await;
    cluster.restart_immediately();
    let mut direct = cluster.connect().await;
    // Others commit, under the next hundred numbers.
    for _ in 0..100 {
        direct.execute("SELECT pg_current_xact_id()").await.unwrap();
    }
    way.reopen();

    assert_eq!(asked.await.unwrap(), 2);
    assert_eq!(versions(&mut direct).await, [1, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_was_lost_is_not_made_again_not_even_after_a_crash() {
    let cluster = Cluster::start();
    let way = Way::to(&cluster).await;
    let store = store_over(&way).await;
    for (crashes, made) in [(false, 2), (true, 3)] {
        way.next(Fate::Unanswered);
        let asked = tokio::spawn({
            let store = store.clone();
            async move { write(&store, &format!("version {made}")).await }
        });
        way.is_closed().await;
        if crashes {
            cluster.restart_immediately();
        }
        way.reopen();
        assert_eq!(asked.await.unwrap(), made);
        assert_eq!(way.commits(), 1);
    }
    assert_eq!(versions(&mut cluster.connect().await).await, [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_the_server_still_holds_open_is_waited_for() {
    let cluster = Cluster::start();
    let way = Way::to(&cluster).await;
    let store = store_over(&way).await;

    way.next(Fate::UnheardUnnoticed);
    let asked = writing(&store);
    way.is_closed().await;
    way.reopen();
    let mut direct = cluster.connect().await;
    eventually("the store waits for the end of what it began", || async {
        let mut looking = cluster.connect().await;
        let waiting: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'frontdesk' AND wait_event_type = 'Lock'",
        )
        .fetch_one(&mut looking)
        .await
        .unwrap();
        (waiting > 0).then_some(())
    })
    .await;
    way.let_it_be_noticed();

    assert_eq!(asked.await.unwrap(), 2);
    assert_eq!(versions(&mut direct).await, [1, 2]);
}
