//! The notice at the end of a survey: which phones to restart, for which load, and how.

use std::{collections::BTreeMap, iter};

use super::{messages::phone_list, shared::RunShared};
use crate::{
    reporter::Reporter,
    text::escape,
    track::{PhoneRef, PlannedRoute, SurveyResult},
};

/// Phones that one sentence names; the journal has them all.
const MAX_NAMED: usize = 20;

/// How to make a running phone read its configuration again.
const RESTART: &str = "to restart a phone: press Settings and type **#**, or disconnect and \
                       reconnect its power. A phone reads its configuration only when it starts";

/// Reports the result of the survey once, after the steps that followed from it.
#[derive(Debug, Default)]
pub(super) struct SurveyNotice {
    /// The newest journal line when the survey ended.
    after_line: Option<u64>,
    is_reported: bool,
}

impl SurveyNotice {
    pub(super) fn report_once(&mut self, shared: &RunShared, reporter: &mut dyn Reporter) {
        if self.is_reported {
            return;
        }
        let Some(phones) = shared.fleet().survey_results() else {
            return;
        };
        let line = *self
            .after_line
            .get_or_insert_with(|| shared.events.newest_line());
        if shared.events.waits_for(line) {
            return;
        }
        self.is_reported = true;
        reporter.survey_finished(shared.clock.wall_now(), &phones);
        for sentence in sentences(&phones) {
            reporter.notice(&sentence);
        }
    }
}

/// The notice, sentence by sentence.
fn sentences(phones: &[SurveyResult]) -> Vec<String> {
    if phones.is_empty() {
        return vec![
            "the survey ended and no phone was seen. Firmware is offered from now on. A phone \
             reports its load when it starts, and in CDP and LLDP if this machine receives \
             them (docs/discovery.md)"
                .to_owned(),
        ];
    }
    let count = phones.len();
    let plural = if count == 1 { "" } else { "s" };
    let mut sentences = vec![format!(
        "the survey ended, {count} phone{plural} seen. Firmware is offered from now on"
    )];
    let mut groups: BTreeMap<String, Vec<PhoneRef>> = BTreeMap::new();
    for one in phones {
        if let Some(what) = heading(one) {
            groups.entry(what).or_default().push(one.phone.clone());
        }
    }
    sentences.extend(groups.iter().map(|(what, phones)| {
        let more = phones.len().saturating_sub(MAX_NAMED);
        let more = (more > 0).then(|| format!(" and {more} more"));
        let named = phone_list(&phones[..phones.len().min(MAX_NAMED)]);
        format!("{what}: {named}{}", more.unwrap_or_default())
    }));
    let restart = phones.iter().any(|one| one.restart);
    sentences.extend(iter::once(RESTART.to_owned()).filter(|_| restart));
    sentences
}

/// The sentence that this phone belongs to; `None` if there is nothing to do.
fn heading(one: &SurveyResult) -> Option<String> {
    let runs = one.runs.as_ref().map_or_else(
        || "its load is unknown".to_owned(),
        |runs| format!("it runs {}", escape(runs.as_str())),
    );
    let next = one
        .next
        .as_ref()
        .map_or_else(|| "the target".to_owned(), |next| escape(next.as_str()));
    Some(match one.plan {
        PlannedRoute::Bridge if one.restart => {
            format!(
                "phones to restart, for the bridge {next} ({runs}); the target follows \
                     without another restart by hand"
            )
        }
        PlannedRoute::Target if one.restart => format!("phones to restart, for {next} ({runs})"),
        PlannedRoute::Already => format!("nothing to do ({runs}, the target)"),
        PlannedRoute::BridgeNeeded => {
            format!("cannot take the target ({runs}): see bridge-needed")
        }
        PlannedRoute::Unserved => format!("no bundle of this run is for these phones ({runs})"),
        // These continue without the operator.
        PlannedRoute::Bridge
        | PlannedRoute::Target
        | PlannedRoute::Recovery
        | PlannedRoute::Excluded => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::LoadName;

    fn one(
        last: u8,
        runs: Option<&str>,
        plan: PlannedRoute,
        next: Option<&str>,
        restart: bool,
    ) -> SurveyResult {
        SurveyResult {
            phone: PhoneRef::example(last),
            runs: runs.map(LoadName::new),
            plan,
            next: next.map(LoadName::new),
            restart,
        }
    }

    #[test]
    fn phones_are_grouped_and_the_restart_is_explained_once() {
        let (old, new) = (Some("SCCP45.8-3-2S"), Some("SIP45.9-3-1SR4-1S"));
        let phones = [
            one(1, old, PlannedRoute::Bridge, Some("SCCP45.8-5-2S"), true),
            one(2, new, PlannedRoute::Already, None, false),
            one(3, old, PlannedRoute::Bridge, Some("SCCP45.8-5-2S"), true),
            one(4, None, PlannedRoute::Target, new, true),
            one(5, None, PlannedRoute::Recovery, None, false),
            one(6, Some("SCCP45.8-5-2S"), PlannedRoute::Target, new, false),
        ];
        let sentences = super::sentences(&phones);
        assert_eq!(sentences.len(), 5, "{sentences:#?}");
        assert!(sentences[0].contains("6 phones seen"), "{sentences:#?}");
        let both = "phones to restart, for the bridge SCCP45.8-5-2S (it runs SCCP45.8-3-2S); the \
                    target follows without another restart by hand: SEP001D45AABB01, SEP001D45AABB03";
        assert!(
            sentences.iter().any(|words| words == both),
            "{sentences:#?}"
        );
        let unknown =
            "phones to restart, for SIP45.9-3-1SR4-1S (its load is unknown): SEP001D45AABB04";
        assert!(
            sentences.iter().any(|words| words == unknown),
            "{sentences:#?}"
        );
        assert!(sentences[4].contains("**#**"), "{sentences:#?}");
        // No phone has to be restarted.
        let sentences = super::sentences(&phones[1..2]);
        assert_eq!(sentences.len(), 2, "{sentences:#?}");
        assert!(sentences[1].starts_with("nothing to do"), "{sentences:#?}");
    }

    #[test]
    fn long_lists_are_cut_and_an_empty_survey_is_reported() {
        let phones: Vec<SurveyResult> = (1..=25)
            .map(|last| one(last, None, PlannedRoute::Target, None, true))
            .collect();
        let sentences = super::sentences(&phones);
        assert!(
            sentences[1].ends_with("SEP001D45AABB14 and 5 more"),
            "{sentences:#?}"
        );
        assert!(super::sentences(&[])[0].contains("no phone was seen"));
    }
}
