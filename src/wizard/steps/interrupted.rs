//! Before the first step: a conversion that was interrupted can be continued.

use super::super::{
    answers::Answers,
    command_line::CommandLine,
    environment::Environment,
    prompt::{MenuChoice, Prompt, PromptReply, Stopped},
};

#[derive(Debug, Clone, Copy, PartialEq)]
enum InterruptedPick {
    Continue,
    Leave,
    New,
}

/// Offers to continue an interrupted conversion, if there is one and nothing was given on the command
/// line. Returns whether it is continued; the answers then are its command line.
pub(in super::super) fn ask(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &dyn Environment,
) -> Result<bool, Stopped> {
    if answers.is_given(&["bundles"]) {
        return Ok(false);
    }
    let Some(run) = environment.interrupted_run() else {
        return Ok(false);
    };
    let syntax = answers.command_line.syntax();
    // A journal of another version may hold options that do not exist.
    let Ok(line) = CommandLine::resuming(&run.path, &run.options, syntax) else {
        return Ok(false);
    };
    let plural = if run.phones == 1 { "" } else { "s" };
    prompt.paragraph(&format!(
        "The conversion of {} was interrupted: {} phone{plural} came, {} done. This command \
         continues it:",
        run.began.strftime("%Y-%m-%d %H:%M:%S UTC"),
        run.phones,
        run.done,
    ));
    prompt.verbatim(&line.lines(&environment.call(), "convert"));
    let choice = MenuChoice::new("Continue that conversion?")
        .item("Yes, continue it now", InterruptedPick::Continue)
        .item("No, begin a new conversion", InterruptedPick::New)
        .item(
            "Leave the wizard: nothing was changed",
            InterruptedPick::Leave,
        );
    match choice.ask(prompt)? {
        PromptReply::Given(InterruptedPick::Continue) => {
            answers.setup.models.clone_from(&run.models);
            answers.command_line = line;
            Ok(true)
        }
        PromptReply::Given(InterruptedPick::New) => Ok(false),
        PromptReply::Given(InterruptedPick::Leave) | PromptReply::Back => Err(Stopped::Left),
    }
}
