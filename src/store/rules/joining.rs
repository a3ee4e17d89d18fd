//! Who somebody is, and what becomes of two conversations when their participants are one.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use crate::dialogue::Context;
use crate::dialogue::context::SCHEMA;
use crate::ids;
use crate::store::{Joined, LinkProof, Recognised, Result, Sighting};
use crate::types::{BusinessId, Pair, ParticipantId, TurnId};

/// Aliases with the participants that they belong to.
pub(in crate::store) type Known = HashMap<String, ParticipantId>;

/// Who a sighting is of, by what is known of its aliases: the first that is known decides. `None` when none is.
pub(in crate::store) fn recognised(sighting: &Sighting, known: &Known) -> Option<Recognised> {
    let mut found = Vec::new();
    for participant in sighting.aliases.iter().filter_map(|alias| known.get(alias)) {
        if !found.contains(participant) {
            found.push(participant.clone());
        }
    }
    let mut found = found.into_iter();
    Some(Recognised {
        participant: found.next()?,
        also: found.collect(),
    })
}

/// Two participants of a business who shall be one.
pub(in crate::store) struct Join {
    pub(in crate::store) business: BusinessId,
    pub(in crate::store) from: ParticipantId,
    pub(in crate::store) into: ParticipantId,
    pub(in crate::store) now: Timestamp,
    /// The token by which `from` says so.
    pub(in crate::store) proof: Option<LinkProof>,
}

/// One of the two conversations, with the turn that makes its next version.
pub(in crate::store) struct Side {
    pub(in crate::store) participant: ParticipantId,
    pub(in crate::store) conversation: Uuid,
    pub(in crate::store) turn: TurnId,
}

/// A conversation as it stands; version 0 when it had no row.
pub(in crate::store) struct Standing {
    pub(in crate::store) version: u64,
    pub(in crate::store) context: Context,
}

/// What a join asks of a database: a connection inside a transaction in which nobody else joins anybody of the business.
#[async_trait]
pub(in crate::store) trait Joining: Send {
    /// Who somebody is by now, if they were ever heard of.
    async fn who(&mut self, join: &Join, participant: &ParticipantId) -> Result<Option<ParticipantId>>;

    /// Remembers that `from` of the join has brought this token back, and forgets those that ended. Answers whether
    /// nobody else had brought it before.
    async fn spend(&mut self, join: &Join, proof: &LinkProof) -> Result<bool>;

    /// Keeps both conversations from being written by anybody else, and both participants from being recognised, until
    /// the end. A conversation that has no row yet gets one: a first turn of it may be under way.
    async fn lock(&mut self, join: &Join, sides: [&Side; 2]) -> Result<[Standing; 2]>;

    /// Appends what `from` has said and heard to the transcript of `into`, in sessions of its own. What it cost stands
    /// with the original. Answers with the number after which it was appended, and how much it was; numbers up to `used`
    /// may stand for what is written behind.
    async fn append(&mut self, join: &Join, from: &Side, into: &Side, used: u64) -> Result<(u64, u64)>;

    /// Writes the next version of a conversation, made by a turn of its own.
    async fn put(
        &mut self,
        join: &Join,
        side: &Side,
        standing: &Standing,
        other: &ParticipantId,
    ) -> Result<()>;

    /// What waits, or was given up and may be tried again, is answered by `into`. Answers how much that was.
    async fn move_messages(&mut self, from: &Side, into: &Side) -> Result<u64>;

    /// Appointments, with the next version of the calendar, identities, waitlist entries, handoffs; and ends the sessions
    /// of `from`.
    async fn move_the_rest(&mut self, join: &Join, from: &Side, into: &Side) -> Result<()>;
}

/// Messages that came in for somebody who had become somebody else.
pub(in crate::store) struct HandOver {
    pub(in crate::store) from: Pair,
}

impl HandOver {
    /// The conversations of both.
    pub(in crate::store) fn sides(&self, into: &ParticipantId) -> [Uuid; 2] {
        let into = Pair {
            business: self.from.business.clone(),
            participant: into.clone(),
        };
        [self.from.conversation().0, into.conversation().0]
    }
}

