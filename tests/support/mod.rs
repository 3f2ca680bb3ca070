//! What several test programs need.

#![allow(dead_code, reason = "every test program uses a part of it")]

pub(crate) mod cdp;
pub(crate) mod conversation;
pub(crate) mod lan;
pub(crate) mod namespaces;
pub(crate) mod process;
pub(crate) mod sip_phone;
pub(crate) mod synthetic;
pub(crate) mod terminal;

use std::path::PathBuf;

/// Where a program is that a test needs. Without it the test says so and is skipped on a
/// person's machine; where `CI` is set, nothing may be skipped and this panics.
pub(crate) fn require_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|p| p.is_file());
    if found.is_none() {
        let current = std::thread::current();
        let test = current.name().unwrap_or("a test");
        let message = format!("{test} was NOT RUN: install `{name}` to run it");
        assert!(std::env::var_os("CI").is_none(), "{message}");
        eprintln!("*** {message} ***");
    }
    found
}

/// The program `tests/helper`: what a test runs on another host, or kills.
pub(crate) fn helper() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let profile = this.ancestors().nth(2).unwrap();
    let helper = profile.join("examples/test-helper");
    assert!(
        helper.is_file(),
        "{} is missing: `cargo build --example test-helper` builds it",
        helper.display()
    );
    helper
}
