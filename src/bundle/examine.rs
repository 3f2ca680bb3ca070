//! Examines a file or folder and gives a verdict on each bundle in it.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    thread,
};

use super::{
    checksum::Checksum,
    collect::{Collected, CollectedFolder, Collector},
    container::{self, Container},
    contents, digest,
    error::BundleError,
    file_part::FilePart,
    file_version::FileVersion,
    limits::MAX_FILE_BYTES,
    options::ExamineOptions,
    source::{OpenedSource, open},
    standalone::{self, Standalone},
    stop::{WalkStop, invalid},
    types::{Bundle, BundleLocation, Problem, Verdict},
    whole_file::WholeFile,
};
use crate::phone::Unsupported;

/// The first bytes of a file that show what firmware it is.
const MAGIC_BYTES: u64 = 16;

/// Examines a file or folder and returns a verdict on every bundle in it: one if it is a
/// bundle itself, otherwise one for each folder that contains firmware and each nested
/// archive. Anything wrong *in* a file is a verdict, not an error.
///
/// Memory use does not depend on the size of the file. Only nested archives are written, to
/// unnamed temporary files.
///
/// # Examples
///
/// ```
/// use reflash::{
///     bundle::{ExamineOptions, Verdict, examine},
///     phone::Family,
///     simulator::{Sizes, SyntheticBundle, test_key},
/// };
///
/// let folder = tempfile::tempdir()?;
/// let synthetic = SyntheticBundle::new(Family::F45, 1).unwrap().sizes(Sizes::Small);
/// let path = folder.path().join(synthetic.file_name());
/// synthetic.write_zip(&path)?;
///
/// let options = ExamineOptions { trusted: vec![test_key()], ..ExamineOptions::default() };
/// let bundles = examine(&path, &options)?;
/// assert_eq!(bundles.len(), 1);
/// assert_eq!(bundles[0].verdict, Verdict::Genuine);
/// assert_eq!(bundles[0].loads[0].as_str(), "SIP45.9-3-1SR4-1S");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// The path cannot be read, is not a regular file or folder, or changed while it was read.
pub fn examine(path: &Path, options: &ExamineOptions) -> Result<Vec<Bundle>, BundleError> {
    let location = BundleLocation {
        file: path.to_owned(),
        ..BundleLocation::default()
    };
    if let OpenedSource::File(file, length) = open(path)? {
        return examine_file(path, &file, length, options, &location);
    }
    let collected = collect(Container::Folder(path), options, &location);
    let mut found = bundles(
        collected.map_err(BundleError::io(path))?,
        path,
        &location,
        &WholeFile::default(),
        options,
    )?;
    for bundle in &mut found {
        name_locale(bundle);
    }
    Ok(found)
}

fn examine_file(
    path: &Path,
    file: &File,
    length: u64,
    options: &ExamineOptions,
    location: &BundleLocation,
) -> Result<Vec<Bundle>, BundleError> {
    let fail = BundleError::io(path);
    if length > MAX_FILE_BYTES {
        let message = format!("{length} bytes; the limit is {MAX_FILE_BYTES}");
        let stop = invalid(Verdict::Refused, "over-limit", None, message);
        let bundle = Bundle::unassessed(path, location, &WholeFile::default());
        return Ok(vec![bundle.stopped(stop).map_err(fail)?]);
    }
    let before = FileVersion::of(&file.metadata().map_err(&fail)?);
    if length == 0 {
        // Some system files claim to be empty although they are not, or cannot be read.
        let mut byte = [0];
        (&mut &*file).read(&mut byte).map_err(&fail)?;
    }
    let (hashed, collected) = thread::scope(|scope| {
        let hashing = digest::begin(scope, FilePart::new(file, 0, length));
        let collected = collect(Container::File(file, length), options, location);
        (hashing.finish(), collected)
    });
    let hashed = hashed.map_err(&fail)?;
    let same = FileVersion::of(&file.metadata().map_err(&fail)?) == before;
    let Some((digests, _)) = hashed.filter(|(_, read)| same && *read == length) else {
        return Err(BundleError::Changed {
            path: path.to_owned(),
            what: "its size or time of change is not the same as at the start".to_owned(),
        });
    };
    let whole = WholeFile::new(digests, length, options);
    let mut found = bundles(collected.map_err(&fail)?, path, location, &whole, options)?;
    if let Some(kind) = firmware_file(path, file, length).map_err(&fail)? {
        let problems = found.iter_mut().flat_map(|bundle| &mut bundle.problems);
        for problem in problems.filter(|problem| problem.code == "not-an-archive") {
            problem.message = format!(
                "it is firmware for {}, which this program does not convert: {}",
                kind.what,
                kind.why.text()
            );
            kind.why.cure().clone_into(&mut problem.cure);
        }
    }
    for bundle in &mut found {
        name_locale(bundle);
    }
    Ok(found)
}

