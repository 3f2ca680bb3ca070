//! Folders: regular files in them and below them. Links are not followed.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use super::{
    super::{archive::MEMBERS_LIMIT, digest::CHUNK},
    At, Item, Place, Stop, Visit, count_size,
    path::{Unique, place},
    read_some, refused, too_many,
};

/// Files and folders that are looked at; hidden ones count too.
const LOOKED_AT_LIMIT: usize = 10_000;

pub(super) fn walk(root: &Path, visit: &mut dyn Visit) -> Result<(), Stop> {
    let mut found = Vec::new();
    let mut looked_at = 0;
    let mut unique = Unique::default();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let name = entry.file_name();
            looked_at += 1;
            if looked_at > LOOKED_AT_LIMIT {
                return Err(too_many());
            }
            // What desktops and version control leave lying about.
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let kind = entry.file_type()?;
            let mut path = [folder.as_bytes(), name.as_encoded_bytes()].concat();
            if kind.is_dir() {
                path.push(b'/');
                folders.push(place(&path)?.folder);
                continue;
            }
            let place = place(&path)?;
            if !kind.is_file() {
                let message = "a link or device; only plain files are taken from a folder";
                return Err(refused("not-a-regular-file", Some(&place.path()), message));
            }
            unique.add(&place)?;
            found.push(place);
            if found.len() > MEMBERS_LIMIT {
                return Err(too_many());
            }
        }
    }
    found.sort_unstable();
    let mut total = 0;
    for place in found {
        file(root, place, &mut total, visit)?;
    }
    Ok(())
}

fn file(root: &Path, place: Place, total: &mut u64, visit: &mut dyn Visit) -> Result<(), Stop> {
    let path = root.join(place.path());
    let file = File::open(&path)?;
    let meta = file.metadata()?;
    if !meta.is_file() || fs::symlink_metadata(&path)?.is_symlink() {
        return Err(
            io::Error::other(format!("{} changed while it was read", path.display())).into(),
        );
    }
    let size = meta.len();
    count_size(total, size, &place.path())?;
    visit.begin(&Item { place, size })?;
    let mut buffer = vec![0; CHUNK];
    let mut at = At::new(&file, 0, size);
    let mut left = size;
    loop {
        let count = read_some(&mut at, &mut buffer)?;
        if count == 0 {
            break;
        }
        left -= count as u64;
        visit.bytes(&buffer[..count])?;
    }
    let cut = (left > 0).then(|| "it became shorter while it was read".to_owned());
    visit.end(cut)
}
