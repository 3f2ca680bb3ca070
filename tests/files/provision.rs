//! Provisioning: the files of phones and PBX from one inventory, checked with `lint`, sep-rs and a
//! real registrar.

#![allow(clippy::format_push_string, reason = "the texts of tests are short")]

mod accounts;
mod agreement;
mod asterisk;
mod command;
mod dialling;
mod errors;
mod families;
mod features;
mod folder;
mod labels;
mod office;
mod phones;
mod registered_families;
mod registered_lines;
mod registrar;
mod registration;
mod restarts;
mod secrets;
mod settings_of_79x0;

use std::collections::BTreeMap;

use crate::support::sip_phone::settings;

use reflash::{
    inventory::Inventory,
    phone::{LoadName, Model},
    provision::{self, Passwords, ProvisionInputs, ProvisionOutput},
};

/// The smallest site of an inventory; further values of the site may follow.
const SITE: &str = "[site]\npbx = \"192.0.2.10\"\n";

/// The year for which time zones are compared.
const YEAR: i16 = 2026;

/// Deterministic random bytes: the passwords of tests are always the same.
fn counting() -> impl FnMut(&mut [u8]) -> Result<(), std::convert::Infallible> {
    let mut next = 0_u8;
    move |bytes| {
        for byte in bytes {
            *byte = next;
            next = next.wrapping_add(37);
        }
        Ok(())
    }
}

fn inventory(toml: &str) -> Inventory {
    Inventory::from_toml(toml.as_bytes()).unwrap_or_else(|fault| panic!("{fault}\n{toml}"))
}

/// Builds with generated passwords and no further input.
fn try_build(
    inventory: &Inventory,
) -> Result<ProvisionOutput, Vec<reflash::inventory::InventoryFault>> {
    build_with(inventory, &[], None)
}

fn build_with(
    inventory: &Inventory,
    loads: &[(&'static Model, LoadName)],
    dial_plan: Option<&[u8]>,
) -> Result<ProvisionOutput, Vec<reflash::inventory::InventoryFault>> {
    let mut passwords = Passwords::default();
    let Ok(()) = passwords.fill(inventory, counting());
    let given = ProvisionInputs {
        passwords: &passwords,
        loads,
        dial_plan,
        year: YEAR,
    };
    provision::build(inventory, &given)
}

fn build(toml: &str) -> ProvisionOutput {
    try_build(&inventory(toml)).unwrap_or_else(|faults| panic!("{faults:?}\n{toml}"))
}

/// A file's text.
fn text<'a>(built: &'a ProvisionOutput, path: &str) -> &'a str {
    let file = built.files.iter().find(|file| file.path == path);
    let file = file.unwrap_or_else(|| panic!("{path} is not among {:?}", built.files));
    std::str::from_utf8(&file.bytes).unwrap()
}

/// The SEP files that configure phones, by their names. Those of a 7940 and 7960 only name a load.
fn seps(built: &ProvisionOutput) -> impl Iterator<Item = (&str, &str)> {
    built.files.iter().filter_map(|file| {
        let name = file.path.strip_prefix("tftp/SEP")?;
        let text = std::str::from_utf8(&file.bytes).unwrap();
        text.contains("<sipLines>").then_some((name, text))
    })
}

/// What each 7940 and 7960 reads, by the digits of its MAC address: `SIPDefault.cnf`, then its own
/// settings.
fn first_phones(built: &ProvisionOutput) -> Vec<(&str, BTreeMap<String, String>)> {
    let phones = built.files.iter().filter_map(|file| {
        let mac = file.path.strip_prefix("tftp/SIP")?.strip_suffix(".cnf")?;
        if mac == "Default" {
            return None;
        }
        let mut all = settings(text(built, "tftp/SIPDefault.cnf"));
        all.extend(settings(text(built, &file.path)));
        Some((mac, all))
    });
    phones.collect()
}

/// One section of an Asterisk file: its name, and its values by name.
type Section = (String, BTreeMap<String, Vec<String>>);

/// Reads a file as Asterisk does: `;` begins a comment unless `\` precedes it, `=` or `=>`
/// separates name and value, blanks around them are ignored.
fn ini(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines() {
        let mut bare = String::new();
        let mut letters = line.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' if letters.peek() == Some(&';') => bare.extend(letters.next()),
                ';' => break,
                other => bare.push(other),
            }
        }
        let bare = bare.trim();
        assert!(!bare.starts_with('#'), "a command: {line}");
        if bare.is_empty() {
            continue;
        }
        if let Some(name) = bare.strip_prefix('[') {
            let (name, rest) = name.split_once(']').expect("a section ends");
            assert!(["", "(+)"].contains(&rest), "{line}");
            sections.push((name.to_owned(), BTreeMap::new()));
            continue;
        }
        let (name, value) = bare
            .split_once('=')
            .unwrap_or_else(|| panic!("no value: {line}"));
        let value = value.strip_prefix('>').unwrap_or(value);
        let (_, values) = sections.last_mut().expect("a value is in a section");
        let values = values.entry(name.trim().to_owned()).or_default();
        values.push(value.trim().to_owned());
    }
    sections
}

/// The one value of a name in a section.
fn one<'a>(section: &'a Section, name: &str) -> &'a str {
    match section.1.get(name).map(Vec::as_slice) {
        Some([value]) => value,
        other => panic!("{name} in [{}]: {other:?}", section.0),
    }
}
