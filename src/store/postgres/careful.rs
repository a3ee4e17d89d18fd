//! Turns, holds and changes one by one: slower than a batch, and exact.
//!
//! First the business's calendar is locked, then, for a turn, the conversation's row; each statement after that sees
//! everything that was committed before, so that what is checked stays true until it is written. What is refused is
//! rolled back whole.

use async_trait::async_trait;
use sqlx::error::DatabaseError;
use sqlx::{PgConnection, Row as _};

use super::booking::lock_calendars;
use super::rows::Cells;
use super::transaction::{Ending, Operation};
use super::turn_rows::TurnRows;
use super::turn_statement::statement;
use crate::dialogue::Effect;
use crate::store::rules::{Care, Expire, Hold, Requested, carry_out, changed_by};
use crate::store::{ChangeOutcome, CommitOutcome, Error, HoldOutcome, MessageKey, Result, TurnCommit};
use crate::types::{BusinessId, TurnId};

#[async_trait]
impl Operation for Requested {
    type Output = ChangeOutcome;

    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<ChangeOutcome>> {
        lock_calendars(connection, &[&self.business]).await?;
        Ok(match self.carry_out(connection).await? {
            done @ ChangeOutcome::Done(_) => Ending::Commit(done),
            refused => Ending::RollBack(refused),
        })
    }
}

#[async_trait]
impl Operation for Expire {
    type Output = Vec<BusinessId>;

    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<Vec<BusinessId>>> {
        Ok(Ending::Commit(self.carry_out(connection).await?))
    }
}

#[async_trait]
impl Operation for Hold {
    type Output = HoldOutcome;

    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<HoldOutcome>> {
        lock_calendars(connection, &[&self.pair.business]).await?;
        Ok(match self.place(connection).await? {
            held @ HoldOutcome::Held(_) => Ending::Commit(held),
            HoldOutcome::Taken => Ending::RollBack(HoldOutcome::Taken),
        })
    }
}

#[async_trait]
impl Operation for TurnCommit {
    type Output = CommitOutcome;

    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<CommitOutcome>> {
        if self.effects.iter().any(books) {
            lock_calendars(connection, &[&self.pair.business]).await?;
        }
        if let Some(outcome) = look(connection, self).await? {
            return Ok(Ending::RollBack(outcome));
        }
        let appointments = match carry_out(connection, self, Care::Callers).await? {
            Ok(appointments) => appointments,
            Err(refused) => return Ok(Ending::RollBack(refused)),
        };
        write(connection, self).await?;
        Ok(Ending::Commit(CommitOutcome::Committed {
            version: self.expected_version + 1,
            appointments,
        }))
    }
}

/// Whether an effect changes the calendar.
const fn books(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::Confirm { .. }
            | Effect::Book { .. }
            | Effect::Release { .. }
            | Effect::Move { .. }
            | Effect::Cancel { .. }
    )
}

/// Locks the conversation, and says why the turn cannot be committed, if it cannot.
async fn look(connection: &mut PgConnection, turn: &TurnCommit) -> Result<Option<CommitOutcome>> {
    let row = sqlx::query("SELECT id, version FROM conversations WHERE id = $1 FOR NO KEY UPDATE")
        .bind(turn.pair.conversation().0)
        .fetch_optional(&mut *connection)
        .await?;
    let committed = match &row {
        Some(row) => Cells::new(row, "conversations", "id").number("version")?,
        None => 0,
    };
    if committed != turn.expected_version {
        // Whoever hands a turn in again is told what became of it.
        return Ok(Some(match made(connection, turn.turn).await? {
            Some(version) => CommitOutcome::Committed {
                version,
                appointments: changed_by(connection, turn).await?,
            },
            None => CommitOutcome::VersionConflict { committed },
        }));
    }
    let answered = answered(connection, turn).await?;
    Ok((!answered.is_empty()).then_some(CommitOutcome::AlreadyAnswered(answered)))
}

/// The version that a turn has made, if it is committed.
async fn made(connection: &mut PgConnection, turn: TurnId) -> Result<Option<u64>> {
    let row = sqlx::query("SELECT id, version FROM turns WHERE id = $1")
        .bind(turn.0)
        .fetch_optional(connection)
        .await?;
    row.map(|row| Cells::new(&row, "turns", "id").number("version"))
        .transpose()
}

/// The messages of a turn that are not its own to answer any more (answered, dropped, or of another conversation since
/// two participants became one), each once, in its order (I3).
async fn answered(connection: &mut PgConnection, turn: &TurnCommit) -> Result<Vec<MessageKey>> {
    let keys = turn.answered.iter().map(|message| &message.key);
    let (mut channels, mut accounts, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    let of: Vec<_> = turn.answered.iter().map(|m| m.pair().conversation().0).collect();
    for key in keys {
        channels.push(key.channel.as_str());
        accounts.push(key.account.as_str());
        ids.push(key.message_id.as_str());
    }
    let rows = sqlx::query(
        "SELECT k.place
         FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[]) WITH ORDINALITY
             AS k (channel, account, id, conversation, place)
         JOIN inbox i ON i.channel = k.channel AND i.account = k.account AND i.message_id = k.id
         WHERE i.state = 1 OR i.dropped_at IS NOT NULL OR i.conversation_id <> k.conversation
         ORDER BY k.place",
    )
    .bind(channels)
    .bind(accounts)
    .bind(ids)
    .bind(of)
    .fetch_all(connection)
    .await?;
    let mut answered = Vec::with_capacity(rows.len());
    for row in &rows {
        let place: i64 = row.try_get(0)?;
        let message = usize::try_from(place - 1)
            .ok()
            .and_then(|at| turn.answered.get(at));
        if let Some(key) = message.map(|message| &message.key)
            && !answered.contains(key)
        {
            answered.push(key.clone());
        }
    }
    Ok(answered)
}

/// Writes the rows of the turn; its effects are carried out already.
///
/// A conversation that has no row yet cannot be locked, nor can a message that was never accepted, so that somebody
/// else may still have been faster. Then the whole transaction is tried again, and finds out who.
async fn write(connection: &mut PgConnection, turn: &TurnCommit) -> Result<()> {
    let query = TurnRows::of(&[turn])?.bind(sqlx::query(statement(true)));
    match query.fetch_all(connection).await {
        Ok(rows) if !rows.is_empty() => Ok(()),
        Ok(_) => Err(Error::Unavailable(sqlx::Error::Protocol(
            "another turn of the conversation was faster".to_owned(),
        ))),
        Err(error) if is_of_the_statement(&error) => Err(Error::Unavailable(error)),
        Err(error) => Err(error.into()),
    }
}

/// The division by zero with which the statement gives up.
fn is_of_the_statement(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.as_deref() == Some("22012")
}