impl Join {
    /// Makes two participants one.
    pub(in crate::store) async fn carry_out(&self, desk: &mut dyn Joining) -> Result<Joined> {
        let from = desk.who(self, &self.from).await?;
        let into = desk.who(self, &self.into).await?;
        let (Some(from), Some(into)) = (from, into) else {
            return Ok(Joined::Unknown);
        };
        if let Some(proof) = &self.proof
            && !desk.spend(self, proof).await?
        {
            return Ok(Joined::Spent);
        }
        if from == into {
            return Ok(Joined::Already);
        }
        let (from, into) = (self.side(from), self.side(into));
        let [mut was, mut becomes] = desk.lock(self, [&from, &into]).await?;
        let used = becomes.context.last_seq;
        let (last, appended) = desk.append(self, &from, &into, used).await?;
        become_one(&mut becomes.context, &mut was.context, last, appended);
        desk.put(self, &from, &was, &into.participant).await?;
        desk.put(self, &into, &becomes, &from.participant).await?;
        let moved = desk.move_messages(&from, &into).await?;
        desk.move_the_rest(self, &from, &into).await?;
        Ok(Joined::Done(appended + moved))
    }

    /// The conversation of a participant.
    fn side(&self, participant: ParticipantId) -> Side {
        let pair = Pair {
            business: self.business.clone(),
            participant: participant.clone(),
        };
        Side {
            participant,
            conversation: pair.conversation().0,
            turn: TurnId(ids::new_id(self.now)),
        }
    }

    /// The ids under which sessions of the one conversation stand in the other: each counts its own messages.
    pub(in crate::store) fn copies(into: &Side, sessions: &[Uuid]) -> Vec<Uuid> {
        let copy = |session: &Uuid| Uuid::new_v5(&into.turn.0, session.as_bytes());
        sessions.iter().map(copy).collect()
    }
}

/// What a turn that only joins answers. Nobody asks, because it answers no message.
pub(in crate::store) fn answer(version: u64, other: &ParticipantId) -> String {
    serde_json::json!({ "version": version, "joined": other.as_str() }).to_string()
}

/// A stored context, or an empty one where this version cannot read it, as whoever loads it would begin.
pub(in crate::store) fn context(schema: u32, json: &str) -> Context {
    let readable = (schema == SCHEMA).then(|| serde_json::from_str(json).ok());
    readable.flatten().unwrap_or_default()
}

/// Makes `into` the conversation of both. `last` is the greatest number in its transcript, to which `appended` are
/// added. What `from` was in the middle of is over: its holds run out, and its customer goes on as `into`.
fn become_one(into: &mut Context, from: &mut Context, last: u64, appended: u64) {
    into.last_seq = into.last_seq.max(last) + appended;
    into.waitlist.append(&mut from.waitlist);
    // Whoever asked to be left alone, or for a person, has asked under every name.
    into.opted_out |= from.opted_out;
    into.handed_off = into.handed_off.or(from.handed_off.take());
    into.paused_until = into.paused_until.max(from.paused_until);
    if into.channel.is_none() {
        into.channel = from.channel;
        into.reached.clone_from(&from.reached);
    }
    from.session = None;
    from.goals.clear();
    from.dropped = None;
    from.question = None;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{AccountId, Channel};

    fn who(name: &str) -> ParticipantId {
        ParticipantId::new(name).unwrap()
    }

    #[test]
    fn the_first_alias_that_is_known_decides() {
        let sighting = Sighting {
            business: BusinessId::new("salon").unwrap(),
            channel: Channel::Whatsapp,
            account: AccountId::new("main").unwrap(),
            aliases: ["a", "b", "c", "d"].map(str::to_owned).into(),
            new: who("new"),
        };
        assert_eq!(recognised(&sighting, &Known::new()), None);
        let known =
            Known::from([("d", "ana"), ("c", "ben"), ("b", "ana")].map(|(a, p)| (a.to_owned(), who(p))));
        let expected = Recognised {
            participant: who("ana"),
            also: vec![who("ben")],
        };
        assert_eq!(recognised(&sighting, &known), Some(expected));
    }

    #[test]
    fn numbers_go_on_after_whatever_was_used() {
        let mut into = Context {
            last_seq: 4,
            ..Context::default()
        };
        let mut from = Context {
            opted_out: true,
            ..Context::default()
        };
        become_one(&mut into, &mut from, 7, 3);
        assert_eq!(into.last_seq, 10);
        assert!(into.opted_out);
    }

    #[test]
    fn a_context_of_another_schema_begins_anew() {
        assert_eq!(context(SCHEMA + 1, r#"{"last_seq": 7}"#), Context::default());
        assert_eq!(context(SCHEMA, r#"{"last_seq": 7}"#).last_seq, 7);
    }
}
