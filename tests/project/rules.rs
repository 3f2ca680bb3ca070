//! The house rules that a machine can check.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

/// The licences that deny.toml allows, read from it so that there is one list.
fn allowed() -> BTreeSet<String> {
    let text = fs::read_to_string("deny.toml").unwrap();
    let list = text
        .split("allow = [")
        .nth(1)
        .unwrap()
        .split(']')
        .next()
        .unwrap();
    list.split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// Whether an SPDX expression can be met with the allowed licences. Parentheses as they
/// occur in practice: `(MIT OR Apache-2.0) AND Unicode-3.0`.
fn meets(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let expression = expression.replace('/', " OR ");
    expression.split(" AND ").all(|part| {
        part.split(" OR ")
            .any(|one| allowed.contains(one.trim_matches(['(', ')', ' '])))
    })
}

#[test]
fn every_dependency_has_a_licence_that_suits_ours() {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--filter-platform",
        ])
        .arg("x86_64-unknown-linux-gnu")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let allowed = allowed();
    assert!(allowed.len() > 5, "deny.toml was not read: {allowed:?}");
    let packages = metadata["packages"].as_array().unwrap();
    let wrong: Vec<String> = packages
        .iter()
        .filter(|package| !meets(package["license"].as_str().unwrap_or("none"), &allowed))
        .map(|package| format!("{}: {}", package["name"], package["license"]))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_licence_check_can_say_no() {
    let allowed = allowed();
    assert!(meets("MIT OR GPL-3.0", &allowed));
    assert!(meets("(MIT OR Apache-2.0) AND Unicode-3.0", &allowed));
    assert!(!meets("GPL-3.0", &allowed));
    assert!(!meets("MIT AND GPL-3.0", &allowed));
}

#[test]
fn the_top_level_is_what_was_asked_for() {
    let expected = [
        ".ci",
        ".config",
        ".git",
        ".gitignore",
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "deny.toml",
        "docs",
        "rust-toolchain.toml",
        "rustfmt.toml",
        "scripts",
        "src",
        "target",
        "tests",
    ];
    for entry in fs::read_dir(".").unwrap() {
        let name = entry.unwrap().file_name();
        assert!(
            expected.contains(&name.to_str().unwrap()),
            "{name:?} is no part of the house"
        );
    }
}

#[test]
fn no_firmware_is_in_the_tree() {
    let mut folders = vec![
        Path::new("src").to_owned(),
        "tests".into(),
        "docs".into(),
        "scripts".into(),
    ];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.to_str().unwrap().to_lowercase();
            let firmware = [".sbn", ".sb2", ".loads", ".sgn", ".zip", ".tar", ".gz"];
            assert!(!firmware.iter().any(|end| name.ends_with(end)), "{name}");
        }
    }
}

/// Everything that is written in Rust here, in one text.
fn sources() -> String {
    let mut text = String::new();
    let mut folders = vec![Path::new("src").to_owned(), "tests".into()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text += &fs::read_to_string(path).unwrap();
            }
        }
    }
    text
}

#[test]
fn every_test_that_the_docs_name_exists() {
    let sources = sources();
    for (page, at_least) in [("docs/hostile.md", 60), ("docs/rfc-compliance.md", 60)] {
        let text = fs::read_to_string(page).unwrap();
        // Names of tests have underscores and nothing that code or a path has.
        let named: BTreeSet<&str> = text
            .lines()
            .filter(|line| line.starts_with('|'))
            .flat_map(|line| line.split('`').skip(1).step_by(2))
            .filter(|name| name.contains('_'))
            .filter(|name| name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric()))
            .collect();
        assert!(named.len() >= at_least, "{page} names {}", named.len());
        for name in named {
            let function = format!("fn {name}(");
            assert!(
                sources.contains(&function),
                "{page}: there is no test {name}"
            );
        }
    }
}
