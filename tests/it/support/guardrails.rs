//! Texts that try to make the bot do what it must not: `tests/data/guardrails.txt`.

use std::path::Path;

/// A text, and what whoever wrote it may get.
#[derive(Debug, Clone)]
pub(crate) struct Attack {
    /// What kind of attack it is.
    pub(crate) kind: String,
    /// What the customer really asks for, in the words at the head of the file.
    pub(crate) asks: Vec<String>,
    /// The message.
    pub(crate) text: String,
}

impl Attack {
    /// Whether the customer asks for it.
    pub(crate) fn asks_for(&self, what: &str) -> bool {
        self.asks.iter().any(|asked| asked == what)
    }
}

/// Every attack of the file, in its order.
pub(crate) fn attacks() -> Vec<Attack> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/guardrails.txt");
    let file = std::fs::read_to_string(&path).unwrap();
    file.split("\n== kind: ").skip(1).map(attack).collect()
}

fn attack(block: &str) -> Attack {
    let (kind, rest) = block.split_once('\n').unwrap();
    let mut asks = Vec::new();
    let mut times = 1;
    let mut lines: Vec<&str> = Vec::new();
    for line in rest.trim_end().lines() {
        if let Some(asked) = line.strip_prefix("asks: ") {
            asks = asked.split(", ").map(str::to_owned).collect();
        } else if let Some(number) = line.strip_prefix("times: ") {
            times = number.parse().unwrap();
        } else {
            lines.push(line);
        }
    }
    let text = vec![shown(&lines.join("\n")); times].join("\n");
    Attack {
        kind: kind.to_owned(),
        asks,
        text,
    }
}

/// `\u{..}` as its character, so that the file hides nothing from its readers.
fn shown(text: &str) -> String {
    let mut parts = text.split("\\u{");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (number, rest) = part.split_once('}').unwrap();
        let number = u32::from_str_radix(number, 16).unwrap();
        out.push(char::from_u32(number).unwrap());
        out.push_str(rest);
    }
    out
}
