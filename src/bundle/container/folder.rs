//! Folders: the regular files in them and below. Links are skipped.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use super::super::{
    entry_path::{EntryPath, SkipReason},
    file_part::{FilePart, read_retrying},
    limits::{CHUNK_BYTES, MAX_ENTRIES},
    stop::{WalkStop, add_size, too_many_entries},
    visitor::{EntryInfo, Visitor},
};

/// Files and folders that are listed, hidden ones included.
const MAX_LISTED: usize = 10_000;

pub(super) fn walk(root: &Path, visitor: &mut dyn Visitor) -> Result<(), WalkStop> {
    let mut found = Vec::new();
    let mut listed = 0;
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let name = entry.file_name();
            listed += 1;
            if listed > MAX_LISTED {
                return Err(too_many_entries());
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
                if below.skip.is_none() {
                    folders.push(below.folder);
                }
                continue;
            }
            let path = EntryPath::of(&format!("{folder}{name}"));
            found.push(if kind.is_file() {
                path
            } else {
                path.skipped(SkipReason::Link)
            });
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
    if path.skip.is_some() {
        visitor.begin(&EntryInfo { path, size: 0 })?;
        return visitor.end(None);
    }
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
