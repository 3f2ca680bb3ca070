//! The inventory after reading.

use std::collections::BTreeMap;

use super::{
    button::ButtonFunction,
    fault::{InventoryFault, TextPosition},
    field::{PhoneField, SiteField},
    phone::PhoneEntry,
    secret::Secret,
    site::SiteSettings,
};
use crate::phone::MacAddress;

/// An inventory, read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inventory {
    /// The phones, in the order of the file; no MAC twice.
    pub phones: Vec<PhoneEntry>,
    /// What holds for all of them.
    pub site: SiteSettings,
    /// What was read over: unknown columns and keys, a sentence each.
    pub warnings: Vec<String>,
    pub(super) positions: ValuePositions,
}

/// Where values stand, for faults that are found after reading.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ValuePositions {
    pub(super) phones: BTreeMap<(MacAddress, PhoneField), TextPosition>,
    pub(super) site: BTreeMap<SiteField, TextPosition>,
}

impl Inventory {
    /// A fault of a phone's value; where that is not given, at the phone's beginning.
    pub(crate) fn fault(
        &self,
        mac: MacAddress,
        field: PhoneField,
        message: String,
    ) -> InventoryFault {
        let at = |field| self.positions.phones.get(&(mac, field)).copied();
        let position = at(field).or_else(|| at(PhoneField::Mac));
        position.unwrap_or_default().fault(message)
    }

    /// A fault of a site's value; where that is not given, at the beginning.
    pub(crate) fn site_fault(&self, field: SiteField, message: String) -> InventoryFault {
        let position = self.positions.site.get(&field).copied();
        position.unwrap_or_default().fault(message)
    }

    /// The same with only those phones that could register: each of their lines has an
    /// extension, and a secret. A shared line may have its secret on another phone; it gets it
    /// here, as that phone may not be among them.
    pub(crate) fn complete(&self) -> Self {
        let known = self.secrets();
        let filled = |phone: &PhoneEntry| {
            let mut phone = phone.clone();
            let extension = phone.extension.as_deref();
            let secret = |own: Option<Secret>, extension: &str| {
                own.or_else(|| known.get(extension).map(|secret| (*secret).clone()))
            };
            phone.secret = Some(secret(phone.secret, extension?)?);
            for button in &mut phone.buttons {
                if let ButtonFunction::Line(line) = &mut button.function {
                    line.secret = Some(secret(line.secret.take(), &line.extension)?);
                }
            }
            Some(phone)
        };
        Self {
            phones: self.phones.iter().filter_map(filled).collect(),
            ..self.clone()
        }
    }

    /// The first secret of every extension, on whatever phone.
    pub(crate) fn secrets(&self) -> BTreeMap<&str, &Secret> {
        let mut secrets = BTreeMap::new();
        for phone in &self.phones {
            let first = (phone.extension.as_ref(), phone.secret.as_ref());
            let further = phone
                .buttons
                .iter()
                .filter_map(|button| match &button.function {
                    ButtonFunction::Line(line) => {
                        Some((Some(&line.extension), line.secret.as_ref()))
                    }
                    ButtonFunction::SpeedDial { .. } => None,
                });
            for (extension, secret) in std::iter::once(first).chain(further) {
                if let (Some(extension), Some(secret)) = (extension, secret) {
                    secrets.entry(extension.as_str()).or_insert(secret);
                }
            }
        }
        secrets
    }

    /// Every phone on it.
    #[must_use]
    pub fn macs(&self) -> Vec<MacAddress> {
        self.phones.iter().map(|phone| phone.mac).collect()
    }

    /// What the phones are called: by their names, else by their extensions.
    #[must_use]
    pub fn names(&self) -> BTreeMap<MacAddress, String> {
        let name = |phone: &PhoneEntry| {
            let name = phone.name.clone().or_else(|| phone.extension.clone());
            name.map(|name| (phone.mac, name))
        };
        self.phones.iter().filter_map(name).collect()
    }
}
