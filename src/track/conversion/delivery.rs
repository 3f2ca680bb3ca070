//! What a phone fetched: files, passes through the images, failures.

use super::super::{
    catalog::Catalog,
    file_outcome::FileOutcome,
    history::{FetchAttempt, FetchHistory, FileRole, MAX_ROWS},
    observation::{RunTime, TransferEnd, TransferId},
    pass::ImagePass,
};
use crate::{
    phone::normalized_name,
    track::{diagnosis::rules::ManifestDelivery, event::State, route::StageRole},
};

/// Manifest deliveries that are kept. The newest show a refusal as clearly as all.
pub(super) const MAX_DELIVERIES: usize = 32;

/// Images whose failed attempts are counted.
const MAX_FAILING: usize = 8;

/// What one phone fetched.
#[derive(Debug, Clone)]
pub(in crate::track) struct Delivery {
    /// Every attempt at a file.
    pub attempts: FetchHistory,
    /// The number of the newest pass.
    pub pass: u32,
    pub(super) current: Option<ImagePass>,
    /// The pass of the newest number led to no image before this episode.
    pub(super) pass_is_unused: bool,
    /// The newest manifest request that a pass can begin with.
    pub(super) manifest: Option<TransferId>,
    /// Bytes of a manifest or an image were acknowledged.
    pub(super) fetched: bool,
    /// Complete passes through the target's images.
    pub(in crate::track) complete_passes: u32,
    /// One of those passes had the final ACK of every image.
    pub(super) had_every_ack: bool,
    /// Deliveries of a manifest that no image request followed.
    pub(super) manifest_deliveries: Vec<ManifestDelivery>,
    /// Images whose transfers broke off, and how often since their last delivery.
    pub(super) failing: Vec<(String, u16)>,
    /// The phone requested the manifest of its last pass again: its state before.
    pub(super) kept: Option<State>,
    /// The newest request for an image, or acknowledgement of a part of one.
    pub(in crate::track) last_image: Option<RunTime>,
    /// The work that the restart at the beginning of this episode interrupted.
    pub(super) interrupted_file: Option<String>,
}

impl Delivery {
    pub(super) fn new() -> Self {
        Self {
            attempts: FetchHistory::new(MAX_ROWS),
            pass: 0,
            current: None,
            pass_is_unused: false,
            manifest: None,
            fetched: false,
            complete_passes: 0,
            had_every_ack: false,
            manifest_deliveries: Vec::new(),
            failing: Vec::new(),
            kept: None,
            last_image: None,
            interrupted_file: None,
        }
    }

    /// Whether the pass of the newest number led to no image: the next manifest has its number.
    pub(super) fn pass_is_unused(&self) -> bool {
        match &self.current {
            Some(pass) => !pass.any_requested(),
            None => self.pass_is_unused,
        }
    }

    /// Numbers the passes of an episode that continued the numbers of `before` from 1 again.
    pub(super) fn renumber_from(&mut self, before: &Self) {
        let reused = before.pass_is_unused() && !self.pass_is_unused;
        self.shift_passes(i64::from(reused) - i64::from(before.pass));
        self.pass_is_unused = false;
    }

    /// Whether the current pass is complete.
    pub(super) fn has_everything(&self) -> bool {
        self.current
            .as_ref()
            .is_some_and(|pass| pass.complete && !pass.interrupted)
    }

    /// Whether the current pass lacks images and can still get them.
    pub(super) fn lacks_images(&self) -> bool {
        self.current
            .as_ref()
            .is_some_and(|pass| !pass.complete && !pass.interrupted)
    }

    /// Whether the newest manifest is being transferred or was delivered.
    pub(super) fn has_manifest(&self) -> bool {
        self.manifest
            .and_then(|transfer| self.attempts.get(transfer))
            .is_some_and(|attempt| attempt.open || attempt.outcome == FileOutcome::Delivered)
    }

    /// Whether the phone was refused an image of the current pass.
    pub(super) fn was_refused(&self) -> bool {
        self.current.as_ref().is_some_and(|pass| pass.refused)
    }

    /// Whether the images of the current pass are fetched one per boot.
    pub(super) fn is_stepwise(&self) -> bool {
        self.current.as_ref().is_some_and(|pass| pass.stepwise)
    }

    /// Whether the manifest of this attempt begins another pass.
    pub(super) fn begins_pass(
        &self,
        attempt: &FetchAttempt,
        entry: usize,
        index: Option<usize>,
    ) -> bool {
        self.current
            .as_ref()
            .is_none_or(|pass| pass.ends_with(attempt, entry, index))
    }

    /// The role of the manifest that the phone was given and that lists the image `name`.
    pub(super) fn role_of_image(&self, catalog: &Catalog, name: &str) -> Option<StageRole> {
        let given = self.attempts.iter().rev().filter(|attempt| {
            attempt.open || attempt.all_sent || attempt.outcome == FileOutcome::Delivered
        });
        let mut entries = given.filter_map(|attempt| match attempt.role {
            FileRole::Manifest(Some(entry)) => Some(catalog.entry(entry)),
            _ => None,
        });
        entries
            .find(|entry| entry.image_index(name).is_some())
            .map(|entry| entry.role)
    }

    /// Marks an attempt as implied.
    pub(super) fn imply(&mut self, transfer: TransferId) {
        if let Some(attempt) = self.attempts.get_mut(transfer) {
            attempt.outcome = FileOutcome::Implied;
        }
    }

