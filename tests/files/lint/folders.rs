//! Folders and standard input, wherever a command takes a file.

use std::{fs, path::Path};

use assert_cmd::Command;
use serde_json::Value;

use super::{DEFAULT, DEFAULT_XML, DEVICE_XML, SEP, reflash, text, written};

const PLAN: &str = "<DIALTEMPLATE>\n<TEMPLATE MATCH=\"*\" Timeout=\"5\"/>\n</DIALTEMPLATE>\n";

/// The findings of `lint` as code and file name.
fn lint(args: &[&str]) -> Vec<(String, String)> {
    let args = [&["lint", "--json"], args].concat();
    let output = reflash(&args).get_output().stdout.clone();
    let document: Value = serde_json::from_slice(&output).unwrap();
    let findings = document["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            let path = Path::new(finding["path"].as_str().unwrap());
            let name = path.file_name().unwrap().to_str().unwrap();
            (
                finding["code"].as_str().unwrap().to_owned(),
                name.to_owned(),
            )
        })
        .collect()
}

/// Standard output without line ends.
fn words(run: &assert_cmd::assert::Assert) -> String {
    let out = text(&run.get_output().stdout);
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn from_stdin(args: &[&str], input: &str) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("reflash").unwrap();
    command.args(args).write_stdin(input).assert()
}

#[test]
fn of_a_folder_every_configuration_is_checked_and_nothing_else() {
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().to_str().unwrap();
    written(base.path(), SEP, DEVICE_XML);
    written(base.path(), DEFAULT, DEFAULT_XML);
    written(base.path(), "dialplan.xml", PLAN);
    for (name, content) in [
        ("jar45sip.sbn", "\u{1}\0"),
        ("readme.txt", "see https://example.org"),
        ("ringlist.xml", "<CiscoIPPhoneRinglist/>"),
        (".SEP.swp", "<device>"),
    ] {
        written(base.path(), name, content);
    }
    fs::create_dir(base.path().join("sub")).unwrap();
    written(&base.path().join("sub"), DEFAULT, "<broken");
    assert_eq!(lint(&[folder]), []);
    let run = reflash(&["lint", folder]).success();
    assert!(text(&run.get_output().stderr).contains("no findings"));

    written(base.path(), "SEP001D45AABB0D.cnf.xml", "<device>");
    written(
        base.path(),
        "phone.xml",
        &DEVICE_XML.replace("Port>5060", "Port>2000"),
    );
    let expected = [
        ("not-well-formed", "SEP001D45AABB0D.cnf.xml"),
        ("ports", "phone.xml"),
    ];
    let expected = expected.map(|(code, name)| (code.to_owned(), name.to_owned()));
    assert_eq!(lint(&[folder]), expected);
    let absent = base.path().join("absent");
    let found = lint(&[folder, absent.to_str().unwrap()]);
    assert!(
        found.contains(&("unreadable".to_owned(), "absent".to_owned())),
        "{found:?}"
    );
}

#[test]
fn a_folder_without_a_configuration_is_an_error_that_says_what_is_there() {
    let base = tempfile::tempdir().unwrap();
    let folder = |name: &str, files: &[&str]| {
        let folder = base.path().join(name);
        fs::create_dir(&folder).unwrap();
        for file in files {
            written(&folder, file, "[transport-udp]\ntype=transport\n");
        }
        folder.to_str().unwrap().to_owned()
    };
    let pbx = folder("pbx", &["pjsip.conf", "pjsip.aor.conf", "extensions.conf"]);
    let firmware = folder("firmware", &["SIP45.9-4-2SR3-1S.loads", "cnu45sip.sbn"]);
    let empty = folder("empty", &[]);
    let outer = folder("outer", &["README.txt"]);
    fs::create_dir(base.path().join("outer/tftp")).unwrap();
    for (folder, what, cure) in [
        (
            &pbx,
            "extensions.conf, pjsip.aor.conf, pjsip.conf are of Asterisk",
            "--pjsip",
        ),
        (&firmware, "are firmware", "reflash verify"),
        (
            &empty,
            "the folder is empty",
            "Name the folder of the TFTP server",
        ),
        (
            &outer,
            "no file is one that phones read",
            "within this one: tftp",
        ),
    ] {
        let run = reflash(&["lint", folder]).code(1);
        let out = words(&run);
        assert!(out.contains(what) && out.contains(cure), "{out}");
        assert_eq!(lint(&[folder])[0].0, "nothing-to-check");
    }
    // Beside something that was checked, such a folder is only noted.
    let sep = written(base.path(), SEP, DEVICE_XML);
    let run = reflash(&["lint", &sep, &empty]).success();
    assert!(text(&run.get_output().stdout).contains("nothing to check"));
    let run = reflash(&["lint", &format!("{pbx}/pjsip.conf")]).code(1);
    let out = words(&run);
    assert!(
        out.contains("a configuration of Asterisk") && out.contains("--pjsip"),
        "{out}"
    );
}

