//! One pass through the images of a manifest.

use std::time::Duration;

use super::{RunTime, TransferId, catalog::Leg, history::Row};

/// A manifest that is asked for again this soon is a duplicate, unless the phone then
/// begins its images anew: no phone starts twice in this time, and boot loaders ask for
/// manifests in pairs up to 1 s apart.
pub(super) const DUPLICATE_WITHIN: Duration = Duration::from_secs(5);

/// What is known of one image.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each seen by itself"
)]
pub(super) struct Image {
    /// Its newest transfer.
    pub transfer: Option<TransferId>,
    /// Its transfers in this pass.
    pub attempts: u16,
    /// Those of them that the server's own end cut off.
    pub killed: u16,
    /// The newest is one of those: whether all of it came is not known.
    pub cut: bool,
    /// Its final ACK came.
    pub delivered: bool,
    /// All of it was sent, and the phone went on to a later image.
    pub implied: bool,
    /// Nothing but requests is seen, and what was asked for next says that the phone has it.
    pub inferred: bool,
    /// The phone had it before: it was never asked for, and what follows it was.
    pub had: bool,
    /// All of it was sent by the newest transfer, and its final ACK is missing.
    pub all_sent: bool,
    /// A later image was asked for after the newest transfer's last progress.
    pub went_on: bool,
}

impl Image {
    /// Whether the phone has it, as far as anything proves or implies.
    pub(super) fn is_there(&self) -> bool {
        self.delivered || self.implied || self.inferred || self.had
    }
}

/// A manifest that was taken, and the images since.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each seen by itself"
)]
pub(super) struct Pass {
    /// From 1, over the phone's whole run.
    pub number: u32,
    /// The manifest, in the catalogue.
    pub entry: usize,
    /// The stage that it is in.
    pub leg: Leg,
    /// One image a boot: a start between two images is how it goes.
    pub stepwise: bool,
    /// Nothing but requests is seen.
    pub requests_only: bool,
    /// The manifest's transfer.
    pub transfer: TransferId,
    /// When the manifest was asked for.
    pub at: RunTime,
    /// Whether the manifest was delivered or is implied.
    pub manifest: bool,
    /// In the manifest's order.
    pub images: Vec<Image>,
    /// The newest image request's place among the phone's requests.
    pub sequence: u64,
    /// Whether every image was delivered or is implied.
    pub complete: bool,
    /// An application started before every image was accounted for. No request joins the
    /// pass any more; what was under way may still be accounted for.
    pub interrupted: bool,
}

impl Pass {
    pub(super) fn any_asked(&self) -> bool {
        self.images.iter().any(|image| image.attempts > 0)
    }

    /// Whether `manifest`, a row of a manifest request, begins another pass than this one,
    /// if nothing or the image at `place` is asked for next.
    pub(super) fn ends_with(&self, manifest: &Row, entry: usize, place: Option<usize>) -> bool {
        if self.transfer == manifest.transfer {
            return false;
        }
        if self.entry != entry || self.interrupted {
            return true;
        }
        // Every boot reads the manifest, and only an image after it begins anew.
        if self.stepwise {
            return self.complete && place.is_some() && manifest.sequence > self.sequence;
        }
        if !self.any_asked() || manifest.sequence < self.sequence {
            return false;
        }
        self.complete
            || manifest.at.saturating_sub(self.at) >= DUPLICATE_WITHIN
            || place.is_some_and(|place| self.images[place].attempts > 0)
    }

    /// The image at `place` is asked for. Returns the transfers that are implied by it.
    pub(super) fn asked(
        &mut self,
        place: usize,
        transfer: TransferId,
        sequence: u64,
    ) -> Vec<TransferId> {
        self.sequence = sequence;
        let image = &mut self.images[place];
        image.transfer = Some(transfer);
        image.attempts = image.attempts.saturating_add(1);
        image.implied = false;
        image.inferred = false;
        image.had = false;
        image.cut = false;
        image.all_sent = false;
        image.went_on = false;
        if self.stepwise {
            for image in &mut self.images[..place] {
                image.had |= image.attempts == 0;
            }
        }
        self.images[..place]
            .iter_mut()
            .filter(|image| image.attempts > 0 && !image.delivered)
            .filter_map(|image| {
                image.went_on = true;
                let newly = image.all_sent && !image.implied;
                image.implied |= image.all_sent;
                image.transfer.filter(|_| newly)
            })
            .collect()
    }

    /// A transfer of the image at `place` got further. Progress after a later image was
    /// asked for means that the two run side by side, and proves nothing of this one.
    pub(super) fn progressed(&mut self, place: usize, transfer: TransferId) {
        let image = &mut self.images[place];
        if image.transfer == Some(transfer) {
            image.went_on = false;
        }
    }

    /// The server was killed in the middle of a transfer of the image at `place`.
    pub(super) fn killed(&mut self, place: usize, transfer: TransferId) {
        let image = &mut self.images[place];
        image.killed = image.killed.saturating_add(1);
        image.cut = image.transfer == Some(transfer);
    }

    /// The image at `place` was delivered. Returns the transfers that are implied by it: a
    /// phone that lacks an image drops the next one, so who takes a later one whole, and
    /// has not asked again for what a kill cut off, has it.
    pub(super) fn delivered(&mut self, place: usize) -> Vec<TransferId> {
        self.images[place].delivered = true;
        self.images[..place]
            .iter_mut()
            .filter(|image| image.cut && !image.delivered && !image.implied)
            .filter_map(|image| {
                image.implied = true;
                image.transfer
            })
            .collect()
    }

    /// A transfer of the image at `place` ended with only its final ACK missing. Whether
    /// that makes it implied.
    pub(super) fn all_sent(&mut self, place: usize, transfer: TransferId) -> bool {
        let image = &mut self.images[place];
        if image.delivered || image.transfer != Some(transfer) {
            return false;
        }
        image.all_sent = true;
        image.implied = image.went_on;
        image.implied
    }

    /// Whether the manifest and every image of it are accounted for.
    pub(super) fn is_whole(&self) -> bool {
        self.manifest && !self.images.is_empty() && self.images.iter().all(Image::is_there)
    }

    /// Whether only the last image's final ACK is missing.
    pub(super) fn lacks_only_the_last_ack(&self) -> bool {
        self.manifest
            && self.images.split_last().is_some_and(|(last, rest)| {
                last.attempts > 0 && !last.delivered && rest.iter().all(Image::is_there)
            })
    }
}
