//! The inventory file of a run.

use std::path::{Path, PathBuf};

use super::shown;
use crate::{
    diagnose::{Finding, Severity},
    failure::Failure,
    inventory::{Inventory, InventoryError, InventoryFault},
    stage::sha256,
    text::escape,
};

/// An inventory, and the file it was read from.
#[derive(Debug)]
pub struct InventoryFile {
    /// Its phones and its site.
    pub inventory: Inventory,
    /// The file.
    pub path: PathBuf,
    /// Its digest: 64 lower-case hex digits.
    pub sha256: String,
}

impl InventoryFile {
    /// Reads the file, and prints a warning for each value that was skipped unless `quiet`.
    ///
    /// # Errors
    /// A file that cannot be read or parsed.
    pub fn read(path: &Path, quiet: bool) -> Result<Self, Failure> {
        let failed = |error: InventoryError| Failure::new(escape(&error.to_string()), error.cure());
        let bytes = Inventory::bytes(path).map_err(failed)?;
        let inventory = Inventory::parse(path, &bytes).map_err(failed)?;
        for warning in inventory.warnings.iter().filter(|_| !quiet) {
            eprintln!("warning: {}, {}", shown(path), escape(warning));
        }
        Ok(Self {
            inventory,
            path: path.to_owned(),
            sha256: sha256(&bytes),
        })
    }
}

/// The faults of an inventory as findings, in the order of the text.
#[must_use]
pub fn findings(faults: &[InventoryFault], path: &Path) -> Vec<Finding> {
    let number = |number: u64| u32::try_from(number).ok();
    faults
        .iter()
        .map(|fault| Finding {
            code: "inventory-fault",
            severity: Severity::Error,
            path: Some(path.to_owned()),
            line: number(fault.line),
            column: number(fault.column),
            message: fault.message.clone(),
            cure: String::new(),
        })
        .collect()
}
