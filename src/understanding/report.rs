//! `understand --jsonl`: one JSON object in, one out (DESIGN section 10).
//!
//! The same engine as in a conversation; this module only says in JSON what the engine found. Two mappings
//! belong here. A [`When`](super::When) becomes a `value`, or a `start` and an `end`; the end of days is
//! exclusive, and where the last day was named ("from the 10th to the 12th") it is that day, as hotels and
//! calendars count. Ids become the names that the line's own catalogue gave.

use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::act::{Act, Candidate, Expecting, SlotValue, StaffSaid};
use super::lexicon::{Entry, Lexicon};
use super::rules::{Analysis, Rules};
use super::when::{Span, TimeRange, Window};
use super::{Heard, Intent};
use crate::types::Language;

/// Why a line could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The answer could not be written as JSON.
    #[error("cannot write the answer as JSON")]
    Write(#[from] serde_json::Error),
}

#[derive(Deserialize)]
struct Line {
    id: Value,
    text: String,
    reference: DateTime,
    /// The language of the conversation, as a BCP 47 tag; the business's own without it.
    #[serde(default)]
    lang: Option<String>,
    #[serde(default)]
    expecting: Option<Expecting>,
    #[serde(default)]
    catalog: Option<Catalog>,
}

#[derive(Deserialize)]
struct Catalog {
    #[serde(default)]
    services: Vec<String>,
    #[serde(default)]
    staff: Vec<String>,
}

#[derive(Serialize)]
struct Answer<'a> {
    id: Value,
    intent: Intent,
    lang: &'static str,
    acts: &'a [Act],
    #[serde(skip_serializing_if = "Option::is_none")]
    when: Option<Value>,
    slots: serde_json::Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    staff: Option<String>,
    engine: &'a str,
}

/// Answers one line. A line that cannot be read is answered by an object with its `error`, and its `id` if that
/// can be read, so that answers stay in step with questions.
///
/// # Errors
/// When the answer cannot be written as JSON, which would be a fault of ours.
pub fn answer(line: &str, default_lexicon: Option<&Lexicon>) -> Result<String, Error> {
    let line: Line = match serde_json::from_str(line) {
        Ok(line) => line,
        Err(problem) => {
            let id = serde_json::from_str::<Value>(line)
                .ok()
                .and_then(|v| v.get("id").cloned());
            return Ok(serde_json::to_string(
                &json!({"id": id, "error": problem.to_string()}),
            )?);
        }
    };
    let own = line.catalog.map(|c| Lexicon::from_names(&c.services, &c.staff));
    let none = Lexicon::default();
    let lexicon = own.as_ref().or(default_lexicon).unwrap_or(&none);
    let language = line.lang.as_deref().map_or(lexicon.language, Language::of_locale);
    let heard = Heard {
        text: &line.text,
        now: line.reference,
        expecting: line.expecting,
        options: &[],
        language,
        lexicon,
        scene: None,
    };
    let analysis = Rules::new().analyse(heard);
    let answer = Answer {
        id: line.id,
        intent: analysis.understood.intent,
        lang: analysis.understood.language.tag(),
        acts: &analysis.understood.acts,
        when: when(&analysis),
        slots: slots(&analysis, &line.text),
        service: service(&analysis.understood.acts, lexicon),
        staff: staff(&analysis.understood.acts, lexicon),
        engine: &analysis.understood.engine,
    };
    Ok(serde_json::to_string(&answer)?)
}

fn when(analysis: &Analysis) -> Option<Value> {
    let expression = analysis.when.as_ref()?;
    let mut out = serde_json::Map::new();
    let kind = match expression.when.windows.as_slice() {
        [] => {
            let now = expression.soon?;
            out.insert("start".to_owned(), stamp(now.date(), now.time()).into());
            "after"
        }
        [first, .., last] if spans_nights(first, last) => {
            put(
                &mut out,
                "start",
                first.dates.and_then(|d| d.from),
                bounds(first.times?).0,
            );
            put(
                &mut out,
                "end",
                last.dates.and_then(|d| d.from),
                bounds(last.times?).1,
            );
            "datetimerange"
        }
        [first, ..] => window(&mut out, first, expression.named_end)?,
    };
    out.insert("kind".to_owned(), kind.into());
    out.insert("text".to_owned(), expression.when.text.clone().into());
    out.insert("span".to_owned(), json!(expression.when.span));
    Some(Value::Object(out))
}

