//! The list of phones that a person wrote: which are expected, what they are called, and
//! what they are to be at their PBX.
//!
//! CSV with a header line, as spreadsheets save it, or TOML with a `[[phone]]` entry each.
//! Both are read whole or not at all: every fault names its line and column. Reading takes
//! whatever a list of phones may hold; what phones and a PBX take is judged where files are
//! written for them ([`crate::provision`]).

mod entry;
mod field;
mod line;
mod secret;
mod site;
mod table;
mod tree;

use std::{
    collections::BTreeMap,
    fmt,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

pub(crate) use field::{Field, Part, SiteField};
pub use line::{Button, Key, Line};
pub use secret::Secret;
pub use site::{Codec, Site, Transport};

use entry::Place;

use crate::{
    phone::{MacAddress, Model},
    track::MAX_PHONES,
};

/// Bytes of an inventory's file at most: 1,000 to each phone that a run can have.
pub const MAX_FILE_BYTES: u64 = 1_000 * MAX_PHONES as u64;

/// Characters of one value at most.
pub const MAX_VALUE_CHARACTERS: usize = 255;

/// What is known of a phone before it is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Who it is.
    pub mac: MacAddress,
    /// What it is.
    pub model: Option<&'static Model>,
    /// What people call it: "Reception".
    pub name: Option<String>,
    /// The number that it answers to.
    pub extension: Option<String>,
    /// What it registers with.
    pub secret: Option<Secret>,
    /// What stands in the corner of its display and beside its first button.
    pub label: Option<String>,
    /// Whether other phones may have the extension too.
    pub shared: bool,
    /// The number that plays its messages.
    pub voicemail: Option<String>,
    /// Who may log in over SSH.
    pub ssh_user: Option<String>,
    /// And with what.
    pub ssh_password: Option<Secret>,
    /// Whether it has a web page.
    pub web_access: Option<bool>,
    /// Its line buttons from the second on, in their order.
    pub buttons: Vec<Button>,
}

/// An inventory, read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inventory {
    /// The phones, in the order of the file; no MAC twice.
    pub phones: Vec<Listed>,
    /// What holds for all of them.
    pub site: Site,
    /// What was read over: unknown columns and keys, a sentence each.
    pub warnings: Vec<String>,
    places: Places,
}

/// Where values stand, for faults that are found after reading.
#[derive(Debug, Clone, Default, PartialEq)]
struct Places {
    phones: BTreeMap<(MacAddress, Field), Place>,
    site: BTreeMap<SiteField, Place>,
}

/// What is wrong with an inventory, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// From 1.
    pub line: u64,
    /// From 1: the field of a CSV line, the character of a TOML line.
    pub column: u64,
    /// What was found and what was expected. Never a secret.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            column,
            message,
        } = self;
        write!(f, "line {line}, column {column}: {message}")
    }
}

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
    Fault {
        /// The file.
        path: PathBuf,
        /// What, and where.
        fault: Fault,
    },
}

impl InventoryError {
    /// What to do next.
    #[must_use]
    pub fn cure(&self) -> &'static str {
        match self {
            Self::Io { .. } => "name a CSV or TOML file that this user may read",
            Self::TooLarge { .. } => "give the phones of one run: a line each",
            Self::Fault { .. } => {
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
        parsed.map_err(|fault| InventoryError::Fault {
            path: path.to_owned(),
            fault,
        })
    }

    /// From CSV: a header line, then a line a phone; `,` or `;` between fields.
    pub fn from_csv(bytes: &[u8]) -> Result<Self, Fault> {
        table::read(text(bytes)?)
    }

    /// From TOML: `[[phone]]` tables, and a `[site]`.
    pub fn from_toml(bytes: &[u8]) -> Result<Self, Fault> {
        tree::read(text(bytes)?)
    }

    /// A fault of a phone's value; where that is not given, at the phone's beginning.
    pub(crate) fn fault(&self, mac: MacAddress, field: Field, message: String) -> Fault {
        let at = |field| self.places.phones.get(&(mac, field)).copied();
        let place = at(field).or_else(|| at(Field::Mac));
        place.unwrap_or_default().fault(message)
    }

    /// A fault of a site's value; where that is not given, at the beginning.
    pub(crate) fn site_fault(&self, field: SiteField, message: String) -> Fault {
        let place = self.places.site.get(&field).copied();
        place.unwrap_or_default().fault(message)
    }

    /// The same with only those phones that could register: each of their lines has an
    /// extension, and a secret. A shared line may have its secret on another phone; it gets it
    /// here, as that phone may not be among them.
    pub(crate) fn complete(&self) -> Self {
        let known = self.secrets();
        let filled = |phone: &Listed| {
            let mut phone = phone.clone();
            let extension = phone.extension.as_deref();
            let secret = |own: Option<Secret>, extension: &str| {
                own.or_else(|| known.get(extension).map(|secret| (*secret).clone()))
            };
            phone.secret = Some(secret(phone.secret, extension?)?);
            for button in &mut phone.buttons {
                if let Key::Line(line) = &mut button.key {
                    line.secret = Some(secret(line.secret.take(), &line.extension)?);
                }
            }
            Some(phone)
        };
        Self {
            phones: self.phones.iter().filter_map(filled).collect(),
            ..self.clone()
        }
    }

    /// The first secret of every extension, on whatever phone.
    pub(crate) fn secrets(&self) -> BTreeMap<&str, &Secret> {
        let mut secrets = BTreeMap::new();
        for phone in &self.phones {
            let first = (phone.extension.as_ref(), phone.secret.as_ref());
            let further = phone.buttons.iter().filter_map(|button| match &button.key {
                Key::Line(line) => Some((Some(&line.extension), line.secret.as_ref())),
                Key::SpeedDial { .. } => None,
            });
            for (extension, secret) in std::iter::once(first).chain(further) {
                if let (Some(extension), Some(secret)) = (extension, secret) {
                    secrets.entry(extension.as_str()).or_insert(secret);
                }
            }
        }
        secrets
    }

    /// Every phone on it.
    #[must_use]
    pub fn macs(&self) -> Vec<MacAddress> {
        self.phones.iter().map(|phone| phone.mac).collect()
    }

    /// What the phones are called: by their names, else by their extensions.
    #[must_use]
    pub fn names(&self) -> BTreeMap<MacAddress, String> {
        let name = |phone: &Listed| {
            let name = phone.name.clone().or_else(|| phone.extension.clone());
            name.map(|name| (phone.mac, name))
        };
        self.phones.iter().filter_map(name).collect()
    }
}

/// The text without the mark that Windows puts before it.
fn text(bytes: &[u8]) -> Result<&str, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = 1 + before.split(|byte| *byte == b'\n').count() - 1;
        let start = before.iter().rposition(|byte| *byte == b'\n');
        let column = before.len() - start.map_or(0, |start| start + 1) + 1;
        Fault {
            line: line as u64,
            column: column as u64,
            message: "this is not UTF-8 text: save the file as 'CSV UTF-8'".to_owned(),
        }
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

#[cfg(test)]
mod tests;
