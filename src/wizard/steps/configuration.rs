//! Step 5: the SIP configuration of the phones.

use std::path::{Path, PathBuf};

use super::{
    super::{
        answers::{Answers, PhoneSetup},
        environment::Environment,
        inventory_draft::InventoryDraft,
        prompt::{MenuChoice, Prompt, PromptReply, Stopped},
        transition::Transition,
    },
    bundle::ask_path,
    form,
    text::count,
};
use crate::{failure::Failure, inputs::configurations::ConfigurationInputs, phone::RequestedFile};

const NUMBER: usize = 5;
const TITLE: &str = "SIP configuration of the phones";

#[derive(Debug, Clone, Copy, PartialEq)]
enum ConfigurationPick {
    None,
    Form,
    Inventory,
    Files,
    Back,
}

pub(in super::super) fn ask(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
) -> Result<Transition, Stopped> {
    if answers.is_given(&["inventory", "files"]) {
        prompt.page(&answers.page(NUMBER, TITLE));
        match check(answers, None, environment) {
            Ok(checked) => {
                answers.set_answer(NUMBER, "configuration", checked.summary);
                answers.setup = checked.setup;
                return Ok(Transition::Skip);
            }
            Err(failure) => {
                answers.reject_given("inventory");
                answers.reject_given("files");
                show_problem(prompt, &failure.to_string())?;
            }
        }
    }
    loop {
        prompt.page(&answers.page(NUMBER, TITLE));
        prompt.paragraph(
            "A SIP phone registers with a PBX. For this it needs the address of the PBX, an \
             extension and a password. reflash can write these configurations and serve them in \
             the same run; the phones then register by themselves.",
        );
        let picked = match pick(answers, prompt)? {
            PromptReply::Given(ConfigurationPick::Back) | PromptReply::Back => {
                return Ok(Transition::Back);
            }
            PromptReply::Given(picked) => picked,
        };
        let problem = match picked {
            ConfigurationPick::None => {
                clear(answers);
                answers.set_answer(NUMBER, "configuration", "none: firmware only");
                return Ok(Transition::Next);
            }
            ConfigurationPick::Form => match form::fill(answers, prompt, environment)? {
                Some(draft) => take_draft(answers, draft, environment).err(),
                None => continue,
            },
            ConfigurationPick::Inventory => ask_files(answers, prompt, environment, "inventory")?,
            ConfigurationPick::Files => ask_files(answers, prompt, environment, "files")?,
            ConfigurationPick::Back => None,
        };
        match problem {
            Some(why) => show_problem(prompt, &why)?,
            None if answers.is_answered(NUMBER) => return Ok(Transition::Next),
            None => {}
        }
    }
}

/// Shows a problem until the operator has read it.
fn show_problem(prompt: &mut dyn Prompt, why: &str) -> Result<(), Stopped> {
    prompt.paragraph(why);
    MenuChoice::new("No file was written.")
        .item("Back to the question", ())
        .ask(prompt)?;
    Ok(())
}

fn pick(
    answers: &Answers,
    prompt: &mut dyn Prompt,
) -> Result<PromptReply<ConfigurationPick>, Stopped> {
    let expected = answers.count.unwrap_or(1) as usize;
    let phones = answers.only().len().max(expected);
    let default = if answers.draft.is_some() {
        ConfigurationPick::Form
    } else if answers.command_line.has("inventory") {
        ConfigurationPick::Inventory
    } else if answers.command_line.has("files") {
        ConfigurationPick::Files
    } else {
        ConfigurationPick::None
    };
    MenuChoice::new("Configure the phones?")
        .item("No, firmware only", ConfigurationPick::None)
        .item_if(
            phones <= form::MAX_PHONES,
            format!(
                "Yes: enter the PBX, extensions and passwords ({})",
                count(phones)
            ),
            ConfigurationPick::Form,
        )
        .item(
            "Yes: from an inventory (--inventory)",
            ConfigurationPick::Inventory,
        )
        .item(
            "Yes: with SEP files that I wrote (--add)",
            ConfigurationPick::Files,
        )
        .item("Back", ConfigurationPick::Back)
        .default(&default)
        .ask(prompt)
}

fn clear(answers: &mut Answers) {
    answers.command_line.clear("inventory");
    answers.command_line.clear("files");
    answers.draft = None;
    answers.setup = PhoneSetup::default();
    // Without an inventory, the run ends when this number of phones is done.
    if let Some(count) = answers.count {
        answers.command_line.set("expect", [count.to_string()]);
    }
}

