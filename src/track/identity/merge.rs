//! Two stretches of history become one, or one becomes two again.

use super::{
    super::{
        catalog::Leg,
        conversion::{BridgeProgress, Conversion, MAX_KEPT, Standing},
    },
    MAX_ROWS, Phone,
};
use crate::{
    diagnose::{Code, Diagnosis},
    phone::Model,
};

impl Conversion {
    /// Becomes the continuation of what the same phone did `earlier`. `renumber` says
    /// whether this one's passes were counted from 1.
    pub(super) fn absorb_earlier(&mut self, earlier: Self, renumber: bool) {
        let idle = self.sequence == 0 && self.evidence.is_empty();
        if renumber {
            self.shift_passes(i64::from(earlier.pass));
        }
        self.rows.absorb_earlier(earlier.rows, MAX_ROWS);
        self.first = self.first.min(earlier.first);
        self.last = self.last.max(earlier.last);
        self.active = self.active.max(earlier.active);
        self.model = self.model.or(earlier.model);
        self.family = self.family.or(earlier.family);
        self.from = earlier.from.or(self.from.take());
        self.to = self.to.take().or(earlier.to);
        self.on_sccp |= earlier.on_sccp;
        self.in_recovery |= earlier.in_recovery;
        self.fetched |= earlier.fetched;
        self.complete += earlier.complete;
        self.quiet |= earlier.quiet;
        self.bridge = self.bridge.max(earlier.bridge);
        self.runs = self.runs.take().or(earlier.runs);
        self.hardware = self.hardware.or(earlier.hardware);
        self.in_full |= earlier.in_full;
        self.way = self.way.or(earlier.way);
        if idle {
            self.elsewhere = self.elsewhere.or(earlier.elsewhere);
            self.astray = self.astray.take().or(earlier.astray);
        }
        self.sequence += earlier.sequence;
        if idle {
            self.config_at = earlier.config_at;
            self.state = earlier.state;
            self.stalled = earlier.stalled;
            self.current = earlier.current;
            self.manifest = earlier.manifest;
            self.settled = earlier.settled;
            self.takes = earlier.takes;
            self.leg = earlier.leg;
            self.boot = earlier.boot;
            self.unheard = earlier.unheard;
            self.registering = earlier.registering;
            self.failing = earlier.failing;
            self.said = earlier.said;
        }
        let mine = std::mem::replace(&mut self.evidence, earlier.evidence);
        for evidence in mine {
            if self.evidence.len() < MAX_KEPT && !self.evidence.contains(&evidence) {
                self.evidence.push(evidence);
            }
        }
        let mine = std::mem::replace(&mut self.withdrawn, earlier.withdrawn);
        self.withdrawn.extend(mine);
        self.withdrawn.truncate(MAX_KEPT);
        // An episode carries the diagnoses on by itself.
        let standing = if renumber {
            earlier.standing
        } else {
            Vec::new()
        };
        for standing in standing {
            let code = standing.diagnosis.code;
            let known = |other: &Standing| other.diagnosis.code == code;
            if idle && !self.standing.iter().any(known) {
                self.standing.push(standing);
            } else if !idle && self.withdrawn.len() < MAX_KEPT {
                // The phone moved on since.
                self.withdrawn.push(standing.diagnosis);
            }
        }
    }

    /// What stands in its way, as it was told.
    pub(super) fn stands_against(&self) -> Vec<Diagnosis> {
        let standing = self.standing.iter();
        standing
            .map(|standing| standing.diagnosis.clone())
            .collect()
    }

    fn shift_passes(&mut self, by: i64) {
        let shift = |pass: &mut u32| {
            *pass = u32::try_from(i64::from(*pass) + by).unwrap_or(0);
        };
        shift(&mut self.pass);
        if let Some(pass) = &mut self.current {
            shift(&mut pass.number);
        }
        for row in self.rows.iter_mut() {
            shift(&mut row.pass);
        }
    }
}

impl Phone {
    /// The whole history, an undecided episode included.
    pub(in super::super) fn whole(&self) -> Conversion {
        let mut conversion = self.conversion.clone();
        if let Some(before) = &self.before {
            conversion.absorb_earlier((**before).clone(), false);
        }
        conversion
    }

    /// Its model, which an episode does not make unknown.
    pub(in super::super) fn model(&self) -> Option<&'static Model> {
        let before = self.before.as_ref().and_then(|before| before.model);
        self.conversion.model.or(before)
    }

    /// The episode was this phone's.
    pub(super) fn settle_episode(&mut self) {
        if let Some(before) = self.before.take() {
            self.conversion.absorb_earlier(*before, false);
        }
    }

    /// What was said of this phone because of the episode.
    pub(super) fn told_in_episode(&self) -> Vec<Diagnosis> {
        let Some(before) = &self.before else {
            return Vec::new();
        };
        self.conversion
            .standing
            .iter()
            .filter(|standing| !before.standing.contains(standing))
            .map(|standing| standing.diagnosis.clone())
            .collect()
    }

    /// Takes the episode away, as a conversion of its own.
    pub(super) fn give_up_episode(&mut self) -> Option<Conversion> {
        let before = *self.before.take()?;
        let base = i64::from(before.pass);
        let mut episode = std::mem::replace(&mut self.conversion, before);
        episode.shift_passes(-base);
        let mine = &self.conversion.standing;
        episode.standing.retain(|standing| !mine.contains(standing));
        // What was known of the first phone is not true of the other.
        let cut = |standing: &Standing| standing.diagnosis.code == Code::RebootedMidImage;
        episode.standing.retain(|standing| !cut(standing));
        (episode.leg, episode.quiet) = (Leg::Target, false);
        (episode.runs, episode.hardware) = (None, None);
        (episode.bridge, episode.way) = (BridgeProgress::Untried, None);
        episode.failing.clear();
        episode.unheard = None;
        Some(episode)
    }
}
