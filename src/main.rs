//! The `frontdesk` program: arguments and exit code; everything else is in the library.

use std::process::ExitCode;

/// A turn makes and drops some hundreds of small things; glibc's allocator took a quarter of its time, this one about
/// half of that, with the same memory in use.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    frontdesk::commands::run(std::env::args_os())
}
