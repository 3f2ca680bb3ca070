//! Checks of the files of Asterisk themselves: sections that Asterisk does not read as meant.

use std::path::PathBuf;

use super::asterisk_conf::{AsteriskConf, AsteriskFile, Section};
use crate::diagnose::{Finding, Severity};

/// Keys that only sections with a `type` have.
const TYPED_KEYS: [&str; 12] = [
    "aors",
    "auth",
    "auth_type",
    "bind",
    "force_rport",
    "host",
    "max_contacts",
    "password",
    "protocol",
    "rewrite_contact",
    "secret",
    "username",
];

/// Checks the sections of a file and of those that it includes.
#[must_use]
pub fn check_asterisk(file: &AsteriskFile) -> Vec<Finding> {
    let conf = AsteriskConf::of_file(file);
    let mut found = Vec::new();
    for (index, section) in conf.sections.iter().enumerate() {
        for base in &section.unknown_bases {
            let later = conf.sections[index..].iter().skip(1);
            let is_later = later
                .into_iter()
                .any(|one| one.name.eq_ignore_ascii_case(base));
            // What was not read may define it.
            if is_later || !conf.partial {
                found.push(unknown_base(section, base, is_later));
            }
        }
        if is_untyped(section) && section.unknown_bases.is_empty() {
            found.push(untyped(section));
        }
    }
    let has = |kind: &str| {
        let mut sections = conf.sections.iter().filter(|section| !section.is_template);
        sections.find(|section| section.lower("type").as_deref() == Some(kind))
    };
    if let (Some(endpoint), None, false) = (has("endpoint"), has("transport"), conf.partial) {
        found.push(no_transport(endpoint));
    }
    found
}

/// Whether a section has values of an endpoint or peer, but no `type`.
fn is_untyped(section: &Section) -> bool {
    let is_general = ["general", "global", "authentication"]
        .iter()
        .any(|name| section.name.eq_ignore_ascii_case(name));
    !section.is_template
        && !section.continues
        && !is_general
        && section.value("type").is_none()
        && TYPED_KEYS.iter().any(|key| section.value(key).is_some())
}

fn untyped(section: &Section) -> Finding {
    let name = &section.name;
    finding(
        section,
        Severity::Warning,
        "section-without-type",
        format!("the section [{name}] has no type=: Asterisk ignores it"),
        if section.value("aors").is_some() {
            "Write type=endpoint into it".to_owned()
        } else {
            "Write type=endpoint, auth, aor or transport into it; in sip.conf, type=friend"
                .to_owned()
        },
    )
}

fn unknown_base(section: &Section, base: &str, is_later: bool) -> Finding {
    let name = &section.name;
    let (what, cure) = if is_later {
        (
            "which the file has only after it",
            format!("Move [{base}](!) before [{name}]"),
        )
    } else {
        (
            "which does not exist",
            format!("Add a template [{base}](!) before [{name}], or correct its name"),
        )
    };
    finding(
        section,
        Severity::Warning,
        "unknown-template",
        format!("[{name}] uses {base}, {what}: Asterisk rejects the whole file"),
        cure,
    )
}

fn no_transport(endpoint: &Section) -> Finding {
    Finding {
        line: None,
        ..finding(
            endpoint,
            Severity::Note,
            "no-transport",
            "endpoints and no transport: the transport and the port of the phones are not compared"
                .to_owned(),
            "Name the file with type=transport with --pjsip too; without a transport, Asterisk \
             accepts no phone"
                .to_owned(),
        )
    }
}

fn finding(
    section: &Section,
    severity: Severity,
    code: &'static str,
    message: String,
    cure: String,
) -> Finding {
    let path = if section.path.as_os_str().is_empty() {
        PathBuf::from(section.file("pjsip.conf"))
    } else {
        section.path.clone()
    };
    Finding {
        code,
        severity,
        path: Some(path),
        line: Some(section.line),
        column: None,
        message,
        cure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<(&'static str, Option<u32>)> {
        let found = check_asterisk(&AsteriskFile::new(text.to_owned()));
        found.iter().map(|one| (one.code, one.line)).collect()
    }

    #[test]
    fn sections_that_asterisk_does_not_read_as_meant_are_found() {
        let whole = "[u]\ntype=transport\n[p](!)\ntype=endpoint\n";
        for (text, expected) in [
            ("[1](p)\naors=1\n[1]\ntype=aor\n", vec![]),
            ("[1]\naors=1\n", vec![("section-without-type", Some(5))]),
            ("[1]\nset_var=a\n", vec![]),
            ("[1](+)\naors=1\n", vec![]),
            ("[general]\nsecret=a\n", vec![]),
            ("[1](q)\naors=1\n", vec![("unknown-template", Some(5))]),
            (
                "[1](q)\naors=1\n[q](!)\ntype=endpoint\n",
                vec![("unknown-template", Some(5))],
            ),
            ("[1](q)\naors=1\n#include x\n", vec![]),
        ] {
            assert_eq!(codes(&format!("{whole}{text}")), expected, "{text}");
        }
        assert_eq!(codes("[1]\ntype=endpoint\n"), [("no-transport", None)]);
        assert_eq!(codes("[1]\ntype=friend\n"), []);
        assert_eq!(codes("[1]\ntype=endpoint\n#include x\n"), []);
    }
}
