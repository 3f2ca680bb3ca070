//! The form for the phones' configuration: a line after the other, and back.

use std::path::PathBuf;

use super::{
    super::{
        answers::Answers,
        prompt::{Prompt, Reply, Stopped, field},
        draft::{InventoryDraft, PhoneEntry},
        environment::Environment,
    },
    words,
};
use crate::{
    phone::{MacAddress, Model},
    provision::letters,
};

/// Where the list goes if nobody says otherwise.
const FILE: &str = "phones.toml";

/// Phones that are typed at most; a longer list is better written in an editor.
pub(super) const MOST: usize = 10;

/// One line of the form.
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

/// A phone of which not all is known yet.
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

/// Asks all of it. `None`: the person went back before the first line. What was typed stays.
pub(super) fn fill(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &dyn Environment,
) -> Result<Option<InventoryDraft>, Stopped> {
    let typed = answers.typed.as_ref();
    let mut pbx = typed.map(|draft| draft.pbx.clone()).unwrap_or_default();
    let mut path = typed.map_or_else(|| PathBuf::from(FILE), |draft| draft.path.clone());
    let mut phones = open(answers);
    let mut lines = vec![FormField::Pbx];
    for (at, phone) in phones.iter().enumerate() {
        if phone.asks_mac {
            lines.push(FormField::Mac(at));
        }
        if phone.asks_model {
            lines.push(FormField::Model(at));
        }
        lines.extend([FormField::Extension(at), FormField::Name(at), FormField::Secret(at)]);
    }
    lines.push(FormField::Path);
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let was = match line {
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
        let prompt = prompt(*line, &phones, answers);
        // A password is not shown again.
        let is_shown = !matches!(line, FormField::Secret(_));
        let default = Some(was).filter(|text| is_shown && !text.is_empty());
        let text = match field(prompt, &prompt, default)? {
            Reply::Given(text) => text,
            Reply::Back if at == 0 => {
                answers.typed = Some(draft(pbx, phones, path));
                return Ok(None);
            }
            Reply::Back => {
                at -= 1;
                continue;
            }
        };
        let taken = match line {
            FormField::Pbx => judged(letters::host(&text)).map(|()| pbx = text),
            FormField::Mac(of) => mac(&text).map(|mac| phones[*of].mac = Some(mac)),
            FormField::Model(of) => model(&text, answers).map(|model| phones[*of].model = Some(model)),
            FormField::Extension(of) => {
                judged(letters::user(&text)).map(|()| phones[*of].extension = text)
            }
            FormField::Name(of) => {
                phones[*of].name = text;
                Ok(())
            }
            FormField::Secret(of) if text.is_empty() && !phones[*of].secret.is_empty() => Ok(()),
            FormField::Secret(of) => {
                secret(text, prompt, environment).map(|secret| phones[*of].secret = secret)
            }
            FormField::Path => place(&text, environment).map(|place| path = place),
        };
        match taken {
            Ok(()) => at += 1,
            Err(why) => prompt.tell(&why),
        }
    }
    let whole = draft(pbx, phones, path);
    answers.typed = Some(whole.clone());
    Ok(Some(whole))
}

/// The list, without phones of which MAC or model is not known yet.
fn draft(pbx: String, phones: Vec<PartialPhone>, path: PathBuf) -> InventoryDraft {
    let phones = phones.into_iter().filter_map(|open| {
        Some(PhoneEntry {
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

/// The phones as far as they are known.
fn open(answers: &Answers) -> Vec<PartialPhone> {
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
    (0..count.min(MOST))
        .map(|at| {
            let mac = only.get(at).copied();
            let typed = match mac {
                Some(mac) => known.iter().find(|entry| entry.mac == mac),
                None => known.get(at),
            };
            let mut heard = answers.detected.phones.iter().map(|(_, phone)| phone);
            let heard = heard.find(|phone| Some(phone.mac) == mac);
            let text = |of: fn(&PhoneEntry) -> &String| typed.map(of).cloned().unwrap_or_default();
            let model = heard.and_then(|phone| phone.model).or(one);
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

fn prompt(line: FormField, phones: &[PartialPhone], answers: &Answers) -> String {
    let of = |at: usize| match phones[at].mac {
        Some(mac) => format!("SEP{}", mac.upper_hex()),
        None => format!("phone {}", at + 1),
    };
    match line {
        FormField::Pbx => "PBX, its address or name".to_owned(),
        FormField::Mac(at) => format!("MAC address of {} (on its label)", of(at)),
        FormField::Model(at) => format!(
            "Model of {}: {}",
            of(at),
            super::numbers(&answers.models()).replace(" and ", " or ")
        ),
        FormField::Extension(at) => format!("{}: its extension", of(at)),
        FormField::Name(at) => format!("{}: its name, if it has one", of(at)),
        FormField::Secret(at) if phones[at].secret.is_empty() => {
            format!("{}: its SIP password; Enter makes one", of(at))
        }
        FormField::Secret(at) => format!("{}: its SIP password; Enter keeps it", of(at)),
        FormField::Path => "Write the list to the file".to_owned(),
    }
}

fn needed(text: &str, otherwise: &str) -> Result<(), String> {
    if text.is_empty() {
        Err(otherwise.to_owned())
    } else {
        Ok(())
    }
}

/// What phones and PBX take, as a sentence.
fn judged(judged: Result<(), String>) -> Result<(), String> {
    judged.map_err(|expected| format!("Not that: {expected}."))
}

fn mac(text: &str) -> Result<MacAddress, String> {
    text.parse().map_err(|error| format!("{error}."))
}

fn model(text: &str, answers: &Answers) -> Result<&'static Model, String> {
    let models = answers.models();
    let named = Model::by_number(text);
    let fits = |model: &&Model| models.iter().any(|other| other.family == model.family);
    named.filter(fits).ok_or_else(|| {
        format!(
            "The firmware is for {}: type one of them.",
            super::numbers(&models)
        )
    })
}

fn secret(text: String, prompt: &mut dyn Prompt, environment: &dyn Environment) -> Result<String, String> {
    if !text.is_empty() {
        return judged(letters::secret(&text)).map(|()| text);
    }
    let made = environment.secret().map_err(|failure| words(&failure))?;
    prompt.tell(&format!("MadeConfigurations: {made} (the PBX has to have it too)"));
    Ok(made)
}

fn place(text: &str, environment: &dyn Environment) -> Result<PathBuf, String> {
    needed(text, "Type a new file's name, such as phones.toml.")?;
    let mut path = PathBuf::from(text);
    // Everything else is read as CSV.
    if path
        .extension()
        .is_none_or(|extension| !extension.eq_ignore_ascii_case("toml"))
    {
        path.as_mut_os_string().push(".toml");
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !environment.exists(folder)) {
        return Err(format!("There is no folder for {}.", path.display()));
    }
    if environment.exists(&path) {
        return Err(format!(
            "{} is there already, and nothing is written over: type another name.",
            path.display()
        ));
    }
    Ok(path)
}
