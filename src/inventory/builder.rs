//! Builds the inventory from the values of CSV lines or TOML tables.

use std::collections::{BTreeMap, HashMap};

use super::{
    button::{ButtonFunction, LineButton, SipLine},
    fault::{InventoryFault, TextPosition},
    field::{ButtonField, PhoneField, SiteField},
    list::Inventory,
    phone::PhoneEntry,
    secret::Secret,
    value::{clean_value, flag},
};
use crate::{
    phone::{MacAddress, Model},
    track::MAX_PHONES,
};

/// The inventory read so far.
#[derive(Debug, Default)]
pub(super) struct InventoryBuilder {
    pub(super) inventory: Inventory,
    /// The line of each phone's MAC address.
    lines: HashMap<MacAddress, u64>,
}

/// The values of one further button.
#[derive(Default)]
struct ButtonValues {
    position: TextPosition,
    extension: Option<String>,
    name: Option<String>,
    secret: Option<Secret>,
    label: Option<String>,
    shared: bool,
    number: Option<String>,
}

impl InventoryBuilder {
    /// Warns about an unknown name, which is ignored. `known` lists the known names.
    pub(super) fn warn_unknown(
        &mut self,
        what: &str,
        name: &str,
        position: TextPosition,
        known: &str,
    ) {
        let shown: String = name.escape_debug().take(40).collect();
        self.inventory.warnings.push(format!(
            "line {}: {what} '{shown}' is unknown and ignored; known: {known}",
            position.line,
        ));
    }

    /// Adds a phone. `start` is the position of its first value.
    pub(super) fn add_phone(
        &mut self,
        start: TextPosition,
        values: Vec<(PhoneField, TextPosition, String)>,
    ) -> Result<(), InventoryFault> {
        let mut mac = None;
        let mut phone = PhoneEntry {
            mac: MacAddress::new([0; 6]),
            model: None,
            name: None,
            extension: None,
            secret: None,
            label: None,
            shared: false,
            voicemail: None,
            ssh_user: None,
            ssh_password: None,
            web_access: None,
            buttons: Vec::new(),
        };
        let mut buttons: BTreeMap<u8, ButtonValues> = BTreeMap::new();
        let mut positions = Vec::new();
        for (field, position, value) in values {
            let Some(value) = clean_value(&value, field.is_secret(), position)? else {
                continue;
            };
            positions.push((field, position));
            let text = || Some(value.to_owned());
            let secret = || Some(Secret::new(value.to_owned()));
            match field {
                PhoneField::Mac => {
                    let parsed: MacAddress = value
                        .parse()
                        .map_err(|error| position.fault(format!("{error}")))?;
                    mac = Some((parsed, position));
                }
                PhoneField::Model => phone.model = Some(model(value, position)?),
                PhoneField::Name => phone.name = text(),
                PhoneField::Extension => phone.extension = text(),
                PhoneField::Secret => phone.secret = secret(),
                PhoneField::Label => phone.label = text(),
                PhoneField::Shared => phone.shared = flag(value, position)?,
                PhoneField::Voicemail => phone.voicemail = text(),
                PhoneField::SshUser => phone.ssh_user = text(),
                PhoneField::SshPassword => phone.ssh_password = secret(),
                PhoneField::WebAccess => phone.web_access = Some(flag(value, position)?),
                PhoneField::Button(number, part) => {
                    let values = buttons.entry(number).or_insert_with(|| ButtonValues {
                        position,
                        ..ButtonValues::default()
                    });
                    match part {
                        ButtonField::Extension => values.extension = text(),
                        ButtonField::Name => values.name = text(),
                        ButtonField::Secret => values.secret = secret(),
                        ButtonField::Label => values.label = text(),
                        ButtonField::Shared => values.shared = flag(value, position)?,
                        ButtonField::Number => values.number = text(),
                    }
                }
            }
        }
        for (number, values) in buttons {
            phone.buttons.push(button(number, values)?);
        }
        let (mac, position) =
            mac.ok_or_else(|| start.fault("a phone without a MAC address: expected `mac`"))?;
        phone.mac = mac;
        if let Some(first) = self.lines.insert(mac, position.line) {
            let message = format!("the phone {mac} is on line {first} already");
            return Err(position.fault(message));
        }
        if self.inventory.phones.len() >= MAX_PHONES {
            let message = format!("more than {MAX_PHONES} phones, the maximum for one run");
            return Err(position.fault(message));
        }
        self.inventory.phones.push(phone);
        let positions = positions.into_iter().map(|(field, at)| ((mac, field), at));
        self.inventory.positions.phones.extend(positions);
        Ok(())
    }

    /// Sets a site setting. CSV may repeat it on every line, with the same value.
    pub(super) fn set_site(
        &mut self,
        field: SiteField,
        position: TextPosition,
        value: &str,
    ) -> Result<(), InventoryFault> {
        let is_secret = field == SiteField::SshPassword;
        let Some(value) = clean_value(value, is_secret, position)? else {
            return Ok(());
        };
        let mut site = self.inventory.site.clone();
        site.set(field, position, value)?;
        if let Some(first) = self.inventory.positions.site.get(&field) {
            if site != self.inventory.site {
                return Err(position.fault(format!(
                    "another '{}' than on line {}: the value must be the same for the whole site",
                    field.name(),
                    first.line
                )));
            }
            return Ok(());
        }
        self.inventory.positions.site.insert(field, position);
        self.inventory.site = site;
        Ok(())
    }

    /// Returns the inventory, which must have at least one phone.
    pub(super) fn finish(self) -> Result<Inventory, InventoryFault> {
        if self.inventory.phones.is_empty() {
            let start = TextPosition::default();
            return Err(start.fault("no phone in the inventory: expected at least one"));
        }
        Ok(self.inventory)
    }
}

fn button(number: u8, values: ButtonValues) -> Result<LineButton, InventoryFault> {
    let function = match (values.extension, values.number) {
        (Some(extension), None) => ButtonFunction::Line(SipLine {
            extension,
            name: values.name,
            secret: values.secret,
            label: values.label,
            shared: values.shared,
        }),
        (None, Some(dialled)) if values.secret.is_none() && values.name.is_none() => {
            ButtonFunction::SpeedDial {
                number: dialled,
                label: values.label,
            }
        }
        (None, None) => {
            return Err(values.position.fault(format!(
                "button {number} has no function: expected an extension (a line) or a number (a \
                 speed dial)"
            )));
        }
        _ => {
            return Err(values.position.fault(format!(
                "button {number} is both a line and a speed dial: expected an extension, or a \
                 number with a label"
            )));
        }
    };
    Ok(LineButton { number, function })
}

fn model(text: &str, position: TextPosition) -> Result<&'static Model, InventoryFault> {
    Model::by_number(text).ok_or_else(|| {
        let shown: String = text.escape_debug().take(40).collect();
        position.fault(format!(
            "'{shown}' is not a known model: expected one from `reflash models`, \
             such as 7965"
        ))
    })
}
