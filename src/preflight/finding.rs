//! The findings of `check`: their names, and how one is made.

use crate::diagnose::{Finding, Severity};

/// Stable names. Those that diagnoses have too are diagnoses' (docs/diagnoses.md); all of them
/// stand in docs/network.md.
pub mod code {
    /// The interface cannot be chosen, or is not one that phones are on.
    pub const WRONG_INTERFACE: &str = "wrong-interface";
    /// Another program has a port.
    pub const PORT_BUSY: &str = "port-busy";
    /// A firewall of this machine refuses what phones send, or may do so.
    pub const FIREWALL: &str = "blocked-by-firewall";
    /// Phones get no address, or are not told of this machine.
    pub const NO_TFTP_ADDRESS: &str = "no-tftp-address";
    /// Several DHCP servers answer, or one where this program's own is to be the only one.
    pub const SECOND_DHCP: &str = "second-dhcp";
    /// A right is missing.
    pub const NO_RIGHT: &str = "no-right";
    /// What fetching a file from this machine's own server showed.
    pub const SELF_TEST: &str = "self-test";
    /// A DHCP server names this machine.
    pub const DHCP: &str = "dhcp";

    /// All of them.
    pub const ALL: [&str; 8] = [
        WRONG_INTERFACE,
        PORT_BUSY,
        FIREWALL,
        NO_TFTP_ADDRESS,
        SECOND_DHCP,
        NO_RIGHT,
        SELF_TEST,
        DHCP,
    ];
}

/// A finding about this machine or its network: about no file.
pub(super) fn finding(
    code: &'static str,
    severity: Severity,
    message: impl Into<String>,
    cure: impl Into<String>,
) -> Finding {
    Finding {
        code,
        severity,
        path: None,
        line: None,
        column: None,
        message: message.into(),
        cure: cure.into(),
    }
}
