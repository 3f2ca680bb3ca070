//! A survey: first the phones only tell which load they run, then the way of each is known.

use serde::Serialize;

use super::{Change, Code, Conversion, EvidenceSource, LoadName, RunTime, Scene, State};
use crate::track::catalog::{Catalog, Leg};

/// What a survey found to be a phone's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlannedRoute {
    /// It runs the target: nothing that names a load is served to it.
    Already,
    /// It is told of the target. Where it told no load, or one of which reports differ, that
    /// is tried first.
    Target,
    /// It is told of the bridge first, and of the target then.
    Bridge,
    /// Its load is too old for the target, and no bridge is served.
    BridgeNeeded,
    /// It was in its boot loader during the survey, and was served like in any run.
    Recovery,
    /// No bundle of this run is for it.
    Unserved,
    /// It is none of `--only`.
    Excluded,
}

impl Scene<'_> {
    /// Whether a survey goes on.
    fn surveys(&self) -> bool {
        self.survey.is_some_and(|end| self.at < end)
    }
}

impl Conversion {
    /// Whether no load is named and none handed out to this phone, because a survey goes on.
    /// Whoever was in the boot loader in this run has no load to tell, and no other way back.
    pub(super) fn is_held(&self, scene: Scene<'_>) -> bool {
        scene.surveys() && !self.in_recovery
    }

    /// Since when its silence counts: a phone that was told of no load is silent on purpose
    /// until the survey is over and somebody restarts it.
    pub(super) fn silent_since(&self, survey: Option<RunTime>) -> RunTime {
        let held = survey.filter(|_| !self.in_recovery);
        held.map_or(self.active, |end| self.active.max(end))
    }

    /// The load that it runs, as far as somebody told.
    pub(in super::super) fn runs(&self) -> Option<&LoadName> {
        self.runs.as_ref()
    }

    /// Whether it ran the target before anything was fetched.
    pub(in super::super) fn is_already(&self) -> bool {
        self.state == State::Already
    }

    /// Whether it fetched anything since this moment.
    pub(in super::super) fn is_active_since(&self, moment: RunTime) -> bool {
        self.active > moment
    }

    /// The survey is over: the way of this phone, which is from now on in its record.
    pub(in super::super) fn surveyed(&mut self, scene: Scene<'_>, out: &mut Vec<Change>) {
        let way = self.way(scene);
        self.way = Some(way);
        let target = self.next_load(scene.catalog, Leg::Target);
        let target = target.map_or("the target", LoadName::as_str);
        let detail = match way {
            PlannedRoute::Already => {
                format!("it runs {target} already: nothing that names a load is served to it")
            }
            PlannedRoute::Target if self.runs.is_none() => {
                format!("it told no load: {target} at its next start")
            }
            PlannedRoute::Target => format!("{target} at its next start"),
            PlannedRoute::Bridge => {
                let bridge = self.next_load(scene.catalog, Leg::Bridge);
                let bridge = bridge.map_or("", LoadName::as_str);
                format!("the bridge {bridge} at its next start, then {target}")
            }
            PlannedRoute::BridgeNeeded => format!("nothing: it needs a bridge before {target}"),
            PlannedRoute::Recovery => "it goes on as its boot loader began".to_owned(),
            PlannedRoute::Unserved => "nothing: no bundle of this run is for it".to_owned(),
            PlannedRoute::Excluded => "nothing: it is none of --only".to_owned(),
        };
        let detail = format!("planned by the survey: {detail}");
        self.note(EvidenceSource::Requests, detail, out);
    }

    fn way(&self, scene: Scene<'_>) -> PlannedRoute {
        let is_served = self
            .own_family()
            .is_none_or(|family| scene.catalog.for_family(Leg::Target, family).is_some());
        if scene.excluded {
            PlannedRoute::Excluded
        } else if self.in_recovery {
            PlannedRoute::Recovery
        } else if matches!(self.state, State::Already | State::Confirmed) {
            PlannedRoute::Already
        } else if self.stands(Code::BridgeNeeded) {
            PlannedRoute::BridgeNeeded
        } else if self.leg == Leg::Bridge {
            PlannedRoute::Bridge
        } else if is_served {
            PlannedRoute::Target
        } else {
            PlannedRoute::Unserved
        }
    }

    /// What this phone would be given in this stage.
    fn next_load<'a>(&self, catalog: &'a Catalog, leg: Leg) -> Option<&'a LoadName> {
        let entry = catalog.for_family(leg, self.own_family()?)?;
        Some(&entry.load)
    }

    /// The load that it is given next on the way that was planned.
    pub(in super::super) fn planned_load<'a>(&self, catalog: &'a Catalog) -> Option<&'a LoadName> {
        match self.way? {
            PlannedRoute::Target => self.next_load(catalog, Leg::Target),
            PlannedRoute::Bridge => self.next_load(catalog, Leg::Bridge),
            _ => None,
        }
    }
}
