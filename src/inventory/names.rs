//! What phones are called, and who of the expected ones never came.

use std::collections::{BTreeMap, BTreeSet};

use super::Inventory;
use crate::{
    phone::MacAddress,
    track::{Event, Missing, PhoneRef, Plan, Report},
};

/// The names that a person gave to phones. Tracking knows none of them: they are put on
/// what it says.
#[derive(Debug, Clone, Default)]
pub struct PhoneNames {
    names: BTreeMap<MacAddress, String>,
    /// Whom an inventory lists; `None` without one.
    listed: Option<BTreeSet<MacAddress>>,
    /// Whom the run waits for, in the order in which they were named.
    expected: Vec<MacAddress>,
}

impl PhoneNames {
    /// The names of an inventory, and the phones that the plan waits for.
    #[must_use]
    pub fn new(inventory: Option<&Inventory>, plan: &Plan) -> Self {
        let listed = inventory.map(|inventory| inventory.macs().into_iter().collect());
        Self {
            listed,
            ..Self::named(inventory.map(Inventory::names).unwrap_or_default(), plan)
        }
    }

    /// These names, and the phones that the plan waits for; those that it expects are those
    /// that the inventory listed.
    #[must_use]
    pub fn named(names: BTreeMap<MacAddress, String>, plan: &Plan) -> Self {
        let expected = plan.only.as_ref().or(plan.expected.as_ref());
        Self {
            names,
            listed: plan
                .expected
                .as_ref()
                .map(|listed| listed.iter().copied().collect()),
            expected: expected.cloned().unwrap_or_default(),
        }
    }

    /// Every phone that has a name.
    pub fn names(&self) -> impl Iterator<Item = (MacAddress, &str)> {
        self.names.iter().map(|(mac, name)| (*mac, name.as_str()))
    }

    fn name(&self, mac: Option<MacAddress>) -> Option<String> {
        self.names.get(&mac?).cloned()
    }

    /// Puts its name on a phone.
    pub fn name_phone(&self, phone: &mut PhoneRef) {
        phone.name = self.name(phone.mac);
    }

    /// The same, on whatever an event is about.
    pub fn name_event(&self, event: &mut Event) {
        let phone = match event {
            Event::Step(step) => Some(&mut step.phone),
            Event::Progress(progress) => Some(&mut progress.phone),
            Event::Gone { phone } => Some(phone),
            Event::Diagnosis { phone, .. } | Event::Withdrawn { phone, .. } => phone.as_mut(),
        };
        if let Some(phone) = phone {
            self.name_phone(phone);
        }
    }

    /// The same, on a report; and who of the expected phones never came.
    pub fn name_report(&self, report: &mut Report) {
        let mut came = BTreeSet::new();
        for phone in &mut report.phones {
            phone.name = self.name(phone.mac);
            phone.on_inventory = self
                .listed
                .as_ref()
                .map(|listed| phone.mac.is_some_and(|mac| listed.contains(&mac)));
            came.extend(phone.mac);
        }
        let missing = self.expected.iter().filter(|mac| !came.contains(*mac));
        report.missing = missing
            .map(|mac| Missing {
                mac: *mac,
                name: self.name(Some(*mac)),
            })
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::Fleet;

    #[test]
    fn the_report_names_phones_sets_strangers_apart_and_tells_who_never_came() {
        let inventory =
            Inventory::from_csv(b"mac,name\n001D45AABB01,Reception\n001D45AABB02,Lab\n").unwrap();
        let plan = Plan {
            expected: Some(inventory.macs()),
            ..Plan::default()
        };
        let mut fleet = Fleet::new(plan.clone());
        for (last, mac) in [(1, "001D45AABB01"), (3, "001D45AABB03")] {
            let seen = crate::track::ObservationKind::Requested {
                transfer: crate::track::TransferId(last.into()),
                transport: crate::track::Transport::Tftp,
                name: format!("SEP{mac}.cnf.xml"),
                port: 1,
                served: None,
            };
            let address = std::net::Ipv4Addr::new(192, 0, 2, last);
            fleet.see(
                std::time::Duration::ZERO,
                &crate::track::Observation { address, seen },
            );
        }
        let roll = PhoneNames::new(Some(&inventory), &plan);
        let mut report = fleet.report(jiff::Timestamp::UNIX_EPOCH);
        roll.name_report(&mut report);
        let told: Vec<_> = report
            .phones
            .iter()
            .map(|phone| (phone.name.as_deref(), phone.on_inventory))
            .collect();
        assert_eq!(told, [(Some("Reception"), Some(true)), (None, Some(false))]);
        assert_eq!(report.missing.len(), 1);
        assert_eq!(report.missing[0].name.as_deref(), Some("Lab"));

        let mut report = fleet.report(jiff::Timestamp::UNIX_EPOCH);
        PhoneNames::new(None, &Plan::default()).name_report(&mut report);
        let json = serde_json::to_string(&report).unwrap();
        for word in ["\"name\":\"R", "on_inventory", "missing"] {
            assert!(
                !json.contains(word),
                "without an inventory nothing is added: {json}"
            );
        }
    }
}
