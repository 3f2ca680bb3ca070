//! What `reflash verify` prints for people.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{globals::Globals, paragraph::line};
use crate::{
    bundle::{
        Bundle, BundleProtocol, FirmwareSet, Member, MemberKind, Problem, Signature, Verdict,
    },
    diagnose::Severity,
    phone::{LoadName, Protocol, Support, Unsupported},
    text::escape,
};

/// Columns for the names of members. A longer name has a line of its own.
const MAX_NAME: usize = 40;
/// Files that are no firmware, in the list of members. -v shows all.
const MAX_OTHERS: usize = 20;

/// The result for one bundle, as text.
pub(super) fn block(bundle: &Bundle, globals: &Globals) -> String {
    let mut text = String::new();
    let path = escape(&bundle.path.to_string_lossy());
    line(&mut text, 0, &format!("{path}: {}", bundle.verdict));
    line(&mut text, 2, &sentence(bundle));
    if !globals.quiet {
        text.push('\n');
        if !bundle.members.is_empty() {
            contents(&mut text, bundle);
        }
        if let Some(digests) = &bundle.digests {
            let more = globals.verbose > 0;
            let (half, rest) = digests.sha512.split_at(digests.sha512.len() / 2);
            for (name, value, show) in [
                ("MD5", digests.md5.as_str(), true),
                ("SHA-1", &digests.sha1, more),
                ("SHA-256", &digests.sha256, true),
                ("SHA-512", half, more),
                ("", rest, more),
            ] {
                if show {
                    line(&mut text, 2, &format!("{name:<9}{value}"));
                }
            }
        }
        if !bundle.members.is_empty() {
            members(&mut text, bundle, globals.verbose > 0);
            if globals.verbose > 0 {
                signers(&mut text, bundle);
            }
        }
    }
    problems(&mut text, &bundle.problems);
    text
}

/// The problems. Those with one cure follow each other, and the cure is printed once.
fn problems(text: &mut String, problems: &[Problem]) {
    let mut left: Vec<&Problem> = problems.iter().collect();
    while let Some(first) = left.first().copied() {
        let is_alike =
            |other: &&Problem| other.cure == first.cure && other.severity == first.severity;
        let (alike, others): (Vec<&Problem>, Vec<&Problem>) = left.into_iter().partition(is_alike);
        left = others;
        text.push('\n');
        for problem in alike {
            let severity = match problem.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            };
            let member = problem
                .member
                .as_ref()
                .map_or(String::new(), |name| format!(" {name}:"));
            let heading = format!("{severity} {}:{member} {}", problem.code, problem.message);
            line(text, 2, &escape(&heading));
        }
        line(text, 4, &format!("→ {}", escape(&first.cure)));
    }
}

/// The verdict in one sentence: what it proves.
fn sentence(bundle: &Bundle) -> String {
    match (bundle.verdict, &bundle.catalogue) {
        (Verdict::Known | Verdict::Genuine | Verdict::Intact, _) if is_partly_usable(bundle) => {
            partly_usable(bundle)
        }
        (Verdict::Known, Some(row)) if repacked(bundle) => format!(
            "Every file in it is identical to the one in {}, and it is complete. Source of the list: {}.",
            row.name, row.source
        ),
        (Verdict::Known, Some(row)) => format!(
            "It is identical to {} (checksum from {}), and it is complete.",
            row.name, row.source
        ),
        (Verdict::Known, None) => {
            "It has the checksum that you gave, and is complete.".to_owned()
        }
        (Verdict::Genuine, _) if bundle.uses_trusted_key => {
            "It is complete, and every signature in it is valid; some were made with a key given \
             with --trust-key, not with Cisco's."
                .to_owned()
        }
        (Verdict::Genuine, _) => {
            "Every signed file in it has a valid Cisco signature, and it is complete.".to_owned()
        }
        (Verdict::Intact, _) => {
            "It is complete and undamaged, but its origin is not proven."
                .to_owned()
        }
        (Verdict::Incomplete, _) => {
            "Files that phones request are missing; serving it could leave a phone without firmware."
                .to_owned()
        }
        (Verdict::Damaged, _) if has_only_other_checksum(bundle) => other_checksum(bundle),
        (Verdict::Damaged, _) => {
            "It is damaged or altered; serving it could make a phone unusable.".to_owned()
        }
        (Verdict::Refused, _) if is_unread(bundle) => {
            "It has a form that this program does not read, so it was not opened.".to_owned()
        }
        (Verdict::Refused, _) => {
            "No firmware bundle has this form; it may be an attack, so it was not opened.".to_owned()
        }
        (Verdict::Foreign, _) if has_problem(bundle, "not-an-archive") => {
            "It is not a firmware bundle.".to_owned()
        }
        (Verdict::Foreign, _) => "It contains no Cisco phone firmware.".to_owned(),
    }
}

