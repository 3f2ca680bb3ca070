//! `SIPDefault.cnf` and `SIP<MAC>.cnf`: the settings of a 7940 and 7960, and the SEP file that names
//! their load.
//!
//! The loader and the application each read a file of at most 8,192 bytes. Where both files have a
//! setting, that of `SIP<MAC>.cnf` applies, so each setting is in one of them. The loader obeys an
//! element in a comment: there are no comments.

use std::{fmt::Write as _, io};

use quick_xml::Writer;

use super::{
    clock::Daylight,
    output::DIAL_PLAN,
    plan::{FirstPhones, ProvisionPlan, ResolvedButton, ResolvedFunction, ResolvedPhone},
    sep::{REGISTER_EXPIRES, nested, text},
};
use crate::{
    inventory::Codec,
    phone::{Family, LoadName, MacAddress},
};

/// The file that every 7940 and 7960 reads.
pub(super) const COMMON: &str = "SIPDefault.cnf";

/// The file name that a phone requests.
pub(super) fn name(mac: MacAddress) -> String {
    format!("SIP{}.cnf", mac.upper_hex())
}

/// `key: value` lines.
#[derive(Default)]
struct Settings(String);

impl Settings {
    fn number(&mut self, key: &str, value: impl std::fmt::Display) {
        // Writing to a String does not fail.
        let _ = writeln!(self.0, "{key}: {value}");
    }

    /// A value in quotes: without them it ends at the first space. No value can contain a quote.
    fn text(&mut self, key: &str, value: &str) {
        self.number(key, format_args!("\"{value}\""));
    }
}

/// `SIPDefault.cnf`. `None` if no phone reads it.
pub(super) fn common(plan: &ProvisionPlan) -> Option<Vec<u8>> {
    let site = &plan.site;
    let own = site.first_phones.as_ref()?;
    let mut file = Settings::default();
    if let Some(load) = &own.image_version {
        file.number("image_version", load);
    }
    file.text("proxy1_address", &site.pbx);
    file.number("proxy1_port", site.port);
    file.number("proxy_register", 1);
    if let Some(backup) = &site.backup_pbx {
        file.text("proxy_backup", backup);
        file.number("proxy_backup_port", site.port);
    }
    file.number("timer_register_expires", REGISTER_EXPIRES);
    file.number("voip_control_port", site.port);
    file.number("start_media_port", site.rtp.0);
    file.number("end_media_port", site.rtp.1);
    file.number("preferred_codec", codec(&site.codecs));
    file.number("dtmf_outofband", "avt");
    file.number("telnet_level", 0);
    if site.has_dial_plan {
        // The phone appends .xml.
        file.number("dial_template", DIAL_PLAN.trim_end_matches(".xml"));
    }
    for (key, url) in [
        ("directory_url", &site.urls.directory),
        ("services_url", &site.urls.services),
    ] {
        if !url.is_empty() {
            file.text(key, url);
        }
    }
    time(&mut file, own, site.ntp.first().map(String::as_str));
    Some(file.0.into_bytes())
}

/// The first codec that these phones have.
fn codec(codecs: &[Codec]) -> &'static str {
    let mut known = codecs.iter().filter(|codec| **codec != Codec::G722);
    known.next().map_or("none", |codec| codec.phone_name())
}

fn time(file: &mut Settings, own: &FirstPhones, time_server: Option<&str>) {
    if let Some(server) = time_server {
        file.text("sntp_server", server);
        file.number("sntp_mode", "unicast");
    }
    file.number("time_zone", own.clock.zone);
    file.number("time_format_24hr", u8::from(own.has_24_hours));
    file.number("date_format", own.date_format);
    // The defaults are the rule of the USA before 2007.
    let Some(Daylight {
        minutes,
        start,
        stop,
    }) = &own.clock.daylight
    else {
        file.number("dst_auto_adjust", 0);
        return;
    };
    file.number("dst_auto_adjust", 1);
    file.number(
        "dst_offset",
        format_args!("{:02}/{:02}", minutes / 60, minutes % 60),
    );
    for (which, change) in [("start", start), ("stop", stop)] {
        let key = |part: &str| format!("dst_{which}_{part}");
        file.number(&key("month"), change.month());
        // 0: the day of the week decides.
        file.number(&key("day"), 0);
        file.number(&key("day_of_week"), change.weekday());
        file.number(&key("week_of_month"), change.week());
        file.number(&key("time"), change.time());
    }
}

/// `SIP<MAC>.cnf`: the lines and speed dials of a phone.
pub(super) fn file(plan: &ProvisionPlan, phone: &ResolvedPhone) -> Vec<u8> {
    let mut file = Settings::default();
    for key in &phone.buttons {
        button(&mut file, plan, key);
    }
    file.text("phone_label", &phone.label);
    if let Some(number) = &phone.voicemail {
        file.text("messages_uri", number);
    }
    file.0.into_bytes()
}

fn button(file: &mut Settings, plan: &ProvisionPlan, key: &ResolvedButton) {
    let number = key.number;
    match &key.function {
        ResolvedFunction::Line { account, display } => {
            let Some(account) = plan.accounts.get(*account) else {
                return;
            };
            for (part, value) in [
                ("name", account.user.as_str()),
                ("authname", &account.user),
                ("password", account.secret.expose()),
                ("displayname", display),
                ("shortname", &key.label),
            ] {
                file.text(&format!("line{number}_{part}"), value);
            }
            // SIPDefault.cnf has the proxy of the first line.
            if number > 1 {
                file.text(&format!("proxy{number}_address"), &plan.site.pbx);
                file.number(&format!("proxy{number}_port"), plan.site.port);
            }
        }
        ResolvedFunction::Dial {
            number: dialled, ..
        } => {
            file.text(&format!("speed_line{number}"), dialled);
            file.text(&format!("speed_label{number}"), &key.label);
        }
    }
}

/// `SEP<MAC>.cnf.xml` of a 7940 or 7960: only the load. Without a load there must be no such file,
/// as the phone would not read `SIP<MAC>.cnf` then.
pub(super) fn load_file(load: &LoadName) -> io::Result<Vec<u8>> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    nested(&mut xml, "device", |xml| {
        Family::P3.models().try_for_each(|model| {
            let name = format!("loadInformation{}", model.device_type);
            text(xml, &name, load.as_str())
        })
    })?;
    let mut bytes = xml.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}
