//! Passwords that this program made: made once, kept beside the files, read back at the next
//! run, so that no phone is locked out by a second run.

use std::{collections::BTreeMap, fmt::Write as _};

use toml::de::{DeTable, DeValue};

use super::charset;
use crate::inventory::{ButtonFunction, Inventory, Secret};

/// Characters of a password that is made: 12 of 56 charset are 69 bits, and no phone cuts them.
pub const GENERATED_SECRET_LENGTH: usize = crate::phone::SAFE_SECRET;

/// Digits of a voice mailbox's PIN that is made.
pub const GENERATED_PIN_LENGTH: usize = 6;

/// Letters and digits that nobody takes for one another: no 0 O o, no 1 l I.
const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const DIGITS: &[u8] = b"0123456789";

const SECRETS: &str = "secret";
const PINS: &str = "voicemail_pin";

/// What this program made, by extension.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Passwords {
    secrets: BTreeMap<String, Secret>,
    pins: BTreeMap<String, Secret>,
}

/// A file of passwords that is none, and why; never what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is not the file that this program wrote: {0}")]
pub struct PasswordsFileError(pub String);

impl Passwords {
    /// Reads what [`Passwords::to_toml`] wrote. Faults never show what stands there.
    pub fn from_toml(text: &str) -> Result<Self, PasswordsFileError> {
        let fault = |what: &str| PasswordsFileError(what.to_owned());
        let document =
            DeTable::parse(text).map_err(|error| PasswordsFileError(error.message().into()))?;
        let mut passwords = Self::default();
        for (key, value) in document.get_ref() {
            let into = match key.get_ref().as_ref() {
                SECRETS => &mut passwords.secrets,
                PINS => &mut passwords.pins,
                _ => return Err(fault("a table of another name")),
            };
            let DeValue::Table(table) = value.get_ref() else {
                return Err(fault("expected a table"));
            };
            for (user, value) in table {
                let DeValue::String(value) = value.get_ref() else {
                    return Err(fault("expected a text"));
                };
                charset::extension(user.get_ref()).map_err(PasswordsFileError)?;
                charset::secret(value).map_err(PasswordsFileError)?;
                into.insert(user.get_ref().to_string(), Secret::new(value.to_string()));
            }
        }
        Ok(passwords)
    }

    /// The file: for this user's eyes only.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = String::from(
            "# Written by `reflash provision`: the passwords that it made. The next run reads\n\
             # them here, so that phones and PBX keep what they have. A secret in the inventory\n\
             # goes before the one here.\n",
        );
        for (table, values) in [(SECRETS, &self.secrets), (PINS, &self.pins)] {
            if values.is_empty() {
                continue;
            }
            // Writing to a String does not fail.
            let _ = writeln!(text, "\n[{table}]");
            for (user, secret) in values {
                // Neither has a letter that TOML would read in another way.
                let _ = writeln!(text, "\"{user}\" = \"{}\"", secret.expose());
            }
        }
        text
    }

    /// Makes what the inventory leaves open and this does not have yet. `random` fills bytes
    /// from a source that nobody can guess.
    pub fn fill<E>(
        &mut self,
        inventory: &Inventory,
        mut random: impl FnMut(&mut [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        for (user, (secret, has_mailbox)) in lines(inventory) {
            if charset::extension(user).is_err() {
                // A fault of the inventory, told where it is judged.
                continue;
            }
            if secret.is_none() && !self.secrets.contains_key(user) {
                let made = random_text(LETTERS, GENERATED_SECRET_LENGTH, &mut random)?;
                self.secrets.insert(user.to_owned(), made);
            }
            if has_mailbox && !self.pins.contains_key(user) {
                let made = random_text(DIGITS, GENERATED_PIN_LENGTH, &mut random)?;
                self.pins.insert(user.to_owned(), made);
            }
        }
        Ok(())
    }

    pub(super) fn secret(&self, user: &str) -> Option<&Secret> {
        self.secrets.get(user)
    }

    pub(super) fn pin(&self, user: &str) -> Option<&Secret> {
        self.pins.get(user)
    }
}

/// Every extension with the secret that the inventory gives it on any phone, and whether it
/// has a mailbox: where its phone has a number to hear messages.
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

/// A password for one line. `random` fills bytes from a source that nobody can guess.
pub fn generate_secret<E>(mut random: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Secret, E> {
    random_text(LETTERS, GENERATED_SECRET_LENGTH, &mut random)
}

/// Letters by chance, each as likely as any other.
fn random_text<E>(
    charset: &[u8],
    length: usize,
    random: &mut impl FnMut(&mut [u8]) -> Result<(), E>,
) -> Result<Secret, E> {
    // The greatest multiple of their number that a byte holds: what is above is not used.
    let fair = 256 - 256 % charset.len();
    let mut text = String::new();
    while text.len() < length {
        let mut bytes = [0; 32];
        random(&mut bytes)?;
        let usable = bytes
            .iter()
            .map(|byte| usize::from(*byte))
            .filter(|byte| *byte < fair);
        for byte in usable.take(length - text.len()) {
            text.push(char::from(charset[byte % charset.len()]));
        }
    }
    Ok(Secret::new(text))
}
