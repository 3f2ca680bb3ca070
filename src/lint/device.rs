//! Checks of `SEP<MAC>.cnf.xml`, the configuration of one phone.

use roxmltree::Node;

use super::{
    context::LintContext,
    dialect,
    findings::FindingList,
    first_phones, form,
    lines::Lines,
    load, manager, pbx, placement, repeated, sep_side, value,
    xml::{all, child, is, value as text},
};
use crate::{
    diagnose::Severity,
    phone::{Family, LoadName, Model, Protocol},
};

/// Values of `transportLayerProtocol`: TCP, UDP, TLS, and "as set in the security profile",
/// which call managers export.
const TRANSPORTS: [&str; 4] = ["1", "2", TLS, "4"];

/// The value for TLS.
const TLS: &str = "3";

pub(super) fn check(findings: &mut FindingList<'_>, root: Node<'_, '_>, known: &LintContext) {
    if first_phones::is_for_these(root, known) {
        value::check_all(findings, root);
        first_phones::check(findings, root, known);
        return;
    }
    if !is(root, "device") {
        findings.error(
            root,
            "no-device-root",
            format!(
                "the root element is <{}>: expected <device>",
                root.tag_name().name()
            ),
            "Enclose everything in <device>, or rename the file to match its content",
        );
        return;
    }
    let named = child(root, "loadInformation").map(|node| (node, text(node)));
    let named = named.filter(|(_, written)| !written.is_empty());
    let of_load = named
        .as_ref()
        .and_then(|(_, written)| load::family_of(&LoadName::new(written)));
    let family = known.model.map(|model| model.family).or(of_load);
    value::check_all(findings, root);
    manager::check(findings, root);
    form::check(findings, root);
    repeated::check(findings, root);
    placement::check(findings, root);
    let speaks_sip = protocol(findings, root);
    if let Some((node, written)) = &named {
        let whose = known.model.map(|model| format!("the {}", model.number));
        let model = known.model.zip(whose.as_deref());
        let model = model.map(|(model, whose)| (model.family, whose));
        load::check(findings, *node, written, model, known);
        load::of_phone(findings, *node, &LoadName::new(written));
        if speaks_sip && LoadName::new(written).protocol() == Some(Protocol::Sccp) {
            findings.error(
                *node,
                "load-protocol",
                format!("{written} is SCCP firmware, but the rest of the file is for SIP"),
                "Name the SIP load, or leave the element empty",
            );
        }
    }
    if speaks_sip {
        sip(findings, root, family, known);
        if let Some(family) = family {
            dialect::check(findings, root, family, known.model);
        }
    }
}

/// Whether the configuration is for SIP.
fn protocol(findings: &mut FindingList<'_>, root: Node<'_, '_>) -> bool {
    let element = child(root, "deviceProtocol");
    let written = element.map(text).unwrap_or_default();
    if written.eq_ignore_ascii_case("SIP") {
        return true;
    }
    let has_profile = child(root, "sipProfile").is_some();
    let cure = "Write <deviceProtocol>SIP</deviceProtocol> into <device>";
    match element.filter(|_| !written.is_empty()) {
        Some(element) => findings.error(
            element,
            "protocol",
            "deviceProtocol is not SIP: SIP firmware rejects the file",
            cure,
        ),
        None if has_profile => findings.warning(
            root,
            "protocol",
            "deviceProtocol is missing: SIP firmware may reject the file",
            cure,
        ),
        None => findings.error(
            root,
            "protocol",
            "deviceProtocol and sipProfile are missing: the file is for SCCP firmware, and SIP \
             firmware finds no line in it",
            "Write a SIP configuration: deviceProtocol SIP, and a sipProfile with a line",
        ),
    }
    has_profile
}

/// Checks for SIP firmware.
fn sip(
    findings: &mut FindingList<'_>,
    root: Node<'_, '_>,
    family: Option<Family>,
    known: &LintContext,
) {
    for node in root.descendants().filter(Node::is_element) {
        value::check_element(findings, node, family);
    }
    let lines = Lines::of(root);
    lines.check(findings, most_buttons(family, known));
    if all(root, "dialTemplate").all(|plan| text(plan).is_empty()) {
        let profile = child(root, "sipProfile").unwrap_or(root);
        findings.node(
            Severity::Note,
            profile,
            "no-dial-plan",
            format!(
                "no dialTemplate: the phone waits {} after the last digit",
                match family {
                    Some(family) if family.has_recovery_manifest() => "10 seconds",
                    Some(_) => "15 seconds",
                    None => "10 seconds (79xx) or 15 seconds (other phones)",
                }
            ),
            "Write <dialTemplate>dialplan.xml</dialTemplate> into sipProfile",
        );
    }
    let transports: Vec<_> = all(root, "transportLayerProtocol").collect();
    if !transports.iter().any(|node| text(*node) == TLS) {
        security_mode(findings, root);
    }
    for node in &transports {
        let written = text(*node);
        if !written.is_empty() && !TRANSPORTS.contains(&written.as_str()) {
            findings.error(
                *node,
                "transport",
                "transportLayerProtocol must be 1 (TCP), 2 (UDP), 3 (TLS) or 4 (as set in the \
                 security profile)",
                "Write 1 or 2, whichever the PBX supports",
            );
        }
    }
    let phone = sep_side::phone_side(root);
    pbx::check(findings, phone, known);
}

/// The number of buttons of the model, or the most of the family, with expansion modules.
fn most_buttons(family: Option<Family>, known: &LintContext) -> Option<u8> {
    let of_family = || family?.models().map(Model::most_buttons).max();
    known.model.map(Model::most_buttons).or_else(of_family)
}

/// Authenticated and encrypted phones register over TLS only.
fn security_mode(findings: &mut FindingList<'_>, root: Node<'_, '_>) {
    let secured = all(root, "deviceSecurityMode").find(|node| matches!(&*text(*node), "2" | "3"));
    if let Some(node) = secured {
        findings.warning(
            node,
            "security-mode",
            format!(
                "deviceSecurityMode is {}: the phone uses TLS and needs a trust list",
                text(node)
            ),
            "Set it to 1, unless the PBX has TLS and the phone a trust list (CTL) of it",
        );
    }
}
