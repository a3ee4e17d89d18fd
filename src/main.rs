//! The `frontdesk` program: arguments only.

fn main() {}
