//! Phones that request their configuration start after start, in logs of requests alone.

use std::fmt::Write as _;

use super::{codes, replay_log};

const OWN: &str = "SEP001D45AABB0D.cnf.xml";
const CTL: &str = "CTLSEP001D45AABB0D.tlv";
const ITL: &str = "ITLSEP001D45AABB0D.tlv";

/// A log of atftpd with requests of these files, `apart` seconds from start to start.
fn starts(count: u32, apart: u32, files: &[&str]) -> String {
    let mut log = String::new();
    for start in 0..count {
        for file in files {
            let at = start * apart;
            let (hour, minute, second) = (at / 3600, at / 60 % 60, at % 60);
            writeln!(
                log,
                "Apr  9 {hour:02}:{minute:02}:{second:02} box atftpd[77]: Serving {file} to \
                 192.0.2.40:50{start:03}"
            )
            .unwrap();
        }
    }
    log
}

fn found(log: &str) -> Vec<String> {
    let report = replay_log(log);
    let [phone] = &report.phones[..] else {
        panic!("{report:#?}");
    };
    codes(phone)
}

#[test]
fn the_same_configuration_in_start_after_start_has_two_possible_causes() {
    for (apart, files) in [
        (45, &[CTL, ITL, OWN, "AppDialRules.xml"][..]),
        (15, &[CTL, ITL, "ITLFile.tlv", OWN]),
        (90, &[CTL, OWN, "XMLDefault.cnf.xml"]),
        (33, &[OWN]),
    ] {
        let log = starts(5, apart, files);
        assert_eq!(found(&log), ["config-rejected"], "{log}");
        let report = replay_log(&log);
        let diagnosis = &report.phones[0].diagnoses[0];
        assert!(
            diagnosis.evidence.contains("do not show whether"),
            "{diagnosis:?}"
        );
        for cause in ["does not arrive", "drops it"] {
            assert!(diagnosis.cure.contains(cause), "{diagnosis:?}");
        }
    }
}

#[test]
fn a_later_step_withdraws_it() {
    let log = starts(4, 45, &[CTL, OWN])
        + "Apr  9 00:02:19 box atftpd[77]: Serving English_United_States/mk-sip.jar to \
           192.0.2.40:50009\n";
    let report = replay_log(&log);
    let phone = &report.phones[0];
    assert_eq!(codes(phone), [""; 0], "{phone:#?}");
    assert!(phone.up, "{phone:#?}");
    assert_eq!(phone.withdrawn.len(), 1, "{phone:#?}");
}

#[test]
fn healthy_phones_are_not_said_to_start_over() {
    for (what, log) in [
        (
            "fetches what its configuration names",
            starts(6, 60, &[CTL, OWN, "jx-sip.jar", "dialplan.xml"]),
        ),
        (
            "reads its own load",
            starts(
                6,
                3600,
                &[CTL, OWN, "SCCP42.9-4-2SR3-1S.loads", "tx-sccp.jar"],
            ),
        ),
        (
            "is restarted every five minutes",
            starts(6, 300, &[CTL, OWN]),
        ),
        ("looks for news every five minutes", starts(9, 300, &[OWN])),
        ("looks for news every hour", starts(9, 3600, &[OWN])),
        ("is started twice", starts(2, 45, &[CTL, OWN])),
        ("tries HTTP and TFTP", starts(2, 1, &[CTL, OWN])),
    ] {
        assert_eq!(found(&log), [""; 0], "{what}");
    }
}
