//! Memory: more conversations than the caches and the live actors may keep, each touched once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::figures::figure;
use super::load::{Load, Pairs};
use super::metric::metric;
use super::site::Site;
use super::top;

const CONVERSATIONS: u32 = 100_000;
/// How often `/metrics` is asked.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// What comes after the last message belongs to it: the actors above the cap leave.
const AFTERWARDS: Duration = Duration::from_secs(3);
const MEBIBYTE: f64 = 1_048_576.0;

/// Answers with the number of errors.
pub(crate) async fn run(site: &Site) -> u64 {
    let frontdesk = site
        .frontdesk_with("memory", &[("MAX_CACHE_SIZE", "10000")])
        .await;
    let over = Arc::new(AtomicBool::new(false));
    let looking = tokio::spawn({
        let (server, over) = (frontdesk.address, over.clone());
        async move {
            let (mut bytes, mut actors) = (0.0_f64, 0.0_f64);
            while !over.load(Ordering::Relaxed) {
                bytes = bytes.max(metric(server, "process_resident_memory_bytes").await);
                actors = actors.max(metric(server, "frontdesk_actors").await);
                tokio::time::sleep(LOOK_EVERY).await;
            }
            (bytes, actors)
        }
    });
    let load = Load {
        pairs: Pairs::Each(0..CONVERSATIONS),
        ..top::load(frontdesk.address, Duration::from_secs(600))
    };
    let heard = top::measure(site, "touched", &frontdesk, load).await;
    tokio::time::sleep(AFTERWARDS).await;
    over.store(true, Ordering::Relaxed);
    let (bytes, actors) = looking.await.unwrap();
    println!(
        "{} conversations touched, {actors} actors alive at most",
        heard.samples.len()
    );
    figure("memory_peak", bytes / MEBIBYTE, "MiB");
    // The kernel's own high-water mark: nothing between two looks is missed.
    figure("memory_high_water_mark", high_water_mark(frontdesk.pid()), "MiB");
    heard.errors
}

/// `VmHWM` of a process, in MiB.
pub(crate) fn high_water_mark(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status
        .lines()
        .find_map(|line| {
            line.strip_prefix("VmHWM:")?
                .trim()
                .strip_suffix("kB")?
                .trim()
                .parse::<f64>()
                .ok()
        })
        .map_or(f64::NAN, |kibibytes| kibibytes / 1_024.0)
}
