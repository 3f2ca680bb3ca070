//! From one inventory to both sides: the phones' configuration and the PBX's, which
//! therefore cannot disagree.
//!
//! [`build`] is pure: an inventory and what goes with it in, files out, or every fault with
//! its line and column. [`folder`] keeps the files of one run after another in a folder.

mod asterisk;
pub mod folder;
mod ini;
pub(crate) mod letters;
mod passwords;
mod plan;
mod readme;
mod sep;
mod settle;
mod time_zone;

use std::fmt;

pub use passwords::{MADE_PIN, MADE_SECRET, NotPasswords, Passwords, make_secret};
use plan::Plan;
pub use time_zone::{TimeZoneError, cisco_time_zone};

use crate::{
    inventory::{Fault, Inventory, Secret},
    phone::{LoadName, Model},
    stage::xml_default_at,
};

/// What goes with an inventory.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// What was made for lines without a secret of their own.
    pub passwords: &'a Passwords,
    /// The loads that phones are to run; a model without one keeps what it has.
    pub loads: &'a [(&'static Model, LoadName)],
    /// `dialplan.xml`, where the site has one.
    pub dial_plan: Option<&'a [u8]>,
    /// The year for which a time zone's daylight time is looked at.
    pub year: i16,
}

/// A file that is to be written.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// Its path below the folder, with `/`.
    pub path: String,
    /// Its bytes. There may be passwords among them.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for File {
    /// Without the bytes: there may be passwords among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.path, self.bytes.len())
    }
}

/// What an inventory comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The files, the phones' first.
    pub files: Vec<File>,
    /// Who registers, with what, and the PIN of the mailbox: for `--show-secrets`.
    pub accounts: Vec<Credentials>,
    /// What a person should know though nothing is wrong; a sentence or two each.
    pub notes: Vec<String>,
}

/// What somebody registers with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The extension.
    pub user: String,
    /// Its password.
    pub secret: Secret,
    /// The PIN of its mailbox.
    pub pin: Option<Secret>,
}

/// The folder of what phones ask for.
pub const TFTP: &str = "tftp";
/// The folder of what Asterisk reads.
pub const ASTERISK: &str = "asterisk";
/// `dialplan.xml`, as phones are told of it.
pub const DIAL_PLAN: &str = sep::DIAL_PLAN;
const XML_DEFAULT: &str = "XMLDefault.cnf.xml";
const README: &str = "README.txt";

/// The files of an inventory, or everything that is wrong with it.
pub fn build(inventory: &Inventory, given: &Given<'_>) -> Result<Built, Vec<Fault>> {
    let plan = settle::settle(inventory, given)?;
    let mut files = Vec::new();
    let mut add = |folder: &str, name: &str, bytes| {
        let path = format!("{folder}/{name}");
        files.push(File { path, bytes });
    };
    for (name, bytes) in phones_files(&plan, given) {
        add(TFTP, &name, bytes);
    }
    add(TFTP, XML_DEFAULT, xml_default(&plan, given));
    for (name, bytes) in asterisk::files(&plan) {
        add(ASTERISK, name, bytes);
    }
    files.push(File {
        path: README.to_owned(),
        bytes: readme::text(&plan, given).into_bytes(),
    });
    let accounts = plan.accounts.iter().map(|account| Credentials {
        user: account.user.clone(),
        secret: account.secret.clone(),
        pin: account.mailbox.as_ref().map(|mailbox| mailbox.pin.clone()),
    });
    Ok(Built {
        files,
        accounts: accounts.collect(),
        notes: plan.notes,
    })
}

/// What a conversion serves beside the firmware: `SEP<MAC>.cnf.xml` of every phone whose
/// lines all have an extension and a secret in the inventory, and `dialplan.xml` where there
/// is one. Empty where the site names no PBX.
///
/// `given.loads` must have the loads of the conversion: a phone that finds a file of its own
/// never asks for `XMLDefault.cnf.xml`, so that its own file has to name the load.
pub fn serve_files(
    inventory: &Inventory,
    given: &Given<'_>,
) -> Result<Vec<(String, Vec<u8>)>, Vec<Fault>> {
    let complete = inventory.complete();
    if complete.site.pbx.is_none() || complete.phones.is_empty() {
        return Ok(Vec::new());
    }
    let plan = settle::settle(&complete, given)?;
    Ok(phones_files(&plan, given))
}

fn phones_files(plan: &Plan, given: &Given<'_>) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = plan
        .phones
        .iter()
        .map(|phone| (sep::name(phone), written(sep::file(plan, phone))))
        .collect();
    if let Some(dial_plan) = given.dial_plan {
        files.push((DIAL_PLAN.to_owned(), dial_plan.to_owned()));
    }
    files
}

fn xml_default(plan: &Plan, given: &Given<'_>) -> Vec<u8> {
    let loads: Vec<_> = given
        .loads
        .iter()
        .map(|(model, load)| (*model, load))
        .collect();
    let port = plan.site.port.to_string();
    written(xml_default_at(&plan.site.pbx, sep::ports(&port), &loads))
}

/// Writing to memory does not fail.
fn written(bytes: std::io::Result<Vec<u8>>) -> Vec<u8> {
    bytes.unwrap_or_else(|error| unreachable!("XML is written to memory: {error}"))
}
