//! `--add` and `serve`: the operator's files are checked before they are staged or served.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use reflash::{
    phone::Family,
    simulator::{Sizes, SyntheticBundle},
};

use super::{DEFAULT, DEFAULT_XML, DEVICE_XML, SEP, place, reflash, text, written};
use crate::support::{
    process::Running,
    require_program,
    synthetic::{KEY, bundle},
};

/// Runs `reflash stage` with these added files.
fn stage(bundle: &Path, to: &Path, add: &[&str]) -> assert_cmd::assert::Assert {
    let mut args = vec!["stage", bundle.to_str().unwrap(), "--trust-key", KEY];
    args.extend(["--to", to.to_str().unwrap(), "--call-manager", "192.0.2.10"]);
    for file in add {
        args.extend(["--add", file]);
    }
    reflash(&args)
}

#[test]
fn added_files_are_staged_beside_the_firmware() {
    let base = tempfile::tempdir().unwrap();
    let bundle = bundle(base.path());
    let warned = DEVICE_XML.replace("Enabled>false", "Enabled>true");
    let sep = written(base.path(), SEP, &warned);
    let rings = written(base.path(), "ringlist.xml", "<CiscoIPPhoneRinglist/>");
    let to = base.path().join("root");
    let run = stage(&bundle, &to, &[&sep, &rings]).success();
    let (out, err) = (
        text(&run.get_output().stdout),
        text(&run.get_output().stderr),
    );
    assert!(out.contains(SEP) && out.contains("passwords"), "{out}");
    assert!(err.contains("[nat]"), "warnings are shown: {err}");
    let mode = |name: &str| to.join(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode(SEP), mode("ringlist.xml"), mode(DEFAULT)),
        (0o600, 0o644, 0o644)
    );
    assert_eq!(fs::read_to_string(to.join(SEP)).unwrap(), warned);
    assert!(to.join("term65.default.loads").exists());
}

#[test]
fn files_of_folders_below_an_added_folder_are_staged_by_their_paths() {
    let base = tempfile::tempdir().unwrap();
    let bundle = bundle(base.path());
    let root = base.path().join("old-root");
    let locale = root.join("German_Germany");
    fs::create_dir_all(root.join(".git")).unwrap();
    fs::create_dir(&locale).unwrap();
    fs::write(root.join(".git/config"), "hidden").unwrap();
    fs::write(root.join("ringlist.xml"), "<CiscoIPPhoneRinglist/>").unwrap();
    fs::write(locale.join("td-sip.jar"), "words").unwrap();
    fs::write(locale.join("term65.default.loads"), "firmware").unwrap();
    let to = base.path().join("root");
    let run = stage(&bundle, &to, &[root.to_str().unwrap()]).success();
    let staged = to.join("German_Germany/td-sip.jar");
    assert_eq!(fs::read_to_string(staged).unwrap(), "words");
    assert!(to.join("ringlist.xml").exists() && !to.join(".git").exists());
    assert!(!to.join("German_Germany/term65.default.loads").exists());
    let err = text(&run.get_output().stderr);
    assert!(err.contains("left out") && err.contains("term65"), "{err}");
    assert!(
        !err.contains('\u{1b}'),
        "no control codes in a pipe: {err:?}"
    );
}

