//! What a model's words may not claim.
//!
//! A model may word a courtesy or one of the business's own common answers. It may not say that something is booked,
//! moved or cancelled, nor name a time, a price or a link that the business did not give: those come from committed
//! rows and from the catalogue, in the wording of this program. The check errs on the side of the template: a harmless
//! sentence refused costs a little charm, a claim let through costs a customer.

use std::collections::HashSet;

use jiff::civil::DateTime;
use unicode_normalization::UnicodeNormalization as _;

use crate::types::Language;
use crate::understanding::rules::Rules;
use crate::understanding::{self, Act, Lexicon, SlotKind};

/// Why a model's words are not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Something was done, or will be: booked, moved, cancelled, held, refunded.
    Deed,
    /// A day or a time.
    Time,
    /// A price or any other number, or that something costs nothing.
    Number,
    /// A link or an address.
    Link,
    /// It is too long, or holds characters whose meaning this check cannot judge.
    Unfit,
}

/// Characters of a courtesy.
const LENGTH_MAX: usize = 300;

/// Beginnings of words that speak of deeds, in the languages of those who write to a business like these. A word that
/// begins so is allowed where the business's own answer has it.
const DEEDS: &[&str] = &[
    "book",
    "rebook",
    "reserv",
    "confirm",
    "cancel",
    "schedul",
    "resched",
    "postpon",
    "appoint",
    "slot",
    "held",
    "hold",
    "moved",
    "arrang",
    "refund",
    "done",
    "sorted",
    "guarant",
    "waitlist",
    "transfer",
    "deposit",
    "charged",
    "approv",
    // Spanish, Portuguese, Italian, French
    "cita",
    "citas",
    "turno",
    "agend",
    "marcad",
    "anulad",
    "apart",
    "list",
    "prenot",
    "appuntament",
    "conferm",
    "annul",
    "réserv",
    "rendez",
    "esper",
    // German
    "gebucht",
    "buch",
    "termin",
    "bestätig",
    "storn",
    "abgesagt",
    "versch",
    "reservier",
    "erledigt",
    // Vietnamese
    "đặt",
    "lịch",
    "hẹn",
    "xác",
    "hủy",
    "huỷ",
    "dời",
    "chốt",
];

/// The same of money.
const PRICES: &[&str] = &[
    "price",
    "cost",
    "free",
    "discount",
    "waive",
    "charge",
    "dollar",
    "euro",
    "pound",
    "buck",
    "cheap",
    "percent",
    "complimentary",
    "coupon",
    "voucher",
    "gratis",
    "gratuit",
    "descuento",
    "precio",
    "kostenlos",
    "rabatt",
    "preis",
    "prix",
    "remise",
    "miễn",
    "giảm",
    "usd",
    "eur",
    "vnd",
];

/// Whole words that are days or times.
const TIMES: &[&str] = &[
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun",
    "today",
    "tomorrow",
    "tonight",
    "noon",
    "midnight",
    "o'clock",
    "morning",
    "afternoon",
    "evening",
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "half",
    "quarter",
    "lunes",
    "martes",
    "miércoles",
    "jueves",
    "viernes",
    "sábado",
    "domingo",
    "mañana",
    "hoy",
    "lundi",
    "mardi",
    "mercredi",
    "jeudi",
    "vendredi",
    "samedi",
    "dimanche",
    "demain",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonntag",
    "heute",
    "morgen",
    "uhr",
    "mai",
    "thứ",
];

/// Whether `text` may be said beside `facts`, the business's own words on the subject (none for a courtesy). `now` is
/// the business's local time.
///
/// # Errors
/// The first claim found.
pub fn check(text: &str, facts: &str, now: DateTime) -> Result<(), Claim> {
    // Letters that only look different are made plain, as a reader would.
    let text: String = text.nfkc().collect();
    if text.trim().is_empty() || text.chars().count() > LENGTH_MAX.max(facts.chars().count() * 2) {
        return Err(Claim::Unfit);
    }
    if text.chars().any(|c| !is_readable(c)) {
        return Err(Claim::Unfit);
    }
    let known: HashSet<String> = words(facts).collect();
    let new = || words(&text).filter(|word| !known.contains(word));
    let given: HashSet<String> = links(facts).collect();
    if links(&text).any(|link| !given.contains(&link)) {
        return Err(Claim::Link);
    }
    let begins =
        |stems: &'static [&'static str]| new().any(|word| stems.iter().any(|stem| word.starts_with(stem)));
    let says = text.to_lowercase();
    if begins(DEEDS) || says.contains("all set") || says.contains("taken care of") {
        return Err(Claim::Deed);
    }
    let is_money = |c: char| matches!(c, '%' | '$' | '€' | '£' | '¥' | '₫' | '₹');
    if begins(PRICES)
        || new().any(|word| word.chars().any(char::is_numeric))
        || text.chars().any(|c| is_money(c) && !facts.contains(c))
    {
        return Err(Claim::Number);
    }
    if new().any(|word| TIMES.contains(&word.as_str())) || facts.is_empty() && names_a_time(&text, now) {
        return Err(Claim::Time);
    }
    Ok(())
}

