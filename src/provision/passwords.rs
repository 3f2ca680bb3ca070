//! Generated passwords. They are stored with the files and read again by the next run, so that
//! phones keep their passwords.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
};

use toml::de::{DeTable, DeValue};

use super::charset;
use crate::{
    inventory::{ButtonFunction, Inventory, Secret},
    phone::Dialect,
};

/// Length of a generated password. Twelve random characters of 56 different ones give about 69
/// bits, and no phone truncates a password of this length.
pub const GENERATED_SECRET_LENGTH: usize = crate::phone::SAFE_SECRET;

/// Length of a generated voice mail PIN.
pub const GENERATED_PIN_LENGTH: usize = 6;

/// Letters and digits that are easy to tell apart: no 0 O o, no 1 l I.
const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const DIGITS: &[u8] = b"0123456789";

const SECRETS: &str = "secret";
const PINS: &str = "voicemail_pin";
const MANAGERS: &str = "manager";

/// The user of Asterisk's manager interface.
pub(super) const MANAGER: &str = "reflash";

/// Length of that user's secret: no phone stores it.
const MANAGER_LENGTH: usize = 24;

/// Generated passwords and PINs by extension, and the secret of the manager interface.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Passwords {
    secrets: BTreeMap<String, Secret>,
    pins: BTreeMap<String, Secret>,
    managers: BTreeMap<String, Secret>,
}

/// A passwords file that cannot be read. The message contains nothing from the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a file written by `reflash provision`: {0}")]
pub struct PasswordsFileError(pub String);

impl Passwords {
    /// Parses the output of [`Passwords::to_toml`].
    ///
    /// # Errors
    ///
    /// The text has another format. The message contains no secret.
    pub fn from_toml(text: &str) -> Result<Self, PasswordsFileError> {
        let fault = |what: &str| PasswordsFileError(what.to_owned());
        let document =
            DeTable::parse(text).map_err(|error| PasswordsFileError(error.message().into()))?;
        let mut passwords = Self::default();
        for (key, value) in document.get_ref() {
            let into = match key.get_ref().as_ref() {
                SECRETS => &mut passwords.secrets,
                PINS => &mut passwords.pins,
                MANAGERS => &mut passwords.managers,
                _ => return Err(fault("unknown table")),
            };
            let DeValue::Table(table) = value.get_ref() else {
                return Err(fault("expected a table"));
            };
            for (user, value) in table {
                let DeValue::String(value) = value.get_ref() else {
                    return Err(fault("expected a string"));
                };
                charset::extension(user.get_ref()).map_err(PasswordsFileError)?;
                charset::secret(value).map_err(PasswordsFileError)?;
                into.insert(user.get_ref().to_string(), Secret::new(value.to_string()));
            }
        }
        Ok(passwords)
    }

