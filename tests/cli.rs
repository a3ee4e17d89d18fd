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
        &["inbox", "drop", "--help"],
        &["import-sqlite", "--help"],
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
        &["inbox", "retry"],
        &["inbox", "retry", "--all", "m1"],
        &["inbox", "drop", "--business", "demo-salon"],
        &["inbox", "list", "--state", "done"],
        &["inbox", "list", "--limit", "0"],
        &["import-sqlite"],
        &["import-sqlite", "frontdesk.db"],
        &["import-sqlite", "frontdesk.db", "--sample", "few"],
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
        &["inbox", "list"],
        &["import-sqlite", "frontdesk.db"],
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

const NOW: (&str, &str) = ("FRONTDESK_NOW", "2026-11-18T10:00:00-05:00[America/New_York]");

#[test]
fn a_piped_conversation_answers_every_line_and_is_remembered() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = run_in(folder.path(), &["chat"], &[NOW], "do you have parking?\nhi\n");
    assert_eq!(said.status.code(), Some(0), "{}", text(&said.stderr));
    let shown = text(&said.stdout);
    assert!(
        shown.starts_with("you  > do you have parking?\ndesk > "),
        "{shown}"
    );
    assert_eq!(
        shown.lines().filter(|line| line.starts_with("you  > ")).count(),
        2,
        "{shown}"
    );
    assert!(folder.path().join("frontdesk.db").exists());
}

#[test]
fn a_business_that_nobody_knows_is_a_failure_that_says_where_to_look() {
    let said = frontdesk(&["chat", "--business", "nobody"], &[NOW], "hi\n");
    assert_eq!(said.status.code(), Some(1));
    assert!(
        text(&said.stderr).contains("frontdesk business list"),
        "{}",
        text(&said.stderr)
    );
}

#[test]
fn a_catalogue_goes_in_and_comes_out_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/bright-dental.toml");
    let file = file.to_str().expect("a path of text");
    for (arguments, contains) in [
        (&["business", "check", file][..], "is fine: Bright Dental"),
        (&["business", "import", file], "stored as version 1"),
        (&["business", "import", file], "stored as version 1"),
        (&["business", "list"], "Bright Dental"),
    ] {
        let said = run_in(folder.path(), arguments, &[], "");
        assert_eq!(
            said.status.code(),
            Some(0),
            "{arguments:?}: {}",
            text(&said.stderr)
        );
        assert!(
            text(&said.stdout).contains(contains),
            "{arguments:?}: {}",
            text(&said.stdout)
        );
    }
    let listed = run_in(folder.path(), &["business", "list"], &[], "");
    let listed = text(&listed.stdout);
    let id = listed
        .lines()
        .find(|line| line.contains("Bright Dental"))
        .expect("a line");
    let id = id.split('\t').next().expect("an id");
    let exported = run_in(folder.path(), &["business", "export", id], &[], "");
    let again = run_in(
        folder.path(),
        &["business", "check", "-"],
        &[],
        text(&exported.stdout),
    );
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
}

#[test]
fn understanding_answers_each_line_under_its_id_and_goes_on_after_a_bad_one() {
    let input = "{\"id\": \"a\", \"text\": \"tomorrow at 3pm\", \"reference\": \"2026-11-18T10:00:00\"}\nnonsense\n{\"id\": 7, \"text\": \"hi\", \"reference\": \"2026-11-18T10:00:00\"}\n";
    let said = frontdesk(&["understand", "--business", "none", "--jsonl"], &[], input);
    assert_eq!(said.status.code(), Some(0), "{}", text(&said.stderr));
    let answers: Vec<serde_json::Value> = text(&said.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[0]["id"], "a");
    assert_eq!(answers[0]["when"]["value"], "2026-11-19T15:00");
    assert!(answers[1]["error"].is_string());
    assert_eq!(
        (&answers[2]["id"], &answers[2]["intent"]),
        (&7.into(), &"greet".into())
    );
}

#[test]
fn a_text_is_understood_with_the_names_of_the_demo_business() {
    let said = frontdesk(&["understand", "gel manicure with Linh"], &[NOW], "");
    assert_eq!(said.status.code(), Some(0), "{}", text(&said.stderr));
    let answer: serde_json::Value = serde_json::from_slice(&said.stdout).expect("JSON");
    assert_eq!(
        answer["staff"].as_str().map(str::to_lowercase).as_deref(),
        Some("linh"),
        "{answer}"
    );
}

