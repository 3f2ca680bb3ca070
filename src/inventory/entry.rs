//! One phone, from the values that a line or a table has for it.

use std::collections::{BTreeMap, HashMap};

use super::{
    Button, Fault, Field, Inventory, Key, Line, Listed, MAX_VALUE_CHARACTERS, Part, Secret,
    SiteField,
};
use crate::{
    phone::{MacAddress, Model},
    track::MAX_PHONES,
};

/// Where something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u64,
    pub(super) column: u64,
}

impl Default for Place {
    /// The beginning.
    fn default() -> Self {
        Self { line: 1, column: 1 }
    }
}

impl Place {
    pub(super) fn fault(self, message: impl Into<String>) -> Fault {
        Fault {
            line: self.line,
            column: self.column,
            message: message.into(),
        }
    }
}

/// The phones read so far.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) inventory: Inventory,
    lines: HashMap<MacAddress, u64>,
}

/// What is told of one further button.
#[derive(Default)]
struct Parts {
    place: Place,
    extension: Option<String>,
    name: Option<String>,
    secret: Option<Secret>,
    label: Option<String>,
    shared: bool,
    number: Option<String>,
}

impl Reader {
    /// Tells of a name that is read over; `known` are the names that are not.
    pub(super) fn unknown(&mut self, what: &str, name: &str, place: Place, known: &str) {
        let shown: String = name.escape_debug().take(40).collect();
        self.inventory.warnings.push(format!(
            "line {}: {what} '{shown}' is not known and is read over; known are {known}",
            place.line,
        ));
    }

    /// Adds the phone that these values tell of; `start` is where they begin.
    pub(super) fn phone(
        &mut self,
        start: Place,
        values: Vec<(Field, Place, String)>,
    ) -> Result<(), Fault> {
        let mut mac = None;
        let mut phone = Listed {
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
        let mut buttons: BTreeMap<u8, Parts> = BTreeMap::new();
        let mut places = Vec::new();
        for (field, place, value) in values {
            let Some(value) = checked(&value, field.is_secret(), place)? else {
                continue;
            };
            places.push((field, place));
            let text = || Some(value.to_owned());
            let secret = || Some(Secret::new(value.to_owned()));
            match field {
                Field::Mac => {
                    let parsed: MacAddress = value
                        .parse()
                        .map_err(|error| place.fault(format!("{error}")))?;
                    mac = Some((parsed, place));
                }
                Field::Model => phone.model = Some(model(value, place)?),
                Field::Name => phone.name = text(),
                Field::Extension => phone.extension = text(),
                Field::Secret => phone.secret = secret(),
                Field::Label => phone.label = text(),
                Field::Shared => phone.shared = flag(value, place)?,
                Field::Voicemail => phone.voicemail = text(),
                Field::SshUser => phone.ssh_user = text(),
                Field::SshPassword => phone.ssh_password = secret(),
                Field::WebAccess => phone.web_access = Some(flag(value, place)?),
                Field::Button(number, part) => {
                    let parts = buttons.entry(number).or_insert_with(|| Parts {
                        place,
                        ..Parts::default()
                    });
                    match part {
                        Part::Extension => parts.extension = text(),
                        Part::Name => parts.name = text(),
                        Part::Secret => parts.secret = secret(),
                        Part::Label => parts.label = text(),
                        Part::Shared => parts.shared = flag(value, place)?,
                        Part::Number => parts.number = text(),
                    }
                }
            }
        }
        for (number, parts) in buttons {
            phone.buttons.push(button(number, parts)?);
        }
        let (mac, place) =
            mac.ok_or_else(|| start.fault("a phone without a MAC address: expected one"))?;
        phone.mac = mac;
        if let Some(first) = self.lines.insert(mac, place.line) {
            let message = format!("the phone {mac} is on line {first} already");
            return Err(place.fault(message));
        }
        if self.inventory.phones.len() >= MAX_PHONES {
            let message = format!("more than {MAX_PHONES} phones, the most that a run can have");
            return Err(place.fault(message));
        }
        self.inventory.phones.push(phone);
        let places = places.into_iter().map(|(field, at)| ((mac, field), at));
        self.inventory.places.phones.extend(places);
        Ok(())
    }

    /// Takes a setting of the site. CSV repeats it on every line: it must be the same there.
    pub(super) fn site(
        &mut self,
        field: SiteField,
        place: Place,
        value: &str,
    ) -> Result<(), Fault> {
        let is_secret = field == SiteField::SshPassword;
        let Some(value) = checked(value, is_secret, place)? else {
            return Ok(());
        };
        let mut site = self.inventory.site.clone();
        site.set(field, place, value)?;
        if let Some(first) = self.inventory.places.site.get(&field) {
            if site != self.inventory.site {
                return Err(place.fault(format!(
                    "another '{}' than on line {}: it holds for the whole site",
                    field.name(),
                    first.line
                )));
            }
            return Ok(());
        }
        self.inventory.places.site.insert(field, place);
        self.inventory.site = site;
        Ok(())
    }

    /// The inventory, which names at least one phone.
    pub(super) fn finish(self) -> Result<Inventory, Fault> {
        if self.inventory.phones.is_empty() {
            let start = Place::default();
            return Err(start.fault("no phone is on this inventory: expected at least one"));
        }
        Ok(self.inventory)
    }
}

/// A value as it is used; `None` where there is none.
fn checked(value: &str, is_secret: bool, place: Place) -> Result<Option<&str>, Fault> {
    let value = if is_secret { value } else { value.trim() };
    if value.is_empty() {
        return Ok(None);
    }
    if value.chars().count() > MAX_VALUE_CHARACTERS {
        let message = format!("more than {MAX_VALUE_CHARACTERS} characters in one value");
        return Err(place.fault(message));
    }
    if value.chars().any(char::is_control) {
        return Err(place.fault(
            "a line break or another control character in a value; is a quotation mark left open?",
        ));
    }
    Ok(Some(value))
}

fn button(number: u8, parts: Parts) -> Result<Button, Fault> {
    let key = match (parts.extension, parts.number) {
        (Some(extension), None) => Key::Line(Line {
            extension,
            name: parts.name,
            secret: parts.secret,
            label: parts.label,
            shared: parts.shared,
        }),
        (None, Some(dialled)) if parts.secret.is_none() && parts.name.is_none() => Key::SpeedDial {
            number: dialled,
            label: parts.label,
        },
        (None, None) => {
            return Err(parts.place.fault(format!(
                "button {number} is for nothing: expected an extension (a line) or a number (a \
                 speed dial)"
            )));
        }
        _ => {
            return Err(parts.place.fault(format!(
                "button {number} is a line and a speed dial at once: expected an extension, or a \
                 number with a label"
            )));
        }
    };
    Ok(Button { number, key })
}

/// Yes or no, as spreadsheets and TOML write it.
pub(super) fn flag(value: &str, place: Place) -> Result<bool, Fault> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(place.fault("expected true or false")),
    }
}

fn model(text: &str, place: Place) -> Result<&'static Model, Fault> {
    Model::by_number(text).ok_or_else(|| {
        let shown: String = text.escape_debug().take(40).collect();
        place.fault(format!(
            "'{shown}' is no model that this program knows: expected one of `reflash models`, \
             such as 7965"
        ))
    })
}
