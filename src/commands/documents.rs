//! Catalogue files, and what is made of them.

use std::io::Read;
use std::path::Path;

use anyhow::Context;

use crate::booking::Catalogue;
use crate::booking::document::Document;
use crate::understanding::Lexicon;

/// Reads and checks a catalogue file; `-` is standard input.
pub(super) fn read(path: &Path) -> anyhow::Result<Catalogue> {
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin()
            .read_to_string(&mut text)
            .context("cannot read standard input")?;
    } else {
        text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    }
    parse(&text).with_context(|| path.display().to_string())
}

/// Checks a catalogue document.
fn parse(text: &str) -> anyhow::Result<Catalogue> {
    Ok(Catalogue::from_toml(text)?)
}

/// A stored document (JSON) as TOML, fit to be written to a file and imported again.
pub(super) fn toml(stored: &str) -> anyhow::Result<String> {
    Ok(Document::from_json(stored.as_bytes())?.to_toml()?)
}

/// The demo business, which is part of the program.
pub(super) fn demo() -> anyhow::Result<Catalogue> {
    crate::app::demo()
}

/// The names by which a business's things are called.
pub(super) fn lexicon(catalogue: &Catalogue) -> Lexicon {
    crate::conversation::lexicon(catalogue)
}

/// Answers one line of `understand --jsonl`.
pub(super) fn understand(line: &str, lexicon: Option<&Lexicon>) -> anyhow::Result<String> {
    Ok(crate::understanding::report::answer(line, lexicon)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_business_is_in_order() {
        assert_eq!(demo().unwrap().id.as_str(), super::super::DEMO);
    }

    #[test]
    fn an_exported_document_can_be_imported() {
        let document = Document::from_toml(include_str!("../../examples/lotus-nails.toml")).unwrap();
        let stored = serde_json::to_string(&document).unwrap();
        assert_eq!(parse(&toml(&stored).unwrap()).unwrap().name, "Lotus Nails");
    }

    #[test]
    fn a_file_is_named_in_front_of_its_mistakes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.toml");
        std::fs::write(&path, "id = \"x\"\nnonsense = 1\n").unwrap();
        let said = format!("{:#}", read(&path).unwrap_err());
        assert!(said.contains("x.toml") && said.contains("nonsense"), "{said}");
    }
}
