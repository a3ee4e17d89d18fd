//! A frontdesk with one account per channel, and the providers that it calls.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;
use sqlx::sqlite::SqliteRow;

use super::cases::{Case, Hook, PUBLIC_URL, Said, discord_public_key};
use super::stub::Provider;
use crate::checker::Database;
use crate::process::{BUSINESS, Process, Site, eventually, http};

/// The name of every account here.
pub(crate) const ACCOUNT: &str = "salon";

/// The house of one channel.
pub(crate) struct House<'a> {
    pub case: &'a Case,
    pub site: Site,
    pub provider: Provider,
    http: reqwest::Client,
    running: Option<(Process, String)>,
}

impl<'a> House<'a> {
    /// Adds the account through the command line, and opens.
    pub(crate) async fn open(case: &'a Case, site: Site) -> Self {
        let provider = Provider::open().await;
        let site = site
            .with(
                "FRONTDESK_SECRETS_KEY",
                "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            )
            .with("FRONTDESK_PUBLIC_URL", PUBLIC_URL)
            .with("FRONTDESK_CONVERSATION__BURST_WEB_QUIET_MS", 30)
            .with("FRONTDESK_CONVERSATION__BURST_WEB_MS_MAX", 200)
            .with("FRONTDESK_UPKEEP__SWEEP_EVERY_SECONDS", 1);
        let mut house = Self {
            case,
            site,
            provider,
            http: http(),
            running: None,
        };
        house.add_the_business().await;
        house.add_the_account().await;
        house.start().await;
        house
    }

    /// The demo business is in every database that was served once.
    async fn add_the_business(&mut self) {
        self.start().await;
        self.stop().await;
    }

    async fn add_the_account(&self) {
        let mut arguments: Vec<String> = [
            "channel",
            "add",
            self.case.channel,
            ACCOUNT,
            "--business",
            BUSINESS,
        ]
        .map(str::to_owned)
        .to_vec();
        let base = (self.case.base, self.provider.url.as_str());
        for (name, value) in self.case.settings.iter().copied().chain([base]) {
            arguments.extend(["--set".to_owned(), format!("{name}={value}")]);
        }
        if self.case.channel == "discord" {
            arguments.extend(["--set".to_owned(), format!("public_key={}", discord_public_key())]);
        }
        let mut variables = Vec::new();
        for (name, value) in self.case.secrets {
            arguments.extend(["--secret".to_owned(), (*name).to_owned()]);
            variables.push((
                format!("FRONTDESK_SECRET_{}", name.to_uppercase()),
                (*value).to_owned(),
            ));
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let ended = self.site.run_with(&arguments, &variables).await;
        let said =
            String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{}: {said}", self.case.channel);
        let webhook = format!("{PUBLIC_URL}/webhooks/{}/{ACCOUNT}", self.case.channel);
        assert!(said.contains(&webhook), "{said}");
    }

    pub(crate) async fn start(&mut self) {
        self.running = Some(self.site.start().await);
    }

    pub(crate) async fn stop(&mut self) {
        if let Some((process, _)) = self.running.take() {
            process.stop().await;
        }
    }

    pub(crate) async fn kill(&mut self) {
        if let Some((process, _)) = self.running.take() {
            process.kill().await;
        }
    }

    /// It does nothing more until it is killed.
    pub(crate) async fn freeze(&self) {
        if let Some((process, _)) = &self.running {
            process.freeze().await;
        }
    }

    pub(crate) fn url(&self) -> &str {
        self.running.as_ref().map_or("", |(_, url)| url)
    }

    /// What providers' clocks show, in Unix seconds.
    pub(crate) fn now(&self) -> i64 {
        self.site.now().timestamp().as_second()
    }

    /// A customer's message, as the provider tells of it.
    pub(crate) fn saying(&self, who: u64, id: u64, text: &str) -> Hook {
        self.saying_at(self.now(), who, id, text)
    }

    /// The same with the time at which it was sent, in Unix seconds.
    pub(crate) fn saying_at(&self, at: i64, who: u64, id: u64, text: &str) -> Hook {
        (self.case.says)(&Said { who, id, text, at })
    }

    /// Posts as the provider does, and says how that was answered.
    pub(crate) async fn post(&self, hook: &Hook) -> StatusCode {
        post(&self.http, self.url(), self.case.channel, hook).await
    }

    pub(crate) async fn says(&self, who: u64, id: u64, text: &str) {
        let status = self.post(&self.saying(who, id, text)).await;
        assert!(status.is_success(), "{}: {status}", self.case.channel);
    }

    /// The transcript of a customer.
    pub(crate) async fn transcript(&self, who: u64) -> Vec<Value> {
        let participant = self.case.participant(ACCOUNT, who);
        let mut url = reqwest::Url::parse(self.url()).unwrap();
        url.path_segments_mut().unwrap().extend([
            "v1",
            "businesses",
            BUSINESS,
            "participants",
            &participant,
            "messages",
        ]);
        url.set_query(Some("limit=100"));
        let response = self.http.get(url).send().await.unwrap();
        if response.status() == StatusCode::NOT_FOUND {
            return Vec::new();
        }
        let body: Value = response.json().await.unwrap();
        body["messages"].as_array().cloned().unwrap_or_default()
    }

    /// Waits until a customer's transcript has so many lines.
    pub(crate) async fn has_lines(&self, who: u64, count: usize) -> Vec<Value> {
        eventually("lines of a transcript", || async {
            let lines = self.transcript(who).await;
            (lines.len() >= count).then_some(lines)
        })
        .await
    }

    /// Waits until a customer has said so many things, and answers with them, as the database has them now.
    pub(crate) async fn has_said(&self, who: u64, count: usize) -> Vec<String> {
        eventually("what somebody said", || async {
            let mut said: Vec<String> = Vec::new();
            let mut lines = self.transcript(who).await;
            lines.retain(|line| line["direction"] == "inbound");
            said.extend(
                lines
                    .iter()
                    .map(|line| line["text"].as_str().unwrap_or_default().to_owned()),
            );
            (said.len() >= count).then_some(said)
        })
        .await
    }

    /// Asks the API about the business; an empty answer is null.
    pub(crate) async fn asks(&self, method: reqwest::Method, path: &str, body: &Value) -> Value {
        let url = format!("{}/v1/businesses/{BUSINESS}/{path}", self.url());
        let mut request = self.http.request(method, url);
        if !body.is_null() {
            let json = body.to_string();
            request = request.header("content-type", "application/json").body(json);
        }
        let response = request.send().await.unwrap();
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert!(status.is_success(), "{status}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Rows of the database, as it is now.
    pub(crate) async fn rows(&self, sql: &'static str) -> Vec<SqliteRow> {
        Database::of(&self.site).await.rows(sql).await
    }

    /// Waits until a query has rows.
    pub(crate) async fn has_rows(&self, sql: &'static str, count: usize) -> Vec<SqliteRow> {
        eventually(sql, || async {
            let rows = self.rows(sql).await;
            (rows.len() >= count).then_some(rows)
        })
        .await
    }
}

pub(crate) async fn post(http: &reqwest::Client, url: &str, channel: &str, hook: &Hook) -> StatusCode {
    posting(http, url, channel, hook).send().await.unwrap().status()
}

/// Whether it was taken; nothing when the line broke before that was said.
pub(crate) async fn post_if_it_lives(
    http: &reqwest::Client,
    url: &str,
    channel: &str,
    hook: &Hook,
) -> Option<bool> {
    let answered = posting(http, url, channel, hook).send().await.ok()?;
    Some(answered.status().is_success())
}

fn posting(http: &reqwest::Client, url: &str, channel: &str, hook: &Hook) -> reqwest::RequestBuilder {
    let question = if hook.query.is_empty() { "" } else { "?" };
    let url = format!("{url}/webhooks/{channel}/{ACCOUNT}{question}{}", hook.query);
    let request = http
        .post(url)
        .body(hook.body.clone())
        .timeout(Duration::from_secs(30));
    hook.headers
        .iter()
        .fold(request, |request, (name, value)| request.header(*name, value))
}
