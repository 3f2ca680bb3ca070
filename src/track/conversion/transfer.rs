//! What becomes of transfers, and what that proves.

use super::{
    Change, Conversion, FileOutcome, Kind, Row, Scene, StepDetails, TransferEnd, TransferId,
};
use crate::{
    diagnose::Code,
    phone::{Family, LoadName},
    track::diagnosis::rules::Take,
};

/// Takes that are kept; a refusal is as clear from the newest ones.
const MAX_TAKES: usize = 32;

impl Conversion {
    /// Bytes of a transfer are acknowledged.
    pub(in super::super) fn acknowledged(
        &mut self,
        scene: Scene<'_>,
        transfer: TransferId,
        bytes: u64,
        out: &mut Vec<Change>,
    ) {
        let Some(row) = self.rows.find(transfer) else {
            return;
        };
        let more = row.acknowledge(bytes);
        let (bytes, size) = (row.bytes, row.size.unwrap_or(row.bytes));
        let (file, pass, kind) = (row.name.clone(), row.pass, row.kind);
        self.touch(scene.at, out);
        if bytes > 0 {
            self.heard(out);
        }
        let mut place = (0, 0);
        if let Kind::Image(Some(at)) = kind {
            self.fetched |= bytes > 0;
            if let Some(current) = &mut self.current
                && current.number == pass
            {
                if more {
                    current.progressed(at, transfer);
                }
                let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
                place = (number(at + 1), number(current.images.len()));
            }
        }
        out.push(Change::Progress {
            file,
            bytes,
            size,
            pass,
            place,
        });
    }

    /// A transfer is over.
    pub(in super::super) fn ended(
        &mut self,
        scene: Scene<'_>,
        transfer: TransferId,
        end: &TransferEnd,
        bytes: u64,
        out: &mut Vec<Change>,
    ) {
        let Some(row) = self.rows.find(transfer) else {
            return;
        };
        if !row.open {
            return;
        }
        row.end(end, bytes);
        let row = row.clone();
        // That nothing more is heard is no sign of life, nor that nobody listened.
        if !matches!(end, TransferEnd::Vanished { .. } | TransferEnd::Killed) {
            self.touch(scene.at, out);
        }
        if *end == TransferEnd::Delivered || row.bytes > 0 {
            self.heard(out);
        } else if matches!(end, TransferEnd::Vanished { .. }) {
            self.unheard_transfer(scene.at, &row, out);
        }
        match row.kind {
            Kind::Manifest(entry) => self.manifest_ended(scene, &row, entry, end, out),
            Kind::Image(place) => self.image_ended(&row, place, end, out),
            Kind::Other if *end == TransferEnd::Delivered => {
                self.config_delivered(scene, &row);
                self.may_register(scene, &row);
            }
            Kind::Other => {}
        }
    }

    fn manifest_ended(
        &mut self,
        scene: Scene<'_>,
        row: &Row,
        entry: Option<usize>,
        end: &TransferEnd,
        out: &mut Vec<Change>,
    ) {
        match end {
            TransferEnd::Delivered => {
                self.fetched = true;
                self.take(scene, row, true);
                if let Some(entry) = entry {
                    if self.begins_pass(row, entry, None) {
                        self.begin(scene, row, entry);
                    } else if let Some(pass) = &mut self.current
                        && pass.entry == entry
                        && (pass.transfer == row.transfer || !pass.any_asked())
                    {
                        pass.manifest = true;
                        pass.transfer = row.transfer;
                        pass.at = row.at;
                    }
                }
                let about = StepDetails {
                    file: Some(row.name.clone()),
                    bytes: Some(row.bytes),
                    load: entry.map(|at| scene.catalog.entry(at).load.clone()),
                    ..StepDetails::default()
                };
                if !self.check_complete(StepDetails::default(), out) {
                    self.step(about, out);
                }
            }
            _ if row.sent => {
                let went_on = self
                    .current
                    .as_ref()
                    .is_some_and(|pass| pass.transfer == row.transfer && pass.any_asked());
                if went_on {
                    self.imply_manifest_row(row.transfer);
                    self.check_complete(StepDetails::default(), out);
                }
            }
            _ => {}
        }
    }

    /// Remembers a manifest's delivery, for as long as no image is asked for. `whole`: all of
    /// it was acknowledged; else that is inferred.
    pub(super) fn take(&mut self, scene: Scene<'_>, row: &Row, whole: bool) {
        let load = LoadName::new(&row.name);
        // A 7940 or 7960 reads its manifest in every boot.
        if load.family() == Some(Family::P3) {
            return;
        }
        if let Some(pass) = &self.current
            && pass.any_asked()
            && pass.sequence > row.sequence
        {
            return;
        }
        match self.takes.last_mut() {
            Some(take) if take.is_same_boot(&row.name, scene.at) => take.last = scene.at,
            _ => {
                if self.takes.len() >= MAX_TAKES {
                    self.takes.remove(1);
                }
                self.takes.push(Take {
                    name: row.name.clone(),
                    first: scene.at,
                    last: scene.at,
                    recovery: load.is_recovery(),
                    booted_since: false,
                    whole,
                });
            }
        }
    }

    fn image_ended(
        &mut self,
        row: &Row,
        place: Option<usize>,
        end: &TransferEnd,
        out: &mut Vec<Change>,
    ) {
        self.fetched |= row.bytes > 0 || *end == TransferEnd::Delivered;
        if *end != TransferEnd::Killed {
            self.count_failing(row, end);
        }
        let about = || StepDetails {
            file: Some(row.name.clone()),
            bytes: Some(row.bytes),
            ..StepDetails::default()
        };
        let mut implied = Vec::new();
        if let Some(place) = place
            && let Some(pass) = &mut self.current
            && pass.number == row.pass
        {
            if *end == TransferEnd::Delivered {
                implied = pass.delivered(place);
            } else if *end == TransferEnd::Killed {
                pass.killed(place, row.transfer);
            } else if row.sent && pass.all_sent(place, row.transfer) {
                implied.push(row.transfer);
            }
        }
        for transfer in implied {
            self.imply(transfer);
        }
        if *end == TransferEnd::Delivered {
            self.refute(Code::TransferBroken, Some(&row.name), out);
        }
        if !self.check_complete(about(), out) {
            self.step(about(), out);
        }
    }

    pub(super) fn imply(&mut self, transfer: TransferId) {
        if let Some(row) = self.rows.find(transfer) {
            row.outcome = FileOutcome::Implied;
        }
    }

    /// The phone asks for an image: it has the manifest that this pass began with, if all
    /// of that was sent.
    pub(super) fn imply_manifest(&mut self) {
        let Some(pass) = self.current.as_ref().filter(|pass| !pass.manifest) else {
            return;
        };
        let transfer = pass.transfer;
        let sent = self
            .rows
            .get(transfer)
            .is_some_and(|row| !row.open && row.sent);
        if sent {
            self.imply_manifest_row(transfer);
        }
    }

    fn imply_manifest_row(&mut self, transfer: TransferId) {
        if let Some(pass) = &mut self.current {
            pass.manifest = true;
        }
        self.imply(transfer);
    }
}
