//! The result of reading an inventory that can have faults.

use super::{fault::InventoryFault, list::Inventory};

/// What could be read of an inventory, and its faults.
#[derive(Debug, Clone, Default)]
pub(crate) struct ParsedInventory {
    /// Without the values that have a fault.
    pub(crate) inventory: Inventory,
    /// In the order in which they were found.
    pub(crate) faults: Vec<InventoryFault>,
    /// Whether every phone was read, so that the values can be checked further.
    pub(crate) is_readable: bool,
}

impl ParsedInventory {
    /// A file from which no phone could be read.
    pub(super) fn broken(faults: Vec<InventoryFault>) -> Self {
        Self {
            faults,
            ..Self::default()
        }
    }

    /// The inventory, or the first fault found.
    pub(super) fn into_result(self) -> Result<Inventory, InventoryFault> {
        match self.faults.into_iter().next() {
            None => Ok(self.inventory),
            Some(fault) => Err(fault),
        }
    }
}
