//! `SEP<MAC>.cnf.xml`: the configuration of a phone.
//!
//! Elements and values come from files in use with these phones; docs/configuration.md explains the
//! choices. The file has no comments: according to one report, a phone failed on them.

use std::io;

use quick_xml::Writer;

use super::{
    plan::{ProvisionPlan, ResolvedPhone},
    resolve::date_for_checking_phones,
};
use crate::{
    inventory::{Codec, PbxTransport},
    phone::{Dialect, MacAddress, Model},
    stage::{call_manager_group, sha256},
};

mod profile;
mod xml;

pub(super) use profile::REGISTER_EXPIRES;
use xml::Xml;
pub(super) use xml::{nested, text};

/// Ports of SCCP and SIP over TLS, which phones with these files do not use.
const SCCP_PORT: &str = "2000";
const TLS_PORT: &str = "5061";

/// Elements of `vendorConfig` that the 69xx, 894x, 78xx and 88xx do not have.
const ONLY_FULL: [&str; 5] = [
    "disableSpeaker",
    "disableSpeakerAndHeadset",
    "videoCapability",
    "autoSelectLineEnable",
    "sshPort",
];

/// The file name that a phone requests.
pub(super) fn name(mac: MacAddress) -> String {
    format!("SEP{}.cnf.xml", mac.upper_hex())
}

/// The file. Its version stamp is a digest of the rest, so it changes with the content.
pub(super) fn file(plan: &ProvisionPlan, phone: &ResolvedPhone) -> io::Result<Vec<u8>> {
    let unstamped = write(plan, phone, "")?;
    let digest = sha256(&unstamped);
    // The length of a call manager's stamps.
    let stamp: String = digest.chars().take(32).collect();
    write(plan, phone, &stamp)
}

fn write(plan: &ProvisionPlan, phone: &ResolvedPhone, stamp: &str) -> io::Result<Vec<u8>> {
    let site = &plan.site;
    let dialect = Dialect::of(phone.model);
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    nested(&mut xml, "device", |xml| {
        text(xml, "deviceProtocol", "SIP")?;
        if let Some((user, password)) = &phone.ssh {
            text(xml, "sshUserId", user)?;
            text(xml, "sshPassword", password.expose())?;
        }
        nested(xml, "devicePool", |xml| pool(xml, plan, dialect))?;
        nested(xml, "sipProfile", |xml| profile::write(xml, plan, phone))?;
        nested(xml, "commonProfile", |xml| {
            text(xml, "phonePassword", "")?;
            text(xml, "backgroundImageAccess", "true")?;
            text(xml, "callLogBlfEnabled", dialect.off)
        })?;
        if let Some(load) = &phone.load {
            text(xml, "loadInformation", load.as_str())?;
        }
        nested(xml, "vendorConfig", |xml| vendor(xml, plan, phone))?;
        if let Some(name) = soft_keys(plan, dialect) {
            text(xml, dialect.soft_keys, name)?;
        }
        text(xml, "versionStamp", stamp)?;
        locales(xml, plan)?;
        // 1: SIP without TLS.
        text(xml, "deviceSecurityMode", "1")?;
        // Empty values clear the settings of an earlier call manager.
        for (service, url) in [
            ("authenticationURL", ""),
            ("directoryURL", site.urls.directory.as_str()),
            ("idleURL", ""),
            ("informationURL", ""),
            ("messagesURL", ""),
            ("proxyServerURL", ""),
            ("servicesURL", site.urls.services.as_str()),
        ] {
            text(xml, service, url)?;
        }
        text(xml, "dscpForSCCPPhoneConfig", "96")?;
        text(xml, "dscpForSCCPPhoneServices", "0")?;
        text(xml, "dscpForCm2Dvce", "96")?;
        text(
            xml,
            "transportLayerProtocol",
            match phone.transport {
                PbxTransport::Tcp => "1",
                PbxTransport::Udp => "2",
            },
        )?;
        text(xml, "capfAuthMode", "0")?;
        nested(xml, "capfList", |xml| {
            nested(xml, "capf", |xml| text(xml, "phonePort", "3804"))
        })?;
        text(xml, "certHash", "")?;
        text(xml, "encrConfig", "false")?;
        let wide = site.codecs.contains(&Codec::G722);
        text(xml, "advertiseG722Codec", if wide { "1" } else { "0" })
    })?;
    let mut bytes = xml.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

fn pool(xml: &mut Xml, plan: &ProvisionPlan, dialect: &Dialect) -> io::Result<()> {
    let site = &plan.site;
    nested(xml, "dateTimeSetting", |xml| {
        let date_format = if dialect.checks_dates {
            &date_for_checking_phones(&site.date_format)
        } else {
            &site.date_format
        };
        text(xml, "dateTemplate", date_format)?;
        text(xml, "timeZone", site.zone)?;
        if site.ntp.is_empty() {
            return Ok(());
        }
        nested(xml, "ntps", |xml| {
            site.ntp.iter().try_for_each(|server| {
                nested(xml, "ntp", |xml| {
                    text(xml, "name", server)?;
                    text(xml, "ntpMode", "Unicast")
                })
            })
        })
    })?;
    let port = site.port.to_string();
    call_manager_group(xml, &site.pbxs(), ports(&port))
}

/// The port elements of the PBX.
pub(super) fn ports(sip: &str) -> [(&str, &str); 3] {
    [
        ("ethernetPhonePort", SCCP_PORT),
        ("sipPort", sip),
        ("securedSipPort", TLS_PORT),
    ]
}

/// The file of the soft keys.
fn soft_keys<'a>(plan: &'a ProvisionPlan, dialect: &Dialect) -> Option<&'a str> {
    let files = &plan.site.soft_keys;
    match dialect.soft_keys {
        "featurePolicyFile" => files.feature_policy_file.as_deref(),
        _ => files.soft_key_file.as_deref(),
    }
}

