//! Manifests and images: how passes begin and when they are complete.

use super::{About, Ask, Change, Conversion, FileOutcome, Kind, Row, Scene, State};
use crate::{
    diagnose::{Code, rules},
    track::pass::{Image, Pass},
};

impl Conversion {
    pub(super) fn manifest_asked(
        &mut self,
        scene: Scene<'_>,
        ask: Ask<'_>,
        recovery: bool,
        out: &mut Vec<Change>,
    ) {
        let entry = scene.catalog.manifest(ask.file());
        self.record(scene, ask, Kind::Manifest(entry));
        if ask.served.is_some() {
            self.manifest = Some(ask.transfer);
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
            || ask.served.is_some()
            || matches!(self.state, State::Seen | State::Configuring);
        if waits && self.state != State::Manifest {
            self.enter(State::Manifest, About::file(ask.file()), out);
        }
    }

    pub(super) fn image_asked(&mut self, scene: Scene<'_>, ask: Ask<'_>, out: &mut Vec<Change>) {
        self.takes.clear();
        self.refute(Code::ManifestRefused, None, out);
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
            let delivered = pass.images[place].delivered;
            for transfer in implied {
                self.imply(transfer);
            }
            self.imply_manifest();
            if attempts >= rules::BROKEN_ATTEMPTS && !delivered {
                self.judge_broken(scene, ask, attempts, out);
            }
        }
        if self.state != State::Images {
            self.enter(State::Images, About::file(ask.file()), out);
        }
        if !self.has_everything() {
            self.check_complete(About::default(), out);
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
        let staged = scene.catalog.entry(entry);
        self.to = Some(staged.load.clone());
        self.current = Some(Pass {
            number: self.pass,
            entry,
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
    pub(super) fn check_complete(&mut self, about: About, out: &mut Vec<Change>) -> bool {
        let Some(pass) = &mut self.current else {
            return false;
        };
        if !pass.is_whole() {
            return false;
        }
        let newly = !pass.complete;
        if newly {
            pass.complete = true;
            self.complete += 1;
            self.in_full |= pass.images.iter().all(|image| image.delivered);
        }
        // What was missing came in after the application had started.
        if pass.interrupted {
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
