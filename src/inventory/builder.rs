//! Builds the inventory from the values of CSV lines or TOML tables.

use std::collections::{BTreeMap, HashMap};

use super::{
    button::{ButtonFunction, LineButton, SipLine},
    fault::{InventoryFault, TextPosition},
    field::{ButtonField, PhoneField, SiteField},
    list::Inventory,
    parsed::ParsedInventory,
    phone::PhoneEntry,
    secret::Secret,
    value::{clean_value, flag},
};
use crate::{
    phone::{MacAddress, Model},
    text::edit_distance,
    track::MAX_PHONES,
};

/// Maximum number of faults that are collected. A file with more has one cause, such as a wrong
/// separator.
const MAX_FAULTS: usize = 1_000;

/// The inventory read so far.
#[derive(Debug, Default)]
pub(super) struct InventoryBuilder {
    pub(super) inventory: Inventory,
    faults: Vec<InventoryFault>,
    /// Whether a value that is present but blank is a fault if a button depends on it. In CSV, blank
    /// fields are normal.
    pub(super) rejects_blank: bool,
    /// The line of each phone's MAC address.
    lines: HashMap<MacAddress, u64>,
    /// Site settings with a fault, which is reported once.
    faulty_settings: Vec<SiteField>,
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
    blf: bool,
    /// A value has a fault: the button's function is unknown.
    is_faulty: bool,
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
        let known = match similar(name, known) {
            Some(similar) => format!("did you mean '{similar}'?"),
            None => format!("known: {known}"),
        };
        self.inventory.warnings.push(format!(
            "line {}: {what} '{shown}' is unknown and ignored; {known}",
            position.line,
        ));
    }

    /// Collects a fault.
    pub(super) fn fault(&mut self, fault: InventoryFault) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        }
    }

    /// The value of a result, or `None` after its fault was collected.
    pub(super) fn value<T>(&mut self, result: Result<T, InventoryFault>) -> Option<T> {
        result.map_err(|fault| self.fault(fault)).ok()
    }

    /// Adds a phone. `start` is the position of its first value.
    pub(super) fn add_phone(
        &mut self,
        start: TextPosition,
        values: Vec<(PhoneField, TextPosition, String)>,
    ) {
        let mut mac = None;
        let mut phone = empty_phone();
        let mut buttons: BTreeMap<u8, ButtonValues> = BTreeMap::new();
        let mut positions = Vec::new();
        let mut has_mac = false;
        for (field, position, value) in values {
            let cleaned = match clean_value(&value, field.is_secret(), position) {
                Ok(None) if !(self.rejects_blank && field.decides_function()) => continue,
                Ok(None) => Err(position.fault(format!(
                    "`{}` is blank: expected a number; leave the key out if it is not used",
                    field.name()
                ))),
                Ok(Some(value)) => Ok(value),
                Err(fault) => Err(fault),
            };
            positions.push((field, position));
            has_mac |= field == PhoneField::Mac;
            let result = cleaned.and_then(|value| match field {
                PhoneField::Mac => {
                    mac = Some((phone_mac(value, position)?, position));
                    Ok(())
                }
                PhoneField::Button(number, part) => {
                    let values = buttons.entry(number).or_insert_with(|| ButtonValues {
                        position,
                        ..ButtonValues::default()
                    });
                    values.set(part, value, position)
                }
                _ => set(&mut phone, field, value, position),
            });
            if self.value(result).is_none()
                && let PhoneField::Button(number, _) = field
            {
                buttons.entry(number).or_default().is_faulty = true;
            }
        }
        for (number, values) in buttons {
            if !values.is_faulty {
                let button = button(number, values);
                phone.buttons.extend(self.value(button));
            }
        }
        let Some((mac, position)) = mac else {
            if !has_mac {
                self.fault(start.fault("a phone without a MAC address: expected `mac`"));
            }
            return;
        };
        phone.mac = mac;
        if let Some(first) = self.lines.insert(mac, position.line) {
            let message = format!("the phone {mac} is on line {first} already");
            return self.fault(position.fault(message));
        }
        if self.inventory.phones.len() >= MAX_PHONES {
            if self.lines.len() == MAX_PHONES + 1 {
                let message = format!("more than {MAX_PHONES} phones, the maximum for one run");
                self.fault(position.fault(message));
            }
            return;
        }
        self.inventory.phones.push(phone);
        let positions = positions.into_iter().map(|(field, at)| ((mac, field), at));
        self.inventory.positions.phones.extend(positions);
    }

    /// Sets a site setting. CSV may repeat it on every line, with the same value.
    pub(super) fn set_site(&mut self, field: SiteField, position: TextPosition, value: &str) {
        if self.faulty_settings.contains(&field) {
            return;
        }
        let is_secret = field == SiteField::SshPassword;
        let mut site = self.inventory.site.clone();
        let set = match clean_value(value, is_secret, position) {
            Ok(None) => return,
            Ok(Some(value)) => site.set(field, position, value),
            Err(fault) => Err(fault),
        };
        let first = self.inventory.positions.site.get(&field).copied();
        let set = set.and_then(|()| match first {
            Some(first) if site != self.inventory.site => Err(position.fault(format!(
                "another '{}' than on line {}: the value must be the same for the whole site",
                field.name(),
                first.line
            ))),
            _ => Ok(()),
        });
        self.inventory
            .positions
            .site
            .entry(field)
            .or_insert(position);
        if self.value(set).is_some() {
            self.inventory.site = site;
        } else {
            self.faulty_settings.push(field);
        }
    }

    /// Returns the inventory, which must have at least one phone.
    pub(super) fn finish(mut self) -> ParsedInventory {
        if self.inventory.phones.is_empty() && self.faults.is_empty() {
            let start = TextPosition::default();
            self.fault(start.fault("no phone in the inventory: expected at least one"));
        }
        ParsedInventory {
            is_readable: !self.inventory.phones.is_empty(),
            inventory: self.inventory,
            faults: self.faults,
        }
    }
}

