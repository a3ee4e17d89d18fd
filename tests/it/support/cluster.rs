//! A PostgreSQL server of a test's own, which it stops, freezes and starts again.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sqlx::{Connection as _, Executor as _, PgConnection};

/// How long a server may take to start or to stop.
const LIMIT: Duration = Duration::from_secs(60);

/// Starts a server that ends when this process does, whatever way: the shell reads from a pipe that then closes.
/// Gives back its URL, the folder of its data, and that of its programs.
pub(super) fn keeper() -> ([String; 3], Child) {
    let mut child = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/with-postgres"))
        .args([
            "sh",
            "-c",
            "echo \"$FRONTDESK_TEST_POSTGRES\"; echo \"$FRONTDESK_TEST_POSTGRES_DATA\"
             echo \"$FRONTDESK_TEST_POSTGRES_BINARIES\"; exec cat >/dev/null",
        ])
        .env_remove("FRONTDESK_TEST_POSTGRES")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap());
    let said = [(); 3].map(|()| {
        let mut line = String::new();
        told.read_line(&mut line).unwrap();
        line.trim().to_owned()
    });
    if said[0].is_empty() {
        let mut why = String::new();
        child.stderr.take().unwrap().read_to_string(&mut why).unwrap();
        panic!("{}", why.trim());
    }
    (said, child)
}

/// A server of the test's own. Its methods wait for what they do, on the thread that calls them.
pub(crate) struct Cluster {
    pub url: String,
    data: PathBuf,
    binaries: PathBuf,
    keeper: Child,
}

impl Cluster {
    pub(crate) fn start() -> Self {
        let ([url, data, binaries], keeper) = keeper();
        Self {
            url,
            data: data.into(),
            binaries: binaries.into(),
            keeper,
        }
    }

    /// No farewell and no checkpoint, as if it were killed; then it recovers from what it had written.
    pub(crate) fn restart_immediately(&self) {
        self.control(&["-m", "immediate", "restart"]);
    }

    /// In good order: what is under way is broken off and rolled back.
    pub(crate) fn stop(&self) {
        self.control(&["-m", "fast", "stop"]);
    }

    pub(crate) fn run(&self) {
        self.control(&["start"]);
    }

    fn control(&self, words: &[&str]) {
        let log = self.data.with_file_name("log");
        let mut command = as_owner(&self.binaries.join("pg_ctl"));
        command.arg("-D").arg(&self.data).arg("-l").arg(&log);
        let limit = LIMIT.as_secs().to_string();
        command.args(["-w", "-t", &limit]).args(words).current_dir("/");
        // The server inherits them, so that they must not be pipes that somebody reads to the end.
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        assert!(
            command.status().unwrap().success(),
            "pg_ctl {words:?}:\n{}",
            std::fs::read_to_string(log).unwrap_or_default()
        );
    }

    /// It stops answering and keeps its connections. It goes on when what this gives back is dropped.
    pub(crate) fn freeze(&self) -> Frozen {
        let lines = std::fs::read_to_string(self.data.join("postmaster.pid")).unwrap();
        let server = lines.lines().next().unwrap().trim().to_owned();
        // First the one that makes others.
        signal("-STOP", &server);
        let mut all = children(&server);
        for process in &all {
            signal("-STOP", process);
        }
        all.push(server);
        Frozen(all)
    }

    /// Runs one of PostgreSQL's own programs to its end.
    pub(crate) fn run_program(&self, name: &str, words: &[&str]) {
        let ended = Command::new(self.binaries.join(name))
            .args(words)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{name}: {said}");
    }

    /// A connection of the test's own.
    pub(crate) async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    /// Ends every connection of frontdesk, and says how many there were.
    pub(crate) async fn terminate_backends(&self) -> usize {
        let terminate =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'frontdesk'";
        self.connect().await.fetch_all(terminate).await.unwrap().len()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The end of its input is the keeper's sign.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// The processes of a server that is frozen.
pub(crate) struct Frozen(Vec<String>);

impl Drop for Frozen {
    fn drop(&mut self) {
        for process in &self.0 {
            signal("-CONT", process);
        }
    }
}

fn signal(name: &str, process: &str) {
    // One that has ended meanwhile needs none.
    let _ = Command::new("kill")
        .args([name, process])
        .stderr(Stdio::null())
        .status();
}

fn children(of: &str) -> Vec<String> {
    let parent = |process: &str| {
        let line = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // After the name, which may hold anything: the state, and then the parent.
        let (_, rest) = line.rsplit_once(')')?;
        rest.split_whitespace().nth(1).map(str::to_owned)
    };
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
        .filter(|process| parent(process).as_deref() == Some(of))
        .collect()
}

/// PostgreSQL refuses to run as root.
fn as_owner(program: &Path) -> Command {
    let id = Command::new("id").arg("-u").output().unwrap();
    if id.stdout.trim_ascii() != b"0" {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}
