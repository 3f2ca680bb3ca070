//! One pass through the images of a manifest.

use std::time::Duration;

use super::{
    history::FetchAttempt,
    observation::{RunTime, TransferId},
    route::StageRole,
};

/// A manifest that is requested again within this time is a duplicate, unless the phone then
/// starts its images over. No phone restarts within this time, and boot loaders request
/// manifests in pairs up to 1 s apart.
pub(super) const DUPLICATE_WITHIN: Duration = Duration::from_secs(5);

/// What is known of one image in a pass.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each observed separately"
)]
pub(super) struct ImageStatus {
    /// The newest transfer.
    pub transfer: Option<TransferId>,
    /// Transfers in this pass.
    pub attempts: u16,
    /// Transfers that ended because the server was killed.
    pub killed: u16,
    /// The newest transfer is one of those, so it is unknown whether the whole image arrived.
    pub last_was_killed: bool,
    /// The final ACK arrived.
    pub delivered: bool,
    /// Every block was sent, and the phone requested a later image.
    pub implied: bool,
    /// Only requests are observed, and the next request shows that the phone has the image.
    pub inferred: bool,
    /// The phone had the image before: it requested a later image and never this one.
    pub had_before: bool,
    /// The newest transfer sent every block, and only the final ACK is missing.
    pub all_sent: bool,
    /// A later image was requested after the newest transfer's last progress.
    pub later_requested: bool,
}

impl ImageStatus {
    /// Whether the phone has the image, as far as anything proves or implies it.
    pub(super) fn is_present(&self) -> bool {
        self.delivered || self.implied || self.inferred || self.had_before
    }
}

/// A manifest that a phone accepted, and its images since then.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each observed separately"
)]
pub(super) struct ImagePass {
    /// The number of the pass among all passes of the phone in this run, from 1.
    pub number: u32,
    /// The index of the manifest in the catalogue.
    pub entry: usize,
    /// Whether the manifest belongs to the target or to the bridge.
    pub role: StageRole,
    /// The phone fetches one image per boot, so a start between two images is normal.
    pub stepwise: bool,
    /// Only requests are observed.
    pub requests_only: bool,
    /// The manifest's transfer.
    pub transfer: TransferId,
    /// When the manifest was requested.
    pub at: RunTime,
    /// Whether the manifest was delivered, or is implied.
    pub has_manifest: bool,
    /// The images, in the order of the manifest.
    pub images: Vec<ImageStatus>,
    /// The hardware platforms of each image, as bits; empty if the phone fetches all images.
    pub platforms: Vec<u32>,
    /// The sequence number of the newest image request.
    pub sequence: u64,
    /// Whether every image is present.
    pub complete: bool,
    /// An application started before every image was accounted for. Later requests do not
    /// join the pass; open transfers may still be accounted for.
    pub interrupted: bool,
    /// The server does not have the image that the phone requested last.
    pub refused: bool,
    /// The server was stopped while images were missing.
    pub not_served: bool,
}

impl ImagePass {
    /// Whether any image was requested.
    pub(super) fn any_requested(&self) -> bool {
        self.images.iter().any(|image| image.attempts > 0)
    }

    /// Whether the manifest request `manifest` ends this pass and begins another one. `index`: the
    /// image that was requested after it, if one was.
    pub(super) fn ends_with(
        &self,
        manifest: &FetchAttempt,
        entry: usize,
        index: Option<usize>,
    ) -> bool {
        if self.transfer == manifest.transfer {
            return false;
        }
        if self.entry != entry || self.interrupted {
            return true;
        }
        // Every boot reads the manifest. Only an image after it begins a new pass.
        if self.stepwise {
            return self.complete && index.is_some() && manifest.sequence > self.sequence;
        }
        if !self.any_requested() || manifest.sequence < self.sequence {
            return false;
        }
        self.complete
            || manifest.at.saturating_sub(self.at) >= DUPLICATE_WITHIN
            || index.is_some_and(|index| self.images[index].attempts > 0)
    }

