//! Who is who: names that channels have for people, and the participants that they belong to.
//!
//! Nearly everybody who writes is known under every name that is told, which one read says. Only what is new is
//! written, and looked up again before: there is one writer, so that two who meet the same new person agree.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqlitePool};

use super::attachments;
use super::operation::Operation;
use super::rows::{Cells, blob, hex, json, micros};
use crate::store::rules::joining::{Known, recognised};
use crate::store::{MessageKey, Recognised, Result, Sighting};
use crate::types::{BusinessId, Pair, ParticipantId};

/// The aliases of sightings that are known, each with the place of its sighting; `$1` are the [`aliases`].
const KNOWN: &str = "
    SELECT e.value ->> 0 AS place, i.user_id, i.participant_id
    FROM json_each($1) e
    CROSS JOIN identities i
        ON i.channel = e.value ->> 1 AND i.account = e.value ->> 2 AND i.user_id = e.value ->> 3
    WHERE i.business_id = e.value ->> 4";

fn aliases(sightings: &[Sighting]) -> Result<String> {
    let mut aliases = Vec::new();
    for (place, sighting) in sightings.iter().enumerate() {
        let (channel, account) = (sighting.channel.as_str(), sighting.account.as_str());
        for alias in &sighting.aliases {
            aliases.push((
                place,
                channel,
                account,
                alias.as_str(),
                sighting.business.as_str(),
            ));
        }
    }
    json(&aliases)
}

fn read(rows: &[SqliteRow], sightings: usize) -> Result<Vec<Known>> {
    let mut known = vec![Known::default(); sightings];
    for row in rows {
        let cells = Cells::new(row, "identities", "user_id");
        let place: usize = cells.number("place")?;
        if let Some(known) = known.get_mut(place) {
            known.insert(cells.get("user_id")?, cells.parsed("participant_id")?);
        }
    }
    Ok(known)
}

/// Those who are known under all their aliases; `None` for whom something has to be written.
pub(super) async fn known(readers: &SqlitePool, sightings: &[Sighting]) -> Result<Vec<Option<Recognised>>> {
    let rows = sqlx::query(KNOWN)
        .bind(aliases(sightings)?)
        .fetch_all(readers)
        .await?;
    let known = read(&rows, sightings.len())?;
    let who = |(sighting, known): (&Sighting, &Known)| {
        let all = sighting.aliases.iter().all(|alias| known.contains_key(alias));
        recognised(sighting, known).filter(|_| all)
    };
    Ok(sightings.iter().zip(&known).map(who).collect())
}

/// Recognises people, and records what is new.
pub(super) struct Recognise {
    pub(super) sightings: Vec<Sighting>,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Operation for Recognise {
    type Output = Vec<Recognised>;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<Vec<Recognised>> {
        let rows = sqlx::query(KNOWN)
            .bind(aliases(&self.sightings)?)
            .fetch_all(&mut *connection)
            .await?;
        let mut known = read(&rows, self.sightings.len())?;
        // What this very call has recorded already.
        let mut fresh: HashMap<(&str, &str, &str), ParticipantId> = HashMap::new();
        let mut answers = Vec::with_capacity(self.sightings.len());
        for (sighting, known) in self.sightings.iter().zip(&mut known) {
            let at = (sighting.channel.as_str(), sighting.account.as_str());
            for alias in &sighting.aliases {
                if let Some(participant) = fresh.get(&(at.0, at.1, alias.as_str())) {
                    known.insert(alias.clone(), participant.clone());
                }
            }
            let who = recognised(sighting, known).unwrap_or_else(|| Recognised {
                participant: sighting.new.clone(),
                also: Vec::new(),
            });
            let participant = self
                .keep(connection, &sighting.business, &who.participant)
                .await?;
            let new: Vec<&str> = sighting
                .aliases
                .iter()
                .filter(|alias| !known.contains_key(*alias))
                .map(String::as_str)
                .collect();
            if !new.is_empty() {
                self.record(connection, sighting, &participant, &new).await?;
            }
            for alias in new {
                fresh.insert((at.0, at.1, alias), participant.clone());
            }
            answers.push(Recognised {
                also: who.also.into_iter().filter(|also| *also != participant).collect(),
                participant,
            });
        }
        Ok(answers)
    }

    fn bytes(&self) -> usize {
        512 * self.sightings.len()
    }

    fn may_book(&self) -> bool {
        false
    }
}

impl Recognise {
    /// Makes sure that a participant is there; answers with who they are by now.
    async fn keep(
        &self,
        connection: &mut SqliteConnection,
        business: &BusinessId,
        participant: &ParticipantId,
    ) -> Result<ParticipantId> {
        sqlx::query(
            "INSERT INTO participants (business_id, participant_id, created_at, updated_at) VALUES ($1, $2, $3, $3)
             ON CONFLICT (business_id, participant_id) DO NOTHING",
        )
        .bind(business.as_str())
        .bind(participant.as_str())
        .bind(micros(self.now))
        .execute(&mut *connection)
        .await?;
        let row = sqlx::query(
            "SELECT participant_id, COALESCE(joined_into, participant_id) AS root FROM participants
             WHERE business_id = $1 AND participant_id = $2",
        )
        .bind(business.as_str())
        .bind(participant.as_str())
        .fetch_one(connection)
        .await?;
        Cells::new(&row, "participants", "participant_id").parsed("root")
    }