/// "from 4pm today to 5pm tomorrow": an open beginning and an open end on two days.
fn spans_nights(first: &Window, last: &Window) -> bool {
    matches!(
        first.times,
        Some(TimeRange::Between {
            from: Some(_),
            until: None
        })
    ) && matches!(
        last.times,
        Some(TimeRange::Between {
            from: None,
            until: Some(_)
        })
    )
}

fn window(
    out: &mut serde_json::Map<String, Value>,
    window: &Window,
    named_end: bool,
) -> Option<&'static str> {
    let day = window.dates.and_then(super::when::DateRange::single);
    match (window.dates, window.times) {
        (None, Some(times)) => Some(time(out, None, times)),
        (Some(_), Some(times)) if day.is_some() => Some(match time(out, day, times) {
            "time" => "datetime",
            "timerange" => "datetimerange",
            other => other,
        }),
        (Some(dates), _) => {
            if let Some(day) = day {
                out.insert("value".to_owned(), day.to_string().into());
                return Some("date");
            }
            let until = if named_end {
                dates.until.and_then(|d| d.yesterday().ok())
            } else {
                dates.until
            };
            put(out, "start", dates.from, None);
            put(out, "end", until, None);
            Some(match (dates.from, until) {
                (Some(_), Some(_)) => "daterange",
                (Some(_), None) => "after",
                _ => "before",
            })
        }
        (None, None) => None,
    }
}

fn time(out: &mut serde_json::Map<String, Value>, day: Option<Date>, times: TimeRange) -> &'static str {
    match times {
        TimeRange::At(at) | TimeRange::About(at) => {
            put(out, "value", day, Some(at));
            "time"
        }
        TimeRange::Between { from, until } => {
            if from.is_some() {
                put(out, "start", day, from);
            }
            if until.is_some() {
                // A range that runs past midnight ends on the next day.
                let over = from.zip(until).is_some_and(|(from, until)| until <= from);
                let day = if over {
                    day.and_then(|d| d.tomorrow().ok())
                } else {
                    day
                };
                put(out, "end", day, until);
            }
            match (from, until) {
                (Some(_), Some(_)) => "timerange",
                (Some(_), None) => "after",
                _ => "before",
            }
        }
    }
}

fn bounds(times: TimeRange) -> (Option<Time>, Option<Time>) {
    match times {
        TimeRange::At(at) | TimeRange::About(at) => (Some(at), Some(at)),
        TimeRange::Between { from, until } => (from, until),
    }
}

fn put(out: &mut serde_json::Map<String, Value>, key: &str, day: Option<Date>, time: Option<Time>) {
    let text = match (day, time) {
        (Some(day), Some(time)) => stamp(day, time),
        (Some(day), None) => day.to_string(),
        (None, Some(time)) => clock(time),
        (None, None) => return,
    };
    out.insert(key.to_owned(), text.into());
}

fn stamp(day: Date, time: Time) -> String {
    format!("{day}T{}", clock(time))
}