    /// The phone requested an image, so it has the manifest of this pass if all of it was
    /// sent.
    pub(super) fn imply_manifest_if_sent(&mut self) {
        let Some(pass) = self.current.as_ref().filter(|pass| !pass.has_manifest) else {
            return;
        };
        let transfer = pass.transfer;
        let sent = self
            .attempts
            .get(transfer)
            .is_some_and(|attempt| !attempt.open && attempt.all_sent);
        if sent {
            self.imply_manifest(transfer);
        }
    }

    /// The phone did not receive the manifest `name` that it requested.
    pub(super) fn on_manifest_unanswered(&mut self, name: &str, at: RunTime) {
        if let Some(delivery) = self.manifest_deliveries.last_mut()
            && delivery.name == name
            && !delivery.whole
        {
            delivery.unanswered = true;
            delivery.last = at;
        }
    }

    /// The phone has the manifest of this pass.
    pub(super) fn imply_manifest(&mut self, transfer: TransferId) {
        if let Some(pass) = &mut self.current {
            pass.has_manifest = true;
        }
        self.imply(transfer);
    }

    /// A transfer of an image ended: counts failures across all passes. `is_missing`: a file
    /// is missing, in which case phones drop the next image.
    pub(super) fn count_failure(
        &mut self,
        attempt: &FetchAttempt,
        end: &TransferEnd,
        is_missing: bool,
    ) {
        let name = normalized_name(&attempt.name);
        let known = self
            .failing
            .iter()
            .position(|(failing, _)| *failing == name);
        // A log gives no bytes.
        let gave_up = attempt.size.is_none() && matches!(end, TransferEnd::Vanished { .. });
        let breaks = (attempt.bytes > 0 || gave_up) && !is_missing;
        match (end, known) {
            (TransferEnd::Delivered, Some(index)) => {
                self.failing.remove(index);
            }
            (TransferEnd::Delivered, None) => {}
            (_, Some(index)) if breaks => {
                let count = &mut self.failing[index].1;
                *count = count.saturating_add(1);
            }
            (_, None) if breaks => {
                if self.failing.len() >= MAX_FAILING {
                    self.failing.remove(0);
                }
                self.failing.push((name, 1));
            }
            _ => {}
        }
    }

    /// Failed attempts at this image since it was last delivered.
    pub(super) fn failures(&self, name: &str) -> u16 {
        let name = normalized_name(name);
        self.failing
            .iter()
            .find(|(failing, _)| *failing == name)
            .map_or(0, |(_, count)| *count)
    }

    /// Adds `by` to the number of every pass.
    pub(super) fn shift_passes(&mut self, by: i64) {
        let shift = |pass: &mut u32| {
            *pass = u32::try_from(i64::from(*pass) + by).unwrap_or(0);
        };
        shift(&mut self.pass);
        if let Some(pass) = &mut self.current {
            shift(&mut pass.number);
        }
        for attempt in self.attempts.iter_mut() {
            shift(&mut attempt.pass);
        }
    }

    /// Removes the deliveries that were carried over from before `began`.
    pub(super) fn forget_before(&mut self, began: RunTime) {
        self.manifest_deliveries
            .retain(|delivery| delivery.first >= began);
    }

    /// `idle`: nothing was observed in the later part of the history. `carried`: this part
    /// contains the earlier counters.
    pub(super) fn absorb_earlier(&mut self, earlier: Self, idle: bool, carried: bool) {
        if idle {
            self.current = earlier.current;
            self.manifest = earlier.manifest;
            self.manifest_deliveries = earlier.manifest_deliveries;
            self.failing = earlier.failing;
        } else if !carried {
            self.prepend_manifest_deliveries(earlier.manifest_deliveries);
            self.add_earlier_failures(earlier.failing);
        }
        self.attempts.absorb_earlier(earlier.attempts, MAX_ROWS);
        self.fetched |= earlier.fetched;
        self.last_image = self.last_image.max(earlier.last_image);
        if !carried {
            self.complete_passes += earlier.complete_passes;
        }
        self.had_every_ack |= earlier.had_every_ack;
    }

    /// The earlier deliveries still count if no image was requested since.
    fn prepend_manifest_deliveries(&mut self, mut earlier: Vec<ManifestDelivery>) {
        let requested_image = self
            .attempts
            .iter()
            .any(|attempt| matches!(attempt.role, FileRole::Image(_)));
        if requested_image {
            return;
        }
        for later in std::mem::take(&mut self.manifest_deliveries) {
            match earlier.last_mut() {
                Some(last) if last.is_same_boot(&later.name, later.first) => {
                    last.last = later.last;
                    last.whole |= later.whole;
                }
                _ => earlier.push(later),
            }
        }
        earlier.truncate(MAX_DELIVERIES);
        self.manifest_deliveries = earlier;
    }

    /// The earlier failures of an image still count if it was not delivered since.
    fn add_earlier_failures(&mut self, earlier: Vec<(String, u16)>) {
        for (name, count) in earlier {
            let delivered = self.attempts.iter().any(|attempt| {
                attempt.outcome == FileOutcome::Delivered && normalized_name(&attempt.name) == name
            });
            if delivered {
                continue;
            }
            let known = self
                .failing
                .iter()
                .position(|(failing, _)| *failing == name);
            if let Some(index) = known {
                let later = &mut self.failing[index].1;
                *later = later.saturating_add(count);
            } else if self.failing.len() < MAX_FAILING {
                self.failing.push((name, count));
            }
        }
    }
}
