//! What a person does when a survey is over: whom to restart, for what, and how.

use std::{collections::BTreeMap, iter};

use super::{Shared, escape, phone_list};
use crate::{
    reporter::Reporter,
    track::{PhoneRef, PlannedRoute, SurveyResult},
};

/// Phones that one sentence names; the record has them all.
const NAMED: usize = 20;

/// How a running phone reads its configuration anew.
const RESTART: &str = "to restart a phone: press Settings and type **#** (or take its power and \
                       give it back); it reads its configuration when it starts, and never before";

/// Tells once what came of the survey, behind the steps that it led to.
#[derive(Debug, Default)]
pub(super) struct SurveyNotice {
    /// The newest line of the journal when the survey was seen to be over.
    behind: Option<u64>,
    is_reported: bool,
}

impl SurveyNotice {
    pub(super) fn look(&mut self, shared: &Shared, reporter: &mut dyn Reporter) {
        if self.is_reported {
            return;
        }
        let Some(phones) = shared.fleet().survey_results() else {
            return;
        };
        let behind = *self
            .behind
            .get_or_insert_with(|| shared.events.newest_line());
        if shared.events.waits_for(behind) {
            return;
        }
        self.is_reported = true;
        reporter.survey_finished(shared.clock.wall_now(), &phones);
        for words in words(&phones) {
            reporter.notice(&words);
        }
    }
}

/// A sentence each.
fn words(phones: &[SurveyResult]) -> Vec<String> {
    if phones.is_empty() {
        return vec![
            "the survey is over and no phone was heard: loads are named from now on. A phone \
             tells its load when it starts, and where its CDP or LLDP can be heard \
             (docs/discovery.md)"
                .to_owned(),
        ];
    }
    let count = phones.len();
    let plural = if count == 1 { "" } else { "s" };
    let mut said = vec![format!(
        "the survey is over, {count} phone{plural} heard: loads are named and handed out from now on"
    )];
    let mut groups: BTreeMap<String, Vec<PhoneRef>> = BTreeMap::new();
    for one in phones {
        if let Some(what) = heading(one) {
            groups.entry(what).or_default().push(one.phone.clone());
        }
    }
    said.extend(groups.iter().map(|(what, phones)| {
        let more = phones.len().saturating_sub(NAMED);
        let more = (more > 0).then(|| format!(" and {more} more"));
        let named = phone_list(&phones[..phones.len().min(NAMED)]);
        format!("{what}: {named}{}", more.unwrap_or_default())
    }));
    let restart = phones.iter().any(|one| one.restart);
    said.extend(iter::once(RESTART.to_owned()).filter(|_| restart));
    said
}

/// What is said of this phone, beside others of which the same is said.
fn heading(one: &SurveyResult) -> Option<String> {
    let runs = one.runs.as_ref().map_or_else(
        || "told no load".to_owned(),
        |runs| format!("runs {}", escape(runs.as_str())),
    );
    let next = one
        .next
        .as_ref()
        .map_or_else(|| "the target".to_owned(), |next| escape(next.as_str()));
    Some(match one.plan {
        PlannedRoute::Bridge if one.restart => {
            format!("restart for the bridge {next}, as it {runs}; the target follows by itself")
        }
        PlannedRoute::Target if one.restart => format!("restart for {next}, as it {runs}"),
        PlannedRoute::Already => format!("nothing to do, as it {runs}, the target"),
        PlannedRoute::BridgeNeeded => {
            format!("cannot take the target, as it {runs}: see bridge-needed")
        }
        PlannedRoute::Unserved => format!("no bundle of this run is for it, as it {runs}"),
        // These go on by themselves.
        PlannedRoute::Bridge
        | PlannedRoute::Target
        | PlannedRoute::Recovery
        | PlannedRoute::Excluded => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::{
        phone::{LoadName, MacAddress},
        track::PhoneId,
    };

    fn one(
        last: u8,
        runs: Option<&str>,
        plan: PlannedRoute,
        next: Option<&str>,
        restart: bool,
    ) -> SurveyResult {
        SurveyResult {
            phone: PhoneRef {
                id: PhoneId(last.into()),
                mac: Some(MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, last])),
                address: Ipv4Addr::new(192, 0, 2, last),
                model: None,
                name: None,
            },
            runs: runs.map(LoadName::new),
            plan,
            next: next.map(LoadName::new),
            restart,
        }
    }

    #[test]
    fn phones_of_one_way_are_named_together_and_how_to_restart_is_said_once() {
        let (old, new) = (Some("SCCP45.8-3-2S"), Some("SIP45.9-3-1SR4-1S"));
        let phones = [
            one(1, old, PlannedRoute::Bridge, Some("SCCP45.8-5-2S"), true),
            one(2, new, PlannedRoute::Already, None, false),
            one(3, old, PlannedRoute::Bridge, Some("SCCP45.8-5-2S"), true),
            one(4, None, PlannedRoute::Target, new, true),
            one(5, None, PlannedRoute::Recovery, None, false),
            one(6, Some("SCCP45.8-5-2S"), PlannedRoute::Target, new, false),
        ];
        let said = words(&phones);
        assert_eq!(said.len(), 5, "{said:#?}");
        assert!(said[0].contains("6 phones heard"), "{said:#?}");
        let both = "restart for the bridge SCCP45.8-5-2S, as it runs SCCP45.8-3-2S; the target \
                    follows by itself: SEP001D45AABB01, SEP001D45AABB03";
        assert!(said.iter().any(|words| words == both), "{said:#?}");
        let unknown = "restart for SIP45.9-3-1SR4-1S, as it told no load: SEP001D45AABB04";
        assert!(said.iter().any(|words| words == unknown), "{said:#?}");
        assert!(said[4].contains("**#**"), "{said:#?}");
        // Nobody has to be restarted.
        let said = words(&phones[1..2]);
        assert_eq!(said.len(), 2, "{said:#?}");
        assert!(said[1].starts_with("nothing to do"), "{said:#?}");
    }

    #[test]
    fn many_are_counted_and_nobody_is_said_too() {
        let phones: Vec<SurveyResult> = (1..=25)
            .map(|last| one(last, None, PlannedRoute::Target, None, true))
            .collect();
        let said = words(&phones);
        assert!(said[1].ends_with("SEP001D45AABB14 and 5 more"), "{said:#?}");
        assert!(words(&[])[0].contains("no phone was heard"));
    }
}
