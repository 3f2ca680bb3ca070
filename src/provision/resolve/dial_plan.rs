//! What the dial plan does with the numbers of this site, and with emergency numbers.

use std::collections::BTreeMap;

use super::problems::{Problems, first_few};
use crate::{
    dialplan::{DialMode, DialPlan},
    inventory::SiteField,
    provision::{
        inputs::ProvisionInputs,
        plan::{Account, ResolvedFunction, ResolvedPhone, ResolvedSite},
    },
};

/// Adds notes about the dial plan. Returns the emergency numbers that get a route, as the PBX
/// receives them.
pub(super) fn note(
    problems: &mut Problems<'_>,
    site: &ResolvedSite,
    given: &ProvisionInputs<'_>,
    phones: &[ResolvedPhone],
    accounts: &[Account],
) -> Vec<String> {
    let plan = match given.dial_plan.map(DialPlan::read) {
        None => DialPlan::default(),
        Some(Ok(plan)) => plan,
        Some(Err(found)) => {
            problems.site(SiteField::DialPlan, Err(found.message));
            return Vec::new();
        }
    };
    let mode = if phones.iter().any(ResolvedPhone::is_managed) {
        DialMode::CallManager
    } else {
        DialMode::Proxy
    };
    if given.dial_plan.is_some() {
        let numbers = numbers(phones, accounts);
        cut_off(problems, &plan, mode, &numbers);
        rewritten(problems, &plan, mode, &numbers);
        waits(problems, &plan, mode, &numbers);
    }
    let mut emergency: Vec<_> = plan
        .emergency_numbers()
        .iter()
        .map(|number| plan.dial(number, mode).sent)
        .collect();
    emergency.sort_unstable();
    emergency.dedup();
    emergency_routes(problems, site, &mut emergency, accounts);
    if site.calls.emergency_trunk.is_none() {
        emergency.clear();
    }
    emergency
}

/// The numbers that people at this site dial digit by digit.
fn numbers<'a>(phones: &'a [ResolvedPhone], accounts: &'a [Account]) -> Vec<&'a str> {
    let of_accounts = accounts.iter().flat_map(|account| {
        let mailbox = account.mailbox.as_ref();
        let mailbox = mailbox.map(|mailbox| mailbox.number.as_str());
        std::iter::once(account.user.as_str()).chain(mailbox)
    });
    let buttons = phones.iter().flat_map(|phone| &phone.buttons);
    let speed_dials = buttons.filter_map(|button| match &button.function {
        ResolvedFunction::Dial { number, .. } => Some(number.as_str()),
        ResolvedFunction::Line { .. } => None,
    });
    let is_dialled = |number: &&str| number.chars().all(|key| "0123456789*#+".contains(key));
    let mut numbers: Vec<_> = of_accounts.chain(speed_dials).filter(is_dialled).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// Warns of the numbers that nobody can dial, because the phone calls before their last digit.
fn cut_off(problems: &mut Problems<'_>, plan: &DialPlan, mode: DialMode, numbers: &[&str]) {
    for group in plan.cut_off(numbers, mode) {
        problems.note_of_files(format!("Warning: {group}. {}.", group.cure()));
    }
}

/// Notes the numbers that the dial plan rewrites.
fn rewritten(problems: &mut Problems<'_>, plan: &DialPlan, mode: DialMode, numbers: &[&str]) {
    let is_rewritten = |number: &&&str| {
        let dialled = plan.dial(number, mode);
        // A number that is cut off has a warning of its own.
        dialled.unsent.is_empty() && dialled.sent != **number
    };
    let rewritten: Vec<_> = numbers.iter().filter(is_rewritten).copied().collect();
    if let [first, ..] = rewritten[..] {
        problems.notes.push(format!(
            "the dial plan rewrites {}: `reflash dial` with the plan and {first} shows what the \
             phone sends, and why.",
            first_few(&rewritten)
        ));
    }
}

/// Notes how long phones wait after the last digit.
fn waits(problems: &mut Problems<'_>, plan: &DialPlan, mode: DialMode, numbers: &[&str]) {
    let mut waits: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for number in numbers {
        let dialled = plan.dial(number, mode);
        // A rewritten or shortened number has a note of its own.
        if dialled.seconds > 0 && dialled.sent == *number {
            waits.entry(dialled.seconds).or_default().push(number);
        }
    }
    if waits.is_empty() {
        return;
    }
    let each: Vec<_> = waits
        .iter()
        .rev()
        .map(|(seconds, numbers)| format!("{seconds} s after {}", first_few(numbers)))
        .collect();
    let key = match mode {
        DialMode::Proxy => "The Dial key or # sends at once",
        DialMode::CallManager => "The Dial key sends at once",
    };
    problems.notes.push(format!(
        "with this dial plan, phones wait for another digit: {}. {key}; a rule of its own with \
         `now` removes a wait (docs/dialplans.md).",
        each.join(", ")
    ));
}

/// Removes the numbers that are extensions from `emergency`, and notes which numbers have no route.
fn emergency_routes(
    problems: &mut Problems<'_>,
    site: &ResolvedSite,
    emergency: &mut Vec<String>,
    accounts: &[Account],
) {
    let is_extension = |number: &String| accounts.iter().any(|account| account.user == *number);
    let taken: Vec<_> = emergency
        .iter()
        .filter(|number| is_extension(number))
        .cloned()
        .collect();
    if !taken.is_empty() {
        let taken: Vec<_> = taken.iter().map(String::as_str).collect();
        problems.notes.push(format!(
            "{} is an extension here and an emergency number of the dial plan: whoever dials it \
             reaches the extension. Change the extension, or remove the number from the plan.",
            first_few(&taken)
        ));
    }
    emergency.retain(|number| !is_extension(number));
    let numbers: Vec<_> = emergency.iter().map(String::as_str).collect();
    let all = first_few(&numbers);
    let context = &site.calls.context;
    problems.notes.push(match (&site.calls.emergency_trunk, numbers.is_empty()) {
        (Some(trunk), false) => format!(
            "extensions.conf sends calls to the emergency numbers {all} to the trunk {trunk}: ask \
             your provider how to test them."
        ),
        (Some(trunk), true) => format!(
            "`emergency_trunk` {trunk} has no effect: the dial plan has no emergency number, and \
             extensions.conf has no route for one. Add the numbers to the plan."
        ),
        (None, false) => format!(
            "extensions.conf has no route for the emergency numbers {all} of the dial plan: set \
             `emergency_trunk`, or add routes to the context {context}, and test them."
        ),
        (None, true) => format!(
            "extensions.conf has no route for emergency numbers: add routes to the context \
             {context}, and test them."
        ),
    });
}
