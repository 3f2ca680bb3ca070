//! Folders: the regular files in them and below. Links, and files that cannot be read, are
//! skipped.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use super::super::{
    entry_path::{EntryPath, SkipReason},
    file_part::{FilePart, read_retrying},
    file_version::FileVersion,
    limits::{CHUNK_BYTES, MAX_ENTRY_BYTES, MAX_FOLDER_BYTES, MAX_FOLDER_FILES},
    stop::{WalkStop, refused},
    visitor::{EntryInfo, Visitor},
};
use crate::text::read_failure;

pub(super) fn walk(root: &Path, visitor: &mut dyn Visitor) -> Result<(), WalkStop> {
    let mut found = Vec::new();
    let mut listed = 0;
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(root.join(&folder)) {
            Ok(entries) => entries,
            Err(error) if folder.is_empty() => return Err(error.into()),
            Err(_) => {
                found.push(EntryPath::of(&folder).skipped(SkipReason::Unreadable));
                continue;
            }
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            listed += 1;
            if listed > MAX_FOLDER_FILES {
                let message = format!("more than {MAX_FOLDER_FILES} files and folders (the limit)");
                return Err(refused("over-limit", None, message));
            }
            let kind = entry.file_type()?;
            let Some(name) = name.to_str() else {
                // Not a name of firmware, nor one that can be shown exactly.
                let path = EntryPath::of(&format!("{folder}{}", name.to_string_lossy()));
                found.push(path.skipped(SkipReason::OddName));
                continue;
            };
            if kind.is_dir() {
                let below = EntryPath::of(&format!("{folder}{name}/"));
                match below.skip {
                    None => folders.push(below.folder),
                    Some(_) => found.push(below),
                }
                continue;
            }
            let path = EntryPath::of(&format!("{folder}{name}"));
            found.push(if kind.is_file() {
                path
            } else {
                path.skipped(SkipReason::Link)
            });
        }
    }
    found.sort_unstable();
    let mut total = 0;
    for path in found {
        visit_file(root, path, &mut total, visitor)?;
    }
    Ok(())
}

fn visit_file(
    root: &Path,
    path: EntryPath,
    total: &mut u64,
    visitor: &mut dyn Visitor,
) -> Result<(), WalkStop> {
    if path.skip.is_some() {
        return skip(path, visitor);
    }
    let full = root.join(path.full());
    let Ok(file) = File::open(&full) else {
        return skip(path.skipped(SkipReason::Unreadable), visitor);
    };
    let meta = file.metadata()?;
    if !meta.is_file() || fs::symlink_metadata(&full)?.is_symlink() {
        return Err(changed(&full));
    }
    let version = FileVersion::of(&meta);
    let size = version.size;
    if size > MAX_ENTRY_BYTES {
        return skip(path.skipped(SkipReason::LargeFile), visitor);
    }
    *total += size;
    if *total > MAX_FOLDER_BYTES {
        let message = format!("its files have more than {MAX_FOLDER_BYTES} bytes (the limit)");
        return Err(refused("over-limit", None, message));
    }
    visitor.begin(&EntryInfo { path, size })?;
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut part = FilePart::new(&file, 0, size);
    let mut left = size;
    loop {
        let count = match read_retrying(&mut part, &mut buffer) {
            Ok(count) => count,
            Err(error) => {
                let why = format!("it cannot be read: {}", read_failure(&error));
                return visitor.end(Some(why));
            }
        };
        if count == 0 {
            break;
        }
        left -= count as u64;
        visitor.bytes(&buffer[..count])?;
    }
    if left > 0 {
        return visitor.end(Some("it became shorter while it was read".to_owned()));
    }
    if FileVersion::of(&file.metadata()?) != version {
        return visitor.end(Some("it was changed while it was read".to_owned()));
    }
    visitor.end(None)
}

fn skip(path: EntryPath, visitor: &mut dyn Visitor) -> Result<(), WalkStop> {
    visitor.begin(&EntryInfo { path, size: 0 })?;
    visitor.end(None)
}

fn changed(path: &Path) -> WalkStop {
    io::Error::other(format!("{} changed while it was read", path.display())).into()
}
