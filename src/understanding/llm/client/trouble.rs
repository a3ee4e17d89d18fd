//! What is wrong when an endpoint refuses, and what somebody can do about it.

use std::fmt;

use super::wire::head;
use crate::understanding::llm::chat::{ChatMessage, Role};

/// A refusal that no retry heals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// 401 or 403.
    Key,
    /// The account has no credit.
    Credit,
    /// There is no such model.
    Model,
    /// There is no such page.
    Address,
    /// It is somewhere else.
    Moved,
}

impl Trouble {
    /// What to do, in one sentence part.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Key => "set a key that is valid there and may use the model",
            Self::Credit => "pay, raise the account's limit, or use another endpoint",
            Self::Model => "set the model to a name that the endpoint lists, or install it there",
            Self::Address => "write the endpoint's address with its /v1 and without /chat/completions",
            Self::Moved => "write the address that it redirects to; redirects are not followed",
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "the endpoint refuses the key",
            Self::Credit => "the endpoint says that the account has no credit left",
            Self::Model => "the endpoint has no such model",
            Self::Address => "the endpoint has no chat completions at this address",
            Self::Moved => "the endpoint redirects elsewhere",
        })
    }
}

/// Bytes of an endpoint's own words that are passed on.
const QUOTED_MAX: usize = 200;
/// So many characters in common with a message are a quotation: few of what a customer wrote, and more of our own
/// words, which are about the same things as an endpoint's.
const fn common_max(role: Role) -> usize {
    match role {
        Role::User | Role::Assistant => 8,
        Role::System => 16,
    }
}

/// An endpoint's words, short, on one line, and only if they repeat nothing of the prompt: servers that check their
/// input like to quote it.
pub(super) fn quoted(says: &str, prompt: &[ChatMessage]) -> String {
    let says: String = head(says, QUOTED_MAX)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let letters: Vec<(usize, char)> = says.char_indices().collect();
    let repeats = |message: &ChatMessage| {
        let (content, common) = (message.content.trim(), common_max(message.role));
        let is_short = !content.is_empty() && content.chars().count() < common;
        let quotes = |window: &[(usize, char)]| {
            let (from, (last, letter)) = (window[0].0, window[common - 1]);
            content.contains(&says[from..last + letter.len_utf8()])
        };
        is_short && says.contains(content) || letters.windows(common).any(quotes)
    };
    if prompt.iter().any(repeats) {
        return "its words are not repeated, because they quote the prompt".to_owned();
    }
    says.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(content: &str) -> Vec<ChatMessage> {
        vec![ChatMessage {
            role: Role::User,
            content: content.to_owned(),
        }]
    }

    #[test]
    fn an_endpoints_words_are_passed_on_short_and_on_one_line() {
        assert_eq!(
            quoted(" too\nlong ", &prompt("hello there, a cut please")),
            "too long"
        );
        assert_eq!(quoted(&"é".repeat(500), &prompt("hi")).len(), 200);
        assert_eq!(quoted("busy", &prompt("")), "busy");
    }

    #[test]
    fn words_that_repeat_what_a_customer_wrote_are_kept_back() {
        let said = prompt("My number is 555-0100, Ana");
        for leak in ["bad input: 'My number is 555-0100, Ana'", "cannot parse 555-0100"] {
            assert!(
                quoted(leak, &said).starts_with("its words are not repeated"),
                "{leak}"
            );
        }
        assert!(quoted("bad input 'Ana'", &prompt("Ana")).starts_with("its words"));
    }
}
