//! Catalogue files, and what is made of them.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};

use crate::booking::Catalogue;
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
pub(super) fn parse(text: &str) -> anyhow::Result<Catalogue> {
    let _ = text;
    bail!("catalogues cannot be read yet")
}

/// The document of a catalogue, fit to be written to a file and read again.
pub(super) fn write(catalogue: &Catalogue) -> anyhow::Result<String> {
    let _ = catalogue;
    bail!("catalogues cannot be written yet")
}

/// The demo business, which is part of the program.
pub(super) fn demo() -> anyhow::Result<Catalogue> {
    parse("")
}

/// The names by which a business's things are called.
pub(super) fn lexicon(catalogue: &Catalogue) -> Lexicon {
    let _ = catalogue;
    Lexicon::default()
}

/// Answers one line of `understand --jsonl`.
pub(super) fn understand(line: &str, lexicon: Option<&Lexicon>) -> anyhow::Result<String> {
    let _ = (line, lexicon);
    bail!("the rules engine is not built yet")
}