/// Latin letters with their accents, digits, punctuation, and emoji. In other scripts this check could not tell a
/// courtesy from a claim; what cannot be seen could hide one.
fn is_readable(c: char) -> bool {
    match c {
        '\n' => true,
        c if c.is_control() => false,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
            c == '\u{200d}'
        }
        '\u{e0000}'..='\u{e007f}' => false,
        c => !c.is_alphabetic() || c <= '\u{24f}' || ('\u{1e00}'..='\u{1eff}').contains(&c),
    }
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '\''))
        .map(|word| word.trim_matches('\'').to_lowercase())
        .filter(|word| !word.is_empty())
}

/// What a chat would make a link of, and what could be written as one.
fn links(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '<' | '>' | '"' | ','))
        .map(|word| word.trim_end_matches(['.', '!', '?', ';', ':']).to_lowercase())
        .filter(|word| {
            let has_domain = word.split('.').collect::<Vec<_>>().windows(2).any(|pair| {
                pair[0].ends_with(char::is_alphanumeric)
                    && pair[1].chars().take_while(|c| c.is_alphabetic()).count() >= 2
            });
            has_domain || word.contains("://") || word.contains('@') || word.starts_with("www")
        })
}

/// Whether the rules engine would hear a day or a time.
fn names_a_time(text: &str, now: DateTime) -> bool {
    let heard = understanding::Heard {
        text,
        now,
        expecting: None,
        options: &[],
        language: Language::English,
        lexicon: &Lexicon::default(),
        scene: None,
    };
    Rules::new().hear(heard).acts.iter().any(|act| match act {
        Act::Set { value } => matches!(value.kind(), SlotKind::When | SlotKind::Which),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, facts: &str) -> Option<Claim> {
        let now = jiff::civil::date(2026, 11, 18).at(10, 0, 0, 0);
        check(text, facts, now).err()
    }

    #[test]
    fn courtesy_that_claims_nothing_may_be_said() {
        for text in [
            "You're very welcome! 😊",
            "I'm doing great, thanks for asking. How can I help?",
            "Ha, that made my day! 💅🏽",
            "¡Con mucho gusto!",
            "So sweet of you, thank you!",
            "Take care, and bye for now!",
        ] {
            assert_eq!(found(text, ""), None, "{text}");
        }
    }

    #[test]
    fn a_claim_is_found_in_whatever_way_it_is_put() {
        use Claim::{Deed, Link, Number, Time, Unfit};
        for (text, claim) in [
            ("You're booked!", Deed),
            ("Great news: your visit is confirmed.", Deed),
            ("I have cancelled it for you", Deed),
            ("All set, see you then", Deed),
            ("It's done!", Deed),
            ("That is taken care of.", Deed),
            ("ｂｏｏｋｅｄ for you", Deed),
            ("Tu cita queda lista", Deed),
            ("Ihr Termin steht", Deed),
            ("Em đã đặt cho chị rồi ạ", Deed),
            ("See you on Friday!", Time),
            ("See you tomorrow then!", Time),
            ("We are looking forward to next week", Time),
            ("Come by at three", Time),
            ("Nos vemos el viernes", Time),
            ("It's only 5", Number),
            ("That one is on the house, no charge", Number),
            ("You get it for free", Number),
            ("A nice discount for you", Number),
            ("Only €€€", Number),
            ("More at evil.example", Link),
            ("[click](https://evil.example)", Link),
            ("write to me@evil.example", Link),
            ("Вы записаны", Unfit),
            ("您已预约", Unfit),
            ("b\u{200b}ooked", Unfit),
            ("   ", Unfit),
        ] {
            assert_eq!(found(text, ""), Some(claim), "{text}");
        }
        assert_eq!(found(&"nice ".repeat(100), ""), Some(Unfit));
    }

    #[test]
    fn a_common_answer_may_be_reworded_with_what_it_says_and_nothing_more() {
        let facts =
            "There is free parking behind the house, 2 hours, Monday to Friday. See salon.example/parking.";
        let fine = "Yes! You can park for free behind the house for up to 2 hours, Monday to Friday: salon.example/parking";
        assert_eq!(found(fine, facts), None);
        assert_eq!(found("Yes, 3 hours behind the house", facts), Some(Claim::Number));
        assert_eq!(found("Yes, on Saturday too", facts), Some(Claim::Time));
        assert_eq!(found("Yes, see evil.example/parking", facts), Some(Claim::Link));
        assert_eq!(found("Yes, I have reserved a place", facts), Some(Claim::Deed));
    }
}
