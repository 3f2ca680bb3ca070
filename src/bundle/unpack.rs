//! Unpacks an examined bundle, and checks that it still is what was examined.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{
    Bundle, BundleError, Verdict,
    archive::{self, Stop},
    examine,
    inflate::{self, MemberFault},
};

pub(super) fn unpack(bundle: &Bundle, folder: &Path) -> Result<(), BundleError> {
    if !matches!(
        bundle.verdict,
        Verdict::Known | Verdict::Genuine | Verdict::Intact
    ) {
        return Err(BundleError::Unfit {
            path: bundle.path.clone(),
            verdict: bundle.verdict,
        });
    }
    let mut written = Vec::new();
    let outcome = write_all(bundle, folder, &mut written);
    if outcome.is_err() {
        for path in written {
            // What matters is the first error; a file that cannot be removed now is in a
            // folder that its owner clears.
            let _ = fs::remove_file(path);
        }
    }
    outcome
}

fn write_all(
    bundle: &Bundle,
    folder: &Path,
    written: &mut Vec<PathBuf>,
) -> Result<(), BundleError> {
    let changed = |what: String| BundleError::Changed {
        path: bundle.path.clone(),
        what,
    };
    let stopped = |stop| match stop {
        Stop::Io(source) => bundle.io(source),
        Stop::Flaw(_, problem) => changed(problem.message),
    };
    let (mut file, length) = examine::open(&bundle.path)?;
    let entries = archive::layout(&mut file, length).map_err(stopped)?;
    let same = entries.len() == bundle.members.len()
        && entries
            .iter()
            .zip(&bundle.members)
            .all(|(entry, member)| entry.name == member.name && entry.size == member.size);
    if !same {
        return Err(changed(
            "its members are not those that were examined".to_owned(),
        ));
    }
    let mut archive = inflate::open(&file, &entries).map_err(stopped)?;
    for (index, (entry, member)) in entries.iter().zip(&bundle.members).enumerate() {
        // `layout` lets only plain base names through.
        let path = folder.join(&entry.name);
        let in_target = |source| BundleError::Write {
            path: path.clone(),
            source,
        };
        let mut out = create(&path).map_err(in_target)?;
        written.push(path.clone());
        let sha256 = inflate::copy(&mut archive, index, entry, |bytes| out.write_all(bytes))
            .map_err(|fault| match fault {
                MemberFault::Read(source) => bundle.io(source),
                MemberFault::Write(source) => in_target(source),
                MemberFault::Data(what) => changed(format!("{}: {what}", entry.name)),
            })?;
        if sha256 != member.sha256 {
            return Err(changed(format!("{} has other bytes now", entry.name)));
        }
        out.flush().map_err(in_target)?;
    }
    Ok(())
}

/// A file that was not there: an existing one, or a link of that name, is an error.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
