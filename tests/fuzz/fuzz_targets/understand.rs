//! Any text, said at any time in any language after any question: the engine answers, and what it says holds.
//!
//! The first [`HEADER`] bytes say when and after what the message comes, the rest is the message and, after zero
//! bytes, the options that were listed.

#![no_main]

use std::sync::LazyLock;

use frontdesk::app;
use frontdesk::conversation::lexicon;
use frontdesk::types::Language;
use frontdesk::understanding::act::{Act, SlotValue, StaffSaid, Topic};
use frontdesk::understanding::rules::Rules;
use frontdesk::understanding::when::{DateRange, Except, Span, When};
use frontdesk::understanding::{Expecting, Heard, Lexicon};
use jiff::ToSpan as _;
use jiff::civil::{DateTime, date};
use libfuzzer_sys::fuzz_target;

const HEADER: usize = 8;

/// More acts than this no message has, however long it is.
const ACTS_MAX: usize = 256;

/// A list in a chat has no more.
const OPTIONS_MAX: usize = 12;

const EXPECTING: [Option<Expecting>; 9] = [
    None,
    Some(Expecting::Service),
    Some(Expecting::Staff),
    Some(Expecting::Date),
    Some(Expecting::Time),
    Some(Expecting::PartySize),
    Some(Expecting::Name),
    Some(Expecting::Confirm),
    Some(Expecting::Choice),
];

/// The demo salon, and a business of which nothing is known.
static LEXICONS: LazyLock<[Lexicon; 2]> = LazyLock::new(|| {
    let demo = app::demo().expect("the demo is part of the program");
    [lexicon(&demo), Lexicon::default()]
});

fuzz_target!(|data: &[u8]| {
    let Some((header, said)) = data.split_at_checked(HEADER) else {
        return;
    };
    let said = String::from_utf8_lossy(said);
    let mut parts = said.split('\0');
    let text = parts.next().unwrap_or_default();
    let options: Vec<String> = parts.take(OPTIONS_MAX).map(str::to_owned).collect();
    let pick = |byte: u8, of: usize| usize::from(byte) % of;
    let expecting = EXPECTING[pick(header[1], EXPECTING.len())];
    let lexicon = &LEXICONS[pick(header[2], LEXICONS.len())];
    let heard = Heard {
        text,
        now: now(header),
        expecting,
        options: &options,
        language: Language::ALL[pick(header[0], Language::ALL.len())],
        lexicon,
        scene: None,
    };
    let acts = Rules::new().hear(heard).acts;
    assert!(!acts.is_empty() && acts.len() <= ACTS_MAX, "{} acts", acts.len());
    let chars: Vec<char> = text.chars().collect();
    for act in &acts {
        holds(act, &chars, &heard);
    }
});

/// Mostly about now; with a byte of the header set, at either end of what a calendar holds.
fn now(header: &[u8]) -> DateTime {
    let day = i32::from(u16::from_le_bytes([header[3], header[4]]));
    let minute = i32::from(u16::from_le_bytes([header[5], header[6]])) % (24 * 60);
    let first = match header[7] {
        255 => return DateTime::MAX,
        254 => return DateTime::MIN,
        _ => date(2020, 1, 1).at(0, 0, 0, 0),
    };
    first
        .checked_add(day.days().minutes(minute))
        .expect("65,536 days after 2020 are in the calendar")
}

/// What every act must keep, whatever was said.
fn holds(act: &Act, chars: &[char], heard: &Heard<'_>) {
    match act {
        Act::Set { value } => match value {
            SlotValue::Service { mentions, .. } => {
                assert!(!mentions.is_empty());
                for mention in mentions {
                    quotes(chars, mention.span, &mention.text);
                }
            }
            SlotValue::Staff {
                said: StaffSaid::Named { text, span, .. },
            } => quotes(chars, *span, text),
            SlotValue::Staff {
                said: StaffSaid::Not { ids },
            } => assert!(!ids.is_empty()),
            SlotValue::Staff {
                said: StaffSaid::Anyone,
            } => {}
            SlotValue::When { when } | SlotValue::Which { when } => says(when, chars),
            SlotValue::PartySize { people, span } => {
                assert!((1..=100_000).contains(people), "{people} people");
                lies_within(chars, *span);
            }
            SlotValue::Name { first, last } => {
                assert!(first.is_some() || last.is_some());
                for said in [first, last].into_iter().flatten() {
                    quotes(chars, said.span, &said.text);
                }
            }
            SlotValue::Phone { value } | SlotValue::Email { value } => quotes(chars, value.span, &value.text),
        },
        Act::Ask {
            topic: Topic::Hours { when: Some(when) },
        } => says(when, chars),
        Act::Choose { option } => {
            // Without a list in view a number still answers "which one?".
            let most = heard.options.len().max(9);
            assert!((1..=most).contains(option), "option {option}");
        }
        _ => {}
    }
}

/// The expression says something, its days run forwards, and its words are those of the message.
fn says(when: &When, chars: &[char]) {
    quotes(chars, when.span, &when.text);
    assert!(!when.windows.is_empty() || !when.except.is_empty() || when.order.is_some());
    for window in &when.windows {
        assert!(window.dates.is_some() || window.times.is_some());
        window.dates.iter().for_each(runs_forward);
    }
    for except in &when.except {
        if let Except::Dates(dates) = except {
            runs_forward(dates);
        }
    }
}

fn runs_forward(dates: &DateRange) {
    if let (Some(from), Some(until)) = (dates.from, dates.until) {
        assert!(from < until, "{from} is not before {until}");
    }
}

fn lies_within(chars: &[char], (start, end): Span) {
    assert!(
        start < end && end <= chars.len(),
        "{start}..{end} of {}",
        chars.len()
    );
}

fn quotes(chars: &[char], span: Span, text: &str) {
    lies_within(chars, span);
    assert!(chars[span.0..span.1].iter().copied().eq(text.chars()), "{text:?}");
}
