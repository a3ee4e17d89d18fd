//! The `frontdesk` program: arguments only.

use std::io::{BufRead as _, Write as _};
use std::process::ExitCode;

use frontdesk::understanding::report;

/// Temporary: `understand [--business none] [--jsonl] [TEXT]`, until the real arguments are merged.
fn main() -> ExitCode {
    match understand(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn understand(args: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let mut jsonl = false;
    let mut text = Vec::new();
    let mut args = args.filter(|a| a != "understand");
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--jsonl" => jsonl = true,
            "--business" => drop(args.next()),
            _ => text.push(arg),
        }
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if jsonl {
        for line in std::io::stdin().lock().lines() {
            writeln!(out, "{}", report::answer(&line?, None)?)?;
        }
    } else {
        let line = serde_json::json!({"id": 0, "text": text.join(" "), "reference": "2026-11-18T10:00:00"});
        writeln!(out, "{}", report::answer(&line.to_string(), None)?)?;
    }
    out.flush()?;
    Ok(())
}