/// Whether nothing is wrong with it but that it has not the checksum that was given.
fn has_only_other_checksum(bundle: &Bundle) -> bool {
    let is_error = |problem: &&Problem| problem.severity == Severity::Error;
    let mut errors = bundle.problems.iter().filter(is_error).peekable();
    errors.peek().is_some() && errors.all(|problem| problem.code == "checksum-mismatch")
}

/// What another checksum proves: not that the firmware is damaged.
fn other_checksum(bundle: &Bundle) -> String {
    let mut signatures = bundle.members.iter().map(|member| member.signature);
    let proof = if signatures.any(|signature| signature == Signature::Valid) {
        let by = if bundle.uses_trusted_key {
            "some with a key given with --trust-key"
        } else {
            "with Cisco's key"
        };
        format!(
            "Every signed file in it is undamaged and validly signed, {by}: it is probably another \
             release, or the same firmware packed differently"
        )
    } else {
        "No signature in it shows which".to_owned()
    };
    format!(
        "It has not the checksum that you gave: that is the checksum of another file or release, or \
         this file was altered. {proof}. It is not served."
    )
}

/// Whether the verdict does not hold for all of its firmware.
fn is_partly_usable(bundle: &Bundle) -> bool {
    let is_error = |problem: &Problem| problem.severity == Severity::Error;
    bundle.problems.iter().any(is_error)
        || bundle.sets.iter().any(|set| set.verdict != bundle.verdict)
}

/// The same for a bundle of which only a part is usable.
fn partly_usable(bundle: &Bundle) -> String {
    let loads: Vec<String> = bundle.served_loads().map(ToString::to_string).collect();
    let loads = if loads.is_empty() {
        "A part of it".to_owned()
    } else {
        escape(&loads.join(" and "))
    };
    let proof = match (bundle.verdict, bundle.uses_trusted_key) {
        (Verdict::Known, _) => "known by its checksum",
        (Verdict::Genuine, true) => "validly signed, in part with a key given with --trust-key",
        (Verdict::Genuine, false) => "validly signed by Cisco",
        _ => "undamaged, but its origin is not proven",
    };
    format!("{loads} is complete and {proof}. That does not hold for everything in it; see below.")
}

/// Whether it was refused for what need not be an attack.
fn is_unread(bundle: &Bundle) -> bool {
    // Without digests, it is a folder or was not read at all.
    let is_large = bundle.digests.is_none() && has_problem(bundle, "over-limit");
    is_large
        || [
            "unsupported-archive",
            "unsupported-method",
            "encrypted-member",
            "nested-too-deep",
        ]
        .iter()
        .any(|code| has_problem(bundle, code))
}

/// Whether it was recognised by its members instead of its own digest.
fn repacked(bundle: &Bundle) -> bool {
    has_problem(bundle, "bundle-repacked")
}

fn has_problem(bundle: &Bundle, code: &str) -> bool {
    bundle.problems.iter().any(|problem| problem.code == code)
}

/// Protocol, loads and models.
fn contents(text: &mut String, bundle: &Bundle) {
    let list = |items: Vec<&str>| match items.len() {
        0 => "none found".to_owned(),
        _ => escape(&items.join(", ")),
    };
    let protocol = match bundle.protocol {
        Some(BundleProtocol::Sip) => "SIP",
        Some(BundleProtocol::Sccp) => "SCCP",
        Some(BundleProtocol::Mixed) => "SIP and SCCP",
        None if is_mgcp(bundle) => "MGCP",
        None => "unknown",
    };
    let loads = list(bundle.loads.iter().map(LoadName::as_str).collect());
    let mut models: Vec<&str> = bundle.models.iter().map(|model| model.number).collect();
    if models.is_empty() {
        models = bundle
            .sets
            .iter()
            .flat_map(|set| set.models.iter().copied())
            .collect();
        models.dedup();
    }
    let models = list(models);
    let mut families: Vec<String> = bundle.sets.iter().map(FirmwareSet::kind).collect();
    families.dedup();
    let families = families.join("; ");
    for (name, value) in [
        ("family", families.as_str()),
        ("protocol", protocol),
        ("loads", &loads),
        ("models", &models),
    ] {
        if !value.is_empty() {
            line(text, 2, &format!("{name:<9}{value}"));
        }
    }
    let several = bundle.sets.len() > 1;
    for set in bundle.sets.iter().filter(|set| several || set.is_whole()) {
        line(text, 2, &escape(&set_sentence(set, several)));
    }
}

