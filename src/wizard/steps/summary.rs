//! Step 6: what will happen, and which files remain.

use super::{
    super::{
        answers::Answers,
        command_line::ConvertOptions,
        environment::Environment,
        prompt::{MenuChoice, Prompt, PromptPage, PromptReply, Stopped},
        transition::Transition,
    },
    text::{and, count, numbers},
};
use crate::{
    phone::HardwareHazard,
    text::{escape, wrap},
};

const NUMBER: usize = 6;
const TITLE: &str = "summary";

#[derive(Debug, Clone, Copy, PartialEq)]
enum SummaryPick {
    Start,
    Command,
    Back,
    Leave,
}

pub(in super::super) fn ask(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
) -> Result<Transition, Stopped> {
    let page = answers.page(NUMBER, TITLE);
    let (texts, command) = match answers.options() {
        Ok(options) => {
            let texts = summary(answers, &options, environment);
            let lines = answers.command_line.lines(&environment.call(), "convert");
            (texts, Some(lines))
        }
        Err(failure) => (vec![failure.to_string()], None),
    };
    prompt.page(&page);
    for text in &texts {
        prompt.paragraph(text);
    }
    let mut hidden = command;
    if let Some(lines) = hidden.take_if(|lines| rows(&page, &texts, lines) <= prompt.rows()) {
        show_command(&lines, prompt);
    }
    loop {
        let choice = MenuChoice::new("Start the conversion?")
            .item("Start", SummaryPick::Start)
            .item_if(
                hidden.is_some(),
                "Show the same conversion as a command line",
                SummaryPick::Command,
            )
            .item("Back", SummaryPick::Back)
            .item("Leave the wizard: nothing was changed", SummaryPick::Leave);
        let picked = choice.ask(prompt)?;
        if let PromptReply::Given(SummaryPick::Start | SummaryPick::Command) = picked
            && let Some(lines) = hidden.take()
        {
            show_command(&lines, prompt);
        }
        match picked {
            PromptReply::Given(SummaryPick::Start) => return Ok(Transition::Next),
            PromptReply::Given(SummaryPick::Command) => {}
            PromptReply::Given(SummaryPick::Leave) => return Err(Stopped::Left),
            PromptReply::Given(SummaryPick::Back) | PromptReply::Back => {
                return Ok(Transition::Back);
            }
        }
    }
}

fn show_command(lines: &str, prompt: &mut dyn Prompt) {
    prompt.paragraph("The same conversion without the wizard:");
    prompt.verbatim(lines);
}

/// The rows of the page with its question, if it shows the command line.
fn rows(page: &PromptPage, texts: &[String], command: &str) -> usize {
    /// The title, the empty lines below the answers and above the question, the heading of the
    /// command line, the question, its three items, and the line of the cursor.
    const OTHERS: usize = 9;
    let answered = page.answered.iter();
    let answered = answered.map(|(_, answer)| wrap(&escape(answer), ANSWER, ANSWER).len());
    let texts = texts.iter().map(|text| wrap(&escape(text), "", "").len());
    OTHERS + answered.sum::<usize>() + texts.sum::<usize>() + command.lines().count()
}

/// As wide as what precedes an answer on a page.
const ANSWER: &str = "                 ";

/// What will happen, and which files remain.
fn summary(
    answers: &mut Answers,
    options: &ConvertOptions,
    environment: &dyn Environment,
) -> Vec<String> {
    let mut texts = Vec::new();
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
    texts.push(format!(
        "reflash serves the firmware{address} by TFTP (port {}){http}{dhcp} until {}, then removes \
         its temporary folder.",
        options.check.tftp_port,
        until(options)
    ));
    let load = answers.selection.targets.first();
    let load = load.and_then(|bundle| bundle.served_loads().next());
    let journal = options.journal.clone();
    let journal = journal.or_else(|| environment.journal(load));
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
    texts.push(format!("Files that remain: {remaining}.{unrecorded}"));
    answers.journal = journal;
    for hazard in HardwareHazard::ALL {
        let models = answers.wanted_models();
        let affected: Vec<_> = models
            .into_iter()
            .filter(|model| model.hazards().contains(&hazard))
            .collect();
        if !affected.is_empty() {
            let models = numbers(&affected);
            texts.push(format!("Caution, {models}: {}.", hazard.warning()));
        }
    }
    texts
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
