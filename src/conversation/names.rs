//! How a business's things are called, for understanding: the catalogue as a lexicon.

use jiff::civil::Weekday;

use crate::booking::Catalogue;
use crate::booking::catalogue::ResourceKind;
use crate::understanding::Lexicon;
use crate::understanding::lexicon::Entry;

/// The lexicon of a catalogue.
pub fn lexicon(catalogue: &Catalogue) -> Lexicon {
    let called = |name: &str, aliases: &[String]| {
        std::iter::once(name.to_owned())
            .chain(aliases.iter().cloned())
            .collect()
    };
    let hours = (0..7)
        .filter_map(|n| {
            let day = Weekday::Monday.wrapping_add(n);
            let windows = || {
                catalogue
                    .opening
                    .iter()
                    .filter(move |rule| rule.weekday == day)
                    .map(|rule| rule.window)
            };
            let first = windows().map(|w| w.start).min()?;
            let last = windows().map(|w| w.end).max()?;
            Some((day, first, last))
        })
        .collect();
    Lexicon {
        language: catalogue.language(),
        services: catalogue
            .services
            .iter()
            .map(|s| Entry::new(s.id.clone(), called(&s.name, &s.aliases)))
            .collect(),
        bundles: catalogue
            .bundles
            .iter()
            .map(|b| Entry::new(b.services.clone(), b.names.clone()))
            .collect(),
        staff: catalogue
            .resources
            .iter()
            .filter(|r| r.kind == ResourceKind::Staff && r.active)
            .map(|r| Entry::new(r.id.clone(), called(&r.name, &r.aliases)))
            .collect(),
        faq: catalogue
            .faq
            .iter()
            .map(|f| Entry::new(f.key.clone(), f.keywords.clone()))
            .collect(),
        hours,
        half_means_past: half_means_past(&catalogue.locale),
        day_before_month: !catalogue.locale.ends_with("US"),
    }
}

/// "half five" is 17:30 wherever English is a first language; other tongues count towards the hour.
fn half_means_past(locale: &str) -> Option<bool> {
    locale.starts_with("en").then_some(true)
}
