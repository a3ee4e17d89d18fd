//! What Redis remembers, against the database: it may be behind, and never ahead or beside.

use sqlx::Row as _;

use super::super::support::redis::Redis;
use super::{Database, Violation};

/// Every conversation that Redis remembers: its key, version and turn.
const REMEMBERED: &str = "local found = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  found[#found + 1] = key .. ' ' .. table.concat(redis.call('HMGET', key, 'v', 't'), ' ')
end
return found";

impl Database {
    /// Looks at everything that `redis` remembers. Says how much that is, and what is wrong.
    pub(crate) async fn check_cache(&self, redis: &Redis) -> (usize, Vec<Violation>) {
        let rows = sqlx::query("SELECT lower(hex(id)), version, lower(hex(last_turn_id)) FROM conversations")
            .fetch_all(&mut *self.connection.lock().await)
            .await
            .unwrap();
        let kept: std::collections::HashMap<String, (i64, String)> = rows
            .iter()
            .map(|row| (row.get(0), (row.get(1), row.get(2))))
            .collect();
        let said = redis.cli(&["eval", REMEMBERED, "0"]);
        let remembered: Vec<&str> = said.lines().filter(|line| !line.is_empty()).collect();
        let mut found = Vec::new();
        for line in &remembered {
            let entry = read(line).unwrap_or_else(|| panic!("not a key of ours: {line}"));
            let (version, turn) = kept.get(&entry.0).cloned().unwrap_or_default();
            let is_right = entry.1 < version || (entry.1 == version && entry.2 == turn);
            if !is_right {
                found.push(Violation {
                    rule: "what Redis remembers is not ahead of the database, nor beside it",
                    what: format!("{line}, but the database has {version} {turn}"),
                });
            }
        }
        (remembered.len(), found)
    }
}

/// `fd:{CONVERSATION}:ctx VERSION TURN`, ids without dashes.
fn read(line: &str) -> Option<(String, i64, String)> {
    let (key, rest) = line.split_once(' ')?;
    let (version, turn) = rest.split_once(' ')?;
    let id = key.strip_prefix("fd:{")?.strip_suffix("}:ctx")?;
    Some((id.replace('-', ""), version.parse().ok()?, turn.replace('-', "")))
}
