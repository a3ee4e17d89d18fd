//! The program as a shell sees it: what it prints where, and its exit codes.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs `frontdesk` in an empty folder with nothing in its environment but `variables`.
fn frontdesk(arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    run_in(folder.path(), arguments, variables, input)
}

fn run_in(folder: &Path, arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_frontdesk"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // A program that ends without reading closes the pipe; that is its right.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("the program ends")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn help_goes_to_standard_output_and_is_a_success() {
    for arguments in [
        &["--help"][..],
        &["chat", "--help"],
        &["business", "import", "--help"],
        &["--version"],
    ] {
        let said = frontdesk(arguments, &[], "");
        assert_eq!(said.status.code(), Some(0), "{arguments:?}");
        assert!(!said.stdout.is_empty() && said.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn wrong_arguments_are_wrong_use() {
    for arguments in [
        &["nonsense"][..],
        &["chat", "--business", "No Such"],
        &["business"],
        &["completions", "sh"],
    ] {
        let said = frontdesk(arguments, &[], "");
        assert_eq!(said.status.code(), Some(2), "{arguments:?}");
        assert!(said.stdout.is_empty() && !said.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn wrong_settings_are_wrong_use_and_named() {
    for arguments in [
        &[][..],
        &["serve"],
        &["chat"],
        &["migrate"],
        &["business", "list"],
    ] {
        let said = frontdesk(arguments, &[("MAX_CACHE_SIZE", "many")], "");
        assert_eq!(said.status.code(), Some(2), "{arguments:?}");
        assert!(
            text(&said.stderr).contains("cache.entries_max (MAX_CACHE_SIZE)"),
            "{arguments:?}"
        );
    }
}

#[test]
fn a_settings_file_may_be_absent_unless_it_is_named() {
    let named = frontdesk(&["doctor"], &[("FRONTDESK_CONFIG", "absent.toml")], "");
    assert_eq!(named.status.code(), Some(1));
    assert!(text(&named.stdout).contains("absent.toml"));
    let unnamed = frontdesk(&["doctor"], &[("FRONTDESK_LISTEN", "127.0.0.1:0")], "");
    assert_eq!(unnamed.status.code(), Some(0), "{}", text(&unnamed.stdout));
}

#[test]
fn a_settings_file_in_the_folder_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(
        folder.path().join("frontdesk.toml"),
        "[server]\nlisten = \"127.0.0.1:0\"\n",
    )
    .expect("a file");
    let said = run_in(folder.path(), &["doctor"], &[], "");
    assert!(
        text(&said.stdout).contains("server.listen (frontdesk.toml:2)"),
        "{}",
        text(&said.stdout)
    );
}

#[test]
fn it_refuses_to_serve_strangers_without_keys() {
    let said = frontdesk(&["serve"], &[("FRONTDESK_LISTEN", "0.0.0.0:0")], "");
    assert_eq!(said.status.code(), Some(2));
    assert!(text(&said.stderr).contains("FRONTDESK_API_KEYS"));
}

#[test]
fn a_catalogue_that_is_not_there_is_a_failure_with_its_name() {
    let said = frontdesk(&["business", "check", "absent.toml"], &[], "");
    assert_eq!(said.status.code(), Some(1));
    assert!(
        text(&said.stderr).contains("cannot read absent.toml"),
        "{}",
        text(&said.stderr)
    );
}

#[test]
fn completions_are_a_script() {
    let said = frontdesk(&["completions", "bash"], &[], "");
    assert_eq!(said.status.code(), Some(0));
    assert!(
        text(&said.stdout).contains("complete -F _frontdesk"),
        "{}",
        text(&said.stdout)
    );
}
