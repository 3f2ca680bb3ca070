//! Step 3: the interface that leads to the phones.

use super::{
    super::{
        answers::Answers,
        environment::Environment,
        prompt::{MenuChoice, Prompt, PromptReply, Stopped},
    },
    text::count,
};
use crate::preflight::{self, SelectedInterface};

pub(super) const NUMBER: usize = 3;
pub(super) const TITLE: &str = "this machine and its network";

/// Decides where to serve: where phones were detected, else the likeliest interface; asks if there
/// is no such one.
pub(super) fn decide(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
) -> Result<PromptReply<()>, Stopped> {
    let mut is_repeated = false;
    loop {
        if answers.is_given(&["interface", "listen"]) || answers.has_picked_interface {
            return Ok(PromptReply::Given(()));
        }
        let all = environment.interfaces();
        let with_phones: Vec<_> = all
            .iter()
            .filter(|one| phones_on(&one.name, answers, environment) > 0)
            .collect();
        if let [only] = with_phones.as_slice() {
            answers.command_line.set("interface", [only.name.clone()]);
            return Ok(PromptReply::Given(()));
        }
        answers.command_line.clear("interface");
        if with_phones.is_empty()
            && let Some(name) = without_address(answers, environment).into_iter().next()
        {
            match ask_address(&name, is_repeated, answers, prompt, environment)? {
                AddressPick::Again => {
                    is_repeated = true;
                    continue;
                }
                AddressPick::Other => {}
                AddressPick::Leave => return Err(Stopped::Left),
                AddressPick::Back => return Ok(PromptReply::Back),
            }
            if all.len() == 1 {
                answers.has_picked_interface = true;
                return Ok(PromptReply::Given(()));
            }
        } else if preflight::choose(&all, None).is_ok() || all.len() < 2 {
            return Ok(PromptReply::Given(()));
        }
        return ask_interface(answers, prompt, environment);
    }
}

/// The number of phones that were detected on an interface, or on one that is a part of it.
fn phones_on(name: &str, answers: &Answers, environment: &dyn Environment) -> usize {
    let phones = answers.relevant_phones();
    let is_on = |at: &str| at == name || environment.upper(at).as_deref() == Some(name);
    phones.into_iter().filter(|(at, _)| is_on(at)).count()
}

/// The interfaces on which phones were detected but that have no address.
pub(super) fn without_address(answers: &Answers, environment: &dyn Environment) -> Vec<String> {
    let all = environment.interfaces();
    let has_address = |name: &str| all.iter().any(|one| one.name == name);
    let phones = answers.relevant_phones().into_iter();
    let mut names: Vec<&str> = phones.map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .filter(|name| !has_address(name))
        .filter(|name| {
            !environment
                .upper(name)
                .is_some_and(|upper| has_address(&upper))
        })
        .map(ToOwned::to_owned)
        .collect()
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum AddressPick {
    Again,
    Other,
    Leave,
    Back,
}

/// Shows how the interface that leads to the phones gets an address.
fn ask_address(
    name: &str,
    is_repeated: bool,
    answers: &Answers,
    prompt: &mut dyn Prompt,
    environment: &dyn Environment,
) -> Result<AddressPick, Stopped> {
    let phones = count(phones_on(name, answers, environment));
    let has_other = !environment.interfaces().is_empty();
    let commands = environment.address_commands(name);
    let lines = |commands: &[String]| {
        let lines = commands.iter().map(|command| format!("    {command}"));
        lines.collect::<Vec<_>>().join("\n")
    };
    prompt.page(&answers.page(NUMBER, TITLE));
    if is_repeated {
        prompt.paragraph(&format!("{name} still has no IPv4 address."));
    }
    prompt.paragraph(&format!(
        "{phones} detected on {name}, but {name} has no IPv4 address: reflash cannot serve phones \
         there. This is so if a cable goes from this machine directly to a phone, or to a switch \
         without a DHCP server. Assign {name} an address in another terminal:"
    ));
    prompt.verbatim(&lines(&commands.assign));
    prompt.paragraph("When the phones are converted, remove it:");
    prompt.verbatim(&lines(&commands.remove));
    prompt.paragraph(
        "If no DHCP server answers there, the next page offers that reflash assigns addresses to \
         the phones.",
    );
    let choice = MenuChoice::new(format!("Has {name} an address now?"))
        .item("Yes: continue", AddressPick::Again)
        .item_if(
            has_other,
            "Use another network interface",
            AddressPick::Other,
        )
        .item("Leave the wizard", AddressPick::Leave)
        .item("Back", AddressPick::Back);
    Ok(match choice.ask(prompt)? {
        PromptReply::Given(picked) => picked,
        PromptReply::Back => AddressPick::Back,
    })
}

/// Asks for the interface.
pub(super) fn ask_interface(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
) -> Result<PromptReply<()>, Stopped> {
    let all = environment.interfaces();
    let detected = |name: &str| phones_on(name, answers, environment);
    let with_phones = all.iter().find(|one| detected(&one.name) > 0);
    prompt.page(&answers.page(NUMBER, TITLE));
    prompt.paragraph(
        "The phones and this machine must be on the same network. Which interface leads to the \
         phones?",
    );
    let mut choice = MenuChoice::new("Network interface?");
    for one in &all {
        let phones = match detected(&one.name) {
            0 => String::new(),
            phones => format!(": {} detected", count(phones)),
        };
        choice = choice.item(format!("{one}{phones}"), Some(one.name.clone()));
    }
    let best = with_phones.or_else(|| all.iter().find(|one| one.carrier && !one.software));
    let earlier = answers.options().ok();
    let earlier = earlier.and_then(|options| options.check.interface);
    let default = earlier.or_else(|| best.map(|one| one.name.clone()));
    let choice = choice.item("Back", None).default(&default);
    Ok(match choice.ask(prompt)? {
        PromptReply::Given(Some(name)) => {
            answers.command_line.set("interface", [name]);
            answers.command_line.clear("listen");
            answers.has_picked_interface = true;
            PromptReply::Given(())
        }
        PromptReply::Given(None) | PromptReply::Back => PromptReply::Back,
    })
}

/// Why the wizard serves there, if not for a reason of the check itself.
pub(super) fn reason(
    answers: &Answers,
    chosen: &SelectedInterface,
    environment: &dyn Environment,
) -> Option<String> {
    if answers.is_given(&["interface", "listen"]) {
        return None;
    }
    let name = chosen.interface.as_deref()?;
    if answers.has_picked_interface {
        return Some("you chose it".to_owned());
    }
    match phones_on(name, answers, environment) {
        0 => None,
        phones => Some(format!("{} detected there", count(phones))),
    }
}
