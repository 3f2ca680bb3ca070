//! The operator's list of phones: their MAC addresses and names, and their PBX settings.
//!
//! The format is CSV with a header line, or TOML with a `[[phone]]` table for each phone. A file
//! with a fault is rejected as a whole; each fault has a line and column. Reading checks the syntax.
//! [`crate::provision`] checks whether phones and PBX accept the values.

mod builder;
mod button;
mod csv_table;
mod fault;
mod field;
mod list;
mod parsed;
mod phone;
mod secret;
mod site;
mod toml_document;
mod value;

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

pub use button::{ButtonFunction, LineButton, SipLine};
pub use fault::InventoryFault;
pub(crate) use field::{ButtonField, PhoneField, SiteField};
pub use list::Inventory;
pub(crate) use parsed::ParsedInventory;
pub use phone::PhoneEntry;
pub use secret::Secret;
pub use site::{Codec, PbxTransport, SiteSettings};
pub use value::MAX_VALUE_CHARACTERS;

use crate::{text::read_failure, track::MAX_PHONES};

/// Maximum size of an inventory file in bytes: 1,000 for each phone of the largest run.
pub const MAX_FILE_BYTES: u64 = 1_000 * MAX_PHONES as u64;

/// An inventory cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InventoryError {
    /// The file cannot be read.
    #[error("cannot read the inventory {}: {}", path.display(), read_failure(source))]
    Io {
        /// The file.
        path: PathBuf,
        /// The file system's error.
        source: io::Error,
    },
    /// The file is larger than [`MAX_FILE_BYTES`].
    #[error("the inventory {} is larger than {MAX_FILE_BYTES} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file has a fault.
    #[error("{}, {fault}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The first fault and its position.
        fault: InventoryFault,
    },
}

impl InventoryError {
    /// What to do next.
    #[must_use]
    pub fn cure(&self) -> &'static str {
        match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "Check the name of the file: an inventory is a CSV or TOML file"
            }
            Self::Io { .. } => "Name a CSV or TOML file that this user may read",
            Self::TooLarge { .. } => "List only the phones of one run, one line for each",
            Self::Invalid { .. } => "Correct that line; `reflash convert --help` shows an example",
        }
    }
}

impl Inventory {
    /// Reads a file: TOML if its name ends in `.toml`, otherwise CSV.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is too large, or has a fault.
    pub fn read(path: &Path) -> Result<Self, InventoryError> {
        Self::parse(path, &Self::bytes(path)?)
    }

    /// The content of a file of at most [`MAX_FILE_BYTES`].
    pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, InventoryError> {
        let failed = |source| InventoryError::Io {
            path: path.to_owned(),
            source,
        };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(failed)?;
        file.take(MAX_FILE_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(InventoryError::TooLarge {
                path: path.to_owned(),
            });
        }
        Ok(bytes)
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Self, InventoryError> {
        let parsed = Self::parse_all(path, bytes).into_result();
        parsed.map_err(|fault| InventoryError::Invalid {
            path: path.to_owned(),
            fault,
        })
    }

    /// Parses the content of the file `path` and collects every fault; the name decides the
    /// format.
    pub(crate) fn parse_all(path: &Path, bytes: &[u8]) -> ParsedInventory {
        let is_toml = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
        let read = if is_toml {
            toml_document::read
        } else {
            csv_table::read
        };
        text(bytes).map_or_else(|fault| ParsedInventory::broken(vec![fault]), read)
    }

    /// Parses CSV: a header line, then one line for each phone. The separator is `,` or `;`.
    ///
    /// # Errors
    ///
    /// The first fault found.
    pub fn from_csv(bytes: &[u8]) -> Result<Self, InventoryFault> {
        csv_table::read(text(bytes)?).into_result()
    }

    /// Parses TOML: `[[phone]]` tables and an optional `[site]` table.
    ///
    /// # Errors
    ///
    /// The first fault found.
    pub fn from_toml(bytes: &[u8]) -> Result<Self, InventoryFault> {
        toml_document::read(text(bytes)?).into_result()
    }
}

/// Decodes UTF-8 and strips a byte order mark.
fn text(bytes: &[u8]) -> Result<&str, InventoryFault> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = 1 + before.split(|byte| *byte == b'\n').count() - 1;
        let start = before.iter().rposition(|byte| *byte == b'\n');
        let column = before.len() - start.map_or(0, |start| start + 1) + 1;
        InventoryFault {
            line: line as u64,
            column: column as u64,
            message: "this is not UTF-8 text: save the file as 'CSV UTF-8'".to_owned(),
        }
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod spreadsheet_tests;
#[cfg(test)]
mod tests;
