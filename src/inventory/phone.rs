//! A phone of the inventory.

use super::{button::LineButton, secret::Secret};
use crate::phone::{MacAddress, Model};

/// One phone of the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneEntry {
    /// MAC address.
    pub mac: MacAddress,
    /// Model, if given.
    pub model: Option<&'static Model>,
    /// Display name, such as "Reception".
    pub name: Option<String>,
    /// Extension and SIP user name of button 1.
    pub extension: Option<String>,
    /// SIP password of button 1.
    pub secret: Option<Secret>,
    /// Label in the corner of the display and next to button 1.
    pub label: Option<String>,
    /// Whether other phones may use the same extension.
    pub shared: bool,
    /// Number to dial for voice mail.
    pub voicemail: Option<String>,
    /// SSH user name.
    pub ssh_user: Option<String>,
    /// SSH password.
    pub ssh_password: Option<Secret>,
    /// Whether the phone's web page is enabled.
    pub web_access: Option<bool>,
    /// Line buttons from button 2, in ascending order.
    pub buttons: Vec<LineButton>,
}
