//! `reflash wizard`: guided conversion, from bundle to registered phone.

use clap::{Arg, ArgMatches, Args as _, FromArgMatches as _, builder::Resettable};

use super::{
    convert,
    globals::{CommandOutcome, Globals, print},
    heading, run,
};
use crate::{
    failure::Failure,
    phone::Model,
    wizard::{self, CommandLine, ConvertOptions, Ended, Syntax},
};

/// Guided conversion, from bundle to registered phone
///
/// Asks for what it needs, checks the network, explains what will happen, and does it. It shows
/// which keys to press on the phone and when. An option given on the command line answers its
/// question, which is then not asked. At the end it prints the equivalent `reflash convert`
/// command.
#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(
    mut_arg("bundles", optional),
    mut_arg("resume", |arg| arg.hide(true)),
    after_help = "\
Examples:
  sudo reflash wizard
  With some answers given:
    sudo reflash wizard cmterm-7945_7965-sip.9-3-1SR4-1.zip --model 7965"
)]
pub(crate) struct Args {
    #[command(flatten)]
    convert: convert::Args,
    /// Model of the phones, for the reset instructions
    #[arg(long, value_name = "M", value_parser = model, help_heading = heading::PHONES)]
    model: Option<&'static Model>,
}

/// The syntax of `reflash convert`, whose command line the wizard builds.
pub(crate) const SYNTAX: Syntax = Syntax { command, parse };

fn command() -> clap::Command {
    let command = convert::Args::augment_args(clap::Command::new("convert").no_binary_name(true));
    // The wizard may not have asked for bundles yet.
    command.mut_arg("bundles", optional)
}

fn optional(bundles: Arg) -> Arg {
    bundles.required_unless_present(Resettable::<clap::Id>::Reset)
}

fn parse(matches: &ArgMatches) -> Result<ConvertOptions, clap::Error> {
    let args = convert::Args::from_arg_matches(matches)?;
    let isolated = args.dhcp.isolated().unwrap_or_default();
    Ok(ConvertOptions {
        trust: args.trust(),
        check: args.network.check_options(isolated),
        bundles: args.bundles,
        bridges: args.bridge.bridges,
        extra_files: args.extra_files.files,
        inventory: args.inventory.inventory,
        only: args.only,
        expect: args.expect,
        timeout: args.timeout,
        has_survey: args.survey.is_some(),
        journal: args.journal.journal,
    })
}

fn model(text: &str) -> Result<&'static Model, String> {
    Model::by_number(text)
        .filter(|model| model.family.is_supported())
        .ok_or_else(|| {
            "not a model that can be converted or upgraded; `reflash models` lists the models"
                .to_owned()
        })
}

/// Whether `reflash` without arguments starts the wizard: only on a terminal.
pub(crate) fn is_default() -> bool {
    std::env::args_os().len() == 1 && wizard::has_terminal()
}

/// Runs the command.
pub(crate) fn run(
    args: &Args,
    matches: &ArgMatches,
    globals: &Globals,
) -> Result<CommandOutcome, Failure> {
    check_flags(args, globals)?;
    let given = CommandLine::given(matches, SYNTAX);
    match wizard::run(given, args.model, globals.color)? {
        Ended::Signal(number) => Ok(CommandOutcome::Signal(number)),
        Ended::Left => Ok(CommandOutcome::Problems),
        Ended::Agreed(agreed) => {
            let matches = agreed.command_line.matches()?;
            let args = convert::Args::from_arg_matches(&matches)
                .map_err(|error| Failure::usage(error, ""))?;
            let hooks = run::WizardHooks {
                decorate: Some(agreed.decorate),
                operator_prompt: Some(agreed.operator_prompt),
                signals: agreed.signals,
                reason: agreed.reason,
            };
            let outcome = convert::run_with(&args, (&matches, SYNTAX), globals, hooks);
            let outcome = outcome.map_err(|failure| with_answers(failure, &agreed.again))?;
            print(&format!(
                "\nThe same conversion without the wizard:\n{}\n",
                agreed.equivalent
            ))?;
            Ok(outcome)
        }
    }
}

/// Adds the command that starts the wizard again, so that no question is asked twice.
fn with_answers(failure: Failure, again: &str) -> Failure {
    let separator = if failure.cure.is_empty() { "" } else { "\n" };
    Failure {
        cure: format!(
            "{}{separator}This command starts the wizard again with your answers:\n{}",
            failure.cure,
            again
                .lines()
                .map(|line| format!("  {line}"))
                .collect::<Vec<_>>()
                .join("\n")
        ),
        ..failure
    }
}

fn check_flags(args: &Args, globals: &Globals) -> Result<(), Failure> {
    for (is_set, flag) in [(globals.json, "--json"), (globals.quiet, "--quiet")] {
        if is_set {
            return Err(Failure::usage(
                format!("the wizard is interactive and does not support {flag}"),
                format!("Use `reflash convert` with {flag}"),
            ));
        }
    }
    if args.convert.journal.resume {
        return Err(Failure::usage(
            "the wizard starts a new run and does not support --resume",
            "Use `reflash convert --resume`",
        ));
    }
    Ok(())
}
