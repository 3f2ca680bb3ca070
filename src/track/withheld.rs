//! Why a client does not get a phone's configuration, and what shows that its address is forged.

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

/// What shows that packets have a forged source address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Forgery {
    /// ACKs to transfer ports that serve the address nothing, as if their sender guesses.
    Guesses,
    /// More requests than the TFTP server answers.
    Flood,
}
