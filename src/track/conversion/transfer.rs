//! Progress and ends of transfers, and what they prove.

use super::{context::Context, core::Conversion, delivery::MAX_DELIVERIES};
use crate::{
    diagnose::Code,
    phone::{Family, LoadName},
    track::{
        change::Change,
        diagnosis::{
            rules::{self, ManifestDelivery},
            text,
        },
        event::{ImageNumber, StepDetails},
        history::{FetchAttempt, FileRole},
        observation::{EvidenceSource, TransferEnd, TransferId},
    },
};

impl Conversion {
    /// Bytes of a transfer were acknowledged.
    pub(in crate::track) fn on_acknowledged(
        &mut self,
        cx: Context<'_>,
        transfer: TransferId,
        bytes: u64,
        out: &mut Vec<Change>,
    ) {
        if bytes > 0 {
            self.prove_request(cx, transfer, out);
        }
        let Some(attempt) = self.delivery.attempts.get_mut(transfer) else {
            return;
        };
        let more = attempt.acknowledge(bytes);
        let (bytes, size) = (attempt.bytes, attempt.size.unwrap_or(attempt.bytes));
        let (file, pass, role) = (attempt.name.clone(), attempt.pass, attempt.role);
        self.on_activity(cx.at, out);
        if bytes > 0 {
            self.on_acknowledgement(cx.at, out);
        }
        let mut image = None;
        if matches!(role, FileRole::Image(_)) {
            self.delivery.last_image = Some(cx.at);
        }
        if let FileRole::Image(Some(index)) = role {
            self.delivery.fetched |= bytes > 0;
            if let Some(current) = &mut self.delivery.current
                && current.number == pass
            {
                if more {
                    current.on_progress(index, transfer);
                }
                let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
                let own = || current.own_images();
                let before = own().take_while(|(own, _)| *own < index).count();
                image = Some(ImageNumber {
                    number: number(before + 1),
                    count: number(own().count()),
                });
            }
        }
        out.push(Change::Progress {
            file,
            bytes,
            size,
            pass,
            image,
        });
    }

    /// A transfer ended.
    pub(in crate::track) fn on_transfer_end(
        &mut self,
        cx: Context<'_>,
        transfer: TransferId,
        end: &TransferEnd,
        bytes: u64,
        out: &mut Vec<Change>,
    ) {
        let attempt = self.delivery.attempts.get(transfer);
        if !attempt.is_some_and(|attempt| attempt.open) {
            return;
        }
        if *end == TransferEnd::Delivered || bytes > 0 {
            self.prove_request(cx, transfer, out);
        }
        let Some(attempt) = self.delivery.attempts.get_mut(transfer) else {
            return;
        };
        attempt.end(end, bytes);
        let attempt = attempt.clone();
        if let Some(error) = &attempt.error {
            let detail = text::phone_error(&attempt.name, error);
            self.note(EvidenceSource::Requests, detail, out);
        }
        // The absence of packets is not activity.
        if !matches!(end, TransferEnd::Vanished { .. } | TransferEnd::Killed) {
            self.on_activity(cx.at, out);
        }
        if *end == TransferEnd::Delivered || attempt.bytes > 0 {
            self.on_acknowledgement(cx.at, out);
        } else if matches!(end, TransferEnd::Vanished { .. }) {
            self.count_unacked_transfer(cx, &attempt, out);
        }
        if matches!(end, TransferEnd::Aborted { .. })
            && matches!(attempt.role, FileRole::Manifest(_))
        {
            self.delivery.on_manifest_unanswered(&attempt.name, cx.at);
        }
        match attempt.role {
            FileRole::Manifest(entry) => self.on_manifest_end(cx, &attempt, entry, end, out),
            FileRole::Image(index) => {
                self.on_image_end(&attempt, index, end, out);
                self.on_early_image_end(&attempt, end, out);
                if *end == TransferEnd::Delivered {
                    self.check_loader_again(cx, &attempt.name, out);
                }
            }
            FileRole::OwnConfig if *end == TransferEnd::Delivered => {
                self.configuration.boot.on_own_delivered(transfer);
                self.configuration.unnamed_load.on_delivered(transfer);
                self.on_slots_configured(cx, &attempt);
                self.expect_register(cx, out);
            }
            // No request follows a configuration that names no load.
            FileRole::DefaultConfig if *end == TransferEnd::Delivered => {
                self.configuration.boot.default_delivered |= !self.is_held(cx);
                self.on_slots_configured(cx, &attempt);
            }
            _ => {}
        }
    }

