//! Lines from a person or a pipe, without blocking the runtime.
//!
//! Reading a terminal blocks, so it happens in a thread of its own, one line at a time and only when asked: the
//! prompt must not appear before the answer to the last line.

use std::io::BufRead;
use std::sync::mpsc as blocking;

use rustyline::error::ReadlineError;
use rustyline::history::MemHistory;
use rustyline::{Config, Editor};
use tokio::sync::mpsc;

/// Where lines come from.
pub(super) struct Lines {
    asks: blocking::Sender<()>,
    lines: mpsc::Receiver<std::io::Result<String>>,
}

impl Lines {
    /// Lines that a person edits, with a history for the arrow keys.
    pub(super) fn edited(prompt: &'static str) -> anyhow::Result<Self> {
        let config = Config::builder().auto_add_history(true).build();
        let mut editor: Editor<(), MemHistory> = Editor::with_history(config, MemHistory::new())?;
        Ok(Self::from_fn(move || match editor.readline(prompt) {
            Ok(line) => Some(Ok(line)),
            Err(ReadlineError::Eof | ReadlineError::Interrupted) => None,
            Err(ReadlineError::Io(error)) => Some(Err(error)),
            Err(error) => Some(Err(std::io::Error::other(error))),
        }))
    }

    /// Lines of a reader, to its end.
    pub(super) fn of(reader: impl BufRead + Send + 'static) -> Self {
        let mut lines = reader.lines();
        Self::from_fn(move || lines.next())
    }

    fn from_fn(mut next: impl FnMut() -> Option<std::io::Result<String>> + Send + 'static) -> Self {
        let (asks, asked) = blocking::channel::<()>();
        let (sender, lines) = mpsc::channel(1);
        // Detached: it may sit in a read for ever, and ends with the process.
        std::thread::spawn(move || {
            while asked.recv().is_ok() {
                let Some(line) = next() else { return };
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        Self { asks, lines }
    }

    /// The next line; `None` at the end.
    pub(super) async fn next(&mut self) -> std::io::Result<Option<String>> {
        // When the thread has left, the channel is closed and says so below.
        let _ = self.asks.send(());
        self.lines.recv().await.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_come_in_order_and_end() {
        let mut lines = Lines::of(std::io::Cursor::new("one\r\ntwo\n\nlast"));
        let mut seen = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            seen.push(line);
        }
        assert_eq!(seen, ["one", "two", "", "last"]);
        assert!(lines.next().await.unwrap().is_none());
    }
}
