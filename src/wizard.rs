//! The wizard: guided conversion, from bundle to registered phone.
//!
//! The steps are a state machine. Questions are data ([`prompt`]), and files, machine and
//! network are behind a trait ([`environment`]), so all steps run without a terminal and a
//! network. Every answer becomes an argument of the `reflash convert` command line
//! ([`command_line`]), which is then run.

mod answers;
mod command_line;
mod display_check;
mod environment;
mod flow;
mod guide;
mod host;
mod inventory_draft;
mod prompt;
mod steps;
mod terminal;
#[cfg(test)]
mod tests;
mod transition;

use clap::ColorChoice;

use self::{
    answers::Answers,
    display_check::DisplayCheck,
    guide::{Guide, GuidedReporter},
    host::HostEnvironment,
    prompt::{Prompt as _, Stopped},
    terminal::TerminalPrompt,
};
pub(crate) use self::{
    command_line::{CommandLine, ConvertOptions, Syntax, resume_words},
    terminal::has_terminal,
};
use crate::{
    failure::Failure,
    phone::Model,
    privileges,
    reporter::Reporter,
    session::{OperatorPrompt, Signals},
};

/// How the questions ended.
pub(crate) enum Ended {
    /// The operator starts the conversion.
    Agreed(Box<AgreedRun>),
    /// A signal ended the wizard.
    Signal(u8),
    /// The operator left the wizard.
    Left,
}

/// Wraps the display of a run.
pub(crate) type DecorateReporter = Box<dyn FnOnce(Box<dyn Reporter>) -> Box<dyn Reporter>>;

/// The conversion that the operator starts.
pub(crate) struct AgreedRun {
    /// The command line to run.
    pub(crate) command_line: CommandLine,
    /// The command that does the same without the wizard.
    pub(crate) equivalent: String,
    /// The command that starts the wizard with these answers.
    pub(crate) again: String,
    /// Why the wizard chose the interface; `None`: the operator named it.
    pub(crate) reason: Option<String>,
    /// Adds instructions for the operator to the display.
    pub(crate) decorate: DecorateReporter,
    /// Prompts the operator at the end of the run.
    pub(crate) operator_prompt: Box<dyn OperatorPrompt>,
    /// The signals, which are caught already.
    pub(crate) signals: Option<Signals>,
}

/// Asks all questions. `given`: the options of the command line, which are answers already.
/// `model`: the model for the reset instructions.
///
/// # Errors
/// There is no terminal, it fails, or the inventory cannot be written.
pub(crate) fn run(
    given: CommandLine,
    model: Option<&'static Model>,
    color: ColorChoice,
) -> Result<Ended, Failure> {
    if !has_terminal() {
        let command = if given.has("bundles") {
            given.line("convert")
        } else {
            "reflash convert BUNDLE (`reflash convert --help` lists the options)".to_owned()
        };
        return Err(Failure::usage(
            "the wizard needs a terminal to ask its questions",
            format!("Use the command line: {command}"),
        ));
    }
    // A missing key is an error before the first question.
    given.options()?.trust.expectation()?;
    let mut prompt = TerminalPrompt::open(color)?;
    let mut answers = Answers::new(given, model);
    match flow::run(&mut answers, &mut prompt, &mut HostEnvironment) {
        Ok(()) => agreed(&answers, prompt),
        Err(Stopped::Signal(number)) => {
            eprintln!("\nNothing was changed.");
            Ok(Ended::Signal(number))
        }
        Err(Stopped::Left) => {
            eprintln!("Nothing was changed.");
            Ok(Ended::Left)
        }
        Err(Stopped::Terminal(error)) => Err(Failure::new(
            format!("the terminal failed: {error}"),
            "Use the command line: `reflash convert --help` lists the options",
        )),
    }
}

/// Writes the inventory, and hands over what the run needs.
fn agreed(answers: &Answers, mut prompt: TerminalPrompt) -> Result<Ended, Failure> {
    let mut command_line = answers.command_line.clone();
    if let Some(path) = &answers.journal {
        command_line.set("journal", [path]);
    }
    let options = command_line.options()?;
    let call = privileges::call();
    if let Some(draft) = &answers.draft {
        draft.write()?;
        prompt.paragraph(&format!("Inventory written: {}", draft.path.display()));
    }
    let guide = Guide::new(answers.wanted_models(), answers.setup.clone())
        .resumed(command_line.has("resume"))
        .isolated(options.check.isolated)
        .bridge(answers.bridge_load())
        .without_recovery(&answers.models_without_recovery());
    let has_survey = options.has_survey;
    Ok(Ended::Agreed(Box::new(AgreedRun {
        command_line,
        equivalent: answers.command_line.lines(&call, "convert"),
        again: answers.wizard_lines(&call),
        reason: answers.interface_reason(),
        signals: prompt.release_signals(),
        decorate: Box::new(move |inner| Box::new(GuidedReporter::new(inner, guide, has_survey))),
        operator_prompt: Box::new(DisplayCheck(prompt)),
    })))
}
