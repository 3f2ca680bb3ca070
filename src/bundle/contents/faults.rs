//! What is wrong with one file of a set, by itself.

use super::{
    super::{
        entry::ScannedEntry, header::ImageHeader, signature::Verification, transfer_marks,
        types::Problem,
    },
    index::{header_name, is_decorated},
};
use crate::diagnose::Severity;

/// How phones check a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signing {
    /// With keys that are known here.
    Keyed,
    /// Other files of its set have valid signatures, so this one must have one too.
    LikeItsSet,
    /// Not known.
    Unknown,
}

/// An error in this member.
pub(super) fn damaged(code: &'static str, member: &str, message: impl Into<String>) -> Problem {
    Problem {
        code,
        severity: Severity::Error,
        member: Some(member.to_owned()),
        message: message.into(),
        cure: "Get the bundle again as published by Cisco.".to_owned(),
    }
}

/// The faults of a file that phones would be served. An empty image is reported with the
/// manifest that names it.
pub(super) fn of(entry: &ScannedEntry, signing: Signing) -> Vec<Problem> {
    let report = |code, message: String| damaged(code, &entry.name, message);
    if let Some(hint) = entry.hint {
        let code = if entry.manifest.is_some() {
            "manifest-invalid"
        } else {
            "payload-damaged"
        };
        return vec![Problem {
            cure: hint.cure().to_owned(),
            ..report(code, format!("it is {}", hint.text()))
        }];
    }
    let mut faults = Vec::new();
    match (&entry.header, &entry.manifest) {
        (ImageHeader::Broken(why), _) => {
            faults.push(in_text_mode(entry, report("header-damaged", why.clone())));
        }
        (_, Some(Err(why))) => faults.push(report(
            "manifest-invalid",
            format!("phones would reject this manifest: {why}"),
        )),
        _ => {}
    }
    if let Some(why) = entry.payload_error {
        faults.push(report("payload-damaged", why.to_owned()));
    }
    let is_valid = matches!(entry.verification, Some(Verification::Valid(_)));
    match entry.payload_doubt.filter(|_| !is_valid && entry.size > 0) {
        Some(why) => faults.push(report("payload-damaged", why.to_owned())),
        None => faults.extend(signature(entry, signing)),
    }
    faults.extend(name(entry));
    faults
}

fn signature(entry: &ScannedEntry, signing: Signing) -> Option<Problem> {
    let report = |code, message: &str| Some(damaged(code, &entry.name, message));
    let invalid = |message: &str| {
        report("signature-invalid", message).map(|problem| in_text_mode(entry, problem))
    };
    match (&entry.verification, &entry.header, signing) {
        (Some(Verification::Modified(key)), ..) => report(
            "signature-invalid",
            &format!(
                "its signature was made with the key {key}, but for other content: the file was \
                 modified or cut short after it was signed"
            ),
        )
        .map(|problem| in_text_mode(entry, problem)),
        (Some(Verification::Invalid(None)), ..) => {
            invalid("its signature is invalid").map(|problem| {
                unless_in_text_mode(
                    entry,
                    problem,
                    ": the file was modified, cut short, or not signed by Cisco",
                )
            })
        }
        (Some(Verification::Invalid(Some(platform))), ..) => report(
            "signature-invalid",
            &format!(
                "it is signed for another platform ({platform}), so the phones that it is for reject it"
            ),
        ),
        (Some(Verification::NoMatchingKey), _, Signing::Keyed) => {
            invalid("it is not signed with any key that the phones it is for know")
        }
        (Some(Verification::NoMatchingKey), _, Signing::LikeItsSet) => invalid(
            "its signature is invalid, while other files of its set are validly signed: the \
                 file was modified, or is not from this set",
        ),
        (None, ImageHeader::None, Signing::Keyed) if entry.size > 0 => report(
            "not-signed",
            "it has no signature, so the phones that it is for reject it",
        ),
        (None, ImageHeader::None, Signing::LikeItsSet) if entry.size > 0 => report(
            "not-signed",
            "it has no signature, while other files of its set are validly signed: it is not the \
             file that Cisco published",
        ),
        _ => None,
    }
}

/// Adds the usual causes, if the cause is not known.
fn unless_in_text_mode(entry: &ScannedEntry, mut problem: Problem, causes: &str) -> Problem {
    if entry.text_mode.is_none() {
        problem.message.push_str(causes);
    }
    problem
}

/// Adds what a transfer in text mode did, which explains the problem.
fn in_text_mode(entry: &ScannedEntry, problem: Problem) -> Problem {
    match &entry.text_mode {
        Some(what) => Problem {
            message: format!("{}. The cause: {what}", problem.message),
            cure: transfer_marks::CURE.to_owned(),
            ..problem
        },
        None => problem,
    }
}

/// Another name in the header. Names that differ in case only are served as the header has
/// them.
fn name(entry: &ScannedEntry) -> Option<Problem> {
    let inner = entry.header.name()?;
    if inner.eq_ignore_ascii_case(entry.name.as_bytes()) {
        return None;
    }
    let shown = String::from_utf8_lossy(inner);
    let is_renamed = header_name(entry).is_some_and(|own| is_decorated(&entry.name, &own));
    let cure = if is_renamed {
        "Rename it to the name in its header."
    } else {
        "Get the real file of this name from the bundle as published by Cisco, or remove this one. \
         If the file that its header names is missing, rename it to that."
    };
    Some(Problem {
        cure: cure.to_owned(),
        ..damaged(
            "name-mismatch",
            &entry.name,
            format!("its header names it {shown}, and phones reject a file with another name"),
        )
    })
}

/// What phones accept, but is unusual.
pub(super) fn remarks(entry: &ScannedEntry) -> Vec<Problem> {
    let remark = |code, message: String| Problem {
        severity: Severity::Warning,
        cure: "Nothing to do, unless a phone rejects it.".to_owned(),
        ..damaged(code, &entry.name, message)
    };
    let mut remarks = Vec::new();
    if let ImageHeader::Signed(header) = &entry.header {
        for oddity in &header.oddities {
            remarks.push(remark("header-odd", (*oddity).to_owned()));
        }
    }
    let stem = entry.name.rsplit_once('.').map_or("", |(stem, _)| stem);
    if let Some(id) = &entry.load_id
        && !id.eq_ignore_ascii_case(stem)
    {
        remarks.push(remark("load-id", format!("its internal load id is {id}")));
    }
    remarks
}
