//! A PostgreSQL server for the tests, and a database for each.
//!
//! `FRONTDESK_TEST_POSTGRES` names the server. Without it, this process starts one of its own, which ends with it.

use std::process::Child;
use std::sync::OnceLock;

use frontdesk::store::Store as _;
use frontdesk::store::postgres::{Options, PostgresStore};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tokio::sync::{Semaphore, SemaphorePermit};
use uuid::Uuid;

use super::cluster::keeper;

/// A server takes 100 connections as it comes; a test uses a dozen, or two when it crashes a store.
static AT_ONCE: Semaphore = Semaphore::const_new(4);

/// A database that is up to date, empty, and nobody else's. It goes away with this.
pub(crate) struct Database {
    name: String,
    _permit: SemaphorePermit<'static>,
}

impl Database {
    pub(crate) async fn new() -> Self {
        let permit = AT_ONCE.acquire().await.unwrap();
        let mut admin = admin().await;
        let name: String =
            sqlx::query_scalar("SELECT 'frontdesk_' || replace(gen_random_uuid()::text, '-', '')")
                .fetch_one(&mut admin)
                .await
                .unwrap();
        let template = template(&mut admin).await;
        run(&mut admin, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        Self {
            name,
            _permit: permit,
        }
    }

    pub(crate) fn url(&self) -> String {
        url_of(&self.name)
    }

    /// How a test opens it: with few connections.
    pub(crate) fn options(&self) -> Options {
        options(&self.url())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // On a thread of its own, because this one may be driving a runtime.
        let dropped = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                run(&mut admin().await, drop).await;
            });
        });
        // A test that fails already says more.
        let _ = dropped.join();
    }
}

fn options(url: &str) -> Options {
    Options {
        readers: 2,
        ..Options::new(url)
    }
}

async fn admin() -> PgConnection {
    PgConnection::connect(server()).await.unwrap()
}

async fn run(connection: &mut PgConnection, statement: String) {
    connection.execute(AssertSqlSafe(statement)).await.unwrap();
}

/// The server's URL with another database.
fn url_of(database: &str) -> String {
    let (address, settings) = server().split_once('?').unwrap_or((server(), ""));
    let (address, _) = address.rsplit_once('/').unwrap();
    format!("{address}/{database}?{settings}")
}

/// The name of a migrated database, which is quick to copy. Made once per server and schema, however many processes
/// ask for it.
async fn template(admin: &mut PgConnection) -> String {
    let name = format!("frontdesk_template_{}", schema().simple());
    admin.execute("SELECT pg_advisory_lock(20261120)").await.unwrap();
    let found = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1")
        .bind(&name)
        .fetch_optional(&mut *admin)
        .await
        .unwrap();
    if found.is_none() {
        let unfinished = format!("{name}_unfinished");
        run(
            admin,
            format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)"),
        )
        .await;
        run(admin, format!("CREATE DATABASE {unfinished}")).await;
        let store = PostgresStore::open(&options(&url_of(&unfinished))).await.unwrap();
        store.close().await;
        run(admin, format!("ALTER DATABASE {unfinished} RENAME TO {name}")).await;
    }
    admin
        .execute("SELECT pg_advisory_unlock(20261120)")
        .await
        .unwrap();
    name
}

/// Names the text of all migrations.
fn schema() -> Uuid {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let texts: Vec<u8> = files
        .iter()
        .flat_map(|file| std::fs::read(file).unwrap())
        .collect();
    Uuid::new_v5(&Uuid::NAMESPACE_OID, &texts)
}

/// The URL of the server.
fn server() -> &'static str {
    static SERVER: OnceLock<(String, Option<Child>)> = OnceLock::new();
    let (url, _) = SERVER.get_or_init(|| match std::env::var("FRONTDESK_TEST_POSTGRES") {
        Ok(url) => (url, None),
        Err(_) => {
            let (url, child) = start();
            (url, Some(child))
        }
    });
    url
}

/// Starts a server that stops when this process ends.
fn start() -> (String, Child) {
    let ([url, _, _], keeper) = keeper();
    (url, keeper)
}
