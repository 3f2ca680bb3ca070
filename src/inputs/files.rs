//! Files that a command line names: a path, `-` for standard input, or a folder.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use crate::lint::{FileKind, MAX_FILE_BYTES};

/// The name of standard input.
pub const STDIN: &str = "-";

/// Maximum number of files read of one folder.
pub const MAX_OF_FOLDER: usize = 10_000;

/// Reads at most `limit` bytes of a file or of standard input, and one more to show that there are
/// more. Never waits on a FIFO or a device.
///
/// # Errors
/// The file cannot be read or is not a regular file.
pub fn read(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    if path == Path::new(STDIN) {
        return up_to(io::stdin().lock(), limit);
    }
    let metadata = path.metadata()?;
    if !metadata.is_file() {
        let kind = if metadata.is_dir() {
            "a folder"
        } else {
            "not a regular file"
        };
        return Err(io::Error::other(format!("it is {kind}")));
    }
    up_to(File::open(path)?, limit)
}

fn up_to(from: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether a file of a folder may be a configuration: images are larger.
#[must_use]
pub fn may_be_configuration(path: &Path) -> bool {
    let limit = MAX_FILE_BYTES as u64;
    let is_small = |metadata: fs::Metadata| metadata.is_file() && metadata.len() <= limit;
    path.metadata().is_ok_and(is_small) || FileKind::of_name(path).is_some()
}

/// Levels of folders below a folder that are read.
pub const MAX_DEPTH: usize = 4;

/// The regular files of a folder and of the folders below it, sorted by path; `None` if the path is
/// not a folder. Hidden files and folders are left out, and links to folders are not followed.
///
/// # Errors
/// A folder cannot be read, there are more than [`MAX_OF_FOLDER`] files, or folders are nested
/// deeper than [`MAX_DEPTH`].
pub fn of_tree(path: &Path) -> io::Result<Option<Vec<PathBuf>>> {
    let Some(mut files) = of_folder(path)? else {
        return Ok(None);
    };
    let mut folders = vec![(path.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in folder.read_dir()? {
            let entry = entry?;
            let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if is_hidden || !entry.file_type()?.is_dir() {
                continue;
            }
            if depth == MAX_DEPTH {
                let message = format!("it has folders more than {MAX_DEPTH} levels deep");
                return Err(io::Error::other(message));
            }
            let below = entry.path();
            files.extend(of_folder(&below)?.unwrap_or_default());
            if files.len() > MAX_OF_FOLDER {
                return Err(too_many());
            }
            folders.push((below, depth + 1));
        }
    }
    files.sort();
    Ok(Some(files))
}

fn too_many() -> io::Error {
    io::Error::other(format!("it has more than {MAX_OF_FOLDER} files"))
}

/// The regular files at the top level of a folder, sorted by name; `None` if the path is not a
/// folder. Hidden files are left out.
///
/// # Errors
/// The folder cannot be read, or has more than [`MAX_OF_FOLDER`] files.
pub fn of_folder(path: &Path) -> io::Result<Option<Vec<PathBuf>>> {
    if !path.is_dir() {
        return Ok(None);
    }
    let mut files = Vec::new();
    for entry in path.read_dir()? {
        let entry = entry?;
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if is_hidden || !entry.path().is_file() {
            continue;
        }
        if files.len() == MAX_OF_FOLDER {
            return Err(too_many());
        }
        files.push(entry.path());
    }
    files.sort();
    Ok(Some(files))
}
