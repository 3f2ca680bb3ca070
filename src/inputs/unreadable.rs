//! A file or folder of the command line that cannot be read: why, and what exactly to do.

use std::{
    ffi::OsStr,
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use super::shown;
use crate::{failure::Failure, privileges, text::quoted};

/// The file or folder of this flag cannot be read.
#[must_use]
pub fn unreadable(flag: &str, path: &Path, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::NotFound => missing(flag, path),
        io::ErrorKind::PermissionDenied => denied(flag, path),
        _ => Failure::new(
            format!("{flag} {} cannot be read: {error}", shown(path)),
            format!("Name a regular file with {flag}"),
        ),
    }
}

fn missing(flag: &str, path: &Path) -> Failure {
    if path.starts_with("~") {
        return Failure::new(
            format!("{flag} {} does not exist", shown(path)),
            format!("The shell replaces ~ only at the beginning of a word: {flag} \"$HOME/...\""),
        );
    }
    let is_link = path.is_symlink();
    let what = if is_link {
        "is a link to a file that does not exist"
    } else {
        "does not exist"
    };
    let begins = match std::env::current_dir() {
        Ok(folder) if path.is_relative() => {
            format!(" (a relative path begins at {})", shown(&folder))
        }
        _ => String::new(),
    };
    Failure::new(
        format!("{flag} {} {what}", shown(path)),
        format!("Name the file where it is now: {flag} FILE{begins}"),
    )
}

fn denied(flag: &str, path: &Path) -> Failure {
    let reader = privileges::reader();
    let user = &reader.name;
    let who = if reader.is_caller {
        format!("{user}, who started reflash; it opens files as this user and not as root")
    } else {
        user.clone()
    };
    let closed = closed_folder(path);
    let what = match &closed {
        Some(folder) => format!(": the folder {} is closed to this user", shown(folder)),
        None => String::new(),
    };
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let file = quoted(absolute.as_os_str());
    let is_own = |path: &Path| path.metadata().is_ok_and(|of| of.uid() == reader.uid);
    let name = path.file_name().unwrap_or(OsStr::new("FILE"));
    let copy = quoted(name);
    let cure = match &closed {
        Some(folder) if is_own(folder) => {
            format!("Open it: chmod u+rx {}", quoted(folder.as_os_str()))
        }
        None if path.is_dir() && is_own(path) => format!("Open it: chmod -R u+rX {file}"),
        None if is_own(path) => format!("Make it readable: chmod u+r {file}"),
        None if path.is_dir() => format!(
            "In a folder of {user}, copy it and name the copy: sudo cp -r {file} {copy} && sudo chown -R \
             {user} {copy}"
        ),
        _ => format!(
            "In a folder of {user}, copy it and name the copy: sudo install -o {user} -m 600 {file} {copy}"
        ),
    };
    Failure::new(
        format!("{flag} {} cannot be read by {who}{what}", shown(path)),
        cure,
    )
}

/// The first folder on the way to this file that the user may not enter.
fn closed_folder(path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok()?;
    let mut folders: Vec<&Path> = absolute.ancestors().collect();
    folders.reverse();
    let is_denied = |path: &Path| {
        let found = path.symlink_metadata();
        found.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
    };
    let mut ways = folders.windows(2);
    let closed = ways.find(|way| is_denied(way[1]))?;
    Some(closed[0].to_owned())
}