fn clock(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

fn slots(analysis: &Analysis, text: &str) -> serde_json::Map<String, Value> {
    let mut out = serde_json::Map::new();
    let words = |span: Span| -> String { text.chars().skip(span.0).take(span.1 - span.0).collect() };
    let mut add = |key: &str, span: Span, value: Option<Value>| {
        let mut slot = json!({"text": words(span), "start": span.0, "end": span.1});
        if let (Some(value), Some(object)) = (value, slot.as_object_mut()) {
            object.insert("value".to_owned(), value);
        }
        out.insert(key.to_owned(), slot);
    };
    if let Some(expression) = &analysis.when {
        if let Some(span) = expression.date_span {
            add("date", span, expression.when.date().map(|d| d.to_string().into()));
        }
        if let Some(span) = expression.time_span {
            add("time", span, expression.when.time().map(|t| clock(t).into()));
        }
    }
    if let Some((people, span)) = analysis.people {
        add("people", span, people.map(Value::from));
    }
    for act in &analysis.understood.acts {
        if let Act::Set {
            value: SlotValue::Name { first, last },
        } = act
        {
            if let Some(first) = first {
                add("first_name", first.span, Some(first.value.clone().into()));
            }
            if let Some(last) = last {
                add("last_name", last.span, Some(last.value.clone().into()));
            }
        }
    }
    out
}

fn service(acts: &[Act], lexicon: &Lexicon) -> Option<String> {
    acts.iter().rev().find_map(|act| match act {
        Act::Set {
            value: SlotValue::Service { mentions, .. },
        } => mentions
            .last()
            .and_then(|m| best(&m.candidates, &lexicon.services)),
        _ => None,
    })
}

fn staff(acts: &[Act], lexicon: &Lexicon) -> Option<String> {
    acts.iter().rev().find_map(|act| match act {
        Act::Set {
            value: SlotValue::Staff {
                said: StaffSaid::Named { candidates, .. },
            },
        } => best(candidates, &lexicon.staff),
        _ => None,
    })
}

fn best<T: PartialEq>(candidates: &[Candidate<T>], entries: &[Entry<T>]) -> Option<String> {
    let id = &candidates.first()?.id;
    entries
        .iter()
        .find(|e| e.id == *id)
        .and_then(|e| e.names.first().cloned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(line: &Value) -> Value {
        serde_json::from_str(&answer(&line.to_string(), None).unwrap()).unwrap()
    }

    fn line(text: &str) -> Value {
        json!({"id": "a", "text": text, "reference": "2026-11-18T10:00:00"})
    }

    /// What `when` says of `text`, as value, start and end.
    fn check(text: &str, value: Option<&str>, start: Option<&str>, end: Option<&str>) {
        let answer = ask(&line(text));
        let said = |key: &str| answer["when"][key].as_str().map(str::to_owned);
        let expected = (
            value.map(str::to_owned),
            start.map(str::to_owned),
            end.map(str::to_owned),
        );
        assert_eq!((said("value"), said("start"), said("end")), expected, "{text:?}");
    }

    #[test]
    fn a_time_expression_is_a_value_or_a_start_and_an_end() {
        check("Friday at 3pm", Some("2026-11-20T15:00"), None, None);
        check("tomorrow", Some("2026-11-19"), None, None);
        check("at 14:30", Some("14:30"), None, None);
        check("in 20 minutes", Some("2026-11-18T10:20"), None, None);
        check("next week", None, Some("2026-11-23"), Some("2026-11-30"));
        check(
            "from the 20th to the 22nd",
            None,
            Some("2026-11-20"),
            Some("2026-11-22"),
        );
        check(
            "tomorrow between 2 and 4",
            None,
            Some("2026-11-19T14:00"),
            Some("2026-11-19T16:00"),
        );
        check(
            "from 10pm to 2am on Friday",
            None,
            Some("2026-11-20T22:00"),
            Some("2026-11-21T02:00"),
        );
        check(
            "from 4pm today to 5pm tomorrow",
            None,
            Some("2026-11-18T16:00"),
            Some("2026-11-19T17:00"),
        );
        check("after 4pm", None, Some("16:00"), None);
        check("Saturday before noon", None, None, Some("2026-11-21T12:00"));
        check("as soon as possible", None, Some("2026-11-18T10:00"), None);
        check("do you have parking?", None, None, None);
    }

    #[test]
    fn names_come_back_as_the_line_gave_them() {
        let mut line = line("book me with dr. edward manche for a deep tissue massage, I'm Ana Ruiz");
        line["catalog"] =
            json!({"services": ["Deep Tissue Massage"], "staff": ["Dr. Edward E. Manche, MD", "Eva Mora"]});
        let answer = ask(&line);
        assert_eq!(answer["intent"], "book");
        assert_eq!(answer["staff"], "Dr. Edward E. Manche, MD");
        assert_eq!(answer["service"], "Deep Tissue Massage");
        assert_eq!(answer["engine"], "rules");
        assert_eq!(answer["slots"]["last_name"]["text"], "Ruiz");
    }

    #[test]
    fn slots_have_their_places_in_characters() {
        let answer = ask(&line(
            "\u{1F485} a table for 4 people tomorrow at 7:30 pm. Thanks",
        ));
        let slot = |key: &str| answer["slots"][key].clone();
        assert_eq!(
            slot("people"),
            json!({"text": "4 people", "start": 14, "end": 22, "value": 4})
        );
        assert_eq!(slot("date")["text"], "tomorrow");
        assert_eq!(
            slot("time"),
            json!({"text": "7:30 pm.", "start": 35, "end": 43, "value": "19:30"})
        );
    }

    #[test]
    fn a_line_that_cannot_be_read_is_answered_all_the_same() {
        let wrong = |line: &str| -> Value { serde_json::from_str(&answer(line, None).unwrap()).unwrap() };
        assert_eq!(wrong(r#"{"id": 7, "text": "hi"}"#)["id"], 7);
        assert!(wrong(r#"{"id": 7, "text": "hi"}"#)["error"].is_string());
        assert_eq!(wrong("not json")["id"], Value::Null);
        assert_eq!(wrong("")["id"], Value::Null);
    }
}
