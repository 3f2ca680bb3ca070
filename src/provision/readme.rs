//! README.txt: where to copy each file, and what to do next.

use std::fmt::Write as _;

use super::{inputs::ProvisionInputs, output::DIAL_PLAN, plan::ProvisionPlan};
use crate::{inventory::Codec, text::wrap};

/// The text, wrapped to 80 columns. Contains no secret.
pub(super) fn text(plan: &ProvisionPlan, given: &ProvisionInputs<'_>) -> String {
    let site = &plan.site;
    let (transport, port) = (site.transport.name(), site.port);
    let mut text = String::from("Written by `reflash provision`. The next run overwrites it.\n");
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
        "There is no firmware here, and the files name no load: phones keep their load. Use \
         --firmware to add both."
    } else {
        "The firmware is here too, and each phone's file names its load: keep them together, \
         as phones request both at every start."
    };
    let stage_plans = format!("Phones read {DIAL_PLAN} if their file names it.");
    let mut phones = vec![
        "Copy the content of tftp/ into the root of your TFTP server, and set DHCP option 150 (or \
         66) to that server. Do not change upper and lower case in the names: phones request \
         exactly these names.",
        "The SEP files contain passwords. Only you can read them now. Only the user of the TFTP \
         server should be able to read the copies: make that user their owner (chown) and keep \
         mode 0600.",
        "TFTP has no authentication: anyone who can reach the server and knows a MAC address \
         can read that phone's file. Restrict the server to the phones' network.",
        firmware,
    ];
    if given.dial_plan.is_some() {
        phones.push(&stage_plans);
    }
    phones.push(
        "A phone reads its file when it restarts: press **#** in Settings, or cycle the power.",
    );
    chapter("tftp/: for the phones", &phones);
    let listen = format!(
        "The phones use SIP over {transport} to {} port {port}: firewalls must allow it.",
        site.pbx
    );
    chapter(
        "asterisk/: for the PBX",
        &[
            "Asterisk with pjsip (every Asterisk from 13 on): copy pjsip.conf, extensions.conf \
             and voicemail.conf to /etc/asterisk/reflash/. Include each in the file of the same \
             name in /etc/asterisk:  #include reflash/pjsip.conf  (extensions.conf, \
             voicemail.conf).",
            "Then in Asterisk's console: pjsip reload, dialplan reload, voicemail reload. A new \
             transport needs a restart: core restart gracefully.",
            "Asterisk up to 20 with chan_sip: use the files in chan_sip/ instead, and either \
             sip.conf or users.conf. Then: sip reload, dialplan reload.",
            "FreePBX generates pjsip.conf: create the extensions there, with the passwords from \
             secrets.toml or the inventory, and set Force rport, Rewrite Contact, RTP \
             Symmetric and Direct Media to No.",
            "The files contain passwords: set their group to asterisk and their mode to 0640 \
             (chgrp asterisk, chmod 0640).",
            &listen,
            "To check:  pjsip show contacts  (or  sip show peers)  lists the registered phones.",
        ],
    );
    if site.codecs.contains(&Codec::G729) {
        chapter(
            "G.729",
            &["Asterisk needs a module for G.729. Without it, calls fail for lack of a codec."],
        );
    }
    chapter(
        "secrets.toml and files.sha256",
        &[
            "secrets.toml contains the generated passwords, readable only by you. Keep it: the \
             next run reads it, so that phones keep their passwords.",
            "files.sha256 lists the written files (sha256sum -c files.sha256). The next run uses \
             it to detect files that were changed since, and does not overwrite them.",
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
