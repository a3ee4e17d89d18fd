//! What was said lately, for whoever understands by the conversation around a message.
//!
//! It lives in the actor's memory only: the stored context stays small, and a live actor reads nothing. It is read once
//! from the transcript when first needed, kept up by each commit, and gone with the actor.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::load::Loaded;
use super::{Conversations, Services};
use crate::store::{Direction, TranscriptEntry};
use crate::types::Pair;
use crate::understanding::scene::{Line, Speaker};

/// Messages that are remembered.
pub(super) const LINES_MAX: u32 = 20;
/// Characters that are remembered of each.
const CHARS_MAX: usize = 500;

/// How many messages were taken back since the start, in whichever conversation. Whoever remembers what was said before
/// the last of them reads it anew: that is one query, and people seldom take anything back.
#[derive(Debug, Default)]
pub(super) struct Redactions(AtomicU64);

impl Conversations {
    /// Messages lost their text in the store, because their senders took them back. No conversation of this process
    /// remembers them any more; another process does until its actor leaves.
    pub fn took_back(&self) {
        self.services.redactions.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// The last messages of a pair, oldest first. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct History {
    lines: Arc<Vec<Line>>,
    /// How many messages had been taken back when it was read.
    redactions: u64,
}

impl fmt::Debug for History {
    /// What people write does not belong into logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "History of {} messages", self.lines.len())
    }
}

impl History {
    pub(super) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The same after more was said.
    pub(super) fn and(&self, said: impl IntoIterator<Item = Line>) -> Self {
        let mut lines = self.lines.as_ref().clone();
        lines.extend(said.into_iter().filter(|line| !line.text.is_empty()));
        let surplus = lines.len().saturating_sub(LINES_MAX as usize);
        lines.drain(..surplus);
        // What drained lines leave free would stay as long as the actor lives.
        lines.shrink_to_fit();
        Self {
            lines: Arc::new(lines),
            redactions: self.redactions,
        }
    }

    /// The same after a turn that wrote this.
    pub(super) fn and_turn(&self, transcript: &[TranscriptEntry]) -> Self {
        self.and(transcript.iter().map(|entry| {
            let by = match entry.direction {
                Direction::Inbound => Speaker::Customer,
                Direction::Outbound => Speaker::Business,
            };
            line(by, &entry.text)
        }))
    }
}

/// Something said, cut to what is remembered of it.
pub(super) fn line(by: Speaker, text: &str) -> Line {
    let text = match text.char_indices().nth(CHARS_MAX) {
        None => text.to_owned(),
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned(),
    };
    Line { by, text }
}

/// What was said in the conversation so far. A transcript that cannot be read now is none: the message is understood
/// without it, and the next turn tries again.
pub(super) async fn recall(services: &Services, pair: &Pair, loaded: &mut Loaded) -> History {
    // Read before the transcript, so that what is taken back meanwhile is read once more.
    let redactions = services.redactions.0.load(Ordering::Relaxed);
    if let Some(known) = &loaded.history
        && known.redactions == redactions
    {
        return known.clone();
    }
    let said = if loaded.standing.is_none() {
        Vec::new()
    } else {
        match services
            .store
            .messages(pair.conversation(), None, LINES_MAX)
            .await
        {
            Ok(said) => said,
            Err(error) => {
                tracing::warn!(conversation = %pair.conversation(), %error, "what was said before could not be read");
                return History::default();
            }
        }
    };
    let unread = History {
        redactions,
        ..History::default()
    };
    let history = unread.and_turn(&said);
    loaded.history = Some(history.clone());
    history
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_messages_are_remembered_each_cut() {
        let said = |text: String| line(Speaker::Customer, &text);
        let history = History::default().and((0..30).map(|n| said(format!("message {n}"))));
        let texts: Vec<&str> = history.lines().iter().map(|line| line.text.as_str()).collect();
        assert_eq!(
            (texts.len(), texts[0], texts[19]),
            (20, "message 10", "message 29")
        );

        let history = history.and([said("💅".repeat(501)), said(String::new())]);
        let last = &history.lines()[19];
        assert_eq!(
            last.text,
            "💅".repeat(500),
            "cut between characters; nothing said is no line"
        );
        assert_eq!(history.lines().len(), 20);
        assert!(
            !format!("{history:?}").contains("message 2"),
            "texts stay out of logs"
        );
    }
}
