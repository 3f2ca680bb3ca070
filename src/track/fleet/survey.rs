//! A survey (`--survey`): the run listens first, and offers no load until the survey ends.

use serde::Serialize;

use super::{
    super::{
        event::{Event, PhoneRef},
        identity::Phone,
        observation::RunTime,
        route::PlannedRoute,
    },
    Fleet,
};
use crate::phone::{LoadName, RequestedFile};

/// What a survey found about one phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SurveyResult {
    /// The phone.
    pub phone: PhoneRef,
    /// The load that it runs; `None` if it reported none.
    pub runs: Option<LoadName>,
    /// Its planned route.
    pub plan: PlannedRoute,
    /// The load that it is offered next; `None` if it is offered none or its family is not
    /// known.
    pub next: Option<LoadName>,
    /// Whether the operator has to restart it: it must read its configuration anew and has
    /// sent no request since the survey ended.
    pub restart: bool,
}

impl Fleet {
    /// The result for each phone once the survey has ended; `None` before that and without a
    /// survey.
    #[must_use]
    pub fn survey_results(&self) -> Option<Vec<SurveyResult>> {
        let end = self.plan.survey.filter(|_| self.survey_is_over)?;
        let phones = self.registry.phones.iter().filter_map(|(id, phone)| {
            let conversion = &phone.conversion;
            let plan = conversion.routing.planned?;
            let waits = matches!(plan, PlannedRoute::Target | PlannedRoute::Bridge);
            Some(SurveyResult {
                phone: phone.reference(*id, &self.plan),
                runs: conversion.loads.reported.clone(),
                plan,
                next: conversion.planned_load(&self.catalog).cloned(),
                restart: waits && !conversion.is_done() && !conversion.is_active_since(end),
            })
        });
        Some(phones.collect())
    }

    /// When the survey will end.
    pub(super) fn survey_ends(&self) -> Option<RunTime> {
        self.plan.survey.filter(|_| !self.survey_is_over)
    }

    /// Plans the route of every phone that was observed.
    pub(super) fn end_survey(&mut self, at: RunTime) -> Vec<Event> {
        self.survey_is_over = true;
        let ids: Vec<_> = self.registry.phones.keys().copied().collect();
        let plan = |id| {
            self.update(at, id, |phone, cx, out| {
                phone.conversion.plan_route(cx, out);
            })
        };
        ids.into_iter().flat_map(plan).collect()
    }

    /// Whether a survey is in progress, so that the phone that requests `file` gets no load.
    /// `here`: the phone at its address. A boot loader has nothing to run: it is served as in any
    /// run, and so is the application that it starts.
    pub(super) fn is_held(&self, at: RunTime, here: Option<&Phone>, file: &RequestedFile) -> bool {
        let named = file.mac().and_then(|mac| self.registry.of(mac));
        let in_recovery = matches!(file, RequestedFile::Recovery(_))
            || named
                .or(here)
                .is_some_and(|phone| phone.conversion.loads.in_recovery);
        self.plan.survey.is_some_and(|end| at < end) && !in_recovery
    }

    /// Whether the phone runs the target already and is offered no load, in a run with a
    /// survey.
    pub(super) fn is_left_alone(&self, phone: &Phone) -> bool {
        self.plan.survey.is_some() && phone.conversion.is_already()
    }
}
