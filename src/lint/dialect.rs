//! Checks of a SEP file by the form that the family of the phone reads.

use roxmltree::Node;

use super::{
    address::USE_CALL_MANAGER,
    findings::FindingList,
    value::quoted,
    xml::{all, child, is, value as text},
};
use crate::{
    diagnose::Severity,
    phone::{
        CHECKED_LENGTHS, Dialect, ElementRange, Family, LoadName, Model, is_checked_date_format,
        is_date_format,
    },
};

/// The featureID of a line.
const LINE: &str = "9";

/// Values of `preferredCodec` of the phones other than the 79xx.
const CODECS: [&str; 6] = ["none", "g711ulaw", "g711alaw", "g729", "g729a", "g722"];

/// Checks the file of a phone of this family. The 79xx have no rules here.
pub(super) fn check(
    findings: &mut FindingList<'_>,
    root: Node<'_, '_>,
    family: Family,
    model: Option<&Model>,
) {
    if family.has_recovery_manifest() {
        return;
    }
    let dialect = family.dialect();
    for node in root.descendants().filter(Node::is_element) {
        let written = text(node);
        if !written.is_empty() {
            one(findings, node, &written, family);
        }
    }
    if !dialect.knows_nat {
        without_nat(findings, root);
    }
    calls(findings, root, family, model);
    transport(findings, root, dialect);
    if dialect.has_one_password {
        one_password(findings, root);
    }
    if dialect.shares_firmware && all(root, "peerFirmwareSharing").next().is_none() {
        findings.node(
            Severity::Note,
            child(root, "vendorConfig").unwrap_or(root),
            "peer-firmware",
            "no peerFirmwareSharing: these phones fetch firmware from each other by default, and \
             the server does not see those transfers",
            "Write <peerFirmwareSharing>0</peerFirmwareSharing> into vendorConfig for a conversion",
        );
    }
}

/// Checks one value.
fn one(findings: &mut FindingList<'_>, node: Node<'_, '_>, written: &str, family: Family) {
    let dialect = family.dialect();
    let name = node.tag_name().name();
    let of_name = |range: &&ElementRange| {
        range.name == name
            && (range.parent.is_empty()
                || node.parent().is_some_and(|outer| is(outer, range.parent)))
    };
    if let (Some(range), Ok(number)) = (dialect.ranges.iter().find(of_name), written.parse::<u32>())
        && !(range.least..=range.most).contains(&number)
    {
        findings.error(
            node,
            "range",
            format!(
                "<{name}> is {}: these phones accept {} to {}, and use their default instead",
                quoted(written),
                range.least,
                range.most
            ),
            "Correct the number, or delete the element",
        );
    }
    let has_lengths = !dialect.ranges.is_empty();
    let mut lengths = CHECKED_LENGTHS.iter().filter(|_| has_lengths);
    let length = written.chars().count();
    if let Some((_, most)) = lengths.find(|(of, most)| *of == name && length > *most) {
        findings.warning(
            node,
            "value-too-long",
            format!("<{name}> has {length} characters: these phones accept {most}"),
            "Shorten it",
        );
    }
    match name {
        "dateTemplate"
            if dialect.checks_dates
                && is_date_format(written)
                && !is_checked_date_format(written) =>
        {
            findings.warning(
                node,
                "date-format",
                format!(
                    "dateTemplate is {}: these phones accept only M/D/Y, D/M/Y and Y/M/D",
                    quoted(written)
                ),
                "Write one of these, with /, - or ., and with A at the end for a 12-hour clock",
            );
        }
        "kpml" if written != "0" => kpml(findings, node, dialect.needs_tcp),
        "preferredCodec" if !CODECS.contains(&written) => findings.warning(
            node,
            "codec",
            format!("phones do not know the codec {}", quoted(written)),
            "Use one of none, g711ulaw, g711alaw, g729, g722; none leaves the choice to the PBX",
        ),
        _ => {}
    }
}

