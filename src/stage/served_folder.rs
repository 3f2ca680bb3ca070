//! A folder that is served as it is: read-only, regular files only, and nothing outside it.

use std::{
    collections::HashMap,
    fs::{self, Metadata},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, SystemTime},
};

use super::{
    read_file::{open_regular, read_bounded},
    staged_file::StagedFile,
};
use crate::{bundle::FileVersion, text::read_failure};

/// The largest file served from a folder, in bytes. Files are read into memory. The largest
/// known image has 40 MB.
pub const MAX_FOLDER_FILE_BYTES: u64 = 256 * 1024 * 1024;

/// The number of names in a folder that are compared when only the case differs. In a larger
/// folder, a phone must request the exact name.
pub const MAX_FOLDER_ENTRIES: usize = 10_000;

/// The assumed resolution of file time stamps. A file written more recently could change
/// again without a new time stamp, so it is read twice.
const TIMESTAMP_RESOLUTION: Duration = Duration::from_millis(100);

/// How often a file that changes while it is read is read again.
const ATTEMPTS: u32 = 3;

/// The number of cached files at which unused ones are removed.
const PRUNE_AT: usize = 1024;

/// Why an existing file is not served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServedFolderError {
    /// Reading failed.
    #[error("cannot read {}: {}", path.display(), read_failure(source))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file changed each time it was read.
    #[error(
        "{} changes while it is read; wait until it is written, or write a new file and rename it", path.display()
    )]
    Changing {
        /// The file.
        path: PathBuf,
    },
    /// The file is too large to be read into memory.
    #[error(
        "{} has {bytes} bytes; the limit is {MAX_FOLDER_FILE_BYTES}", path.display()
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
}

/// The version of each file that was read, and its bytes while they are in use.
type Cache = HashMap<PathBuf, (FileVersion, Weak<[u8]>)>;

/// A plain folder. Files are read when they are requested; concurrent requests for a file
/// share its bytes.
#[derive(Debug)]
pub struct ServedFolder {
    /// Canonical: without links and `..`.
    root: PathBuf,
    cache: Mutex<Cache>,
}

impl ServedFolder {
    /// Opens a folder, following links.
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub fn open(folder: &Path) -> Result<Self, ServedFolderError> {
        let error = |source| ServedFolderError::Io {
            path: folder.to_owned(),
            source,
        };
        let root = fs::canonicalize(folder).map_err(error)?;
        fs::read_dir(&root).map_err(error)?;
        Ok(Self {
            root,
            cache: Mutex::default(),
        })
    }

    /// The canonical path of the folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The names at its top level, sorted; at most [`MAX_FOLDER_ENTRIES`].
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub fn names(&self) -> Result<Vec<String>, ServedFolderError> {
        let error = |source| ServedFolderError::Io {
            path: self.root.clone(),
            source,
        };
        let mut names: Vec<_> = fs::read_dir(&self.root)
            .map_err(error)?
            .take(MAX_FOLDER_ENTRIES)
            .filter_map(Result::ok)
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        Ok(names)
    }

    /// The file for a requested name, which may include sub-folders. The exact name takes
    /// precedence over one that differs in case. `None` if there is no such regular file
    /// below the folder after links are followed.
    ///
    /// # Errors
    ///
    /// The file exists but cannot be read, is too large, or keeps changing.
    pub fn resolve(&self, name: &str) -> Result<Option<StagedFile>, ServedFolderError> {
        let Some(parts) = components(name) else {
            return Ok(None);
        };
        let mut path = self.root.clone();
        for part in parts {
            match below(&path, part) {
                Ok(Some(next)) => path = next,
                Ok(None) => return Ok(None),
                Err(source) => return absent(&path, source),
            }
        }
        // From here on the path contains no links.
        let path = match fs::canonicalize(&path) {
            Ok(canonical) if canonical.starts_with(&self.root) => canonical,
            Ok(_) => return Ok(None),
            Err(source) => return absent(&path, source),
        };
        let Some(bytes) = self.read(&path)? else {
            return Ok(None);
        };
        let staged = path.strip_prefix(&self.root).unwrap_or(&path);
        Ok(Some(StagedFile {
            name: staged.to_string_lossy().into(),
            bytes,
        }))
    }

