//! From a path to verdicts.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    thread,
};

use super::{
    Bundle, BundleError, Checksum, Digests, ExamineOptions, Origin, Verdict,
    archive::FILE_LIMIT,
    catalogue,
    container::{self, At, Container, Stop, flaw},
    digest,
    gather::Gather,
};

/// Reads a file or folder and judges every bundle in it: one, if it is a bundle itself;
/// else one for each folder with firmware and each archive in it. Anything wrong *in* a
/// file is a verdict, not an error. Memory stays bounded whatever the file's size is, and
/// nothing is written but archives within archives, to temporary files without a name.
pub fn examine(path: &Path, expectation: &ExamineOptions) -> Result<Vec<Bundle>, BundleError> {
    let origin = Origin {
        file: path.to_owned(),
        ..Origin::default()
    };
    if let Opened::File(file, length) = open(path)? {
        return in_file(path, &file, length, expectation, &origin);
    }
    let gathered = gather(Container::Folder(path), expectation, &origin);
    gathered
        .map_err(|error| io_error(path, error))?
        .bundles(path, &origin, &Seen::default())
}

/// What is known of a file as a whole before its members are judged.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) digests: Option<Digests>,
    pub(super) catalogue: Option<super::CatalogueMatch>,
    /// It is in the catalogue, or has a checksum that was given.
    pub(super) known: bool,
}

impl Seen {
    fn new(digests: Digests, length: u64, expectation: &ExamineOptions) -> Self {
        let catalogue = catalogue::find(length, &digests);
        let said = |checksum: &Checksum| checksum.equals(&digests);
        Self {
            known: catalogue.is_some() || expectation.checksums.iter().any(said),
            catalogue,
            digests: Some(digests),
        }
    }
}

fn in_file(
    path: &Path,
    file: &File,
    length: u64,
    expectation: &ExamineOptions,
    origin: &Origin,
) -> Result<Vec<Bundle>, BundleError> {
    let fail = |error| io_error(path, error);
    if length > FILE_LIMIT {
        let message = format!("{length} bytes; the largest file that is read has {FILE_LIMIT}");
        let flaw = flaw(Verdict::Refused, "over-limit", None, message);
        return Ok(vec![
            Bundle::of(path, origin, &Seen::default())
                .ended(flaw)
                .map_err(fail)?,
        ]);
    }
    let before = file.metadata().and_then(|meta| meta.modified()).ok();
    if length == 0 {
        // Some files of the system say so and can be read, or not even that.
        let mut byte = [0];
        (&mut &*file).read(&mut byte).map_err(fail)?;
    }
    let (hashed, gathered) = thread::scope(|scope| {
        let hashing = digest::begin(scope, At::new(file, 0, length));
        let gathered = gather(Container::File(file, length), expectation, origin);
        (hashing.finish(), gathered)
    });
    let hashed = hashed.map_err(fail)?;
    let after = file.metadata().map_err(fail)?;
    let same = after.len() == length && after.modified().ok() == before;
    let Some((digests, _)) = hashed.filter(|(_, read)| same && *read == length) else {
        return Err(BundleError::Changed {
            path: path.to_owned(),
            what: "its size or time of change is not what it was at the start".to_owned(),
        });
    };
    let seen = Seen::new(digests, length, expectation);
    gathered.map_err(fail)?.bundles(path, origin, &seen)
}

fn gather(
    container: Container<'_>,
    expectation: &ExamineOptions,
    origin: &Origin,
) -> io::Result<Gather> {
    let mut gather = Gather::new(expectation, origin.archive.is_some());
    let empty = matches!(container, Container::File(_, 0));
    let walked = if empty {
        Err(flaw(
            Verdict::Damaged,
            "empty-file",
            None,
            "the file is empty",
        ))
    } else {
        container::walk(container, &mut gather)
    };
    match walked {
        Err(Stop::Io(error)) => return Err(error),
        Err(Stop::Flaw(verdict, problem)) => gather.flawed(verdict, *problem),
        Ok(()) | Err(Stop::Enough) => {}
    }
    Ok(gather)
}

/// Examines an archive that was in another one and lies in a file of its own now.
pub(super) fn nested(
    outer: &Path,
    archive: &str,
    file: &File,
    length: u64,
    expectation: &ExamineOptions,
) -> Result<Vec<Bundle>, BundleError> {
    let origin = Origin {
        file: outer.to_owned(),
        archive: Some(archive.to_owned()),
        ..Origin::default()
    };
    in_file(&inside(outer, archive), file, length, expectation, &origin)
}

/// How a bundle within a file is called: `outer.zip!inner.tar`.
pub(super) fn inside(outer: &Path, inner: &str) -> PathBuf {
    let mut path = outer.as_os_str().to_owned();
    path.push("!");
    path.push(inner);
    path.into()
}

/// The checksums that none of these bundles has, nor the file that it is in. With one
/// BUNDLE on the command line each is a [`Bundle::set_checksum_mismatch`]; of several, nobody knows
/// which one is wrong.
#[must_use]
pub fn unmatched_checksums<'e>(
    bundles: &[Bundle],
    expectation: &'e ExamineOptions,
) -> Vec<&'e Checksum> {
    let has = |bundle: &Bundle, checksum: &Checksum| {
        [&bundle.digests, &bundle.origin.outer]
            .into_iter()
            .flatten()
            .any(|own| checksum.equals(own))
    };
    expectation
        .checksums
        .iter()
        .filter(|checksum| !bundles.iter().any(|bundle| has(bundle, checksum)))
        .collect()
}

/// What a path names.
pub(super) enum Opened {
    File(File, u64),
    Folder,
}

/// Opens a regular file, and gives its length; or says that it is a folder.
pub(super) fn open(path: &Path) -> Result<Opened, BundleError> {
    let fail = |error| io_error(path, error);
    // Looked at before it is opened: opening a pipe would wait for a writer.
    let kind = fs::metadata(path).map_err(fail)?;
    if kind.is_dir() {
        return Ok(Opened::Folder);
    }
    if !kind.is_file() {
        return Err(BundleError::NotAFile {
            path: path.to_owned(),
        });
    }
    let file = File::open(path).map_err(fail)?;
    let length = file.metadata().map_err(fail)?.len();
    Ok(Opened::File(file, length))
}

pub(super) fn io_error(path: &Path, source: io::Error) -> BundleError {
    BundleError::Io {
        path: path.to_owned(),
        source,
    }
}
