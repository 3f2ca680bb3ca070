//! The form for the phones' configuration: one field after the other, and back.

use std::path::PathBuf;

use super::{
    super::{
        answers::Answers,
        environment::Environment,
        inventory_draft::{DraftPhone, InventoryDraft},
        prompt::{Prompt, PromptReply, Stopped, ask_line},
    },
    text::numbers,
};
use crate::{
    phone::{MacAddress, Model},
    provision::charset,
};

/// The default file.
const FILE: &str = "phones.toml";

/// Maximum number of phones of the form; a longer inventory is better written in an editor.
pub(super) const MAX_PHONES: usize = 10;

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FormField {
    Pbx,
    Mac(usize),
    Model(usize),
    Extension(usize),
    Name(usize),
    Secret(usize),
    Path,
}

/// A phone whose fields are not complete yet.
#[derive(Debug, Clone, Default)]
struct PartialPhone {
    mac: Option<MacAddress>,
    asks_mac: bool,
    model: Option<&'static Model>,
    asks_model: bool,
    extension: String,
    name: String,
    secret: String,
}

/// Asks for all fields. `None`: the operator went back from the first. What was typed is kept.
pub(super) fn fill(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &dyn Environment,
) -> Result<Option<InventoryDraft>, Stopped> {
    let typed = answers.typed.as_ref();
    let mut pbx = typed.map(|draft| draft.pbx.clone()).unwrap_or_default();
    let mut path = typed.map_or_else(|| PathBuf::from(FILE), |draft| draft.path.clone());
    let mut phones = partial_phones(answers);
    let mut fields = vec![FormField::Pbx];
    for (at, phone) in phones.iter().enumerate() {
        if phone.asks_mac {
            fields.push(FormField::Mac(at));
        }
        if phone.asks_model {
            fields.push(FormField::Model(at));
        }
        fields.extend([
            FormField::Extension(at),
            FormField::Name(at),
            FormField::Secret(at),
        ]);
    }
    fields.push(FormField::Path);
    let mut at = 0;
    while let Some(field) = fields.get(at) {
        let current = match field {
            FormField::Pbx => pbx.clone(),
            FormField::Mac(of) => phones[*of]
                .mac
                .map(|mac| mac.to_string())
                .unwrap_or_default(),
            FormField::Model(of) => phones[*of]
                .model
                .map_or("", |model| model.number)
                .to_owned(),
            FormField::Extension(of) => phones[*of].extension.clone(),
            FormField::Name(of) => phones[*of].name.clone(),
            FormField::Secret(of) => phones[*of].secret.clone(),
            FormField::Path => path.display().to_string(),
        };
        let question = question(*field, &phones, answers);
        // A password is never shown again.
        let is_shown = !matches!(field, FormField::Secret(_));
        let default = Some(current).filter(|text| is_shown && !text.is_empty());
        let text = match ask_line(prompt, &question, default)? {
            PromptReply::Given(text) => text,
            PromptReply::Back if at == 0 => {
                answers.typed = Some(draft(pbx, phones, path));
                return Ok(None);
            }
            PromptReply::Back => {
                at -= 1;
                continue;
            }
        };
        let taken = match field {
            FormField::Pbx => valid(charset::host(&text)).map(|()| pbx = text),
            FormField::Mac(of) => mac(&text).map(|mac| phones[*of].mac = Some(mac)),
            FormField::Model(of) => {
                model(&text, answers).map(|model| phones[*of].model = Some(model))
            }
            FormField::Extension(of) => {
                valid(charset::extension(&text)).map(|()| phones[*of].extension = text)
            }
            FormField::Name(of) => {
                phones[*of].name = text;
                Ok(())
            }
            FormField::Secret(of) if text.is_empty() && !phones[*of].secret.is_empty() => Ok(()),
            FormField::Secret(of) => {
                secret(text, prompt, environment).map(|secret| phones[*of].secret = secret)
            }
            FormField::Path => new_file(&text, prompt, environment).map(|file| path = file),
        };
        match taken {
            Ok(()) => at += 1,
            Err(why) => prompt.paragraph(&why),
        }
    }
    let whole = draft(pbx, phones, path);
    answers.typed = Some(whole.clone());
    Ok(Some(whole))
}

/// The inventory, without phones whose MAC or model is not known yet.
fn draft(pbx: String, phones: Vec<PartialPhone>, path: PathBuf) -> InventoryDraft {
    let phones = phones.into_iter().filter_map(|open| {
        Some(DraftPhone {
            mac: open.mac?,
            model: open.model?.number.to_owned(),
            extension: open.extension,
            name: open.name,
            secret: open.secret,
        })
    });
    InventoryDraft {
        pbx,
        phones: phones.collect(),
        path,
    }
}

