//! How a language writes days, months and money. The names stand in its file; what is left is arithmetic.

use jiff::civil::Date;

use crate::types::Language;

/// The names and habits of one language.
#[derive(Debug)]
pub struct Style {
    language: Language,
    /// Monday first.
    pub weekdays: [String; 7],
    /// The same for options and other short lines.
    pub short_weekdays: [String; 7],
    /// January first.
    pub months: [String; 12],
    /// The same for options and other short lines.
    pub short_months: [String; 12],
    /// Whether it writes "2:00 pm" in countries that do.
    pub twelve_hours: bool,
}

impl Style {
    /// `line` gives a line of the language's file.
    pub(super) fn read(language: Language, line: impl Fn(&str) -> String) -> Self {
        Self {
            language,
            weekdays: names(&line("weekdays")),
            short_weekdays: names(&line("short-weekdays")),
            months: names(&line("months")),
            short_months: names(&line("short-months")),
            twelve_hours: language == Language::English,
        }
    }

    /// The name of that day's weekday.
    #[must_use]
    pub fn of_weekday(names: &[String; 7], date: Date) -> &str {
        &names[usize::from(date.weekday().to_monday_zero_offset().unsigned_abs())]
    }

    /// The name of that day's month.
    #[must_use]
    pub fn of_month(names: &[String; 12], date: Date) -> &str {
        &names[usize::from(date.month().unsigned_abs()) - 1]
    }

    /// "$45", "25,50 €", "250.000 ₫". `amount` has its decimals after a point, and none that are empty.
    #[must_use]
    pub fn money(&self, amount: &str, currency: &str) -> String {
        match (self.language, currency) {
            (_, "USD" | "CAD" | "AUD" | "NZD") => format!("${amount}"),
            (Language::English, "EUR") => format!("€{amount}"),
            (Language::English, "GBP") => format!("£{amount}"),
            (Language::English, other) => format!("{amount} {other}"),
            (Language::Spanish | Language::Vietnamese, other) => {
                let sign = match other {
                    "EUR" => "€",
                    "GBP" => "£",
                    "VND" => "₫",
                    code => code,
                };
                format!("{} {sign}", grouped(amount))
            }
        }
    }
}

/// "1234567.5" as "1.234.567,5".
fn grouped(amount: &str) -> String {
    let (whole, decimals) = amount.split_once('.').unwrap_or((amount, ""));
    let mut out = String::with_capacity(amount.len() + 4);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push('.');
        }
        out.push(digit);
    }
    if !decimals.is_empty() {
        out.push(',');
        out.push_str(decimals);
    }
    out
}

/// The names in a line of the file, between commas; what is missing there is empty, which a test would see.
fn names<const N: usize>(line: &str) -> [String; N] {
    let mut names = line.split(", ");
    std::array::from_fn(|_| names.next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::of;
    use super::*;

    #[test]
    fn every_language_names_all_days_and_months() {
        for language in Language::ALL {
            let style = of(language).style();
            let days = style.weekdays.iter().chain(&style.short_weekdays);
            let months = style.months.iter().chain(&style.short_months);
            assert!(days.chain(months).all(|name| !name.is_empty()), "{language:?}");
        }
    }

    #[test]
    fn money_is_written_as_its_readers_do() {
        for (language, amount, currency, written) in [
            (Language::English, "45", "USD", "$45"),
            (Language::Spanish, "45.50", "USD", "$45.50"),
            (Language::English, "25.50", "EUR", "€25.50"),
            (Language::Spanish, "25.50", "EUR", "25,50 €"),
            (Language::Spanish, "1250", "EUR", "1.250 €"),
            (Language::English, "250000", "VND", "250000 VND"),
            (Language::Vietnamese, "250000", "VND", "250.000 ₫"),
            (Language::Vietnamese, "90", "CHF", "90 CHF"),
        ] {
            assert_eq!(of(language).style().money(amount, currency), written);
        }
    }
}
