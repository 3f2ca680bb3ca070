//! Checks of load names in configurations.

use roxmltree::Node;

use super::{
    context::LintContext,
    findings::FindingList,
    load_name::{self, NameFault, RELEASES},
    value,
};
use crate::{
    diagnose::Severity,
    phone::{Family, LoadName, Model},
};

/// Checks the load named in an element. `family` is the family of the phones that read it,
/// with the model name for messages.
pub(super) fn check(
    findings: &mut FindingList<'_>,
    node: Node<'_, '_>,
    written: &str,
    family: Option<(Family, &str)>,
    known: &LintContext,
) {
    let load = LoadName::new(written);
    if load.as_str().len() != written.len() {
        findings.error(
            node,
            "load-suffix",
            "a load is named without .loads: the phone appends it, and then requests a file \
             that does not exist",
            format!("Write {load}"),
        );
    }
    if load.is_multiplatform() {
        findings.error(
            node,
            "multiplatform",
            format!(
                "{load} is multiplatform firmware (MPP), for phones that are sold for it: this \
                 phone rejects it"
            ),
            "Name a load without MPP, MSR or MN in its release",
        );
    }
    name(findings, node, &load, known);
    let Some((family, whose)) = family else {
        return;
    };
    if let Some(of_load) = family_of(&load).filter(|of_load| *of_load != family) {
        findings.error(
            node,
            "load-family",
            format!(
                "{load} is for {}, but {whose} is in the family {}: it reports \"Load ID incorrect\"",
                numbers(of_load),
                numbers(family)
            ),
            "Name a load from the bundle for the phone; see `reflash models`",
        );
    }
}

/// Checks a load in the file of one phone: whether its phones read such a file, and whether all of
/// them accept it.
pub(super) fn of_phone(findings: &mut FindingList<'_>, node: Node<'_, '_>, load: &LoadName) {
    let Some(family) = family_of(load) else {
        return;
    };
    if let Some(why) = family.unsupported() {
        findings.warning(
            node,
            "load-family",
            format!("{load} is for {}: {}", numbers(family), why.text()),
            "Name the load of a phone that reads this file; see `reflash models`",
        );
    }
    let floor = family.slots().filter(|_| family == Family::F894);
    if let Some(slots) = floor.filter(|slots| slots.is_below_floor(load)) {
        findings.warning(
            node,
            "load-too-old",
            format!(
                "some hardware rejects {load}: its lowest releases are {}",
                slots.floors
            ),
            "Name a later load",
        );
    }
}

/// The family of a load or of a recovery manifest, which is also valid as a load name.
pub(super) fn family_of(load: &LoadName) -> Option<Family> {
    if load.is_recovery() {
        Model::by_recovery_manifest(&load.manifest()).map(|model| model.family)
    } else {
        load.family()
    }
}

/// Checks the spelling: against the loads of the bundles, then by the form of load names.
fn name(findings: &mut FindingList<'_>, node: Node<'_, '_>, load: &LoadName, known: &LintContext) {
    let staged = &known.loads;
    if staged.contains(load) {
        return;
    }
    let in_other_case = |one: &&LoadName| one.as_str().eq_ignore_ascii_case(load.as_str());
    if let Some(staged) = staged.iter().find(in_other_case) {
        findings.warning(
            node,
            "load-case",
            format!("the bundle's load is {staged}, and most TFTP servers are case-sensitive"),
            format!("Write {staged}"),
        );
        return;
    }
    if let Some(fault) = load_name::fault(load.as_str()) {
        no_load(findings, node, load, fault);
        return;
    }
    let with_s = load
        .family()
        .filter(|family| family.has_recovery_manifest());
    if with_s.is_some() && !load.as_str().ends_with('S') {
        without_s(findings, node, load, staged);
        return;
    }
    // Recovery manifests are in every bundle but not in the list of loads.
    if staged.is_empty() || load.is_recovery() {
        return;
    }
    let same = |one: &&LoadName| one.family().is_some() && one.family() == load.family();
    let (severity, expected) = match staged.iter().find(same) {
        Some(one) => (Severity::Error, format!("expected {one}")),
        None => (
            Severity::Warning,
            "the bundles are for other phones".to_owned(),
        ),
    };
    findings.node(
        severity,
        node,
        "load-not-staged",
        format!("no bundle contains {load}: {expected}"),
        "Name a load that the server has, or leave the element empty to keep the current \
         load",
    );
}

/// The text is the name of another file, or a misspelled load.
fn no_load(findings: &mut FindingList<'_>, node: Node<'_, '_>, load: &LoadName, fault: NameFault) {
    let shown = value::quoted(load.as_str());
    let (severity, code, message, meant) = match fault {
        NameFault::OtherFile(what, meant) => (
            Severity::Error,
            "load-name",
            format!("{shown} is the name of {what}, not of a load"),
            meant,
        ),
        NameFault::Folder(meant) => (
            Severity::Error,
            "load-name",
            format!("{shown} contains a folder: phones request loads from the root of the server"),
            Some(meant),
        ),
        NameFault::Case(meant) => (
            Severity::Warning,
            "load-case",
            format!("Cisco spells the load {meant}, and most TFTP servers are case-sensitive"),
            Some(meant),
        ),
        NameFault::Spelling(meant) => (
            Severity::Error,
            "load-name",
            format!("{shown} does not have the form of a load name, which {meant} has"),
            Some(meant),
        ),
        NameFault::Character(bad) => (
            Severity::Error,
            "load-name",
            format!("{shown} is not a load name: no load contains {bad:?}"),
            None,
        ),
    };
    let cure = match meant {
        Some(meant) => format!("Write {meant}, if the server has {meant}.loads"),
        None => "Write the name of the .loads file in the bundle, without .loads".to_owned(),
    };
    findings.node(severity, node, code, message, cure);
}

/// `SIP45.9-3-1SR4`, `SIP45.9-3-1SR4-1`: the name of the bundle instead of the load.
fn without_s(
    findings: &mut FindingList<'_>,
    node: Node<'_, '_>,
    load: &LoadName,
    staged: &[LoadName],
) {
    let written = load.as_str();
    let is_longer = |name: &str| {
        let head = name.get(..written.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(written))
    };
    let of_bundles = staged.iter().map(ToString::to_string);
    let mut meant: Vec<String> = of_bundles.filter(|name| is_longer(name)).collect();
    if let (true, Some((platform, _))) = (meant.is_empty(), written.split_once('.')) {
        let published = RELEASES
            .iter()
            .map(|release| format!("{platform}.{release}"));
        meant.extend(published.filter(|name| is_longer(name)));
    }
    let (severity, expected) = match meant.as_slice() {
        [] => (
            Severity::Warning,
            format!("{written}S, or more before the S"),
        ),
        meant => (Severity::Error, meant.join(" or ")),
    };
    findings.node(
        severity,
        node,
        "load-name",
        format!(
            "{written} does not end with S, as the loads of these phones do: expected \
             {expected}. The phone reports \"File Not Found\""
        ),
        "Write the name of the .loads file in the bundle, without .loads",
    );
}

/// "7945, 7965".
pub(super) fn numbers(family: Family) -> String {
    let numbers: Vec<_> = family.models().map(|model| model.number).collect();
    numbers.join(", ")
}
