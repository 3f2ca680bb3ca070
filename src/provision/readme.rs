//! README.txt: where each file goes, and what to do then.

use std::fmt::Write as _;

use super::{inputs::ProvisionInputs, output::DIAL_PLAN, plan::Plan};
use crate::{inventory::Codec, text::wrap};

/// The text, for 80 columns. No secret is in it.
pub(super) fn text(plan: &Plan, given: &ProvisionInputs<'_>) -> String {
    let site = &plan.site;
    let (transport, port) = (site.transport.name(), site.port);
    let mut text = String::from("Written by `reflash provision`; the next run writes it anew.\n");
    let mut chapter = |title: &str, paragraphs: &[&str]| {
        // Writing to a String does not fail.
        let _ = write!(text, "\n{title}\n{}\n", "-".repeat(title.chars().count()));
        for paragraph in paragraphs {
            for line in wrap(paragraph, "- ", "  ") {
                let _ = writeln!(text, "{line}");
            }
        }
    };
    let firmware = if given.loads.is_empty() {
        "No firmware lies here and no load is named: the phones keep the one they have. Give \
         --firmware to have both."
    } else {
        "The firmware lies here too, and each phone's file names its load: keep them together, \
         as phones ask for both at every start."
    };
    let stage_plans = format!("{DIAL_PLAN} is read by the phones whose file names it.");
    let mut phones = vec![
        "Copy everything in tftp/ flat into the root of your TFTP server, and let DHCP option \
         150 (or 66) name that server. The names are as phones ask for them: keep their case.",
        "The SEP files hold passwords. They belong to you alone now; the server's user must be \
         able to read its copies, and nobody else: chown them to it, and leave the mode 0600.",
        "TFTP knows no passwords: whoever reaches the server and knows a MAC address can read \
         that phone's file. Keep it in the phones' network.",
        firmware,
    ];
    if given.dial_plan.is_some() {
        phones.push(&stage_plans);
    }
    phones.push("A phone reads its file at its next start: **#** in Settings, or the power.");
    chapter("tftp/: for the phones", &phones);
    let listen = format!(
        "The phones speak SIP over {transport} to {} port {port}: a firewall must let them.",
        site.pbx
    );
    chapter(
        "asterisk/: for the PBX",
        &[
            "Asterisk with pjsip (every Asterisk from 13 on): copy pjsip.conf, extensions.conf \
             and voicemail.conf to /etc/asterisk/reflash/, and add to the files of the same \
             names in /etc/asterisk the line  #include reflash/pjsip.conf  (extensions.conf, \
             voicemail.conf).",
            "Then in Asterisk's console: pjsip reload, dialplan reload, voicemail reload. A new \
             transport needs a restart: core restart gracefully.",
            "Asterisk up to 20 with chan_sip: the files in chan_sip/ instead. Of sip.conf and \
             users.conf take one. Then: sip reload, dialplan reload.",
            "FreePBX writes pjsip.conf by itself: make the extensions there, with the passwords \
             of secrets.toml or the inventory, and set Force rport, Rewrite Contact, RTP \
             Symmetric and Direct Media to No.",
            "chmod 0640 and chgrp asterisk: they hold passwords.",
            &listen,
            "Did it work?  pjsip show contacts  (or  sip show peers)  lists a phone when it has \
             registered.",
        ],
    );
    if site.codecs.contains(&Codec::G729) {
        chapter(
            "G.729",
            &["Asterisk needs a module for G.729; without it, calls have no codec."],
        );
    }
    chapter(
        "secrets.toml and files.sha256",
        &[
            "secrets.toml has the passwords that were made, for this user only. Keep it: with \
             it, the next run gives every phone the password that it has.",
            "files.sha256 has what was written (sha256sum -c files.sha256). By it, the next run \
             knows files of its own from files that somebody changed, and leaves those alone.",
        ],
    );
    let _ = write!(text, "\nPhones\n------\n");
    for phone in &plan.phones {
        let users: Vec<_> = plan
            .lines(phone)
            .map(|(_, account)| account.user.as_str())
            .collect();
        let load = phone.load.as_ref().map_or("", |load| load.as_str());
        let line = format!(
            "{}  {}  {} {load}",
            phone.mac.upper_hex(),
            users.join(", "),
            phone.name
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    if !plan.notes.is_empty() {
        let _ = write!(text, "\nNotes\n-----\n");
        for note in &plan.notes {
            for line in wrap(note, "- ", "  ") {
                let _ = writeln!(text, "{line}");
            }
        }
    }
    text
}
