//! What may be set: for the installation, and for one account.

use super::Rate;
use super::peer::Proxies;

/// A limit, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerMinute(pub Option<Rate>);

impl PerMinute {
    /// What a limit looks like.
    pub const SHAPE: &'static str = "a number from 1 to 1000000, or off";

    /// So many.
    #[must_use]
    pub fn of(each_minute: u32) -> Self {
        Self(Some(Rate::per_minute(each_minute)))
    }

    /// Reads a limit; nothing when the text is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "off" => Some(Self(None)),
            number => {
                let number: u32 = number.parse().ok()?;
                (1..=1_000_000).contains(&number).then(|| Self::of(number))
            }
        }
    }
}

/// The limits of an installation. The default limits nothing.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Messages of one customer.
    pub participant: Option<Rate>,
    /// Messages through one account, or to one business through the API or the web chat.
    pub account: Option<Rate>,
    /// Requests from one address that nobody vouches for.
    pub address: Option<Rate>,
    /// Whether accounts may have limits of their own.
    pub are_on: bool,
    /// Who may say for whom they ask.
    pub proxies: Proxies,
}

impl Rules {
    /// Whether anything can limit a message.
    pub(super) fn count_messages(&self) -> bool {
        self.are_on || self.participant.is_some() || self.account.is_some()
    }
}

/// The limits of one account: what it does not name is as for all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Own {
    account: Option<PerMinute>,
    participant: Option<PerMinute>,
}

impl Own {
    /// What they look like.
    pub const SHAPE: &'static str = "account=NUMBER, participant=NUMBER (messages a minute; either may be left out or be off), or off for no limit";

    /// Reads an account's setting; nothing when it is not of this shape.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let none = Some(PerMinute(None));
        if text.trim() == "off" {
            return Some(Self {
                account: none,
                participant: none,
            });
        }
        let mut own = Self::default();
        for part in text.split(',') {
            let (name, limit) = part.split_once('=')?;
            let limit = Some(PerMinute::parse(limit)?);
            let place = match name.trim() {
                "account" => &mut own.account,
                "participant" => &mut own.participant,
                _ => return None,
            };
            if std::mem::replace(place, limit).is_some() {
                return None;
            }
        }
        Some(own)
    }

    pub(super) fn account(self, rules: &Rules) -> Option<Rate> {
        Self::which(self.account, rules.account, rules)
    }

    pub(super) fn participant(self, rules: &Rules) -> Option<Rate> {
        Self::which(self.participant, rules.participant, rules)
    }

    fn which(own: Option<PerMinute>, usual: Option<Rate>, rules: &Rules) -> Option<Rate> {
        match own {
            Some(own) if rules.are_on => own.0,
            _ => usual,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accounts_limits_are_read_or_refused() {
        let own = |account, participant| Some(Own { account, participant });
        let of = |number| Some(PerMinute::of(number));
        let none = Some(PerMinute(None));
        for (text, expected) in [
            ("account=600", own(of(600), None)),
            ("participant=5", own(None, of(5))),
            (" participant = off , account= 7", own(of(7), none)),
            ("off", own(none, none)),
            ("", None),
            ("600", None),
            ("account=0", None),
            ("account=1000001", None),
            ("account=6,account=7", None),
            ("address=6", None),
            ("account=-1", None),
            ("account=6;participant=7", None),
        ] {
            assert_eq!(Own::parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_an_account_does_not_name_is_as_for_all_and_off_means_off_for_it_too() {
        let rules = Rules {
            participant: Some(Rate::per_minute(60)),
            account: Some(Rate::per_minute(600)),
            are_on: true,
            ..Rules::default()
        };
        let own = Own::parse("account=7").unwrap();
        assert_eq!(own.account(&rules), Some(Rate::per_minute(7)));
        assert_eq!(own.participant(&rules), Some(Rate::per_minute(60)));
        assert_eq!(Own::parse("off").unwrap().account(&rules), None);
        assert_eq!(own.account(&Rules::default()), None, "all are off");
    }
}
