//! The resolved inventory, from which the files of phones and PBX are written.

use std::collections::BTreeSet;

use super::clock::Clock;
use crate::{
    inventory::{Codec, PbxTransport, Secret},
    phone::{ConfigurationForm, Dialect, LoadName, MacAddress, Model},
};

/// The resolved inventory.
#[derive(Debug)]
pub(super) struct ProvisionPlan {
    pub(super) site: ResolvedSite,
    pub(super) phones: Vec<ResolvedPhone>,
    /// SIP accounts, each once, in the order of the inventory.
    pub(super) accounts: Vec<Account>,
    /// Notes for the operator.
    pub(super) notes: Vec<String>,
    /// Those of these notes that concern the phones' files only: what was cut in them, and which
    /// numbers their dial plan does not let them dial.
    pub(super) of_files: Vec<String>,
    /// Emergency numbers as the PBX receives them, if they have a route.
    pub(super) emergency: Vec<String>,
    /// The user of Asterisk's manager interface; `None` without a generated secret.
    pub(super) manager: Option<Manager>,
}

/// The user with which `reflash restart` uses Asterisk's manager interface.
#[derive(Debug)]
pub(super) struct Manager {
    pub(super) secret: Secret,
    /// The address that may connect; `None`: the PBX itself.
    pub(super) from: Option<String>,
}

#[derive(Debug)]
pub(super) struct ResolvedSite {
    pub(super) pbx: String,
    pub(super) backup_pbx: Option<String>,
    pub(super) port: u16,
    /// In order of preference; never empty.
    pub(super) codecs: Vec<Codec>,
    pub(super) zone: &'static str,
    pub(super) date_format: String,
    pub(super) ntp: Vec<String>,
    pub(super) locale: Option<Locale>,
    pub(super) network_locale: Option<String>,
    pub(super) rtp: (u16, u16),
    pub(super) has_dial_plan: bool,
    pub(super) urls: ServiceUrls,
    pub(super) calls: CallSettings,
    pub(super) soft_keys: SoftKeyFiles,
    /// The settings that only a 7940 or 7960 has; `None` without such a phone.
    pub(super) first_phones: Option<FirstPhones>,
}

/// The files of soft keys, which the user provides.
#[derive(Debug)]
pub(super) struct SoftKeyFiles {
    /// Of most phones.
    pub(super) soft_key_file: Option<String>,
    /// Of the 8961, 9951 and 9971.
    pub(super) feature_policy_file: Option<String>,
}

/// Values in the forms of a 7940 and 7960.
#[derive(Debug)]
pub(super) struct FirstPhones {
    /// The load, which `SIPDefault.cnf` and every SEP file name.
    pub(super) image_version: Option<LoadName>,
    pub(super) clock: Clock,
    pub(super) date_format: &'static str,
    pub(super) has_24_hours: bool,
}

/// What keys of the phones open; can be empty.
#[derive(Debug)]
pub(super) struct ServiceUrls {
    pub(super) directory: String,
    pub(super) services: String,
}

/// Settings of Asterisk's side.
#[derive(Debug)]
pub(super) struct CallSettings {
    pub(super) context: String,
    pub(super) emergency_trunk: Option<String>,
    pub(super) pickup_group: String,
}

#[derive(Debug)]
pub(super) struct Locale {
    pub(super) folder: String,
    pub(super) language: String,
}

#[derive(Debug)]
pub(super) struct ResolvedPhone {
    pub(super) mac: MacAddress,
    /// Display name, for README.txt.
    pub(super) name: String,
    pub(super) model: Option<&'static Model>,
    pub(super) load: Option<LoadName>,
    /// Label in the corner of the display; can be empty.
    pub(super) label: String,
    pub(super) voicemail: Option<String>,
    pub(super) ssh: Option<(String, Secret)>,
    pub(super) web_access: bool,
    pub(super) transport: PbxTransport,
    /// In ascending order of their numbers, from 1.
    pub(super) buttons: Vec<ResolvedButton>,
}

#[derive(Debug)]
pub(super) struct ResolvedButton {
    pub(super) number: u8,
    pub(super) label: String,
    pub(super) function: ResolvedFunction,
}

#[derive(Debug)]
pub(super) enum ResolvedFunction {
    /// A line; `account` is an index into [`ProvisionPlan::accounts`].
    Line { account: usize, display: String },
    /// A speed dial to this number; `blf`: the button also shows if the number is busy.
    Dial { number: String, blf: bool },
}

/// A SIP account, with the values on which phone and PBX must agree.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) user: String,
    pub(super) display: String,
    pub(super) secret: Secret,
    /// Number of phones that register it: more than one if it is shared.
    pub(super) phones: usize,
    /// The transports of these phones.
    pub(super) transports: BTreeSet<PbxTransport>,
    pub(super) mailbox: Option<Mailbox>,
}

#[derive(Debug)]
pub(super) struct Mailbox {
    /// The number to dial.
    pub(super) number: String,
    pub(super) pin: Secret,
}

impl ResolvedSite {
    /// The PBXs, in the order in which phones try them.
    pub(super) fn pbxs(&self) -> Vec<&str> {
        let backup = self.backup_pbx.as_deref();
        std::iter::once(self.pbx.as_str()).chain(backup).collect()
    }
}

impl ResolvedPhone {
    /// The files that configure it.
    pub(super) fn form(&self) -> ConfigurationForm {
        let form = self.model.and_then(|model| model.family.configuration());
        form.unwrap_or(ConfigurationForm::Device)
    }

    /// Whether it registers as at a call manager, which then provides further lines.
    pub(super) fn is_managed(&self) -> bool {
        self.transport == PbxTransport::Tcp && Dialect::of(self.model).is_managed_over_tcp
    }
}

impl ProvisionPlan {
    /// The transports of all phones.
    pub(super) fn transports(&self) -> BTreeSet<PbxTransport> {
        self.phones.iter().map(|phone| phone.transport).collect()
    }

    /// The lines of a phone with their accounts.
    pub(super) fn lines<'a>(
        &'a self,
        phone: &'a ResolvedPhone,
    ) -> impl Iterator<Item = (&'a ResolvedButton, &'a Account)> {
        phone.buttons.iter().filter_map(|key| match key.function {
            ResolvedFunction::Line { account, .. } => Some((key, self.accounts.get(account)?)),
            ResolvedFunction::Dial { .. } => None,
        })
    }
}
