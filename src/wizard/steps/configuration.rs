//! Step 5: what the phones are to be once they speak SIP.

use std::path::PathBuf;

use super::{
    super::{
        super::{Failure, configurations::ConfigurationInputs},
        answers::{Answers, PhoneSetup},
        prompt::{Prompt, Choice, Reply, Stopped},
        draft::InventoryDraft,
        flow::Transition,
        environment::Environment,
    },
    bundle::typed,
    count, form, words,
};

const NUMBER: usize = 5;
const TITLE: &str = "the phones' SIP configuration";

#[derive(Debug, Clone, Copy, PartialEq)]
enum Pick {
    Skip,
    Write,
    List,
    Own,
    Back,
}

pub(in super::super) fn ask(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
) -> Result<Transition, Stopped> {
    if answers.is_given(&["inventory", "files"]) {
        prompt.page(&answers.page(NUMBER, TITLE));
        match judge(answers, None, environment) {
            Ok(judged) => {
                answers.settle(NUMBER, "configuration", judged.told);
                answers.site = judged.site;
                return Ok(Transition::Skip);
            }
            Err(failure) => {
                answers.take_back("inventory");
                answers.take_back("files");
                pause(prompt, &words(&failure))?;
            }
        }
    }
    loop {
        prompt.page(&answers.page(NUMBER, TITLE));
        prompt.tell(
            "A phone that speaks SIP needs a PBX to register with: its address, and for each phone \
             an extension and a password. reflash can write the phones' configuration and give it \
             to them in the same run; they then register by themselves.",
        );
        let picked = match pick(answers, prompt)? {
            Reply::Given(Pick::Back) | Reply::Back => return Ok(Transition::Back),
            Reply::Given(picked) => picked,
        };
        let trouble = match picked {
            Pick::Skip => {
                forget(answers);
                answers.settle(NUMBER, "configuration", "none: firmware only");
                return Ok(Transition::Next);
            }
            Pick::Write => match form::fill(answers, prompt, environment)? {
                Some(draft) => take(answers, draft, environment).err(),
                None => continue,
            },
            Pick::List => named(answers, prompt, environment, "inventory")?,
            Pick::Own => named(answers, prompt, environment, "files")?,
            Pick::Back => None,
        };
        match trouble {
            Some(why) => pause(prompt, &why)?,
            None if answers.is_settled(NUMBER) => return Ok(Transition::Next),
            None => {}
        }
    }
}

/// What is wrong was just shown, and stays until it is read.
fn pause(prompt: &mut dyn Prompt, why: &str) -> Result<(), Stopped> {
    prompt.tell(why);
    Choice::new("Nothing was written.")
        .item("Back to the question", ())
        .ask(prompt)?;
    Ok(())
}

fn pick(answers: &Answers, prompt: &mut dyn Prompt) -> Result<Reply<Pick>, Stopped> {
    let expected = answers.count.unwrap_or(1) as usize;
    let phones = answers.only().len().max(expected);
    let default = if answers.draft.is_some() {
        Pick::Write
    } else if answers.words.has("inventory") {
        Pick::List
    } else if answers.words.has("files") {
        Pick::Own
    } else {
        Pick::Skip
    };
    Choice::new("Write a configuration?")
        .item("No, firmware only", Pick::Skip)
        .item_if(
            phones <= form::MOST,
            format!("Yes: ask me for the PBX and for {}", count(phones)),
            Pick::Write,
        )
        .item("Yes: I have a list of phones (--inventory)", Pick::List)
        .item("No, I wrote SEP files myself (--add)", Pick::Own)
        .item("Back", Pick::Back)
        .default(&default)
        .ask(prompt)
}

fn forget(answers: &mut Answers) {
    answers.words.clear("inventory");
    answers.words.clear("files");
    answers.draft = None;
    answers.site = PhoneSetup::default();
    // A list said who is waited for.
    if let Some(count) = answers.count {
        answers.words.set("expect", [count.to_string()]);
    }
}

/// Takes a list that was typed, if phones would.
fn take(answers: &mut Answers, draft: InventoryDraft, environment: &dyn Environment) -> Result<(), String> {
    forget(answers);
    let judged = judge(answers, Some(&draft), environment);
    let path = draft.path.clone();
    answers.draft = Some(draft);
    answers.site = judged.map_err(|failure| words(&failure))?.site;
    let told = answers.draft.as_ref().map(|draft| {
        let phones = draft.phones.len();
        let plural = if phones == 1 { "registers" } else { "register" };
        format!("{} {plural} at {}", count(phones), draft.pbx)
    });
    // The list says who is waited for.
    answers.words.clear("expect");
    answers.words.set("inventory", [path]);
    answers.settle(NUMBER, "configuration", told.unwrap_or_default());
    Ok(())
}

/// Asks for a file of the person's; what is wrong with it.
fn named(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &dyn Environment,
    id: &str,
) -> Result<Option<String>, Stopped> {
    answers.unsettle(NUMBER);
    let mut files: Vec<PathBuf> = Vec::new();
    loop {
        if id == "files" {
            prompt.tell("SEP….cnf.xml, dialplan.xml: one after the other.");
        }
        match typed(prompt, None)? {
            Reply::Given(path) => files.push(path),
            Reply::Back => return Ok(None),
        }
        if id != "files" {
            break;
        }
        let more = Choice::new("Another file?")
            .item("No, that is all", false)
            .item("Yes", true);
        if more.ask(prompt)? != Reply::Given(true) {
            break;
        }
    }
    forget(answers);
    let before = answers.words.clone();
    answers.words.set(id, files);
    if id == "inventory" {
        answers.words.clear("expect");
    }
    match judge(answers, None, environment) {
        Ok(judged) => {
            answers.settle(NUMBER, "configuration", judged.told);
            answers.site = judged.site;
            Ok(None)
        }
        Err(failure) => {
            answers.words = before;
            Ok(Some(words(&failure)))
        }
    }
}

/// What phones would get.
struct ConfigurationCheck {
    /// In a few words.
    told: String,
    site: PhoneSetup,
}

/// Judges what the phones would get, as a run does.
fn judge(answers: &Answers, draft: Option<&InventoryDraft>, environment: &dyn Environment) -> Result<ConfigurationCheck, Failure> {
    let args = answers.args()?;
    let added = environment.own_files(&args.add.files)?;
    let list = match (draft, &args.inventory.inventory) {
        (Some(draft), _) => Some(draft.list().map_err(|fault| {
            let error = format!("the list would not be read: {fault}");
            Failure::new(error, String::new())
        })?),
        (None, Some(path)) => Some(environment.list(path)?),
        (None, None) => None,
    };
    let only = (!args.only.is_empty()).then_some(args.only.as_slice());
    let beside = ConfigurationInputs {
        targets: &answers.bundles,
        bridges: &answers.bridges,
        only,
        added: &added,
    };
    let mut told = environment.judge(list.as_ref(), beside)?;
    let mut site = PhoneSetup::default();
    if let Some(list) = &list {
        let phones = list.inventory.phones.iter();
        site.models = phones.filter_map(|phone| phone.model).collect();
        site.pbx.clone_from(&list.inventory.site.pbx);
    }
    if !added.is_empty() {
        let plural = if added.len() == 1 { "" } else { "s" };
        told.push(format!("{} file{plural} of yours", added.len()));
        site.pbx
            .get_or_insert_with(|| "the PBX that its file names".to_owned());
    }
    if told.is_empty() {
        told.push("names for the phones, and no configuration".to_owned());
    }
    Ok(ConfigurationCheck {
        told: told.join("; "),
        site,
    })
}
