//! The rules of the house, as tests: which room may know which, how long a file may be, what must never be written.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder` with its text, by path from the root.
fn files(folder: &str, suffixes: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.expect("a readable folder").path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if path.is_dir() {
                if !matches!(name.as_str(), "target" | "node_modules" | ".git" | "out") {
                    folders.push(path);
                }
            } else if suffixes.is_empty() || suffixes.iter().any(|suffix| name.ends_with(suffix)) {
                // What is no text (a picture) is not ours to read here.
                if let Ok(text) = fs::read_to_string(&path) {
                    let path = path
                        .strip_prefix(root())
                        .expect("a path below the root")
                        .to_owned();
                    found.push((path, text));
                }
            }
        }
    }
    found.sort();
    found
}

fn rust(folder: &str) -> Vec<(PathBuf, String)> {
    let found = files(folder, &[".rs"]);
    assert!(!found.is_empty(), "{folder} holds no Rust");
    found
}

/// Tests may do what the code that they test may not.
fn is_test(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "tests.rs") || path.iter().any(|part| part == "tests")
}

/// The files of a room: its door beside its folder, without its tests.
fn room(name: &str) -> Vec<(PathBuf, String)> {
    let door = Path::new("src").join(format!("{name}.rs"));
    let folder = Path::new("src").join(name);
    rust("src")
        .into_iter()
        .filter(|(path, _)| (*path == door || path.starts_with(&folder)) && !is_test(path))
        .collect()
}

/// The code of a file: without comments, which may name whatever they explain, and without its tests.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let production = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    production
        .lines()
        .enumerate()
        .map(|(number, line)| (number + 1, line.split("//").next().unwrap_or(line)))
}

/// Whether `line` names `name` as a whole path segment or the beginning of a path.
fn names(line: &str, name: &str) -> bool {
    let part_of_a_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + name.len()..].chars().next();
        !before.is_some_and(part_of_a_word) && !after.is_some_and(part_of_a_word)
    })
}

