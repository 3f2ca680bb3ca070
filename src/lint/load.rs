//! The name of a load as a configuration gives it: what the phone makes of it.

use roxmltree::Node;

use super::{context::LintContext, findings::FindingList};
use crate::{
    diagnose::Severity,
    phone::{Family, LoadName, Model},
};

/// Releases that were published for the families with five images, as their loads carry
/// them (public repositories and call managers' lists). Each was made for all families.
const RELEASES: &[&str] = &[
    "8-2-1S",
    "8-3-1S",
    "8-3-3S",
    "8-3-3SR2S",
    "8-4-2S",
    "8-5-2S",
    "8-5-2SR1S",
    "8-5-3S",
    "8-5-4S",
    "9-0-2SR1S",
    "9-0-3S",
    "9-2-1S",
    "9-3-1SR1-1S",
    "9-3-1SR4-1S",
    "9-4-2SR1-1S",
    "9-4-2SR3-1S",
    "9-4-2SR4-3S",
];

/// Judges the load in this element. `family` is that of the phones that read it, and how
/// they are known.
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
            "the name of a load stands here without .loads: the phone adds it itself, and asks \
             for a file that no server has",
            format!("Write {load}"),
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
                "{load} is for {}, and {whose} is one of {}: it answers \"Load ID incorrect\"",
                numbers(of_load),
                numbers(family)
            ),
            "Name a load of the phone's own bundle; `reflash models` says which that is",
        );
    }
}

/// The family of a load, or of the phone that a recovery manifest is for: naming one of
/// these is legal.
pub(super) fn family_of(load: &LoadName) -> Option<Family> {
    if load.is_recovery() {
        Model::by_recovery_manifest(&load.manifest()).map(|model| model.family)
    } else {
        load.family()
    }
}

/// Its letters: first what is known to exist, then the form that such names have.
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
            format!("the bundle's load is {staged}, and most TFTP servers tell the case apart"),
            format!("Write {staged}"),
        );
        return;
    }
    let convertible = load.family().filter(|family| family.is_convertible());
    if convertible.is_some() && !load.as_str().ends_with('S') {
        without_s(findings, node, load, staged);
        return;
    }
    // Recovery manifests are in every bundle and in no list of loads.
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
        format!("{load} is in none of the bundles: {expected}"),
        "Name a load that the server has, or leave the element empty: the phone then keeps the \
         load that it runs",
    );
}

/// `SIP45.9-3-1SR4`, `SIP45.9-3-1SR4-1`: what the bundle is called, not what the load is.
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
            "{written} has no S at its end, as the loads of these phones have: expected \
             {expected}. The phone answers \"File Not Found\""
        ),
        "Write the name of the .loads file in the bundle, without .loads",
    );
}

/// "7945, 7965".
pub(super) fn numbers(family: Family) -> String {
    let numbers: Vec<_> = family.models().map(|model| model.number).collect();
    numbers.join(", ")
}
