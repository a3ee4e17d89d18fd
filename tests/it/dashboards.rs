//! The dashboard and the alerts: everything that they ask for is there, and every alert leads to words that say what to
//! do.

mod promql;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::process::{BUSINESS, Site, get, http};

/// Labels that Prometheus adds to what it reads, with what ours are.
const ADDED: [&str; 2] = ["job", "instance"];

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The values of each label of each metric.
#[derive(Default)]
struct Series(BTreeMap<String, BTreeMap<String, BTreeSet<String>>>);

impl Series {
    fn read(exposition: &str) -> Self {
        let mut series = Self::default();
        // What Prometheus itself knows of whom it asks.
        series.0.entry("up".to_owned()).or_default();
        for line in exposition
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
        {
            let (head, _) = line.rsplit_once(' ').unwrap();
            let (name, labels) = head
                .split_once('{')
                .map_or((head, ""), |(name, rest)| (name, rest.trim_end_matches('}')));
            let known = series.0.entry(name.to_owned()).or_default();
            for label in labels.split(',').filter(|label| !label.is_empty()) {
                let (label, value) = label.split_once('=').unwrap();
                known
                    .entry(label.to_owned())
                    .or_default()
                    .insert(value.trim_matches('"').to_owned());
            }
        }
        series
    }

    /// What a query asks for in vain.
    fn missing(&self, query: &str) -> Vec<String> {
        let read = promql::read(query);
        let mut missing = Vec::new();
        if read.selectors.is_empty() {
            missing.push("it asks for nothing".to_owned());
        }
        for selector in &read.selectors {
            let Some(labels) = self.0.get(&selector.metric) else {
                missing.push(format!("there is no {}", selector.metric));
                continue;
            };
            for matcher in &selector.matchers {
                let label = &matcher.label;
                if label == "job" {
                    if matcher.values != ["frontdesk"] {
                        missing.push(format!("{query} is not about the job frontdesk"));
                    }
                    continue;
                }
                if ADDED.contains(&label.as_str()) {
                    continue;
                }
                let known = labels.get(label);
                for value in &matcher.values {
                    if !known.is_some_and(|known| known.contains(value)) {
                        missing.push(format!("there is no {}{{{label}=\"{value}\"}}", selector.metric));
                    }
                }
            }
        }
        for label in &read.labels {
            let somewhere = read.selectors.iter().any(|selector| {
                self.0
                    .get(&selector.metric)
                    .is_some_and(|labels| labels.contains_key(label))
            });
            if !somewhere && !ADDED.contains(&label.as_str()) {
                missing.push(format!("nothing in it has the label {label}"));
            }
        }
        missing
    }
}

/// The queries of the dashboard, each with the labels that its legend names.
fn of_the_dashboard(document: &Value) -> Vec<(String, Vec<String>)> {
    let mut queries = Vec::new();
    for panel in document["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let legend = target["legendFormat"].as_str().unwrap();
            let labels = legend
                .split("{{")
                .skip(1)
                .map(|rest| rest.split("}}").next().unwrap().to_owned());
            queries.push((target["expr"].as_str().unwrap().to_owned(), labels.collect()));
        }
    }
    queries
}

/// What follows a key in the file of the alerts, which has one line for each.
fn of_the_alerts(key: &str) -> Vec<String> {
    text("dashboards/alerts.yml")
        .lines()
        .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix(key))
        .map(|value| value.trim().to_owned())
        .collect()
}

/// The figures of a program that a few people have written to.
async fn scraped() -> Series {
    let mut site = Site::new();
    let (process, url) = site.start().await;
    for (who, words) in [
        ("ana", "gel manicure with Linh on Friday at 2pm, I'm Anna"),
        ("ana", "yes"),
        ("ben", "do you have parking?"),
        ("ben", "qwertz"),
    ] {
        let body = json!({"business_id": BUSINESS, "participant_id": who, "text": words});
        let response = http()
            .post(format!("{url}/v1/messages"))
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
    }
    let exposition = get(format!("{url}/metrics")).await.unwrap().text().await.unwrap();
    process.stop().await;
    for figure in [
        "frontdesk_messages_answered_total 4",
        r#"frontdesk_appointments_total{event="confirmed"} 1"#,
    ] {
        assert!(exposition.lines().any(|line| line == figure), "{exposition}");
    }
    for counted in ["frontdesk_store_reads_total", "frontdesk_store_writes_total"] {
        assert!(!exposition.contains(&format!("\n{counted} 0\n")), "{exposition}");
    }
    Series::read(&exposition)
}

