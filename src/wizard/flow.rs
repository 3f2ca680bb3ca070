//! One step after the other, and back.

use super::{
    answers::Answers,
    prompt::{Prompt, Choice, Reply, Stopped},
    steps,
    environment::Environment,
};

/// How many steps there are.
pub(super) const STEPS: usize = 6;

/// What follows a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transition {
    /// It was answered.
    Next,
    /// It needed no answer.
    Skip,
    /// The one before it.
    Back,
}

type Step = fn(&mut Answers, &mut dyn Prompt, &mut dyn Environment) -> Result<Transition, Stopped>;

const ORDER: [Step; STEPS] = [
    steps::bundle::ask,
    steps::phones::ask,
    steps::network::ask,
    steps::route::ask,
    steps::configuration::ask,
    steps::summary::ask,
];

/// Asks until the person says that it is to begin.
pub(super) fn run(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
) -> Result<(), Stopped> {
    let mut at = 0;
    // Those that were really asked: going back leads to them.
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
                None => leave(prompt)?,
            },
        }
    }
    Ok(())
}

/// There is nothing before the first question.
fn leave(prompt: &mut dyn Prompt) -> Result<(), Stopped> {
    let choice = Choice::new("There is nothing before this. Leave the wizard?")
        .item("Stay", false)
        .item("Leave: nothing was changed", true);
    match choice.ask(prompt)? {
        Reply::Given(true) => Err(Stopped::Left),
        Reply::Given(false) | Reply::Back => Ok(()),
    }
}
