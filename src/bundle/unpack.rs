//! Unpacks an examined bundle and checks that it has not changed since.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use super::{
    container::{self, Container},
    error::BundleError,
    file_kinds::is_archive,
    hex,
    source::{OpenedSource, open},
    stop::WalkStop,
    types::{Bundle, Member, Verdict},
    visitor::{EntryInfo, Visitor},
};

impl Bundle {
    /// Unpacks every member that phones are served into `folder`, which must be empty.
    ///
    /// Sizes and digests are compared with those of the examination. Files are created under
    /// plain base names and (on Unix) readable by this user only. After an error, the files
    /// written so far are removed.
    ///
    /// # Errors
    ///
    /// The verdict does not allow it, the file changed since it was examined, or reading or
    /// writing fails.
    pub fn unpack(&self, folder: &Path) -> Result<(), BundleError> {
        unpack(self, folder)
    }
}

fn unpack(bundle: &Bundle, folder: &Path) -> Result<(), BundleError> {
    if !matches!(
        bundle.verdict,
        Verdict::Known | Verdict::Genuine | Verdict::Intact
    ) {
        return Err(BundleError::NotUsable {
            path: bundle.path.clone(),
            verdict: bundle.verdict,
        });
    }
    let mut writer = MemberWriter {
        bundle,
        to: folder,
        pending: bundle
            .members
            .iter()
            .filter(|member| !member.served_as.is_empty())
            .map(|member| (member.name.as_str(), member))
            .collect(),
        current: None,
        written: Vec::new(),
        error: None,
    };
    let outcome = write_members(bundle, &mut writer);
    if outcome.is_err() {
        for path in writer.written {
            // Only the first error matters: the caller removes the folder.
            let _ = fs::remove_file(path);
        }
    }
    outcome
}

fn write_members(bundle: &Bundle, writer: &mut MemberWriter<'_>) -> Result<(), BundleError> {
    let path = &bundle.location.file;
    let opened = open(path)?;
    let outer = match &opened {
        OpenedSource::File(file, length) => Container::File(file, *length),
        OpenedSource::Folder => Container::Folder(path),
    };
    let walked = match &bundle.location.archive {
        None => container::walk(outer, writer),
        Some(archive) => {
            let mut copy = ArchiveCopy {
                archive,
                file: None,
                open: false,
            };
            match container::walk(outer, &mut copy) {
                Ok(()) | Err(WalkStop::Done) => {}
                Err(stop) => return Err(walk_error(bundle, stop)),
            }
            let Some(file) = copy.file else {
                return Err(changed(bundle, format!("{archive} is missing now")));
            };
            let length = file.metadata().map_err(BundleError::io(path))?.len();
            container::walk(Container::File(&file, length), writer)
        }
    };
    if let Some(error) = writer.error.take() {
        return Err(error);
    }
    walked.map_err(|stop| walk_error(bundle, stop))?;
    match writer.pending.keys().next() {
        Some(name) => Err(changed(bundle, format!("{name} is missing now"))),
        None => Ok(()),
    }
}

fn changed(bundle: &Bundle, what: String) -> BundleError {
    BundleError::Changed {
        path: bundle.path.clone(),
        what,
    }
}

fn walk_error(bundle: &Bundle, stop: WalkStop) -> BundleError {
    match stop {
        WalkStop::Io(source) => BundleError::io(&bundle.path)(source),
        WalkStop::Invalid(_, problem) => changed(bundle, problem.message),
        WalkStop::Done => changed(
            bundle,
            "its members are not those that were examined".to_owned(),
        ),
    }
}

/// Writes the members of one bundle.
struct MemberWriter<'b> {
    bundle: &'b Bundle,
    to: &'b Path,
    /// Members that are not written yet.
    pending: HashMap<&'b str, &'b Member>,
    current: Option<UnpackedFile<'b>>,
    written: Vec<PathBuf>,
    error: Option<BundleError>,
}

struct UnpackedFile<'b> {
    member: &'b Member,
    path: PathBuf,
    file: File,
    sha256: Sha256,
}

impl MemberWriter<'_> {
    fn fail(&mut self, error: BundleError) -> WalkStop {
        self.error = Some(error);
        WalkStop::Done
    }
}

impl Visitor for MemberWriter<'_> {
    fn begin(&mut self, entry: &EntryInfo) -> Result<(), WalkStop> {
        let name = entry.path.name.as_str();
        // Nested archives are separate bundles.
        if entry.path.folder != self.bundle.location.folder
            || entry.path.skip.is_some()
            || is_archive(name)
        {
            return Ok(());
        }
        // Files that are not served stay where they are.
        let Some(member) = self.pending.remove(name) else {
            return Ok(());
        };
        if member.size != entry.size {
            let what = "its members are not those that were examined".to_owned();
            return Err(self.fail(changed(self.bundle, what)));
        }
        // An entry's name is always a plain base name.
        let path = self.to.join(name);
        let file = create(&path).map_err(|source| {
            self.fail(BundleError::Write {
                path: path.clone(),
                source,
            })
        })?;
        self.written.push(path.clone());
        self.current = Some(UnpackedFile {
            member,
            path,
            file,
            sha256: Sha256::new(),
        });
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), WalkStop> {
        let Some(current) = &mut self.current else {
            return Ok(());
        };
        current.sha256.update(bytes);
        if let Err(source) = current.file.write_all(bytes) {
            let path = current.path.clone();
            return Err(self.fail(BundleError::Write { path, source }));
        }
        Ok(())
    }

    fn end(&mut self, error: Option<String>) -> Result<(), WalkStop> {
        let Some(current) = self.current.take() else {
            return Ok(());
        };
        let name = &current.member.name;
        if let Some(why) = error {
            return Err(self.fail(changed(self.bundle, format!("{name}: {why}"))));
        }
        if hex::encode(&current.sha256.finalize()) != current.member.sha256 {
            return Err(self.fail(changed(
                self.bundle,
                format!("{name} has different bytes now"),
            )));
        }
        Ok(())
    }
}

/// Copies a nested archive to an unnamed temporary file.
struct ArchiveCopy<'b> {
    archive: &'b str,
    file: Option<File>,
    open: bool,
}

impl Visitor for ArchiveCopy<'_> {
    fn begin(&mut self, entry: &EntryInfo) -> Result<(), WalkStop> {
        self.open = entry.path.full() == self.archive;
        if self.open {
            self.file = Some(tempfile::tempfile()?);
        }
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), WalkStop> {
        if let (true, Some(file)) = (self.open, &mut self.file) {
            file.write_all(bytes)?;
        }
        Ok(())
    }

    fn end(&mut self, error: Option<String>) -> Result<(), WalkStop> {
        if self.open && error.is_some() {
            self.file = None;
        }
        self.open = false;
        Ok(())
    }
}

/// Creates a file. It is an error if a file or link of that name exists.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
