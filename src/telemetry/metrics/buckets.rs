//! The bounds of the histograms' buckets.

use super::{COMMIT_BATCH, COMMIT_DURATION, LLM_DURATION, TURN_DURATION};

/// A histogram with its buckets.
pub(in crate::telemetry) struct Buckets {
    pub(in crate::telemetry) name: &'static str,
    pub(in crate::telemetry) buckets: &'static [f64],
}

const SECONDS: &[f64] = &[
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0, 30.0,
];

pub(in crate::telemetry) const HISTOGRAMS: [Buckets; 4] = [
    Buckets {
        name: TURN_DURATION,
        buckets: SECONDS,
    },
    Buckets {
        name: COMMIT_DURATION,
        buckets: SECONDS,
    },
    Buckets {
        name: LLM_DURATION,
        buckets: SECONDS,
    },
    Buckets {
        name: COMMIT_BATCH,
        buckets: &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0],
    },
];