    fn on_manifest_end(
        &mut self,
        cx: Context<'_>,
        attempt: &FetchAttempt,
        entry: Option<usize>,
        end: &TransferEnd,
        out: &mut Vec<Change>,
    ) {
        if *end == TransferEnd::Delivered {
            self.on_manifest_delivered(cx, attempt, entry, out);
        } else if attempt.all_sent {
            let next_requested = self
                .delivery
                .current
                .as_ref()
                .is_some_and(|pass| pass.transfer == attempt.transfer && pass.any_requested());
            if next_requested {
                self.delivery.imply_manifest(attempt.transfer);
                self.check_complete(StepDetails::default(), out);
            }
        }
    }

    fn on_manifest_delivered(
        &mut self,
        cx: Context<'_>,
        attempt: &FetchAttempt,
        entry: Option<usize>,
        out: &mut Vec<Change>,
    ) {
        self.delivery.fetched = true;
        if self.is_read_again(attempt) {
            self.activity.running_since = Some(cx.at);
        }
        self.record_manifest_delivery(cx, attempt, true);
        if let Some(entry) = entry {
            if self.delivery.begins_pass(attempt, entry, None) {
                self.begin_pass(cx, attempt, entry);
            } else if let Some(pass) = &mut self.delivery.current
                && pass.entry == entry
                && (pass.transfer == attempt.transfer || !pass.any_requested())
            {
                pass.has_manifest = true;
                pass.transfer = attempt.transfer;
                pass.at = attempt.at;
            }
        }
        if !self.check_complete(StepDetails::default(), out) {
            let details = StepDetails {
                load: entry.map(|entry| cx.catalog.entry(entry).load.clone()),
                ..transferred(attempt)
            };
            self.step(details, out);
        }
    }

    /// Remembers the delivery of a manifest until an image is requested. `whole`: all of it
    /// was acknowledged; otherwise the delivery is inferred.
    pub(super) fn record_manifest_delivery(
        &mut self,
        cx: Context<'_>,
        attempt: &FetchAttempt,
        whole: bool,
    ) {
        let load = LoadName::new(&attempt.name);
        // A 7940 or 7960 reads its manifest in every boot.
        let pass = self.delivery.current.as_ref();
        let is_of_last_pass = pass.is_some_and(|pass| {
            self.delivery.kept.is_some() && attempt.role == FileRole::Manifest(Some(pass.entry))
        });
        if load.family() == Some(Family::P3) || is_of_last_pass {
            return;
        }
        if let Some(pass) = &self.delivery.current
            && pass.any_requested()
            && pass.sequence > attempt.sequence
        {
            return;
        }
        let deliveries = &mut self.delivery.manifest_deliveries;
        // A phone that runs this load reads its manifest whenever it is switched on.
        if !load.is_recovery()
            && deliveries
                .last()
                .is_some_and(|last| cx.at.saturating_sub(last.last) > rules::LOOP_WITHIN)
        {
            self.activity.running_since = whole.then_some(cx.at);
            deliveries.clear();
        }
        match deliveries.last_mut() {
            Some(delivery) if delivery.is_same_boot(&attempt.name, cx.at) => {
                delivery.on_again(cx.at, whole);
            }
            _ => {
                if deliveries.len() >= MAX_DELIVERIES {
                    deliveries.remove(1);
                }
                deliveries.push(ManifestDelivery {
                    name: attempt.name.clone(),
                    first: cx.at,
                    last: cx.at,
                    recovery: load.is_recovery(),
                    booted_since: false,
                    whole,
                    unanswered: false,
                    ran_on: false,
                });
            }
        }
    }

    fn on_image_end(
        &mut self,
        attempt: &FetchAttempt,
        index: Option<usize>,
        end: &TransferEnd,
        out: &mut Vec<Change>,
    ) {
        self.delivery.fetched |= attempt.bytes > 0 || *end == TransferEnd::Delivered;
        if *end != TransferEnd::Killed {
            let is_missing = self.has_diagnosis(Code::MissingImage);
            self.delivery.count_failure(attempt, end, is_missing);
        }
        let mut implied = Vec::new();
        if let Some(index) = index
            && let Some(pass) = &mut self.delivery.current
            && pass.number == attempt.pass
        {
            if *end == TransferEnd::Delivered {
                implied = pass.on_delivered(index);
            } else if *end == TransferEnd::Killed {
                pass.on_killed(index, attempt.transfer);
            } else if attempt.all_sent && pass.on_all_sent(index, attempt.transfer) {
                implied.push(attempt.transfer);
            }
        }
        for transfer in implied {
            self.delivery.imply(transfer);
        }
        if *end == TransferEnd::Delivered {
            self.withdraw(Code::TransferBroken, Some(&attempt.name), out);
        }
        if !self.check_complete(transferred(attempt), out) {
            self.step(transferred(attempt), out);
        }
    }
}

/// A step about the file and the bytes of a transfer.
fn transferred(attempt: &FetchAttempt) -> StepDetails {
    StepDetails {
        file: Some(attempt.name.clone()),
        bytes: Some(attempt.bytes),
        outcome: Some(attempt.outcome),
        size: attempt.size,
        ..StepDetails::default()
    }
}
