//! Checks of this machine and its network before the first phone is powered: addresses to serve from,
//! ports in use, privileges, the firewall, and what DHCP servers offer phones. Nothing is changed.

mod background;
mod check;
mod dhcp_offers;
mod finding;
mod firewall;
mod interface;
mod port_owner;
mod ports;
mod rights;
mod routed;
mod run;
mod selftest;
mod unaddressed;

pub use background::PreflightRun;
pub use check::{CheckOptions, CheckResult, PendingDhcpProbe, check};
pub use finding::code;
pub use firewall::{FirewallOutput, TrafficFlow};
pub use interface::{
    Interface, SelectError, SelectedInterface, capture_interfaces, choose, interfaces,
};
pub use port_owner::{PortOwner, PortProtocol, is_port_used, port_owner, port_owner_at};
pub use run::{PreflightFindings, check_before_run};
pub use unaddressed::{AddressCommands, interfaces_without_address, upper};
