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
/// Returns a message, and the file that was used.
///
/// # Errors
///
/// A file that cannot be read, `named` does not exist, or several files were found that have
/// different secrets.
pub fn add(
    inventory: &mut Inventory,
    path: &Path,
    named: Option<&Path>,
) -> Result<(Option<String>, Option<PathBuf>), Failure> {
    let missing = inventory.without_secret();
    if inventory.site.pbx.is_none() || missing.is_empty() {
        let message = named.map(|named| {
            let why = match inventory.site.pbx {
                None => "sets no `pbx`",
                Some(_) => "has every secret",
            };
            format!("{} is not read: {} {why}", shown(named), shown(path))
        });
        return Ok((message, None));
    }
    let mut found = match named {
        Some(named) => vec![read_named(named)?],
        None => find(path)?,
    };
    let secrets = |passwords: &Passwords| -> Vec<_> {
        let secrets = missing.iter();
        secrets
            .map(|user| passwords.secret(user).cloned())
            .collect()
    };
    found.retain(|(_, passwords)| secrets(passwords).iter().any(Option::is_some));
    // Equal files, such as a copy of the folder, leave no choice to make.
    found.dedup_by(|later, first| secrets(&later.1) == secrets(&first.1));
    match found.as_slice() {
        [] => {
            let message = named.map(|named| {
                format!(
                    "{} has no secret of an extension that lacks one in {}",
                    shown(named),
                    shown(path)
                )
            });
            Ok((message, None))
        }
        [(file, passwords)] => {
            inventory.add_secrets(|user| passwords.secret(user));
            let count = missing.len() - inventory.without_secret().len();
            let plural = if count == 1 { "" } else { "s" };
            let message = format!(
                "secrets of {count} extension{plural} read from {}",
                shown(file)
            );
            Ok((Some(message), Some(file.clone())))
        }
        [(first, _), (second, _), ..] => Err(Failure::new(
            format!(
                "{} and {} have different secrets for extensions of {}; nothing was served or \
                 changed",
                shown(first),
                shown(second),
                shown(path)
            ),
            "Name the one whose secrets the PBX has: --secrets FILE",
        )),
    }
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
