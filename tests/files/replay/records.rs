//! Records as people have them: compressed, in a pipe, in the wrong order, old.

use std::{fmt::Write as _, fs, io::Write as _};

use assert_cmd::Command;
use flate2::{Compression, write::GzEncoder};
use serde_json::Value;

const LOG: &str = "\
Dec 31 23:59:58 h in.tftpd[1]: RRQ from 192.0.2.9 filename CTLSEP001D45AABB0C.tlv
Jan  1 00:00:01 h in.tftpd[2]: RRQ from 192.0.2.9 filename mk-sip.jar
";

fn reflash(args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("reflash").unwrap();
    command.args(args);
    command
}

#[test]
fn gzip_and_standard_input_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let log = LOG.as_bytes().to_vec();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&log).unwrap();
    let packed = encoder.finish().unwrap();
    let file = folder.path().join("syslog.2.gz");
    fs::write(&file, &packed).unwrap();
    let file = file.display().to_string();
    for (path, input) in [(&*file, &b""[..]), ("-", &log), ("-", &packed)] {
        let output = reflash(&["replay", path, "--year", "2020", "--json"])
            .write_stdin(input)
            .assert()
            .success();
        let json: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
        assert_eq!(json["report"]["phones"][0]["mac"], "001d45aabb0c");
        assert_eq!(json["record"]["requests"], 2);
        assert_eq!(json["record"]["cut"], false);
    }
    fs::write(&file, &packed[..packed.len() - 30]).unwrap();
    let output = reflash(&["replay", &file, "--json"]).assert();
    let json: Value = serde_json::from_slice(&output.get_output().stdout).unwrap_or_default();
    assert!(json.is_null() || json["record"]["cut"] == true, "{json}");
}

#[test]
fn the_head_of_a_report_tells_what_was_wrong_with_the_record() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log");
    let path = file.display().to_string();
    let cases = [
        (
            "Mar  8 10:00:00 a in.tftpd[70]: RRQ from 192.0.2.9 filename ITLFile.tlv\n\
             Mar  8 09:00:00 a in.tftpd[10]: RRQ from 192.0.2.9 filename CTLSEP001D45AABB0C.tlv\n",
            "the times go back 1 time, first at line 2",
        ),
        (
            "Oct 25 02:59:30 a in.tftpd[8]: RRQ from 192.0.2.9 filename CTLSEP001D45AABB0C.tlv\n\
             Oct 25 02:00:30 a in.tftpd[9]: RRQ from 192.0.2.9 filename ITLFile.tlv\n",
            "at line 2 the clock goes back by 0:59:00",
        ),
        (
            "RRQ from 192.0.2.9 filename CTLSEP001D45AABB0C.tlv\n",
            "no line has a time",
        ),
        (
            "Mar  8 10:00:00 a in.tftpd[7]: RRQ from 192.0.2.9 filename CTLSEP001D45AABB0C.tlv\n\
             Mar  8 10:00:01 b in.tftpd[7]: RRQ from 192.0.2.9 filename CTLSEP001D45AABB0D.tlv\n",
            "192.0.2.9 is in the lines of a and b",
        ),
    ];
    for (log, expected) in cases {
        fs::write(&file, log).unwrap();
        let output = reflash(&["replay", &path]).assert().success();
        let text = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(expected), "{text}");
    }
    fs::write(
        &file,
        "Mar  8 10:00:00 h xinetd[9]: START: tftp pid=3 from=192.0.2.9\n",
    )
    .unwrap();
    let output = reflash(&["replay", &path]).assert().code(1);
    let error = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(
        error.contains("xinetd started") && error.contains("server_args"),
        "{error}"
    );
}

#[test]
fn an_old_record_gives_no_order_to_the_operator() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log");
    let mut log = String::new();
    for (at, name) in [
        "term65.default.loads",
        "jar45.1.sbn",
        "cnu45.1.sbn",
        "apps45.1.sbn",
        "dsp45.1.sbn",
        "cvm45sip.1.sbn",
    ]
    .iter()
    .enumerate()
    {
        writeln!(
            log,
            "Mar  8 10:00:{at:02} a dnsmasq-tftp[7]: sent /t/{name} to 192.0.2.9"
        )
        .unwrap();
    }
    fs::write(&file, log).unwrap();
    let path = file.display().to_string();
    let output = reflash(&["replay", &path, "--year", "2020"])
        .assert()
        .success();
    let text = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.contains("writing its flash, until 2020-03-08 10:05:05"),
        "{text}"
    );
    assert!(!text.contains("DO NOT"), "{text}");
}

#[test]
fn what_another_program_must_unpack_is_named_with_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("record");
    let path = file.display().to_string();
    let mut tar = vec![0; 512];
    tar[257..262].copy_from_slice(b"ustar");
    for (head, what, command) in [
        (b"BZh91".to_vec(), "compressed by bzip2", "bzcat FILE"),
        (b"PK\x03\x04".to_vec(), "a zip archive", "unzip -p FILE"),
        (
            b"7z\xbc\xaf\x27\x1c".to_vec(),
            "a 7z archive",
            "7z x -so FILE",
        ),
        (tar, "a tar archive", "tar xOf FILE"),
        (
            b"LPKSHHRH".to_vec(),
            "a file of journald",
            "journalctl --file FILE",
        ),
        (
            b"ElfFile\0".to_vec(),
            "an event log of Windows",
            "event viewer",
        ),
        (b"snoop\0\0\0".to_vec(), "a capture of snoop", "editcap"),
    ] {
        fs::write(&file, [&head[..], b"\n", LOG.as_bytes()].concat()).unwrap();
        let output = reflash(&["replay", &path]).assert().code(1);
        let error = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
        assert!(error.contains(what) && error.contains(command), "{error}");
    }
}

#[test]
fn a_line_that_is_not_understood_is_counted_with_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log");
    let path = file.display().to_string();
    let unknown = "Dec 31 23:59:59 h in.tftpd[1]: a message of a later version\n";
    let long = ["x".repeat(1_000_000), "\n".to_owned()].concat();
    fs::write(&file, [LOG, &long, unknown, unknown].concat()).unwrap();
    let output = reflash(&["replay", &path, "--json"]).assert().success();
    let json: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    assert_eq!(json["record"]["read"], 5);
    assert_eq!(json["record"]["unknown"], 2);
    assert_eq!(json["record"]["first_unknown"], 4);
    let output = reflash(&["replay", &path]).assert().success();
    let text = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
    assert!(
        text.contains("lines not understood: 2, the first is line 4"),
        "{text}"
    );
}