#[test]
fn trust_lists_and_programs_of_a_bundle_are_named_and_staged_only_by_add() {
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().join("mixed");
    fs::create_dir(&folder).unwrap();
    let made = SyntheticBundle::new(Family::F45, 7).unwrap();
    for (name, bytes) in made.sizes(Sizes::Small).files() {
        fs::write(folder.join(name), bytes).unwrap();
    }
    let unsigned = ["CTLSEP0021D8BA0965.tlv", "ITLFile.tlv", "td-sip.jar"];
    for name in unsigned {
        fs::write(folder.join(name), "unsigned").unwrap();
    }
    let to = base.path().join("root");
    let run = stage(&folder, &to, &[]).success();
    let output = run.get_output();
    let all = format!("{}{}", text(&output.stdout), text(&output.stderr));
    for name in unsigned {
        assert!(!to.join(name).exists(), "{name}");
        assert!(all.contains(name), "{name} in {all}");
    }
    let paths = unsigned.map(|name| folder.join(name).to_str().unwrap().to_owned());
    let to = base.path().join("added");
    let run = stage(&folder, &to, &paths.each_ref().map(String::as_str)).success();
    let out = text(&run.get_output().stdout);
    for name in unsigned {
        assert!(
            to.join(name).exists() && out.contains(name),
            "{name} in {out}"
        );
    }
}

#[test]
fn unsuitable_added_files_are_refused_before_anything_is_written() {
    let base = tempfile::tempdir().unwrap();
    let bundle = bundle(base.path());
    let to = base.path().join("root");
    let refused = |name: &str, content: &str, code: i32, part: &str| {
        let path = written(base.path(), name, content);
        let run = stage(&bundle, &to, &[&path]).code(code);
        let err = text(&run.get_output().stderr);
        assert!(err.contains(part) && err.contains("→"), "{name}: {err}");
        assert!(!to.exists(), "{name}");
    };
    refused(DEFAULT, DEFAULT_XML, 2, "is generated");
    refused("term65.default.loads", "", 2, "verified bundles");
    refused("jar45sip.sbn", "", 2, "verified bundles");
    refused(
        SEP,
        &DEVICE_XML.replace("</device>", ""),
        1,
        "[not-well-formed]",
    );
    refused(
        SEP,
        &DEVICE_XML.replace("SR4-1S", "SR4-2S"),
        1,
        "[load-not-staged]",
    );
    let long = "x".repeat(8 * 1024 * 1024 + 1);
    refused("ringlist.xml", &long, 1, "8388608 bytes");
    let absent = base.path().join("absent.xml");
    let run = stage(&bundle, &to, &[absent.to_str().unwrap()]).code(1);
    assert!(text(&run.get_output().stderr).contains("absent.xml"));
    let valid = written(base.path(), SEP, DEVICE_XML);
    let run = stage(&bundle, &to, &[&valid, &valid]).code(1);
    assert!(text(&run.get_output().stderr).contains("already has that name"));
    assert!(!to.exists());
}

/// Starts a server with standard error in a file, and waits for `started`.
fn start_server(args: &[&str], errors: &Path) -> (Running, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_reflash"));
    command
        .args(args)
        .args(["--listen", "127.0.0.1", "--tftp-port", "0"]);
    command.args(["--http-port", "0", "--json"]);
    command.stderr(fs::File::create(errors).unwrap());
    let mut server = Running::start(&mut command);
    let address = server.kind("started")["tftp"].as_str().unwrap().to_owned();
    (server, address)
}

/// Fetches a file over TFTP.
fn fetch(address: &str, name: &str) -> Vec<u8> {
    let output = std::process::Command::new("curl")
        .args([
            "-s",
            "--max-time",
            "20",
            &format!("tftp://{address}/{name}"),
        ])
        .output()
        .unwrap();
    assert!(output.status.success(), "{name}: {output:?}");
    output.stdout
}

