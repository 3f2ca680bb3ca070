//! `secrets.toml`: passwords that `reflash provision` generated, for an inventory without them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::shown;
use crate::{
    failure::Failure,
    inventory::Inventory,
    provision::{
        Passwords,
        folder::{FolderError, LIST, PASSWORDS, read_passwords},
    },
    text::escape,
};

/// Maximum number of entries of the inventory's folder that are looked at.
const MAX_ENTRIES: usize = 1_000;

/// Sets the secrets that the inventory lacks, from `named` (a file, or a folder written by
/// `provision`), or from the one file of passwords next to the inventory or in a folder next to it.
/// Returns a message about the file that was used.
///
/// # Errors
///
/// A file that cannot be read, or `named` does not exist.
pub fn add(
    inventory: &mut Inventory,
    path: &Path,
    named: Option<&Path>,
) -> Result<Option<String>, Failure> {
    let missing = inventory.without_secret();
    if inventory.site.pbx.is_none() || (missing.is_empty() && named.is_none()) {
        return Ok(None);
    }
    let mut found = match named {
        Some(named) => vec![read_named(named)?],
        None => find(path)?,
    };
    let has_one = |(_, passwords): &(PathBuf, Passwords)| {
        missing.iter().any(|user| passwords.secret(user).is_some())
    };
    found.retain(has_one);
    Ok(match found.as_slice() {
        [] => None,
        [(file, passwords)] => {
            inventory.add_secrets(|user| passwords.secret(user));
            let count = missing.len() - inventory.without_secret().len();
            let plural = if count == 1 { "" } else { "s" };
            Some(format!(
                "secrets of {count} extension{plural} read from {}",
                shown(file)
            ))
        }
        [(first, _), (second, _), ..] => Some(format!(
            "no secrets read: both {} and {} have some of the missing ones; name one with --secrets",
            shown(first),
            shown(second)
        )),
    })
}

fn failure(error: &FolderError) -> Failure {
    Failure::new(escape(&error.to_string()), error.cure())
}

fn read_named(named: &Path) -> Result<(PathBuf, Passwords), Failure> {
    let file = if named.is_dir() {
        named.join(PASSWORDS)
    } else {
        named.to_owned()
    };
    match read_passwords(&file).map_err(|error| failure(&error))? {
        Some(passwords) => Ok((file, passwords)),
        None => Err(Failure::new(
            format!("{} does not exist", shown(&file)),
            "Name the secrets.toml of a folder that `reflash provision` wrote",
        )),
    }
}

/// The files of passwords next to the inventory, and in the folders next to it that `provision`
/// wrote.
fn find(inventory: &Path) -> Result<Vec<(PathBuf, Passwords)>, Failure> {
    let folder = match inventory.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut files = vec![folder.join(PASSWORDS)];
    // A folder that cannot be listed has no passwords for this user.
    if let Ok(entries) = fs::read_dir(folder) {
        let folders = entries.take(MAX_ENTRIES).filter_map(Result::ok);
        let folders = folders.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let mut folders: Vec<_> = folders.map(|entry| entry.path()).collect();
        folders.sort();
        files.extend(
            folders
                .iter()
                .filter(|folder| folder.join(LIST).is_file())
                .map(|folder| folder.join(PASSWORDS)),
        );
    }
    let mut found = Vec::new();
    for file in files {
        match read_passwords(&file) {
            Ok(passwords) => found.extend(passwords.map(|passwords| (file, passwords))),
            // Another user's: it is not needed unless it is named.
            Err(FolderError::Io { .. }) => {}
            Err(error) => return Err(failure(&error)),
        }
    }
    Ok(found)
}
