//! A phone of the inventory.

use super::{button::LineButton, secret::Secret};
use crate::phone::{MacAddress, Model};

/// What is known of a phone before it is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneEntry {
    /// Who it is.
    pub mac: MacAddress,
    /// What it is.
    pub model: Option<&'static Model>,
    /// What people call it: "Reception".
    pub name: Option<String>,
    /// The number that it answers to.
    pub extension: Option<String>,
    /// What it registers with.
    pub secret: Option<Secret>,
    /// What stands in the corner of its display and beside its first button.
    pub label: Option<String>,
    /// Whether other phones may have the extension too.
    pub shared: bool,
    /// The number that plays its messages.
    pub voicemail: Option<String>,
    /// Who may log in over SSH.
    pub ssh_user: Option<String>,
    /// And with what.
    pub ssh_password: Option<Secret>,
    /// Whether it has a web page.
    pub web_access: Option<bool>,
    /// Its line buttons from the second on, in their order.
    pub buttons: Vec<LineButton>,
}
