//! Resolves the phones and their line buttons.

mod accounts;
mod families;
mod labels;

use std::collections::{BTreeMap, HashMap};

use super::{
    of_model::{Difference, MAX_CALLER_ID, most_bytes, transport},
    problems::{Problems, first_few},
};
use crate::{
    inventory::{ButtonField, ButtonFunction, LineButton, PhoneEntry, PhoneField, Secret},
    phone::{MacAddress, Model, SAFE_SECRET},
    provision::{
        charset,
        inputs::ProvisionInputs,
        plan::{Account, ResolvedButton, ResolvedFunction, ResolvedPhone},
    },
};

/// The values of a line in the inventory, of any button.
struct LineValues<'a> {
    button: u8,
    extension: &'a str,
    name: Option<&'a str>,
    secret: Option<&'a Secret>,
    label: Option<&'a str>,
    shared: bool,
}

/// The first use of an extension.
struct FirstUse {
    account: usize,
    mac: MacAddress,
    shared: bool,
    secret: Option<Secret>,
}

struct Accounts<'a, 'b> {
    problems: &'a mut Problems<'b>,
    given: &'a ProvisionInputs<'a>,
    /// Secrets in the inventory. That of a shared line may be on another phone.
    secrets: BTreeMap<&'b str, &'b Secret>,
    list: Vec<Account>,
    /// Extensions with a password that their phone may truncate.
    long: Vec<String>,
    /// Names and labels that were cut, and to what.
    cut: Vec<String>,
    /// What some families do differently from what the inventory asks for.
    differences: BTreeMap<Difference, Vec<String>>,
    /// By the extension in lower case, as Asterisk's section names ignore case.
    first_uses: HashMap<String, FirstUse>,
}

pub(super) fn resolve(
    problems: &mut Problems<'_>,
    given: &ProvisionInputs<'_>,
) -> (Vec<ResolvedPhone>, Vec<Account>) {
    let inventory = problems.inventory;
    let mut accounts = Accounts {
        problems,
        given,
        secrets: inventory.secrets(),
        list: Vec::new(),
        long: Vec::new(),
        cut: Vec::new(),
        differences: BTreeMap::new(),
        first_uses: HashMap::new(),
    };
    let phones: Vec<_> = inventory
        .phones
        .iter()
        .map(|phone| accounts.phone(phone))
        .collect();
    let Accounts {
        mut list,
        long,
        cut,
        differences,
        ..
    } = accounts;
    for phone in &phones {
        for button in &phone.buttons {
            if let ResolvedFunction::Line { account, .. } = button.function {
                list[account].transports.insert(phone.transport);
            }
        }
    }
    note(problems, &list, &long);
    for (difference, macs) in differences {
        let macs: Vec<_> = macs.iter().map(String::as_str).collect();
        problems.notes.push(difference.note(&macs));
    }
    problems.note_cuts(cut);
    (phones, list)
}

fn note(problems: &mut Problems<'_>, accounts: &[Account], long: &[String]) {
    let long: Vec<_> = long.iter().map(String::as_str).collect();
    if !long.is_empty() {
        problems.notes.push(format!(
            "the passwords of {} have more than {SAFE_SECRET} characters: some reports say that \
             a 7941 or 7961 truncates them. If these do not register, use shorter passwords.",
            first_few(&long)
        ));
    }
    let shared = accounts.iter().filter(|account| account.phones > 1);
    let shared: Vec<_> = shared.map(|account| account.user.as_str()).collect();
    if !shared.is_empty() {
        problems.notes.push(format!(
            "all phones that share {} ring only with pjsip; chan_sip rings the one that \
             registered last.",
            first_few(&shared)
        ));
    }
}

fn field(button: u8, part: ButtonField) -> PhoneField {
    match (button, part) {
        (1, ButtonField::Name) => PhoneField::Name,
        (1, ButtonField::Secret) => PhoneField::Secret,
        (1, ButtonField::Label) => PhoneField::Label,
        (1, _) => PhoneField::Extension,
        (button, part) => PhoneField::Button(button, part),
    }
}

