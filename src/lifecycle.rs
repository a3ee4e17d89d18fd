//! Start, and above all stop: in two steps, with a deadline.
//!
//! The first signal cancels the *soft* token: take nothing new, finish what was accepted. When the deadline passes,
//! the *hard* token is cancelled: let go; whatever was accepted is durable and is found again at the next start.
//! A second signal ends the process at once, which is safe for the same reason.
//!
//! A background task never ends quietly: when one returns or panics before the stop, the process stops and its exit
//! code says that nobody wished for it. What this module lacks on purpose is any knowledge of what is stopped in
//! which order; that is the composition's.

use std::future::Future;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long tasks may take to notice that the hard token was cancelled.
const LETTING_GO: Duration = Duration::from_secs(2);

/// A process's life, from its start to its exit code. Cheap to clone; clones share one life.
#[derive(Debug, Clone)]
pub struct Lifecycle {
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
    deadline: Duration,
    crash: Arc<Mutex<Option<String>>>,
}

/// How a life ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The work was done, or a signal asked for the end and everything was finished in time.
    Wished,
    /// A signal asked for the end, and not everything was finished: the deadline passed, or a second signal came.
    Forced,
    /// Something broke.
    Crashed(String),
}

impl Ending {
    /// 0 for a wish, 1 for everything else.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Wished => ExitCode::SUCCESS,
            Self::Forced | Self::Crashed(_) => ExitCode::FAILURE,
        }
    }
}

impl Lifecycle {
    /// A life that gives its tasks `deadline` to finish when it is asked to end.
    #[must_use]
    pub fn new(deadline: Duration) -> Self {
        Self {
            soft: CancellationToken::new(),
            hard: CancellationToken::new(),
            tasks: TaskTracker::new(),
            deadline,
            crash: Arc::default(),
        }
    }

    /// Cancelled when nothing new should be begun.
    #[must_use]
    pub fn soft(&self) -> CancellationToken {
        self.soft.clone()
    }

    /// Cancelled when even begun work should be let go.
    #[must_use]
    pub fn hard(&self) -> CancellationToken {
        self.hard.clone()
    }

    /// Asks for the end, as the first signal would.
    pub fn stop(&self) {
        self.soft.cancel();
    }

    /// Runs a background task that should live as long as the process: it watches [`Self::soft`] and returns soon
    /// after. If it returns or panics earlier, the process stops, and its exit code says so.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let guard = Guard {
            name,
            life: self.clone(),
        };
        self.tasks.spawn(async move {
            // Moved in, so that it is dropped on return, on panic, and when the runtime drops the task.
            let _guard = guard;
            task.await;
        });
    }

    /// Runs `main` to its end, while signals of the operating system are obeyed.
    pub async fn run(self, main: impl Future<Output = anyhow::Result<()>>) -> Ending {
        match signals() {
            Ok(signals) => self.run_with(signals, main).await,
            Err(error) => Ending::Crashed(format!("cannot listen for signals: {error}")),
        }
    }

    async fn run_with(
        self,
        mut signals: mpsc::Receiver<&'static str>,
        main: impl Future<Output = anyhow::Result<()>>,
    ) -> Ending {
        let work = async {
            let result = main.await;
            // The work is over, so whatever runs beside it has no purpose any more.
            self.soft.cancel();
            self.tasks.close();
            self.tasks.wait().await;
            result
        };
        tokio::pin!(work);

        tokio::select! {
            result = &mut work => return self.ending(result),
            signal = signals.recv() => {
                tracing::info!(signal, "stopping: nothing new is taken, accepted messages are finished");
                self.soft.cancel();
            }
            () = self.soft.cancelled() => {}
        }
        tokio::select! {
            result = &mut work => return self.ending(result),
            signal = signals.recv() => {
                tracing::warn!(signal, "a second signal: ending at once");
                self.hard.cancel();
                return self.forced();
            }
            () = tokio::time::sleep(self.deadline) => {
                tracing::warn!(
                    deadline_seconds = self.deadline.as_secs(),
                    "the deadline has passed: letting go of what is not finished; it is found again at the next start"
                );
                self.hard.cancel();
            }
        }
        tokio::select! {
            _ = &mut work => {}
            _ = signals.recv() => {}
            () = tokio::time::sleep(LETTING_GO) => {}
        }
        self.forced()
    }

    fn ending(&self, result: anyhow::Result<()>) -> Ending {
        match (self.crash(), result) {
            (Some(crash), _) => Ending::Crashed(crash),
            (None, Err(error)) => Ending::Crashed(format!("{error:#}")),
            (None, Ok(())) => Ending::Wished,
        }
    }

    fn forced(&self) -> Ending {
        self.crash().map_or(Ending::Forced, Ending::Crashed)
    }

    fn crash(&self) -> Option<String> {
        // The text is whole whatever panicked while the lock was held.
        self.crash.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Notices the death of a background task.
struct Guard {
    name: &'static str,
    life: Lifecycle,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.life.soft.is_cancelled() && !std::thread::panicking() {
            return;
        }
        let how = if std::thread::panicking() {
            "panicked"
        } else {
            "ended before its time"
        };
        tracing::error!(task = self.name, "a background task {how}: stopping the process");
        self.life
            .crash
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert_with(|| format!("the background task `{}` {how}", self.name));
        self.life.soft.cancel();
    }
}

