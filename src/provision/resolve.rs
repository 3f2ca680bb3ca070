//! Resolves an inventory to a [`ProvisionPlan`]: checks every value and applies every default.

use super::{
    charset,
    inputs::ProvisionInputs,
    plan::{CallSettings, Locale, Manager, ProvisionPlan, ResolvedSite, ServiceUrls, SoftKeyFiles},
    time_zone::cisco_time_zone,
};
use crate::{
    inventory::{Codec, Inventory, InventoryFault, SiteField},
    phone::ConfigurationForm,
};

mod dial_plan;
mod families;
mod of_model;
mod phones;
mod problems;

pub(super) use families::date_for_checking_phones;
pub(super) use of_model::transport;
use problems::Problems;

/// SIP's port (RFC 3261, section 19.1.2).
const PORT: u16 = 5060;
/// The codecs of every phone and every Asterisk, without a module or a licence.
const CODECS: [Codec; 2] = [Codec::Ulaw, Codec::Alaw];
const ZONE: &str = "UTC";
const DATE_FORMAT: &str = "D/M/Y";
/// The default RTP ports of the 7900 series.
const RTP: (u16, u16) = (16384, 32766);
/// The name in `FreePBX`. Other Asterisk systems accept any name.
const CONTEXT: &str = "from-internal";
const LANGUAGE: &str = "en_US";
const PICKUP_GROUP: &str = "reflash";

/// Checks and resolves an inventory. Returns all faults, in file order.
pub(super) fn resolve(
    inventory: &Inventory,
    given: &ProvisionInputs<'_>,
) -> Result<ProvisionPlan, Vec<InventoryFault>> {
    let mut problems = Problems {
        inventory,
        faults: Vec::new(),
        notes: Vec::new(),
        of_files: Vec::new(),
    };
    let site = site(&mut problems, given);
    let (mut phones, accounts) = phones::resolve(&mut problems, given);
    if let Some(own) = &site.first_phones {
        let read_settings = phones
            .iter_mut()
            .filter(|phone| phone.form() == ConfigurationForm::Settings);
        read_settings.for_each(|phone| phone.load.clone_from(&own.image_version));
    }
    let emergency = dial_plan::note(&mut problems, &site, given, &phones, &accounts);
    if problems.faults.is_empty() {
        return Ok(ProvisionPlan {
            site,
            phones,
            accounts,
            notes: problems.notes,
            of_files: problems.of_files,
            emergency,
            manager: given.passwords.manager().map(|secret| Manager {
                secret: secret.clone(),
                from: inventory.site.ami_from.clone(),
            }),
        });
    }
    problems
        .faults
        .sort_by_key(|fault| (fault.line, fault.column));
    Err(problems.faults)
}

type Check = fn(&str) -> Result<(), String>;

/// Checks the values of the site one by one.
fn check_values(problems: &mut Problems<'_>) {
    let site = &problems.inventory.site;
    let checks: [(SiteField, Option<&String>, Check); 16] = [
        (SiteField::Pbx, site.pbx.as_ref(), charset::host),
        (
            SiteField::DateFormat,
            site.date_format.as_ref(),
            charset::date_format,
        ),
        (SiteField::Locale, site.locale.as_ref(), charset::locale),
        (
            SiteField::Language,
            site.language.as_ref(),
            charset::language,
        ),
        (
            SiteField::NetworkLocale,
            site.network_locale.as_ref(),
            charset::locale,
        ),
        (SiteField::Context, site.context.as_ref(), charset::context),
        (
            SiteField::Voicemail,
            site.voicemail.as_ref(),
            charset::number,
        ),
        (
            SiteField::SshUser,
            site.ssh_user.as_ref(),
            charset::ssh_user,
        ),
        (
            SiteField::BackupPbx,
            site.backup_pbx.as_ref(),
            charset::host,
        ),
        (
            SiteField::DirectoryUrl,
            site.directory_url.as_ref(),
            charset::url,
        ),
        (
            SiteField::ServicesUrl,
            site.services_url.as_ref(),
            charset::url,
        ),
        (
            SiteField::EmergencyTrunk,
            site.emergency_trunk.as_ref(),
            charset::trunk,
        ),
        (
            SiteField::PickupGroup,
            site.pickup_group.as_ref(),
            charset::group,
        ),
        (
            SiteField::SoftKeyFile,
            site.soft_key_file.as_ref(),
            charset::file_name,
        ),
        (
            SiteField::FeaturePolicyFile,
            site.feature_policy_file.as_ref(),
            charset::file_name,
        ),
        (SiteField::AmiFrom, site.ami_from.as_ref(), charset::address),
    ];
    for (field, value, check) in checks {
        if let Some(value) = value {
            problems.site(field, check(value));
        }
    }
    for server in &site.ntp {
        problems.site(SiteField::Ntp, charset::time_server(server));
    }
    if let Some(password) = &site.ssh_password {
        let result = charset::ssh_password(password.expose());
        problems.site(SiteField::SshPassword, result);
    }
}

