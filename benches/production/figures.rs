//! Medians, and how figures are printed for scripts/bench-report.py.

/// The middle one; of an even number, the upper of the two.
pub(crate) fn median(of: impl IntoIterator<Item = f64>) -> f64 {
    let mut of: Vec<f64> = of.into_iter().collect();
    of.sort_by(f64::total_cmp);
    of.get(of.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Prints a figure of this bench.
pub(crate) fn figure(name: &str, value: f64, unit: &str) {
    println!("figure: production_{name} {value:.4} {unit}");
}