/// The MAC address of a phone.
fn phone_mac(value: &str, position: TextPosition) -> Result<MacAddress, InventoryFault> {
    let mac: MacAddress = value.parse().map_err(|error| {
        let looks_like_number = value.contains(['E', 'e'])
            && value.contains('+')
            && value.parse::<f64>().is_ok_and(f64::is_finite);
        let why = if looks_like_number {
            "; a spreadsheet made a number of it: format the column as text, and type it again"
        } else {
            ""
        };
        position.fault(format!("{error}{why}"))
    })?;
    if !mac.is_of_one_device() {
        return Err(position.fault(format!(
            "{mac} is no address of a phone: copy it from the label on its back"
        )));
    }
    Ok(mac)
}

/// The name in this list that differs least from a misspelled one.
fn similar<'a>(name: &str, known: &'a str) -> Option<&'a str> {
    let name = name.trim().to_ascii_lowercase().replace([' ', '-'], "_");
    let most = match name.chars().count() {
        4..=6 => 1,
        7..=40 => 2,
        // A short name is similar to too many others, and a long one to none.
        _ => return None,
    };
    let known = known.split([',', ';']).map(str::trim);
    let distances = known.map(|known| (edit_distance(&name, known), known));
    let (distance, nearest) = distances.min()?;
    (distance <= most).then_some(nearest)
}

fn empty_phone() -> PhoneEntry {
    PhoneEntry {
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
    }
}

/// Sets a value of the phone itself.
fn set(
    phone: &mut PhoneEntry,
    field: PhoneField,
    value: &str,
    position: TextPosition,
) -> Result<(), InventoryFault> {
    let text = || Some(value.to_owned());
    let secret = || Some(Secret::new(value.to_owned()));
    match field {
        PhoneField::Mac | PhoneField::Button(..) => {}
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
    }
    Ok(())
}

impl ButtonValues {
    fn set(
        &mut self,
        part: ButtonField,
        value: &str,
        position: TextPosition,
    ) -> Result<(), InventoryFault> {
        let text = || Some(value.to_owned());
        match part {
            ButtonField::Extension => self.extension = text(),
            ButtonField::Name => self.name = text(),
            ButtonField::Secret => self.secret = Some(Secret::new(value.to_owned())),
            ButtonField::Label => self.label = text(),
            ButtonField::Shared => self.shared = flag(value, position)?,
            ButtonField::Number => self.number = text(),
            ButtonField::Blf => self.blf = flag(value, position)?,
        }
        Ok(())
    }
}

fn button(number: u8, values: ButtonValues) -> Result<LineButton, InventoryFault> {
    let function = match (values.extension, values.number) {
        (Some(extension), None) if !values.blf => ButtonFunction::Line(SipLine {
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
                blf: values.blf,
            }
        }
        (Some(_), None) => {
            return Err(values.position.fault(format!(
                "button {number} is a line, and `blf` is for speed dials: expected `number` \
                 instead of `extension`, or no `blf`"
            )));
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
