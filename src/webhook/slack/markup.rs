//! Slack's markup in texts: `<…>` for links and mentions, and three characters that are written otherwise.

/// The text as its writer saw it. Mentions of `app` are left out, because they only say whom it is for.
pub(super) fn plain(text: &str, app: Option<&str>) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        plain.push_str(before);
        // Slack writes a `<` of the writer's own as `&lt;`, so that one without an end is no markup of anybody's.
        let Some((inner, after)) = after.split_once('>') else {
            plain.push('<');
            rest = after;
            continue;
        };
        let (target, label) = match inner.split_once('|') {
            Some((target, label)) => (target, Some(label).filter(|label| !label.is_empty())),
            None => (inner, None),
        };
        if !(app.is_some() && target.strip_prefix('@') == app) {
            match target.chars().next() {
                Some(sign @ ('@' | '#')) => {
                    plain.push(sign);
                    plain.push_str(label.unwrap_or(&target[1..]).trim_start_matches(sign));
                }
                Some('!') => plain.push_str(label.unwrap_or(&target[1..])),
                _ => plain.push_str(label.unwrap_or(target)),
            }
        }
        rest = after;
    }
    plain.push_str(rest);
    // The ampersand last, or else `&amp;lt;` would become `<`.
    let plain = plain
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    plain.trim().to_owned()
}

/// Whom the text begins with, if with a mention.
pub(super) fn first_mention(text: &str) -> Option<&str> {
    let (inner, _) = text.trim_start().strip_prefix("<@")?.split_once('>')?;
    Some(inner.split_once('|').map_or(inner, |(id, _)| id))
}

/// Whether the text mentions that user.
pub(super) fn mentions(text: &str, user: &str) -> bool {
    !user.is_empty()
        && text.split("<@").skip(1).any(|rest| {
            rest.strip_prefix(user)
                .is_some_and(|rest| rest.starts_with(['>', '|']))
        })
}

/// A text with nothing in it that Slack would take for markup: nobody is mentioned by accident, and no link hides
/// behind other words.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_as_their_writers_saw_them() {
        for (sent, seen) in [
            ("<@U1> a manicure, please", "a manicure, please"),
            ("hey <@U1|desk>, is <@U2|mai> in?", "hey , is @mai in?"),
            ("ask <@U2>", "ask @U2"),
            (
                "see <https://a.b/c|the page> or <https://a.b>",
                "see the page or https://a.b",
            ),
            ("in <#C1|general>, <!here>", "in #general, here"),
            ("before <!date^1^{date}|Friday>", "before Friday"),
            ("if 3 &lt; 4 &amp;&amp; 5 &gt; 4", "if 3 < 4 && 5 > 4"),
            ("&amp;lt; stays", "&lt; stays"),
            ("half <open", "half <open"),
            ("<>", ""),
            ("<|x>", "x"),
        ] {
            assert_eq!(plain(sent, Some("U1")), seen, "{sent}");
        }
    }

    #[test]
    fn what_is_escaped_comes_back() {
        let text = "<!channel> & <@U1> &lt; >";
        assert!(!escaped(text).contains('<'));
        assert_eq!(plain(&escaped(text), Some("U1")), text);
    }

    #[test]
    fn a_mention_is_of_the_whole_id() {
        assert!(mentions("hi <@U1>", "U1") && mentions("<@U1|desk> hi", "U1"));
        assert!(!mentions("hi <@U12>", "U1") && !mentions("U1", "U1") && !mentions("<@>", ""));
        assert_eq!(first_mention(" <@U1|desk> hi"), Some("U1"));
        assert_eq!(first_mention("hi <@U1>"), None);
    }
}
