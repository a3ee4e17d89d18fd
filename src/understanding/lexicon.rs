//! A business's names and hours, in the form in which words are matched against them.

use jiff::civil::{Time, Weekday};

use super::rules::{Letters, fold};
use crate::types::{Language, ResourceId, ServiceId};

/// What the engine must know of a business: how its services and people are called, and when it is open.
/// Made once per catalogue version and shared by all its conversations.
#[derive(Debug, Clone, Default)]
pub struct Lexicon {
    /// The business's own language.
    pub language: Language,
    /// Services with everything they are called.
    pub services: Vec<Entry<ServiceId>>,
    /// Names that stand for several services at once ("mani-pedi").
    pub bundles: Vec<Entry<Vec<ServiceId>>>,
    /// People who can be asked for.
    pub staff: Vec<Entry<ResourceId>>,
    /// FAQ keys with their keywords.
    pub faq: Vec<Entry<String>>,
    /// Local opening hours by weekday, Monday first; the likelier half of the day is read from them.
    /// Empty when unknown.
    pub hours: Vec<(Weekday, Time, Time)>,
    /// Whether "half five" means 17:30 (British) or 16:30; `None` when the locale leaves it open.
    pub half_means_past: Option<bool>,
    /// Whether 5/6 is the 5th of June.
    pub day_before_month: bool,
}

/// A thing and everything it is called.
#[derive(Debug, Clone)]
pub struct Entry<T> {
    /// The thing.
    pub id: T,
    /// Its name first, then its aliases.
    pub names: Vec<String>,
    /// The words of each name, in lower case: made once, because every message is compared with them.
    pub(crate) words: Vec<Vec<NameWord>>,
    /// The same without accents, for messages in languages whose writers leave them out.
    pub(crate) plain: Vec<Vec<NameWord>>,
}

/// A word of a name.
#[derive(Debug, Clone)]
pub(crate) struct NameWord {
    /// In lower case.
    pub(crate) text: String,
    /// Its letters.
    pub(crate) letters: Letters,
}

impl NameWord {
    fn new(text: String) -> Self {
        let letters = Letters::of(&text);
        Self { text, letters }
    }
}

impl<T> Entry<T> {
    /// A thing that is called so: its name first, then its aliases.
    #[must_use]
    pub fn new(id: T, names: Vec<String>) -> Self {
        let words: Vec<Vec<NameWord>> = names.iter().map(|name| split(name)).collect();
        let bare = |word: &NameWord| NameWord::new(fold(&word.text).into_owned());
        let without_accents = |words: &Vec<NameWord>| words.iter().map(bare).collect();
        let plain = words.iter().map(without_accents).collect();
        Self {
            id,
            names,
            words,
            plain,
        }
    }
}

fn split(name: &str) -> Vec<NameWord> {
    name.split(|c: char| !c.is_alphanumeric() && c != '\'')
        .map(|w| w.trim_matches('\'').to_lowercase())
        .filter(|w| !w.is_empty())
        .map(NameWord::new)
        .collect()
}

impl Lexicon {
    /// A lexicon of names alone: ids are made of the names, and the first of an entry's names is the name as given.
    #[must_use]
    pub fn from_names(services: &[String], staff: &[String]) -> Self {
        Self {
            services: entries(services, |id| ServiceId::new(id).ok()),
            staff: entries(staff, |id| ResourceId::new(id).ok()),
            ..Self::default()
        }
    }
}

/// One entry a name; a name that leaves nothing for an id, or repeats one, gets its place as an id.
fn entries<T: PartialEq>(names: &[String], id: impl Fn(&str) -> Option<T>) -> Vec<Entry<T>> {
    let mut entries: Vec<Entry<T>> = Vec::with_capacity(names.len());
    for (place, name) in names.iter().enumerate() {
        let fresh = id(&slug(name)).filter(|id| entries.iter().all(|e| e.id != *id));
        if let Some(id) = fresh.or_else(|| id(&format!("name-{place}"))) {
            let names = vec![name.clone()];
            entries.push(Entry::new(id, names));
        }
    }
    entries
}

fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(60);
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_letters_and_get_ids_of_their_own() {
        let names = ["Gel Manicure", "gel manicure", "\u{1F485}"].map(str::to_owned);
        let lexicon = Lexicon::from_names(&names, &["Dr. Ana Ruiz, MD".to_owned()]);
        let ids: Vec<&str> = lexicon.services.iter().map(|e| e.id.as_str()).collect();
        assert_eq!(ids, ["gel-manicure", "name-1", "name-2"]);
        assert_eq!(lexicon.services[0].names, ["Gel Manicure"]);
        assert_eq!(lexicon.staff[0].id.as_str(), "dr-ana-ruiz-md");
    }
}
