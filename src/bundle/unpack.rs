//! Unpacks an examined bundle, and checks that it still is what was examined.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use super::{
    Bundle, BundleError, Member, Verdict,
    container::{self, Container, Item, Stop, Visit},
    digest::hex,
    examine::{Opened, io_error, open},
    gather::{is_archive, is_installer},
};

pub(super) fn unpack(bundle: &Bundle, folder: &Path) -> Result<(), BundleError> {
    if !matches!(
        bundle.verdict,
        Verdict::Known | Verdict::Genuine | Verdict::Intact
    ) {
        return Err(BundleError::NotUsable {
            path: bundle.path.clone(),
            verdict: bundle.verdict,
        });
    }
    let mut to = Unpack {
        bundle,
        to: folder,
        wanted: bundle
            .members
            .iter()
            .map(|member| (member.name.as_str(), member))
            .collect(),
        current: None,
        written: Vec::new(),
        error: None,
    };
    let outcome = write_all(bundle, &mut to);
    if outcome.is_err() {
        for path in to.written {
            // What matters is the first error; a file that cannot be removed now is in a
            // folder that its owner clears.
            let _ = fs::remove_file(path);
        }
    }
    outcome
}

fn write_all(bundle: &Bundle, to: &mut Unpack<'_>) -> Result<(), BundleError> {
    let path = &bundle.origin.file;
    let opened = open(path)?;
    let outer = match &opened {
        Opened::File(file, length) => Container::File(file, *length),
        Opened::Folder => Container::Folder(path),
    };
    let walked = match &bundle.origin.archive {
        None => container::walk(outer, to),
        Some(archive) => {
            let mut spool = Spool {
                archive,
                file: None,
                open: false,
            };
            match container::walk(outer, &mut spool) {
                Ok(()) | Err(Stop::Enough) => {}
                Err(stop) => return Err(stopped(bundle, stop)),
            }
            let Some(file) = spool.file else {
                return Err(changed(bundle, format!("{archive} is not in it any more")));
            };
            let length = file
                .metadata()
                .map_err(|error| io_error(path, error))?
                .len();
            container::walk(Container::File(&file, length), to)
        }
    };
    if let Some(error) = to.error.take() {
        return Err(error);
    }
    walked.map_err(|stop| stopped(bundle, stop))?;
    match to.wanted.keys().next() {
        Some(name) => Err(changed(bundle, format!("{name} is not in it any more"))),
        None => Ok(()),
    }
}

fn changed(bundle: &Bundle, what: String) -> BundleError {
    BundleError::Changed {
        path: bundle.path.clone(),
        what,
    }
}

fn stopped(bundle: &Bundle, stop: Stop) -> BundleError {
    match stop {
        Stop::Io(source) => io_error(&bundle.path, source),
        Stop::Flaw(_, problem) => changed(bundle, problem.message),
        Stop::Enough => changed(
            bundle,
            "its members are not those that were examined".to_owned(),
        ),
    }
}

/// Writes the members of one bundle.
struct Unpack<'b> {
    bundle: &'b Bundle,
    to: &'b Path,
    /// What is not written yet.
    wanted: HashMap<&'b str, &'b Member>,
    current: Option<Current<'b>>,
    written: Vec<PathBuf>,
    error: Option<BundleError>,
}

struct Current<'b> {
    member: &'b Member,
    path: PathBuf,
    file: File,
    sha256: Sha256,
}

impl Unpack<'_> {
    fn fail(&mut self, error: BundleError) -> Stop {
        self.error = Some(error);
        Stop::Enough
    }
}

impl Visit for Unpack<'_> {
    fn begin(&mut self, item: &Item) -> Result<(), Stop> {
        let name = item.place.name.as_str();
        // Archives within the container are other bundles.
        if item.place.folder != self.bundle.origin.folder || is_archive(name) || is_installer(name)
        {
            return Ok(());
        }
        let Some(member) = self
            .wanted
            .remove(name)
            .filter(|member| member.size == item.size)
        else {
            let what = "its members are not those that were examined".to_owned();
            return Err(self.fail(changed(self.bundle, what)));
        };
        // A place's name is always a plain base name.
        let path = self.to.join(name);
        let file = create(&path).map_err(|source| {
            self.fail(BundleError::Write {
                path: path.clone(),
                source,
            })
        })?;
        self.written.push(path.clone());
        self.current = Some(Current {
            member,
            path,
            file,
            sha256: Sha256::new(),
        });
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Stop> {
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

    fn end(&mut self, fault: Option<String>) -> Result<(), Stop> {
        let Some(current) = self.current.take() else {
            return Ok(());
        };
        let name = &current.member.name;
        if let Some(why) = fault {
            return Err(self.fail(changed(self.bundle, format!("{name}: {why}"))));
        }
        if hex(&current.sha256.finalize()) != current.member.sha256 {
            return Err(self.fail(changed(self.bundle, format!("{name} has other bytes now"))));
        }
        Ok(())
    }
}

/// Copies one archive in a container to a file without a name.
struct Spool<'b> {
    archive: &'b str,
    file: Option<File>,
    open: bool,
}

impl Visit for Spool<'_> {
    fn begin(&mut self, item: &Item) -> Result<(), Stop> {
        self.open = item.place.path() == self.archive;
        if self.open {
            self.file = Some(tempfile::tempfile()?);
        }
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        if let (true, Some(file)) = (self.open, &mut self.file) {
            file.write_all(bytes)?;
        }
        Ok(())
    }

    fn end(&mut self, fault: Option<String>) -> Result<(), Stop> {
        if self.open && fault.is_some() {
            self.file = None;
        }
        self.open = false;
        Ok(())
    }
}

/// A file that was not there: an existing one, or a link of that name, is an error.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
