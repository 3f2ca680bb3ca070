//! The numbers that phones dial with a dial plan, and whether the plan lets them.

use std::path::Path;

use super::{
    address::USE_CALL_MANAGER,
    legacy,
    lines::Lines,
    plan_names::{self, with_root},
    xml::{all, child, value},
};
use crate::{
    diagnose::Finding,
    dialplan::{DialMode, DialPlan},
};

/// How a configuration uses dial plans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialPlanUse {
    /// The names of the dial plans, as phones request them.
    pub plans: Vec<String>,
    /// The extensions and speed dials of the phone, as far as they can be dialled by hand.
    pub numbers: Vec<String>,
    /// How the phone treats `#`.
    pub mode: DialMode,
}

/// How a configuration uses dial plans.
#[must_use]
pub fn dial_plan_use(bytes: &[u8]) -> DialPlanUse {
    let mut mode = DialMode::Proxy;
    let mut numbers = legacy_names(bytes);
    with_root(bytes, |_, root| {
        let lines = Lines::of(root);
        for line in lines.registering() {
            numbers.extend(child(line, "name").map(value));
            if child(line, "proxy").is_some_and(|proxy| value(proxy) == USE_CALL_MANAGER) {
                mode = DialMode::CallManager;
            }
        }
        numbers.extend(all(root, "speedDialNumber").map(value));
    });
    let is_dialled = |number: &String| {
        !number.is_empty() && number.chars().all(|key| "0123456789*#+".contains(key))
    };
    numbers.retain(is_dialled);
    DialPlanUse {
        plans: plan_names::dial_templates(bytes),
        numbers,
        mode,
    }
}

fn legacy_names(bytes: &[u8]) -> Vec<String> {
    std::str::from_utf8(bytes)
        .map(legacy::line_names)
        .unwrap_or_default()
}

/// Reports the numbers that the dial plan at `path` does not let the phones dial that use it.
#[must_use]
pub fn cut_off_numbers(path: &Path, plan: &[u8], uses: &[&DialPlanUse]) -> Vec<Finding> {
    let Ok(plan) = DialPlan::read(plan) else {
        return Vec::new();
    };
    let name = path.file_name().and_then(|name| name.to_str());
    let uses_plan = |one: &&&DialPlanUse| one.plans.iter().any(|plan| Some(plan.as_str()) == name);
    let mut found = Vec::new();
    for mode in [DialMode::Proxy, DialMode::CallManager] {
        let uses = uses.iter().filter(uses_plan).filter(|one| one.mode == mode);
        let mut numbers: Vec<&str> = uses
            .flat_map(|one| one.numbers.iter().map(String::as_str))
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        let groups = plan.cut_off(&numbers, mode);
        found.extend(groups.iter().map(|group| Finding {
            path: Some(path.to_owned()),
            ..group.finding()
        }));
    }
    found
}
