//! Why a client does not get a phone's configuration.

use serde::{Deserialize, Serialize};

use crate::phone::MacAddress;

/// Why a client does not get the configuration of a phone, which may hold passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Withheld {
    /// The ARP table has another device at the client's address.
    OtherDevice {
        /// The MAC in the table.
        mac: MacAddress,
    },
    /// No host answered ARP for the client's address.
    Unresolved,
    /// The client is an account of this machine.
    ThisMachine,
}