/// Names the locale files of multiplatform firmware as such: Cisco publishes them under names like
/// those of firmware, `cmterm-68xx_78xx_88xx.12-0-1MPP-245-Locale-1.zip`.
fn name_locale(bundle: &mut Bundle) {
    let name = bundle.path.file_name().unwrap_or_default();
    let name = name.to_string_lossy().to_ascii_lowercase();
    let is_mpp = ["mpp", "3pcc"].iter().any(|mark| name.contains(mark));
    if !is_mpp || !name.contains("locale") {
        return;
    }
    let problems = bundle.problems.iter_mut();
    for problem in problems.filter(|problem| problem.code == "no-firmware") {
        "it has the locale files of multiplatform firmware (MPP), which only phones sold for it \
         (3PCC) read, and no firmware"
            .clone_into(&mut problem.message);
        "Give the firmware bundle of your phones. Phones with enterprise firmware get their locale \
         files from the locale installer of a call manager, or with --add."
            .clone_into(&mut problem.cure);
    }
}

/// What a file is that is all of the firmware of a phone, by its name or its first bytes. Firmware of
/// the 7940 and 7960 is used as a folder.
fn firmware_file(path: &Path, file: &File, length: u64) -> io::Result<Option<Standalone>> {
    let mut start = Vec::new();
    FilePart::new(file, 0, length)
        .take(MAGIC_BYTES)
        .read_to_end(&mut start)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let kind = standalone::of(&name).or_else(|| standalone::of_content(&start, length));
    Ok(kind.filter(|kind| kind.why != Unsupported::BeforeLoader))
}

fn collect(
    container: Container<'_>,
    options: &ExamineOptions,
    location: &BundleLocation,
) -> io::Result<Collected> {
    let is_folder = matches!(container, Container::Folder(_));
    let nested = location.archive.is_some();
    let mut collector = Collector::new(options, nested, location.in_folder, is_folder);
    let empty = matches!(container, Container::File(_, 0));
    let walked = if empty {
        Err(invalid(
            Verdict::Damaged,
            "empty-file",
            None,
            "the file is empty",
        ))
    } else {
        container::walk(container, &mut collector)
    };
    let mut collected = collector.finish();
    match walked {
        Err(WalkStop::Io(error)) => return Err(error),
        Err(WalkStop::Invalid(verdict, problem)) => collected.invalid = Some((verdict, *problem)),
        Ok(()) | Err(WalkStop::Done) => {}
    }
    Ok(collected)
}

