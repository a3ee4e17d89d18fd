//! What a story says must be so.

use frontdesk::store::Direction;

use super::{Stage, quoted};

impl Stage {
    pub(super) fn check(&self, line: &str, at: &str) {
        let (_, answer) = self.last.as_ref().expect("somebody spoke before");
        let said: Vec<&str> = answer.replies.iter().map(|r| r.text.as_str()).collect();
        let said = said.join("\n");
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "says" => {
                for part in quoted(rest) {
                    assert!(
                        said.contains(part),
                        "{at}\nsaid: {said}\ngoals: {:?}",
                        answer.goals
                    );
                }
            }
            "silent" => {
                for part in quoted(rest) {
                    assert!(!said.contains(part), "{at}\nsaid: {said}");
                }
            }
            "offers" => {
                let options: Vec<&str> = answer
                    .replies
                    .iter()
                    .flat_map(|r| &r.options)
                    .map(String::as_str)
                    .collect();
                assert_eq!(options.join(" | "), rest.trim(), "{at}\nsaid: {said}");
            }
            "goals" => assert_eq!(
                answer.goals.len().to_string(),
                rest.trim(),
                "{at}\nsaid: {said}\n{:?}",
                answer.goals
            ),
            "goal" => {
                let [goal] = answer.goals.as_slice() else {
                    panic!("{at}\nsaid: {said}\ngoals: {:?}", answer.goals)
                };
                let json = serde_json::to_value(goal).unwrap();
                let mut words = rest.split_whitespace();
                assert_eq!(json["kind"].as_str(), words.next(), "{at}\nsaid: {said}");
                for word in words {
                    match word.split_once('=') {
                        Some((slot, "")) => {
                            assert!(json["slots"][slot].is_null(), "{at}\nsaid: {said}\n{json}");
                        }
                        Some((slot, value)) => {
                            let is = &json["slots"][slot];
                            let is = is.as_str().map_or_else(|| is.to_string(), ToOwned::to_owned);
                            assert_eq!(is, value, "{at}\nsaid: {said}\n{json}");
                        }
                        None => assert_eq!(json["state"].as_str(), Some(word), "{at}\nsaid: {said}\n{json}"),
                    }
                }
            }
            "same" => assert_eq!(answer.goals.first().map(|g| g.id), self.goal_before, "{at}"),
            "changed" => {
                let changed: Vec<String> = answer
                    .appointments
                    .iter()
                    .map(|a| {
                        let status = a.status.as_str();
                        let staff = a.staff.as_deref().unwrap_or("-");
                        format!("{status} {staff} {}", &a.starts_at[..16])
                    })
                    .collect();
                assert_eq!(changed.join(", "), rest.trim(), "{at}\nsaid: {said}");
            }
            other => panic!("{at}: `{other}` checks nothing"),
        }
    }

    /// What became of the call about the last message.
    pub(super) async fn check_model(&self, word: &str, expected: &str, at: &str) {
        if !self.desk.has_model() {
            return;
        }
        let (who, _) = self.last.as_ref().expect("somebody spoke before");
        let transcript = self.desk.transcript(who).await;
        let heard = transcript
            .iter()
            .rfind(|entry| entry.direction == Direction::Inbound);
        let heard = heard.expect("a message");
        let is = match word {
            "asked" => heard
                .asked
                .as_ref()
                .map_or("nobody", |asked| asked.outcome.as_str()),
            _ if heard.engine.as_deref() == Some("rules") => "by rules",
            _ => "by model",
        };
        assert_eq!(is, expected, "{at}");
    }

    pub(super) async fn check_appointments(&self, who: &str, rest: &[&str], at: &str) {
        let has: Vec<String> = self
            .desk
            .appointments(who)
            .await
            .iter()
            .map(|a| {
                let staff = a.allocations.first().map_or("-", |a| a.resource.as_str());
                let start = self.desk.local(a.starts_at).strftime("%Y-%m-%dT%H:%M");
                format!("{} {staff} {start}", a.status.as_str())
            })
            .collect();
        let expected = if rest == ["nothing"] {
            String::new()
        } else {
            rest.join(" ")
        };
        assert_eq!(has.join(", "), expected, "{at}");
    }

    pub(super) async fn check_blocked(&self, resource: &str, from: &str, until: &str, at: &str) {
        let desk = &self.desk;
        let calendar = desk
            .businesses
            .calendar(&desk.business, frontdesk::clock::Clock::now(desk.clock.as_ref()))
            .await
            .unwrap();
        let blocked: Vec<String> = calendar
            .appointments()
            .flat_map(|a| &a.allocations)
            .filter(|a| a.resource.as_str() == resource)
            .map(|a| {
                let from = desk.local(a.blocked_from).strftime("%Y-%m-%dT%H:%M");
                format!("{from} {}", desk.local(a.blocked_until).strftime("%H:%M"))
            })
            .collect();
        assert!(
            blocked.contains(&format!("{from} {until}")),
            "{at}\nblocked: {blocked:?}"
        );
    }

    /// What must hold after every story.
    pub(super) async fn strike(self, name: &str) {
        let mut people: Vec<&String> = self.heard.keys().collect();
        people.sort();
        for who in people {
            let transcript = self.desk.transcript(who).await;
            let numbers: Vec<u64> = transcript.iter().map(|entry| entry.seq).collect();
            let gapless: Vec<u64> = (1..=u64::try_from(numbers.len()).unwrap()).collect();
            assert_eq!(numbers, gapless, "{name}: the transcript of {who} has no gaps");
            let spoken = transcript
                .iter()
                .filter(|entry| entry.direction == Direction::Outbound)
                .count();
            assert_eq!(
                spoken, self.heard[who],
                "{name}: every reply to {who} was expected by the story"
            );
        }
        let figures = self.desk.store.figures().await.unwrap();
        assert_eq!(
            (figures.inbox_unfinished, figures.inbox_dead),
            (0, 0),
            "{name}: nothing is left in the inbox"
        );
        assert_eq!(self.desk.conversations.load().waiting, 0, "{name}: nobody waits");
    }
}
