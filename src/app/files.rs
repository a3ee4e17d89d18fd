//! How many files the process may have open: each connection is one, and many systems begin with 1,024.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Files that are not connections of those who ask: the database, Redis, providers, attachments, the log.
const OTHERS: u64 = 256;

/// Raises the process's limit as far as it takes and the system allows, and answers with how many connections may be
/// open: as many as wished, or fewer where the limit is lower, so that what a turn needs is never what is missing.
pub(super) fn make_room(connections_max: usize) -> usize {
    let wanted = connections_max as u64 + OTHERS;
    let allowed = match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((soft, _)) if soft >= wanted => return connections_max,
        Ok((soft, hard)) => match setrlimit(Resource::RLIMIT_NOFILE, wanted.min(hard), hard) {
            Ok(()) => wanted.min(hard),
            Err(_) => soft,
        },
        // A system that does not tell has to be tried.
        Err(_) => return connections_max,
    };
    let room = room_within(allowed, connections_max);
    if room < connections_max {
        tracing::warn!(
            open_files_max = allowed,
            connections_max,
            room,
            "fewer connections than server.connections_max can be open: raise the limit of open files (ulimit -n, LimitNOFILE)"
        );
    }
    room
}

/// At least half of what is allowed goes to connections, however little it is.
fn room_within(allowed: u64, connections_max: usize) -> usize {
    let room = allowed.saturating_sub(OTHERS).max(allowed / 2).max(1);
    connections_max.min(usize::try_from(room).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::room_within;

    #[test]
    fn what_the_rest_of_the_process_needs_is_left_to_it() {
        for (allowed, wished, room) in [
            (4_352, 4_096, 4_096),
            (1_024, 4_096, 768),
            (1_024, 100, 100),
            (256, 4_096, 128),
            (0, 4_096, 1),
        ] {
            assert_eq!(
                room_within(allowed, wished),
                room,
                "{allowed} files, {wished} wished"
            );
        }
    }
}
