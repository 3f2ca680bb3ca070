//! A survey: first the phones only report which load they run, then the route of each is
//! planned.

use super::{context::Context, core::Conversion};
use crate::{
    diagnose::Code,
    phone::LoadName,
    track::{
        catalog::Catalog,
        change::Change,
        event::State,
        observation::EvidenceSource,
        route::{PlannedRoute, StageRole},
    },
};

impl Conversion {
    /// Whether the phone is offered no load because a survey is in progress. A phone that was
    /// in its boot loader in this run has no load to report and no other way back.
    pub(super) fn is_held(&self, cx: Context<'_>) -> bool {
        cx.in_survey() && !self.loads.in_recovery
    }

    /// Whether the phone ran the target before it fetched anything.
    pub(in crate::track) fn is_already(&self) -> bool {
        self.state == State::Already
    }

    /// The survey ended: plans the route of this phone and adds it to the evidence.
    pub(in crate::track) fn plan_route(&mut self, cx: Context<'_>, out: &mut Vec<Change>) {
        let runs = self.loads.reported.clone();
        self.plan_early(cx, runs.as_ref().map_or("", LoadName::as_str), out);
        let route = self.route_after_survey(cx);
        self.routing.planned = Some(route);
        let target = self.next_load(cx.catalog, StageRole::Target);
        let target = target.map_or("the target", LoadName::as_str);
        let detail = match route {
            PlannedRoute::Already => {
                format!("it runs {target} already: no file that names a load is served to it")
            }
            PlannedRoute::Target if self.loads.reported.is_none() => {
                format!("it reported no load: {target} at its next start")
            }
            PlannedRoute::Target => format!("{target} at its next start"),
            PlannedRoute::Bridge => {
                let bridge = self.next_load(cx.catalog, self.routing.stage);
                let bridge = bridge.map_or("", LoadName::as_str);
                format!("the bridge {bridge} at its next start, then {target}")
            }
            PlannedRoute::BridgeNeeded => format!("nothing: it needs a bridge before {target}"),
            PlannedRoute::Recovery => "it continues the recovery that it began".to_owned(),
            PlannedRoute::Unserved => "nothing: no bundle of this run is for it".to_owned(),
            PlannedRoute::Excluded => "nothing: --only leaves it out".to_owned(),
        };
        let detail = format!("planned by the survey: {detail}");
        self.note(EvidenceSource::Requests, detail, out);
    }

    fn route_after_survey(&self, cx: Context<'_>) -> PlannedRoute {
        let is_served = self
            .known_family()
            .is_none_or(|family| cx.catalog.for_family(StageRole::Target, family).is_some());
        if cx.excluded {
            PlannedRoute::Excluded
        } else if self.loads.in_recovery {
            PlannedRoute::Recovery
        } else if matches!(self.state, State::Already | State::Confirmed) {
            PlannedRoute::Already
        } else if self.has_diagnosis(Code::BridgeNeeded) {
            PlannedRoute::BridgeNeeded
        } else if matches!(self.routing.stage, StageRole::Bridge(_)) {
            PlannedRoute::Bridge
        } else if is_served {
            PlannedRoute::Target
        } else {
            PlannedRoute::Unserved
        }
    }

    /// The load that this phone would be given in this role.
    fn next_load<'a>(&self, catalog: &'a Catalog, role: StageRole) -> Option<&'a LoadName> {
        let entry = catalog.for_family(role, self.known_family()?)?;
        Some(&entry.load)
    }

    /// The load that the phone is given next on its planned route.
    pub(in crate::track) fn planned_load<'a>(&self, catalog: &'a Catalog) -> Option<&'a LoadName> {
        match self.routing.planned? {
            PlannedRoute::Target => self.next_load(catalog, StageRole::Target),
            PlannedRoute::Bridge => self.next_load(catalog, self.routing.stage),
            _ => None,
        }
    }
}
