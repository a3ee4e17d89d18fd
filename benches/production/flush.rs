//! What the disk takes for a flush: no commit can be faster.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use tokio::time::Instant;

use super::figures::median;

const FLUSHES: usize = 200;
/// As much as PostgreSQL writes at least.
const PAGE: [u8; 8192] = [7; 8192];

/// The median time of an `fdatasync` after one page more, in milliseconds.
pub(crate) fn measure(folder: &Path) -> f64 {
    let path = folder.join("flush");
    let mut file = File::create(&path).unwrap();
    let took: Vec<f64> = (0..FLUSHES)
        .map(|_| {
            file.write_all(&PAGE).unwrap();
            let begun = Instant::now();
            file.sync_data().unwrap();
            begun.elapsed().as_secs_f64() * 1_000.0
        })
        .collect();
    let _ = std::fs::remove_file(path);
    median(took)
}