/// The bundles in a container.
fn bundles(
    collected: Collected,
    path: &Path,
    location: &BundleLocation,
    whole: &WholeFile,
    options: &ExamineOptions,
) -> Result<Vec<Bundle>, BundleError> {
    if let Some((verdict, problem)) = collected.invalid {
        let mut bundle = Bundle::unassessed(path, location, whole);
        bundle.verdict = verdict;
        bundle.problems.push(problem);
        return Ok(vec![bundle]);
    }
    let is_folder = whole.digests.is_none() && location.archive.is_none();
    let mut bundles = Vec::new();
    for (folder, files) in &collected.folders {
        let mut bundle = Bundle::unassessed(path, location, whole);
        if !folder.is_empty() {
            bundle.path = inside(path, folder, is_folder);
            bundle.location.folder.clone_from(folder);
            bundle.location.outer = bundle.digests.take();
        }
        bundle.assess(contents::conclude(files, &collected.skipped, whole.known));
        name_other_folders(&mut bundle.problems, folder, &collected.folders);
        bundles.push(bundle);
    }
    for (archive, file, size) in collected.archives {
        let inner = inside(path, &archive, is_folder);
        for mut bundle in examine_nested(path, &inner, is_folder, &archive, &file, size, options)? {
            bundle.apply_outer(whole);
            bundles.push(bundle);
        }
    }
    if bundles
        .iter()
        .any(|bundle| bundle.verdict != Verdict::Foreign)
    {
        // Pictures and readme files next to the firmware are not separate bundles.
        bundles.retain(|bundle| bundle.verdict != Verdict::Foreign);
    } else if bundles.is_empty() {
        let mut bundle = Bundle::unassessed(path, location, whole);
        let nothing = CollectedFolder::default();
        bundle.assess(contents::conclude(&nothing, &collected.skipped, false));
        bundles.push(bundle);
    } else {
        bundles.truncate(1);
    }
    if let Some(first) = bundles.first_mut() {
        first
            .problems
            .extend(contents::skip_notes(&collected.skipped));
    }
    Ok(bundles)
}

/// Names the folder that has a missing image, if another one has it.
fn name_other_folders(
    problems: &mut [Problem],
    own: &str,
    folders: &BTreeMap<String, CollectedFolder>,
) {
    for problem in problems {
        let (true, Some(image)) = (problem.code == "missing-image", &problem.member) else {
            continue;
        };
        let has = |files: &CollectedFolder| {
            let mut names = files.entries.iter().map(|entry| entry.name.as_str());
            names.any(|name| name.eq_ignore_ascii_case(image))
        };
        let mut others = folders.iter().filter(|(folder, _)| *folder != own);
        if let Some((other, _)) = others.find(|(_, files)| has(files)) {
            let shown = if other.is_empty() {
                "the folder above"
            } else {
                other
            };
            problem.message = format!("{}; {shown} has a file of this name", problem.message);
            "Put the manifests and the images of one release into one folder, without folders in it."
                .clone_into(&mut problem.cure);
        }
    }
}

/// Examines a nested archive, which was copied to a temporary file.
fn examine_nested(
    outer: &Path,
    inner: &Path,
    in_folder: bool,
    archive: &str,
    file: &File,
    length: u64,
    options: &ExamineOptions,
) -> Result<Vec<Bundle>, BundleError> {
    let location = BundleLocation {
        file: outer.to_owned(),
        archive: Some(archive.to_owned()),
        in_folder,
        ..BundleLocation::default()
    };
    examine_file(inner, file, length, options, &location)
}

/// The path of a bundle inside a file (`outer.zip!inner.tar`) or a folder (`outer/inner.tar`).
fn inside(outer: &Path, inner: &str, is_folder: bool) -> PathBuf {
    if is_folder {
        return outer.join(inner.trim_end_matches('/'));
    }
    let mut path = outer.as_os_str().to_owned();
    path.push("!");
    path.push(inner);
    path.into()
}

/// The given checksums that match none of these bundles and none of the files they are in.
///
/// If the command line names one file, the caller reports each with
/// [`Bundle::set_checksum_mismatch`]. If it names several, it is unknown which of them is wrong.
#[must_use]
pub fn unmatched_checksums<'o>(
    bundles: &[Bundle],
    options: &'o ExamineOptions,
) -> Vec<&'o Checksum> {
    let has = |bundle: &Bundle, checksum: &Checksum| {
        [&bundle.digests, &bundle.location.outer]
            .into_iter()
            .flatten()
            .any(|own| checksum.equals(own))
    };
    options
        .checksums
        .iter()
        .filter(|checksum| !bundles.iter().any(|bundle| has(bundle, checksum)))
        .collect()
}
