//! Folders: the regular files in them and below. Links are not followed.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use super::super::{
    entry_path::{EntryPath, UniquePaths},
    file_part::{FilePart, read_retrying},
    limits::{CHUNK_BYTES, MAX_ENTRIES},
    stop::{WalkStop, add_size, refused, too_many_entries},
    visitor::{EntryInfo, Visitor},
};

/// Files and folders that are listed, hidden ones included.
const MAX_LISTED: usize = 10_000;

pub(super) fn walk(root: &Path, visitor: &mut dyn Visitor) -> Result<(), WalkStop> {
    let mut found = Vec::new();
    let mut listed = 0;
    let mut unique = UniquePaths::default();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let name = entry.file_name();
            listed += 1;
            if listed > MAX_LISTED {
                return Err(too_many_entries());
            }
            // Files of desktops and version control.
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let kind = entry.file_type()?;
            let mut path = [folder.as_bytes(), name.as_encoded_bytes()].concat();
            if kind.is_dir() {
                path.push(b'/');
                folders.push(EntryPath::parse(&path)?.folder);
                continue;
            }
            let path = EntryPath::parse(&path)?;
            if !kind.is_file() {
                let message = "a link or device; only regular files are read from a folder";
                return Err(refused("not-a-regular-file", Some(&path.full()), message));
            }
            unique.add(&path)?;
            found.push(path);
            if found.len() > MAX_ENTRIES {
                return Err(too_many_entries());
            }
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
    let full = root.join(path.full());
    let file = File::open(&full)?;
    let meta = file.metadata()?;
    if !meta.is_file() || fs::symlink_metadata(&full)?.is_symlink() {
        return Err(
            io::Error::other(format!("{} changed while it was read", full.display())).into(),
        );
    }
    let size = meta.len();
    add_size(total, size, &path.full())?;
    visitor.begin(&EntryInfo { path, size })?;
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut part = FilePart::new(&file, 0, size);
    let mut left = size;
    loop {
        let count = read_retrying(&mut part, &mut buffer)?;
        if count == 0 {
            break;
        }
        left -= count as u64;
        visitor.bytes(&buffer[..count])?;
    }
    let truncated = (left > 0).then(|| "it became shorter while it was read".to_owned());
    visitor.end(truncated)
}