    fn read(&self, path: &Path) -> Result<Option<Arc<[u8]>>, ServedFolderError> {
        for _ in 0..ATTEMPTS {
            let (file, metadata) = match open_regular(path) {
                Ok(opened) => opened,
                Err(source) => return absent(path, source),
            };
            let version = FileVersion::of(&metadata);
            if !self.is_still_there(path, version) {
                continue;
            }
            if version.size > MAX_FOLDER_FILE_BYTES {
                return Err(ServedFolderError::TooLarge {
                    path: path.to_owned(),
                    bytes: version.size,
                });
            }
            if let Some(bytes) = self.cached(path, version) {
                return Ok(Some(bytes));
            }
            let error = |source| ServedFolderError::Io {
                path: path.to_owned(),
                source,
            };
            let bytes = read_bounded(&file, version.size).map_err(error)?;
            let fresh = is_fresh(&metadata);
            let whole = bytes.len() as u64 == version.size
                && FileVersion::of(&file.metadata().map_err(error)?) == version
                && (!fresh || reads_the_same(path, &bytes));
            if !whole {
                continue;
            }
            let bytes: Arc<[u8]> = bytes.into();
            if !fresh {
                self.remember(path, version, &bytes);
            }
            return Ok(Some(bytes));
        }
        Err(ServedFolderError::Changing {
            path: path.to_owned(),
        })
    }

    /// Before the file was opened, a folder of the path may have been replaced by a link. The
    /// file is accepted only if the canonical path still leads to it.
    fn is_still_there(&self, path: &Path, version: FileVersion) -> bool {
        fs::canonicalize(path).is_ok_and(|now| now.starts_with(&self.root) && now == path)
            && path
                .symlink_metadata()
                .is_ok_and(|now| FileVersion::of(&now) == version)
    }

    fn cached(&self, path: &Path, version: FileVersion) -> Option<Arc<[u8]>> {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let (cached, bytes) = cache.get(path)?;
        bytes.upgrade().filter(|_| *cached == version)
    }

    fn remember(&self, path: &Path, version: FileVersion, bytes: &Arc<[u8]>) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= PRUNE_AT {
            cache.retain(|_, (_, bytes)| bytes.strong_count() > 0);
        }
        cache.insert(path.to_owned(), (version, Arc::downgrade(bytes)));
    }
}

fn reads_the_same(path: &Path, bytes: &[u8]) -> bool {
    open_regular(path)
        .and_then(|(file, _)| read_bounded(&file, bytes.len() as u64))
        .is_ok_and(|again| again == bytes)
}

/// The components of a requested name, if it only leads downwards.
fn components(name: &str) -> Option<Vec<&str>> {
    let mut rest = name.trim_end();
    while let Some(shorter) = rest.strip_prefix("./").or_else(|| rest.strip_prefix('/')) {
        rest = shorter;
    }
    let parts: Vec<_> = rest.split('/').collect();
    let plain = parts
        .iter()
        .all(|part| !matches!(*part, "" | "." | "..") && !part.contains(['\\', '\0']));
    plain.then_some(parts)
}

/// The entry `part` of `folder`, or one that differs only in case: the first of several in
/// byte order.
fn below(folder: &Path, part: &str) -> io::Result<Option<PathBuf>> {
    let exact = folder.join(part);
    match exact.symlink_metadata() {
        Ok(_) => return Ok(Some(exact)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let wanted = part.to_lowercase();
    let found = fs::read_dir(folder)?
        .take(MAX_FOLDER_ENTRIES)
        .filter_map(Result::ok)
        .map(|entry| entry.file_name())
        .filter(|name| {
            name.to_str()
                .is_some_and(|name| name.to_lowercase() == wanted)
        })
        .min();
    Ok(found.map(|name| folder.join(name)))
}

/// `None` for all forms of "no such file"; an error if the file exists but cannot be read.
fn absent<T>(path: &Path, source: io::Error) -> Result<Option<T>, ServedFolderError> {
    match source.kind() {
        io::ErrorKind::NotFound
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::IsADirectory
        | io::ErrorKind::InvalidInput
        | io::ErrorKind::InvalidFilename => Ok(None),
        // A loop of links, a link rejected by O_NOFOLLOW, or a socket.
        _ if matches!(
            source.raw_os_error(),
            Some(libc::ELOOP | libc::ENXIO | libc::ENODEV)
        ) =>
        {
            Ok(None)
        }
        _ => Err(ServedFolderError::Io {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Whether the file was modified so recently that its time stamp is not conclusive.
fn is_fresh(metadata: &Metadata) -> bool {
    metadata.modified().is_ok_and(|modified| {
        SystemTime::now()
            .duration_since(modified)
            // A time stamp in the future is not conclusive either.
            .map_or(true, |age| age < TIMESTAMP_RESOLUTION)
    })
}

#[cfg(test)]
mod tests;
