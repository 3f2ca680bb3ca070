//! `--pjsip`: Asterisk's files with those that they include.

use std::{fs, path::Path};

use serde_json::Value;

use super::{DEVICE_XML, SEP, reflash, text, written};

/// Files of a PBX on which the phone of [`DEVICE_XML`] can register.
const FILES: [(&str, &str); 5] = [
    (
        "pjsip.conf",
        "# by hand\n[global]\ntype=global\n#include pjsip.d/*.conf\nuser_agent=pbx\n\
         #include \"phones.conf\" ; ours\n",
    ),
    (
        "pjsip.d/10-udp.conf",
        "[udp]\ntype=transport\nprotocol=udp\nbind=0.0.0.0:5060\n",
    ),
    (
        "pjsip.d/20-templates.conf",
        "[phone](!)\ntype=endpoint\n;-- force_rport=yes --;\nforce_rport=no\n",
    ),
    (
        "phones.conf",
        "[1001](phone)\nauth=1001\naors=1001\n[1001]\ntype=aor\nmax_contacts=1\n#include auth.conf\n",
    ),
    (
        "auth.conf",
        "[1001]\ntype=auth\nusername=1001\npassword=unspoken-30-characters-of-word\n",
    ),
];

/// Writes the files, with replacements, and returns the findings of `lint`.
fn findings(edits: &[(&str, &str, &str)], pjsip: &str) -> Vec<Value> {
    let base = tempfile::tempdir().unwrap();
    fs::create_dir(base.path().join("pjsip.d")).unwrap();
    for (name, content) in FILES {
        let mut content = content.to_owned();
        for (of, from, to) in edits.iter().filter(|(of, ..)| *of == name) {
            assert!(content.contains(from), "{of}: {from}");
            content = content.replace(from, to);
        }
        written(base.path(), name, &content);
    }
    for (of, ..) in edits.iter().filter(|(_, from, _)| from.is_empty()) {
        fs::remove_file(base.path().join(of)).unwrap();
    }
    let sep = written(base.path(), SEP, DEVICE_XML);
    let pjsip = base.path().join(pjsip);
    let run = reflash(&["lint", &sep, "--json", "--pjsip", pjsip.to_str().unwrap()]);
    let document: Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
    document["findings"].as_array().unwrap().clone()
}

fn codes(found: &[Value]) -> Vec<&str> {
    let code = |finding: &Value| finding["code"].as_str().map(str::to_owned);
    assert!(found.iter().all(|finding| code(finding).is_some()));
    found
        .iter()
        .filter_map(|finding| finding["code"].as_str())
        .collect()
}

#[test]
fn included_files_are_compared_like_the_file_itself() {
    for pjsip in ["pjsip.conf", "."] {
        assert_eq!(findings(&[], pjsip), [] as [Value; 0], "{pjsip}");
        for (of, from, to, code) in [
            (
                "auth.conf",
                "password=unspoken",
                "password=silent",
                "password-differs",
            ),
            ("pjsip.d/10-udp.conf", ":5060", ":5160", "ports"),
            (
                "pjsip.d/10-udp.conf",
                "protocol=udp",
                "protocol=tcp",
                "transport",
            ),
            (
                "pjsip.d/20-templates.conf",
                "rport=no",
                "rport=yes",
                "endpoint-nat",
            ),
            (
                "phones.conf",
                "[1001](phone)",
                "[1002](phone)",
                "unknown-endpoint",
            ),
        ] {
            let found = findings(&[(of, from, to)], pjsip);
            assert_eq!(codes(&found), [code], "{of} {to}");
        }
    }
}

#[test]
fn what_was_not_read_is_reported_and_nothing_is_concluded_from_it() {
    let missing = [("auth.conf", "", "")];
    let found = findings(&missing, "pjsip.conf");
    assert_eq!(codes(&found), ["include-not-read"], "{found:?}");
    let path = found[0]["path"].as_str().unwrap();
    assert!(path.ends_with("phones.conf"), "{path}");
    assert_eq!(
        (&found[0]["line"], &found[0]["severity"]),
        (&7.into(), &"warning".into())
    );
    let message = found[0]["message"].as_str().unwrap();
    assert!(
        message.contains("#include auth.conf is not read: it does not exist"),
        "{message}"
    );

    let none = [
        ("pjsip.d/10-udp.conf", "", ""),
        ("pjsip.d/20-templates.conf", "", ""),
    ];
    let found = findings(&none, "pjsip.conf");
    // What the template has is not known either, but the endpoint without it is compared.
    assert_eq!(codes(&found)[0], "include-not-read");
    let message = found[0]["message"].as_str().unwrap();
    assert!(message.contains("no file has such a name"), "{message}");
    assert!(!codes(&found).contains(&"transport"), "{found:?}");

    for (to, part, severity) in [
        ("#tryinclude none.conf", "it does not exist", "note"),
        ("#exec /usr/bin/phones", "commands are not run", "warning"),
        ("#include pjsip.conf", "includes itself", "warning"),
        ("#include pjsip.d", "it does not exist", "warning"),
    ] {
        let edit = [("phones.conf", "#include auth.conf", to)];
        let found = findings(&edit, "pjsip.conf");
        assert_eq!(codes(&found), ["include-not-read"], "{to}");
        let message = found[0]["message"].as_str().unwrap();
        assert!(message.contains(part), "{to}: {message}");
        assert_eq!(found[0]["severity"], severity, "{to}");
    }
}

#[test]
fn a_path_of_the_pbx_is_read_in_a_copy_of_its_folder() {
    let edit = [("pjsip.conf", "\"phones.conf\"", "/etc/asterisk/phones.conf")];
    if !Path::new("/etc/asterisk/phones.conf").exists() {
        assert_eq!(findings(&edit, "pjsip.conf"), [] as [Value; 0]);
    }
}

#[test]
fn a_file_without_endpoints_is_refused() {
    let base = tempfile::tempdir().unwrap();
    let sep = written(base.path(), SEP, DEVICE_XML);
    let other = written(
        base.path(),
        "extensions.conf",
        "[phones]\nexten => 1,1,Hangup()\n",
    );
    let run = reflash(&["lint", &sep, "--pjsip", &other]).code(1);
    let err = text(&run.get_output().stderr);
    assert!(err.contains("contains no endpoint"), "{err}");
    let empty = base.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let run = reflash(&["lint", &sep, "--pjsip", empty.to_str().unwrap()]).code(1);
    let err = text(&run.get_output().stderr);
    assert!(err.contains("no pjsip*.conf"), "{err}");
}
