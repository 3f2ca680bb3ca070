//! From an inventory to a [`Plan`]: every value judged, every default filled in.

use super::{
    Given, letters,
    plan::{Account, Locale, Plan, Site},
    time_zone::cisco_time_zone,
};
use crate::{
    dialplan::{DialMode, DialPlan},
    inventory::{Codec, Fault, Inventory, SiteField, Transport},
};

mod phones;

/// SIP's port (RFC 3261, section 19.1.2).
const PORT: u16 = 5060;
/// The only transport on which a phone registers every one of its lines at a PBX that is no
/// call manager: docs/configuration.md, "transport", has the argument.
const TRANSPORT: Transport = Transport::Udp;
/// What every phone and every Asterisk has, without a module and without a licence.
const CODECS: [Codec; 2] = [Codec::Ulaw, Codec::Alaw];
const ZONE: &str = "UTC";
const DATE_FORMAT: &str = "D/M/Y";
/// Phones of the 7900 series use these unless they are told otherwise.
const RTP: (u16, u16) = (16384, 32766);
/// What `FreePBX` calls it; another Asterisk takes any name.
const CONTEXT: &str = "from-internal";
const LANGUAGE: &str = "en_US";

/// Faults as they are found, and the inventory that has them.
struct Judge<'a> {
    inventory: &'a Inventory,
    faults: Vec<Fault>,
    notes: Vec<String>,
}

impl Judge<'_> {
    fn site(&mut self, field: SiteField, judged: Result<(), String>) {
        if let Err(message) = judged {
            let fault = self.inventory.site_fault(field, message);
            self.faults.push(fault);
        }
    }
}

/// Judges an inventory and settles it; all faults at once, in the order of the text.
pub(super) fn settle(inventory: &Inventory, given: &Given<'_>) -> Result<Plan, Vec<Fault>> {
    let mut judge = Judge {
        inventory,
        faults: Vec::new(),
        notes: Vec::new(),
    };
    let site = site(&mut judge, given);
    let (phones, accounts) = phones::settle(&mut judge, given);
    dialled_otherwise(&mut judge, &site, given, &accounts);
    if judge.faults.is_empty() {
        return Ok(Plan {
            site,
            phones,
            accounts,
            notes: judge.notes,
        });
    }
    judge.faults.sort_by_key(|fault| (fault.line, fault.column));
    Err(judge.faults)
}

/// Names in a note at most; of more, their number is told.
const MAX_NAMED: usize = 5;

/// `1001, 1002 and 3 more`.
fn named(names: &[&str]) -> String {
    let first = names[..names.len().min(MAX_NAMED)].join(", ");
    match names.len().saturating_sub(MAX_NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// Numbers of this site that a phone with this dial plan sends otherwise than they are dialled.
fn dialled_otherwise(judge: &mut Judge<'_>, site: &Site, given: &Given<'_>, accounts: &[Account]) {
    let Some(bytes) = given.dial_plan else {
        return;
    };
    let plan = match DialPlan::read(bytes) {
        Ok(plan) => plan,
        Err(found) => return judge.site(SiteField::DialPlan, Err(found.message)),
    };
    let mode = match site.transport {
        Transport::Udp => DialMode::Proxy,
        Transport::Tcp => DialMode::CallManager,
    };
    let is_dialled = |number: &str| number.chars().all(|key| "0123456789*#+".contains(key));
    let mut otherwise: Vec<&str> = accounts
        .iter()
        .flat_map(|account| {
            let mailbox = account
                .mailbox
                .as_ref()
                .map(|mailbox| mailbox.number.as_str());
            std::iter::once(account.user.as_str()).chain(mailbox)
        })
        .filter(|number| is_dialled(number) && plan.dial(number, mode).sent != *number)
        .collect();
    otherwise.sort_unstable();
    otherwise.dedup();
    if let [first, ..] = otherwise[..] {
        judge.notes.push(format!(
            "the dial plan sends something else when somebody dials {}: `reflash dial` with the \
             plan and {first} says what and why.",
            named(&otherwise)
        ));
    }
}

type Check = fn(&str) -> Result<(), String>;

fn site(judge: &mut Judge<'_>, given: &Given<'_>) -> Site {
    let site = &judge.inventory.site;
    let checks: [(SiteField, Option<&String>, Check); 8] = [
        (SiteField::Pbx, site.pbx.as_ref(), letters::host),
        (
            SiteField::DateFormat,
            site.date_format.as_ref(),
            letters::date_format,
        ),
        (SiteField::Locale, site.locale.as_ref(), letters::locale),
        (
            SiteField::Language,
            site.language.as_ref(),
            letters::language,
        ),
        (
            SiteField::NetworkLocale,
            site.network_locale.as_ref(),
            letters::locale,
        ),
        (SiteField::Context, site.context.as_ref(), letters::context),
        (
            SiteField::Voicemail,
            site.voicemail.as_ref(),
            letters::number,
        ),
        (SiteField::SshUser, site.ssh_user.as_ref(), letters::login),
    ];
    for (field, value, check) in checks {
        if let Some(value) = value {
            judge.site(field, check(value));
        }
    }
    for server in &site.ntp {
        judge.site(SiteField::Ntp, letters::time_server(server));
    }
    if let Some(password) = &site.ssh_password {
        judge.site(SiteField::SshPassword, letters::secret(password.expose()));
    }
    if site.pbx.is_none() {
        judge.site(
            SiteField::Pbx,
            Err(
                "no PBX is named: expected `pbx`, the address at which phones register, in \
                 [site] or in a column"
                    .to_owned(),
            ),
        );
    }
    if site.language.is_some() && site.locale.is_none() {
        let message = "a language without `locale`, the folder that phones read it from";
        judge.site(SiteField::Language, Err(message.to_owned()));
    }
    let zone = cisco_time_zone(site.time_zone.as_deref().unwrap_or(ZONE), given.year);
    judge.site(
        SiteField::TimeZone,
        zone.as_ref().map(|_| ()).map_err(ToString::to_string),
    );
    if site.time_zone.is_none() {
        judge.notes.push(
            "no `time_zone` is given: the phones' clocks show UTC. Name one, such as \
             Europe/Vienna."
                .to_owned(),
        );
    }
    if given.dial_plan.is_none() {
        judge.notes.push(
            "no `dial_plan` is given: phones wait 10 s after the last digit, or for the Dial \
             key. Name a preset or a file."
                .to_owned(),
        );
    }
    let or =
        |value: &Option<String>, default: &str| value.clone().unwrap_or_else(|| default.to_owned());
    Site {
        pbx: site.pbx.clone().unwrap_or_default(),
        port: site.port.unwrap_or(PORT),
        transport: site.transport.unwrap_or(TRANSPORT),
        codecs: if site.codecs.is_empty() {
            CODECS.to_vec()
        } else {
            site.codecs.clone()
        },
        zone: zone.unwrap_or_default(),
        date_format: or(&site.date_format, DATE_FORMAT),
        ntp: site.ntp.clone(),
        locale: site.locale.clone().map(|folder| Locale {
            folder,
            language: or(&site.language, LANGUAGE),
        }),
        network_locale: site.network_locale.clone(),
        rtp: site.rtp.unwrap_or(RTP),
        context: or(&site.context, CONTEXT),
        has_dial_plan: given.dial_plan.is_some(),
    }
}