impl Accounts<'_, '_> {
    fn fault(&mut self, mac: MacAddress, field: PhoneField, message: impl Into<String>) {
        let fault = self.problems.inventory.fault(mac, field, message.into());
        self.problems.faults.push(fault);
    }

    fn check(&mut self, mac: MacAddress, field: PhoneField, result: Result<(), String>) {
        if let Err(message) = result {
            self.fault(mac, field, message);
        }
    }

    fn phone(&mut self, listed: &PhoneEntry) -> ResolvedPhone {
        let mac = listed.mac;
        let inventory = self.problems.inventory;
        let site = &inventory.site;
        self.model(listed);
        let voicemail = listed.voicemail.as_ref().or(site.voicemail.as_ref());
        if let Some(number) = &listed.voicemail {
            self.check(mac, PhoneField::Voicemail, charset::number(number));
        }
        let mut buttons = Vec::new();
        match &listed.extension {
            None => {
                // A value with a fault is reported already.
                if !inventory.has_value(mac, PhoneField::Extension) {
                    let message = "a phone without an extension: expected `extension`";
                    self.fault(mac, PhoneField::Mac, message);
                }
                let (name, label) = (listed.name.as_deref(), listed.label.as_deref());
                self.check_texts(mac, 1, name, label, listed.secret.as_ref());
            }
            Some(extension) => {
                let first = LineValues {
                    button: 1,
                    extension,
                    name: listed.name.as_deref(),
                    secret: listed.secret.as_ref(),
                    label: listed.label.as_deref(),
                    shared: listed.shared,
                };
                buttons.push(self.line(listed, &first, voicemail));
            }
        }
        for button in &listed.buttons {
            let number = button.number;
            buttons.push(match &button.function {
                ButtonFunction::Line(line) => {
                    let line = LineValues {
                        button: number,
                        extension: &line.extension,
                        name: line.name.as_deref(),
                        secret: line.secret.as_ref(),
                        label: line.label.as_deref(),
                        shared: line.shared,
                    };
                    self.line(listed, &line, voicemail)
                }
                ButtonFunction::SpeedDial {
                    number: dialled,
                    label,
                    blf,
                } => {
                    self.check(
                        mac,
                        field(number, ButtonField::Number),
                        charset::number(dialled),
                    );
                    if let Some(label) = label {
                        self.check(
                            mac,
                            field(number, ButtonField::Label),
                            charset::display_text(label),
                        );
                    }
                    let label = label.as_ref().unwrap_or(dialled);
                    self.note_state(listed, *blf);
                    ResolvedButton {
                        number,
                        label: self.shown_on_button(listed.model, dialled, label),
                        function: ResolvedFunction::Dial {
                            number: dialled.clone(),
                            blf: *blf,
                        },
                    }
                }
            });
        }
        let transport = transport(listed.model, site.transport);
        self.note_transport(listed, transport);
        self.check_lines(listed, transport, &buttons);
        let load = self
            .given
            .loads
            .iter()
            .find(|(model, _)| Some(*model) == listed.model);
        ResolvedPhone {
            mac,
            name: listed.name.clone().unwrap_or_default(),
            model: listed.model,
            load: load.map(|(_, load)| load.clone()),
            label: self.label(listed),
            voicemail: voicemail.cloned(),
            ssh: self.ssh(listed),
            web_access: listed.web_access.or(site.web_access).unwrap_or(true),
            transport,
            buttons,
        }
    }

