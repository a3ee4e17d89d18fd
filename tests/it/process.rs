//! The real program as a process of its own: started, asked, killed, and started again on the same database.

use std::fs::File;
use std::path::PathBuf;
use std::process::{ExitStatus, Output, Stdio};
use std::sync::{Once, OnceLock};
use std::time::Duration;

use jiff::{SignedDuration, Zoned};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// How long a start or a stop may take before a test gives up.
const LIMIT: Duration = Duration::from_secs(60);
/// How often a state that is waited for is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// The business that every fresh database has.
pub(crate) const BUSINESS: &str = "demo-salon";

/// Looks again and again until there is something, at most as long as a start may take.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut look: impl FnMut() -> F,
) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// A folder with a database, unless that is on a server, and the logs of every process that worked on it.
pub(crate) struct Site {
    folder: TempDir,
    /// The URL of a PostgreSQL database.
    server: Option<String>,
    /// When the first process starts, by the clock that it is given.
    begins: Zoned,
    born: Instant,
    /// Added to the time that has really passed.
    ahead: SignedDuration,
    starts: u32,
    pub settings: Vec<(&'static str, String)>,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            server: None,
            begins: "2026-11-18T10:00:00-05:00[America/New_York]".parse().unwrap(),
            born: Instant::now(),
            ahead: SignedDuration::ZERO,
            starts: 0,
            settings: Vec::new(),
        }
    }

    /// Works on an empty PostgreSQL database.
    pub(crate) fn on(url: &str) -> Self {
        Self {
            server: Some(url.to_owned()),
            ..Self::new()
        }
    }

    pub(crate) fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        self.settings.push((name, value.to_string()));
        self
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("frontdesk.db")
    }

    fn database_url(&self) -> String {
        let file = || format!("sqlite://{}", self.database().display());
        self.server.clone().unwrap_or_else(file)
    }

    /// The next start finds a later clock.
    pub(crate) fn let_pass(&mut self, time: SignedDuration) {
        self.ahead += time;
    }

    /// What the clock of a process that starts now shows. It goes on over restarts, as a real one does.
    pub(crate) fn now(&self) -> Zoned {
        let passed = SignedDuration::try_from(self.born.elapsed()).unwrap();
        &self.begins + passed + self.ahead
    }

    /// What all processes said so far.
    pub(crate) fn log(&self) -> String {
        (1..=self.starts)
            .map(|n| std::fs::read_to_string(self.folder.path().join(format!("{n}.err"))).unwrap())
            .collect()
    }

    /// Starts a process and does not wait for it.
    pub(crate) fn spawn(&mut self) -> Process {
        self.starts += 1;
        let said = self.folder.path().join(format!("{}.out", self.starts));
        let log = self.folder.path().join(format!("{}.err", self.starts));
        let child = Command::new(env!("CARGO_BIN_EXE_frontdesk"))
            .arg("serve")
            .current_dir(self.folder.path())
            .env_clear()
            .env("DATABASE_URL", self.database_url())
            .env("FRONTDESK_LISTEN", "127.0.0.1:0")
            // Tests send as fast as they can; those of limits switch them on.
            .env("FRONTDESK_RATE_LIMITS", "off")
            .env("FRONTDESK_NOW", self.now().to_string())
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(File::create(&said).unwrap())
            .stderr(File::create(&log).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Process { child, said, log }
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, &[]).await
    }

    /// The same with variables of its own.
    pub(crate) async fn run_with(&self, arguments: &[&str], variables: &[(String, String)]) -> Output {
        let ended = Command::new(env!("CARGO_BIN_EXE_frontdesk"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("DATABASE_URL", self.database_url())
            .env("FRONTDESK_NOW", self.now().to_string())
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        tokio::time::timeout(LIMIT, ended).await.unwrap().unwrap()
    }

    /// Starts a process that is ready.
    pub(crate) async fn start(&mut self) -> (Process, String) {
        let mut process = self.spawn();
        let url = process.ready().await;
        (process, url)
    }
}

/// A running program.
pub(crate) struct Process {
    child: Child,
    said: PathBuf,
    log: PathBuf,
}

impl Process {
    /// Waits until it serves, and says where.
    pub(crate) async fn ready(&mut self) -> String {
        let deadline = Instant::now() + LIMIT;
        loop {
            if let Some(ended) = self.child.try_wait().unwrap() {
                panic!("the program ended with {ended}:\n{}", self.words());
            }
            if let Some(url) = self.address()
                && let Ok(response) = get(format!("{url}/ready")).await
                && response.status().is_success()
            {
                return url;
            }
            assert!(
                Instant::now() < deadline,
                "the program did not start:\n{}",
                self.words()
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until it listens, ready or not, and says where.
    pub(crate) async fn listening(&mut self) -> String {
        let deadline = Instant::now() + LIMIT;
        loop {
            let words = self.words();
            let address = words.split_once("listening address=");
            // The whole address is written once something follows it.
            if let Some((address, _)) = address.and_then(|(_, rest)| rest.split_once(' ')) {
                return format!("http://{address}");
            }
            assert!(Instant::now() < deadline, "the program did not listen:\n{words}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Where it is open, once it has said so.
    fn address(&self) -> Option<String> {
        let said = std::fs::read_to_string(&self.said).unwrap_or_default();
        let (_, rest) = said.split_once("frontdesk is open: ")?;
        let (url, _) = rest.split_once("/ ")?;
        Some(url.to_owned())
    }

    fn words(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// SIGKILL: it has no say in it.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// SIGTERM, and nothing more.
    pub(crate) async fn ask_to_stop(&self) {
        self.signal("-TERM").await;
    }

    /// SIGSTOP: it does nothing any more, and hears of nothing, until it is killed.
    pub(crate) async fn freeze(&self) {
        self.signal("-STOP").await;
        // Sent is not stopped: a thread that is at work goes on until it next meets the kernel.
        let threads = format!("/proc/{}/task", self.child.id().expect("a running process"));
        eventually("every thread stands still", || async {
            let mut threads = std::fs::read_dir(&threads).unwrap();
            threads
                .all(|thread| {
                    let line =
                        std::fs::read_to_string(thread.unwrap().path().join("stat")).unwrap_or_default();
                    // After the name, which may hold anything, comes the state.
                    line.rsplit_once(") ")
                        .is_some_and(|(_, rest)| rest.starts_with('T'))
                })
                .then_some(())
        })
        .await;
    }

    pub(crate) async fn signal(&self, name: &str) {
        let id = self.child.id().expect("a running process").to_string();
        let sent = Command::new("kill").args([name, &id]).status().await.unwrap();
        assert!(sent.success());
    }

    pub(crate) async fn ended(mut self) -> ExitStatus {
        tokio::time::timeout(LIMIT, self.child.wait())
            .await
            .unwrap_or_else(|_| panic!("the program did not stop:\n{}", self.words()))
            .unwrap()
    }

    /// Asks it to stop and sees it do so in good order.
    pub(crate) async fn stop(self) {
        self.ask_to_stop().await;
        let log = self.log.clone();
        let status = self.ended().await;
        let words = || std::fs::read_to_string(&log).unwrap_or_default();
        assert_eq!(status.code(), Some(0), "{}", words());
    }
}

/// A client that does not wait for ever.
pub(crate) fn http() -> reqwest::Client {
    http_within(LIMIT)
}

/// A client with a limit of its own.
pub(crate) fn http_within(limit: Duration) -> reqwest::Client {
    // It is made ready for TLS, even though nobody here speaks it.
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        rustls::crypto::ring::default_provider()
            .install_default()
            .unwrap();
    });
    reqwest::Client::builder().timeout(limit).build().unwrap()
}

/// Asks once.
pub(crate) async fn get(url: impl Into<String>) -> reqwest::Result<reqwest::Response> {
    // Reading the certificates of the machine takes longer than most answers. Nothing is kept between two requests,
    // because each test has a runtime of its own.
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    let client = CLIENT.get_or_init(|| {
        drop(http());
        reqwest::Client::builder()
            .timeout(LIMIT)
            .pool_max_idle_per_host(0)
            .build()
            .unwrap()
    });
    client.get(url.into()).send().await
}

/// A number from the environment, for the long runs.
pub(crate) fn number(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|error| panic!("{name}={text}: {error}")),
        Err(_) => default,
    }
}

/// Chance that can be had again: SplitMix64.
#[derive(Debug, Clone)]
pub(crate) struct Chance(pub u64);

impl Chance {
    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// From `low` up to, and without, `high`.
    pub(crate) const fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low)
    }

    pub(crate) fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[usize::try_from(self.between(0, words.len() as u64)).unwrap()]
    }
}
