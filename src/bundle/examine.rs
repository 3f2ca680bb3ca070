//! From a path to a verdict.

use std::{
    fs::{self, File},
    io::{self, Seek, SeekFrom},
    path::Path,
};

use super::{
    Bundle, BundleError, BundleProtocol, Checksum, Expectation, Origin, Problem, TrustedKey,
    Verdict,
    archive::{self, Entry, FILE_LIMIT, Stop, flaw},
    catalogue::{self, files::Set},
    contents::{self, Contents},
    digest,
    inflate::{self, MemberFault},
    manifest::MANIFEST_LIMIT,
    member::Scan,
};
use crate::diagnose::Severity;

/// Reads the file once from its beginning to its end for its digests, then its members
/// from the same open handle, and judges it. Anything wrong *in* the file is a verdict, not
/// an error. Memory stays bounded whatever the file's size is.
pub fn examine(path: &Path, expectation: &Expectation) -> Result<Bundle, BundleError> {
    let (mut file, length) = open(path)?;
    let mut bundle = Bundle {
        path: path.to_owned(),
        verdict: Verdict::Foreign,
        digests: None,
        catalogue: None,
        protocol: None,
        loads: Vec::new(),
        models: Vec::new(),
        members: Vec::new(),
        manifests: Vec::new(),
        generation: None,
        origin: Origin::default(),
        problems: Vec::new(),
    };
    if length > FILE_LIMIT {
        let message = format!("{length} bytes; the largest file that is read has {FILE_LIMIT}");
        bundle.end(flaw(Verdict::Refused, "over-limit", None, message))?;
        return Ok(bundle);
    }
    let in_file = |source| BundleError::Io {
        path: path.to_owned(),
        source,
    };
    let before = file.metadata().and_then(|meta| meta.modified()).ok();
    let (digests, read) = digest::all(&mut file, FILE_LIMIT).map_err(in_file)?;
    bundle.catalogue = catalogue::find(read, &digests);
    let known = bundle.catalogue.is_some()
        || expectation
            .checksums
            .iter()
            .any(|checksum| checksum.equals(&digests));
    bundle.digests = Some(digests);

    let outcome = if read == 0 {
        Err(flaw(
            Verdict::Damaged,
            "empty-file",
            None,
            "the file is empty",
        ))
    } else {
        contents_of(&mut file, read, &expectation.trusted)
    };
    match outcome {
        Ok(contents) => bundle.take(contents, known),
        Err(stop) => bundle.end(stop)?,
    }
    let after = file.metadata().map_err(in_file)?;
    if read != length || after.len() != length || after.modified().ok() != before {
        return Err(BundleError::Changed {
            path: path.to_owned(),
            what: "its size or time of change is not what it was at the start".to_owned(),
        });
    }
    Ok(bundle)
}

/// The checksums that none of these bundles has. With one BUNDLE on the command line each
/// is a [`Bundle::mismatch`]; of several, nobody knows which one is wrong.
#[must_use]
pub fn unmatched<'e>(bundles: &[Bundle], expectation: &'e Expectation) -> Vec<&'e Checksum> {
    let has = |bundle: &Bundle, checksum: &Checksum| {
        bundle
            .digests
            .as_ref()
            .is_some_and(|own| checksum.equals(own))
    };
    expectation
        .checksums
        .iter()
        .filter(|checksum| !bundles.iter().any(|bundle| has(bundle, checksum)))
        .collect()
}

/// Opens a regular file, and gives its length.
pub(super) fn open(path: &Path) -> Result<(File, u64), BundleError> {
    let in_file = |source| BundleError::Io {
        path: path.to_owned(),
        source,
    };
    // Looked at before it is opened: opening a pipe would wait for a writer.
    let kind = fs::metadata(path).map_err(in_file)?;
    if kind.is_dir() {
        return Err(BundleError::Folder {
            path: path.to_owned(),
        });
    }
    if !kind.is_file() {
        return Err(BundleError::NotAFile {
            path: path.to_owned(),
        });
    }
    let file = File::open(path).map_err(in_file)?;
    let length = file.metadata().map_err(in_file)?.len();
    Ok((file, length))
}

