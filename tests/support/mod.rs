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

/// The path of a program that a test needs. A test that needs one is `#[ignore]`d with the
/// program's name, so that it is only run where somebody asked for it; then it must be there.
pub(crate) fn require_program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .unwrap_or_else(|| panic!("`{name}` is not installed: scripts/test installs it"))
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
