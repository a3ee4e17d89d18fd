//! Sessions: stretches of a conversation between two idle gaps.

use std::time::Duration;

use jiff::Timestamp;

use crate::dialogue::Context;
use crate::dialogue::context::Session;
use crate::ids;
use crate::store::TranscriptEntry;
use crate::types::SessionId;

/// Characters of the first message that make the title.
const TITLE_CHARS_MAX: usize = 60;

/// Makes sure that a session is open at `now`; gives back the one that ended, if the gap was too long.
pub(super) fn open(
    context: &mut Context,
    now: Timestamp,
    gap: Duration,
    first_words: &str,
) -> Option<Session> {
    let rested =
        |s: &Session| now.duration_since(s.last_activity).unsigned_abs() >= gap && now > s.last_activity;
    let ended = match &context.session {
        Some(session) if !rested(session) => return None,
        old => old.clone().map(|s| Session {
            ended_at: Some(s.last_activity),
            ..s
        }),
    };
    let title: String = first_words
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(TITLE_CHARS_MAX)
        .collect();
    context.session = Some(Session {
        id: SessionId(ids::new_id(now)),
        title,
        started_at: now,
        last_activity: now,
        ended_at: None,
        message_count: 0,
        total_tokens: 0,
    });
    ended
}

/// Counts what a turn says, and what it cost.
pub(super) fn count(context: &mut Context, now: Timestamp, transcript: &[TranscriptEntry]) {
    if let Some(session) = &mut context.session {
        session.message_count += u64::try_from(transcript.len()).unwrap_or(0);
        let tokens = transcript.iter().map(TranscriptEntry::tokens);
        session.total_tokens = tokens.fold(session.total_tokens, u64::saturating_add);
        session.last_activity = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn a_gap_ends_a_session_and_opens_the_next() {
        let gap = Duration::from_secs(7200);
        let noon: Timestamp = "2026-11-18T17:00:00Z".parse().unwrap();
        let mut context = Context::default();
        assert_eq!(open(&mut context, noon, gap, "  hi \n there"), None);
        let first = context.session.clone().unwrap();
        assert_eq!(first.title, "hi there");
        count(&mut context, noon, &[]);

        assert_eq!(
            open(&mut context, noon + SignedDuration::from_mins(119), gap, "later"),
            None
        );
        assert_eq!(context.session.as_ref().unwrap().id, first.id);

        let ended = open(
            &mut context,
            noon + SignedDuration::from_mins(120),
            gap,
            "much later",
        )
        .unwrap();
        assert_eq!(
            (ended.id, ended.ended_at, ended.message_count),
            (first.id, Some(noon), 0)
        );
        assert_ne!(context.session.unwrap().id, first.id);
    }
}
