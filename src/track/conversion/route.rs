//! Which stage a phone is shown: the target, or first the bridge.

use super::{
    Change, Conversion, Evidence, EvidenceSource, FileOutcome, Kind, LoadName, RunTime,
    SETTLED_AFTER, Scene, State, StepDetails,
};
use crate::{
    diagnose::Code,
    phone::{Family, Route, supports_hardware},
    track::{
        catalog::{Catalog, Entry, Leg},
        diagnosis::{
            rules::{self, Refusal},
            text,
        },
    },
};

/// What became of the bridge with one phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum BridgeProgress {
    /// It was not needed yet.
    #[default]
    Untried,
    /// The phone is shown it now.
    Shown,
    /// The phone took it.
    Taken,
    /// The phone refused it too.
    Refused,
    /// An application was told of it and did not ask for it.
    Unwanted,
}

impl Conversion {
    /// The stage whose image the phone means: that of the manifest it was given, if it
    /// names this image.
    pub(in super::super) fn leg_of_image(&self, catalog: &Catalog, name: &str) -> Leg {
        let given = self
            .rows
            .iter()
            .rev()
            .filter(|row| row.open || row.sent || row.outcome == FileOutcome::Delivered);
        let entries = given.filter_map(|row| match row.kind {
            Kind::Manifest(Some(entry)) => Some(catalog.entry(entry)),
            _ => None,
        });
        entries
            .into_iter()
            .find(|entry| entry.place(name).is_some())
            .map_or(self.leg, |entry| entry.leg)
    }

    /// The family of the phone, as far as anything says so.
    pub(super) fn own_family(&self) -> Option<Family> {
        self.family.or(self.model.map(|model| model.family))
    }