#[test]
fn the_summary_counts_what_was_checked_by_type() {
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().to_str().unwrap();
    written(base.path(), SEP, DEVICE_XML);
    written(base.path(), DEFAULT, DEFAULT_XML);
    written(base.path(), "dialplan.xml", PLAN);
    written(base.path(), "ringlist.xml", "<CiscoIPPhoneRinglist/>");
    let summary = || text(&reflash(&["lint", folder]).get_output().stderr).replace("\n  ", " ");
    assert_eq!(
        summary(),
        "3 files checked (1 phone configuration, 1 XMLDefault.cnf.xml, 1 dial plan), 1 file of \
         other types not checked: no findings\n"
    );
    written(base.path(), "dialplan2.xml", "<DIALTEMPLATE/>");
    assert!(
        summary().ends_with("not checked: 1 finding\n"),
        "{}",
        summary()
    );
}

#[test]
fn extensions_that_the_dial_plan_of_the_folder_cuts_off_are_a_finding() {
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().to_str().unwrap();
    let plan = "<DIALTEMPLATE>\n<TEMPLATE MATCH=\"112\" Timeout=\"0\"/>\n\
                <TEMPLATE MATCH=\"....\" Timeout=\"3\"/>\n</DIALTEMPLATE>\n";
    let plan = written(base.path(), "dialplan.xml", plan);
    let phone = |at: u32, user: &str| {
        let xml = DEVICE_XML.replace("<name>1001<", &format!("<name>{user}<"));
        assert_ne!(xml, DEVICE_XML);
        written(base.path(), &format!("SEP001D45AABB{at:02}.cnf.xml"), &xml)
    };
    phone(10, "1130");
    assert_eq!(lint(&[folder]), []);
    let named = phone(11, "1120");
    phone(12, "1121");
    let run = reflash(&["lint", folder]).success();
    let out = words(&run);
    assert!(
        out.contains("dialplan.xml:2:1") && out.contains("number-cut-off"),
        "{out}"
    );
    assert!(
        out.contains("1120–1121 cannot be dialled: after 112 the phone calls the emergency number"),
        "{out}"
    );
    let run = reflash(&["lint", &named, &plan]).success();
    assert!(text(&run.get_output().stdout).contains("1120 cannot be dialled"));
    assert_eq!(lint(&[&plan]), []);
}

#[test]
fn a_file_from_standard_input_is_recognized_by_its_content() {
    for (input, code) in [
        (DEVICE_XML, None),
        (DEFAULT_XML, None),
        (PLAN, None),
        (
            "line1_name: 201\nline1_password: x\nproxy1_address: pbx\nproxy_register: 1\n",
            None,
        ),
        ("<device>", Some("not-well-formed")),
        ("<DIALTEMPLATE>", Some("not-well-formed")),
        ("<a/>", Some("unknown-kind")),
        ("", Some("not-well-formed")),
    ] {
        let run = from_stdin(&["lint", "--json", "-"], input);
        let document: Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
        let found = document["findings"].as_array().unwrap();
        let codes: Vec<_> = found
            .iter()
            .filter_map(|one| one["code"].as_str())
            .collect();
        assert_eq!(codes, Vec::from_iter(code), "{input}");
        assert!(found.iter().all(|one| one["path"] == "-"), "{document}");
    }
}

