//! A reply and where it goes, out of an outbox row.

use serde::de::DeserializeOwned;
use unicode_segmentation::UnicodeSegmentation as _;

use super::wire::Unsendable;
use crate::dialogue::outcome::Reply;
use crate::store::OutboxRow;

/// The reply, and the address as the channel's own side in wrote it.
pub(crate) fn reply<A: DeserializeOwned>(row: &OutboxRow) -> Result<(&Reply, A), Unsendable> {
    let Some(reply) = row.content.reply() else {
        return Err(Unsendable(
            "what happened is told to a business's systems by a standard account only".to_owned(),
        ));
    };
    if reply.text.trim().is_empty() {
        return Err(Unsendable("the reply has no text".to_owned()));
    }
    let reach = row
        .reach
        .as_ref()
        .ok_or_else(|| Unsendable("nobody knows where the reply goes".to_owned()))?;
    let address = serde_json::from_str(&reach.address)
        .map_err(|_| Unsendable("the address has not the form that this channel writes".to_owned()))?;
    Ok((reply, address))
}

/// At most so many characters of a text, cut between what a reader sees as characters if one of those fits.
pub(crate) fn clipped(text: &str, chars: usize) -> &str {
    let mut seen = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        seen += grapheme.chars().count();
        if seen > chars && at > 0 {
            return &text[..at];
        }
    }
    text.char_indices().nth(chars).map_or(text, |(at, _)| &text[..at])
}

/// The base of a provider's addresses: the account's own, or else the usual one.
pub(crate) fn base<'a>(account: &'a crate::accounts::Account, usual: &'a str) -> &'a str {
    account.setting("api_base").unwrap_or(usual).trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_sees_as_one_character_is_not_cut() {
        assert_eq!(clipped("10:30", 5), "10:30");
        assert_eq!(clipped("10:30", 4), "10:3");
        assert_eq!(clipped("🇻🇳🇻🇳", 3), "🇻🇳");
        assert_eq!(clipped("🇻🇳", 1), "\u{1f1fb}");
        assert_eq!(clipped("", 3), "");
    }
}
