//! Committing turns, many in a few statements.
//!
//! sqlx pays a thread hop per text, and on a busy machine those hops, not SQLite, are what a batch costs. So a batch
//! is: one text that begins and finds the turns which must not be written (the stale, and those whose messages were
//! answered before; usually none), the effects of those that have any, one by one, and one text that writes
//! everything else through `json_each` and commits.

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::operation::Turn;
use super::rows::{Cells, hex, json, signed};
use super::together::Together;
use super::turn_rows::LastText;
use super::writer::{release, savepoint, undo};
use crate::booking::appointment::Appointment;
use crate::dialogue::Effect;
use crate::store::errors;
use crate::store::rules::{Care, carry_out, changed_by};
use crate::store::{CommitOutcome, Result, TurnCommit};
use crate::types::TurnId;

/// What is asked about the turns of a batch when its transaction begins. Nothing that a batch writes before its turns
/// changes the answers: neither arrivals nor operations touch a conversation's version or answer a message, but for
/// those that stand alone in their batch.
pub(super) struct Asked {
    /// Conversation and expected version of each turn.
    pub(super) expected: String,
    /// Turn, place in it, key, and conversation of each message that is answered.
    pub(super) keys: String,
}

/// The questions about the turns of a batch.
pub(super) fn ask<'a>(turns: impl Iterator<Item = &'a TurnCommit> + Clone) -> Result<Asked> {
    let expected: Vec<_> = turns
        .clone()
        .map(|turn| (hex(turn.pair.conversation().0), signed(turn.expected_version)))
        .collect();
    let mut keys = Vec::new();
    for (at, turn) in turns.enumerate() {
        for (place, message) in turn.answered.iter().enumerate() {
            let key = &message.key;
            let (account, id) = (key.account.as_str(), key.message_id.as_str());
            let conversation = hex(message.pair().conversation().0);
            keys.push((at, place, key.channel.as_str(), account, id, conversation));
        }
    }
    Ok(Asked {
        expected: json(&expected)?,
        keys: json(&keys)?,
    })
}

/// Turns that started from another version than the committed one.
pub(super) const STALE: i64 = 1;
/// Messages of turns that are not theirs to answer any more: answered, dropped, or of another conversation since two
/// participants became one.
pub(super) const ANSWERED: i64 = 2;

/// The answers to [`ask`], as rows with a column `question`; `$1` and `$2` are its two texts.
macro_rules! look_text {
    () => {
        "SELECT 1 AS question, e.key AS place, COALESCE(c.version, 0) AS version, c.last_turn_id,
                unhex(e.value ->> 0) AS id
         FROM jsonb_each($1) e LEFT JOIN conversations c ON c.id = unhex(e.value ->> 0)
         WHERE COALESCE(c.version, 0) <> e.value ->> 1;

         SELECT 2 AS question, e.value ->> 0 AS turn, e.value ->> 1 AS place, i.message_id AS id
         FROM jsonb_each($2) e
         CROSS JOIN inbox i
             ON i.channel = e.value ->> 2 AND i.account = e.value ->> 3 AND i.message_id = e.value ->> 4
         WHERE i.state = 1 OR i.dropped_at IS NOT NULL OR i.conversation_id <> unhex(e.value ->> 5)"
    };
}
pub(super) use look_text;

