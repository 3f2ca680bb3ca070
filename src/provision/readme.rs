//! README.txt: where to copy each file, and what to do next.

use std::fmt::Write as _;

use super::{
    asterisk::names, freepbx, inputs::ProvisionInputs, output::DIAL_PLAN, plan::ProvisionPlan,
};
use crate::{inventory::Codec, phone::ConfigurationForm, text::wrap};

/// The text, wrapped to 80 columns. Contains no secret.
pub(super) fn text(plan: &ProvisionPlan, given: &ProvisionInputs<'_>) -> String {
    let site = &plan.site;
    let mut text = String::from("Written by `reflash provision`. The next run overwrites it.\n");
    phones(&mut text, plan, given);
    asterisk(&mut text, plan);
    freepbx(&mut text, plan);
    restarts(&mut text, plan);
    if site.backup_pbx.is_some() {
        chapter(
            &mut text,
            "The second PBX",
            &["Both PBXs need the same files: a phone registers with the same passwords at both."],
        );
    }
    if site.codecs.contains(&Codec::G729) {
        chapter(
            &mut text,
            "G.729",
            &["Asterisk needs a module for G.729. Without it, calls fail for lack of a codec."],
        );
    }
    chapter(
        &mut text,
        "secrets.toml and files.sha256",
        &[
            "secrets.toml contains the generated passwords, readable only by you. Keep it: the \
             next run reads it, so that phones keep their passwords. `reflash convert --inventory` \
             reads it too.",
            "files.sha256 lists the written files (sha256sum -c files.sha256). The next run uses \
             it to detect files that were changed since, and does not overwrite them.",
        ],
    );
    list(&mut text, plan);
    if !plan.notes.is_empty() {
        let notes: Vec<_> = plan.notes.iter().map(String::as_str).collect();
        chapter(&mut text, "Notes", &notes);
    }
    text
}

fn chapter(text: &mut String, title: &str, paragraphs: &[&str]) {
    // Writing to a String does not fail.
    let _ = write!(text, "\n{title}\n{}\n", "-".repeat(title.chars().count()));
    for paragraph in paragraphs {
        for line in wrap(paragraph, "- ", "  ") {
            let _ = writeln!(text, "{line}");
        }
    }
}

fn phones(text: &mut String, plan: &ProvisionPlan, given: &ProvisionInputs<'_>) {
    let first_phones = plan.site.first_phones.as_ref();
    let load = first_phones.and_then(|own| own.image_version.as_ref());
    let firmware = if given.loads.is_empty() && load.is_some() {
        "There is no firmware here, and only the files of the 7940 and 7960 name a load: other \
         phones keep theirs. Use --firmware to add both."
    } else if given.loads.is_empty() {
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
        "The files of the phones contain passwords. Only you can read them now. Only the user of the TFTP \
         server should be able to read the copies: make that user their owner (chown) and keep \
         mode 0600.",
        "TFTP has no authentication: anyone who can reach the server and knows a MAC address \
         can read that phone's file. Restrict the server to the phones' network.",
        firmware,
    ];
    if given.dial_plan.is_some() {
        phones.push(&stage_plans);
    }
    let named = load.map(|load| {
        format!(
            "The 7940 and 7960 read SIPDefault.cnf and SIP<MAC>.cnf. Their SEP files only name \
             the load: the TFTP server must have {load}.loads and the files that it names."
        )
    });
    phones.extend(named.as_deref());
    if first_phones.is_some() && load.is_none() {
        phones.push(
            "The 7940 and 7960 read SIPDefault.cnf and SIP<MAC>.cnf, but only if the TFTP server \
             has no SEP file for them: one without a load ends their search.",
        );
    }
    phones.push(
        "A phone reads its file when it restarts: press **#** in Settings, or cycle the power.",
    );
    chapter(text, "tftp/: for the phones", &phones);
}

