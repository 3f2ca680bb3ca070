//! Manifests and images: how passes begin and when they are complete.

use super::{
    Ask, Change, Conversion, FileOutcome, Kind, LoadName, Registering, Row, Scene, State,
    StepDetails,
};
use crate::{
    diagnose::Code,
    track::{
        catalog::Leg,
        diagnosis::{rules, text},
        pass::{DUPLICATE_WITHIN, Image, Pass},
    },
};

impl Conversion {
    /// A boot loader starts, unless this is the second request of a pair.
    pub(super) fn judge_recovery(&mut self, scene: Scene<'_>, ask: Ask<'_>, out: &mut Vec<Change>) {
        let is_pair = self
            .current
            .as_ref()
            .is_some_and(|pass| scene.at.saturating_sub(pass.at) < DUPLICATE_WITHIN);
        if !is_pair {
            self.judge_start(scene, ask, true, out);
        }
    }

    pub(super) fn manifest_asked(
        &mut self,
        scene: Scene<'_>,
        ask: Ask<'_>,
        recovery: bool,
        out: &mut Vec<Change>,
    ) {
        let entry = scene.catalog.manifest(self.leg, ask.file());
        self.record(scene, ask, Kind::Manifest(entry));
        if ask.served.is_some() {
            self.manifest = Some(ask.transfer);
            self.infer_taken(scene, ask);
            if let Some(family) = entry.and_then(|at| scene.catalog.entry(at).family) {
                if !recovery {
                    self.learn_family(family);
                }
                self.refute(Code::WrongModelBundle, None, out);
                self.refute(Code::TrustList, None, out);
            }
        }
        // An application that is refused a load runs on as before; a boot loader does not.
        let waits = recovery
            || ask.served.is_some() && !self.is_routine()
            || matches!(self.state, State::Seen | State::Configuring) && !self.is_held(scene);
        if waits && self.state != State::Manifest {
            self.enter(State::Manifest, StepDetails::file(ask.file()), out);
        }
    }

    pub(super) fn image_asked(&mut self, scene: Scene<'_>, ask: Ask<'_>, out: &mut Vec<Change>) {
        self.takes.clear();
        for code in [
            Code::ManifestRefused,
            Code::BridgeNeeded,
            Code::HardwareMismatch,
        ] {
            self.refute(code, None, out);
        }
        if ask.served.is_none() {
            self.record(scene, ask, Kind::Image(None));
            return;
        }
        if let Some(row) = self.manifest.and_then(|id| self.rows.get(id))
            && let Kind::Manifest(Some(entry)) = row.kind
            && let Some(place) = scene.catalog.entry(entry).place(ask.file())
            && (row.open || row.sent)
        {
            let row = row.clone();
            // It takes after all what was taken for refused.
            self.leg = scene.catalog.entry(entry).leg;
            if self.begins_pass(&row, entry, Some(place)) {
                self.begin(scene, &row, entry);
            }
        }
        let place = self
            .current
            .as_ref()
            .filter(|pass| !pass.interrupted)
            .and_then(|pass| scene.catalog.entry(pass.entry).place(ask.file()));
        self.record(scene, ask, Kind::Image(place));
        if let Some(place) = place
            && let Some(pass) = &mut self.current
        {
            let implied = pass.asked(place, ask.transfer, self.sequence);
            let attempts = pass.images[place].attempts;
            let attempts = attempts.saturating_sub(pass.images[place].killed);
            let delivered = pass.images[place].delivered;
            let attempts = attempts.max(self.failures(ask.file()).saturating_add(1));
            for transfer in implied {
                self.imply(transfer);
            }
            self.imply_manifest();
            self.infer_before(scene, place, out);
            if attempts >= rules::BROKEN_ATTEMPTS && !delivered {
                self.judge_broken(scene, ask, attempts, out);
            }
        }
        if self.state != State::Images {
            self.enter(State::Images, StepDetails::file(ask.file()), out);
        }
        if !self.has_everything() {
            self.check_complete(StepDetails::default(), out);
        }
    }

    /// Whether the current pass is complete.
    pub(super) fn has_everything(&self) -> bool {
        self.current
            .as_ref()
            .is_some_and(|pass| pass.complete && !pass.interrupted)
    }

    /// Whether the manifest of this row begins another pass.
    pub(super) fn begins_pass(&self, row: &Row, entry: usize, place: Option<usize>) -> bool {
        self.current
            .as_ref()
            .is_none_or(|pass| pass.ends_with(row, entry, place))
    }

    pub(super) fn begin(&mut self, scene: Scene<'_>, row: &Row, entry: usize) {
        // A manifest that led to no image was no pass through the images.
        let unused = self.current.as_ref().is_some_and(|pass| !pass.any_asked());
        if !unused {
            self.pass += 1;
        }
        self.registering = Registering::default();
        let staged = scene.catalog.entry(entry);
        if staged.leg == Leg::Target {
            self.to = Some(staged.load.clone());
        }
        self.current = Some(Pass {
            number: self.pass,
            entry,
            leg: staged.leg,
            stepwise: staged.stepwise,
            requests_only: scene.requests_only,
            transfer: row.transfer,
            at: row.at,
            manifest: row.outcome == FileOutcome::Delivered,
            images: vec![Image::default(); staged.count],
            sequence: 0,
            complete: false,
            interrupted: false,
        });
        let pass = self.pass;
        if let Some(row) = self.rows.find(row.transfer) {
            row.pass = pass;
        }
    }

    /// The pass is complete once everything is accounted for: then the phone writes.
    pub(super) fn check_complete(&mut self, about: StepDetails, out: &mut Vec<Change>) -> bool {
        let Some(pass) = &mut self.current else {
            return false;
        };
        if !pass.is_whole() {
            return false;
        }
        let newly = !pass.complete;
        if newly {
            pass.complete = true;
            let in_full = pass.images.iter().all(|image| image.delivered);
            if pass.leg == Leg::Target {
                self.complete += 1;
                self.in_full |= in_full;
            }
        }
        let interrupted = pass.interrupted;
        if newly {
            // Whatever ran before is written over.
            self.runs = None;
            self.said.clear();
            self.refute(Code::RebootedMidImage, None, out);
            if self.complete >= rules::REPEATED_PASSES && !self.quiet {
                self.quiet = true;
                let load = self.to.as_ref().map_or("", LoadName::as_str);
                let diagnosis = text::repeated(load, self.complete);
                self.raise("", diagnosis, out);
            }
        }
        // What was missing came in after the application had started.
        if interrupted {
            if newly && self.state == State::Configuring {
                self.came_back(None, out);
                return true;
            }
            return false;
        }
        // A duplicate of the manifest may have been asked for beside the last images.
        if self.state == State::Images || newly && self.state == State::Manifest {
            self.enter(State::Writing, about, out);
            return true;
        }
        false
    }
}