#[test]
fn dial_reads_a_plan_from_standard_input_and_from_a_folder() {
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().to_str().unwrap();
    let sent = |run: &assert_cmd::assert::Assert| text(&run.get_output().stdout);
    for input in [PLAN, "* after 5\n"] {
        let run = from_stdin(&["dial", "-", "123"], input).success();
        assert!(
            sent(&run).contains("5 s after the last digit"),
            "{}",
            sent(&run)
        );
    }
    let run = reflash(&["dial", folder, "123"]).code(1);
    let err = text(&run.get_output().stderr);
    assert!(err.contains("dialplan.xml"), "{err}");
    written(base.path(), "dialplan.xml", PLAN);
    let run = reflash(&["dial", folder, "123"]).success();
    assert!(
        sent(&run).contains("5 s after the last digit"),
        "{}",
        sent(&run)
    );
    let run = from_stdin(&["dial", "-", "1"], "<DIALTEMPLATE>").code(1);
    assert!(text(&run.get_output().stderr).contains("→"));
}

#[test]
fn pjsip_conf_is_read_from_standard_input() {
    let base = tempfile::tempdir().unwrap();
    let sep = written(base.path(), SEP, DEVICE_XML);
    let args = ["lint", &sep, "--json", "--pjsip", "-"];
    let run = from_stdin(&args, "[1001]\ntype=endpoint\n").success();
    assert!(text(&run.get_output().stdout).contains("endpoint-nat"));
}

#[test]
fn a_dial_plan_that_is_named_and_missing_is_a_finding() {
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().to_str().unwrap();
    let sep = written(base.path(), SEP, DEVICE_XML);
    let missing = |name: &str| [("dial-plan-missing".to_owned(), name.to_owned())];
    assert_eq!(lint(&[folder]), missing(SEP));
    // What else the server has is not known if only the file is named.
    assert_eq!(lint(&[&sep]), []);
    written(base.path(), "dialplan.xml", PLAN);
    assert_eq!(lint(&[folder]), []);
    written(
        base.path(),
        SEP,
        &DEVICE_XML.replace("dialplan.xml<", "dialplan<"),
    );
    assert_eq!(lint(&[folder]), missing(SEP));
    let run = reflash(&["lint", folder]).success();
    let out = text(&run.get_output().stdout);
    assert!(out.contains("Write dialplan.xml"), "{out}");
    fs::remove_file(&sep).unwrap();

    let settings = "line1_name: 201\nline1_password: x\nproxy1_address: pbx\nproxy_register: 1\ndial_template: office\n";
    let name = "SIP001D45AABB0D.cnf";
    written(base.path(), name, settings);
    assert_eq!(lint(&[folder]), missing(name));
    written(base.path(), "office.xml", PLAN);
    assert_eq!(lint(&[folder]), []);
}

#[test]
fn explain_describes_a_code_of_lint() {
    for (code, part) in [
        ("endpoint-nat", "force_rport"),
        ("Include-Not-Read", "#include"),
        ("dial-plan-missing", "dialTemplate"),
        ("unreadable", "the other files are still checked"),
        ("star-code", "*97"),
        (
            "missing-image",
            "Found by reflash verify in a firmware bundle",
        ),
        ("number-cut-off", "sends at once"),
        ("nothing-to-check", "--pjsip"),
    ] {
        let run = reflash(&["explain", code]).success();
        let out = text(&run.get_output().stdout);
        assert!(out.starts_with(&code.to_ascii_lowercase()), "{out}");
        assert!(out.contains(part), "{out}");
    }
    let run = reflash(&["explain", "endpoint-nat", "--json"]).success();
    let document: Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
    assert_eq!(document["findings"].as_array().unwrap().len(), 1);
    let run = reflash(&["explain", "endpoint-nut"]).code(2);
    let err = text(&run.get_output().stderr);
    assert!(err.contains("endpoint-nat"), "{err}");
}
