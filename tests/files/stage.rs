//! `stage`, `models`, `completions` and `man` from outside: what they print and how they end.

use std::{fs, path::Path};

use assert_cmd::Command;
use reflash::phone::MODELS;

fn reflash(args: &[&str]) -> assert_cmd::assert::Assert {
    Command::cargo_bin("reflash")
        .expect("it is built")
        .args(args)
        .assert()
}

fn stdout(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn stderr(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

#[test]
fn errors_visible_in_the_command_line_exit_with_2() {
    let base = tempfile::tempdir().unwrap();
    let to = base.path().join("root");
    let to = to.to_str().unwrap();
    let manager = ["--call-manager", "192.0.2.10"];
    let cases: [(&[&str], &str); 7] = [
        (&["stage", "a.zip", "--to", to], "--call-manager"),
        (&["stage", "a.zip", manager[0], manager[1]], "--to"),
        (&["stage", "--to", to, manager[0], manager[1]], "BUNDLE"),
        (
            &["stage", "a.zip", "--to", to, manager[0], "pbx"],
            "192.0.2.10",
        ),
        (
            &["stage", "a.zip", "--to", to, manager[0], "0.0.0.0"],
            "one host",
        ),
        (
            &[
                "stage",
                "a.zip",
                "--to",
                to,
                manager[0],
                manager[1],
                "--checksum",
                "abc",
            ],
            "SHA-256",
        ),
        (&["completions", "perl"], "bash"),
    ];
    for (args, part) in cases {
        let assert = reflash(args).code(2);
        assert!(
            stderr(&assert).contains(part),
            "{args:?}: {}",
            stderr(&assert)
        );
        assert_eq!(stdout(&assert), "");
    }
    assert!(!Path::new(to).exists());
}

#[test]
fn a_folder_in_use_is_refused_before_a_bundle_is_read() {
    let base = tempfile::tempdir().unwrap();
    fs::write(base.path().join("mine"), "").unwrap();
    let to = base.path().to_str().unwrap();
    let assert = reflash(&[
        "stage",
        "absent.zip",
        "--to",
        to,
        "--call-manager",
        "192.0.2.10",
    ])
    .code(1);
    assert!(
        stderr(&assert).contains("must be new or empty"),
        "{}",
        stderr(&assert)
    );
    assert_eq!(fs::read_dir(base.path()).unwrap().count(), 1);
}

#[test]
fn a_file_of_add_or_trust_key_that_cannot_be_read_is_refused_with_what_to_do() {
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().to_str().unwrap();
    let link = base.path().join("dialplan.xml");
    std::os::unix::fs::symlink("gone", &link).unwrap();
    let link = link.to_str().unwrap();
    let der = base.path().join("key file.der");
    fs::write(&der, b"\x30\x82\xff").unwrap();
    let der = der.to_str().unwrap();
    let to = base.path().join("root");
    let to = to.to_str().unwrap();
    let cases = [
        (
            ["--add", "no/dialplan.xml"],
            "--add no/dialplan.xml does not exist",
            "Name the file where it is now: --add FILE (a relative path begins at /",
        ),
        (
            ["--add", "~/dialplan.xml"],
            "--add ~/dialplan.xml does not exist",
            "The shell replaces ~ only at the beginning of a word: --add \"$HOME/...\"",
        ),
        (
            ["--add", link],
            "is a link to a file that does not exist",
            "Name the file where it is now",
        ),
        (
            ["--trust-key", "no.pem"],
            "--trust-key no.pem does not exist",
            "Name the file where it is now: --trust-key FILE",
        ),
        (
            ["--trust-key", folder],
            "is a folder",
            "Name a PEM file in it, with a public key or a certificate",
        ),
        (
            ["--trust-key", der],
            "is not text, so it is no PEM file",
            "openssl x509 -inform der -in '",
        ),
    ];
    for (flags, error, cure) in cases {
        let args = ["stage", "a.zip", "--to", to, "--call-manager", "192.0.2.10"];
        let assert = reflash(&[&args[..], &flags].concat()).code(1);
        let said = stderr(&assert)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert!(
            said.contains(error) && said.contains(cure),
            "{flags:?}: {said}"
        );
    }
}

#[test]
fn the_model_table_fits_80_columns_and_has_every_model() {
    let table = stdout(&reflash(&["models"]).success());
    for line in table.lines() {
        assert!(line.len() <= 80, "{line}");
    }
    for model in MODELS {
        let id = model.device_type.to_string();
        let listed = table.lines().any(|line| {
            let mut fields = line.split_whitespace();
            fields.next() == Some(model.number) && fields.next() == Some(&id)
        });
        assert!(listed, "{model:?}");
    }
    let row = "7965       436  converts   reset    cmterm-7945_7965-sip term65.default.loads";
    assert!(table.contains(row), "{table}");
}

#[test]
fn the_model_table_has_only_the_models_named() {
    let names = |arguments: &[&str]| {
        let assert = reflash(&[&["models", "--json"], arguments].concat()).success();
        let document: serde_json::Value = serde_json::from_str(&stdout(&assert)).unwrap();
        let rows = document["models"].as_array().unwrap().iter();
        let names = rows.map(|row| row["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&["7965"]), ["7965"]);
    assert_eq!(names(&["CP-7965G", "7945"]), ["7945", "7965"]);
    // A -GE model has the firmware of the plain one.
    assert_eq!(names(&["7961"]), ["7961", "7961-GE"]);
    assert_eq!(names(&["7961-ge"]), ["7961-GE"]);
    let message = stderr(&reflash(&["models", "7999"]).failure());
    assert!(message.contains("not in the table"), "{message}");
}

#[test]
fn the_model_table_is_one_json_document() {
    let text = stdout(&reflash(&["models", "--json"]).success());
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let rows = document["models"].as_array().unwrap();
    assert_eq!(rows.len(), MODELS.len());
    let named = |name: &str| rows.iter().find(|row| row["name"] == name).unwrap();
    assert_eq!(
        *named("7961-GE"),
        serde_json::json!({
            "model": "7961", "name": "7961-GE", "device_type": 308,
            "bundle": "cmterm-7941_7961-sip", "recovery": "term61.default.loads",
            "convertible": true, "support": "converts", "route": "reset", "reset": "installs",
            "reason": null
        })
    );
    assert_eq!(named("7921")["bundle"], serde_json::Value::Null);
    assert_eq!(named("7912")["reason"], "binary-profile");
}

#[test]
fn every_shell_completion_has_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stdout(&reflash(&["completions", shell]).success());
        assert!(
            script.contains("stage") && script.contains("call-manager"),
            "{shell}"
        );
    }
    // The shell itself checks its script.
    let script = stdout(&reflash(&["completions", "bash"]).success());
    Command::new("bash")
        .arg("-n")
        .write_stdin(script)
        .assert()
        .success();
}

#[test]
fn every_command_has_a_man_page() {
    let base = tempfile::tempdir().unwrap();
    let to = base.path().join("deep/man");
    let to = to.to_str().unwrap();
    reflash(&["man", "--to", to]).success();
    let help = stdout(&reflash(&["--help"]).success());
    let verbs: Vec<_> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        // Further lines of a description stand further in.
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|verb| *verb != "help")
        .collect();
    assert!(
        verbs.contains(&"stage") && !verbs.contains(&"man"),
        "{help}"
    );
    for verb in verbs {
        let page = Path::new(to).join(format!("reflash-{verb}.1"));
        let page = fs::read_to_string(page).expect(verb);
        assert!(
            page.contains(".SH DESCRIPTION") && page.contains("Example"),
            "{verb}"
        );
    }
    assert!(Path::new(to).join("reflash.1").exists());
}

#[test]
fn multiplatform_firmware_is_refused_with_the_reason() {
    use reflash::{
        bundle::{ExamineOptions, examine},
        phone::Family,
        simulator::{Release, Sizes, SyntheticBundle, test_key},
        stage::{AcceptPolicy, check_targets},
    };
    let folder = tempfile::tempdir().unwrap();
    let refusal = |release: &str| {
        let path = folder.path().join("made.zip");
        let made = SyntheticBundle::new(Family::F88, 5).unwrap();
        let release = Release {
            load: release.to_owned(),
            images: String::new(),
        };
        made.sizes(Sizes::Small)
            .release(release)
            .write_zip(&path)
            .unwrap();
        let options = ExamineOptions {
            trusted: vec![test_key()],
            ..ExamineOptions::default()
        };
        let accept = AcceptPolicy {
            unknown: true,
            ..AcceptPolicy::default()
        };
        check_targets(&examine(&path, &options).unwrap(), accept)
    };
    assert_eq!(refusal("12-8-1-0001-455"), Ok(()));
    let error = refusal("12-0-7MPP0201-66").unwrap_err();
    assert!(error.to_string().contains("multiplatform"), "{error}");
    assert!(error.cure().contains("migration licence"), "{error}");
}
