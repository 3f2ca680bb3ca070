//! What an inventory comes to, settled: the one model that both sides are written from.

use crate::{
    inventory::{Codec, Secret, Transport},
    phone::{LoadName, MacAddress},
};

/// Everything that is written.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) site: ResolvedSite,
    pub(super) phones: Vec<ResolvedPhone>,
    /// Who registers, once each, in the order of the inventory.
    pub(super) accounts: Vec<Account>,
    /// What the person should know, though nothing is wrong.
    pub(super) notes: Vec<String>,
}

#[derive(Debug)]
pub(super) struct ResolvedSite {
    pub(super) pbx: String,
    pub(super) port: u16,
    pub(super) transport: Transport,
    /// The best first; never empty.
    pub(super) codecs: Vec<Codec>,
    pub(super) zone: &'static str,
    pub(super) date_format: String,
    pub(super) ntp: Vec<String>,
    pub(super) locale: Option<Locale>,
    pub(super) network_locale: Option<String>,
    pub(super) rtp: (u16, u16),
    pub(super) context: String,
    pub(super) has_dial_plan: bool,
}

#[derive(Debug)]
pub(super) struct Locale {
    pub(super) folder: String,
    pub(super) language: String,
}

#[derive(Debug)]
pub(super) struct ResolvedPhone {
    pub(super) mac: MacAddress,
    /// What people call it, for the list of files.
    pub(super) name: String,
    pub(super) load: Option<LoadName>,
    /// In the corner of the display; may be empty.
    pub(super) label: String,
    pub(super) voicemail: Option<String>,
    pub(super) ssh: Option<(String, Secret)>,
    pub(super) web_access: bool,
    pub(super) has_display_light: bool,
    /// By their buttons, the first from 1.
    pub(super) keys: Vec<ResolvedButton>,
}

#[derive(Debug)]
pub(super) struct ResolvedButton {
    pub(super) button: u8,
    pub(super) label: String,
    pub(super) function: ResolvedFunction,
}

#[derive(Debug)]
pub(super) enum ResolvedFunction {
    /// A line of the account at this place in the list.
    Line { account: usize, display: String },
    /// Dials this number.
    Dial(String),
}

/// Somebody who registers: what a phone and the PBX must agree on.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) user: String,
    pub(super) display: String,
    pub(super) secret: Secret,
    /// The phones that register it: more than one where it is shared.
    pub(super) phones: usize,
    pub(super) mailbox: Option<Mailbox>,
}

#[derive(Debug)]
pub(super) struct Mailbox {
    /// What its owner dials.
    pub(super) number: String,
    pub(super) pin: Secret,
}

impl Plan {
    /// The lines of a phone, each with its account.
    pub(super) fn lines<'a>(
        &'a self,
        phone: &'a ResolvedPhone,
    ) -> impl Iterator<Item = (&'a ResolvedButton, &'a Account)> {
        phone.keys.iter().filter_map(|key| match key.function {
            ResolvedFunction::Line { account, .. } => Some((key, self.accounts.get(account)?)),
            ResolvedFunction::Dial(_) => None,
        })
    }
}
