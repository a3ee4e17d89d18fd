//! The keys of series that every turn counts, made once. A key with a label is three allocations, and a turn counts ten
//! things: made for each of them, the keys were a tenth of what a turn allocates.

use std::sync::LazyLock;

use ::metrics::{Counter, Histogram, Key, Level, Metadata, with_recorder};

/// The keys of all series of a metric, in the order of its labels' values, the last label's first.
pub(super) type Keys = LazyLock<Vec<Key>>;

/// The keys of a metric with one label, by the value's place in its closed set.
macro_rules! of_one {
    ($name:expr, $label:literal => $set:ident) => {
        std::sync::LazyLock::new(|| {
            let values = $set::ALL.iter();
            values
                .map(|value| ::metrics::Key::from_parts($name, &[($label, value.as_str())]))
                .collect()
        })
    };
}

/// The keys of a metric with two labels; those of one value of the first stand together.
macro_rules! of_two {
    ($name:expr, $first:literal => $firsts:ident, $second:literal => $seconds:ident) => {
        std::sync::LazyLock::new(|| {
            let seconds = |first: &'static str| {
                let key = move |second: &$seconds| {
                    ::metrics::Key::from_parts($name, &[($first, first), ($second, second.as_str())])
                };
                $seconds::ALL.iter().map(key)
            };
            $firsts::ALL
                .iter()
                .flat_map(|first| seconds(first.as_str()))
                .collect()
        })
    };
}

pub(super) use {of_one, of_two};

static METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

pub(super) fn counter(key: &Key) -> Counter {
    with_recorder(|recorder| recorder.register_counter(key, &METADATA))
}

pub(super) fn histogram(key: &Key) -> Histogram {
    with_recorder(|recorder| recorder.register_histogram(key, &METADATA))
}
