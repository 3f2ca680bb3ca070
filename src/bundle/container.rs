//! The containers that bundles come in: ZIP, tar (plain or gzipped), call manager packages
//! (a signed header before a gzip) and folders. All are walked in the same way.

mod folder;
mod gzip;
mod tar;
mod zip;

use std::{fs::File, io::Read, path::Path};

use super::{
    describe::describe,
    file_part::{FilePart, read_retrying},
    header::{FIFTH_MAGIC, SIGNED_MAGIC, SignedHeader},
    limits::CHUNK_BYTES,
    stop::{WalkStop, invalid, with_cure},
    transfer_marks::{self, TransferMarks},
    types::Verdict,
    visitor::Visitor,
};

/// The bytes of a damaged archive in which marks of a transfer in text mode are looked for.
const MAX_MARKED: u64 = 8 * 1024 * 1024;

/// A container to walk.
#[derive(Debug, Clone, Copy)]
pub(super) enum Container<'c> {
    /// A regular file of this many bytes.
    File(&'c File, u64),
    /// A folder.
    Folder(&'c Path),
}

/// Passes every regular file of the container to the visitor. A hostile, oversized or
/// invalid structure ends the walk, if possible before the first entry.
pub(super) fn walk(container: Container<'_>, visitor: &mut dyn Visitor) -> Result<(), WalkStop> {
    match container {
        Container::File(file, length) => {
            walk_file(file, length, visitor).or_else(|stop| Err(in_text_mode(file, length, stop)?))
        }
        Container::Folder(path) => folder::walk(path, visitor),
    }
}

/// The same problem with its cause, if a transfer in text mode damaged the archive.
fn in_text_mode(file: &File, length: u64, stop: WalkStop) -> Result<WalkStop, WalkStop> {
    let WalkStop::Invalid(Verdict::Damaged, mut problem) = stop else {
        return Ok(stop);
    };
    let mut marks = TransferMarks::default();
    let mut part = FilePart::new(file, 0, length.min(MAX_MARKED));
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        let count = read_retrying(&mut part, &mut buffer)?;
        if count == 0 {
            break;
        }
        marks.update(&buffer[..count]);
    }
    // A tar may hold text only.
    if let Some(what) = marks.damage() {
        problem.message = format!("{}. The cause: {what}", problem.message);
        transfer_marks::CURE.clone_into(&mut problem.cure);
    }
    Ok(WalkStop::Invalid(Verdict::Damaged, problem))
}

fn walk_file(file: &File, length: u64, visitor: &mut dyn Visitor) -> Result<(), WalkStop> {
    let mut start = Vec::new();
    FilePart::new(file, 0, length)
        .take(CHUNK_BYTES as u64)
        .read_to_end(&mut start)?;
    if start.starts_with(&gzip::MAGIC) {
        return gzip::walk(FilePart::new(file, 0, length), visitor);
    }
    if let Some(body) = package_body(&start, length)? {
        return gzip::walk(FilePart::new(file, body, length), visitor);
    }
    if start.starts_with(&FIFTH_MAGIC) {
        return Err(single_file(
            "it is a single Cisco file of the 78xx or 88xx phones (.loads, .sbn), not a bundle",
        ));
    }
    if tar::begins(&start) {
        return tar::walk(&mut FilePart::new(file, 0, length), length, visitor);
    }
    zip::walk(file, length, visitor)
}

/// One file of a bundle was given instead of the bundle.
fn single_file(message: &str) -> WalkStop {
    with_cure(
        invalid(Verdict::Foreign, "not-an-archive", None, message),
        "Give the whole bundle, or the folder that has all of its files.",
    )
}

/// The offset of the gzip in a call manager package. It is taken from the header, since the
/// signature may contain the gzip magic by chance.
fn package_body(start: &[u8], length: u64) -> Result<Option<u64>, WalkStop> {
    if !start.starts_with(&SIGNED_MAGIC) {
        return Ok(None);
    }
    let broken = |why: String| invalid(Verdict::Damaged, "header-damaged", None, why);
    let header =
        SignedHeader::parse_package(start, length).map_err(|error| broken(error.to_string()))?;
    let body = start.get(header.length..).unwrap_or_default();
    if body.starts_with(&gzip::MAGIC) {
        return Ok(Some(header.length as u64));
    }
    if body.is_empty() {
        return Err(broken("it ends after its signed header".to_owned()));
    }
    let name = String::from_utf8_lossy(&header.name);
    Err(single_file(&format!(
        "it is a single signed Cisco file, not a bundle: by its header it is {name}, {}",
        describe(&name)
    )))
}
