//! Lines of servers that do not name the client.

use reflash::track::State;

use super::{codes, replay_log};

const MAC: &str = "001D45AABB01";

fn dnsmasq(lines: &[&str]) -> String {
    let line = |(at, text): (usize, &&str)| {
        let program = if text.starts_with("DHCP") {
            "dhcp"
        } else {
            "tftp"
        };
        let text = text.replace("MAC", MAC);
        format!("Mar  8 10:00:{at:02} pbx dnsmasq-{program}[7]: {text}\n")
    };
    lines.iter().enumerate().map(line).collect()
}

/// The address, the names of the files and the diagnoses of each phone.
fn phones(log: &str) -> Vec<(String, Vec<String>, Vec<String>)> {
    let report = replay_log(log);
    assert!(report.others.is_empty(), "{log}");
    let phone = |phone: &reflash::track::PhoneReport| {
        let files = phone.files.iter().map(|file| file.name.clone()).collect();
        (phone.address.to_string(), files, codes(phone))
    };
    report.phones.iter().map(phone).collect()
}

#[test]
fn a_line_without_a_client_belongs_to_the_address_where_its_mac_was_last_observed() {
    let log = dnsmasq(&[
        "file /srv/tftp/CTLSEPMAC.tlv not found for 192.0.2.104",
        "cannot access /srv/tftp/SEPMAC.cnf.xml: Permission denied",
        "sent /srv/tftp/XMLDefault.cnf.xml to 192.0.2.104",
        "file /srv/tftp/CTLSEPMAC.tlv not found for 192.0.2.105",
        "cannot access /srv/tftp/SEPMAC.cnf.xml: Permission denied",
    ]);
    let report = replay_log(&log);
    let [phone] = &report.phones[..] else {
        panic!("{:#?}", report.phones)
    };
    assert_eq!(phone.address.to_string(), "192.0.2.105");
    assert_eq!(phone.files.len(), 5);
    assert_eq!(codes(phone), ["access-denied"]);
}

#[test]
fn a_later_line_gives_the_address_of_an_earlier_one() {
    let denied = "cannot access /srv/tftp/SEPMAC.cnf.xml: Permission denied";
    for line in [
        "file /srv/tftp/ITLSEPMAC.tlv not found for 192.0.2.104",
        "DHCPACK(eth0) 192.0.2.104 00:1d:45:aa:bb:01 SEPMAC",
    ] {
        for log in [dnsmasq(&[denied, line]), dnsmasq(&[line, denied])] {
            let found = phones(&log);
            assert_eq!(found.len(), 1, "{log}");
            assert_eq!(found[0].0, "192.0.2.104", "{log}");
        }
    }
    let log = "Mar  8 10:00:00 h dhcpd[4]: DHCPACK on 192.0.2.7 to 00:1d:45:aa:bb:01 (SEP) via eth0\n\
               Mar  8 10:00:09 h dnsmasq-tftp[7]: file /t/SEP001D45AABB01.cnf.xml not found\n";
    assert_eq!(phones(log)[0].0, "192.0.2.7");
}

#[test]
fn requests_of_a_converted_phone_with_nameless_lines_count_for_one_phone() {
    let mut lines = vec!["sent /t/term65.default.loads to 192.0.2.104".to_owned()];
    for part in ["jar45sip", "cnu45", "apps45", "dsp45", "cvm45sip"] {
        lines.push(format!("sent /t/{part}.9.sbn to 192.0.2.104"));
    }
    lines.push("file /t/CTLSEPMAC.tlv not found for 192.0.2.104".to_owned());
    lines.push("cannot access /t/SEPMAC.cnf.xml: Permission denied".to_owned());
    lines.push("file /t/mk-sip.jar not found for 192.0.2.104".to_owned());
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let report = replay_log(&dnsmasq(&lines));
    let [phone] = &report.phones[..] else {
        panic!("{:#?}", report.phones)
    };
    assert_eq!(phone.state, State::Confirmed);
    assert_eq!(phone.mac, MAC.parse().ok());
}

#[test]
fn a_name_without_a_mac_belongs_to_the_only_phone_of_the_host() {
    let denied = "cannot access /t/term65.default.loads: Permission denied";
    let one = "file /t/CTLSEPMAC.tlv not found for 192.0.2.104";
    let other = "failed sending /t/term65.default.loads to 192.0.2.105";
    let found = phones(&dnsmasq(&[one, denied]));
    assert_eq!(found.len(), 1);
    assert_eq!((&*found[0].0, found[0].1.len()), ("192.0.2.104", 2));
    let found = phones(&dnsmasq(&[other, denied]));
    assert_eq!((&*found[0].0, found[0].1.len()), ("192.0.2.105", 2));
    // It may be of either.
    let found = phones(&dnsmasq(&[one, denied, other]));
    let files: Vec<usize> = found.iter().map(|(_, files, _)| files.len()).collect();
    assert_eq!(files, [1, 1]);
}

#[test]
fn no_address_is_invented() {
    let log = dnsmasq(&[
        "cannot access /t/SEPMAC.cnf.xml: Permission denied",
        "cannot access /t/SEP001D45AABB02.cnf.xml: Permission denied",
    ]);
    let found = phones(&log);
    let addresses: Vec<&str> = found.iter().map(|(address, ..)| &**address).collect();
    assert_eq!(addresses, ["0.0.0.0", "0.0.0.0"]);
    let (report, view) = super::replayed(
        log.as_bytes(),
        reflash::replay::ReplayFormat::Log,
        Vec::new(),
    );
    assert_eq!(report.phones.len(), 2);
    let csv = reflash::report::csv::render(&view);
    assert!(!csv.contains("0.0.0."), "{csv}");
}
