//! Files that a command line names: a path, `-` for standard input, or a folder.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

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
            let message = format!("it has more than {MAX_OF_FOLDER} files");
            return Err(io::Error::other(message));
        }
        files.push(entry.path());
    }
    files.sort();
    Ok(Some(files))
}
