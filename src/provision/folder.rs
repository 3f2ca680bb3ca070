//! The folder that files are written to, one run after another.
//!
//! A run writes into a folder that is new, or empty, or an earlier run's: that has a list of
//! what was written (`files.sha256`). A file that somebody changed since is not touched and
//! the run refused; a file of ours that is no longer wanted is taken away; files of others stay.
//! Folders are for their owner alone (0700), files too (0600): there are passwords in them.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use super::{
    output::OutputFile,
    passwords::{Passwords, PasswordsFileError},
};
use crate::stage::sha256;

mod error;

pub use error::FolderError;

/// The list of what was written, as `sha256sum` writes it.
const LIST: &str = "files.sha256";
/// The passwords that were made.
const PASSWORDS: &str = "secrets.toml";

/// Bytes of the list and of the passwords at most: 4,096 phones of 24 lines are 8 MB.
const MAX_OWN_BYTES: u64 = 16 * 1024 * 1024;
/// Bytes of a file that is compared at most; more is no file of ours but firmware, whose own
/// limit is below.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// A folder that can be written to.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// By path below the folder: the SHA-256 of what an earlier run wrote.
    list: BTreeMap<String, String>,
    passwords: Passwords,
    is_new: bool,
    force: bool,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct WrittenFile {
    /// Below the folder.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// 64 lower-case hex digits.
    pub sha256: String,
}

/// How a folder was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteSummary {
    /// All files, by path.
    pub entries: Vec<WrittenFile>,
    /// Files of an earlier run that are not wanted any more and are gone.
    pub removed: Vec<String>,
    /// The same, but somebody changed them: they stay and are not on the list any more.
    pub left: Vec<String>,
}

impl Folder {
    /// Looks at a folder; nothing is written. `force` takes a folder that has other files, and
    /// writes over files of ours that somebody changed.
    pub fn open(path: &Path, force: bool) -> Result<Self, FolderError> {
        let mut folder = Self {
            path: path.to_owned(),
            list: BTreeMap::new(),
            passwords: Passwords::default(),
            is_new: false,
            force,
        };
        let mut entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            // A link that leads nowhere is there, and no folder.
            Err(error)
                if error.kind() == io::ErrorKind::NotFound && path.symlink_metadata().is_err() =>
            {
                folder.is_new = true;
                return Ok(folder);
            }
            Err(error) => return Err(FolderError::io("read", path)(error)),
        };
        let is_empty = entries.next().is_none();
        let list = folder.own(LIST)?;
        let passwords = folder.own(PASSWORDS)?;
        if !is_empty && list.is_none() && !force {
            return Err(FolderError::NotOurs {
                path: path.to_owned(),
            });
        }
        if let Some(text) = list {
            folder.list = read_list(&text).ok_or_else(|| FolderError::List {
                path: path.join(LIST),
            })?;
        }
        if let Some(text) = passwords {
            folder.passwords =
                Passwords::from_toml(&text).map_err(|PasswordsFileError(source)| {
                    FolderError::Passwords {
                        path: path.join(PASSWORDS),
                        what: source,
                    }
                })?;
        }
        Ok(folder)
    }

    /// The passwords that earlier runs made.
    #[must_use]
    pub fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    /// Writes the files and the passwords. What stands in the way is found before the first
    /// byte is written; each file is written beside its place and moved there.
    pub fn write(
        &self,
        files: &[OutputFile],
        passwords: &Passwords,
    ) -> Result<WriteSummary, FolderError> {
        let mut all: Vec<OutputFile> = files.to_vec();
        all.push(OutputFile {
            path: PASSWORDS.to_owned(),
            bytes: passwords.to_toml().into_bytes(),
        });
        if !self.is_new {
            for file in all.iter().filter(|file| file.path != PASSWORDS) {
                self.may_replace(file)?;
            }
            return self.write_below(&self.path, &mut all);
        }
        let parent = match self.path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        // ProvisionOutput beside its place and moved whole.
        let building = tempfile::Builder::new()
            .prefix(".reflash-provision-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(parent)
            .map_err(FolderError::io("create a folder in", parent))?;
        let written = self.write_below(building.path(), &mut all)?;
        fs::rename(building.path(), &self.path).map_err(FolderError::io("create", &self.path))?;
        // It has another name now: there is nothing left to remove.
        let _ = building.keep();
        Ok(written)
    }

    fn own(&self, name: &str) -> Result<Option<String>, FolderError> {
        let path = self.path.join(name);
        let Some(bytes) = read_regular(&path, MAX_OWN_BYTES)? else {
            return Ok(None);
        };
        String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| FolderError::List { path })
    }

    /// Whether what lies at a file's place is ours, or what would be written anyway.
    fn may_replace(&self, file: &OutputFile) -> Result<(), FolderError> {
        let path = self.path.join(&file.path);
        let Some(there) = read_regular(&path, MAX_FILE_BYTES)? else {
            return Ok(());
        };
        let digest = sha256(&there);
        let is_ours = self.list.get(&file.path) == Some(&digest);
        if is_ours || there == file.bytes || self.force {
            Ok(())
        } else {
            Err(FolderError::Changed { path })
        }
    }

    fn write_below(
        &self,
        root: &Path,
        files: &mut Vec<OutputFile>,
    ) -> Result<WriteSummary, FolderError> {
        let mut written = WriteSummary {
            entries: files.iter().map(entry).collect(),
            ..WriteSummary::default()
        };
        written.entries.sort_by(|a, b| a.path.cmp(&b.path));
        let gone = self
            .list
            .iter()
            .filter(|(path, _)| files.iter().all(|f| f.path != **path));
        let gone: Vec<_> = gone.map(|(path, digest)| (path.clone(), digest)).collect();
        let mut list = String::new();
        // The passwords are kept even when somebody corrects them.
        for entry in written
            .entries
            .iter()
            .filter(|entry| entry.path != PASSWORDS)
        {
            // Writing to a String does not fail.
            let _ = writeln!(list, "{}  {}", entry.sha256, entry.path);
        }
        // The passwords are written first, so that none is lost; the list last.
        files.rotate_right(1);
        files.push(OutputFile {
            path: LIST.to_owned(),
            bytes: list.into_bytes(),
        });
        let mut temporary = Vec::new();
        if let Err(error) = put(root, files, &mut temporary) {
            for beside in temporary {
                // What cannot be removed either is beside the point of the error.
                let _ = fs::remove_file(beside);
            }
            return Err(error);
        }
        for (path, digest) in gone {
            let place = root.join(&path);
            match read_regular(&place, MAX_FILE_BYTES)? {
                Some(there) if sha256(&there) == *digest => {
                    fs::remove_file(&place).map_err(FolderError::io("remove", &place))?;
                    written.removed.push(path);
                }
                Some(_) => written.left.push(path),
                None => {}
            }
        }
        Ok(written)
    }
}

