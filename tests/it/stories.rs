//! Conversations in plain text (`tests/stories/*.txt`), played through the real actor and the real store: with the
//! rules alone, and with a language model beside them that says what the story lets it say; and each of them again with
//! every message delivered twice.
//!
//! ```text
//! business examples/lotus-nails.toml      the catalogue, from the project's root
//! clock 2026-11-18T10:00                  local time at which the story begins
//! needs model                             the rules alone do not understand it, and do not play it
//! booked Zoe gel-manicure mai 2026-11-20T16:00      an appointment that exists already ("-" for any staff, "x2" people)
//!
//! Anna: gel on Friday                     she says this, and is answered
//!   model {"acts":[],"say":null}          what the model answers, by its schema; this is what it answers otherwise
//!   model claims "You're booked!"         it has no acts, and would say this
//!   model hangs                           it never answers
//!   model fails                           its endpoint reports an error
//!   asked timeout                         how the call ended (ok, invalid, timeout, error); not checked without it
//!   heard by rules                        who understood the last message, the rules or the model; nor this
//!   says "2:00 pm" "Linh"                 each of these stands in the answer
//!   silent on "Monday"                    none of these does
//!   offers Yes | No                       exactly these can be tapped
//!   goal book confirming service=gel-manicure date=2026-11-20      the one active goal
//!   goals 0                               how many goals are active
//!   changed confirmed linh 2026-11-20T14:00      the appointment that the turn changed
//!   same goal                             the goal's id is the one of the turn before
//! Anna, quickly: hi / gel                 several messages before the answer, which is one; the model answers the same
//!                                         to each, and what a message does not say is not taken from it
//! Anna, quickly: hi / gel // with Mai     what stands last is said while the model is asked about the others
//! Anna hears "become free"                the next thing the bot said without being asked
//! Anna has confirmed linh 2026-11-20T14:00      her live appointments, all of them
//! Anna has nothing
//! blocked linh 2026-11-20T14:00 15:10     what one allocation blocks
//! Anna waits 1                            entries of hers on the waitlist
//! desk cancels Zoe                        the business calls off Zoe's next appointment
//! pass 6 min                              time passes
//! ```

mod checks;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use frontdesk::booking::Catalogue;
use frontdesk::conversation::Answer;
use frontdesk::types::GoalId;
use jiff::SignedDuration;
use jiff::civil::DateTime;
use serde_json::json;

use super::support::desk::{Desk, Manner, Place};
use super::support::model::{Script, Scripted};

/// How long a turn may take to be understood in a story whose model hangs.
const PATIENCE: Duration = Duration::from_millis(300);

/// Plays one story.
async fn play(name: &str, place: Place, twice: bool, model: bool) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("tests/stories").join(name)).unwrap();
    assert!(model || !needs_model(&text), "{name} needs a model");
    let mut stage = Stage::set(root, &text, place, twice, model).await;
    let lines: Vec<&str> = text.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        let at = format!("{name}:{}: {}", number + 1, line.trim());
        let below = lines[number + 1..]
            .iter()
            .take_while(|line| line.starts_with("  "));
        let script = below.filter_map(|line| line.strip_prefix("  model ")).last();
        stage
            .desk
            .model_does(script.map_or_else(Script::nothing, |script| scripted(script, &at)));
        stage.act(line, &at).await;
    }
    stage.strike(name).await;
}

struct Stage {
    desk: Desk,
    last: Option<(String, Answer)>,
    goal_before: Option<GoalId>,
    /// How many things the bot has said to each person.
    heard: std::collections::BTreeMap<String, usize>,
}

