//! The findings of `check`: their codes and a constructor.

use crate::diagnose::{Finding, Severity};

/// Stable codes, listed in docs/network.md. Codes shared with diagnoses are in docs/diagnoses.md too.
pub mod code {
    /// No interface can be selected, or phones cannot be on it.
    pub const WRONG_INTERFACE: &str = "wrong-interface";
    /// Another program uses a port.
    pub const PORT_BUSY: &str = "port-busy";
    /// This machine's firewall rejects, or may reject, packets from phones.
    pub const FIREWALL: &str = "blocked-by-firewall";
    /// Phones get no address, or no DHCP server names this machine.
    pub const NO_TFTP_ADDRESS: &str = "no-tftp-address";
    /// Several DHCP servers answer, or one answers where `--dhcp isolated` must be the only one.
    pub const SECOND_DHCP: &str = "second-dhcp";
    /// A privilege is missing.
    pub const NO_RIGHT: &str = "no-right";
    /// The result of fetching a file from this program's own server.
    pub const SELF_TEST: &str = "self-test";
    /// A DHCP server names this machine.
    pub const DHCP: &str = "dhcp";

    /// Phones may be behind a router, so that ARP does not identify them.
    pub const ROUTED: &str = "routed";

    /// Every code.
    pub const ALL: [&str; 9] = [
        WRONG_INTERFACE,
        PORT_BUSY,
        FIREWALL,
        NO_TFTP_ADDRESS,
        SECOND_DHCP,
        NO_RIGHT,
        SELF_TEST,
        DHCP,
        ROUTED,
    ];
}

/// A finding about this machine or its network.
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
