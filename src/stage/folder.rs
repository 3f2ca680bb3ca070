//! A folder of the user's, served as it lies there: read-only, regular files only, and
//! nothing that is not below it.

use std::{
    collections::HashMap,
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, SystemTime},
};

use super::{
    StagedFile,
    open::{open_regular, read_bounded},
};

/// Bytes of the largest file that is served from a folder: it is read whole. The largest
/// image of any known phone has 40 MB.
pub const MAX_FOLDER_FILE_BYTES: u64 = 256 * 1024 * 1024;

/// Names of a folder that are looked at for one that differs in case only; in a larger
/// folder a phone must ask for the exact name.
pub const MAX_FOLDER_ENTRIES: usize = 10_000;

/// How coarse the file system's time stamps may be. A file that was written more recently
/// can be written again without its stamp showing it, so it is read twice.
const STAMP: Duration = Duration::from_millis(100);

/// How often a file is read that changes while it is read.
const ATTEMPTS: u32 = 3;

/// Files in the cache at which those that nobody holds any more are forgotten.
const PRUNE_AT: usize = 1024;

/// Why a file that is there is not served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServedFolderError {
    /// The file system says no.
    #[error("cannot read {}: {source}; look at its permissions", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the file system says.
        source: io::Error,
    },
    /// It changed each time it was read.
    #[error(
        "{} changes while it is read; let the writer end, or replace it by renaming", path.display()
    )]
    Changing {
        /// The file.
        path: PathBuf,
    },
    /// It is larger than what is read into memory.
    #[error(
        "{} has {bytes} bytes; at most {MAX_FOLDER_FILE_BYTES} are served", path.display()
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
}

/// What tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// The state in which a file was read, and its bytes while somebody holds them.
type Cache = HashMap<PathBuf, (Stamp, Weak<[u8]>)>;

/// A plain folder. Files are read whole when they are asked for, and phones that ask for
/// the same file at the same time share its bytes.
#[derive(Debug)]
pub struct ServedFolder {
    /// Canonical: no link, no `..`.
    root: PathBuf,
    cache: Mutex<Cache>,
}

impl ServedFolder {
    /// Takes a folder, which may be reached over a link.
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

    /// The folder, without links.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What lies at its top level, in order; of a very large folder a part.
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

    /// The file that a name on the wire means, in sub-folders too. The exact name goes
    /// before one that differs in case only. `None` for what is not there, is no regular
    /// file, or does not lie below the folder once links are followed.
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
        // From here on the path has no link in it.
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
            let stamp = Stamp::of(&metadata);
            if !self.is_still_there(path, stamp) {
                continue;
            }
            if stamp.size > MAX_FOLDER_FILE_BYTES {
                return Err(ServedFolderError::TooLarge {
                    path: path.to_owned(),
                    bytes: stamp.size,
                });
            }
            if let Some(bytes) = self.cached(path, stamp) {
                return Ok(Some(bytes));
            }
            let error = |source| ServedFolderError::Io {
                path: path.to_owned(),
                source,
            };
            let bytes = read_bounded(&file, stamp.size).map_err(error)?;
            let fresh = is_fresh(&metadata);
            let whole = bytes.len() as u64 == stamp.size
                && Stamp::of(&file.metadata().map_err(error)?) == stamp
                && (!fresh || reads_the_same(path, &bytes));
            if !whole {
                continue;
            }
            let bytes: Arc<[u8]> = bytes.into();
            if !fresh {
                self.remember(path, stamp, &bytes);
            }
            return Ok(Some(bytes));
        }
        Err(ServedFolderError::Changing {
            path: path.to_owned(),
        })
    }

    /// Between the look at a path and its opening, a folder in it can become a link. What
    /// was opened counts only if it still is what the path, without links, leads to.
    fn is_still_there(&self, path: &Path, stamp: Stamp) -> bool {
        fs::canonicalize(path).is_ok_and(|now| now.starts_with(&self.root) && now == path)
            && path
                .symlink_metadata()
                .is_ok_and(|now| Stamp::of(&now) == stamp)
    }

    fn cached(&self, path: &Path, stamp: Stamp) -> Option<Arc<[u8]>> {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, bytes) = cache.get(path)?;
        bytes.upgrade().filter(|_| *of == stamp)
    }

    fn remember(&self, path: &Path, stamp: Stamp, bytes: &Arc<[u8]>) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= PRUNE_AT {
            cache.retain(|_, (_, bytes)| bytes.strong_count() > 0);
        }
        cache.insert(path.to_owned(), (stamp, Arc::downgrade(bytes)));
    }
}

fn reads_the_same(path: &Path, bytes: &[u8]) -> bool {
    open_regular(path)
        .and_then(|(file, _)| read_bounded(&file, bytes.len() as u64))
        .is_ok_and(|again| again == bytes)
}

/// The parts of a name on the wire, when it is a way down and nothing else.
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

/// The entry `part` of `folder`, or the one that differs in case only; of several, the
/// first by byte order.
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

/// Tells "no such file", in all its forms, from "it is there and cannot be read".
fn absent<T>(path: &Path, source: io::Error) -> Result<Option<T>, ServedFolderError> {
    match source.kind() {
        io::ErrorKind::NotFound
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::IsADirectory
        | io::ErrorKind::InvalidInput
        | io::ErrorKind::InvalidFilename => Ok(None),
        // Links that lead in a circle; O_NOFOLLOW met a link; a socket.
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

/// Whether the file may have been written so recently that its stamp cannot tell.
fn is_fresh(metadata: &Metadata) -> bool {
    metadata.modified().is_ok_and(|modified| {
        SystemTime::now()
            .duration_since(modified)
            // Stamps from the future tell nothing either.
            .map_or(true, |age| age < STAMP)
    })
}

#[cfg(test)]
mod tests;
