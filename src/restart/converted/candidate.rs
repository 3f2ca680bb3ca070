//! A phone that the operator named, as far as the inventory describes it.

use std::collections::BTreeMap;

use super::WhyNot;
use crate::{
    inventory::{ButtonFunction, Inventory, PhoneEntry},
    phone::{MacAddress, Model},
    provision,
    restart::notify::RestartEvent,
};

/// A phone that is to be restarted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its MAC.
    pub mac: MacAddress,
    /// Its display name.
    pub name: Option<String>,
    /// Its model, if it is known.
    pub model: Option<&'static Model>,
    /// The extensions of its lines, that of the first line first.
    pub lines: Vec<String>,
    /// Whether another phone has its first line, too.
    pub is_shared: bool,
    /// The NOTIFY that it obeys, or why none restarts it.
    pub event: Result<RestartEvent, WhyNot>,
}

impl Candidate {
    /// The phones of an inventory, in its order.
    #[must_use]
    pub fn of_inventory(inventory: &Inventory) -> Vec<Self> {
        let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
        for extension in inventory.phones.iter().flat_map(lines) {
            *uses.entry(extension).or_default() += 1;
        }
        let candidate = |phone: &PhoneEntry| {
            let lines: Vec<String> = lines(phone).map(str::to_owned).collect();
            let first = lines.first();
            Self {
                mac: phone.mac,
                name: phone.name.clone(),
                model: phone.model,
                is_shared: first.is_some_and(|line| uses.get(line.as_str()) > Some(&1)),
                event: event(inventory, phone, first.is_some()),
                lines,
            }
        };
        inventory.phones.iter().map(candidate).collect()
    }

    /// A phone that no inventory lists: only its MAC and its extension are known.
    #[must_use]
    pub fn named(mac: MacAddress, extension: String) -> Self {
        Self {
            mac,
            name: None,
            model: None,
            lines: vec![extension],
            is_shared: false,
            event: Ok(RestartEvent::ServiceControl),
        }
    }
}

fn lines(phone: &PhoneEntry) -> impl Iterator<Item = &str> {
    let further = phone.buttons.iter().filter_map(|key| match &key.function {
        ButtonFunction::Line(line) => Some(line.extension.as_str()),
        ButtonFunction::SpeedDial { .. } => None,
    });
    phone.extension.as_deref().into_iter().chain(further)
}

fn event(
    inventory: &Inventory,
    phone: &PhoneEntry,
    has_line: bool,
) -> Result<RestartEvent, WhyNot> {
    let event = RestartEvent::of(phone.model).map_err(WhyNot::Unreachable)?;
    if !has_line {
        return Err(WhyNot::NoExtension);
    }
    let is_managed = provision::registers_at_call_manager(&inventory.site, phone.model);
    if event == RestartEvent::ServiceControl && !is_managed {
        return Err(WhyNot::AddressProxy);
    }
    Ok(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(toml: &str) -> Vec<Candidate> {
        Candidate::of_inventory(&Inventory::from_toml(toml.as_bytes()).unwrap())
    }

    #[test]
    fn only_phones_that_register_at_usecallmanager_obey_service_control() {
        let phones = "
[[phone]]
mac = '001D45AABB01'
model = 7965
extension = 1001
[[phone]]
mac = '001D45AABB02'
model = 7960
extension = 1002
[[phone]]
mac = '001D45AABB03'
model = 8841
extension = 1003
";
        let events = |site: &str| -> Vec<_> {
            let all = of(&format!("[site]\npbx = '192.0.2.10'\n{site}{phones}"));
            all.into_iter().map(|phone| phone.event).collect()
        };
        let check_sync = Ok(RestartEvent::CheckSync);
        let by_address = Err(WhyNot::AddressProxy);
        let service_control = Ok(RestartEvent::ServiceControl);
        assert_eq!(
            events(""),
            [by_address.clone(), check_sync.clone(), by_address.clone()]
        );
        assert_eq!(
            events("transport = 'tcp'\n"),
            [service_control, check_sync, by_address]
        );
    }

    #[test]
    fn a_shared_first_line_is_known() {
        let all = of("
[site]
pbx = '192.0.2.10'
transport = 'tcp'
[[phone]]
mac = '001D45AABB01'
model = 7965
extension = 1001
shared = true
[[phone]]
mac = '001D45AABB02'
model = 7965
extension = 1001
shared = true
[[phone]]
mac = '001D45AABB03'
model = 7965
");
        let shared: Vec<_> = all.iter().map(|phone| phone.is_shared).collect();
        assert_eq!(shared, [true, true, false]);
        assert_eq!(all[2].event, Err(WhyNot::NoExtension));
    }
}
