//! Comparing two models or two prompts: who is in which arm.
//!
//! The arm is a hash of the experiment's name and the conversation, so it is the same on every machine, after every
//! restart, and for every message, without anything being stored.

use sha2::{Digest, Sha256};

use super::prompt::PromptKind;
use crate::types::Pair;

/// An arm of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Its name, as it is recorded with every message.
    pub name: String,
    /// Its model, unless it is the usual one.
    pub model: Option<String>,
    /// Its prompt, unless it is the usual one.
    pub prompt: Option<PromptKind>,
    /// Its share of the customers, relative to the other arms'.
    pub weight: u32,
}

/// The arms of one comparison. None: nothing is compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variants {
    /// The comparison's name. Another name deals the customers out anew.
    pub experiment: String,
    /// Its arms.
    pub arms: Vec<Variant>,
}

impl Variants {
    /// The arm that a conversation is in.
    #[must_use]
    pub fn of(&self, pair: &Pair) -> Option<&Variant> {
        let total: u64 = self.arms.iter().map(|arm| u64::from(arm.weight)).sum();
        let mut place = lot(&self.experiment, pair).checked_rem(total)?;
        self.arms.iter().find(|arm| {
            let weight = u64::from(arm.weight);
            let here = place < weight;
            place = place.saturating_sub(weight);
            here
        })
    }
}

fn lot(experiment: &str, pair: &Pair) -> u64 {
    // No name can hold U+001F, so no two conversations share a text.
    let text = format!("{experiment}\u{1f}{}\u{1f}{}", pair.business, pair.participant);
    let digest = Sha256::digest(text.as_bytes());
    digest
        .iter()
        .take(8)
        .fold(0, |lot, byte| lot << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{BusinessId, ParticipantId};

    fn pair(number: u32) -> Pair {
        Pair {
            business: BusinessId::new("demo").unwrap(),
            participant: ParticipantId::new(format!("customer-{number}")).unwrap(),
        }
    }

    fn arm(name: &str, weight: u32) -> Variant {
        Variant {
            name: name.to_owned(),
            model: None,
            prompt: None,
            weight,
        }
    }

    fn variants(experiment: &str, arms: Vec<Variant>) -> Variants {
        Variants {
            experiment: experiment.to_owned(),
            arms,
        }
    }

    #[test]
    fn a_customer_stays_in_an_arm_and_the_shares_come_out() {
        let both = variants("prompts", vec![arm("a", 3), arm("b", 1), arm("never", 0)]);
        let of = |n| both.of(&pair(n)).map(|v| v.name.as_str());
        let in_a = (0..4_000).filter(|n| of(*n) == Some("a")).count();
        assert!((2_850..3_150).contains(&in_a), "{in_a}");
        assert!((0..4_000).all(|n| of(n) != Some("never")));
        // Fixed for all time: another hash would move customers between arms in the middle of a comparison.
        assert_eq!(lot("prompts", &pair(1)), 4_464_025_417_593_413_211);
        assert_ne!(lot("prompts", &pair(1)), lot("models", &pair(1)));
    }

    #[test]
    fn without_arms_or_weights_nobody_is_in_one() {
        assert_eq!(variants("x", vec![]).of(&pair(1)), None);
        assert_eq!(variants("x", vec![arm("a", 0)]).of(&pair(1)), None);
    }
}
