//! One phone, from the values that a line or a table has for it.

use std::collections::HashMap;

use super::{Fault, Inventory, Listed, MAX_VALUE_CHARACTERS, Secret};
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

impl Place {
    pub(super) fn fault(self, message: impl Into<String>) -> Fault {
        Fault {
            line: self.line,
            column: self.column,
            message: message.into(),
        }
    }
}

/// What is told of a phone. Later work adds to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Field {
    Mac,
    Model,
    Name,
    Extension,
    Secret,
}

impl Field {
    const ALL: [(&str, Self); 5] = [
        ("mac", Self::Mac),
        ("model", Self::Model),
        ("name", Self::Name),
        ("extension", Self::Extension),
        ("secret", Self::Secret),
    ];

    /// By its name, without case.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = name.trim();
        Self::ALL
            .iter()
            .find(|(known, _)| name.eq_ignore_ascii_case(known))
            .map(|(_, field)| *field)
    }

    pub(super) fn known() -> String {
        Self::ALL.map(|(name, _)| name).join(", ")
    }
}

/// The phones read so far.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) inventory: Inventory,
    lines: HashMap<MacAddress, u64>,
}

impl Reader {
    pub(super) fn unknown(&mut self, what: &str, name: &str, place: Place) {
        let shown: String = name.escape_debug().take(40).collect();
        self.inventory.warnings.push(format!(
            "line {}: {what} '{shown}' is not known and is read over; known are {}",
            place.line,
            Field::known()
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
        };
        for (field, place, value) in values {
            let is_secret = field == Field::Secret;
            let value = if is_secret { &*value } else { value.trim() };
            if value.is_empty() {
                continue;
            }
            if value.chars().count() > MAX_VALUE_CHARACTERS {
                let message = format!("more than {MAX_VALUE_CHARACTERS} characters in one value");
                return Err(place.fault(message));
            }
            if value.chars().any(char::is_control) {
                return Err(place.fault(
                    "a line break or another control character in a value; is a quotation mark \
                     left open?",
                ));
            }
            match field {
                Field::Mac => {
                    let parsed: MacAddress = value
                        .parse()
                        .map_err(|error| place.fault(format!("{error}")))?;
                    mac = Some((parsed, place));
                }
                Field::Model => phone.model = Some(model(value, place)?),
                Field::Name => phone.name = Some(value.to_owned()),
                Field::Extension => phone.extension = Some(value.to_owned()),
                Field::Secret => phone.secret = Some(Secret::new(value.to_owned())),
            }
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
        Ok(())
    }

    /// The inventory, which names at least one phone.
    pub(super) fn finish(self) -> Result<Inventory, Fault> {
        if self.inventory.phones.is_empty() {
            let start = Place { line: 1, column: 1 };
            return Err(start.fault("no phone is on this inventory: expected at least one"));
        }
        Ok(self.inventory)
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
