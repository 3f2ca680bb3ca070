//! Headings that `--help` groups options under.

pub(super) const BUNDLES: &str = "Bundles";
pub(super) const NETWORK: &str = "Network";
pub(super) const PHONES: &str = "Phones";
pub(super) const RESTARTS: &str = "Restarts";
pub(super) const CONFIGURATION: &str = "Configuration";
pub(super) const DISCOVERY: &str = "Discovery";
pub(super) const RECORD: &str = "Record";
pub(super) const OUTPUT: &str = "Output";
/// Options of every command; always the last.
pub(super) const GLOBAL: &str = "Global options";
pub(super) const REGISTRATION: &str = "Registration";
