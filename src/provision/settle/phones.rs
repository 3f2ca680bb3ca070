//! The phones of a plan, and their line buttons.

mod accounts;

use std::collections::{BTreeMap, HashMap};

use super::{Given, Judge, named};
use crate::{
    inventory::{Button, Field, Key as Listed_, Listed, Part, Secret, Transport},
    phone::{MAX_PHONE_LABEL, MacAddress, Model, SAFE_SECRET},
    provision::{
        letters,
        plan::{Account, Does, Key, Phone},
    },
};

/// A line as the inventory has it, of the first button or a further one.
struct Wanted<'a> {
    button: u8,
    extension: &'a str,
    name: Option<&'a str>,
    secret: Option<&'a Secret>,
    label: Option<&'a str>,
    shared: bool,
}

/// Where an extension was first met.
struct Met {
    account: usize,
    mac: MacAddress,
    shared: bool,
    secret: Option<Secret>,
}

struct Accounts<'a, 'b> {
    judge: &'a mut Judge<'b>,
    given: &'a Given<'a>,
    /// What the inventory says: a shared line may have its secret on another phone.
    secrets: BTreeMap<&'b str, &'b Secret>,
    list: Vec<Account>,
    /// Extensions whose password their phone may cut.
    long: Vec<String>,
    /// By the extension without case: Asterisk's sections are.
    met: HashMap<String, Met>,
}

pub(super) fn settle(judge: &mut Judge<'_>, given: &Given<'_>) -> (Vec<Phone>, Vec<Account>) {
    let inventory = judge.inventory;
    let mut accounts = Accounts {
        judge,
        given,
        secrets: inventory.secrets(),
        list: Vec::new(),
        long: Vec::new(),
        met: HashMap::new(),
    };
    let phones = inventory
        .phones
        .iter()
        .map(|phone| accounts.phone(phone))
        .collect();
    let Accounts { list, long, .. } = accounts;
    note(judge, &list, &long);
    (phones, list)
}

fn note(judge: &mut Judge<'_>, accounts: &[Account], long: &[String]) {
    let long: Vec<_> = long.iter().map(String::as_str).collect();
    if !long.is_empty() {
        judge.notes.push(format!(
            "the passwords of {} have more than {SAFE_SECRET} characters: people report that a \
             7941 or 7961 cuts such ones. If these do not register, make them shorter.",
            named(&long)
        ));
    }
    let shared = accounts.iter().filter(|account| account.phones > 1);
    let shared: Vec<_> = shared.map(|account| account.user.as_str()).collect();
    if !shared.is_empty() {
        judge.notes.push(format!(
            "all phones of {} ring with pjsip only: chan_sip knows the one that registered last.",
            named(&shared)
        ));
    }
}

fn field(button: u8, part: Part) -> Field {
    match (button, part) {
        (1, Part::Name) => Field::Name,
        (1, Part::Secret) => Field::Secret,
        (1, Part::Label) => Field::Label,
        (1, _) => Field::Extension,
        (button, part) => Field::Button(button, part),
    }
}

impl Accounts<'_, '_> {
    fn fault(&mut self, mac: MacAddress, field: Field, message: impl Into<String>) {
        let fault = self.judge.inventory.fault(mac, field, message.into());
        self.judge.faults.push(fault);
    }

    fn check(&mut self, mac: MacAddress, field: Field, judged: Result<(), String>) {
        if let Err(message) = judged {
            self.fault(mac, field, message);
        }
    }

    fn phone(&mut self, listed: &Listed) -> Phone {
        let mac = listed.mac;
        let inventory = self.judge.inventory;
        let site = &inventory.site;
        self.model(listed);
        let voicemail = listed.voicemail.as_ref().or(site.voicemail.as_ref());
        if let Some(number) = &listed.voicemail {
            self.check(mac, Field::Voicemail, letters::number(number));
        }
        let mut keys = Vec::new();
        match &listed.extension {
            None => self.fault(
                mac,
                Field::Mac,
                "a phone without an extension: expected the number that it answers to",
            ),
            Some(extension) => {
                let first = Wanted {
                    button: 1,
                    extension,
                    name: listed.name.as_deref(),
                    secret: listed.secret.as_ref(),
                    label: listed.label.as_deref(),
                    shared: listed.shared,
                };
                keys.push(self.line(listed, &first, voicemail));
            }
        }
        for button in &listed.buttons {
            let number = button.number;
            keys.push(match &button.key {
                Listed_::Line(line) => {
                    let wanted = Wanted {
                        button: number,
                        extension: &line.extension,
                        name: line.name.as_deref(),
                        secret: line.secret.as_ref(),
                        label: line.label.as_deref(),
                        shared: line.shared,
                    };
                    self.line(listed, &wanted, voicemail)
                }
                Listed_::SpeedDial {
                    number: dialled,
                    label,
                } => {
                    self.check(mac, field(number, Part::Number), letters::number(dialled));
                    if let Some(label) = label {
                        self.check(mac, field(number, Part::Label), letters::words(label));
                    }
                    let label = label.as_ref().unwrap_or(dialled);
                    Key {
                        button: number,
                        label: label.clone(),
                        does: Does::Dial(dialled.clone()),
                    }
                }
            });
        }
        self.one_line_by_tcp(mac, &keys);
        let load = self
            .given
            .loads
            .iter()
            .find(|(model, _)| Some(*model) == listed.model);
        Phone {
            mac,
            name: listed.name.clone().unwrap_or_default(),
            load: load.map(|(_, load)| load.clone()),
            label: self.label(listed),
            voicemail: voicemail.cloned(),
            ssh: self.ssh(listed),
            web_access: listed.web_access.or(site.web_access).unwrap_or(true),
            has_display_light: listed.model.is_none_or(Model::has_display_light),
            keys,
        }
    }

