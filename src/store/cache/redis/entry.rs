//! What stands in Redis: one hash for each conversation, and the script that writes it.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use redis::{Cmd, Script, cmd};

use crate::dialogue::Context;
use crate::dialogue::context::SCHEMA;
use crate::store::Standing;
use crate::store::cache::Cached;
use crate::types::{ConversationId, TurnId};

/// Writes a context unless a newer one stands there. Order among writers, and no lock: who may write at all is
/// decided by the store.
static PUT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local kept = tonumber(redis.call('HGET', KEYS[1], 'v'))
local version = tonumber(ARGV[1])
if kept and ARGV[6] == '0' and kept >= version then
  if kept == version and redis.call('HGET', KEYS[1], 't') == ARGV[2] then
    redis.call('PEXPIRE', KEYS[1], ARGV[5])
    return 1
  end
  return 0
end
redis.call('HSET', KEYS[1], 'v', ARGV[1], 't', ARGV[2], 's', ARGV[3], 'd', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 1
",
    )
});

/// The script that puts, to be loaded where a server does not know it.
pub(super) fn script() -> &'static Script {
    &PUT
}

/// A context to be written.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub standing: Standing,
    pub json: Arc<str>,
}

/// The braces make a cluster keep all that is ever kept of one conversation in one place.
fn key(conversation: ConversationId) -> String {
    format!("fd:{{{}}}:ctx", conversation.0)
}

/// `anyway` writes even over a newer version: what stands there was found to be wrong.
pub(super) fn put(conversation: ConversationId, written: &Written, anyway: bool, ttl: Duration) -> Cmd {
    let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
    let mut command = Cmd::with_capacity(10, 256 + written.json.len());
    command
        .arg("EVALSHA")
        .arg(PUT.get_hash())
        .arg(1)
        .arg(key(conversation))
        .arg(written.standing.version)
        .arg(written.standing.turn.0.to_string())
        .arg(SCHEMA)
        .arg(&*written.json)
        .arg(ttl_ms)
        .arg(u8::from(anyway));
    command
}

pub(super) fn forget(conversation: ConversationId) -> Cmd {
    let mut command = cmd("DEL");
    command.arg(key(conversation));
    command
}

pub(super) fn get(conversation: ConversationId) -> Cmd {
    let mut command = cmd("HMGET");
    command.arg(key(conversation)).arg(&["v", "t", "s", "d"]);
    command
}

/// What an entry's fields say.
#[derive(Debug)]
pub(super) enum Read {
    Found(Cached),
    Nothing,
    /// It was written by another version of frontdesk, or by somebody else.
    Unreadable,
}

pub(super) fn read(fields: &[Option<Vec<u8>>]) -> Read {
    if fields.iter().all(Option::is_none) {
        return Read::Nothing;
    }
    decode(fields).map_or(Read::Unreadable, Read::Found)
}

fn decode(fields: &[Option<Vec<u8>>]) -> Option<Cached> {
    let [Some(version), Some(turn), Some(schema), Some(json)] = fields else {
        return None;
    };
    let text = |bytes| std::str::from_utf8(bytes).ok();
    if text(schema)?.parse::<u32>().ok()? != SCHEMA {
        return None;
    }
    let context: Context = serde_json::from_slice(json).ok()?;
    Some(Cached {
        standing: Standing {
            version: text(version)?.parse().ok()?,
            turn: TurnId(text(turn)?.parse().ok()?),
        },
        context: Arc::new(context),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(texts: [Option<&str>; 4]) -> Vec<Option<Vec<u8>>> {
        texts
            .map(|text| text.map(|text| text.as_bytes().to_vec()))
            .to_vec()
    }

    const TURN: &str = "018f0000-0000-7000-8000-000000000001";

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        let schema = SCHEMA.to_string();
        let read = read(&fields([
            Some("7"),
            Some(TURN),
            Some(&schema),
            Some("{\"insults\":2}"),
        ]));
        let Read::Found(cached) = read else {
            panic!("{read:?}");
        };
        assert_eq!(cached.standing.version, 7);
        assert_eq!(cached.standing.turn.0.to_string(), TURN);
        assert_eq!(cached.context.insults, 2);
    }

    #[test]
    fn what_another_version_or_another_program_wrote_is_unreadable() {
        let (ours, other) = (SCHEMA.to_string(), (SCHEMA + 1).to_string());
        for texts in [
            [Some("7"), Some(TURN), Some(other.as_str()), Some("{}")],
            [Some("7"), Some(TURN), Some(ours.as_str()), Some("{\"insults\":")],
            [Some("7"), Some(TURN), Some(ours.as_str()), None],
            [Some("-7"), Some(TURN), Some(ours.as_str()), Some("{}")],
            [Some("7"), Some("a turn"), Some(ours.as_str()), Some("{}")],
            [None, None, None, Some("\u{fffd}")],
        ] {
            assert!(matches!(read(&fields(texts)), Read::Unreadable), "{texts:?}");
        }
        assert!(matches!(read(&fields([None; 4])), Read::Nothing));
    }

    #[test]
    fn a_conversation_keeps_everything_in_one_place_of_a_cluster() {
        let id: ConversationId = ConversationId(TURN.parse().unwrap());
        assert_eq!(key(id), format!("fd:{{{TURN}}}:ctx"));
    }
}
