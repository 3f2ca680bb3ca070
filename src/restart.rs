//! Restarts of phones over the network: a call manager that only restarts phones which register by SCCP,
//! which of them may be ordered and in which waves; NOTIFY for converted phones; and the commands of the
//! call manager that still serves the others. No I/O but for reading the file of AMI credentials.

pub mod ami;
pub mod call_manager;
pub mod call_manager_commands;
pub mod converted;
pub mod eligibility;
pub mod notify;
pub mod waves;