    /// Whether files can be written for it, and whether it has the buttons.
    fn model(&mut self, listed: &Listed) {
        let mac = listed.mac;
        let last = listed.buttons.last();
        let Some(model) = listed.model else {
            if let Some(button) = last {
                let message = "a phone with further line buttons needs its model: how many there \
                               are depends on it";
                self.fault(mac, of_button(button), message);
            }
            return;
        };
        if !model.family.is_convertible() {
            self.fault(
                mac,
                Field::Model,
                format!(
                    "files are written for the models that `reflash models` says are converted; \
                     a {} reads others",
                    model.number
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

    fn line(&mut self, listed: &Listed, line: &Wanted<'_>, voicemail: Option<&String>) -> Key {
        let mac = listed.mac;
        let at = |part| field(line.button, part);
        self.check(mac, at(Part::Extension), letters::user(line.extension));
        for (part, text) in [(Part::Name, line.name), (Part::Label, line.label)] {
            if let Some(text) = text {
                self.check(mac, at(part), letters::words(text));
            }
        }
        let display = line.name.unwrap_or(line.extension);
        let label = line.label.unwrap_or(line.extension);
        if let Some(secret) = line.secret {
            self.check(mac, at(Part::Secret), letters::secret(secret.expose()));
            let is_cut = listed.model.is_some_and(Model::truncates_secrets);
            if is_cut && secret.expose().len() > SAFE_SECRET {
                self.long.push(line.extension.to_owned());
            }
        }
        let account = match self.met.get(&line.extension.to_lowercase()) {
            Some(_) => self.again(mac, line),
            None => self.first(mac, line, display, voicemail),
        };
        Key {
            button: line.button,
            label: label.to_owned(),
            does: Does::Line {
                account,
                display: display.to_owned(),
            },
        }
    }

    /// In call-manager mode, which TCP needs, a phone registers its first line alone.
    fn one_line_by_tcp(&mut self, mac: MacAddress, keys: &[Key]) {
        if self.judge.inventory.site.transport != Some(Transport::Tcp) {
            return;
        }
        let is_line = |key: &&Key| matches!(key.does, Does::Line { .. });
        if let Some(second) = keys.iter().filter(is_line).nth(1) {
            let at = field(second.button, Part::Extension);
            let message = "a second line with transport tcp, over which a phone registers its \
                           first line alone: expected one line, or transport udp";
            self.fault(mac, at, message);
        }
    }

    /// What stands in the corner of the display.
    fn label(&mut self, listed: &Listed) -> String {
        let takes_no_blanks = listed.model.is_none_or(Model::label_rejects_spaces);
        let fits = |text: &str| {
            text.chars().count() <= MAX_PHONE_LABEL
                && !(takes_no_blanks && text.contains(char::is_whitespace))
        };
        match &listed.label {
            Some(label) => {
                if !fits(label) {
                    self.fault(
                        listed.mac,
                        Field::Label,
                        format!(
                            "the phone shows a label of at most {MAX_PHONE_LABEL} characters \
                             without blanks"
                        ),
                    );
                }
                label.clone()
            }
            None => listed
                .extension
                .clone()
                .filter(|text| fits(text))
                .unwrap_or_default(),
        }
    }

    fn ssh(&mut self, listed: &Listed) -> Option<(String, Secret)> {
        let inventory = self.judge.inventory;
        let site = &inventory.site;
        if let Some(user) = &listed.ssh_user {
            self.check(listed.mac, Field::SshUser, letters::login(user));
        }
        if let Some(password) = &listed.ssh_password {
            let judged = letters::secret(password.expose());
            self.check(listed.mac, Field::SshPassword, judged);
        }
        let user = listed.ssh_user.as_ref().or(site.ssh_user.as_ref());
        let password = listed.ssh_password.as_ref().or(site.ssh_password.as_ref());
        match (user, password) {
            (Some(user), Some(password)) => Some((user.clone(), password.clone())),
            (None, None) => None,
            _ => {
                let message = "SSH needs a user and a password: expected ssh_user and ssh_password";
                self.fault(listed.mac, Field::SshUser, message);
                None
            }
        }
    }
}

fn of_button(button: &Button) -> Field {
    let part = match button.key {
        Listed_::Line(_) => Part::Extension,
        Listed_::SpeedDial { .. } => Part::Number,
    };
    Field::Button(button.number, part)
}
