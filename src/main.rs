//! The `frontdesk` program: arguments and exit code; everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    frontdesk::commands::run(std::env::args_os())
}
