//! Whether a message costs no more than its length, whatever it is made of.
//!
//! Each kind of text is made 1,000, 10,000 and 100,000 characters long. What counts is the ratio of nanoseconds per
//! character to those of 1,000 characters; absolute times depend on who else uses the machine.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use frontdesk::types::Language;
use frontdesk::understanding::rules::Rules;
use frontdesk::understanding::{Expecting, Heard, Lexicon};
use jiff::civil::DateTime;

/// A message grows by this much from one length to the next.
const LENGTHS: [usize; 3] = [1_000, 10_000, 100_000];

/// So many characters are read at each length: enough to be measured.
const ENOUGH: usize = 200_000;

/// As long as a message may be, and how long it may take.
const LONGEST: (usize, Duration) = (12_000, Duration::from_millis(5));

/// A time per character that grows by more than this is not flat.
const FLAT: f64 = 2.0;

/// Every question reads a message in its own way; the slowest counts.
const QUESTIONS: [Option<Expecting>; 6] = [
    None,
    Some(Expecting::Service),
    Some(Expecting::Time),
    Some(Expecting::Name),
    Some(Expecting::Confirm),
    Some(Expecting::Choice),
];

/// A kind of text, what it is made of, and the language in which it is said.
const KINDS: [(&str, &str, Language); 26] = [
    (
        "talk",
        "my cat is orange and sleeps on the sofa all day long, which I find lovely. ",
        Language::English,
    ),
    (
        "wishes",
        "could I come on Friday at three with Linh for a pedicure, or else ",
        Language::English,
    ),
    (
        "dates",
        "Friday 20 November, the 5th of May, 12/24, next week, ",
        Language::English,
    ),
    (
        "clocks",
        "at 3, half past ten, 14:30, quarter to 5, noon ",
        Language::English,
    ),
    (
        "ranges",
        "from 2 to 4, between Monday and Wednesday, after 5 but before 7 ",
        Language::English,
    ),
    (
        "yes and no",
        "yes no yes please no thanks ok sure nope ",
        Language::English,
    ),
    ("no, corrected", "2pm no 3pm no 4pm ", Language::English),
    ("people", "me and my mother and 3 friends and ", Language::English),
    ("emoji", "\u{1F485}\u{1F44D}\u{1F3FD}\u{1F389}", Language::English),
    ("digits", "0123456789", Language::English),
    ("numbers", "5 12 7 30 ", Language::English),
    ("phone numbers", "555-010-2030 ", Language::English),
    ("mail addresses", "a.b@example.com ", Language::English),
    ("an address without end", "a.", Language::English),
    ("names", "my name is Anna Lee and this is Mai ", Language::English),
    (
        "names of names",
        "first name last name first name last name ",
        Language::English,
    ),
    ("staff", "Mai Linh Sofia ", Language::English),
    (
        "typing errors of services",
        "manicur pedicre gell padicure ",
        Language::English,
    ),
    ("parts of services", "nail art nail gel nail ", Language::English),
    ("quotes", "\"yes\" he said \"no\" ", Language::English),
    ("brackets", "[yes <no {ok ", Language::English),
    ("links", "see https://example.com/yes?no=ok ", Language::English),
    ("schemes", "://", Language::English),
    ("no spaces", "manicure", Language::English),
    (
        "Spanish",
        "quiero una cita el viernes por la tarde a las 5 y media con Mai ",
        Language::Spanish,
    ),
    (
        "Vietnamese without accents",
        "cho chi dat lich lam gel chieu mai 3h voi linh nha em ",
        Language::Vietnamese,
    ),
];

pub(crate) fn report(lexicon: &Lexicon, now: DateTime) {
    println!(
        "\nns per character at {LENGTHS:?}, ratio of the longest to the shortest, ms at {}",
        LONGEST.0
    );
    let options = ["10:00 am", "11:15 am", "2:00 pm"].map(str::to_owned);
    let mut steep = Vec::new();
    for (name, piece, language) in KINDS {
        let said = |chars: usize| {
            let text: String = piece.chars().cycle().take(chars).collect();
            let heard = |expecting| Heard {
                text: &text,
                now,
                expecting,
                options: &options,
                language,
                lexicon,
                scene: None,
            };
            let after = |expecting| cost(chars, || drop(Rules::new().hear(heard(expecting))));
            QUESTIONS.map(after).into_iter().max().unwrap_or_default()
        };
        #[expect(clippy::cast_precision_loss, reason = "a few digits are printed")]
        let per_char = LENGTHS.map(|chars| said(chars).as_nanos() as f64 / chars as f64);
        let ratio = per_char[2] / per_char[0];
        let longest = said(LONGEST.0);
        let [short, middle, long] = per_char;
        let over = if longest > LONGEST.1 { " OVER" } else { "" };
        println!("{name:<28} {short:>9.0} {middle:>9.0} {long:>9.0}   x{ratio:<6.2} {longest:>10.2?}{over}");
        if ratio > FLAT {
            steep.push(name);
        }
    }
    println!(
        "not flat: {}",
        if steep.is_empty() {
            "none".to_owned()
        } else {
            steep.join(", ")
        }
    );
}

/// What one run takes of the processor, over so many runs that all lengths read the same number of characters.
fn cost(chars: usize, run: impl Fn()) -> Duration {
    let runs = u32::try_from(ENOUGH / chars).unwrap_or(1).max(1);
    let before = spent();
    for _ in 0..runs {
        run();
    }
    spent().saturating_sub(before) / runs
}

/// The time that this thread has had of a processor: others may build beside it. Where the system does not say, the
/// time on the wall.
fn spent() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told
        .as_deref()
        .and_then(|told| told.split(' ').next()?.parse().ok());
    nanos.map_or_else(|| START.elapsed(), Duration::from_nanos)
}
