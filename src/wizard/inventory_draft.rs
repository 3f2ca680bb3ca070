//! The inventory that the wizard writes.

use std::{
    fmt::Write as _,
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use crate::{
    failure::Failure,
    inputs::{phone_list::InventoryFile, shown},
    inventory::{Inventory, InventoryFault},
    phone::MacAddress,
    stage::sha256,
};

/// An inventory as typed.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct InventoryDraft {
    /// The PBX's address or name.
    pub(super) pbx: String,
    /// Its phones.
    pub(super) phones: Vec<DraftPhone>,
    /// The file to write.
    pub(super) path: PathBuf,
}

/// A phone of an inventory.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct DraftPhone {
    pub(super) mac: MacAddress,
    /// The number: `7965`.
    pub(super) model: String,
    pub(super) extension: String,
    /// May be empty.
    pub(super) name: String,
    pub(super) secret: String,
}

impl std::fmt::Debug for InventoryDraft {
    /// Without the passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} phones for {}",
            self.phones.len(),
            self.path.display()
        )
    }
}

/// Quotes a text for TOML (TOML 1.0, "Basic strings").
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            // Writing to a String does not fail.
            control if control.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted + "\""
}

impl InventoryDraft {
    /// The content of the file.
    pub(super) fn to_toml(&self) -> String {
        let mut text = format!(
            "# Written by `reflash wizard`. docs/configuration.md lists every key.\n\
             [site]\npbx = {}\n",
            quoted(&self.pbx)
        );
        for phone in &self.phones {
            let mut line = |key: &str, value: &str| {
                if !value.is_empty() {
                    let _ = writeln!(text, "{key} = {}", quoted(value));
                }
            };
            line("\n[[phone]]\nmac", &phone.mac.upper_hex());
            line("model", &phone.model);
            line("name", &phone.name);
            line("extension", &phone.extension);
            line("secret", &phone.secret);
        }
        text
    }

    /// The inventory as `convert` reads it.
    pub(super) fn to_inventory(&self) -> Result<InventoryFile, InventoryFault> {
        let text = self.to_toml();
        Ok(InventoryFile {
            inventory: Inventory::from_toml(text.as_bytes())?,
            path: self.path.clone(),
            sha256: sha256(text.as_bytes()),
            secrets: None,
        })
    }

    /// Writes a new file, readable by its owner only.
    pub(super) fn write(&self) -> Result<(), Failure> {
        let written = create(&self.path).and_then(|mut file| {
            file.write_all(self.to_toml().as_bytes())?;
            file.sync_all()
        });
        written.map_err(|error| {
            Failure::new(
                format!("cannot write the inventory {}: {error}", shown(&self.path)),
                "Start again and name a new file in a folder that this user may write to",
            )
        })
    }
}

/// It contains passwords: the file must be new, and readable by its owner only.
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn draft(path: &Path) -> InventoryDraft {
        InventoryDraft {
            pbx: "192.0.2.20".to_owned(),
            phones: vec![DraftPhone {
                mac: "001D45AABB0C".parse().unwrap(),
                model: "7965".to_owned(),
                extension: "1001".to_owned(),
                name: "the \"big\" \\ one".to_owned(),
                secret: "pass-w0rd".to_owned(),
            }],
            path: path.to_owned(),
        }
    }

    #[test]
    fn written_inventory_is_read_back() {
        let file = draft(Path::new("phones.toml")).to_inventory().unwrap();
        let phone = &file.inventory.phones[0];
        assert_eq!(file.inventory.site.pbx.as_deref(), Some("192.0.2.20"));
        assert_eq!(phone.name.as_deref(), Some("the \"big\" \\ one"));
        assert_eq!(phone.extension.as_deref(), Some("1001"));
        assert_eq!(phone.secret.as_ref().unwrap().expose(), "pass-w0rd");
        assert!(file.inventory.warnings.is_empty());
    }

    #[test]
    fn file_is_private_and_never_overwrites() {
        let folder = tempfile::tempdir().unwrap();
        let draft = draft(&folder.path().join("phones.toml"));
        draft.write().unwrap();
        let mode = std::fs::metadata(&draft.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = draft.write().unwrap_err();
        assert!(again.error.contains("phones.toml"), "{again:?}");
        assert!(!format!("{draft:?}").contains("pass-w0rd"));
    }
}