#[test]
fn a_model_is_asked_only_where_one_is_configured() {
    let said = frontdesk(&["understand", "--llm", "the foot thing"], &[NOW], "");
    assert_eq!(said.status.code(), Some(2));
    assert!(
        text(&said.stderr).contains("LLM_BASE_URL"),
        "{}",
        text(&said.stderr)
    );
    let said = frontdesk(&["understand", "--record", "a.jsonl", "hi"], &[NOW], "");
    assert_eq!(said.status.code(), Some(2));
}

#[test]
fn what_a_model_makes_of_a_text_is_shown_and_written_down() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let base = format!("http://{}/v1", listener.local_addr().expect("an address"));
    // Ends with the test's process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            completion(stream.expect("a connection"));
        }
    });
    let folder = tempfile::tempdir().expect("a folder");
    let said = run_in(
        folder.path(),
        &[
            "understand",
            "--llm",
            "--record",
            "answers.jsonl",
            "the foot thing",
        ],
        &[NOW, ("LLM_BASE_URL", &base), ("LLM_MODEL", "tiny")],
        "",
    );
    assert_eq!(said.status.code(), Some(0), "{}", text(&said.stderr));
    let answer: serde_json::Value = serde_json::from_slice(&said.stdout).expect("JSON");
    assert_eq!(answer["model"]["outcome"], "ok", "{answer}");
    assert_eq!(
        (&answer["engine"], &answer["acts"][0]["slot"]),
        (&"tiny-1".into(), &"service".into())
    );
    let recorded = std::fs::read_to_string(folder.path().join("answers.jsonl")).expect("a recording");
    assert_eq!(recorded.lines().count(), 1);
    assert!(
        !text(recorded.as_bytes()).contains("Lotus"),
        "a recording holds no prompt"
    );
}

/// Reads one request and answers as an endpoint for chat completions does.
fn completion(mut stream: std::net::TcpStream) {
    use std::io::{BufRead, BufReader, Read};
    let mut reader = BufReader::new(stream.try_clone().expect("the same connection"));
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a header");
        let low = line.to_lowercase();
        if let Some(value) = low.strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    let content =
        "{\"acts\":[{\"act\":\"service\",\"quote\":\"the foot thing\",\"value\":\"Pedicure\"}],\"say\":null}";
    let answer = serde_json::json!({
        "id": "c-1",
        "object": "chat.completion",
        "model": "tiny-1",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    })
    .to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        answer.len()
    );
    stream.write_all((head + &answer).as_bytes()).expect("an answer");
}

/// A server that is stopped when the test ends, however it ends.
#[cfg(unix)]
struct Server {
    child: std::process::Child,
    address: std::net::SocketAddr,
}

#[cfg(unix)]
impl Server {
    fn start(folder: &Path) -> Self {
        let probe = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = probe.local_addr().expect("an address");
        drop(probe);
        let mut child = Command::new(env!("CARGO_BIN_EXE_frontdesk"))
            .current_dir(folder)
            .env_clear()
            .env("FRONTDESK_LISTEN", address.to_string())
            .env("FRONTDESK_NOW", "2026-11-18T10:00:00-05:00[America/New_York]")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        // Nobody reads the greeting, and the server must not mind.
        drop(child.stdout.take());
        let server = Self { child, address };
        for _ in 0..400 {
            if std::net::TcpStream::connect(address).is_ok() {
                return server;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("the server did not open its port");
    }

    fn signal(&self) {
        let sent = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(sent.expect("kill").success());
    }
}

#[cfg(unix)]
impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already when all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_server_with_success() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = Server::start(folder.path());
    server.signal();
    assert_eq!(server.child.wait().expect("an end").code(), Some(0));
}

#[cfg(unix)]
#[test]
fn a_second_process_is_kept_off_the_database_and_told_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path());
    let second = run_in(folder.path(), &["business", "list"], &[], "");
    assert_eq!(second.status.code(), Some(1));
    assert!(
        text(&second.stderr).contains("in use by another frontdesk"),
        "{}",
        text(&second.stderr)
    );
    let listen = server.address.to_string();
    let doctor = run_in(folder.path(), &["doctor"], &[("FRONTDESK_LISTEN", &listen)], "");
    assert_eq!(doctor.status.code(), Some(0), "{}", text(&doctor.stdout));
    assert!(
        text(&doctor.stdout).contains("probably by the running frontdesk"),
        "{}",
        text(&doctor.stdout)
    );
}