fn asterisk(text: &mut String, plan: &ProvisionPlan) {
    let site = &plan.site;
    let listen = format!(
        "The phones use SIP over {} to {} port {}: firewalls must allow it.",
        names(&plan.transports(), " and "),
        site.pbx,
        site.port
    );
    chapter(
        text,
        "asterisk/: for the PBX",
        &[
            "Asterisk with pjsip (every Asterisk from 13 on): copy pjsip.conf, extensions.conf \
             and voicemail.conf to /etc/asterisk/reflash/. Include each in the file of the same \
             name in /etc/asterisk:  #include reflash/pjsip.conf  (extensions.conf, \
             voicemail.conf).",
            "Then in Asterisk's console: pjsip reload, dialplan reload, voicemail reload. A new \
             transport needs a restart: core restart gracefully.",
            "Asterisk up to 20 with chan_sip: use the files in chan_sip/ instead, and either \
             sip.conf or users.conf. Include sip.conf after the [general] section of your own \
             one. Then: sip reload, dialplan reload.",
            "No general setting of the PBX is changed, apart from the port and transport of \
             chan_sip if they are not UDP port 5060. Check these yourself in [general] of \
             sip.conf: allowguest=no and alwaysauthreject=yes reject calls and guesses from \
             unknown senders; with pjsip, remove an endpoint named anonymous.",
            "The soft keys PickUp, GPickUp and MeetMe call extensions of extensions.conf. \
             All phones are in one pickup group. *8, the code of Asterisk's features.conf, picks \
             up a call too.",
            "The files contain passwords: set their group to asterisk and their mode to 0640 \
             (chgrp asterisk, chmod 0640).",
            &listen,
            "To check:  pjsip show contacts  (or  sip show peers)  lists the registered phones.",
        ],
    );
}

fn freepbx(text: &mut String, plan: &ProvisionPlan) {
    let import = "Instead of copying files: Admin, Bulk Handler, Import, Extensions: import \
                  extensions.csv. It contains passwords: delete copies after the import. FreePBX \
                  generates pjsip.conf and extensions.conf: do not use those of asterisk/.";
    let mut paragraphs = vec![
        import,
        "Then check one extension: Force rport, Rewrite Contact, RTP Symmetric and Direct Media \
         must be No. Versions differ in which columns they import.",
    ];
    if !plan.accounts.iter().all(freepbx::accepts) {
        paragraphs.push(
            "FreePBX accepts only digits as an extension: some of these have other characters and \
             cannot be imported.",
        );
    }
    chapter(text, "freepbx/: for FreePBX", &paragraphs);
}

fn restarts(text: &mut String, plan: &ProvisionPlan) {
    let Some(manager) = &plan.manager else { return };
    let managed = plan
        .phones
        .iter()
        .filter(|phone| phone.is_managed())
        .count();
    let first_phones = plan
        .phones
        .iter()
        .filter(|phone| phone.form() == ConfigurationForm::Settings)
        .count();
    let by_hand = plan.phones.len() - managed - first_phones;
    let from = match &manager.from {
        Some(from) => format!("on the host {from}"),
        None => "on the PBX".to_owned(),
    };
    let command = format!(
        "{from}: reflash restart --inventory FILE --ami ami.toml  (first with --dry-run). ami.toml \
         contains a secret; only you can read it, and the command refuses it otherwise."
    );
    let counts = format!(
        "Phones that it restarts by NOTIFY service-control: {managed}; by NOTIFY check-sync (7940, \
         7960): {first_phones}. Phones that NOTIFY cannot restart: {by_hand}; their lines register at \
         the address of the PBX. Press **#** in Settings there, or cycle the power. With `transport = \
         \"tcp\"`, a 79xx, 69xx or 894x with one line registers at USECALLMANAGER and obeys NOTIFY."
    );
    let mut paragraphs = vec![
        "Phones read a changed configuration when they restart. Asterisk can restart those that obey \
         a NOTIFY: include asterisk/manager.conf in /etc/asterisk/manager.conf  (#include \
         reflash/manager.conf), whose [general] needs enabled=yes, and then: manager reload.",
        &command,
        &counts,
    ];
    if first_phones > 0 {
        paragraphs.push(
            "A 7940 and 7960 restart only if the number in syncinfo.xml is not that of the \
             SIPDefault.cnf that they read at their last start: copy both to the TFTP server \
             first. Asterisk's console sends the same NOTIFY with asterisk/pjsip_notify.conf:  pjsip \
             send notify reflash-check-sync endpoint EXTENSION",
        );
    }
    chapter(text, "Restarting phones later", &paragraphs);
}

fn list(text: &mut String, plan: &ProvisionPlan) {
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
}
