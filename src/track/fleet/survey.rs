//! A survey: the run listens first, and names no load until it is over (`--survey`).

use serde::Serialize;

use super::{
    super::{
        Event, PhoneRef, RunTime, announce::reference, conversion::PlannedRoute, identity::Phone,
    },
    Fleet,
};
use crate::phone::{LoadName, RequestedFile};

/// What a survey found out of one phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SurveyResult {
    /// Whom.
    pub phone: PhoneRef,
    /// The load that it runs; `None` where it told none.
    pub runs: Option<LoadName>,
    /// What becomes of it.
    pub plan: PlannedRoute,
    /// The load that it is told of next; `None` where it is told of none, or of what family
    /// it is was not heard.
    pub next: Option<LoadName>,
    /// Whether somebody has to restart it: it runs, has to read its configuration anew, and
    /// asked for nothing since the survey was over.
    pub restart: bool,
}

impl Fleet {
    /// What was found out of each phone, once the survey is over. `None` before, and without
    /// one.
    #[must_use]
    pub fn survey_results(&self) -> Option<Vec<SurveyResult>> {
        let end = self.plan.survey.filter(|_| self.survey_is_over)?;
        let phones = self.registry.phones.iter().filter_map(|(id, phone)| {
            let conversion = &phone.conversion;
            let plan = conversion.way?;
            let waits = matches!(plan, PlannedRoute::Target | PlannedRoute::Bridge);
            Some(SurveyResult {
                phone: reference(*id, phone, &self.plan.names),
                runs: conversion.runs().cloned(),
                plan,
                next: conversion.planned_load(&self.catalog).cloned(),
                restart: waits && !conversion.is_done() && !conversion.is_active_since(end),
            })
        });
        Some(phones.collect())
    }

    /// When the survey will be over.
    pub(super) fn survey_ends(&self) -> Option<RunTime> {
        self.plan.survey.filter(|_| !self.survey_is_over)
    }

    /// Plans the way of every phone that was heard.
    pub(super) fn end_survey(&mut self, at: RunTime) -> Vec<Event> {
        self.survey_is_over = true;
        let ids: Vec<_> = self.registry.phones.keys().copied().collect();
        let plan = |id| {
            self.fold(at, id, |phone, scene, out| {
                phone.conversion.surveyed(scene, out);
            })
        };
        ids.into_iter().flat_map(plan).collect()
    }

    /// Whether no load may reach the phone `here` now, because a survey goes on. A boot loader
    /// has nothing to run: it is served as in any run, and so is what it starts.
    pub(super) fn holds(&self, at: RunTime, here: Option<&Phone>, request: &RequestedFile) -> bool {
        let named = request.mac().and_then(|mac| self.registry.of(mac));
        let recovers = matches!(request, RequestedFile::Recovery(_))
            || named
                .or(here)
                .is_some_and(|phone| phone.conversion.in_recovery);
        self.plan.survey.is_some_and(|end| at < end) && !recovers
    }

    /// Whether the phone runs the target already, and is named no load in a run that asked
    /// first.
    pub(super) fn is_left_alone(&self, phone: &Phone) -> bool {
        self.plan.survey.is_some() && phone.conversion.is_already()
    }
}
