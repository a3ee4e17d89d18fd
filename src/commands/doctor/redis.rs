//! Whether the shared cache can be used as it is set.

use super::Finding::{self, Fine, Odd, Wrong};
use crate::app::shared;
use crate::config::Settings;
use crate::store::cache::RedisCache;

/// Connects and uses it as a conversation would; nothing when none is set.
pub(super) fn look(settings: &Settings) -> Option<Finding> {
    let url = settings.cache.redis.as_ref()?;
    let fix = |problem: String| {
        Wrong {
        problem,
        fix: "start it, or correct REDIS_URL; without it frontdesk serves too, and reads more from the database"
            .to_owned(),
    }
    };
    let options = match shared::options(settings) {
        Ok(options) => options?,
        Err(error) => {
            return Some(Wrong {
                problem: format!("{error:#}"),
                fix: "give the file to the user that frontdesk runs as, or correct cache.redis_ca_file"
                    .to_owned(),
            });
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Some(fix(format!("{url} cannot be asked: {error}"))),
    };
    Some(match runtime.block_on(RedisCache::examine(&options)) {
        Ok(server) if server.refuses_when_full => Odd(format!(
            "{url} answers, but refuses to remember once it is full; set its maxmemory-policy to allkeys-lru"
        )),
        Ok(server) if !server.counts => Odd(format!(
            "{url} answers and remembers, but does not let this user count how often somebody comes in; allow it get, \
             set and time (docs/OPERATIONS.md), or each process counts by itself"
        )),
        Ok(_) => Fine(format!("{url} answers and remembers")),
        Err(problem) => fix(format!("{url}: {problem}")),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_server_that_is_away_is_named_without_its_password() {
        // Nobody listens on a port that was just given back.
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let url = format!("redis://:hush@127.0.0.1:{port}");
        let settings = Settings::parse(Path::new("x"), "", [("REDIS_URL".to_owned(), url)]).unwrap();
        let Some(Wrong { problem, fix }) = look(&settings) else {
            panic!("nobody answered");
        };
        assert!(
            problem.starts_with(&format!("redis://127.0.0.1:{port}: ")),
            "{problem}"
        );
        assert!(!problem.contains("hush") && fix.contains("REDIS_URL"));
    }

    #[test]
    fn certificates_that_are_not_there_are_named() {
        let set = [
            ("REDIS_URL", "rediss://localhost"),
            ("REDIS_CA_FILE", "/nowhere/ca.pem"),
        ];
        let set = set.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = Settings::parse(Path::new("x"), "", set).unwrap();
        assert!(
            matches!(look(&settings), Some(Wrong { problem, .. }) if problem.contains("/nowhere/ca.pem"))
        );
    }
}