/// Writes every file beside its place, then moves all of them there. `temporary` has what
/// lies beside at any time.
fn put(root: &Path, files: &[OutputFile], temporary: &mut Vec<PathBuf>) -> Result<(), FolderError> {
    for file in files {
        make_folders(root, &file.path)?;
        let beside = beside(&root.join(&file.path));
        temporary.push(beside.clone());
        write_new(&beside, &file.bytes).map_err(FolderError::io("write", &beside))?;
    }
    for file in files {
        let place = root.join(&file.path);
        fs::rename(beside(&place), &place).map_err(FolderError::io("write", &place))?;
    }
    Ok(())
}

fn entry(file: &OutputFile) -> WrittenFile {
    WrittenFile {
        path: file.path.clone(),
        size: file.bytes.len() as u64,
        sha256: sha256(&file.bytes),
    }
}

/// `digest  path` lines. A path is below the folder, whatever somebody wrote there.
fn read_list(text: &str) -> Option<BTreeMap<String, String>> {
    let line = |line: &str| {
        let (digest, path) = line.split_once("  ")?;
        let good = digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
        let below = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        (good && below).then(|| (path.to_owned(), digest.to_owned()))
    };
    text.lines().map(line).collect()
}

/// A regular file's bytes; `None` where nothing is. A link is refused: it could lead to any
/// file of this user's.
fn read_regular(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, FolderError> {
    let metadata = match path.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(FolderError::io("read", path)(error)),
    };
    if !metadata.is_file() || metadata.len() > limit {
        return Err(FolderError::NotAFile {
            path: path.to_owned(),
        });
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(FolderError::io("read", path))?;
    Ok(Some(bytes))
}

/// The folders above a file, below the root; a link among them is refused.
fn make_folders(root: &Path, path: &str) -> Result<(), FolderError> {
    let mut folder = root.to_owned();
    if !folder.exists() {
        create_folder(&folder)?;
    }
    let Some((above, _)) = path.rsplit_once('/') else {
        return Ok(());
    };
    for part in above.split('/') {
        folder.push(part);
        match folder.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Err(FolderError::NotAFolder { path: folder }),
            Err(_) => create_folder(&folder)?,
        }
    }
    Ok(())
}

fn create_folder(folder: &Path) -> Result<(), FolderError> {
    DirBuilder::new()
        .mode(0o700)
        .create(folder)
        .map_err(FolderError::io("create", folder))
}

/// Beside a file, under a name that no phone asks for.
fn beside(place: &Path) -> PathBuf {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    place.with_file_name(format!(".{name}.new"))
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A run that was killed may have left one.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
