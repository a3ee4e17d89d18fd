//! Committing turns, many in a few statements.
//!
//! sqlx pays a thread hop per statement, so a batch is: one read that finds the turns which must not be written
//! (the stale, and those whose messages were answered before; usually none), the effects of those that have any, one
//! by one, and one large write of everything else through `json_each`.

use sqlx::SqliteConnection;

use super::operation::Turn;
use super::rows::{Cells, hex, json, signed};
use super::writer::{release, savepoint, undo};
use super::{appointments, effects, errors, inbox, turn_rows};
use crate::booking::appointment::Appointment;
use crate::store::{CommitOutcome, Result, TurnCommit};
use crate::types::TurnId;

/// Writes the turns of a batch, whose conversations are all different, and sets the answer of each.
pub(super) async fn commit(connection: &mut SqliteConnection, mut turns: Vec<&mut Turn>) -> Result<()> {
    for turn in &mut turns {
        turn.answer = None;
    }
    fence(connection, &mut turns).await?;
    refuse_answered(connection, &mut turns).await?;
    turns.retain(|turn| turn.answer.is_none());

    let mut changed = Vec::with_capacity(turns.len());
    for turn in &mut turns {
        changed.push(carry_out_effects(connection, turn).await?);
    }

    let surviving: Vec<&TurnCommit> = turns
        .iter()
        .filter(|turn| turn.answer.is_none())
        .map(|turn| &turn.input)
        .collect();
    if !surviving.is_empty() {
        turn_rows::write(connection, &surviving).await?;
    }
    for (turn, appointments) in turns.into_iter().zip(changed) {
        if turn.answer.is_none() {
            turn.answer = Some(Ok(CommitOutcome::Committed {
                version: turn.input.expected_version + 1,
                appointments,
            }));
        }
    }
    Ok(())
}

/// Refuses the turns that started from another version than the committed one (I1). One of them whose own id stands
/// there has been committed before, and is told so.
async fn fence(connection: &mut SqliteConnection, turns: &mut [&mut Turn]) -> Result<()> {
    let expected: Vec<_> = turns
        .iter()
        .map(|turn| {
            (
                hex(turn.input.pair.conversation().0),
                signed(turn.input.expected_version),
            )
        })
        .collect();
    let stale = sqlx::query(
        "SELECT e.key AS place, COALESCE(c.version, 0) AS version, c.last_turn_id, unhex(e.value ->> 0) AS id
         FROM jsonb_each($1) e LEFT JOIN conversations c ON c.id = unhex(e.value ->> 0)
         WHERE COALESCE(c.version, 0) <> e.value ->> 1",
    )
    .bind(json(&expected)?)
    .fetch_all(&mut *connection)
    .await?;
    for row in &stale {
        let cells = Cells::new(row, "conversations", "id");
        let committed: u64 = cells.number("version")?;
        let place: usize = cells.number("place")?;
        let Some(turn) = turns.get_mut(place) else {
            continue;
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
    }
    Ok(())
}

/// What a committed turn changed, as it is now.
async fn changed_by(connection: &mut SqliteConnection, turn: &TurnCommit) -> Result<Vec<Appointment>> {
    let mut changed = Vec::new();
    let ids = turn.effects.iter().filter_map(|effect| match effect {
        crate::dialogue::Effect::Confirm { appointment, .. }
        | crate::dialogue::Effect::Book { appointment }
        | crate::dialogue::Effect::Move { appointment, .. }
        | crate::dialogue::Effect::Cancel { appointment } => Some(appointment.id),
        _ => None,
    });
    for id in ids {
        changed.extend(appointments::load(connection, &turn.pair.business, id).await?);
    }
    Ok(changed)
}

/// Refuses the turns that answer a message which is answered (I3). No two turns of a batch answer the same one.
async fn refuse_answered(connection: &mut SqliteConnection, turns: &mut [&mut Turn]) -> Result<()> {
    let mut keys = Vec::new();
    for (at, turn) in turns.iter().enumerate().filter(|(_, turn)| turn.answer.is_none()) {
        keys.extend(
            turn.input
                .answered
                .iter()
                .enumerate()
                .map(|(place, message)| (at, place, &message.key)),
        );
    }
    if keys.is_empty() {
        return Ok(());
    }
    for (at, place) in inbox::answered_before(connection, &keys).await? {
        let Some(turn) = turns.get_mut(at) else {
            continue;
        };
        let Some(key) = turn.input.answered.get(place).map(|message| message.key.clone()) else {
            continue;
        };
        match &mut turn.answer {
            Some(Ok(CommitOutcome::AlreadyAnswered(keys))) if keys.contains(&key) => {}
            Some(Ok(CommitOutcome::AlreadyAnswered(keys))) => keys.push(key),
            answer => *answer = Some(Ok(CommitOutcome::AlreadyAnswered(vec![key]))),
        }
    }
    Ok(())
}

/// Carries out the effects of one turn, or takes them back and answers the turn.
async fn carry_out_effects(connection: &mut SqliteConnection, turn: &mut Turn) -> Result<Vec<Appointment>> {
    if turn.input.effects.is_empty() {
        return Ok(Vec::new());
    }
    savepoint(connection).await?;
    let outcome = match effects::carry_out(connection, &turn.input).await {
        Ok(Ok(changed)) => {
            release(connection).await?;
            return Ok(changed);
        }
        Ok(Err(refused)) => Ok(refused),
        Err(error) if errors::may_pass(&error) => return Err(error),
        Err(error) => Err(error),
    };
    undo(connection).await?;
    turn.answer = Some(outcome);
    Ok(Vec::new())
}