fn clock(text: &str) -> DateTime {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn needs_model(text: &str) -> bool {
    text.lines().any(|line| line == "needs model")
}

/// What a `model` line says.
fn scripted(line: &str, at: &str) -> Script {
    match line.split_once(' ') {
        None if line == "hangs" => Script::Hangs,
        None if line == "fails" => Script::Fails,
        Some(("claims", say)) => Script::Answers(json!({"acts": [], "say": quoted(say)[0]})),
        _ => Script::Answers(serde_json::from_str(line).unwrap_or_else(|error| panic!("{at}: {error}"))),
    }
}

fn quoted(text: &str) -> Vec<&str> {
    text.split('"').skip(1).step_by(2).collect()
}

impl Stage {
    async fn set(root: &Path, text: &str, place: Place, twice: bool, model: bool) -> Self {
        let first = |word: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(word))
                .map(str::trim)
        };
        let path = root.join(first("business ").expect("a story names its business"));
        let mut document = std::fs::read_to_string(path).unwrap();
        // "policy hold_min 0" changes one of the policies for this story.
        for change in text.lines().filter_map(|line| line.strip_prefix("policy ")) {
            let (key, value) = change.trim().split_once(' ').unwrap();
            let kept: Vec<&str> = document
                .lines()
                .filter(|l| !l.starts_with(&format!("{key} ")))
                .collect();
            document = kept
                .join("\n")
                .replace("[policies]", &format!("[policies]\n{key} = {value}"));
        }
        let catalogue = Catalogue::from_toml(&document).unwrap();
        let now = clock(first("clock ").expect("a story says when it begins"));
        let burst = if text.contains(", quickly:") {
            Duration::from_millis(100)
        } else {
            Duration::ZERO
        };
        let plain = Manner::default();
        let manner = Manner {
            place,
            burst,
            twice,
            model: model.then(|| Arc::new(Scripted::new())),
            understanding: if text.contains("  model hangs") {
                PATIENCE
            } else {
                plain.understanding
            },
        };
        let desk = Desk::open(catalogue, now, manner).await;
        Self {
            desk,
            last: None,
            goal_before: None,
            heard: std::collections::BTreeMap::new(),
        }
    }

    async fn act(&mut self, line: &str, at: &str) {
        let line = line.split(" ##").next().unwrap_or_default();
        if line.trim().is_empty() || line.starts_with(['#', ' ']) {
            match line.trim().split_once(' ') {
                _ if !line.starts_with("  ") => {}
                Some(("model", _)) => {}
                Some((word @ ("asked" | "heard"), expected)) => self.check_model(word, expected, at).await,
                _ => self.check(line.trim(), at),
            }
            return;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["business" | "clock" | "policy" | "needs", ..] => {}
            ["booked", who, service, staff, start, people @ ..] => {
                let people = people
                    .first()
                    .map_or(1, |x| x.trim_start_matches('x').parse().unwrap());
                let staff = (*staff != "-").then_some(*staff);
                self.desk.book(who, service, staff, clock(start), people).await;
            }
            ["desk", "cancels", who] => self.desk.cancel(who).await,
            ["pass", number, unit] => {
                let number: i64 = number.parse().unwrap();
                let by = match *unit {
                    "min" => SignedDuration::from_mins(number),
                    "h" => SignedDuration::from_hours(number),
                    other => panic!("{at}: {other} is no unit"),
                };
                self.desk.pass(by).await;
            }
            ["blocked", resource, from, until] => self.check_blocked(resource, from, until, at).await,
            [who, "has", rest @ ..] => self.check_appointments(who, rest, at).await,
            [who, "waits", number] => {
                let waits = self.desk.context(who).await.waitlist.len();
                assert_eq!(waits.to_string(), *number, "{at}");
            }
            [who, "hears", ..] => {
                let count = self.heard.entry((*who).to_owned()).or_default();
                *count += 1;
                let entry = self.desk.hears(who, *count).await;
                for part in quoted(line) {
                    assert!(entry.text.contains(part), "{at}\nheard: {}", entry.text);
                }
            }
            [who, "quickly:", ..] => {
                let texts = line.split_once(": ").unwrap().1;
                let (texts, meanwhile) = texts.split_once(" // ").unwrap_or((texts, ""));
                let texts: Vec<&str> = texts.split(" / ").collect();
                let meanwhile: Vec<&str> = meanwhile.split(" / ").filter(|text| !text.is_empty()).collect();
                let who = who.trim_end_matches(',');
                let answers = self.desk.say_quickly(who, &texts, &meanwhile).await;
                let first = &answers[0];
                for answer in &answers {
                    assert_eq!(
                        (answer.version, &answer.replies),
                        (first.version, &first.replies),
                        "{at}: one turn, one reply"
                    );
                }
                self.spoke(who, first.clone());
            }
            [who, ..] if who.ends_with(':') => {
                let (who, text) = line.split_once(':').unwrap();
                let answer = self.desk.say(who, &spelled(text.trim())).await;
                self.spoke(who, answer);
            }
            _ => panic!("{at}: not a line of a story"),
        }
    }

    fn spoke(&mut self, who: &str, answer: Answer) {
        self.goal_before = self
            .last
            .as_ref()
            .and_then(|(_, last)| last.goals.first())
            .map(|goal| goal.id);
        *self.heard.entry(who.to_owned()).or_default() += answer.replies.len();
        self.last = Some((who.to_owned(), answer));
    }
}

