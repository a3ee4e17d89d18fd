//! People who write to the program whatever happens to it, and who keep a log of what they sent and what they were
//! told.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use super::process::{BUSINESS, Chance};

/// What somebody was told.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    /// 200 with the answer.
    Answered(Value),
    /// 202: kept, answered later.
    Accepted,
    /// Anything else, which promises nothing: why.
    Nothing(String),
}

/// A message, and everything that its sender was told about it.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub participant: String,
    pub message_id: String,
    pub text: String,
    pub said: Vec<Said>,
    pub begun: Instant,
    /// When the first acknowledgement had come in.
    pub acknowledged: Option<Instant>,
}

impl Sent {
    fn new(participant: &str, message_id: String, text: String) -> Self {
        Self {
            participant: participant.to_owned(),
            message_id,
            text,
            said: Vec::new(),
            begun: Instant::now(),
            acknowledged: None,
        }
    }

    fn is_told(&mut self, said: Said) {
        if !matches!(said, Said::Nothing(_)) {
            self.acknowledged.get_or_insert_with(Instant::now);
        }
        self.said.push(said);
    }

    pub(crate) const fn is_acknowledged(&self) -> bool {
        self.acknowledged.is_some()
    }

    pub(crate) fn answers(&self) -> impl Iterator<Item = &Value> {
        self.said.iter().filter_map(|said| match said {
            Said::Answered(answer) => Some(answer),
            Said::Accepted | Said::Nothing(_) => None,
        })
    }

    /// The words of the first answer.
    pub(crate) fn text_back(&self) -> String {
        let replies = self.answers().next().map(|answer| &answer["replies"]);
        let texts = replies.and_then(Value::as_array).into_iter().flatten();
        texts
            .filter_map(|reply| reply["text"].as_str())
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// Where the program is; `None` while it is down.
pub(crate) type Whereabouts = watch::Receiver<Option<String>>;

/// One person.
#[derive(Clone)]
pub(crate) struct Client {
    participant: String,
    channel: &'static str,
    http: reqwest::Client,
}

impl Client {
    pub(crate) const fn new(participant: String, http: reqwest::Client) -> Self {
        let channel = "api";
        Self {
            participant,
            channel,
            http,
        }
    }

    /// Writes in the web chat, where replies are delivered from the outbox.
    pub(crate) const fn on_the_web(mut self) -> Self {
        self.channel = "web";
        self
    }

    /// Sends a message once.
    pub(crate) async fn say_once(&self, url: &str, message_id: &str, text: &str) -> Sent {
        let mut sent = Sent::new(&self.participant, message_id.to_owned(), text.to_owned());
        sent.is_told(self.post(url, message_id, text).await);
        sent
    }

    async fn post(&self, url: &str, message_id: &str, text: &str) -> Said {
        let body = json!({
            "business_id": BUSINESS, "participant_id": self.participant, "message_id": message_id, "text": text,
            "channel": self.channel,
        });
        let response = match self
            .http
            .post(format!("{url}/v1/messages"))
            .json(&body)
            .send()
            .await
        {
            Ok(response) => response,
            Err(error) => return Said::Nothing(format!("{error:?}")),
        };
        let status = response.status().as_u16();
        let later = response.headers().get("retry-after").cloned();
        match (status, response.json::<Value>().await) {
            (200, Ok(answer)) => Said::Answered(answer),
            (202, Ok(_)) => Said::Accepted,
            (_, Ok(problem)) => {
                let later = later.map_or("?".into(), |seconds| {
                    String::from_utf8_lossy(seconds.as_bytes()).into_owned()
                });
                Said::Nothing(format!("{status}, again in {later} s: {problem}"))
            }
            // An answer that broke off was not received.
            (_, Err(error)) => Said::Nothing(format!("{status} {error:?}")),
        }
    }

    /// Sends a message until it is acknowledged, under the same id each time.
    pub(crate) async fn say(&self, place: &mut Whereabouts, message_id: String, text: String) -> Sent {
        let mut sent = Sent::new(&self.participant, message_id, text);
        while !sent.is_acknowledged() {
            self.say_again(place, &mut sent).await;
        }
        sent
    }

    /// Sends a message once more, as soon as the program is there.
    pub(crate) async fn say_again(&self, place: &mut Whereabouts, sent: &mut Sent) {
        let url = place.wait_for(Option::is_some).await.unwrap().clone().unwrap();
        let said = self.post(&url, &sent.message_id, &sent.text).await;
        if matches!(said, Said::Nothing(_)) {
            // Not to synchronise: who is told "not now" or nothing at all does not insist at once.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        sent.is_told(said);
    }
}

/// The next thing that somebody might write.
fn words(chance: &mut Chance) -> String {
    let day = [
        "on Friday",
        "on Saturday",
        "on November 25",
        "on December 2",
        "on December 3",
        "on December 10",
    ];
    let time = ["at 10am", "at 11:30", "at 2pm", "at 3:15 pm", "at 4pm"];
    let service = ["gel manicure", "basic manicure", "pedicure"];
    let staff = [" with Mai", " with Linh", " with anyone", ""];
    match chance.between(0, 20) {
        0..5 => format!(
            "{}{} {} {}",
            chance.one_of(&service),
            chance.one_of(&staff),
            chance.one_of(&day),
            chance.one_of(&time)
        ),
        5..12 => chance
            .one_of(&["yes", "yes please", "1", "the second one", "anyone"])
            .to_owned(),
        12..14 => format!(
            "move it to {} {}",
            chance.one_of(&day).trim_start_matches("on "),
            chance.one_of(&time)
        ),
        14..16 => chance
            .one_of(&["cancel my appointment", "put me on the waitlist"])
            .to_owned(),
        _ => chance
            .one_of(&[
                "do you have parking?",
                "hi",
                "thanks",
                "how much is a pedicure?",
                "no",
                "what do I have booked?",
            ])
            .to_owned(),
    }
}

/// What somebody writes who was just asked to confirm: mostly that.
fn consent(last: &str, chance: &mut Chance) -> Option<String> {
    let is_asked = last.contains("Shall I") || last.contains("Is that right");
    (is_asked && chance.between(0, 5) > 0).then(|| "yes".to_owned())
}

/// Writes until told to stop; now and then several things at once, now and then the same thing again.
pub(crate) async fn chatter(
    client: Client,
    mut place: Whereabouts,
    mut chance: Chance,
    over: watch::Receiver<bool>,
) -> Vec<Sent> {
    let mut log = Vec::new();
    let mut number = 0;
    let mut last = String::new();
    while !*over.borrow() {
        let burst = if chance.between(0, 8) == 0 { 3 } else { 1 };
        let mut saying = tokio::task::JoinSet::new();
        for _ in 0..burst {
            number += 1;
            let (client, mut place) = (client.clone(), place.clone());
            let text = consent(&last, &mut chance).unwrap_or_else(|| words(&mut chance));
            let id = format!("m{number}");
            saying.spawn(async move { client.say(&mut place, id, text).await });
        }
        for mut sent in saying.join_all().await {
            if chance.between(0, 6) == 0 {
                client.say_again(&mut place, &mut sent).await;
            }
            // Who is told "later" asks now and then until there is an answer, or the program is gone for good.
            while sent.answers().next().is_none() && chance.between(0, 6) > 0 && !*over.borrow() {
                client.say_again(&mut place, &mut sent).await;
            }
            last = sent.text_back();
            log.push(sent);
        }
    }
    log
}
