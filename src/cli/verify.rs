//! `reflash verify`: what a file is, whether it is complete and genuine, and for which phones.

use std::{collections::BTreeSet, path::PathBuf};

use serde::Serialize;

use super::{
    bundles::TrustArgs,
    globals::{CommandOutcome, Globals, json_document, print},
    heading,
    verify_text::block,
};
use crate::{
    bundle::{self, Bundle, Problem, Verdict},
    diagnose::Severity,
    failure::Failure,
    inputs::bundles::Trust,
    text::escape,
};

/// Check firmware bundles: genuine, complete, for which phones
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Example:
  reflash verify cmterm-7945_7965-sip.9-3-1SR4-1.zip \\
    --checksum 4088c17c622a1e181b1c2b1265349df6

Exit code 0 if each BUNDLE has at least one complete load that may be served
(known, genuine, or intact with --accept-unknown), else 1; with --strict also 1
if anything in it has an error or a warning. With -v: all digests, and which
key signed what and when.")]
pub(crate) struct Args {
    /// Zip or tar files, .cop.sgn packages or folders
    #[arg(required = true, value_name = "BUNDLE")]
    bundles: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    /// Exit with 1 on any error or warning
    #[arg(long, help_heading = heading::BUNDLES)]
    strict: bool,
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
    // The number of the argument that each bundle is from.
    let mut arguments = Vec::new();
    let mut failures: Vec<Failure> = Vec::new();
    for (number, path) in args.bundles.iter().enumerate() {
        match bundle::examine(path, &expectation) {
            Ok(found) => {
                arguments.extend(found.iter().map(|_| number));
                bundles.extend(found);
            }
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
    // One complete bundle in a file or folder is enough; the others are named.
    let accepted_arguments: BTreeSet<usize> = arguments
        .iter()
        .zip(&bundles)
        .filter(|(_, bundle)| accepted(bundle))
        .map(|(number, _)| *number)
        .collect();
    let all = arguments
        .iter()
        .all(|number| accepted_arguments.contains(number));
    let is_clean = |bundle: &Bundle| {
        accepted(bundle)
            && bundle
                .problems
                .iter()
                .all(|problem| problem.severity == Severity::Note || is_consented(problem, &trust))
    };
    let all = all && (!args.strict || bundles.iter().all(is_clean));
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

/// Whether a flag consents to what the problem says.
fn is_consented(problem: &Problem, trust: &Trust) -> bool {
    problem.code == "bundle-unknown" && trust.accept_unknown
}
