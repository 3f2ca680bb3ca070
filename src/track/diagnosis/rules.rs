//! The rules over a phone's history. Each is a function of what was seen and of the time.

use std::time::Duration;

use crate::{
    phone::{Family, LoadName, RequestedFile, Route, normalized_name, supports_hardware},
    track::RunTime,
};

/// Deliveries of one recovery manifest nearer than this are one boot: a boot loader that
/// refuses a manifest takes it in pairs 0 to 1 s apart, and boots again after 87 to 148 s.
pub(crate) const BOOT_APART: Duration = Duration::from_mins(1);

/// A phone that accepts a manifest asks for its first image after about 2 s; this long
/// after the last delivery nobody waits for it any more.
pub(crate) const FIRST_IMAGE_WITHIN: Duration = Duration::from_secs(30);

/// Boots that took one manifest without an image before it counts as refused.
pub(crate) const REFUSED_BOOTS: usize = 2;

/// Attempts at one image in one pass, none of them delivered, before the transfer counts
/// as broken.
pub(crate) const BROKEN_ATTEMPTS: u16 = 3;

/// A manifest that was delivered in one boot, with no image asked for since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Take {
    /// Its name as staged.
    pub name: String,
    /// Its first delivery in this boot.
    pub first: RunTime,
    /// Its last delivery in this boot.
    pub last: RunTime,
    /// Whether the boot loader took it; else an application did.
    pub recovery: bool,
    /// Whether the application started again since.
    pub booted_since: bool,
    /// Whether all of it was acknowledged; else only the request was seen.
    pub whole: bool,
}

impl Take {
    /// Whether a delivery of `name` at `at` is of the same boot as this one.
    pub(crate) fn is_same_boot(&self, name: &str, at: RunTime) -> bool {
        self.name == name
            && if self.recovery {
                at.saturating_sub(self.first) < BOOT_APART
            } else {
                !self.booted_since
            }
    }
}

/// The boots in which the newest manifest was taken, if they are enough to be a refusal.
fn refusing(takes: &[Take]) -> Option<&[Take]> {
    let newest = takes.last()?;
    let before = takes
        .iter()
        .rposition(|take| take.name != newest.name)
        .map_or(0, |at| at + 1);
    Some(&takes[before..]).filter(|boots| boots.len() >= REFUSED_BOOTS)
}

/// When [`manifest_refused`] has its answer, if nothing else is seen.
pub(crate) fn refusal_due(takes: &[Take]) -> Option<RunTime> {
    refusing(takes)?
        .last()
        .map(|take| take.last + FIRST_IMAGE_WITHIN)
}

/// One manifest taken in at least [`REFUSED_BOOTS`] boots and no image asked for within
/// [`FIRST_IMAGE_WITHIN`] of the last: those boots.
///
/// An application boot alone proves nothing, as its phone may have the images from a
/// neighbour (peer firmware sharing); one that takes the manifest again after starting
/// anew has not.
pub(crate) fn manifest_refused(takes: &[Take], at: RunTime) -> Option<&[Take]> {
    refusing(takes).filter(|boots| {
        boots
            .last()
            .is_some_and(|take| at >= take.last + FIRST_IMAGE_WITHIN)
    })
}

/// What a refusal of a manifest is due to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The phone does not know the key.
    Key,
    /// The release does not support the phone's hardware.
    Hardware,
    /// One of the two.
    Either,
}

/// Why a phone that runs `runs` and has these hardware classes, as far as both are known,
/// refuses this load with this mask.
pub(crate) fn refusal(
    runs: Option<&LoadName>,
    hardware: Option<u32>,
    load: &LoadName,
    mask: Option<u32>,
) -> Refusal {
    let fits = hardware.and_then(|hardware| supports_hardware(load, mask, hardware));
    let trains = runs.and_then(LoadName::release).zip(load.release());
    let route = trains.map_or(Route::Unknown, |(from, to)| Route::between(Some(from), to));
    match (fits, route) {
        (Some(false), _) | (None, Route::Direct) => Refusal::Hardware,
        (_, Route::ViaBridge) | (Some(true), Route::Unknown) => Refusal::Key,
        _ => Refusal::Either,
    }
}

/// Boots in a row in which `XMLDefault.cnf.xml` came whole and nothing followed, before the
/// configuration counts as rejected.
pub(crate) const REJECTED_BOOTS: u8 = 3;

/// Complete passes through the target's images that are one too many: a recovery takes two.
pub(crate) const REPEATED_PASSES: u32 = 3;

/// Transfers of one file without an ACK before our answers count as blocked.
pub(crate) const UNHEARD_TRANSFERS: u16 = 3;

/// Requests for one name that is not there, each answered and each in vain, before our
/// answers count as blocked.
pub(crate) const UNHEARD_ANSWERS: u16 = 8;

/// Requests for one name nearer than this are duplicates: phones repeat after 4 s.
pub(crate) const REPEAT_AFTER: Duration = Duration::from_secs(2);

/// A phone registers within a minute or so of its configuration; this long after it nobody
/// waits for the first REGISTER any more.
pub(crate) const REGISTERS_WITHIN: Duration = Duration::from_mins(5);