#[test]
#[ignore = "needs curl"]
fn added_files_are_served_over_tftp_and_faulty_ones_stop_the_run() {
    require_program("curl");
    let base = tempfile::tempdir().unwrap();
    let bundle = bundle(base.path());
    let bundle = bundle.to_str().unwrap();
    let sep = written(base.path(), SEP, DEVICE_XML);
    let rings = written(base.path(), "ringlist.xml", "<CiscoIPPhoneRinglist/>");
    let errors = base.path().join("errors");
    let args = [
        "convert",
        bundle,
        "--trust-key",
        KEY,
        "--add",
        &sep,
        "--add",
        &rings,
    ];
    let (server, address) = start_server(&args, &errors);
    assert_eq!(fetch(&address, SEP), DEVICE_XML.as_bytes());
    assert_eq!(fetch(&address, "ringlist.xml"), b"<CiscoIPPhoneRinglist/>");
    let generated = String::from_utf8(fetch(&address, DEFAULT)).unwrap();
    assert!(generated.contains("SIP45.9-3-1SR4-1S"), "{generated}");
    server.signal("INT");
    assert_eq!(server.end(), Some(130));

    let faulty = written(
        base.path(),
        SEP,
        &DEVICE_XML.replace("<name>1001</name>", ""),
    );
    let args = ["convert", bundle, "--trust-key", KEY, "--add", &faulty];
    let port = ["--listen", "127.0.0.1", "--tftp-port", "0", "--json"];
    let run = reflash(&[&args[..], &port].concat()).code(1);
    assert_eq!(text(&run.get_output().stdout), "", "nothing was started");
    let err = text(&run.get_output().stderr);
    assert!(
        err.contains("[no-line]") && err.contains("nothing was served"),
        "{err}"
    );
}

#[test]
#[ignore = "needs curl"]
fn files_of_a_served_folder_are_checked_and_served_unchanged() {
    require_program("curl");
    let base = tempfile::tempdir().unwrap();
    let root = base.path().join("root");
    fs::create_dir_all(root.join("sub")).unwrap();
    let faulty = DEVICE_XML.replace("sipPort>5060", "sipPort>2000");
    written(&root, SEP, &faulty);
    written(
        &root,
        DEFAULT,
        &DEFAULT_XML.replace("Port>2000", "Port>5060"),
    );
    written(&root, "other.xml", "<no-phone-reads-this>");
    written(&root.join("sub"), DEFAULT, "<broken");
    let errors = base.path().join("errors");
    let (server, address) = start_server(&["serve", root.to_str().unwrap()], &errors);
    assert_eq!(fetch(&address, SEP), faulty.as_bytes());
    server.signal("INT");
    assert_eq!(server.end(), Some(130));
    let log = fs::read_to_string(&errors).unwrap();
    assert_eq!(log.matches("[ports]").count(), 2, "{log}");
    assert!(!log.contains("other.xml") && !log.contains("sub/"), "{log}");
}

#[test]
fn a_dial_plan_that_is_named_and_not_added_is_a_warning() {
    let base = tempfile::tempdir().unwrap();
    let bundle = bundle(base.path());
    let sep = written(base.path(), SEP, DEVICE_XML);
    let folder = base.path().join("added");
    fs::create_dir(&folder).unwrap();
    let plan = "<DIALTEMPLATE><TEMPLATE MATCH=\"*\" Timeout=\"5\"/></DIALTEMPLATE>";
    let warnings = |to: &str, add: &[&str]| {
        let run = stage(&bundle, &base.path().join(to), add).success();
        text(&run.get_output().stderr)
    };
    let err = warnings("a", &[&sep]);
    let (line, _) = place(DEVICE_XML, "<dialTemplate>");
    let place = format!("{SEP}:{line}:");
    assert!(
        err.contains("[dial-plan-missing]") && err.contains(&place),
        "{err}"
    );
    let added = written(base.path(), "dialplan.xml", plan);
    assert!(!warnings("b", &[&sep, &added]).contains("dial-plan"));
    // A folder is added like its files.
    written(&folder, SEP, DEVICE_XML);
    let folder = folder.to_str().unwrap();
    assert!(warnings("c", &[folder]).contains("[dial-plan-missing]"));
    assert!(!warnings("d", &[folder, &added]).contains("dial-plan"));
    let in_capitals = written(base.path(), "DialPlan.xml", plan);
    let err = warnings("e", &[&sep, &in_capitals]);
    assert!(
        err.contains("[file-name]") && !err.contains("missing"),
        "{err}"
    );
    assert!(base.path().join("d").join("dialplan.xml").exists());
}
