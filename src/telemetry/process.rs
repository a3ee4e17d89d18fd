//! What the operating system knows of this process.

use super::metrics;
use crate::clock::{Clock, SystemClock};

/// Sets `process_resident_memory_bytes`. Where there is no `/proc`, the gauge keeps its zero.
pub(super) fn measure() {
    if let Some(bytes) = resident_bytes() {
        // A gauge is a float; 2^53 bytes of memory are far away.
        #[expect(clippy::cast_precision_loss, reason = "see above")]
        ::metrics::gauge!(metrics::RESIDENT_MEMORY).set(bytes as f64);
    }
}

/// Sets `process_start_time_seconds` to the machine's time as it is now.
pub(super) fn began() {
    // The machine's time even when the clock is set: whoever compares it with other processes has that one.
    let now = Clock::now(&SystemClock::real());
    ::metrics::gauge!(metrics::START_TIME).set(now.as_duration().as_secs_f64());
}

/// `VmRSS` of `/proc/self/status`: the same figure as in `statm`, in a unit that does not depend on the page size.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn a_process_knows_its_size() {
        let bytes = super::resident_bytes().unwrap();
        assert!((1 << 20..1 << 40).contains(&bytes), "{bytes}");
    }
}