    /// A name that was somebody's at another business, to which the account no longer belongs, is free.
    async fn record(
        &self,
        connection: &mut SqliteConnection,
        sighting: &Sighting,
        participant: &ParticipantId,
        aliases: &[&str],
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO identities (channel, account, user_id, business_id, participant_id, created_at)
             SELECT DISTINCT $1, $2, value, $3, $4, $5 FROM json_each($6) WHERE true
             ON CONFLICT (channel, account, user_id) DO UPDATE SET
                 business_id = excluded.business_id, participant_id = excluded.participant_id,
                 created_at = excluded.created_at
             WHERE identities.business_id <> excluded.business_id",
        )
        .bind(sighting.channel.as_str())
        .bind(sighting.account.as_str())
        .bind(sighting.business.as_str())
        .bind(participant.as_str())
        .bind(micros(self.now))
        .bind(json(aliases)?)
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// Takes back what a message said.
pub(super) struct Redact {
    pub(super) key: MessageKey,
}

#[async_trait]
impl Operation for Redact {
    type Output = bool;

    /// In every transcript that it stands in: those of participants who became one have copies. Ids alone could be those
    /// of another account's message; with the turn that answered it, it is this one.
    async fn run(&self, connection: &mut SqliteConnection) -> Result<bool> {
        let key = &self.key;
        let row = sqlx::query(
            "UPDATE inbox SET
                 text = '', attachments = NULL,
                 state = CASE WHEN state = 1 THEN 1 ELSE 2 END,
                 dropped_at = CASE WHEN state = 1 THEN dropped_at
                     ELSE COALESCE(dropped_at, CAST(unixepoch('subsec') * 1000000 AS INTEGER)) END
             WHERE channel = $1 AND account = $2 AND message_id = $3
             RETURNING message_id, business_id, participant_id, conversation_id, turn_id",
        )
        .bind(key.channel.as_str())
        .bind(key.account.as_str())
        .bind(key.message_id.as_str())
        .fetch_optional(&mut *connection)
        .await?;
        attachments::take_back(connection, key).await?;
        let Some(row) = row else {
            return Ok(false);
        };
        let cells = Cells::new(&row, "inbox", "message_id");
        let Some(turn) = cells.id_if_any("turn_id")? else {
            return Ok(true);
        };
        let business: BusinessId = cells.parsed("business_id")?;
        let participant: ParticipantId = cells.parsed("participant_id")?;
        let family = sqlx::query(
            "SELECT f.participant_id
             FROM participants p
             CROSS JOIN participants f
                 ON f.business_id = p.business_id
                AND (f.participant_id = COALESCE(p.joined_into, p.participant_id)
                     OR f.joined_into = COALESCE(p.joined_into, p.participant_id))
             WHERE p.business_id = $1 AND p.participant_id = $2",
        )
        .bind(business.as_str())
        .bind(participant.as_str())
        .fetch_all(&mut *connection)
        .await?;
        let mut conversations = vec![hex(cells.id("conversation_id")?)];
        for row in &family {
            let participant = Cells::new(row, "participants", "participant_id").parsed("participant_id")?;
            let business = business.clone();
            conversations.push(hex(Pair {
                business,
                participant,
            }
            .conversation()
            .0));
        }
        sqlx::query(
            "UPDATE sessions SET title = ''
             WHERE id IN (
                 SELECT m.session_id FROM messages m
                 WHERE m.conversation_id IN (SELECT unhex(value) FROM json_each($1)) AND m.direction = 'inbound'
                   AND m.channel = $2 AND m.message_id = $3
                   AND (m.turn_id = $4 OR m.metadata ->> '$.joined_from.turn' = lower(hex($4)))
                   AND NOT EXISTS (
                       SELECT 1 FROM messages e
                       WHERE e.conversation_id = m.conversation_id AND e.session_id = m.session_id
                         AND e.direction = 'inbound' AND e.seq < m.seq));

             UPDATE messages SET content = '', attachments = NULL, status = 'redacted'
             WHERE conversation_id IN (SELECT unhex(value) FROM json_each($1)) AND direction = 'inbound' AND channel = $2
               AND message_id = $3
               AND (turn_id = $4 OR metadata ->> '$.joined_from.turn' = lower(hex($4)))",
        )
        .bind(json(&conversations)?)
        .bind(key.channel.as_str())
        .bind(key.message_id.as_str())
        .bind(blob(turn))
        .execute(connection)
        .await?;
        Ok(true)
    }
    fn may_book(&self) -> bool {
        false
    }
}
