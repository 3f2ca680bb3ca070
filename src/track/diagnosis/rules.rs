//! The diagnosis rules. Each is a function of what was observed and of the time.

use std::time::Duration;

use super::slip::{Slip, slip};
use crate::{
    phone::{Family, LoadName, RequestedFile, Route, normalized_name, supports_hardware},
    track::observation::RunTime,
};

/// Deliveries of one recovery manifest within this time belong to one boot. A boot loader that
/// refuses a manifest fetches it in pairs 0 to 1 s apart, and boots again after 87 to 148 s.
pub(crate) const BOOT_APART: Duration = Duration::from_mins(1);

/// A phone that accepts a manifest requests its first image after about 2 s. Without a request
/// within this time of the last delivery, the manifest counts as refused.
pub(crate) const FIRST_IMAGE_WITHIN: Duration = Duration::from_secs(30);

/// Boots with a delivered manifest and without an image request before it counts as refused.
pub(crate) const REFUSED_BOOTS: usize = 2;

/// Attempts at one image without a delivery before the transfer counts as broken.
pub(crate) const BROKEN_ATTEMPTS: u16 = 3;

/// The delivery of a manifest in one boot, without an image request since.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each observed separately"
)]
pub(crate) struct ManifestDelivery {
    /// Its name as staged.
    pub name: String,
    /// The first delivery in this boot.
    pub first: RunTime,
    /// The last delivery in this boot.
    pub last: RunTime,
    /// Whether the boot loader fetched it; if not, an application did.
    pub recovery: bool,
    /// Whether the application started again since.
    pub booted_since: bool,
    /// Whether all of it was acknowledged; if not, only the request was observed.
    pub whole: bool,
    /// Only the request was observed, and the phone repeated it: no answer arrived.
    pub unanswered: bool,
}

impl ManifestDelivery {
    /// Another delivery in the same boot. `whole`: all of it was acknowledged; otherwise it was
    /// requested again, at once (boot loaders request in pairs) or because no answer arrived.
    pub(crate) fn on_again(&mut self, at: RunTime, whole: bool) {
        if whole {
            self.whole = true;
            self.unanswered = false;
        } else if !self.whole {
            self.unanswered |= at.saturating_sub(self.last) >= REPEAT_AFTER;
        }
        self.last = at;
    }

    /// Whether a delivery of `name` at `at` belongs to the same boot.
    pub(crate) fn is_same_boot(&self, name: &str, at: RunTime) -> bool {
        self.name == name
            && if self.unanswered && at.saturating_sub(self.last) <= REPEATED_WITHIN {
                true
            } else if self.recovery {
                at.saturating_sub(self.first) < BOOT_APART
            } else {
                !self.booted_since
            }
    }
}

/// The boots with deliveries of the newest manifest, if they are enough for a refusal. A boot
/// without a delivery shows that the answers do not arrive, so that earlier requests prove
/// nothing either.
fn refusing_boots(deliveries: &[ManifestDelivery]) -> Option<&[ManifestDelivery]> {
    let newest = deliveries.last()?;
    let before = deliveries
        .iter()
        .rposition(|delivery| delivery.name != newest.name || delivery.unanswered)
        .map_or(0, |at| at + 1);
    Some(&deliveries[before..]).filter(|boots| boots.len() >= REFUSED_BOOTS)
}

/// When [`manifest_refused`] becomes true, if nothing else is observed.
pub(crate) fn refusal_due(deliveries: &[ManifestDelivery]) -> Option<RunTime> {
    refusing_boots(deliveries)?
        .last()
        .map(|delivery| delivery.last + FIRST_IMAGE_WITHIN)
}

/// The boots of a refusal: one manifest delivered in at least [`REFUSED_BOOTS`] boots, and no
/// image requested within [`FIRST_IMAGE_WITHIN`] of the last delivery.
///
/// A single boot of an application proves nothing, as the phone may get the images from a
/// neighbour (peer firmware sharing). A phone that fetches the manifest again after a restart
/// did not get them.
pub(crate) fn manifest_refused(
    deliveries: &[ManifestDelivery],
    at: RunTime,
) -> Option<&[ManifestDelivery]> {
    refusing_boots(deliveries).filter(|boots| {
        boots
            .last()
            .is_some_and(|delivery| at >= delivery.last + FIRST_IMAGE_WITHIN)
    })
}

/// Why a phone refuses a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefusalCause {
    /// The phone does not know the signing key.
    Key,
    /// The release does not support the phone's hardware.
    Hardware,
    /// One of the two; which one is not known.
    Either,
}

/// Why a phone refuses the manifest of `load` with this hardware mask. `runs` and `hardware`
/// are the phone's load and hardware classes, if known.
pub(crate) fn refusal(
    runs: Option<&LoadName>,
    hardware: Option<u32>,
    load: &LoadName,
    mask: Option<u32>,
) -> RefusalCause {
    let fits = hardware.and_then(|hardware| supports_hardware(load, mask, hardware));
    let trains = runs.and_then(LoadName::release).zip(load.release());
    let route = trains.map_or(Route::Unknown, |(from, to)| Route::between(Some(from), to));
    match (fits, route) {
        (Some(false), _) | (None, Route::Direct) => RefusalCause::Hardware,
        (_, Route::ViaBridge) | (Some(true), Route::Unknown) => RefusalCause::Key,
        _ => RefusalCause::Either,
    }
}

/// Consecutive boots in which a configuration was delivered and nothing followed, before the
/// configuration counts as rejected.
pub(crate) const REJECTED_BOOTS: u8 = 3;

/// A phone that starts over by itself does so within this time: 15 s to some minutes. Boots that
/// are farther apart are those of a person, and a phone that runs well may fetch the same files
/// in each of them.
pub(crate) const LOOP_WITHIN: Duration = Duration::from_mins(10);

