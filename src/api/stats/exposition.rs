//! Reads the metrics registry back from its own text form, the only way that the registry offers.

use std::collections::BTreeMap;

/// One value of one metric.
#[derive(Debug, PartialEq)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: u64,
}

/// Every value of the registry at one moment.
#[derive(Debug, Default)]
pub(super) struct Samples(Vec<Sample>);

impl Samples {
    /// Reads the Prometheus text format. A line that it does not understand is left out.
    pub(super) fn parse(text: &str) -> Self {
        Self(
            text.lines()
                .filter(|line| !line.starts_with('#'))
                .filter_map(sample)
                .collect(),
        )
    }

    /// The values of a metric, summed by these labels (joined with `/`).
    pub(super) fn by(&self, metric: &str, labels: &[&str]) -> BTreeMap<String, u64> {
        let mut sums = BTreeMap::new();
        for sample in self.0.iter().filter(|sample| sample.name == metric) {
            let key: Vec<&str> = labels
                .iter()
                .map(|label| sample.labels.get(*label).map_or("", String::as_str))
                .collect();
            *sums.entry(key.join("/")).or_insert(0) += sample.value;
        }
        sums
    }

    /// All values of a metric together.
    pub(super) fn sum(&self, metric: &str) -> u64 {
        self.0
            .iter()
            .filter(|sample| sample.name == metric)
            .map(|sample| sample.value)
            .sum()
    }
}

fn sample(line: &str) -> Option<Sample> {
    let (head, value) = line.trim().rsplit_once(' ')?;
    let (name, labels) = match head.split_once('{') {
        Some((name, rest)) => (name, labels(rest.strip_suffix('}')?)),
        None => (head, BTreeMap::new()),
    };
    Some(Sample {
        name: name.to_owned(),
        labels,
        value: count(value)?,
    })
}

/// Counters and our gauges count whole things, though the format writes floats.
fn count(text: &str) -> Option<u64> {
    let value: f64 = text.parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rounded, finite and not negative"
    )]
    (value.is_finite() && value >= 0.0).then_some(value.round() as u64)
}

/// Our label values come from closed sets of plain words, so no quoting has to be undone.
fn labels(text: &str) -> BTreeMap<String, String> {
    text.split("\",")
        .filter_map(|pair| {
            let (name, value) = pair.split_once("=\"")?;
            Some((
                name.trim().to_owned(),
                value.strip_suffix('"').unwrap_or(value).to_owned(),
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_back_by_label() {
        let samples = Samples::parse(
            "# TYPE cache counter\n\
             cache{tier=\"local\",result=\"hit\"} 3\n\
             cache{tier=\"local\",result=\"miss\"} 1\n\
             cache{tier=\"shared\",result=\"hit\"} 2\n\
             \n\
             plain 7\n\
             odd NaN\n",
        );
        assert_eq!(
            samples.by("cache", &["tier"]),
            BTreeMap::from([("local".to_owned(), 4), ("shared".to_owned(), 2)])
        );
        assert_eq!(samples.by("cache", &["tier", "result"])["local/hit"], 3);
        assert_eq!(samples.sum("plain"), 7);
        assert_eq!(samples.sum("odd"), 0);
    }

    #[test]
    fn what_the_recorder_renders_is_understood() {
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            metrics::counter!("turns", "outcome" => "committed").increment(2);
            metrics::gauge!("alive").set(1.0);
        });
        let samples = Samples::parse(&handle.render());
        assert_eq!(samples.by("turns", &["outcome"])["committed"], 2);
        assert_eq!(samples.sum("alive"), 1);
    }
}