#[tokio::test]
async fn everything_that_the_dashboard_and_the_alerts_ask_for_is_there() {
    let series = scraped().await;
    let dashboard: Value = serde_json::from_str(&text("dashboards/grafana/frontdesk.json")).unwrap();
    let mut asked = of_the_dashboard(&dashboard);
    assert!(asked.len() > 40, "{} queries", asked.len());
    let alerts = of_the_alerts("expr:");
    assert!(alerts.len() > 15, "{} alerts", alerts.len());
    asked.extend(alerts.into_iter().map(|query| (query, Vec::new())));
    let mut wrong = Vec::new();
    for (query, legend) in asked {
        let mut missing = series.missing(&query);
        let labels: BTreeSet<String> = promql::read(&query)
            .selectors
            .iter()
            .filter_map(|selector| series.0.get(&selector.metric))
            .flat_map(|labels| labels.keys().cloned())
            .collect();
        missing.extend(
            legend
                .iter()
                .filter(|label| !labels.contains(*label) && !ADDED.contains(&label.as_str()))
                .map(|label| format!("its legend names {label}")),
        );
        wrong.extend(missing.into_iter().map(|what| format!("{what}: {query}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_query_for_what_is_not_there_is_noticed() {
    let series = Series::read("frontdesk_turns_total{outcome=\"dead\"} 0\nfrontdesk_actors 3\n");
    for right in [
        "sum by (outcome) (rate(frontdesk_turns_total{job=\"frontdesk\", outcome=~\"dead\"}[5m]))",
        "frontdesk_actors{instance=~\"$instance\"}",
        "up{job=\"frontdesk\"} == 0",
    ] {
        assert_eq!(series.missing(right), [""; 0], "{right}");
    }
    for (wrong, why) in [
        ("frontdesk_actor", "there is no frontdesk_actor"),
        ("time() - 3", "it asks for nothing"),
        (
            "frontdesk_turns_total{outcome=\"died\"}",
            "there is no frontdesk_turns_total{outcome=\"died\"}",
        ),
        (
            "frontdesk_turns_total{outcome=~\"dead|died\"}",
            "there is no frontdesk_turns_total{outcome=\"died\"}",
        ),
        (
            "frontdesk_actors{outcome=\"dead\"}",
            "there is no frontdesk_actors{outcome=\"dead\"}",
        ),
        (
            "sum by (result) (frontdesk_turns_total)",
            "nothing in it has the label result",
        ),
        (
            "up{job=\"desk\"}",
            "up{job=\"desk\"} is not about the job frontdesk",
        ),
    ] {
        assert_eq!(series.missing(wrong), [why], "{wrong}");
    }
}

/// As GitHub and most others make them from a heading.
fn anchors(markdown: &str) -> BTreeSet<String> {
    markdown
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            line.trim_start_matches('#')
                .trim()
                .to_lowercase()
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
                .map(|c| if c == ' ' { '-' } else { c })
                .collect()
        })
        .collect()
}

#[test]
fn every_alert_leads_to_what_is_to_be_done() {
    let alerts = of_the_alerts("alert:");
    let runbooks = of_the_alerts("runbook_url:");
    assert_eq!(alerts.len(), runbooks.len(), "each alert has a runbook");
    assert_eq!(
        alerts.len(),
        of_the_alerts("expr:").len(),
        "each query stands on one line"
    );
    for (alert, runbook) in alerts.iter().zip(&runbooks) {
        let (document, anchor) = runbook.split_once('#').unwrap();
        assert_eq!(*anchor, alert.to_lowercase(), "{alert}");
        assert!(
            anchors(&text(document)).contains(anchor),
            "{document} has no heading {alert}"
        );
    }
    let tried: BTreeSet<String> = text("dashboards/alerts-test.yml")
        .lines()
        .filter_map(|line| line.trim().strip_prefix("alertname: "))
        .map(str::to_owned)
        .collect();
    assert_eq!(tried, alerts.into_iter().collect(), "each alert is tried");
}

#[test]
fn alerts_come_when_they_shall_and_only_then() {
    let run = |arguments: &[&str]| {
        Command::new("promtool")
            .args(arguments)
            .current_dir(file("dashboards"))
            .output()
    };
    if run(&["--version"]).is_err() {
        assert_ne!(
            std::env::var("CI").as_deref(),
            Ok("true"),
            "promtool is not installed (Debian: prometheus)"
        );
        println!(
            "promtool is not installed (Debian: prometheus): what the alerts say on which day was not tried"
        );
        return;
    }
    for arguments in [
        &["check", "rules", "alerts.yml"][..],
        &["check", "config", "--syntax-only", "prometheus.yml"],
        &["test", "rules", "alerts-test.yml"],
    ] {
        let ended = run(arguments).unwrap();
        let said = [ended.stdout, ended.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
        assert!(ended.status.success(), "{arguments:?}:\n{}", said.concat());
    }

    // The dashboard's queries as rules, because promtool reads those.
    let dashboard: Value = serde_json::from_str(&text("dashboards/grafana/frontdesk.json")).unwrap();
    let rules: Vec<Value> = of_the_dashboard(&dashboard)
        .into_iter()
        .enumerate()
        .map(|(n, (query, _))| {
            json!({"record": format!("query:{n}"), "expr": query.replace("$__rate_interval", "1m")})
        })
        .collect();
    let folder = tempfile::TempDir::new().unwrap();
    let written = folder.path().join("queries.yml");
    // JSON is YAML.
    let document = json!({"groups": [{"name": "dashboard", "rules": rules}]});
    std::fs::write(&written, document.to_string()).unwrap();
    let ended = run(&["check", "rules", written.to_str().unwrap()]).unwrap();
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
}