/// A REGISTER is answered at once, or given up after this long (timer F of RFC 3261, 17.1.2.2).
pub(crate) const ANSWERS_WITHIN: Duration = Duration::from_secs(32);

/// Copies of one REGISTER that nobody answered, before a PBX counts as silent: the first four are
/// sent within 3.5 s.
pub(crate) const COPIES: u32 = 3;

/// Copies of one REGISTER behind its answer, before that counts as lost: one may have been under
/// way.
pub(crate) const VAIN_COPIES: u32 = 2;

/// Calls of a closed port before they count: one may be a PBX that starts.
pub(crate) const CLOSED_CALLS: u32 = 2;

/// Refusals in a row that may be a PBX's passing trouble, before they count.
pub(crate) const REFUSALS: u32 = 2;

/// Questions for a password that were not answered with one, before they count.
pub(crate) const UNPROVEN: u32 = 3;

/// A phone that starts asks its TFTP server within seconds of its lease; one that was heard in
/// another network and did not come within this time is not on its way here.
pub(crate) const ASKS_WITHIN: Duration = Duration::from_mins(1);

/// What a request that found nothing says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotFound {
    /// Nothing: routine.
    Nothing,
    /// The phone is of a family that is not staged.
    WrongModel(Family),
    /// The phone is of a family that is not converted here, or of none that is known.
    Unsupported(Option<Family>),
    /// The name differs from this staged one as a slip does.
    Mismatch(String),
    /// It should have been there.
    Missing,
}

/// Judges a manifest or image request that was answered with "not found". `staged` are the
/// staged manifests and images, `families` those of the stages, `took_manifest` whether
/// the phone was given a manifest before.
pub(crate) fn not_found<'a>(
    name: &str,
    request: &RequestedFile,
    staged: impl Iterator<Item = &'a str>,
    families: &[Family],
    took_manifest: bool,
) -> NotFound {
    let foreign = |family: Family| {
        if families.contains(&family) {
            None
        } else if !family.is_convertible() {
            Some(NotFound::Unsupported(Some(family)))
        } else if !families.is_empty() {
            Some(NotFound::WrongModel(family))
        } else {
            None
        }
    };
    match request {
        RequestedFile::Recovery(None) => NotFound::Unsupported(None),
        RequestedFile::Recovery(Some(model)) => foreign(model.family).unwrap_or(NotFound::Missing),
        RequestedFile::Manifest(load) => match near(name, staged) {
            Some(meant) => NotFound::Mismatch(meant.to_owned()),
            None => load.family().and_then(foreign).unwrap_or(NotFound::Missing),
        },
        RequestedFile::Image => match near(name, staged) {
            Some(meant) => NotFound::Mismatch(meant.to_owned()),
            None if took_manifest => NotFound::Missing,
            None => NotFound::Nothing,
        },
        RequestedFile::Other => match near(name, staged) {
            Some(meant) => NotFound::Mismatch(meant.to_owned()),
            None => NotFound::Nothing,
        },
        _ => NotFound::Nothing,
    }
}

/// The staged name that `name` was meant to be: it differs by O for 0, by a `.loads` too
/// many or too few, by a blank, or by one character. One digit for another is no slip but
/// another release or model, and recovery manifests differ by nothing else.
pub(crate) fn near<'a>(name: &str, mut staged: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let asked = shape(name);
    // Nothing that short is the name of a load or an image.
    if asked.chars().count() < 8 {
        return None;
    }
    staged.find(|candidate| {
        let meant = shape(candidate);
        normalized_name(candidate) != normalized_name(name)
            && (asked == meant || one_slip(&asked, &meant))
    })
}

/// A name without the differences that are always a slip.
fn shape(name: &str) -> String {
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

/// Whether one character was added, left out or mistyped, digits for digits excepted.
fn one_slip(left: &str, right: &str) -> bool {
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

    fn take(first: u64, last: u64, recovery: bool, booted_since: bool) -> Take {
        Take {
            name: "term06.default.loads".to_owned(),
            first: Duration::from_secs(first),
            last: Duration::from_secs(last),
            recovery,
            booted_since,
            whole: true,
        }
    }

    #[test]
    fn a_refusal_takes_two_boots_and_the_time_for_a_first_image() {
        let one = [take(0, 1, true, false)];
        let two = [take(0, 1, true, false), take(148, 149, true, false)];
        let at = Duration::from_secs;
        assert_eq!(manifest_refused(&one, at(1000)), None);
        assert_eq!(manifest_refused(&two, at(178)), None);
        assert_eq!(manifest_refused(&two, at(179)), Some(&two[..]));
        assert_eq!(refusal_due(&two), Some(at(179)));
    }

    #[test]
    fn a_pair_is_one_boot() {
        let first = take(0, 0, true, false);
        assert!(first.is_same_boot("term06.default.loads", Duration::from_secs(1)));
        assert!(!first.is_same_boot("term06.default.loads", Duration::from_secs(87)));
        let application = take(0, 0, false, false);
        assert!(application.is_same_boot("term06.default.loads", Duration::from_secs(87)));
    }

    #[test]
    fn slips_are_told_from_other_releases() {
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
        for (asked, meant) in cases {
            assert_eq!(near(asked, staged.into_iter()), meant, "{asked}");
        }
    }
}
