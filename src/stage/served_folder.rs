//! A folder that is served as it is: read-only, regular files only, and nothing outside it.

use std::{
    collections::HashMap,
    fs::{self, File, Metadata},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::SystemTime,
};

use nix::sys::resource::{Resource, getrlimit};

use self::{disk_file::TIMESTAMP_RESOLUTION, read_thread::ReadThread};
pub use self::{
    disk_file::{DiskFile, DiskRead},
    error::ServedFolderError,
};
use super::{
    open_file::OpenFile,
    read_file::{open_regular, read_bounded},
    staged_file::StagedFile,
};
use crate::bundle::FileVersion;

mod disk_file;
mod error;
mod read_thread;

/// The largest file, in bytes, that is read at once when it is requested: a configuration. A larger
/// one is read in parts while it is sent.
pub const READ_WHOLE_BYTES: u64 = 64 * 1024;

/// Maximum number of larger files that are open at once; an eighth of this process's file descriptors
/// if that is less. Transfers of one file share its descriptor.
pub const MAX_OPEN_FILES: usize = 256;

/// The number of names in a folder that are compared when only the case differs. In a larger
/// folder, a phone must request the exact name.
pub const MAX_FOLDER_ENTRIES: usize = 10_000;

/// How often a file that changes while it is read is read again.
const ATTEMPTS: u32 = 3;

/// A plain folder. Configurations are read when they are requested, larger files in parts while they
/// are sent.
#[derive(Debug)]
pub struct ServedFolder {
    /// Canonical: without links and `..`.
    root: PathBuf,
    thread: Arc<ReadThread>,
    /// The larger files that are open.
    open: Mutex<HashMap<PathBuf, Weak<DiskFile>>>,
    max_open: usize,
}

/// What was found under a path.
enum Found {
    Small(Arc<[u8]>),
    Large(Arc<DiskFile>),
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
        let (descriptors, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((u64::MAX, u64::MAX));
        Ok(Self {
            root,
            thread: Arc::default(),
            open: Mutex::default(),
            max_open: usize::try_from(descriptors / 8)
                .map_or(MAX_OPEN_FILES, |eighth| eighth.min(MAX_OPEN_FILES)),
        })
    }

    /// Reads no more, like a disk that does not answer.
    #[cfg(test)]
    pub(crate) fn stop_reading(&self) {
        self.thread.stop();
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
    /// The file exists but cannot be read or keeps changing, or too many others are open.
    pub fn resolve(&self, name: &str) -> Result<Option<OpenFile>, ServedFolderError> {
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
        let Some(found) = self.read(&path)? else {
            return Ok(None);
        };
        let staged = path.strip_prefix(&self.root).unwrap_or(&path);
        let name: Arc<str> = staged.to_string_lossy().into();
        Ok(Some(match found {
            Found::Small(bytes) => StagedFile { name, bytes }.into(),
            Found::Large(file) => OpenFile::on_disk(name, file),
        }))
    }

    fn read(&self, path: &Path) -> Result<Option<Found>, ServedFolderError> {
        for _ in 0..ATTEMPTS {
            let (file, metadata) = match open_regular(path) {
                Ok(opened) => opened,
                Err(source) => return absent(path, source),
            };
            let version = FileVersion::of(&metadata);
            if !self.is_still_there(path, version) {
                continue;
            }
            if version.size > READ_WHOLE_BYTES {
                return self
                    .share(path, file, &metadata)
                    .map(Found::Large)
                    .map(Some);
            }
            let error = |source| ServedFolderError::Io {
                path: path.to_owned(),
                source,
            };
            let bytes = read_bounded(&file, version.size).map_err(error)?;
            let whole = bytes.len() as u64 == version.size
                && FileVersion::of(&file.metadata().map_err(error)?) == version
                && (!is_fresh(&metadata) || reads_the_same(path, &bytes));
            if whole {
                return Ok(Some(Found::Small(bytes.into())));
            }
        }
        Err(ServedFolderError::Changing {
            path: path.to_owned(),
        })
    }

    /// The file as other transfers have it open, or this one.
    fn share(
        &self,
        path: &Path,
        file: File,
        metadata: &Metadata,
    ) -> Result<Arc<DiskFile>, ServedFolderError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let known = open.get(path).and_then(Weak::upgrade);
        if let Some(known) = known
            && known.version() == FileVersion::of(metadata)
        {
            return Ok(known);
        }
        open.retain(|_, file| file.strong_count() > 0);
        if open.len() >= self.max_open {
            return Err(ServedFolderError::TooManyOpen {
                path: path.to_owned(),
                limit: self.max_open,
            });
        }
        let thread = Arc::clone(&self.thread);
        let file = Arc::new(DiskFile::new(thread, file, path.to_owned(), metadata));
        open.insert(path.to_owned(), Arc::downgrade(&file));
        Ok(file)
    }

    /// Before the file was opened, a folder of the path may have been replaced by a link. The
    /// file is accepted only if the canonical path still leads to it.
    fn is_still_there(&self, path: &Path, version: FileVersion) -> bool {
        fs::canonicalize(path).is_ok_and(|now| now.starts_with(&self.root) && now == path)
            && path
                .symlink_metadata()
                .is_ok_and(|now| FileVersion::of(&now) == version)
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
