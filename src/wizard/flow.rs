//! Runs the steps in order, and back.

use super::{
    answers::Answers,
    environment::Environment,
    prompt::{MenuChoice, Prompt, PromptReply, Stopped},
    steps,
    transition::{STEPS, Transition},
};

type StepFn =
    fn(&mut Answers, &mut dyn Prompt, &mut dyn Environment) -> Result<Transition, Stopped>;

const ORDER: [StepFn; STEPS] = [
    steps::bundle::ask,
    steps::phones::ask,
    steps::network::ask,
    steps::route::ask,
    steps::configuration::ask,
    steps::summary::ask,
];

/// Asks until the operator starts the conversion.
pub(super) fn run(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
) -> Result<(), Stopped> {
    if steps::interrupted::ask(answers, prompt, environment)? {
        return Ok(());
    }
    let mut at = 0;
    // Steps that asked something; going back leads to them.
    let mut answered = Vec::new();
    while let Some(step) = ORDER.get(at) {
        match step(answers, prompt, environment)? {
            Transition::Next => {
                answered.push(at);
                at += 1;
            }
            Transition::Skip => at += 1,
            Transition::Back => match answered.pop() {
                Some(before) => at = before,
                None => confirm_leaving(prompt)?,
            },
        }
    }
    Ok(())
}

/// Asks whether to leave the wizard, because there is no step before the first question.
fn confirm_leaving(prompt: &mut dyn Prompt) -> Result<(), Stopped> {
    let choice = MenuChoice::new("This is the first question. Leave the wizard?")
        .item("Stay", false)
        .item("Leave: nothing was changed", true);
    match choice.ask(prompt)? {
        PromptReply::Given(true) => Err(Stopped::Left),
        PromptReply::Given(false) | PromptReply::Back => Ok(()),
    }
}
