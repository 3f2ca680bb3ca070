//! What this machine and its network have before the first phone is powered: addresses to serve
//! from, who holds a port, rights, the firewall, what DHCP tells phones. Nothing is changed.

mod background;
mod check;
mod finding;
mod firewall;
mod holder;
mod interface;
mod offers;
mod ports;
mod rights;
mod run;
mod selftest;

pub use background::PreflightRun;
pub use check::{Asking, Checked, Wanted, check};
pub use finding::code;
pub use firewall::{FirewallOutput, Flow};
pub use holder::{Holder, Protocol, holder, holder_at};
pub use interface::{ChooseError, Chosen, Interface, audible, choose, interfaces};
pub use run::{Beforehand, beforehand};
