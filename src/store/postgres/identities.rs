//! Who is who: names that channels have for people, and the participants that they belong to.
//!
//! Nearly everybody who writes is known under every name that is told, which one read says. Only what is new is
//! written, by one recogniser of an account at a time, so that two who meet the same new person agree. Whoever is
//! chosen is locked against being joined into somebody else meanwhile.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use super::attachments;
use super::readers::{Read as _, Readers};
use super::rows::Cells;
use super::transaction::{Ending, Operation};
use super::turn_rows::{PgQuery, time};
use crate::store::rules::joining::{Known, recognised};
use crate::store::{MessageKey, Recognised, Result, Sighting};
use crate::types::{BusinessId, Pair, ParticipantId};

/// The aliases of sightings that are known, each with the place of its sighting.
fn known_of(sightings: &[Sighting]) -> PgQuery {
    let (mut places, mut channels, mut accounts) = (Vec::new(), Vec::new(), Vec::new());
    let (mut aliases, mut businesses) = (Vec::new(), Vec::new());
    for (place, sighting) in (0_i64..).zip(sightings) {
        for alias in &sighting.aliases {
            places.push(place);
            channels.push(sighting.channel.as_str());
            accounts.push(sighting.account.to_string());
            aliases.push(alias.clone());
            businesses.push(sighting.business.to_string());
        }
    }
    sqlx::query(
        "SELECT s.place, i.user_id, i.participant_id
         FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[])
             AS s (place, channel, account, alias, business)
         JOIN identities i
             ON i.channel = s.channel AND i.account = s.account AND i.user_id = s.alias
            AND i.business_id = s.business",
    )
    .bind(places)
    .bind(channels)
    .bind(accounts)
    .bind(aliases)
    .bind(businesses)
}

fn read(rows: &[PgRow], sightings: usize) -> Result<Vec<Known>> {
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
pub(super) async fn known(readers: &Readers, sightings: &[Sighting]) -> Result<Vec<Option<Recognised>>> {
    let rows = known_of(sightings).read_all(readers).await?;
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

    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<Vec<Recognised>>> {
        self.alone(connection).await?;
        // A statement of its own, so that its snapshot is younger than the locks.
        let rows = known_of(&self.sightings).fetch_all(&mut *connection).await?;
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
        Ok(Ending::Commit(answers))
    }
}

impl Recognise {
    /// Waits until nobody else recognises anybody of these accounts; in the order of their names, as everybody does.
    async fn alone(&self, connection: &mut PgConnection) -> Result<()> {
        let mut accounts: Vec<String> = self
            .sightings
            .iter()
            .map(|sighting| format!("identities of {}/{}", sighting.channel, sighting.account))
            .collect();
        accounts.sort_unstable();
        accounts.dedup();
        for account in accounts {
            sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
                .bind(account)
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }

    /// Makes sure that a participant is there, and stays who they are until the end; answers with who that is.
    async fn keep(
        &self,
        connection: &mut PgConnection,
        business: &BusinessId,
        participant: &ParticipantId,
    ) -> Result<ParticipantId> {
        sqlx::query(
            "INSERT INTO participants (business_id, participant_id, created_at, updated_at) VALUES ($1, $2, $3, $3)
             ON CONFLICT (business_id, participant_id) DO NOTHING",
        )
        .bind(business.as_str())
        .bind(participant.as_str())
        .bind(time(self.now))
        .execute(&mut *connection)
        .await?;
        let row = sqlx::query(
            "SELECT participant_id, COALESCE(joined_into, participant_id) AS root FROM participants
             WHERE business_id = $1 AND participant_id = $2 FOR SHARE",
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
        connection: &mut PgConnection,
        sighting: &Sighting,
        participant: &ParticipantId,
        aliases: &[&str],
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO identities (channel, account, user_id, business_id, participant_id, created_at)
             SELECT DISTINCT $1, $2, alias, $3, $4, $5::timestamptz FROM unnest($6::text[]) AS a (alias)
             ON CONFLICT (channel, account, user_id) DO UPDATE SET
                 business_id = excluded.business_id, participant_id = excluded.participant_id,
                 created_at = excluded.created_at
             WHERE identities.business_id <> excluded.business_id",
        )
        .bind(sighting.channel.as_str())
        .bind(sighting.account.as_str())
        .bind(sighting.business.as_str())
        .bind(participant.as_str())
        .bind(time(self.now))
        .bind(aliases)
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
    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<bool>> {
        let key = &self.key;
        let row = sqlx::query(
            "UPDATE inbox SET
                 text = '', attachments = NULL,
                 state = CASE WHEN state = 1 THEN 1 ELSE 2 END,
                 dropped_at = CASE WHEN state = 1 THEN dropped_at ELSE COALESCE(dropped_at, clock_timestamp()) END
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
            return Ok(Ending::Commit(false));
        };
        let cells = Cells::new(&row, "inbox", "message_id");
        let Some(turn) = cells.id_if_any("turn_id")? else {
            return Ok(Ending::Commit(true));
        };
        let business: BusinessId = cells.parsed("business_id")?;
        let participant: ParticipantId = cells.parsed("participant_id")?;
        let family = sqlx::query(
            "SELECT f.participant_id
             FROM participants p
             JOIN participants f
                 ON f.business_id = p.business_id
                AND (f.participant_id = COALESCE(p.joined_into, p.participant_id)
                     OR f.joined_into = COALESCE(p.joined_into, p.participant_id))
             WHERE p.business_id = $1 AND p.participant_id = $2",
        )
        .bind(business.as_str())
        .bind(participant.as_str())
        .fetch_all(&mut *connection)
        .await?;
        let mut conversations = vec![cells.id("conversation_id")?];
        for row in &family {
            let participant = Cells::new(row, "participants", "participant_id").parsed("participant_id")?;
            let business = business.clone();
            conversations.push(
                Pair {
                    business,
                    participant,
                }
                .conversation()
                .0,
            );
        }
        // What it began is called by its words.
        sqlx::query(
            "UPDATE sessions SET title = ''
             WHERE id IN (
                 SELECT m.session_id FROM messages m
                 WHERE m.conversation_id = ANY ($1::uuid[]) AND m.direction = 'inbound' AND m.channel = $2
                   AND m.message_id = $3
                   AND (m.turn_id = $4 OR m.metadata #>> '{joined_from,turn}' = $4::text)
                   AND NOT EXISTS (
                       SELECT FROM messages e
                       WHERE e.conversation_id = m.conversation_id AND e.session_id = m.session_id
                         AND e.direction = 'inbound' AND e.seq < m.seq))",
        )
        .bind(&conversations)
        .bind(key.channel.as_str())
        .bind(key.message_id.as_str())
        .bind(turn)
        .execute(&mut *connection)
        .await?;
        sqlx::query(
            "UPDATE messages SET content = '', attachments = NULL, status = 'redacted'
             WHERE conversation_id = ANY ($1::uuid[]) AND direction = 'inbound' AND channel = $2
               AND message_id = $3
               AND (turn_id = $4 OR metadata #>> '{joined_from,turn}' = $4::text)",
        )
        .bind(conversations)
        .bind(key.channel.as_str())
        .bind(key.message_id.as_str())
        .bind(turn)
        .execute(connection)
        .await?;
        Ok(Ending::Commit(true))
    }
}
