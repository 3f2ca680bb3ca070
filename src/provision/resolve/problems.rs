//! The faults and notes found so far.

use crate::inventory::{Inventory, InventoryFault, SiteField};

/// Collects the faults and notes of an inventory.
pub(super) struct Problems<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) faults: Vec<InventoryFault>,
    pub(super) notes: Vec<String>,
    /// The note about what was cut.
    pub(super) cut: Option<String>,
}

impl Problems<'_> {
    pub(super) fn site(&mut self, field: SiteField, result: Result<(), String>) {
        if let Err(message) = result {
            let fault = self.inventory.site_fault(field, message);
            self.faults.push(fault);
        }
    }
}

/// Maximum number of names in a note. The others are only counted.
const MAX_NAMED: usize = 5;

/// `1001, 1002 and 3 more`.
pub(super) fn first_few(names: &[&str]) -> String {
    let first = names[..names.len().min(MAX_NAMED)].join(", ");
    match names.len().saturating_sub(MAX_NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