    /// Checks that the model is supported and has the buttons.
    fn model(&mut self, listed: &PhoneEntry) {
        let mac = listed.mac;
        let last = listed.buttons.last();
        let Some(model) = listed.model else {
            // A model with a fault is reported already.
            let is_unknown = self.problems.inventory.has_value(mac, PhoneField::Model);
            if let Some(button) = last.filter(|_| !is_unknown) {
                let message = "a phone with further line buttons needs a model, which decides how \
                               many there are";
                self.fault(mac, of_button(button), message);
            }
            return;
        };
        if let Some(why) = model.family.unsupported() {
            self.fault(
                mac,
                PhoneField::Model,
                format!(
                    "no configuration is written for a {}: {}. {}",
                    model.number,
                    why.text(),
                    why.cure()
                ),
            );
        }
        let buttons = model.line_buttons();
        for button in listed
            .buttons
            .iter()
            .filter(|button| button.number > buttons)
        {
            self.fault(
                mac,
                of_button(button),
                format!(
                    "button {} of a {}, which has {buttons}",
                    button.number, model.number
                ),
            );
        }
    }

    /// Checks the name, the label and the password of a line.
    fn check_texts(
        &mut self,
        mac: MacAddress,
        button: u8,
        name: Option<&str>,
        label: Option<&str>,
        secret: Option<&Secret>,
    ) {
        for (part, text) in [(ButtonField::Name, name), (ButtonField::Label, label)] {
            if let Some(text) = text {
                self.check(mac, field(button, part), charset::display_text(text));
            }
        }
        if let Some(secret) = secret {
            let result = charset::secret(secret.expose());
            self.check(mac, field(button, ButtonField::Secret), result);
        }
    }

    fn line(
        &mut self,
        listed: &PhoneEntry,
        line: &LineValues<'_>,
        voicemail: Option<&String>,
    ) -> ResolvedButton {
        let mac = listed.mac;
        let at = |part| field(line.button, part);
        self.check(
            mac,
            at(ButtonField::Extension),
            charset::extension(line.extension),
        );
        self.check_texts(mac, line.button, line.name, line.label, line.secret);
        let name = line.name.unwrap_or(line.extension);
        let shown = self.shown("name", line.extension, name, MAX_CALLER_ID);
        let label = line.label.unwrap_or(line.extension);
        let most = most_bytes(listed.model);
        let label = self.shown("label", line.extension, label, most);
        let display = self.shown("name", line.extension, &shown, most);
        if let Some(secret) = line.secret {
            let is_cut = listed.model.is_some_and(Model::truncates_secrets);
            if is_cut && secret.expose().len() > SAFE_SECRET {
                self.long.push(line.extension.to_owned());
            }
        }
        let account = match self.first_uses.get(&line.extension.to_lowercase()) {
            Some(_) => self.add_repeated(mac, line),
            None => self.add_first(mac, line, &shown, voicemail),
        };
        ResolvedButton {
            number: line.button,
            label,
            function: ResolvedFunction::Line { account, display },
        }
    }

    fn ssh(&mut self, listed: &PhoneEntry) -> Option<(String, Secret)> {
        let inventory = self.problems.inventory;
        let site = &inventory.site;
        if let Some(user) = &listed.ssh_user {
            self.check(listed.mac, PhoneField::SshUser, charset::ssh_user(user));
        }
        if let Some(password) = &listed.ssh_password {
            let result = charset::ssh_password(password.expose());
            self.check(listed.mac, PhoneField::SshPassword, result);
        }
        let user = listed.ssh_user.as_ref().or(site.ssh_user.as_ref());
        let password = listed.ssh_password.as_ref().or(site.ssh_password.as_ref());
        match (user, password) {
            (Some(user), Some(password)) => Some((user.clone(), password.clone())),
            (None, None) => None,
            _ => {
                let message = "SSH needs a user and a password: expected ssh_user and ssh_password";
                self.fault(listed.mac, PhoneField::SshUser, message);
                None
            }
        }
    }
}

fn of_button(button: &LineButton) -> PhoneField {
    let part = match button.function {
        ButtonFunction::Line(_) => ButtonField::Extension,
        ButtonFunction::SpeedDial { .. } => ButtonField::Number,
    };
    PhoneField::Button(button.number, part)
}
