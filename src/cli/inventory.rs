//! `--inventory`: the phones that a person listed.

use std::path::{Path, PathBuf};

use super::{Failure, Globals};
use crate::{
    diagnose::{Finding, Severity},
    inventory::{Inventory, InventoryError, InventoryFault},
    stage::sha256,
    text::escape,
};

/// The list of phones.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct InventoryArgs {
    /// The phones that are expected, and their names: CSV with a header line, or TOML with
    /// `[[phone]]` entries. `mac` is needed; docs/configuration.md has everything that is known.
    /// With a `pbx`, phones that have a model, an extension and a secret get a configuration
    /// made from it.
    #[arg(long, value_name = "FILE")]
    pub(crate) inventory: Option<PathBuf>,
}

impl InventoryArgs {
    /// Reads it, if one is named, and tells what was read over.
    pub(crate) fn read(&self, globals: &Globals) -> Result<Option<Inventory>, Failure> {
        Ok(self.read_whole(globals)?.map(|listed| listed.inventory))
    }

    /// The same with its path and what it is known by later.
    pub(crate) fn read_whole(&self, globals: &Globals) -> Result<Option<ListFile>, Failure> {
        let Some(path) = &self.inventory else {
            return Ok(None);
        };
        let failed = |error: InventoryError| Failure::new(escape(&error.to_string()), error.cure());
        let bytes = Inventory::bytes(path).map_err(failed)?;
        let inventory = Inventory::parse(path, &bytes).map_err(failed)?;
        for warning in inventory.warnings.iter().filter(|_| !globals.quiet) {
            let path = escape(&path.display().to_string());
            eprintln!("warning: {path}, {}", escape(warning));
        }
        Ok(Some(ListFile {
            inventory,
            path: path.clone(),
            sha256: sha256(&bytes),
        }))
    }
}

/// An inventory, and the file that it was read from.
#[derive(Debug)]
pub(crate) struct ListFile {
    pub(crate) inventory: Inventory,
    pub(crate) path: PathBuf,
    /// 64 lower-case hex digits.
    pub(crate) sha256: String,
}

/// Every fault of an inventory as a finding: in the order of the text.
pub(crate) fn findings(faults: &[InventoryFault], path: &Path) -> Vec<Finding> {
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