    /// The bridge that this phone can still be given.
    fn bridge<'a>(&self, scene: Scene<'a>) -> Option<&'a Entry> {
        let entry = scene.catalog.for_family(Leg::Bridge, self.own_family()?)?;
        let forbidden = self.hardware.is_some_and(|hardware| {
            supports_hardware(&entry.load, entry.hardware, hardware) == Some(false)
        });
        (self.bridge == BridgeProgress::Untried && !forbidden && !scene.excluded).then_some(entry)
    }

    fn show_bridge(&mut self, load: &LoadName, why: &str, out: &mut Vec<Change>) {
        self.leg = Leg::Bridge;
        self.bridge = BridgeProgress::Shown;
        self.takes.clear();
        // The next boot's configuration is the first that names the bridge.
        self.config_at = None;
        let detail = format!("{why}; it is given the bridge {load} first");
        self.note(EvidenceSource::Requests, detail, out);
    }

    /// The phone refuses a manifest: another stage, or a diagnosis.
    pub(super) fn refused(&mut self, scene: Scene<'_>, out: &mut Vec<Change>) {
        let boots = std::mem::take(&mut self.takes);
        let family = self.own_family();
        if self.leg == Leg::Bridge {
            self.leg = Leg::Target;
            self.bridge = BridgeProgress::Refused;
            self.raise("", text::refused(&boots, family, self.bridge), out);
            return;
        }
        let target = family.and_then(|family| scene.catalog.for_family(Leg::Target, family));
        let why = target.map_or(Refusal::Either, |target| {
            rules::refusal(
                self.runs.as_ref(),
                self.hardware,
                &target.load,
                target.hardware,
            )
        });
        if why != Refusal::Hardware
            && let Some(bridge) = self.bridge(scene)
        {
            let why = text::boots_without_images(&boots);
            return self.show_bridge(&bridge.load, &why, out);
        }
        let diagnosis = match why {
            Refusal::Key => {
                text::bridge_needed(&text::boots_without_images(&boots), family, self.bridge)
            }
            Refusal::Hardware => text::hardware_mismatch(
                &text::boots_without_images(&boots),
                self.runs.as_ref(),
                self.hardware,
            ),
            Refusal::Either => text::refused(&boots, family, self.bridge),
        };
        // Kept, so that a later boot of the same refusal is none of its own.
        self.takes = boots;
        self.raise("", diagnosis, out);
    }

    /// When an application that is told of the bridge would have asked for it, if nothing
    /// else is seen.
    pub(super) fn bridge_unwanted_at(&self) -> Option<RunTime> {
        let waits = self.leg == Leg::Bridge && self.state == State::Configuring;
        self.config_at
            .filter(|_| waits)
            .map(|at| at + SETTLED_AFTER)
    }

    /// The phone was told of the bridge and does not want it: most likely it runs it.
    pub(super) fn bridge_unwanted(&mut self, out: &mut Vec<Change>) {
        self.leg = Leg::Target;
        self.bridge = BridgeProgress::Unwanted;
        let diagnosis = text::bridge_unwanted(self.config_at.unwrap_or(self.last), self.bridge);
        self.raise("", diagnosis, out);
    }

    /// The load or the hardware became known: whether the target can be taken in one step.
    pub(super) fn judge_route(&mut self, scene: Scene<'_>, out: &mut Vec<Change>) {
        let Some(target) = self
            .own_family()
            .and_then(|family| scene.catalog.for_family(Leg::Target, family))
        else {
            return;
        };
        // What it is in the middle of decides before any rule does.
        let is_busy = self.is_owed_images() || self.state == State::Writing;
        if is_busy && !self.is_failed() || self.leg == Leg::Bridge {
            return;
        }
        let runs = self.runs.clone();
        let why = rules::refusal(runs.as_ref(), self.hardware, &target.load, target.hardware);
        if let Some(runs) = &runs
            && target
                .load
                .release()
                .is_some_and(|to| Route::between(runs.release(), to) == Route::ViaBridge)
            && why == Refusal::Key
        {
            let evidence = format!(
                "runs {}, which is older than 8.3(3); {} is newer than 8.5(2)",
                text::shown(runs.as_str()),
                target.load
            );
            if let Some(bridge) = self.bridge(scene) {
                self.show_bridge(&bridge.load, &evidence, out);
            } else if !scene.excluded {
                self.refute(Code::ManifestRefused, None, out);
                let family = self.own_family();
                self.raise("", text::bridge_needed(&evidence, family, self.bridge), out);
            }
            return;
        }
        self.refute(Code::BridgeNeeded, None, out);
        let stood = [Code::ManifestRefused, Code::HardwareMismatch]
            .into_iter()
            .filter(|code| self.stands(*code))
            .collect::<Vec<_>>();
        // What the refusal is due to is known better now.
        let is_better = match why {
            Refusal::Key | Refusal::Hardware => stood.contains(&Code::ManifestRefused),
            Refusal::Either => stood.contains(&Code::HardwareMismatch),
        };
        if is_better && !self.takes.is_empty() {
            for code in stood {
                self.refute(code, None, out);
            }
            self.refused(scene, out);
        }
    }

    /// An application started after the bridge's images: the target is next.
    pub(super) fn bridged(&mut self, file: Option<&str>, out: &mut Vec<Change>) {
        self.leg = Leg::Target;
        self.bridge = BridgeProgress::Taken;
        self.takes.clear();
        self.current = None;
        self.runs = None;
        self.said.clear();
        let evidence = Evidence {
            source: EvidenceSource::Requests,
            detail: format!(
                "pass {}: every image of the bridge delivered or implied; then an application \
                 asked for {}: the target is next",
                self.pass,
                file.map_or_else(|| "a file".to_owned(), text::shown)
            ),
        };
        self.keep(evidence.clone());
        let about = StepDetails {
            file: file.map(str::to_owned),
            evidence: Some(evidence),
            ..StepDetails::default()
        };
        self.enter(State::Configuring, about, out);
    }

    /// Somebody names the hardware classes of the phone.
    pub(in super::super) fn hardware_named(
        &mut self,
        scene: Scene<'_>,
        classes: u32,
        source: EvidenceSource,
        detail: &str,
        out: &mut Vec<Change>,
    ) {
        self.last = scene.at;
        self.hardware = Some(classes);
        let detail = format!("hardware classes {classes:#x} ({})", text::shown(detail));
        self.note(source, detail, out);
        self.judge_route(scene, out);
    }
}
