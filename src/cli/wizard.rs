//! `reflash wizard`: guided conversion, from bundle to registered phone.
//!
//! The steps are a state machine over questions as data ([`prompt`]) and over what this machine
//! shows ([`environment`]), so that all of it runs without a terminal and without a network. Every
//! answer becomes a word of the `reflash convert` line ([`words`]), and that line is what is run.

mod answers;
mod prompt;
mod draft;
mod flow;
mod guide;
mod machine;
mod proof;
mod steps;
mod terminal;
#[cfg(test)]
mod tests;
mod words;
mod environment;

use clap::{ArgMatches, ColorChoice};

use self::{
    answers::Answers,
    prompt::{Prompt as _, Stopped},
    guide::{Guide, GuidedReporter},
    machine::HostEnvironment,
    proof::PromptAttendant,
    terminal::TerminalPrompt,
    words::CommandLine,
};
use super::{Failure, Globals, Outcome, convert, print, privileges, run};
use crate::phone::Model;

/// Guides a conversion, from the bundle to the registered phone.
///
/// Asks for what it needs, one page after the other, looks at the network, says exactly what it
/// will do, and does it. It tells what to press on the phone and when. Flags are answers: what is
/// given is not asked. At the end it prints the `reflash convert` line that does the same.
#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(
    mut_arg("bundles", words::optional),
    after_help = "\
Examples:
  sudo reflash wizard
  With the first answers given:
    sudo reflash wizard cmterm-7945_7965-sip.9-3-1SR4-1.zip --expect 1 --model 7965"
)]
pub(crate) struct Args {
    #[command(flatten)]
    convert: convert::Args,
    /// The phones' model, for what to press and what its lamps show.
    #[arg(long, value_name = "M", value_parser = model)]
    model: Option<&'static Model>,
}

/// How steps read files: what is wrong with them is told on their page.
const QUIET: Globals = Globals {
    json: false,
    quiet: true,
    verbose: 0,
    color: ColorChoice::Never,
};

fn model(text: &str) -> Result<&'static Model, String> {
    Model::by_number(text)
        .filter(|model| model.family.is_convertible())
        .ok_or_else(|| "no model that is converted; `reflash models` lists them".to_owned())
}

/// Whether `reflash` alone means the wizard: there is somebody to ask.
pub(crate) fn is_meant() -> bool {
    std::env::args_os().len() == 1 && terminal::is_there()
}

/// Runs the verb.
pub(crate) fn run(
    args: &Args,
    matches: &ArgMatches,
    globals: &Globals,
) -> Result<Outcome, Failure> {
    fits(args, globals)?;
    let given = CommandLine::given(matches);
    if !terminal::is_there() {
        return Err(Failure::usage(
            "the wizard asks questions, and there is no terminal to ask them on",
            format!(
                "Say it all on the command line: {}",
                if given.has("bundles") {
                    given.line("convert")
                } else {
                    "reflash convert BUNDLE (`reflash convert --help` lists the flags)".to_owned()
                }
            ),
        ));
    }
    let mut person = TerminalPrompt::meet(globals.color)?;
    let mut answers = Answers::new(given, args.model);
    match flow::run(&mut answers, &mut person, &mut HostEnvironment) {
        Ok(()) => convert(&answers, person, globals),
        Err(Stopped::Signal(number)) => {
            eprintln!("\nNothing was changed.");
            Ok(Outcome::Signal(number))
        }
        Err(Stopped::Left) => {
            eprintln!("Nothing was changed.");
            Ok(Outcome::Problems)
        }
        Err(Stopped::Terminal(error)) => Err(Failure::new(
            format!("the terminal does not answer: {error}"),
            "Say it all on the command line: `reflash convert --help` lists the flags",
        )),
    }
}

fn fits(args: &Args, globals: &Globals) -> Result<(), Failure> {
    for (is_set, flag) in [(globals.json, "--json"), (globals.quiet, "--quiet")] {
        if is_set {
            return Err(Failure::usage(
                format!("{flag} is for programs and scripts, and the wizard talks to a person"),
                format!("Use `reflash convert` with {flag}"),
            ));
        }
    }
    if args.convert.journal.resumes() {
        return Err(Failure::usage(
            "a run is gone on with as it began, and the wizard begins a new one",
            "Use `reflash convert --resume`",
        ));
    }
    Ok(())
}

/// Does what was agreed.
fn convert(answers: &Answers, mut person: TerminalPrompt, globals: &Globals) -> Result<Outcome, Failure> {
    let mut words = answers.words.clone();
    if let Some(path) = &answers.journal {
        words.set("journal", [path]);
    }
    let args = words.args()?;
    if let Some(draft) = &answers.draft {
        draft.write(privileges::give)?;
        person.tell(&format!("The list is in {}.", draft.path.display()));
    }
    let guide = Guide::new(answers.wanted_models(), answers.site.pbx.clone());
    let surveys = args.survey.is_some();
    let hooks = run::WizardHooks {
        signals: person.leave(),
        guide: Some(Box::new(move |inner| {
            Box::new(GuidedReporter {
                inner,
                guide,
                surveys,
            })
        })),
        attendant: Some(Box::new(PromptAttendant(person))),
    };
    let outcome = convert::run_with(&args, globals, hooks)?;
    print(&format!(
        "\nThe same without questions:\n  {}\n",
        answers.words.line("convert")
    ))?;
    Ok(outcome)
}
