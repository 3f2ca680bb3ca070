//! `--inventory`: the phones that a person listed.

use std::path::PathBuf;

use super::{Failure, Globals};
use crate::{display::escape, inventory::Inventory};

/// The list of phones.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct InventoryArgs {
    /// The phones that are expected, and their names: CSV with a header line, or TOML with
    /// `[[phone]]` entries. `mac` is needed; docs/configuration.md has everything that is known.
    #[arg(long, value_name = "FILE")]
    pub(crate) inventory: Option<PathBuf>,
}

impl InventoryArgs {
    /// Reads it, if one is named, and tells what was read over.
    pub(crate) fn read(&self, globals: &Globals) -> Result<Option<Inventory>, Failure> {
        let Some(path) = &self.inventory else {
            return Ok(None);
        };
        let inventory = Inventory::read(path)
            .map_err(|error| Failure::new(escape(&error.to_string()), error.cure()))?;
        for warning in inventory.warnings.iter().filter(|_| !globals.quiet) {
            let path = escape(&path.display().to_string());
            eprintln!("warning: {path}, {}", escape(warning));
        }
        Ok(Some(inventory))
    }
}
