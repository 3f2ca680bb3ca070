//! Advice for the operator of another server.

use reflash::{diagnose::Severity, track::State};

use super::{codes, replay_log};

fn rrq(seconds: u32, text: &str) -> String {
    let (minute, second) = (seconds / 60, seconds % 60);
    format!("Mar  8 10:{minute:02}:{second:02} pbx in.tftpd[7]: {text}\n")
}

/// A boot loader that requests its manifest twice in each boot.
fn refusal(is_finished: bool) -> String {
    let mut log = String::new();
    for boot in 0..3 {
        for again in 0..2 {
            let at = boot * 95 + again;
            log += &rrq(at, "RRQ from 192.0.2.9 filename term65.default.loads");
            if is_finished {
                log += &rrq(at, "Client 192.0.2.9 finished term65.default.loads");
            }
        }
    }
    log
}

#[test]
fn requests_alone_claim_no_refusal() {
    let phone = &replay_log(&refusal(false)).phones[0];
    assert_eq!(codes(phone), ["manifest-refused"]);
    assert_eq!(phone.state, State::Manifest);
    let found = &phone.diagnoses[0];
    assert_eq!(found.severity, Severity::Warning);
    assert!(
        found.evidence.contains("do not show whether"),
        "{}",
        found.evidence
    );
    // What to check on the server comes before the screen.
    let folder = found.cure.find("in the server's folder").unwrap();
    let screen = found.cure.find("Read the phone's screen").unwrap();
    assert!(folder < screen, "{}", found.cure);
    assert!(found.cure.contains("'term65.default.loads'"));
}

#[test]
fn deliveries_without_an_image_are_a_refusal() {
    let phone = &replay_log(&refusal(true)).phones[0];
    assert_eq!(codes(phone), ["manifest-refused"]);
    assert_eq!(phone.state, State::Failed);
    let found = &phone.diagnoses[0];
    assert_eq!(found.severity, Severity::Error);
    assert!(
        found.cure.starts_with("Read the phone's screen"),
        "{}",
        found.cure
    );
}

#[test]
fn a_missing_file_of_another_server_is_put_into_its_folder() {
    let recovery = ("term65.default.loads", "no SEP file names it");
    let load = ("SIP45.9-4-2SR4-1S.loads", "loadInformation");
    for (name, more) in [recovery, load] {
        let log = [
            rrq(0, &format!("RRQ from 192.0.2.9 filename {name}")),
            rrq(0, "sending NAK (1, File not found) to 192.0.2.9"),
        ]
        .concat();
        let phone = &replay_log(&log).phones[0];
        assert_eq!(codes(phone), ["missing-image"]);
        let cure = &phone.diagnoses[0].cure;
        assert!(
            cure.starts_with(&format!("Put '{name}' into the server's folder")),
            "{cure}"
        );
        assert!(cure.contains("upper and lower case matter"), "{cure}");
        assert!(cure.contains(more), "{cure}");
        assert!(!cure.contains("this bundle"), "{cure}");
    }
}
