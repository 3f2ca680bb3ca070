//! Restarts of phones over the network: NOTIFY for converted phones, and the commands of the call
//! manager that still serves the others. No I/O but for reading the file of AMI credentials.

pub mod ami;
pub mod call_manager_commands;
pub mod converted;
pub mod notify;
