//! A PostgreSQL of the bench's own, with stock settings but for its address, and a Redis.
//!
//! Not the server of the tests, which they share and may set to be quick: this one flushes, lies in the folder whose
//! disk is measured, and is started a second time with `pg_stat_statements`.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use sqlx::{Connection as _, PgConnection};

use super::leash::{Leash, Manner};

/// What to say when PostgreSQL is missing.
const INSTALL: &str = "this bench starts a PostgreSQL of its own and found none: \
                       install it, on Debian with `apt-get install postgresql` (15 or later)";

/// What PostgreSQL keeps of its log with stock settings: `max_wal_size`.
const LOG_MIB: i32 = 1024;

/// A running PostgreSQL.
pub(crate) struct Cluster {
    leash: Leash,
    address: SocketAddr,
}

impl Cluster {
    /// Makes and starts one in `folder`, with the `programs` found. `extra` is given to the server as it is.
    pub(crate) async fn start(programs: &Path, folder: &Path, extra: &[&str]) -> Self {
        let user = unprivileged();
        let data = folder.join("data");
        make_folder(folder, user);
        let mut initdb = command(&programs.join("initdb"), user);
        let made = initdb
            .args([
                "--username=frontdesk",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
            ])
            .arg("--pgdata")
            .arg(&data)
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        let address = free_address();
        let (data, port) = (data.display().to_string(), address.port().to_string());
        let sockets = format!("unix_socket_directories={}", folder.display());
        let mut arguments = vec![
            "-D",
            &data,
            "-p",
            &port,
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            &sockets,
        ];
        arguments.extend(extra);
        let manner = Manner {
            user,
            // Its data are thrown away, so that it need not put them in order.
            signal: "QUIT",
            log: &folder.join("log"),
        };
        let cluster = Self {
            leash: Leash::start(&programs.join("postgres"), &arguments, &[], &manner),
            address,
        };
        let url = cluster.url("postgres");
        cluster
            .leash
            .until(|| async { PgConnection::connect(&url).await.is_ok() })
            .await;
        cluster.run_in().await;
        cluster
    }

    /// Has it write as much log as it likes to keep, as one has that is not new: files of the log are used again then,
    /// while a new one is filled with zeros and flushed first, for which everybody waits some 50 ms.
    async fn run_in(&self) {
        let mut connection = self.connect("postgres").await;
        let write = "SELECT count(pg_logical_emit_message(false, 'bench', repeat('-', 1048576))) \
                     FROM generate_series(1, $1)";
        let write = sqlx::query(write).bind(LOG_MIB);
        write.execute(&mut connection).await.unwrap();
        self.checkpoint().await;
    }

    /// Has it write what is in memory, and use its log again. To be asked between rounds whose longest waits are compared,
    /// so that neither falls into one of them alone.
    pub(crate) async fn checkpoint(&self) {
        let mut connection = self.connect("postgres").await;
        sqlx::query("CHECKPOINT").execute(&mut connection).await.unwrap();
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://frontdesk@{}/{database}", self.address)
    }

    pub(crate) async fn connect(&self, database: &str) -> PgConnection {
        PgConnection::connect(&self.url(database)).await.unwrap()
    }

    /// Makes an empty database and answers with its URL.
    pub(crate) async fn database(&self, name: &'static str) -> String {
        let mut connection = self.connect("postgres").await;
        let statement = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::query(statement).execute(&mut connection).await.unwrap();
        self.url(name)
    }

    pub(crate) async fn version(&self) -> String {
        let mut connection = self.connect("postgres").await;
        sqlx::query_scalar("SHOW server_version")
            .fetch_one(&mut connection)
            .await
            .unwrap()
    }

    pub(crate) const fn pid(&self) -> u32 {
        self.leash.pid()
    }
}

/// A running Redis.
pub(crate) struct Redis {
    _leash: Leash,
    address: SocketAddr,
}

impl Redis {
    /// Starts one, unless it is not installed: the product does without, and the bench says so.
    pub(crate) async fn start(folder: &Path) -> Option<Self> {
        let program = find_program("redis-server")?;
        let address = free_address();
        let (port, place) = (address.port().to_string(), folder.display().to_string());
        let manner = Manner {
            user: None,
            signal: "KILL",
            log: &folder.join("redis.log"),
        };
        let arguments = ["--bind", "127.0.0.1", "--port", &port, "--dir", &place];
        let leash = Leash::start(&program, &arguments, &[], &manner);
        leash
            .until(|| async { TcpStream::connect(address).is_ok() })
            .await;
        Some(Self {
            _leash: leash,
            address,
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Makes it forget everything.
    pub(crate) fn empty(&self) {
        let mut line = TcpStream::connect(self.address).unwrap();
        line.write_all(b"FLUSHALL\r\n").unwrap();
        let mut says = [0; 5];
        line.read_exact(&mut says).unwrap();
        assert_eq!(&says, b"+OK\r\n");
    }
}

/// Where the programs of the newest PostgreSQL are, or the end of the bench. Debian keeps the servers' out of the path.
pub(crate) fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let newest = versions
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let programs = entry.path().join("bin");
            programs.join("initdb").is_file().then_some((version, programs))
        })
        .max();
    let in_path = || find_program("initdb").and_then(|program| Some(program.parent()?.to_owned()));
    newest
        .map(|(_, programs)| programs)
        .or_else(in_path)
        .unwrap_or_else(|| super::give_up(INSTALL))
}

fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

/// PostgreSQL refuses to run as root; Debian's package brings a user for it.
fn unprivileged() -> Option<&'static str> {
    let id = Command::new("id").arg("-u").output().unwrap();
    (id.stdout.trim_ascii() == b"0").then_some("postgres")
}

fn make_folder(folder: &Path, owner: Option<&str>) {
    let mut install = Command::new("install");
    install.args(["-d", "-m", "700"]);
    if let Some(owner) = owner {
        install.args(["-o", owner]);
    }
    assert!(install.arg(folder).status().unwrap().success());
}

fn command(program: &Path, user: Option<&str>) -> Command {
    match user {
        Some(user) => {
            let mut command = Command::new("runuser");
            command.args(["-u", user, "--"]).arg(program);
            command
        }
        None => Command::new(program),
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
