//! Medians and percentiles, and how figures are printed for scripts/bench-report.py.

use std::time::Duration;

/// The middle one; of an even number, the upper of the two.
pub(crate) fn median(of: impl IntoIterator<Item = f64>) -> f64 {
    let mut of: Vec<f64> = of.into_iter().collect();
    of.sort_by(f64::total_cmp);
    of.get(of.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The time that so many in a thousand did not exceed, in milliseconds.
pub(crate) fn permille(of: impl IntoIterator<Item = Duration>, permille: usize) -> f64 {
    let mut of: Vec<Duration> = of.into_iter().collect();
    of.sort_unstable();
    let at = (of.len() * permille / 1_000).min(of.len().saturating_sub(1));
    of.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1_000.0)
}

/// Prints a figure of the bench that this is part of.
pub(crate) fn figure(name: &str, value: f64, unit: &str) {
    println!("figure: {}_{name} {value:.4} {unit}", env!("CARGO_CRATE_NAME"));
}