#[cfg(unix)]
#[test]
fn a_taken_port_is_a_failure_that_names_its_setting() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let listen = taken.local_addr().expect("an address").to_string();
    let said = run_in(folder.path(), &["serve"], &[("FRONTDESK_LISTEN", &listen)], "");
    assert_eq!(said.status.code(), Some(1));
    assert!(
        text(&said.stderr).contains("FRONTDESK_LISTEN"),
        "{}",
        text(&said.stderr)
    );
}

/// Sends one request and returns the whole answer, head and body.
#[cfg(unix)]
fn request(address: std::net::SocketAddr, method: &str, path: &str, body: &str) -> String {
    use std::io::Read;
    let mut stream = std::net::TcpStream::connect(address).expect("a connection");
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body.as_bytes()))
        .expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

/// The series of `/metrics`, without their values.
#[cfg(unix)]
fn series(address: std::net::SocketAddr) -> std::collections::BTreeSet<String> {
    let answer = request(address, "GET", "/metrics", "");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer
        .lines()
        .filter(|line| line.starts_with("frontdesk_") || line.starts_with("process_"))
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[cfg(target_os = "linux")]
#[test]
fn the_first_look_at_the_figures_shows_the_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path());
    let stats = request(server.address, "GET", "/v1/stats", "");
    assert!(stats.contains("\"resident_memory_bytes\":"), "{stats}");
    assert!(!stats.contains("\"resident_memory_bytes\":0"), "{stats}");
    let metrics = request(server.address, "GET", "/metrics", "");
    assert!(metrics.contains("\nprocess_resident_memory_bytes "), "{metrics}");
    assert!(
        !metrics.contains("\nprocess_resident_memory_bytes 0\n"),
        "{metrics}"
    );
}

#[cfg(unix)]
#[test]
fn traffic_makes_no_series_that_was_not_there_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path());
    let before = series(server.address);
    assert!(before.len() > 50, "{before:?}");
    for (number, text) in [
        "hi",
        "gel manicure with Linh on friday at 2pm",
        "yes",
        "qwrtz",
        "cancel it",
        "yes",
    ]
    .iter()
    .enumerate()
    {
        let body = format!(
            r#"{{"business_id": "demo-salon", "participant_id": "anna", "text": "{text}", "message_id": "m{number}"}}"#
        );
        for _ in 0..2 {
            let answer = request(server.address, "POST", "/v1/messages", &body);
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
    }
    let after = series(server.address);
    let new: Vec<&String> = after.difference(&before).collect();
    assert!(new.is_empty(), "{new:#?}");
}

#[cfg(unix)]
#[test]
fn a_context_says_what_its_ids_are_called() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path());
    let body = r#"{"business_id": "demo-salon", "participant_id": "anna", "text": "gel manicure with Linh on friday at 2pm"}"#;
    let answer = request(server.address, "POST", "/v1/messages", body);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let path = "/v1/businesses/demo-salon/participants/anna/context";
    let context = request(server.address, "GET", path, "");
    let names = r#""names":{"services":{"gel-manicure":"Gel Manicure"},"staff":{"linh":"Linh"}}"#;
    assert!(context.contains(names), "{context}");
}

#[cfg(unix)]
#[test]
fn a_party_with_several_services_is_booked_and_moved_by_the_business() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path());
    let all = "/v1/businesses/demo-salon/appointments";
    let body = r#"{"participant_id": "anna", "services": ["gel-manicure", "pedicure"], "party_size": 2, "starts_at": "2026-11-20T14:00:00-05:00"}"#;
    let booked = request(server.address, "POST", all, body);
    assert!(booked.starts_with("HTTP/1.1 201"), "{booked}");
    let services = r#""services":["gel-manicure","pedicure","gel-manicure","pedicure"]"#;
    assert!(booked.contains(services), "{booked}");
    let location = booked.lines().find_map(|line| line.strip_prefix("location: "));
    let location = location.expect("a location");
    let body = r#"{"starts_at": "2026-11-20T15:00:00-05:00"}"#;
    let moved = request(server.address, "PATCH", location, body);
    assert!(moved.starts_with("HTTP/1.1 200"), "{moved}");
    assert!(
        moved.contains(r#""starts_at":"2026-11-20T15:00:00-05:00""#),
        "{moved}"
    );
    assert!(moved.contains(services), "{moved}");
    let history = request(server.address, "GET", &format!("{location}/events"), "");
    for kind in ["booked", "moved"] {
        assert!(
            history.contains(&format!(r#""kind":"{kind}","actor":"operator""#)),
            "{history}"
        );
    }
}