/// With `kpml` the phone sends the first digit alone and waits for a subscription to the others.
fn kpml(findings: &mut FindingList<'_>, node: Node<'_, '_>, is_88xx: bool) {
    let (severity, message) = if is_88xx {
        (
            Severity::Warning,
            "kpml is not 0: an 88xx sends the call with the first digit, and Asterisk answers 484",
        )
    } else {
        (
            Severity::Note,
            "kpml is not 0: common, and safe only with a PBX that subscribes to the digits",
        )
    };
    findings.node(severity, node, "kpml", message, "Write 0 for Asterisk");
}

fn without_nat(findings: &mut FindingList<'_>, root: Node<'_, '_>) {
    let nat = root
        .descendants()
        .find(|node| is(*node, "natEnabled") || is(*node, "natAddress"));
    if let Some(node) = nat.filter(|node| !text(*node).is_empty()) {
        findings.node(
            Severity::Note,
            node,
            "nat",
            "these phones have no settings for NAT and ignore the element",
            "Delete natEnabled and natAddress",
        );
    }
}

/// Checks `maxNumCalls` against the most calls of the model, or of any model that the load is for.
fn calls(
    findings: &mut FindingList<'_>,
    root: Node<'_, '_>,
    family: Family,
    model: Option<&Model>,
) {
    let load = child(root, "loadInformation").map(text).unwrap_or_default();
    let load = LoadName::new(&load);
    let of_load = || {
        let models = family.models().filter(|model| !model.rejects_load(&load));
        models.filter_map(Model::most_calls).max()
    };
    let most = match model {
        Some(model) => model.most_calls(),
        None => of_load(),
    };
    let Some(most) = most else {
        return;
    };
    for node in all(root, "maxNumCalls") {
        let number = text(node).parse::<u32>().ok();
        if number.is_some_and(|number| number > most) {
            findings.warning(
                node,
                "range",
                format!(
                    "maxNumCalls is {}: the phone has at most {most} calls",
                    quoted(&text(node))
                ),
                format!("Write {most} or less"),
            );
        }
    }
}

fn transport(findings: &mut FindingList<'_>, root: Node<'_, '_>, dialect: &Dialect) {
    let Some(node) = child(root, "transportLayerProtocol") else {
        return;
    };
    match text(node).as_str() {
        "2" if dialect.needs_tcp => findings.warning(
            node,
            "transport",
            "transportLayerProtocol is 2 (UDP): an 88xx is reported to repeat requests over UDP",
            "Write 1 (TCP), and let the PBX listen on TCP",
        ),
        "4" if lines(root).any(|line| !is_managed(line)) => findings.warning(
            node,
            "transport",
            "transportLayerProtocol is 4, the choice of a call manager, but a line has a proxy of \
             its own",
            "Write 1 (TCP) or 2 (UDP), whichever the PBX supports",
        ),
        _ => {}
    }
}

fn lines<'a, 'input>(root: Node<'a, 'input>) -> impl Iterator<Item = Node<'a, 'input>> {
    all(root, "line")
        .filter(|line| child(*line, "featureID").is_none_or(|feature| text(feature) == LINE))
}

fn is_managed(line: Node<'_, '_>) -> bool {
    let proxy = child(line, "proxy").map(text).unwrap_or_default();
    proxy.is_empty() || proxy == USE_CALL_MANAGER
}

/// The phone registers every line with the password of the first.
fn one_password(findings: &mut FindingList<'_>, root: Node<'_, '_>) {
    let mut passwords = lines(root).filter_map(|line| child(line, "authPassword"));
    let Some(first) = passwords.next() else {
        return;
    };
    if let Some(other) = passwords.find(|password| text(*password) != text(first)) {
        findings.warning(
            other,
            "one-password",
            "another password than in the first line: these phones register every line with the \
             password of the first",
            "Give all lines of the phone one password, here and on the PBX",
        );
    }
}
