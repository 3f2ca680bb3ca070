//! The inventory file of a run.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    extra_files::{self, MAX_SHOWN},
    secrets, shown,
};
use crate::{
    diagnose::{Finding, Severity},
    display::print_message,
    failure::Failure,
    inventory::{Inventory, InventoryError, InventoryFault},
    stage::sha256,
    text::{escape, wrap},
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
    /// The file that missing secrets were read from, and its digest.
    pub secrets: Option<(PathBuf, String)>,
}

impl InventoryFile {
    /// Reads the file, and prints a warning for each value that was skipped unless `quiet`.
    /// Missing secrets come from `secrets`, or from the `secrets.toml` of an earlier `provision`.
    ///
    /// # Errors
    /// A file that cannot be read or parsed.
    pub fn read(path: &Path, secrets: Option<&Path>, quiet: bool) -> Result<Self, Failure> {
        let (mut file, faults, _) = Self::read_all(path, quiet)?;
        match faults.as_slice() {
            [] => {}
            [fault] => {
                let error = InventoryError::Invalid {
                    path: path.to_owned(),
                    fault: fault.clone(),
                };
                return Err(failed(&error));
            }
            faults => {
                extra_files::print_findings(&findings(faults, path), MAX_SHOWN, quiet);
                return Err(Failure::new(
                    format!("{} faults in the inventory {}", faults.len(), shown(path)),
                    "Correct these lines; `reflash provision` prints all of them",
                ));
            }
        }
        let (message, used) = secrets::add(&mut file.inventory, path, secrets)?;
        if let Some(message) = message.filter(|_| !quiet) {
            print_message(&format!("note: {message}"));
        }
        if let Some(used) = used {
            let bytes = fs::read(&used).map_err(|error| {
                Failure::new(
                    format!("cannot read {}: {error}", shown(&used)),
                    "Check the file and its permissions, and try again",
                )
            })?;
            file.secrets = Some((used, sha256(&bytes)));
        }
        Ok(file)
    }

    /// Reads the file with all its faults, in the order in which they were found; and whether the
    /// phones could be read, so that their values can be checked further.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn read_all(
        path: &Path,
        quiet: bool,
    ) -> Result<(Self, Vec<InventoryFault>, bool), Failure> {
        let bytes = Inventory::bytes(path).map_err(|error| failed(&error))?;
        let parsed = Inventory::parse_all(path, &bytes);
        for warning in parsed.inventory.warnings.iter().filter(|_| !quiet) {
            let text = format!("{}, {}", shown(path), escape(warning));
            for line in wrap(&text, "warning: ", "    ") {
                eprintln!("{line}");
            }
        }
        let file = Self {
            inventory: parsed.inventory,
            path: path.to_owned(),
            sha256: sha256(&bytes),
            secrets: None,
        };
        Ok((file, parsed.faults, parsed.is_readable))
    }
}

fn failed(error: &InventoryError) -> Failure {
    Failure::new(escape(&error.to_string()), error.cure())
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