fn vendor(xml: &mut Xml, plan: &ProvisionPlan, phone: &ResolvedPhone) -> io::Result<()> {
    let wide = plan.site.codecs.contains(&Codec::G722);
    // 0 is on and 1 is off, for both.
    let access = |on: bool| if on { "0" } else { "1" };
    let dialect = Dialect::of(phone.model);
    for (name, value) in [
        ("disableSpeaker", "false"),
        ("disableSpeakerAndHeadset", "false"),
        ("pcPort", "0"),
        ("settingsAccess", "1"),
        ("garp", "0"),
        ("voiceVlanAccess", "0"),
        ("videoCapability", "0"),
        ("autoSelectLineEnable", "0"),
        ("webAccess", access(phone.web_access)),
        ("sshAccess", access(phone.ssh.is_some())),
        ("sshPort", "22"),
        ("spanToPCPort", "1"),
        ("loggingDisplay", "1"),
        ("loadServer", ""),
        ("peerFirmwareSharing", "0"),
        ("g722CodecSupport", if wide { "2" } else { "1" }),
    ] {
        let is_known = match name {
            "loadServer" => dialect.knows_load_server,
            _ => dialect.has_full_vendor_config || !ONLY_FULL.contains(&name),
        };
        if is_known {
            text(xml, name, value)?;
        }
    }
    if !phone.model.is_none_or(Model::has_display_light) {
        return Ok(());
    }
    // On all day, every day; off after an hour without use.
    text(xml, "daysDisplayNotActive", "")?;
    text(xml, "displayOnTime", "00:00")?;
    text(xml, "displayOnDuration", "24:00")?;
    text(xml, "displayIdleTimeout", "01:00")
}

fn locales(xml: &mut Xml, plan: &ProvisionPlan) -> io::Result<()> {
    if let Some(locale) = &plan.site.locale {
        nested(xml, "userLocale", |xml| {
            text(xml, "name", &locale.folder)?;
            text(xml, "uid", "1")?;
            text(xml, "langCode", &locale.language)?;
            text(xml, "version", "1.0.0.0-1")?;
            text(xml, "winCharSet", "iso-8859-1")
        })?;
    }
    if let Some(folder) = &plan.site.network_locale {
        text(xml, "networkLocale", folder)?;
        nested(xml, "networkLocaleInfo", |xml| {
            text(xml, "name", folder)?;
            text(xml, "uid", "64")?;
            text(xml, "version", "1.0.0.0-1")
        })?;
    }
    Ok(())
}
