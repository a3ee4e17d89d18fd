//! Accepting messages: many at a time, each once by its key (I3).

use std::collections::HashSet;

use async_trait::async_trait;
use sqlx::{PgConnection, Row as _};

use super::lane::{Job, Lane};
use super::link::{Link, limited};
use super::transaction::{Ending, Operation};
use super::turn_rows::{Inboxes, PgQuery};
use crate::store::batch::{self, Batched};
use crate::store::{Acceptance, Inbound, MessageKey, Result};

/// Accepts messages.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Accepting;

impl Batched for Job<Accepting> {
    fn bytes(&self) -> usize {
        batch::bytes_of_messages(&self.input)
    }

    fn touches(&self) -> Vec<u64> {
        Vec::new()
    }
}

/// Rows are written in the order of their keys, so that two who accept the same messages wait for each other in one
/// direction only.
fn statement(batch: &[&Vec<Inbound>]) -> PgQuery {
    let mut messages: Vec<&Inbound> = batch.iter().copied().flatten().collect();
    messages.sort_by(|a, b| a.key.cmp(&b.key));
    let mut rows = Inboxes::default();
    for message in messages {
        rows.push(message, message.pair().conversation().0);
    }
    rows.bind(sqlx::query(
        "INSERT INTO inbox
             (channel, account, message_id, business_id, participant_id, conversation_id, text, attachments, sent_at,
              received_at, address)
         SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[],
                              $8::text[], $9::timestamptz[], $10::timestamptz[], $11::text[])
         ON CONFLICT (channel, account, message_id) DO NOTHING
         RETURNING channel, account, message_id",
    ))
}

/// Says of each message whether it is one of the `new` rows. The same key twice: the first is new.
fn answers(
    batch: &[&Vec<Inbound>],
    new: &[sqlx::postgres::PgRow],
) -> Result<Vec<Vec<Acceptance>>, sqlx::Error> {
    let mut fresh: HashSet<(&str, &str, &str)> = HashSet::with_capacity(new.len());
    for row in new {
        fresh.insert((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    }
    let mut answers = Vec::with_capacity(batch.len());
    for messages in batch {
        let mut told = Vec::with_capacity(messages.len());
        for MessageKey {
            channel,
            account,
            message_id,
        } in messages.iter().map(|message| &message.key)
        {
            let is_new = fresh.remove(&(channel.as_str(), account, message_id.as_str()));
            told.push(if is_new {
                Acceptance::New
            } else {
                Acceptance::Duplicate
            });
        }
        answers.push(told);
    }
    Ok(answers)
}

#[async_trait]
impl Lane for Accepting {
    type Input = Vec<Inbound>;
    type Output = Vec<Acceptance>;

    async fn write(
        &mut self,
        link: &mut Link,
        batch: &[&Vec<Inbound>],
    ) -> Result<Vec<Option<Vec<Acceptance>>>, sqlx::Error> {
        let limit = link.statement_limit();
        let connection = link.get().await?;
        let new = limited(limit, statement(batch).fetch_all(connection)).await?;
        Ok(answers(batch, &new)?.into_iter().map(Some).collect())
    }

    /// Written again, those that are there are told as duplicates: recorded before, which is what matters.
    async fn find_out(
        &mut self,
        link: &mut Link,
        _: &[&Vec<Inbound>],
    ) -> Result<Option<Vec<Option<Vec<Acceptance>>>>, sqlx::Error> {
        link.get().await?;
        Ok(None)
    }
}

#[async_trait]
impl Operation for Vec<Inbound> {
    type Output = Vec<Acceptance>;

    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<Vec<Acceptance>>> {
        let new = statement(&[self]).fetch_all(connection).await?;
        let mut answers = answers(&[self], &new)?;
        Ok(Ending::Commit(answers.pop().unwrap_or_default()))
    }
}