fn site(problems: &mut Problems<'_>, given: &ProvisionInputs<'_>) -> ResolvedSite {
    check_values(problems);
    let site = &problems.inventory.site;
    if site.pbx.is_none() {
        problems.site(
            SiteField::Pbx,
            Err(
                "no PBX: expected `pbx`, the address at which phones register, in \
                 [site] or in a column"
                    .to_owned(),
            ),
        );
    }
    if site.backup_pbx.is_some() && site.backup_pbx == site.pbx {
        let message =
            "the second PBX is the first one: expected another address, or no `backup_pbx`";
        problems.site(SiteField::BackupPbx, Err(message.to_owned()));
    }
    if site.language.is_some() && site.locale.is_none() {
        let message = "a language without `locale`, the folder of its files";
        problems.site(SiteField::Language, Err(message.to_owned()));
    }
    let zone = cisco_time_zone(site.time_zone.as_deref().unwrap_or(ZONE), given.year);
    problems.site(
        SiteField::TimeZone,
        zone.as_ref().map(|_| ()).map_err(ToString::to_string),
    );
    if site.time_zone.is_none() {
        problems.notes.push(
            "no `time_zone`: the phones' clocks show UTC. Set one, such as \
             Europe/Vienna."
                .to_owned(),
        );
    }
    if given.dial_plan.is_none() {
        problems.notes.push(
            "no `dial_plan`: phones wait 10 s (79xx) or 15 s (other phones) after the last digit, or \
             for the Dial key. Set a preset or a file."
                .to_owned(),
        );
    }
    let date_format = site.date_format.as_deref().unwrap_or(DATE_FORMAT);
    let written_zone = site.time_zone.as_deref().unwrap_or(ZONE);
    let good_zone = zone.as_ref().ok().map(|_| written_zone);
    let first_phones = families::check(problems, given, date_format, good_zone);
    let or =
        |value: &Option<String>, default: &str| value.clone().unwrap_or_else(|| default.to_owned());
    ResolvedSite {
        pbx: site.pbx.clone().unwrap_or_default(),
        backup_pbx: site.backup_pbx.clone(),
        port: site.port.unwrap_or(PORT),
        codecs: if site.codecs.is_empty() {
            CODECS.to_vec()
        } else {
            site.codecs.clone()
        },
        zone: zone.unwrap_or_default(),
        date_format: date_format.to_owned(),
        ntp: site.ntp.clone(),
        locale: site.locale.clone().map(|folder| Locale {
            folder,
            language: or(&site.language, LANGUAGE),
        }),
        network_locale: site.network_locale.clone(),
        rtp: site.rtp.unwrap_or(RTP),
        has_dial_plan: given.dial_plan.is_some(),
        urls: ServiceUrls {
            directory: or(&site.directory_url, ""),
            services: or(&site.services_url, ""),
        },
        calls: CallSettings {
            context: or(&site.context, CONTEXT),
            emergency_trunk: site.emergency_trunk.clone(),
            pickup_group: or(&site.pickup_group, PICKUP_GROUP),
        },
        soft_keys: SoftKeyFiles {
            soft_key_file: site.soft_key_file.clone(),
            feature_policy_file: site.feature_policy_file.clone(),
        },
        first_phones,
    }
}
