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

use std::{
    net::Ipv4Addr,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

/// The path of a program that a test needs. A test that needs one is `#[ignore]`d with the
/// name of the program, so that it runs only on request; then the program must be installed.
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

/// A loopback address that no other test uses, in this process or in another: there, the ports
/// that phones cannot be configured to change are free.
pub(crate) fn own_loopback() -> Ipv4Addr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // 127.64.0.0/10, with 16 bits of the process id and 6 of a number in the process.
    let number = NEXT.fetch_add(1, Ordering::Relaxed) & 0x3f;
    let own = ((std::process::id() << 6) | number) & 0x003f_ffff;
    Ipv4Addr::from_bits(0x7f40_0000 | own)
}
