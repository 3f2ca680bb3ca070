//! Step 6: what is going to happen, and what stays behind.

use super::{
    super::{
        super::convert,
        answers::Answers,
        prompt::{Prompt, Choice, Reply, Stopped},
        flow::Transition,
        environment::Environment,
    },
    and, count, numbers, words,
};
use crate::phone::HardwareHazard;

const NUMBER: usize = 6;
const TITLE: &str = "what is going to happen";

#[derive(Debug, Clone, Copy, PartialEq)]
enum Pick {
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
    match answers.args() {
        Ok(args) => tell(answers, &args, prompt, environment),
        Err(failure) => prompt.tell(&words(&failure)),
    }
    let choice = Choice::new("Begin?")
        .item("Start", Pick::Start)
        .item("Back", Pick::Back)
        .item("Leave the wizard: nothing was changed", Pick::Leave);
    match choice.ask(prompt)? {
        Reply::Given(Pick::Start) => Ok(Transition::Next),
        Reply::Given(Pick::Leave) => Err(Stopped::Left),
        Reply::Given(Pick::Back) | Reply::Back => Ok(Transition::Back),
    }
}

fn tell(answers: &mut Answers, args: &convert::Args, prompt: &mut dyn Prompt, environment: &dyn Environment) {
    let wanted = args.network.wanted(false);
    let address = answers.checked.as_ref().and_then(|it| it.chosen.as_ref());
    let address = address.map_or_else(String::new, |chosen| format!(" on {}", chosen.address));
    let http = match wanted.http_port {
        0 => String::new(),
        port => format!(" and HTTP (port {port})"),
    };
    let dhcp = if args.dhcp.isolated().unwrap_or_default() {
        ", with addresses for Cisco phones and nobody else,"
    } else {
        ""
    };
    prompt.tell(&format!(
        "The firmware is served{address} by TFTP (port {}){http}{dhcp} until {}. Then the server \
         and its temporary folder are gone.",
        wanted.tftp_port,
        until(args)
    ));
    let journal = args.journal.named().map(Into::into);
    let load = answers.bundles.first().and_then(|it| it.loads.first());
    let journal = journal.or_else(|| environment.journal(args, load));
    let record = journal.as_ref();
    let record = record.map(|path| format!("the record of the run {}", path.display()));
    let list = answers.draft.as_ref();
    let list = list.map(|draft| format!("the list with the passwords {}", draft.path.display()));
    let without = match &record {
        Some(_) => "",
        None => " The run is not recorded: this user has no folder for that.",
    };
    let stays: Vec<String> = [record, list].into_iter().flatten().collect();
    let stays = match stays.as_slice() {
        [] => "nothing".to_owned(),
        stays => and(stays),
    };
    prompt.tell(&format!("What stays behind: {stays}.{without}"));
    answers.journal = journal;
    for hazard in HardwareHazard::ALL {
        let models = answers.wanted_models();
        let of: Vec<_> = models
            .into_iter()
            .filter(|model| model.hazards().contains(&hazard))
            .collect();
        if !of.is_empty() {
            prompt.tell(&format!("Mind, {}: {}.", numbers(&of), hazard.warning()));
        }
    }
    prompt.tell("The same without questions:");
    prompt.show(&format!("  {}", answers.words.line("convert")));
}

/// When the run ends by itself.
fn until(args: &convert::Args) -> String {
    if !args.only.is_empty() {
        let names: Vec<String> = args
            .only
            .iter()
            .take(3)
            .map(|mac| format!("SEP{}", mac.upper_hex()))
            .collect();
        return match args.only.len() {
            many @ 4.. => format!("all {many} phones are done"),
            1 => format!("{} is done", and(&names)),
            _ => format!("{} are done", and(&names)),
        };
    }
    if args.inventory.inventory.is_some() {
        return "every phone on the list is done".to_owned();
    }
    match args.expect {
        Some(1) => "one phone is done".to_owned(),
        Some(phones) => format!("{} are done", count(phones as usize)),
        None => "Ctrl-C".to_owned(),
    }
}