/// Signals that ask for the end, one item each.
fn signals() -> std::io::Result<mpsc::Receiver<&'static str>> {
    let (sender, receiver) = mpsc::channel(4);
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::spawn(async move {
            loop {
                let name = tokio::select! {
                    _ = terminate.recv() => "SIGTERM",
                    _ = interrupt.recv() => "SIGINT",
                };
                if sender.send(name).await.is_err() {
                    return;
                }
            }
        });
    }
    #[cfg(not(unix))]
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() && sender.send("ctrl-c").await.is_ok() {}
    });
    Ok(receiver)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINE: Duration = Duration::from_secs(20);

    fn life() -> (
        Lifecycle,
        mpsc::Sender<&'static str>,
        mpsc::Receiver<&'static str>,
    ) {
        let (sender, receiver) = mpsc::channel(4);
        (Lifecycle::new(DEADLINE), sender, receiver)
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_ends_by_itself_is_a_wish_and_takes_its_tasks_along() {
        let (life, _sender, signals) = life();
        let soft = life.soft();
        life.spawn("sweeper", async move { soft.cancelled().await });
        assert_eq!(life.run_with(signals, async { Ok(()) }).await, Ending::Wished);
    }

    #[tokio::test(start_paused = true)]
    async fn a_signal_lets_begun_work_finish() {
        let (life, sender, signals) = life();
        let soft = life.soft();
        sender.send("SIGTERM").await.unwrap();
        let work = async {
            soft.cancelled().await;
            tokio::time::sleep(DEADLINE / 2).await;
            Ok(())
        };
        assert_eq!(life.run_with(signals, work).await, Ending::Wished);
    }

    #[tokio::test(start_paused = true)]
    async fn work_past_the_deadline_is_told_to_let_go_and_the_exit_code_says_so() {
        let (life, sender, signals) = life();
        let hard = life.hard();
        sender.send("SIGTERM").await.unwrap();
        let begun = tokio::time::Instant::now();
        let work = async {
            hard.cancelled().await;
            Ok(())
        };
        assert_eq!(life.run_with(signals, work).await, Ending::Forced);
        assert_eq!(begun.elapsed().as_secs(), DEADLINE.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_signal_ends_at_once() {
        let (life, sender, signals) = life();
        sender.send("SIGINT").await.unwrap();
        sender.send("SIGINT").await.unwrap();
        let begun = tokio::time::Instant::now();
        let ending = life.run_with(signals, std::future::pending()).await;
        assert_eq!(ending, Ending::Forced);
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_background_task_that_panics_stops_the_process_and_is_named() {
        let (life, _sender, signals) = life();
        let soft = life.soft();
        life.spawn("sweeper", async { panic!("out of cheese") });
        let work = async {
            soft.cancelled().await;
            Ok(())
        };
        assert_eq!(
            life.run_with(signals, work).await,
            Ending::Crashed("the background task `sweeper` panicked".to_owned())
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_background_task_that_leaves_early_stops_the_process() {
        let (life, _sender, signals) = life();
        let soft = life.soft();
        life.spawn("sweeper", async {});
        let work = async {
            soft.cancelled().await;
            Ok(())
        };
        assert_eq!(
            life.run_with(signals, work).await,
            Ending::Crashed("the background task `sweeper` ended before its time".to_owned())
        );
    }

    #[tokio::test(start_paused = true)]
    async fn failed_work_is_a_crash_with_its_reason() {
        let (life, _sender, signals) = life();
        let ending = life
            .run_with(signals, async { Err(anyhow::anyhow!("the port is taken")) })
            .await;
        assert_eq!(ending, Ending::Crashed("the port is taken".to_owned()));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_operating_systems_signal_is_heard() {
        let life = Lifecycle::new(DEADLINE);
        let soft = life.soft();
        let work = async {
            // By now `run` listens: signals are taken before the work is polled for the first time.
            let me = std::process::id().to_string();
            let sent = tokio::process::Command::new("kill")
                .args(["-TERM", &me])
                .status()
                .await?;
            assert!(sent.success());
            soft.cancelled().await;
            Ok(())
        };
        assert_eq!(life.run(work).await, Ending::Wished);
    }
}