/// The phones, with the fields known so far.
fn partial_phones(answers: &Answers) -> Vec<PartialPhone> {
    let only = answers.only();
    let expect = answers.count.unwrap_or(1) as usize;
    let known = answers
        .typed
        .as_ref()
        .map_or(&[][..], |draft| &draft.phones);
    let count = if only.is_empty() { expect } else { only.len() };
    let one = match answers.models().as_slice() {
        [one] => Some(*one),
        _ => answers.model,
    };
    (0..count.min(MAX_PHONES))
        .map(|at| {
            let mac = only.get(at).copied();
            let typed = match mac {
                Some(mac) => known.iter().find(|entry| entry.mac == mac),
                None => known.get(at),
            };
            let mut detected = answers.detected.phones.iter().map(|(_, phone)| phone);
            let detected = detected.find(|phone| Some(phone.mac) == mac);
            let text = |of: fn(&DraftPhone) -> &String| typed.map(of).cloned().unwrap_or_default();
            let model = detected.and_then(|phone| phone.model).or(one);
            PartialPhone {
                mac: mac.or(typed.map(|entry| entry.mac)),
                asks_mac: mac.is_none(),
                model: model.or_else(|| Model::by_number(&typed?.model)),
                asks_model: model.is_none(),
                extension: text(|entry| &entry.extension),
                name: text(|entry| &entry.name),
                secret: text(|entry| &entry.secret),
            }
        })
        .collect()
}

fn question(field: FormField, phones: &[PartialPhone], answers: &Answers) -> String {
    let of = |at: usize| match phones[at].mac {
        Some(mac) => format!("SEP{}", mac.upper_hex()),
        None => format!("phone {}", at + 1),
    };
    match field {
        FormField::Pbx => "Address or host name of the PBX".to_owned(),
        FormField::Mac(at) => format!("MAC address of {} (see its label)", of(at)),
        FormField::Model(at) => format!(
            "Model of {}: {}",
            of(at),
            numbers(&answers.models()).replace(" and ", " or ")
        ),
        FormField::Extension(at) => format!("{}: extension", of(at)),
        FormField::Name(at) => format!("{}: name (optional)", of(at)),
        FormField::Secret(at) if phones[at].secret.is_empty() => {
            format!("{}: SIP password (Enter: generate one)", of(at))
        }
        FormField::Secret(at) => format!("{}: SIP password (Enter: keep it)", of(at)),
        FormField::Path => "Inventory file to write".to_owned(),
    }
}

fn needed(text: &str, otherwise: &str) -> Result<(), String> {
    if text.is_empty() {
        Err(otherwise.to_owned())
    } else {
        Ok(())
    }
}

/// Turns what phones and PBX accept into a sentence.
fn valid(checked: Result<(), String>) -> Result<(), String> {
    checked.map_err(|expected| format!("Not valid: {expected}."))
}

pub(super) fn mac(text: &str) -> Result<MacAddress, String> {
    let mac: MacAddress = text.parse().map_err(|error| format!("{error}."))?;
    if mac.is_of_one_device() {
        Ok(mac)
    } else {
        Err(format!("{mac} is no address of a phone."))
    }
}

fn model(text: &str, answers: &Answers) -> Result<&'static Model, String> {
    let models = answers.models();
    let named = Model::by_number(text);
    let fits = |model: &&Model| models.iter().any(|other| other.family == model.family);
    named.filter(fits).ok_or_else(|| {
        format!(
            "The firmware is for {}: type one of these.",
            numbers(&models)
        )
    })
}

fn secret(
    text: String,
    prompt: &mut dyn Prompt,
    environment: &dyn Environment,
) -> Result<String, String> {
    if !text.is_empty() {
        return valid(charset::secret(&text)).map(|()| text);
    }
    let made = environment
        .secret()
        .map_err(|failure| failure.to_string())?;
    prompt.paragraph(&format!("Generated: {made} (configure it on the PBX too)"));
    Ok(made)
}

fn new_file(
    text: &str,
    prompt: &mut dyn Prompt,
    environment: &dyn Environment,
) -> Result<PathBuf, String> {
    needed(text, "Type a new file's name, such as phones.toml.")?;
    let mut path = PathBuf::from(text);
    // Any other extension is read as CSV.
    if path
        .extension()
        .is_none_or(|extension| !extension.eq_ignore_ascii_case("toml"))
    {
        path.as_mut_os_string().push(".toml");
        prompt.paragraph(&format!(
            "It is written as {}: a name without .toml would be read as CSV.",
            path.display()
        ));
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !environment.exists(folder)) {
        return Err(format!("The folder of {} does not exist.", path.display()));
    }
    if environment.exists(&path) {
        return Err(format!(
            "{} exists, and is never overwritten: type another name.",
            path.display()
        ));
    }
    Ok(path)
}