    /// The content of the passwords file.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = String::from(
            "# Written by `reflash provision`: generated passwords. The next run reads them from\n\
             # here, so that phones and PBX keep them. A secret in the inventory takes\n\
             # precedence.\n",
        );
        let tables = [
            (SECRETS, &self.secrets),
            (PINS, &self.pins),
            (MANAGERS, &self.managers),
        ];
        for (table, values) in tables {
            if values.is_empty() {
                continue;
            }
            // Writing to a String does not fail.
            let _ = writeln!(text, "\n[{table}]");
            for (user, secret) in values {
                // The allowed characters need no escaping in TOML.
                let _ = writeln!(text, "\"{user}\" = \"{}\"", secret.expose());
            }
        }
        text
    }

    /// Generates the passwords and PINs that neither the inventory nor `self` has. `random` fills a
    /// buffer from a cryptographically secure source.
    ///
    /// # Errors
    ///
    /// `random` failed.
    pub fn fill<E>(
        &mut self,
        inventory: &Inventory,
        mut random: impl FnMut(&mut [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let lines = lines(inventory);
        let groups = OnePassword::of(inventory);
        for (user, (secret, has_mailbox)) in &lines {
            if charset::extension(user).is_err() {
                // A fault of the inventory, reported by `resolve`.
                continue;
            }
            if secret.is_none() && !self.secrets.contains_key(*user) {
                let of_line = |other: &&str| lines.get(other).and_then(|(secret, _)| *secret);
                let mut together = groups.with(user).iter();
                let known = together.find_map(|other| of_line(other).or(self.secrets.get(*other)));
                let made = match known {
                    Some(known) => known.clone(),
                    None => random_text(LETTERS, GENERATED_SECRET_LENGTH, &mut random)?,
                };
                self.secrets.insert((*user).to_owned(), made);
            }
            if *has_mailbox && !self.pins.contains_key(*user) {
                let made = random_text(DIGITS, GENERATED_PIN_LENGTH, &mut random)?;
                self.pins.insert((*user).to_owned(), made);
            }
        }
        if !self.managers.contains_key(MANAGER) {
            let made = random_text(LETTERS, MANAGER_LENGTH, &mut random)?;
            self.managers.insert(MANAGER.to_owned(), made);
        }
        Ok(())
    }

    /// The secret of Asterisk's manager interface.
    pub(super) fn manager(&self) -> Option<&Secret> {
        self.managers.get(MANAGER)
    }

    pub(crate) fn secret(&self, user: &str) -> Option<&Secret> {
        self.secrets.get(user)
    }

    pub(super) fn pin(&self, user: &str) -> Option<&Secret> {
        self.pins.get(user)
    }
}

/// Every extension with its secret on any phone, and whether it has a mailbox. It has one if its
/// phone has a voice mail number.
fn lines(inventory: &Inventory) -> BTreeMap<&str, (Option<&Secret>, bool)> {
    let mut lines: BTreeMap<&str, (Option<&Secret>, bool)> = BTreeMap::new();
    let mut add = |user, secret: Option<_>, has_mailbox| {
        let (known, mailbox) = lines.entry(user).or_default();
        *known = known.or(secret);
        *mailbox |= has_mailbox;
    };
    for phone in &inventory.phones {
        let has_mailbox = phone.voicemail.is_some() || inventory.site.voicemail.is_some();
        if let Some(user) = &phone.extension {
            add(user.as_str(), phone.secret.as_ref(), has_mailbox);
        }
        for button in &phone.buttons {
            if let ButtonFunction::Line(line) = &button.function {
                add(line.extension.as_str(), line.secret.as_ref(), has_mailbox);
            }
        }
    }
    lines
}

/// The extensions that need the same password, as some phones register all of their lines with that
/// of the first.
#[derive(Default)]
struct OnePassword<'a> {
    group_of: HashMap<&'a str, usize>,
    groups: Vec<Vec<&'a str>>,
}

impl<'a> OnePassword<'a> {
    fn of(inventory: &'a Inventory) -> Self {
        let mut all = Self::default();
        let phones = inventory.phones.iter();
        for phone in phones.filter(|phone| Dialect::of(phone.model).has_one_password) {
            let further = phone.buttons.iter().filter_map(|key| match &key.function {
                ButtonFunction::Line(line) => Some(line.extension.as_str()),
                ButtonFunction::SpeedDial { .. } => None,
            });
            let own: Vec<_> = phone
                .extension
                .as_deref()
                .into_iter()
                .chain(further)
                .collect();
            all.add(&own);
        }
        all
    }

    /// Joins the groups of these extensions.
    fn add(&mut self, extensions: &[&'a str]) {
        let joined = self.groups.len();
        self.groups.push(Vec::new());
        for extension in extensions {
            let members = match self.group_of.get(extension) {
                Some(known) if *known == joined => continue,
                Some(known) => std::mem::take(&mut self.groups[*known]),
                None => vec![*extension],
            };
            for member in &members {
                self.group_of.insert(member, joined);
            }
            self.groups[joined].extend(members);
        }
    }

    /// The extensions with the same password as this one.
    fn with(&self, extension: &str) -> &[&'a str] {
        let group = self.group_of.get(extension);
        group.map_or(&[], |group| &self.groups[*group])
    }
}

/// Generates a password. `random` fills a buffer from a cryptographically secure source.
///
/// # Errors
///
/// `random` failed.
pub fn generate_secret<E>(mut random: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Secret, E> {
    random_text(LETTERS, GENERATED_SECRET_LENGTH, &mut random)
}

/// Random characters, uniformly distributed.
fn random_text<E>(
    alphabet: &[u8],
    length: usize,
    random: &mut impl FnMut(&mut [u8]) -> Result<(), E>,
) -> Result<Secret, E> {
    // The largest multiple of the alphabet's size in a byte. Higher bytes are skipped.
    let fair = 256 - 256 % alphabet.len();
    let mut text = String::new();
    while text.len() < length {
        let mut bytes = [0; 32];
        random(&mut bytes)?;
        let usable = bytes
            .iter()
            .map(|byte| usize::from(*byte))
            .filter(|byte| *byte < fair);
        for byte in usable.take(length - text.len()) {
            text.push(char::from(alphabet[byte % alphabet.len()]));
        }
    }
    Ok(Secret::new(text))
}
