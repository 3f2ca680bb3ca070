//! `reflash verify`: what a file is, whether it is complete and genuine, and for which phones.

use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf};

use serde::Serialize;

use super::{
    bundles::TrustArgs,
    globals::{CommandOutcome, Globals, json_document, print},
};
use crate::{
    bundle::{self, Bundle, BundleProtocol, Member, MemberKind, Signature, Verdict},
    diagnose::Severity,
    failure::Failure,
    phone::LoadName,
    text::escape,
};

/// Columns that text is wrapped to.
const COLUMNS: usize = 80;

/// Check firmware bundles: genuine, complete, for which phones
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Example:
  reflash verify cmterm-7945_7965-sip.9-3-1SR4-1.zip \\
    --checksum 4088c17c622a1e181b1c2b1265349df6

Exit code 0 if every bundle may be served (known, genuine, or intact with
--accept-unknown), else 1. With -v: all digests, and which key signed what and
when.")]
pub(crate) struct Args {
    /// Zip or tar files, .cop.sgn packages or folders
    #[arg(required = true, value_name = "BUNDLE")]
    bundles: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
}

#[derive(Serialize)]
struct VerifyDocument<'a> {
    bundles: &'a [Bundle],
}

/// Examines every bundle and prints the results.
pub(crate) fn run(args: &Args, globals: &Globals) -> Result<CommandOutcome, Failure> {
    let trust = args.trust.trust();
    let expectation = trust.expectation()?;
    let mut bundles = Vec::new();
    let mut failures: Vec<Failure> = Vec::new();
    for path in &args.bundles {
        match bundle::examine(path, &expectation) {
            Ok(found) => bundles.extend(found),
            Err(error) => failures.push(Failure::new(escape(&error.to_string()), error.cure())),
        }
    }
    let mut unmatched = bundle::unmatched_checksums(&bundles, &expectation);
    if args.bundles.len() == 1 && !bundles.is_empty() {
        // With one file, the mismatch becomes part of the verdict.
        for checksum in unmatched.drain(..) {
            for bundle in &mut bundles {
                bundle.set_checksum_mismatch(checksum);
            }
        }
    }
    let accepted = |bundle: &Bundle| match bundle.verdict {
        Verdict::Known | Verdict::Genuine => true,
        Verdict::Intact => trust.accept_unknown,
        _ => false,
    };
    let all = bundles.iter().all(accepted);
    let text = if globals.json {
        let document = VerifyDocument { bundles: &bundles };
        json_document(&document)?
    } else {
        let blocks: Vec<_> = bundles
            .iter()
            .filter(|bundle| !globals.quiet || !accepted(bundle))
            .map(|bundle| block(bundle, globals))
            .collect();
        blocks.join("\n")
    };
    print(&text)?;
    for checksum in unmatched {
        failures.push(Failure::new(
            format!("no bundle has the {} {checksum}", checksum.kind()),
            "Check the checksum for a typing error. If it is correct, none of these files is the \
             one it belongs to",
        ));
    }
    match Failure::joined(failures) {
        Some(failure) => Err(failure),
        None if all => Ok(CommandOutcome::Done),
        None => Ok(CommandOutcome::Problems),
    }
}

/// The result for one bundle, as text.
fn block(bundle: &Bundle, globals: &Globals) -> String {
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
            members(&mut text, bundle);
            if globals.verbose > 0 {
                signers(&mut text, bundle);
            }
        }
    }
    for problem in &bundle.problems {
        text.push('\n');
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
        line(&mut text, 2, &escape(&heading));
        line(&mut text, 4, &format!("→ {}", escape(&problem.cure)));
    }
    text
}

/// The verdict in one sentence: what it proves.
fn sentence(bundle: &Bundle) -> String {
    match (bundle.verdict, &bundle.catalogue) {
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
        (Verdict::Damaged, _) => {
            "It is damaged or altered; serving it could make a phone unusable.".to_owned()
        }
        (Verdict::Refused, _) => {
            "No firmware bundle has this form; it may be an attack, so it was not opened.".to_owned()
        }
        (Verdict::Foreign, _) => "It contains no Cisco phone firmware.".to_owned(),
    }
}

/// Whether it was recognised by its members instead of its own digest.
fn repacked(bundle: &Bundle) -> bool {
    bundle
        .problems
        .iter()
        .any(|problem| problem.code == "bundle-repacked")
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
        None => "unknown",
    };
    let loads = list(bundle.loads.iter().map(LoadName::as_str).collect());
    let models = list(bundle.models.iter().map(|model| model.number).collect());
    for (name, value) in [
        ("protocol", protocol),
        ("loads", &loads),
        ("models", &models),
    ] {
        line(text, 2, &format!("{name:<9}{value}"));
    }
}

fn members(text: &mut String, bundle: &Bundle) {
    let shown: Vec<_> = bundle
        .members
        .iter()
        .map(|member| escape(&member.name))
        .collect();
    let width = shown.iter().map(String::len).max().unwrap_or(0).max(6);
    text.push('\n');
    line(
        text,
        2,
        &format!("{:<width$} {:>10}  kind      signature", "member", "bytes"),
    );
    for (member, name) in bundle.members.iter().zip(shown) {
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
        let row = format!(
            "  {name:<width$} {:>10}  {kind:<9} {signature}",
            member.size
        );
        writeln!(text, "{row}").expect("writing to a String cannot fail");
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

/// Appends one paragraph, wrapped and indented; runs of blanks are kept.
fn line(text: &mut String, indent: usize, paragraph: &str) {
    let mut column = indent;
    text.push_str(&" ".repeat(indent));
    for word in paragraph.split_inclusive(' ') {
        let length = word.trim_end().chars().count();
        if column > indent && column + length > COLUMNS {
            text.truncate(text.trim_end().len());
            text.push('\n');
            column = indent + 2;
            text.push_str(&" ".repeat(column));
        }
        text.push_str(word);
        column += word.chars().count();
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_stay_within_the_columns() {
        let mut text = String::new();
        line(&mut text, 4, &"word ".repeat(40));
        assert!(text.lines().count() > 1);
        assert!(
            text.lines()
                .all(|line| line.len() <= COLUMNS && !line.ends_with(' ')),
            "{text}"
        );
        assert_eq!(text.split_whitespace().count(), 40);
    }
}
