//! The settings of the site in the forms that only some families of phones read.

use super::problems::Problems;
use crate::{
    inventory::{Codec, Inventory, SiteField},
    phone::{Dialect, Family, LoadName, Model, Protocol, is_checked_date_format, is_date_format},
    provision::{
        clock::{Clock, clock},
        inputs::ProvisionInputs,
        plan::FirstPhones,
    },
};

/// Maximum lengths in characters of a host and of a URL on a 7940 or 7960 (P0S3-8-12-00).
const MAX_HOST: usize = 47;
const MAX_URL: usize = 127;

/// Maximum length in characters of `image_version`.
const MAX_IMAGE_VERSION: usize = 20;

/// The clock if the time zone has a fault.
const UNKNOWN_CLOCK: Clock = Clock {
    zone: "GMT",
    daylight: None,
};

/// Checks the settings that some of the phones read in another form. Returns those of a 7940 and
/// 7960, if there is one. `zone`: the time zone, unless it has a fault.
pub(super) fn check(
    problems: &mut Problems<'_>,
    given: &ProvisionInputs<'_>,
    date_format: &str,
    zone: Option<&str>,
) -> Option<FirstPhones> {
    let inventory = problems.inventory;
    checked_date(problems, date_format);
    checked_port(problems);
    load_name(problems);
    let model = first_phone(inventory)?;
    lengths(problems, model);
    if !inventory.site.codecs.is_empty() && inventory.site.codecs.iter().all(|c| *c == Codec::G722)
    {
        let message = format!(
            "a {} has no G.722: expected ulaw, alaw or g729 too",
            model.number
        );
        problems.site(SiteField::Codecs, Err(message));
    }
    let date = legacy_date(date_format);
    if date.is_none() {
        let message = format!(
            "a {} does not show the date in this order: expected D/M/Y, M/D/Y, Y/M/D or Y/D/M",
            model.number
        );
        problems.site(SiteField::DateFormat, Err(message));
    }
    let found = zone.map(|zone| clock(zone, given.year));
    if let Some(Err(error)) = &found {
        problems.site(SiteField::TimeZone, Err(error.to_string()));
    }
    Some(FirstPhones {
        image_version: image_version(problems, given),
        clock: found.and_then(Result::ok).unwrap_or(UNKNOWN_CLOCK),
        date_format: date.unwrap_or_default(),
        has_24_hours: !date_format.ends_with(['A', 'a']),
    })
}

/// The first 7940 or 7960 of the inventory.
fn first_phone(inventory: &Inventory) -> Option<&'static Model> {
    let mut models = inventory.phones.iter().filter_map(|phone| phone.model);
    models.find(|model| model.family == Family::P3)
}

/// The date format of phones that check it. They show two digits of the year.
pub(in crate::provision) fn date_for_checking_phones(format: &str) -> String {
    let upper = format.strip_suffix('a').map(|bare| format!("{bare}A"));
    upper
        .unwrap_or_else(|| format.to_owned())
        .replace("YY", "Y")
}

fn checked_date(problems: &mut Problems<'_>, date_format: &str) {
    let known = is_checked_date_format(&date_for_checking_phones(date_format));
    let mut models = problems.inventory.phones.iter().filter_map(|one| one.model);
    let checking = models.find(|model| Dialect::of(Some(model)).checks_dates);
    if let Some(model) = checking.filter(|_| !known && is_date_format(date_format)) {
        let message = format!(
            "a {} does not show the date in this order: expected D/M/Y, M/D/Y or Y/M/D",
            model.number
        );
        problems.site(SiteField::DateFormat, Err(message));
    }
}

fn checked_port(problems: &mut Problems<'_>) {
    let Some(port) = problems.inventory.site.port else {
        return;
    };
    let mut models = problems.inventory.phones.iter().filter_map(|one| one.model);
    let rejecting = models.find_map(|model| {
        let mut ranges = Dialect::of(Some(model)).ranges.iter();
        let range = ranges.find(|range| (range.name, range.parent) == ("sipPort", "ports"))?;
        let is_good = (range.least..=range.most).contains(&u32::from(port));
        (!is_good).then_some((model, range))
    });
    if let Some((model, range)) = rejecting {
        let message = format!(
            "a {} accepts a port from {} to {}",
            model.number, range.least, range.most
        );
        problems.site(SiteField::Port, Err(message));
    }
}

/// The date format of a 7940 or 7960 with the same order.
fn legacy_date(format: &str) -> Option<&'static str> {
    let bare = format.trim_end_matches(['A', 'a']);
    let order: String = bare.chars().filter(char::is_ascii_alphabetic).collect();
    Some(match (order.as_str(), bare.contains('-')) {
        ("DMY" | "DMYY", _) => "D/M/Y",
        ("MDY" | "MDYY", _) => "M/D/Y",
        ("YMD", true) => "Y-M-D",
        ("YYMD", true) => "YY-M-D",
        ("YMD" | "YYMD", false) => "Y/M/D",
        ("YDM" | "YYDM", _) => "Y/D/M",
        _ => return None,
    })
}

fn lengths(problems: &mut Problems<'_>, model: &Model) {
    let site = &problems.inventory.site;
    let texts = [
        (SiteField::Pbx, &site.pbx, MAX_HOST),
        (SiteField::BackupPbx, &site.backup_pbx, MAX_HOST),
        (SiteField::DirectoryUrl, &site.directory_url, MAX_URL),
        (SiteField::ServicesUrl, &site.services_url, MAX_URL),
    ];
    let texts = texts
        .into_iter()
        .filter_map(|(field, text, most)| Some((field, text.as_deref()?, most)));
    let time_server = site.ntp.first();
    let time_server = time_server.map(|server| (SiteField::Ntp, server.as_str(), MAX_HOST));
    for (field, text, most) in texts.chain(time_server) {
        if text.len() > most {
            let message = format!(
                "{} characters, but a {} keeps {most}: expected a shorter one, such as an address",
                text.len(),
                model.number
            );
            problems.site(field, Err(message));
        }
    }
}

/// Checks the load that the inventory names for the 7940 and 7960.
fn load_name(problems: &mut Problems<'_>) {
    let Some(text) = &problems.inventory.site.image_version else {
        return;
    };
    let load = LoadName::new(text);
    let is_good = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let is_load = load.as_str() == text
        && text.starts_with("P0S3")
        && load.protocol() == Some(Protocol::Sip)
        && text.len() <= MAX_IMAGE_VERSION
        && text.chars().all(is_good);
    if !is_load {
        let message = format!(
            "expected the SIP load of a 7940 and 7960 without .loads, such as P0S3-8-12-00: at \
             most {MAX_IMAGE_VERSION} characters"
        );
        problems.site(SiteField::ImageVersion, Err(message));
    }
}

/// The load of the 7940 and 7960: that of the firmware here, or the one in the inventory.
fn image_version(problems: &mut Problems<'_>, given: &ProvisionInputs<'_>) -> Option<LoadName> {
    let mut loads = given.loads.iter();
    let staged = loads.find(|(model, _)| model.family == Family::P3);
    let staged = staged.map(|(_, load)| load.clone());
    let listed = problems.inventory.site.image_version.as_deref();
    let listed = listed.map(LoadName::new);
    if let Some((staged, listed)) = staged.as_ref().zip(listed.as_ref())
        && staged != listed
    {
        let message = format!(
            "the firmware is {staged}: expected the same, or no `image_version`. A phone with two \
             loads restarts again and again"
        );
        problems.site(SiteField::ImageVersion, Err(message));
    }
    staged.or(listed)
}