/// This many complete passes through the target's images are too many. A recovery takes two.
pub(crate) const REPEATED_PASSES: u32 = 3;

/// Transfers of one file without an ACK before the server's answers count as lost.
pub(crate) const UNACKED_TRANSFERS: u16 = 3;

/// Repetitions of one request, each within [`REPEATED_WITHIN`] of the previous one, before the
/// server's answers count as lost. A phone sends five requests from one port.
pub(crate) const UNANSWERED_REPETITIONS: u16 = 7;

/// The same in a record without the phone's ports, where they cannot show that it tried another:
/// more than it sends from one.
pub(crate) const UNANSWERED_WITHOUT_PORTS: u16 = 5;

/// Requests for one name within this time are duplicates. Phones repeat after 4 s.
pub(crate) const REPEAT_AFTER: Duration = Duration::from_secs(2);

/// A request for the same name within this time is a repetition: no answer to the earlier one
/// arrived. Later it is a new attempt: an application without a configuration requests its file
/// every 27 to 55 s, and a boot loader returns after 87 s.
pub(crate) const REPEATED_WITHIN: Duration = Duration::from_secs(15);

/// A phone registers within about a minute of its configuration. Without a REGISTER within
/// this time it gets a diagnosis.
pub(crate) const REGISTERS_WITHIN: Duration = Duration::from_mins(5);

/// A phone waits this long for the answer to a REGISTER (timer F of RFC 3261, 17.1.2.2).
pub(crate) const ANSWERS_WITHIN: Duration = Duration::from_secs(32);

/// Retransmissions of one REGISTER without an answer before the PBX counts as silent. The first
/// four are sent within 3.5 s.
pub(crate) const RETRANSMISSIONS: u32 = 3;

/// Retransmissions of one REGISTER after its answer before the answer counts as lost. One may
/// have crossed the answer.
pub(crate) const RETRANSMISSIONS_AFTER_ANSWER: u32 = 2;

/// Packets to a closed port before it gets a diagnosis. After one, the PBX may be starting.
pub(crate) const CLOSED_PORT_TRIES: u32 = 2;

/// Consecutive rejections before they get a diagnosis, if their cause may be temporary.
pub(crate) const REJECTIONS: u32 = 2;

/// Challenges without credentials in response before they get a diagnosis.
pub(crate) const UNANSWERED_CHALLENGES: u32 = 3;

/// A starting phone contacts its TFTP server within seconds of its lease. Without a request
/// within this time the phone does not reach this machine.
pub(crate) const FIRST_REQUEST_WITHIN: Duration = Duration::from_mins(1);

/// DHCP requests without an answer before the phone counts as one without a lease. Phones repeat
/// them after about 4 s.
pub(crate) const UNANSWERED_DISCOVERS: u32 = 4;

/// How long those requests must last. A DHCP server that checks an address first needs some
/// seconds.
pub(crate) const UNANSWERED_DISCOVERS_LAST: Duration = Duration::from_secs(10);

/// Requests to a machine without a TFTP server before it gets a diagnosis. After one, the server
/// may be starting.
pub(crate) const CLOSED_SERVER_TRIES: u32 = 2;

/// Requests of the PBX to a closed port of the phone before they get a diagnosis. After one, the
/// phone may be starting.
pub(crate) const CLOSED_CONTACT_TRIES: u32 = 2;

/// Such requests within this time count once: a PBX repeats an INVITE within seconds.
pub(crate) const CLOSED_CONTACT_APART: Duration = Duration::from_secs(15);

/// What a request for a missing file shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotFound {
    /// Nothing; such requests are routine.
    Nothing,
    /// The phone is of a family that is not staged.
    WrongModel(Family),
    /// The phone is of a family that this program does not convert, or of an unknown family.
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
        } else if !family.is_convertible() {
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

    fn delivery(first: u64, last: u64, recovery: bool, booted_since: bool) -> ManifestDelivery {
        ManifestDelivery {
            name: "term06.default.loads".to_owned(),
            first: Duration::from_secs(first),
            last: Duration::from_secs(last),
            recovery,
            booted_since,
            whole: true,
            unanswered: false,
        }
    }

    #[test]
    fn a_boot_without_an_answer_is_no_refusal() {
        let mut boots = [
            delivery(0, 1, true, false),
            delivery(148, 160, true, false),
            delivery(300, 301, true, false),
        ];
        boots[1].unanswered = true;
        assert_eq!(manifest_refused(&boots, Duration::from_secs(1000)), None);
        assert!(boots[1].is_same_boot("term06.default.loads", Duration::from_secs(170)));
        assert!(!boots[1].is_same_boot("term06.default.loads", Duration::from_mins(4)));
    }

    #[test]
    fn a_refusal_takes_two_boots_and_the_time_for_a_first_image() {
        let one = [delivery(0, 1, true, false)];
        let two = [delivery(0, 1, true, false), delivery(148, 149, true, false)];
        let at = Duration::from_secs;
        assert_eq!(manifest_refused(&one, at(1000)), None);
        assert_eq!(manifest_refused(&two, at(178)), None);
        assert_eq!(manifest_refused(&two, at(179)), Some(&two[..]));
        assert_eq!(refusal_due(&two), Some(at(179)));
    }

    #[test]
    fn two_deliveries_within_a_minute_are_one_boot() {
        let first = delivery(0, 0, true, false);
        assert!(first.is_same_boot("term06.default.loads", Duration::from_secs(1)));
        assert!(!first.is_same_boot("term06.default.loads", Duration::from_secs(87)));
        let application = delivery(0, 0, false, false);
        assert!(application.is_same_boot("term06.default.loads", Duration::from_secs(87)));
    }

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
