//! Step 6: what will happen, and which files remain.

use super::{
    super::{
        answers::Answers,
        command_line::ConvertOptions,
        environment::Environment,
        prompt::{MenuChoice, Prompt, PromptReply, Stopped},
        transition::Transition,
    },
    text::{and, count, numbers},
};
use crate::phone::HardwareHazard;

const NUMBER: usize = 6;
const TITLE: &str = "summary";

#[derive(Debug, Clone, Copy, PartialEq)]
enum SummaryPick {
    Start,
    Back,
    Leave,
}

pub(in super::super) fn ask(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
) -> Result<Transition, Stopped> {
    prompt.page(&answers.page(NUMBER, TITLE));
    match answers.options() {
        Ok(options) => show_summary(answers, &options, prompt, environment),
        Err(failure) => prompt.paragraph(&failure.to_string()),
    }
    let choice = MenuChoice::new("Start the conversion?")
        .item("Start", SummaryPick::Start)
        .item("Back", SummaryPick::Back)
        .item("Leave the wizard: nothing was changed", SummaryPick::Leave);
    match choice.ask(prompt)? {
        PromptReply::Given(SummaryPick::Start) => Ok(Transition::Next),
        PromptReply::Given(SummaryPick::Leave) => Err(Stopped::Left),
        PromptReply::Given(SummaryPick::Back) | PromptReply::Back => Ok(Transition::Back),
    }
}

fn show_summary(
    answers: &mut Answers,
    options: &ConvertOptions,
    prompt: &mut dyn Prompt,
    environment: &dyn Environment,
) {
    let address = answers.checked.as_ref().and_then(|it| it.chosen.as_ref());
    let address = address.map_or_else(String::new, |chosen| format!(" on {}", chosen.address));
    let http = match options.check.http_port {
        0 => String::new(),
        port => format!(" and HTTP (port {port})"),
    };
    let dhcp = if options.check.isolated {
        ", with DHCP for Cisco phones only,"
    } else {
        ""
    };
    prompt.paragraph(&format!(
        "reflash serves the firmware{address} by TFTP (port {}){http}{dhcp} until {}, then removes \
         its temporary folder.",
        options.check.tftp_port,
        until(options)
    ));
    let load = answers.selection.targets.first();
    let load = load.and_then(|bundle| bundle.served_loads().next());
    let journal = options.journal.clone();
    let journal = journal.or_else(|| environment.journal(options, load));
    let record = journal.as_ref();
    let record = record.map(|path| format!("the journal of the run, {}", path.display()));
    let inventory = answers.draft.as_ref();
    let inventory = inventory
        .map(|draft| format!("the inventory with the passwords, {}", draft.path.display()));
    let unrecorded = match &record {
        Some(_) => "",
        None => " There is no journal, because this user has no state folder.",
    };
    let remaining: Vec<String> = [record, inventory].into_iter().flatten().collect();
    let remaining = match remaining.as_slice() {
        [] => "none".to_owned(),
        files => and(files),
    };
    prompt.paragraph(&format!("Files that remain: {remaining}.{unrecorded}"));
    answers.journal = journal;
    for hazard in HardwareHazard::ALL {
        let models = answers.wanted_models();
        let affected: Vec<_> = models
            .into_iter()
            .filter(|model| model.hazards().contains(&hazard))
            .collect();
        if !affected.is_empty() {
            let models = numbers(&affected);
            prompt.paragraph(&format!("Caution, {models}: {}.", hazard.warning()));
        }
    }
    prompt.paragraph("The same conversion without the wizard:");
    prompt.verbatim(&format!("  {}", answers.command_line.line("convert")));
}

/// When the run ends by itself.
fn until(options: &ConvertOptions) -> String {
    if !options.only.is_empty() {
        let names: Vec<String> = options
            .only
            .iter()
            .take(3)
            .map(|mac| format!("SEP{}", mac.upper_hex()))
            .collect();
        return match options.only.len() {
            many @ 4.. => format!("all {many} phones are done"),
            1 => format!("{} is done", and(&names)),
            _ => format!("{} are done", and(&names)),
        };
    }
    if options.inventory.is_some() {
        return "every phone of the inventory is done".to_owned();
    }
    match options.expect {
        Some(1) => "one phone is done".to_owned(),
        Some(phones) => format!("{} are done", count(phones as usize)),
        None => "you press Ctrl-C".to_owned(),
    }
}
