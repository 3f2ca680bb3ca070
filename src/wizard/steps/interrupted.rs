//! Before the first step: a conversion that was interrupted can be continued.

use super::super::{
    answers::Answers,
    environment::Environment,
    prompt::{MenuChoice, Prompt, PromptReply, Stopped},
};
use crate::inputs::shown;

/// Shows the command that continues an interrupted conversion, if there is one and nothing was given
/// on the command line.
pub(in super::super) fn ask(
    answers: &Answers,
    prompt: &mut dyn Prompt,
    environment: &dyn Environment,
) -> Result<(), Stopped> {
    if answers.is_given(&["bundles"]) {
        return Ok(());
    }
    let options = answers.options().ok();
    let Some(run) = options.and_then(|options| environment.interrupted_run(&options)) else {
        return Ok(());
    };
    let plural = if run.phones == 1 { "" } else { "s" };
    prompt.paragraph(&format!(
        "The conversion of {} was interrupted: {} phone{plural} came, {} done. This command \
         continues it; add the network options of that run, such as --interface eth0 or --dhcp \
         isolated:",
        run.began.strftime("%Y-%m-%d %H:%M:%S UTC"),
        run.phones,
        run.done,
    ));
    prompt.verbatim(&format!(
        "    {} convert --resume --journal {}",
        environment.call(),
        shown(&run.path)
    ));
    let choice = MenuChoice::new("Continue that conversion?")
        .item("Leave the wizard, and use that command", true)
        .item("No, begin a new conversion", false);
    match choice.ask(prompt)? {
        PromptReply::Given(true) | PromptReply::Back => Err(Stopped::Left),
        PromptReply::Given(false) => Ok(()),
    }
}