/// Makes a typed inventory the answer, if phones can use it; otherwise returns why not.
fn take_draft(
    answers: &mut Answers,
    draft: InventoryDraft,
    environment: &dyn Environment,
) -> Result<(), String> {
    clear(answers);
    let checked = check(answers, Some(&draft), environment);
    let phones = draft.phones.len();
    let plural = if phones == 1 { "registers" } else { "register" };
    let summary = format!("{} {plural} with {}", count(phones), draft.pbx);
    let path = draft.path.clone();
    answers.draft = Some(draft);
    answers.setup = checked.map_err(|failure| failure.to_string())?.setup;
    // The inventory says which phones are expected.
    answers.command_line.clear("expect");
    answers.command_line.set("inventory", [path]);
    answers.set_answer(NUMBER, "configuration", summary);
    Ok(())
}

/// Asks for files of the operator. Returns what is wrong with them.
fn ask_files(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &dyn Environment,
    id: &str,
) -> Result<Option<String>, Stopped> {
    answers.clear_answer(NUMBER);
    let mut files: Vec<PathBuf> = Vec::new();
    loop {
        if id == "files" {
            prompt.paragraph("Enter SEP….cnf.xml and dialplan.xml files, one after the other.");
        }
        if id == "inventory" {
            prompt.paragraph(
                "An inventory lists the phones (docs/configuration.md has every key), such as:\n    \
                 [site]\n    pbx = \"192.0.2.20\"\n    [[phone]]\n    mac = \"001D45AABB0C\"\n    \
                 model = \"7965\"\n    extension = \"1001\"\n    secret = \"a-password\"",
            );
        }
        match ask_path(prompt, None)? {
            PromptReply::Given(path) => files.push(path),
            PromptReply::Back => return Ok(None),
        }
        if id != "files" {
            break;
        }
        let more = MenuChoice::new("Another file?")
            .item("No, that is all", false)
            .item("Yes", true);
        if more.ask(prompt)? != PromptReply::Given(true) {
            break;
        }
    }
    clear(answers);
    let before = answers.command_line.clone();
    answers.command_line.set(id, files);
    if id == "inventory" {
        answers.command_line.clear("expect");
    }
    match check(answers, None, environment) {
        Ok(checked) => {
            answers.set_answer(NUMBER, "configuration", checked.summary);
            answers.setup = checked.setup;
            Ok(None)
        }
        Err(failure) => {
            answers.command_line = before;
            Ok(Some(failure.to_string()))
        }
    }
}

/// What phones would get.
struct CheckedConfiguration {
    summary: String,
    setup: PhoneSetup,
}

/// Checks what phones would get, as the run does.
fn check(
    answers: &Answers,
    draft: Option<&InventoryDraft>,
    environment: &dyn Environment,
) -> Result<CheckedConfiguration, Failure> {
    let options = answers.options()?;
    let extra_files = environment.extra_files(&options.extra_files)?;
    let inventory = if let Some(draft) = draft {
        Some(draft.to_inventory().map_err(|fault| {
            let error = format!("the inventory is not valid: {fault}");
            Failure::new(error, String::new())
        })?)
    } else {
        let path = options.inventory.as_deref();
        let read = |path: &Path| environment.inventory(path);
        path.map(read).transpose()?
    };
    let inputs = ConfigurationInputs {
        selection: &answers.selection,
        only: (!options.only.is_empty()).then_some(options.only.as_slice()),
        extra_files: &extra_files,
    };
    let mut messages = environment.check_configurations(inventory.as_ref(), inputs)?;
    let mut setup = PhoneSetup::default();
    if let Some(file) = &inventory {
        let phones = file.inventory.phones.iter();
        setup.models = phones.filter_map(|phone| phone.model).collect();
        let phones = file.inventory.phones.iter();
        let configured = phones.filter(|phone| phone.extension.is_some());
        setup.configured = configured.map(|phone| phone.mac).collect();
        let pbx = file.inventory.site.pbx.as_ref();
        setup.pbx = pbx.map(|pbx| format!("the PBX {pbx}"));
    }
    if !extra_files.is_empty() {
        let plural = if extra_files.len() == 1 { "" } else { "s" };
        messages.push(format!("{} file{plural} of yours", extra_files.len()));
        let names = extra_files.iter();
        let macs = names.filter_map(|file| RequestedFile::parse(file.name()).mac());
        setup.configured.extend(macs);
        setup
            .pbx
            .get_or_insert_with(|| "the PBX of its configuration".to_owned());
    }
    if messages.is_empty() {
        messages.push("names of the phones, but no configuration".to_owned());
    }
    Ok(CheckedConfiguration {
        summary: messages.join("; "),
        setup,
    })
}
