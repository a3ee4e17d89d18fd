//! Processes that cannot outlive the bench.
//!
//! Each runs under a shell that reads from a pipe whose other end only the bench holds. When the bench ends, however
//! it ends, the pipe closes, the shell wakes up and ends the process.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tokio::time::Instant;

/// How long a process may take to say that it is there, and to end.
const LIMIT: Duration = Duration::from_secs(30);

/// `$1` is the signal to end with, the rest the command.
///
/// An interrupt from the terminal goes to the bench, too; the shell stays until the pipe tells it that the bench has
/// gone. The shell gives up its own output, so that the output ends with the process.
const SHELL: &str = r#"
trap "" INT TERM HUP
signal=$1
shift
"$@" </dev/null &
child=$!
echo "$child"
exec >/dev/null
read -r _
kill -s "$signal" "$child"
wait "$child"
"#;

/// A process that ends with its leash.
pub(crate) struct Leash {
    shell: Child,
    /// Closed first, to end the process.
    pipe: Option<ChildStdin>,
    pid: u32,
    lines: mpsc::Receiver<String>,
    name: String,
    log: std::path::PathBuf,
}

/// Who runs a process, and how it is ended.
pub(crate) struct Manner<'a> {
    /// A user to become, for programs that refuse to run as root.
    pub(crate) user: Option<&'a str>,
    /// `QUIT`, `TERM` or `KILL`.
    pub(crate) signal: &'a str,
    /// Where its standard error goes.
    pub(crate) log: &'a Path,
}

impl Leash {
    /// Starts `program`.
    pub(crate) fn start(
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, String)],
        manner: &Manner<'_>,
    ) -> Self {
        let mut command = match manner.user {
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--", "sh"]);
                command
            }
            None => Command::new("sh"),
        };
        command.args(["-c", SHELL, "leash", manner.signal]);
        command.arg(program).args(arguments);
        let mut shell = command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .current_dir(manner.log.parent().unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(manner.log).unwrap())
            .spawn()
            .unwrap();
        let pipe = shell.stdin.take();
        let output = BufReader::new(shell.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                // Whatever is said after nobody listens any more is read all the same, or the process would block.
                let _ = sender.send(line);
            }
        });
        let mut leash = Self {
            shell,
            pipe,
            pid: 0,
            lines,
            name: program.file_name().unwrap().to_string_lossy().into_owned(),
            log: manner.log.to_owned(),
        };
        leash.pid = leash.hear(|line| line.parse().ok());
        leash
    }

    pub(crate) const fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits for a line of its output that holds what `find` looks for.
    pub(crate) fn hear<T>(&self, find: impl Fn(&str) -> Option<T>) -> T {
        let deadline = Instant::now() + LIMIT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    if let Some(found) = find(&line) {
                        return found;
                    }
                }
                Err(_) => panic!("{} did not start:\n{}", self.name, self.words()),
            }
        }
    }

    /// Waits until `is_there` says so.
    pub(crate) async fn until<F: Future<Output = bool>>(&self, is_there: impl Fn() -> F) {
        let deadline = Instant::now() + LIMIT;
        while !is_there().await {
            assert!(
                Instant::now() < deadline,
                "{} did not start:\n{}",
                self.name,
                self.words()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Asks it to end, as an operator does, and waits until it has; answers with its exit code.
    pub(crate) async fn ask_to_end(mut self) -> Option<i32> {
        let pid = self.pid.to_string();
        assert!(
            Command::new("kill")
                .args(["-s", "TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        let deadline = Instant::now() + LIMIT;
        // Its output ends with it.
        while !matches!(self.lines.try_recv(), Err(mpsc::TryRecvError::Disconnected)) {
            assert!(
                Instant::now() < deadline,
                "{} did not end:\n{}",
                self.name,
                self.words()
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // The shell ends with its process's exit code once it is let go.
        drop(self.pipe.take());
        self.shell.wait().unwrap().code()
    }

    /// What it has logged.
    fn words(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        drop(self.pipe.take());
        let deadline = Instant::now() + LIMIT;
        while matches!(self.shell.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                // The shell is left to it: it alone knows the process.
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
