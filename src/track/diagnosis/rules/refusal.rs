//! When a manifest counts as refused, and why.

use std::time::Duration;

use super::{REPEAT_AFTER, REPEATED_WITHIN};
use crate::{
    phone::{LoadName, Route, supports_hardware},
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
    /// The application went on without an image, as a phone with two slots does that refuses.
    pub ran_on: bool,
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
    let is_enough = |boots: &&[_]| boots.len() >= REFUSED_BOOTS || newest.ran_on && newest.whole;
    Some(&deliveries[before..]).filter(is_enough)
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
    let known = runs.filter(|runs| runs.release().is_some());
    let route = known.map_or(Route::Unknown, |runs| Route::between(Some(runs), load));
    match (fits, route) {
        (Some(false), _) | (None, Route::Direct) => RefusalCause::Hardware,
        (_, Route::ViaBridge) | (Some(true), Route::Unknown) => RefusalCause::Key,
        _ => RefusalCause::Either,
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
            ran_on: false,
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
}