/// Reads every member once.
fn contents_of(file: &mut File, length: u64, trusted: &[TrustedKey]) -> Result<Contents, Stop> {
    let entries = archive::layout(file, length)?;
    file.seek(SeekFrom::Start(0))?;
    let mut archive = inflate::open(file, &entries)?;
    let mut read = Vec::with_capacity(entries.len());
    let mut faults = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        if contents::is_manifest(&entry.name) && entry.size > MANIFEST_LIMIT as u64 {
            let message = format!(
                "a manifest of {} bytes; the limit is {MANIFEST_LIMIT}",
                entry.size
            );
            return Err(flaw(
                Verdict::Refused,
                "over-limit",
                Some(&entry.name),
                message,
            ));
        }
        let mut scan = Scan::new(&entry.name, entry.size);
        let copied = inflate::copy(&mut archive, index, entry, |bytes| {
            scan.feed(bytes);
            Ok(())
        });
        match copied {
            Ok(_) => read.push(scan.finish(trusted)),
            Err(MemberFault::Read(error) | MemberFault::Write(error)) => {
                return Err(Stop::Io(error));
            }
            Err(MemberFault::Data(message)) => faults.push(message_of(entry, message)),
        }
    }
    if faults.is_empty() {
        return Ok(contents::conclude(read));
    }
    // What the good members name is not looked for: that a damaged one is missing says
    // nothing.
    let mut contents = contents::conclude(read);
    contents.problems = faults;
    contents.verdict = Some(Verdict::Damaged);
    Ok(contents)
}

fn repack(set: &Set) -> Problem {
    let message = match set.bundle {
        Some(name) => format!("every file in it is one of {name}, packed by somebody else"),
        None => format!(
            "every file in it is also in {}, byte for byte; nobody says where that has them from",
            set.source
        ),
    };
    Problem {
        code: "bundle-repacked",
        severity: Severity::Note,
        member: None,
        message,
        cure: "Nothing to do: phones see the files, not how they were packed.".to_owned(),
    }
}

fn message_of(entry: &Entry, message: String) -> Problem {
    Problem {
        code: "member-damaged",
        severity: Severity::Error,
        member: Some(entry.name.clone()),
        message,
        cure: "Download the file again, and compare its checksum with the published one."
            .to_owned(),
    }
}

impl Bundle {
    /// The file was said to have this checksum and has not: it is damaged, whatever else
    /// holds.
    pub fn mismatch(&mut self, checksum: &Checksum) {
        let own = match &self.digests {
            Some(digests) => checksum.same_kind(digests),
            None => "unknown, as it was not read",
        };
        let message = format!("its {} is {own}; expected {checksum}", checksum.kind());
        self.verdict = Verdict::Damaged;
        self.problems
            .retain(|problem| problem.code != "bundle-unknown");
        self.problems.push(Problem {
            code: "checksum-mismatch",
            severity: Severity::Error,
            member: None,
            message,
            cure: "Check the checksum for a slip, then download the file again.".to_owned(),
        });
    }

    /// Takes over what its members say.
    fn take(&mut self, contents: Contents, known: bool) {
        // The members of a catalogued bundle are as good as the bundle. Members that some
        // public repository has too are not: nobody says where it has them from.
        let repacked = contents
            .set
            .filter(|_| !known && contents.verdict.is_none());
        let bundle = repacked.and_then(|set| set.bundle);
        if let Some(name) = bundle {
            self.catalogue = catalogue::named(name);
        }
        self.verdict = match contents.verdict {
            Some(verdict) => verdict,
            None if known || bundle.is_some() => Verdict::Known,
            None if contents.proven => Verdict::Genuine,
            None => Verdict::Intact,
        };
        self.protocol = contents.purpose.protocol;
        self.loads = contents.purpose.loads;
        self.models = contents.purpose.models;
        self.members = contents.members;
        self.manifests = contents.manifests;
        self.generation = contents.generation;
        self.problems = contents.problems;
        if let Some(set) = repacked {
            self.problems.push(repack(set));
        }
        if self.verdict == Verdict::Intact {
            self.problems.push(self.unknown());
        }
        if self.protocol == Some(BundleProtocol::Sccp) {
            self.problems.push(Problem {
                code: "bundle-is-sccp",
                severity: Severity::Note,
                member: None,
                message: "its loads speak SCCP: phones that take it stay on SCCP".to_owned(),
                cure: "To convert to SIP, get the bundle with -sip in its name for these models."
                    .to_owned(),
            });
        }
    }

    fn unknown(&self) -> Problem {
        let digests = self.digests.as_ref();
        let (md5, sha256) = digests.map_or(("", ""), |own| (&own.md5, &own.sha256));
        Problem {
            code: "bundle-unknown",
            severity: Severity::Warning,
            member: None,
            message: format!(
                "nobody here has seen this file before (MD5 {md5}, SHA-256 {sha256}): it is whole, \
                 and who made it is not proven"
            ),
            cure: "Give the published checksum with --checksum; or, if you trust where the file \
                   comes from, --accept-unknown."
                .to_owned(),
        }
    }

    /// Ends with what is wrong in the file.
    fn end(&mut self, stop: Stop) -> Result<(), BundleError> {
        match stop {
            Stop::Io(source) => Err(self.io(source)),
            Stop::Flaw(verdict, problem) => {
                self.verdict = verdict;
                self.problems.push(*problem);
                Ok(())
            }
        }
    }

    pub(super) fn io(&self, source: io::Error) -> BundleError {
        BundleError::Io {
            path: self.path.clone(),
            source,
        }
    }
}
