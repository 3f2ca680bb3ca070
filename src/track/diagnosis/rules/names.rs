//! What a request for a file shows that the server does not have.

use crate::{
    phone::{Family, RequestedFile, normalized_name},
    track::diagnosis::slip::{Slip, slip},
};

/// What a request for a missing file shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotFound {
    /// Nothing; such requests are routine.
    Nothing,
    /// The phone is of a family that is not staged.
    WrongModel(Family),
    /// The phone has no recovery manifest and is of a family that is not staged, or of an unknown
    /// family.
    Unsupported(Option<Family>),
    /// The name differs from this staged one by a typing error.
    Mismatch(String),
    /// The name cannot be that of a file, whatever is staged.
    Slip(Slip),
    /// The file should be staged.
    Missing,
}

/// Checks a request that was answered with "not found". `staged` are the names of the staged
/// manifests and images, `families` the staged families, and `fetched` whether the phone
/// fetched a manifest before.
pub(crate) fn not_found<'a>(
    name: &str,
    request: &RequestedFile,
    staged: impl Iterator<Item = &'a str>,
    families: &[Family],
    fetched: bool,
) -> NotFound {
    let foreign = |family: Family| {
        if families.contains(&family) {
            None
        } else if !family.has_recovery_manifest() {
            Some(NotFound::Unsupported(Some(family)))
        } else if !families.is_empty() {
            Some(NotFound::WrongModel(family))
        } else {
            None
        }
    };
    let mismatch = || Some(NotFound::Mismatch(similar_name(name, staged)?.to_owned()));
    let slipped = || slip(name).map(NotFound::Slip);
    match request {
        RequestedFile::Recovery(None) => NotFound::Unsupported(None),
        RequestedFile::Recovery(Some(model)) => foreign(model.family).unwrap_or(NotFound::Missing),
        RequestedFile::Manifest(load) => mismatch()
            .or_else(slipped)
            .or_else(|| load.family().and_then(foreign))
            .unwrap_or(NotFound::Missing),
        RequestedFile::Image => mismatch().or_else(slipped).unwrap_or(if fetched {
            NotFound::Missing
        } else {
            NotFound::Nothing
        }),
        RequestedFile::Other => mismatch().unwrap_or(NotFound::Nothing),
        _ => NotFound::Nothing,
    }
}

/// The staged name that `name`, of 8 characters or more, was meant to be: it differs by O for 0, by
/// a missing or repeated `.loads`, by a blank, or by one character. A different digit means another
/// release or model, and recovery manifests differ by nothing else.
pub(crate) fn similar_name<'a>(
    name: &str,
    mut staged: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let requested = simplified(name);
    if requested.chars().count() < 8 {
        return None;
    }
    staged.find(|candidate| {
        let meant = simplified(candidate);
        normalized_name(candidate) != normalized_name(name)
            && (requested == meant || differs_by_one(&requested, &meant))
    })
}

/// A name without the differences that are always typing errors.
fn simplified(name: &str) -> String {
    let bare: String = normalized_name(name)
        .chars()
        .filter(|character| !character.is_whitespace())
        .map(|character| if character == 'o' { '0' } else { character })
        .collect();
    let mut rest = bare.as_str();
    while let Some(shorter) = rest.strip_suffix(".l0ads") {
        rest = shorter;
    }
    rest.to_owned()
}

/// Whether one character was added, left out or replaced, except a digit by a digit.
fn differs_by_one(left: &str, right: &str) -> bool {
    let (short, long) = if left.len() <= right.len() {
        (left, right)
    } else {
        (right, left)
    };
    let short: Vec<char> = short.chars().collect();
    let long: Vec<char> = long.chars().collect();
    let same = short.iter().zip(&long).take_while(|(a, b)| a == b).count();
    match long.len().abs_diff(short.len()) {
        0 if same < short.len() => {
            let digits = short[same].is_ascii_digit() && long[same].is_ascii_digit();
            !digits && short[same + 1..] == long[same + 1..]
        }
        1 => !long[same].is_ascii_digit() && short[same..] == long[same + 1..],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_are_distinguished_from_other_releases() {
        let staged = [
            "term65.default.loads",
            "SIP45.9-3-1SR4-1S.loads",
            "P0S3-08-2-00.loads",
            "jar45sip.9-3-1ES26.sbn",
        ];
        let cases = [
            ("SIP45.9-3-1SR4-1S", Some(staged[1])),
            ("SIP45.9-3-1SR4-1S.loads.loads", Some(staged[1])),
            ("SIP45.9-3-1SR4-1.loads", Some(staged[1])),
            ("POS3-08-2-00.loads", Some(staged[2])),
            ("jar45sip9-3-1ES26.sbn", Some(staged[3])),
            ("SIP45.9-3-1SR3-1S.loads", None),
            ("term45.default.loads", None),
            ("TERM65.default.loads", None),
            ("dialplan.xml", None),
            ("", None),
        ];
        for (requested, meant) in cases {
            let found = similar_name(requested, staged.into_iter());
            assert_eq!(found, meant, "{requested}");
        }
    }
}
