//! Processor time of the processes, as the system counts it: who is busy while a round lasts.

use std::time::Duration;

/// Ticks of `/proc`'s clock in a second; the same on every Linux.
const TICKS_PER_SECOND: u64 = 100;

/// What a process and its children have used so far.
pub(crate) fn used(pid: u32) -> Duration {
    let mut ticks = 0;
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    for process in processes {
        let Ok(stat) = std::fs::read_to_string(process.path().join("stat")) else {
            continue;
        };
        // The name in brackets may hold anything; after it come the state, the parent, and in the end the times.
        let Some((_, rest)) = stat.rsplit_once(')') else {
            continue;
        };
        let is_it = process.file_name().to_str() == Some(pid.to_string().as_str());
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let field = |at: usize| {
            fields
                .get(at)
                .and_then(|text| text.parse::<u64>().ok())
                .unwrap_or(0)
        };
        if is_it || field(1) == u64::from(pid) {
            ticks += field(11) + field(12);
        }
    }
    Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND)
}
