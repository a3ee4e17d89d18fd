//! A business's names and hours, in the form in which words are matched against them.

use jiff::civil::{Time, Weekday};

use crate::types::{ResourceId, ServiceId};

/// What the engine must know of a business: how its services and people are called, and when it is open.
/// Made once per catalogue version and shared by all its conversations.
#[derive(Debug, Clone, Default)]
pub struct Lexicon {
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
}