/// Carries out the effects of a batch's turns, whose conversations are all different, and sets the answer of each.
/// `found` are the answers to [`ask`]. What is left to write is given back, if anything is.
pub(super) async fn prepare(
    connection: &mut SqliteConnection,
    mut turns: Vec<&mut Turn>,
    found: &[SqliteRow],
    mut together: Together,
) -> Result<Option<LastText>> {
    for turn in &mut turns {
        turn.answer = None;
    }
    for row in found {
        let cells = Cells::new(row, "conversations", "id");
        match cells.get::<i64>("question")? {
            STALE => fence(connection, &mut turns, &cells).await?,
            ANSWERED => refuse_answered(&mut turns, &cells)?,
            _ => {}
        }
    }
    turns.retain(|turn| turn.answer.is_none());

    let mut changed = Vec::with_capacity(turns.len());
    for turn in &mut turns {
        changed.push(match together.effect(&turn.input)? {
            Some(appointment) => vec![appointment],
            None => carry_out_effects(connection, turn).await?,
        });
    }
    let surviving = turns.iter().filter(|turn| turn.answer.is_none());
    let last = LastText::new(surviving.map(|turn| &turn.input), &together)?;
    for (turn, appointments) in turns.into_iter().zip(changed) {
        if turn.answer.is_none() {
            turn.answer = Some(Ok(CommitOutcome::Committed {
                version: turn.input.expected_version + 1,
                appointments,
            }));
        }
    }
    Ok(last)
}

/// Refuses a turn that started from another version than the committed one (I1). One whose own id stands there has
/// been committed before, and is told so.
async fn fence(connection: &mut SqliteConnection, turns: &mut [&mut Turn], cells: &Cells<'_>) -> Result<()> {
    let committed: u64 = cells.number("version")?;
    let place: usize = cells.number("place")?;
    let Some(turn) = turns.get_mut(place) else {
        return Ok(());
    };
    let again = cells.id_if_any("last_turn_id")?.map(TurnId) == Some(turn.input.turn);
    turn.answer = Some(Ok(if again {
        CommitOutcome::Committed {
            version: committed,
            appointments: changed_by(connection, &turn.input).await?,
        }
    } else {
        CommitOutcome::VersionConflict { committed }
    }));
    Ok(())
}

/// Refuses a turn that answers a message which is not its own to answer any more (I3). No two turns of a batch answer the same one.
fn refuse_answered(turns: &mut [&mut Turn], cells: &Cells<'_>) -> Result<()> {
    let (at, place): (usize, usize) = (cells.number("turn")?, cells.number("place")?);
    let Some(turn) = turns.get_mut(at) else {
        return Ok(());
    };
    let Some(key) = turn.input.answered.get(place).map(|message| message.key.clone()) else {
        return Ok(());
    };
    match &mut turn.answer {
        Some(Ok(CommitOutcome::AlreadyAnswered(keys))) if keys.contains(&key) => {}
        Some(Ok(CommitOutcome::AlreadyAnswered(keys))) => keys.push(key),
        None => turn.answer = Some(Ok(CommitOutcome::AlreadyAnswered(vec![key]))),
        // It is stale, which says more.
        Some(_) => {}
    }
    Ok(())
}

/// Whether these effects leave nothing behind when they are refused, by themselves: one that is a single write. Then
/// there need be no savepoint around them. A confirmation and a cancellation are of that kind, and they are most.
fn care(effects: &[Effect]) -> Care {
    match effects {
        [
            Effect::Confirm { .. }
            | Effect::Cancel { .. }
            | Effect::Release { .. }
            | Effect::Profile(_)
            | Effect::Contact { .. }
            | Effect::HandOff { .. }
            | Effect::Hold { .. },
        ] => Care::Own,
        _ => Care::Callers,
    }
}

/// Carries out the effects of one turn, or takes them back and answers the turn.
async fn carry_out_effects(connection: &mut SqliteConnection, turn: &mut Turn) -> Result<Vec<Appointment>> {
    if turn.input.effects.is_empty() {
        return Ok(Vec::new());
    }
    let care = care(&turn.input.effects);
    let guarded = care == Care::Callers;
    if guarded {
        savepoint(connection).await?;
    }
    let outcome = match carry_out(connection, &turn.input, care).await {
        Ok(Ok(changed)) => {
            if guarded {
                release(connection).await?;
            }
            return Ok(changed);
        }
        Ok(Err(refused)) => Ok(refused),
        Err(error) if errors::may_pass(&error) => return Err(error),
        Err(error) => Err(error),
    };
    if guarded {
        undo(connection).await?;
    }
    turn.answer = Some(outcome);
    Ok(Vec::new())
}