    /// The phone requested the image at `index`. Returns the transfers that this implies.
    pub(super) fn on_image_request(
        &mut self,
        index: usize,
        transfer: TransferId,
        sequence: u64,
    ) -> Vec<TransferId> {
        self.sequence = sequence;
        let image = &mut self.images[index];
        image.transfer = Some(transfer);
        image.attempts = image.attempts.saturating_add(1);
        image.implied = false;
        image.inferred = false;
        image.had_before = false;
        image.last_was_killed = false;
        image.all_sent = false;
        image.later_requested = false;
        if self.stepwise {
            for image in &mut self.images[..index] {
                image.had_before |= image.attempts == 0;
            }
        }
        self.images[..index]
            .iter_mut()
            .filter(|image| image.attempts > 0 && !image.delivered)
            .filter_map(|image| {
                image.later_requested = true;
                let newly = image.all_sent && !image.implied;
                image.implied |= image.all_sent;
                image.transfer.filter(|_| newly)
            })
            .collect()
    }

    /// A transfer of the image at `index` progressed. Progress after the request for a later
    /// image means that the two run in parallel, which proves nothing about this image.
    pub(super) fn on_progress(&mut self, index: usize, transfer: TransferId) {
        let image = &mut self.images[index];
        if image.transfer == Some(transfer) {
            image.later_requested = false;
        }
    }

    /// The server was killed during a transfer of the image at `index`.
    pub(super) fn on_killed(&mut self, index: usize, transfer: TransferId) {
        let image = &mut self.images[index];
        image.killed = image.killed.saturating_add(1);
        image.last_was_killed = image.transfer == Some(transfer);
    }

    /// The image at `index` was delivered. Returns the transfers that this implies. A phone that
    /// lacks an image drops the next one. So a phone that takes a whole later image has every
    /// earlier image whose transfer the end of the server cut off, unless it requested that image
    /// again.
    pub(super) fn on_delivered(&mut self, index: usize) -> Vec<TransferId> {
        self.images[index].delivered = true;
        self.images[..index]
            .iter_mut()
            .filter(|image| image.last_was_killed && !image.delivered && !image.implied)
            .filter_map(|image| {
                image.implied = true;
                image.transfer
            })
            .collect()
    }

    /// A transfer of the image at `index` ended with only its final ACK missing. Returns
    /// whether the image is implied by that.
    pub(super) fn on_all_sent(&mut self, index: usize, transfer: TransferId) -> bool {
        let image = &mut self.images[index];
        if image.delivered || image.transfer != Some(transfer) {
            return false;
        }
        image.all_sent = true;
        image.implied = image.later_requested;
        image.implied
    }

    /// The images that this phone fetches, with their indices: those of its platform. A platform
    /// that has every requested image may be its own; the first one counts.
    pub(super) fn own_images(&self) -> impl DoubleEndedIterator<Item = (usize, &ImageStatus)> {
        let all = || self.platforms.iter().fold(0, |all, bits| all | bits);
        let is_general = |index: usize| self.platforms.get(index).is_none_or(|bits| *bits == 0);
        let requested = self.images.iter().enumerate();
        let requested =
            requested.filter(|(index, image)| image.attempts > 0 && !is_general(*index));
        let possible = requested.fold(all(), |bits, (index, _)| bits & self.platforms[index]);
        let platform = possible & possible.wrapping_neg();
        let images = self.images.iter().enumerate();
        images.filter(move |(index, _)| {
            platform == 0 || is_general(*index) || self.platforms[*index] & platform != 0
        })
    }

    /// Whether the manifest and all of its images are present.
    pub(super) fn is_whole(&self) -> bool {
        self.has_manifest
            && !self.images.is_empty()
            && self.own_images().all(|(_, image)| image.is_present())
    }

    /// Whether only the final ACK of the last image is missing.
    pub(super) fn lacks_only_the_last_ack(&self) -> bool {
        let mut own = self.own_images();
        self.has_manifest
            && own.next_back().is_some_and(|(_, last)| {
                last.attempts > 0 && !last.delivered && own.all(|(_, image)| image.is_present())
            })
    }
}
