//! The list of phones that a person wrote: which are expected, what they are called, and
//! what they are to be at their PBX.
//!
//! CSV with a header line, as spreadsheets save it, or TOML with a `[[phone]]` entry each.
//! Both are read whole or not at all: every fault names its line and column. Reading takes
//! whatever a list of phones may hold; what phones and a PBX take is judged where files are
//! written for them ([`crate::provision`]).

mod builder;
mod button;
mod csv_table;
mod fault;
mod field;
mod list;
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
pub use phone::PhoneEntry;
pub use secret::Secret;
pub use site::{Codec, SiteSettings, Transport};
pub use value::MAX_VALUE_CHARACTERS;

use crate::track::MAX_PHONES;

/// Bytes of an inventory's file at most: 1,000 to each phone that a run can have.
pub const MAX_FILE_BYTES: u64 = 1_000 * MAX_PHONES as u64;

/// Why there is no inventory.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InventoryError {
    /// The file cannot be read.
    #[error("cannot read the inventory {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the file system says.
        source: io::Error,
    },
    /// More than [`MAX_FILE_BYTES`].
    #[error("the inventory {} has more than {MAX_FILE_BYTES} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Something in it.
    #[error("{}, {fault}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What, and where.
        fault: InventoryFault,
    },
}

impl InventoryError {
    /// What to do next.
    #[must_use]
    pub fn cure(&self) -> &'static str {
        match self {
            Self::Io { .. } => "name a CSV or TOML file that this user may read",
            Self::TooLarge { .. } => "give the phones of one run: a line each",
            Self::Invalid { .. } => {
                "correct that line; `reflash convert --help` shows what an inventory looks like"
            }
        }
    }
}

impl Inventory {
    /// Reads a file: TOML if its name ends so, else CSV.
    pub fn read(path: &Path) -> Result<Self, InventoryError> {
        Self::parse(path, &Self::bytes(path)?)
    }

    /// What is in a file, if it is not too large for a list of phones.
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

    /// The list that these bytes of `path` are.
    pub(crate) fn parse(path: &Path, bytes: &[u8]) -> Result<Self, InventoryError> {
        let is_toml = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
        let parsed = if is_toml {
            Self::from_toml(bytes)
        } else {
            Self::from_csv(bytes)
        };
        parsed.map_err(|fault| InventoryError::Invalid {
            path: path.to_owned(),
            fault,
        })
    }

    /// From CSV: a header line, then a line a phone; `,` or `;` between fields.
    pub fn from_csv(bytes: &[u8]) -> Result<Self, InventoryFault> {
        csv_table::read(text(bytes)?)
    }

    /// From TOML: `[[phone]]` tables, and a `[site]`.
    pub fn from_toml(bytes: &[u8]) -> Result<Self, InventoryFault> {
        toml_document::read(text(bytes)?)
    }
}

/// The text without the mark that Windows puts before it.
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
mod tests;
