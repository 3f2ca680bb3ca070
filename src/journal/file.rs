//! The file of a journal: created or continued, locked, with its first line on disk. This comes
//! before the process drops its privileges; the threads that write start after.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufReader},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;

use super::{
    JournalError, JournalErrorKind, JournalHeader, Network, RecordedRun, SCHEMA, Session, Sessions,
    disk::{Disk as _, OnDisk},
    header::program,
    line::{LineContent, line},
    read,
};

/// The open and locked file of a journal, to which nothing is written yet but its first line.
#[derive(Debug)]
pub struct JournalFile {
    pub(super) path: PathBuf,
    pub(super) sessions: Sessions,
    pub(super) disk: OnDisk,
}

/// Creates the folder of a new journal, accessible by this user only.
fn make_folder(path: &Path) -> io::Result<()> {
    let Some(folder) = path.parent().filter(|folder| *folder != Path::new("")) else {
        return Ok(());
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder)
}

impl JournalFile {
    /// Creates a journal; the header is on disk when this returns. A missing folder is created.
    ///
    /// # Errors
    ///
    /// If the file exists or cannot be written.
    pub fn create(path: &Path, at: Timestamp, header: JournalHeader) -> Result<Self, JournalError> {
        let failed = |error: io::Error| {
            let fault = match error.kind() {
                io::ErrorKind::AlreadyExists => JournalErrorKind::Exists,
                _ => JournalErrorKind::Write(error),
            };
            JournalError::new(path, fault)
        };
        make_folder(path).map_err(failed)?;
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).mode(0o600);
        let file = file.open(path).map_err(failed)?;
        lock(path, &file)?;
        let sessions = Sessions::new(at, header.speed);
        let file = Arc::new(file);
        let mut disk = OnDisk { file, end: 0 };
        let header = LineContent::Journal(Box::new(header));
        let written = line(at, header)
            .and_then(|line| disk.append(&line))
            .and_then(|()| disk.file.sync_data());
        // The file name is durable once its folder is synced.
        let synced = written.and_then(|()| match path.parent() {
            Some(folder) if folder != Path::new("") => File::open(folder)?.sync_all(),
            _ => File::open(".")?.sync_all(),
        });
        if let Err(error) = synced {
            // A journal without a header is useless and would block the name.
            let _ = fs::remove_file(path);
            return Err(failed(error));
        }
        Ok(Self {
            path: path.to_owned(),
            sessions,
            disk,
        })
    }

    /// Continues a journal: reads it, cuts off a partial last line, and begins a session at this
    /// time of day.
    ///
    /// # Errors
    ///
    /// If the journal cannot be read or written, is in use, is damaged, or has lines of a newer
    /// version.
    pub fn resume(
        path: &Path,
        at: Timestamp,
        network: Network,
    ) -> Result<(Self, RecordedRun), JournalError> {
        let failed = |fault| JournalError::new(path, fault);
        // Checks that it is a regular file: opening a pipe would block.
        read::read_header(path)?;
        let file = OpenOptions::new().read(true).write(true).open(path);
        let file = file.map_err(|error| failed(JournalErrorKind::Write(error)))?;
        lock(path, &file)?;
        let mut recorded = read::from_reader(BufReader::new(&file)).map_err(failed)?;
        let end = recorded.resumable().map_err(failed)?;
        let file = Arc::new(file);
        let mut disk = OnDisk { file, end };
        let session = LineContent::Session {
            ns: recorded.last,
            schema: SCHEMA,
            program: program(),
            network,
        };
        disk.file
            .set_len(end)
            .and_then(|()| line(at, session))
            .and_then(|line| disk.append(&line))
            .and_then(|()| disk.file.sync_data())
            .map_err(|error| failed(JournalErrorKind::Write(error)))?;
        recorded.sessions.push(Session {
            start: recorded.last,
            at,
        });
        let file = Self {
            path: path.to_owned(),
            sessions: recorded.sessions.clone(),
            disk,
        };
        Ok((file, recorded))
    }

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn lock(path: &Path, file: &File) -> Result<(), JournalError> {
    file.try_lock().map_err(|error| {
        let fault = match error {
            TryLockError::WouldBlock => JournalErrorKind::InUse,
            TryLockError::Error(error) => JournalErrorKind::Write(error),
        };
        JournalError::new(path, fault)
    })
}