fn is_mgcp(bundle: &Bundle) -> bool {
    let mut sets = bundle.sets.iter();
    sets.any(|set| set.unsupported() == Some(Unsupported::Mgcp))
}

/// What a load is worth, and whether this program converts its phones. `named`: with its name
/// and verdict.
fn set_sentence(set: &FirmwareSet, named: bool) -> String {
    let models = set.models_text();
    let what = match (set.support(), set.unsupported(), set.protocol) {
        _ if !set.is_whole() => "it is not served".to_owned(),
        (_, Some(why), _) => format!("recognised, not converted: {}", why.text()),
        (Support::Upgrades, ..) => {
            "these phones have SIP firmware only; this program upgrades them to it".to_owned()
        }
        (_, _, Some(Protocol::Sip)) => "this program converts these phones to it".to_owned(),
        _ => "phones that install it stay on SCCP; it serves as a way back or bridge".to_owned(),
    };
    if named {
        format!("{} is {}, for {models}: {what}", set.load, set.verdict)
    } else {
        format!("{models}: {what}")
    }
}

fn members(text: &mut String, bundle: &Bundle, all: bool) {
    let mut others = 0;
    let members: Vec<&Member> = bundle
        .members
        .iter()
        .filter(|member| {
            others += usize::from(member.kind == MemberKind::Other);
            all || member.kind != MemberKind::Other || others <= MAX_OTHERS
        })
        .collect();
    let shown: Vec<_> = members.iter().map(|member| escape(&member.name)).collect();
    let widths = shown.iter().map(|name| name.chars().count());
    let width = widths
        .filter(|width| *width <= MAX_NAME)
        .max()
        .unwrap_or(0)
        .max(6);
    text.push('\n');
    line(
        text,
        2,
        &format!("{:<width$} {:>10}  kind      signature", "member", "bytes"),
    );
    for (member, name) in members.iter().zip(shown) {
        let kind = match member.kind {
            MemberKind::Manifest => "manifest",
            MemberKind::Image => "image",
            MemberKind::Other => "other",
        };
        let signature = match member.signature {
            Signature::Valid => "valid",
            Signature::Invalid => "invalid",
            Signature::Unchecked => "unchecked",
            Signature::None => "none",
        };
        let name = if name.chars().count() > width {
            line(text, 2, &name);
            String::new()
        } else {
            name
        };
        let row = format!(
            "  {name:<width$} {:>10}  {kind:<9} {signature}",
            member.size
        );
        writeln!(text, "{row}").expect("writing to a String cannot fail");
    }
    let hidden = bundle.members.len() - members.len();
    if hidden > 0 {
        let more = format!("and {hidden} more files that are not firmware; -v shows them");
        line(text, 2, &more);
    }
}

/// Which keys signed what, and when.
fn signers(text: &mut String, bundle: &Bundle) {
    let mut by: BTreeMap<&str, Vec<&Member>> = BTreeMap::new();
    for member in &bundle.members {
        if let Some(key) = &member.key {
            by.entry(key).or_default().push(member);
        }
    }
    for (key, members) in by {
        let times = members.iter().filter_map(|member| member.signed_at);
        let (first, last) = (times.clone().min(), times.max());
        let when = match (first, last) {
            (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
            (Some(first), _) => first.to_string(),
            (None, _) => "at an unknown time".to_owned(),
        };
        let signed = format!("{} files signed by {}, {when}", members.len(), escape(key));
        text.push('\n');
        line(text, 2, &signed);
    }
    for manifest in &bundle.manifests {
        if let Some(mask) = manifest.hardware {
            line(
                text,
                2,
                &format!("{}: hardware mask {mask}", escape(&manifest.name)),
            );
        }
    }
}
