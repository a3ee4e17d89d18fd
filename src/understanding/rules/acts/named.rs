//! What of the catalogue a message names, before it is known how it is meant.

use super::super::lang::{Lang, List};
use super::super::names::{Mention, find};
use super::super::token::Text;
use crate::understanding::Heard;
use crate::understanding::act::{Certainty, Expecting};

/// What of the catalogue a message names.
pub(super) struct Named {
    pub(super) services: Vec<Mention>,
    pub(super) bundles: Vec<Mention>,
    pub(super) staff: Vec<Mention>,
}

impl Named {
    pub(super) fn any(&self) -> bool {
        !self.services.is_empty() || !self.staff.is_empty()
    }
}

/// Whether one of the things it may mean was called by its very name.
pub(super) fn exact(mention: &Mention) -> bool {
    mention.entries.iter().any(|(_, c)| *c == Certainty::Exact)
}

/// Everybody and everything of the catalogue that may be named, whatever else the words mean.
pub(super) struct Here {
    pub(super) staff: Vec<Mention>,
    pub(super) services: Vec<Mention>,
}

impl Here {
    /// Finds them, and marks their tokens: cues ask for them.
    pub(super) fn read(lang: &Lang, heard: &Heard<'_>, text: &mut Text<'_>) -> Self {
        let staff = find(text, lang, &heard.lexicon.staff, List::StaffNoise);
        let mut services = find(text, lang, &heard.lexicon.services, List::ServiceNoise);
        // A verb that is a part of a name as well ("change", "check") names nothing alone.
        services.retain(|m| exact(m) || m.to - m.from > 1 || !text.listed(List::Common, m.from));
        for mention in &staff {
            for token in &mut text.tokens[mention.from..mention.to] {
                token.staff = true;
            }
        }
        for mention in &services {
            for token in &mut text.tokens[mention.from..mention.to] {
                token.service = true;
            }
        }
        Self { staff, services }
    }
}

/// Names in `text` that nothing else has taken.
pub(super) fn named(lang: &Lang, heard: &Heard<'_>, text: &Text<'_>, here: Here, taken: &[bool]) -> Named {
    let Here {
        mut staff,
        mut services,
    } = here;
    let free = |m: &Mention| !taken[m.from..m.to].iter().any(|t| *t);
    let asked = heard.expecting == Some(Expecting::Service);
    staff.retain(free);
    // A word that half the catalogue shares ("nails") names nothing, unless a service was asked for.
    services.retain(|m| free(m) && (asked || m.entries.len() < 3 || exact(m)));
    // A name that somebody gives as his own is no service with an error in it.
    services.retain(|m| {
        let guessed = m.entries.iter().all(|(_, c)| *c == Certainty::Guess);
        let cues = if guessed {
            List::NameCues
        } else {
            List::SureNameCues
        };
        exact(m) || text.phrase_before(cues, m.from).is_none()
    });
    // Somebody's very name is not a service with a typing error in it ("Mai" is not "mani").
    let mut somebody = vec![false; text.len()];
    for name in staff.iter().filter(|m| exact(m)) {
        somebody[name.from..name.to].fill(true);
    }
    services.retain(|m| exact(m) || !somebody[m.from..m.to].contains(&true));
    let mut bundles = find(text, lang, &heard.lexicon.bundles, List::ServiceNoise);
    bundles.retain(free);
    Named {
        services,
        bundles,
        staff,
    }
}
