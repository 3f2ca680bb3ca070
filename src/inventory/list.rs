//! The parsed inventory.

use std::collections::BTreeMap;

use super::{
    button::ButtonFunction,
    fault::{InventoryFault, TextPosition},
    field::{PhoneField, SiteField},
    phone::PhoneEntry,
    secret::Secret,
    site::SiteSettings,
};
use crate::phone::{MacAddress, Model};

/// A parsed inventory.
///
/// # Examples
///
/// ```
/// use reflash::inventory::Inventory;
///
/// let csv = b"mac,name,extension\n001D45AABB01,Reception,100\n";
/// let inventory = Inventory::from_csv(csv).unwrap();
/// assert_eq!(inventory.phones[0].extension.as_deref(), Some("100"));
///
/// let fault = Inventory::from_csv(b"mac,name\n001D45AABB,Reception\n").unwrap_err();
/// assert_eq!((fault.line, fault.column), (2, 1));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inventory {
    /// The phones in file order. MAC addresses are unique.
    pub phones: Vec<PhoneEntry>,
    /// Settings for all phones.
    pub site: SiteSettings,
    /// Ignored columns and keys, one sentence for each.
    pub warnings: Vec<String>,
    pub(super) positions: ValuePositions,
}

/// Positions of values, for faults found after parsing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ValuePositions {
    pub(super) phones: BTreeMap<(MacAddress, PhoneField), TextPosition>,
    pub(super) site: BTreeMap<SiteField, TextPosition>,
}

impl Inventory {
    /// A fault at a phone's value, or at its MAC address if the value is missing.
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

    /// A fault at a site setting, or at line 1 if the setting is missing.
    pub(crate) fn site_fault(&self, field: SiteField, message: String) -> InventoryFault {
        let position = self.positions.site.get(&field).copied();
        position.unwrap_or_default().fault(message)
    }

    /// A copy with only the phones that can register: each of their lines has an extension and a
    /// secret. The secret of a shared line may be listed on another phone; it is copied to every
    /// phone of the line, as that other phone may be left out.
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

    /// The extensions without a secret on any phone.
    pub(crate) fn without_secret(&self) -> Vec<String> {
        let known = self.secrets();
        let mut missing: Vec<_> = self
            .phones
            .iter()
            .flat_map(|phone| {
                let further = phone.buttons.iter().map(|button| match &button.function {
                    ButtonFunction::Line(line) => Some(&line.extension),
                    ButtonFunction::SpeedDial { .. } => None,
                });
                std::iter::once(phone.extension.as_ref()).chain(further)
            })
            .flatten()
            .filter(|extension| !known.contains_key(extension.as_str()))
            .cloned()
            .collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    /// Sets the missing secrets that `known` has.
    pub(crate) fn add_secrets<'a>(&mut self, known: impl Fn(&str) -> Option<&'a Secret>) {
        let missing = self.without_secret();
        let of = |extension: &str| {
            let is_missing = missing.iter().any(|one| one == extension);
            is_missing.then(|| known(extension).cloned()).flatten()
        };
        for phone in &mut self.phones {
            if let Some(extension) = &phone.extension {
                phone.secret = phone.secret.take().or_else(|| of(extension));
            }
            for button in &mut phone.buttons {
                if let ButtonFunction::Line(line) = &mut button.function {
                    line.secret = line.secret.take().or_else(|| of(&line.extension));
                }
            }
        }
    }

    /// Whether the file has a value here, also one with a fault.
    pub(crate) fn has_value(&self, mac: MacAddress, field: PhoneField) -> bool {
        self.positions.phones.contains_key(&(mac, field))
    }

    /// The first secret listed for each extension, on any phone.
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

    /// The MAC addresses of all phones.
    #[must_use]
    pub fn macs(&self) -> Vec<MacAddress> {
        self.phones.iter().map(|phone| phone.mac).collect()
    }

    /// The models of the phones for which one is given.
    #[must_use]
    pub fn models(&self) -> BTreeMap<MacAddress, &'static Model> {
        let model = |phone: &PhoneEntry| Some((phone.mac, phone.model?));
        self.phones.iter().filter_map(model).collect()
    }

    /// Each phone's name, or its extension if it has no name.
    #[must_use]
    pub fn names(&self) -> BTreeMap<MacAddress, String> {
        let name = |phone: &PhoneEntry| {
            let name = phone.name.clone().or_else(|| phone.extension.clone());
            name.map(|name| (phone.mac, name))
        };
        self.phones.iter().filter_map(name).collect()
    }
}