fn check_room_lacks(name: &str, forbidden: &[&str]) {
    let files = room(name);
    assert!(!files.is_empty(), "there is no room `{name}`");
    let mut broken = Vec::new();
    for (path, text) in &files {
        for (number, line) in code(text) {
            for word in forbidden.iter().filter(|word| names(line, word)) {
                broken.push(format!("{}:{number} names {word}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

const SHELL: [&str; 14] = [
    "tokio",
    "sqlx",
    "axum",
    "ractor",
    "metrics",
    "crate::api",
    "crate::app",
    "crate::clock",
    "crate::commands",
    "crate::config",
    "crate::conversation",
    "crate::outbound",
    "crate::store",
    "crate::telemetry",
];

#[test]
fn booking_is_pure() {
    check_room_lacks("booking", &SHELL);
    check_room_lacks("booking", &["crate::dialogue"]);
}

#[test]
fn dialogue_is_pure() {
    check_room_lacks("dialogue", &SHELL);
}

#[test]
fn understanding_knows_no_store_and_no_clock() {
    check_room_lacks(
        "understanding",
        &[
            "sqlx",
            "axum",
            "ractor",
            "crate::app",
            "crate::clock",
            "crate::commands",
            "crate::conversation",
            "crate::dialogue",
            "crate::store",
        ],
    );
}

#[test]
fn only_the_composition_and_the_commands_know_everybody() {
    let entitled = |path: &Path| {
        ["src/app.rs", "src/commands.rs", "src/lib.rs", "src/main.rs"]
            .iter()
            .any(|file| path == Path::new(file))
            || path.starts_with("src/app")
            || path.starts_with("src/commands")
    };
    for (path, text) in rust("src") {
        if entitled(&path) {
            continue;
        }
        for (number, line) in code(&text) {
            for room in ["crate::app", "crate::commands"] {
                assert!(!names(line, room), "{}:{number} names {room}", path.display());
            }
        }
    }
}

#[test]
fn only_the_conversation_room_knows_its_actors() {
    for (path, text) in rust("src") {
        if path.starts_with("src/conversation") || path == Path::new("src/conversation.rs") {
            continue;
        }
        for (number, line) in code(&text) {
            assert!(!names(line, "ractor"), "{}:{number} names ractor", path.display());
        }
    }
}

/// What a language calls things is data: the grammar compares a word with no text of its own.
#[test]
fn no_word_of_a_language_stands_in_the_grammar() {
    let mut broken = Vec::new();
    for (path, text) in rust("src/understanding/rules")
        .iter()
        .filter(|(path, _)| !is_test(path))
    {
        for (number, line) in code(text) {
            for way in ["low == \"", "low != \"", "raw == \""] {
                let compared = line.split(way).skip(1).filter_map(|rest| rest.split('"').next());
                for word in compared.filter(|word| word.len() > 1 && word.chars().all(char::is_alphabetic)) {
                    broken.push(format!("{}:{number} names `{word}`", path.display()));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The longest that a file may be.
const LINES_MAX: usize = 500;

#[test]
fn no_file_has_become_the_place_for_everything() {
    let mut broken = Vec::new();
    for (path, text) in rust("src") {
        // A test file is a list; its length costs nobody anything.
        if is_test(&path) {
            continue;
        }
        let lines = text.lines().count();
        if lines > LINES_MAX {
            broken.push(format!(
                "{} has {lines} lines, more than {LINES_MAX}",
                path.display()
            ));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn modules_are_named_after_what_they_do() {
    for (path, _) in rust("src") {
        for part in path.iter().map(|part| part.to_string_lossy()) {
            let name = part.trim_end_matches(".rs");
            let vague = [
                "util", "utils", "common", "helper", "helpers", "manager", "misc", "mod",
            ];
            assert!(
                !vague.contains(&name),
                "{} says nothing by its name",
                path.display()
            );
        }
    }
}

#[test]
fn every_module_says_why_it_exists() {
    for (path, text) in rust("src") {
        assert!(
            is_test(&path) || text.starts_with("//!"),
            "{} begins without a module comment",
            path.display()
        );
    }
}

#[test]
fn names_of_tests_are_sentences() {
    // Put together, so that this line does not find itself.
    let prefix = ["fn te", "st_"].concat();
    for folder in ["src", "tests"] {
        for (path, text) in rust(folder) {
            for (number, line) in text.lines().enumerate() {
                assert!(
                    !line.contains(&prefix),
                    "{}:{}: a test is named test_",
                    path.display(),
                    number + 1
                );
            }
        }
    }
}

#[test]
fn nothing_speaks_of_the_machine_it_was_written_on() {
    // Put together from parts, so that this file does not find itself.
    let forbidden: Vec<String> = [
        ["/wo", "rk/"],
        ["/ho", "me/"],
        ["/ro", "ot/"],
        ["/Use", "rs/"],
        ["sha", "red/design"],
    ]
    .iter()
    .map(|parts| parts.concat())
    .collect();
    let texts = [
        ".rs", ".md", ".toml", ".sql", ".sh", ".py", ".js", ".mjs", ".html", ".css", ".ftl", ".yml", ".json",
    ];
    let mut all = Vec::new();
    for folder in [
        "src",
        "tests",
        "benches",
        "docs",
        "examples",
        "migrations",
        "load-tests",
        "dashboards",
        "scripts",
        ".ci",
        ".config",
    ] {
        let suffixes: &[&str] = if matches!(folder, "scripts" | ".ci") {
            &[]
        } else {
            &texts
        };
        all.extend(files(folder, suffixes));
    }
    for name in [
        "README.md",
        "CHANGELOG.md",
        "Cargo.toml",
        "clippy.toml",
        "deny.toml",
    ] {
        all.push((
            name.into(),
            fs::read_to_string(root().join(name)).expect("a file of the house"),
        ));
    }
    let mut broken = Vec::new();
    for (path, text) in all {
        for (number, line) in text.lines().enumerate() {
            for word in forbidden.iter().filter(|word| line.contains(word.as_str())) {
                broken.push(format!("{}:{} says {word}", path.display(), number + 1));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn prose_has_one_sentence_per_line() {
    let mut texts = files("docs", &[".md"]);
    for name in ["README.md", "CHANGELOG.md"] {
        texts.push((
            name.into(),
            fs::read_to_string(root().join(name)).expect("a file of the house"),
        ));
    }
    for (path, text) in texts {
        let mut fenced = false;
        for (number, line) in text.lines().enumerate() {
            if line.starts_with("```") {
                fenced = !fenced;
            }
            // Cells of a table cannot be broken.
            if fenced || line.starts_with('|') {
                continue;
            }
            let two = line
                .as_bytes()
                .windows(3)
                .any(|w| matches!(w[0], b'.' | b'!' | b'?') && w[1] == b' ' && w[2].is_ascii_uppercase());
            let numbered = line
                .trim_start()
                .split_once(". ")
                .is_some_and(|(n, rest)| n.chars().all(|c| c.is_ascii_digit()) && !rest.contains(". "));
            assert!(
                !two || numbered,
                "{}:{} holds two sentences",
                path.display(),
                number + 1
            );
        }
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut texts = files("docs", &[".md"]);
    texts.push((
        "README.md".into(),
        fs::read_to_string(root().join("README.md")).expect("a readme"),
    ));
    for (path, text) in texts {
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = target.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let from = root().join(&path);
            let place = from.parent().expect("a file stands in a folder").join(target);
            assert!(
                place.exists(),
                "{} links to {target}, which is not there",
                path.display()
            );
        }
    }
}