/// `<12000 words>` stands for a long text.
fn spelled(text: &str) -> String {
    text.replace("<long>", &"lorem ipsum dolor sit amet ".repeat(220))
}

/// Every story, once as it is, once with every message delivered twice, the same with a model beside the rules, and so
/// again on PostgreSQL and Redis; those that need the model, only with it. A test makes sure that none is forgotten.
macro_rules! stories {
    ($($name:ident)* ; needs model: $($deep:ident)*) => {
        mod once {
            stories!(@play [$($name)*] Sqlite, false, false);
        }
        mod twice {
            stories!(@play [$($name)*] Sqlite, true, false);
        }
        mod with_a_model {
            stories!(@play [$($name)* $($deep)*] Sqlite, false, true);
        }
        mod with_a_model_twice {
            stories!(@play [$($name)* $($deep)*] Sqlite, true, true);
        }
        mod postgres {
            stories!(@play [$($name)*] Postgres, true, false);
            stories!(@play [$($deep)*] Postgres, true, true);
        }
        #[test]
        fn every_story_is_played() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
            let mut files: Vec<(String, bool)> = std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| {
                    let entry = entry.unwrap();
                    let text = std::fs::read_to_string(entry.path()).unwrap();
                    (entry.file_name().into_string().unwrap(), needs_model(&text))
                })
                .collect();
            files.sort();
            let mut played = vec![
                $((concat!(stringify!($name), ".txt").to_owned(), false),)*
                $((concat!(stringify!($deep), ".txt").to_owned(), true),)*
            ];
            played.sort();
            assert_eq!(files, played);
        }
    };
    (@play [$($name:ident)*] $place:ident, $twice:literal, $model:literal) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let name = concat!(stringify!($name), ".txt");
            super::play(name, super::Place::$place, $twice, $model).await;
        })*
    };
}

stories! {
    all_in_one
    slot_by_slot
    the_goal_persists
    earliest_after_four
    range_and_exclusion
    half_five
    two_services_in_one_visit
    a_class_with_seats
    correct_while_collecting
    correct_at_confirmation
    change_the_service_late
    dropped_and_back
    closed_on_sunday
    closed_on_thanksgiving
    the_past
    notice
    nothing_left_and_the_waitlist
    lost_race
    hold_expiry
    cancel_with_one
    cancel_with_two
    cancel_and_rebook
    somebody_elses_booking
    autumn_night
    spring_night
    typos_and_unknown_services
    questions_while_booking
    small_talk_and_thanks
    a_very_long_message
    rapid_fire
    abuse_and_overreach
    two_people_together
    move_an_appointment
    a_person_please
    a_question_in_the_new_language
    not_understood_three_times
    the_model_hangs
    the_model_claims_a_booking
    from_english_to_spanish
    manana_por_la_manana
    thu_sau_hoac_chu_nhat
    mai_or_tomorrow
    chieu_mai_3h

    ; needs model:
    a_vague_wish
    a_day_in_other_words
    courtesy_in_the_models_words
    a_model_that_obeys_the_attacker
    a_sixth_message_during_the_call
}
