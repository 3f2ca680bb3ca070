//! What belongs in the repository, and that the tests named in the docs exist.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

/// What git ignores here, and folders that editors keep their settings in.
fn is_personal(name: &str) -> bool {
    [".vscode", ".idea", ".zed"].contains(&name)
        || Command::new("git")
            .args(["check-ignore", "--quiet", name])
            .status()
            .is_ok_and(|status| status.success())
}

#[test]
fn the_top_level_has_only_the_allowed_entries() {
    let expected = [
        ".ci",
        ".config",
        ".git",
        ".gitignore",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "SECURITY.md",
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
        let name = name.to_str().unwrap();
        assert!(
            expected.contains(&name) || is_personal(name),
            "{name:?} does not belong in the top-level folder"
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
    for (page, at_least) in [
        ("docs/hostile.md", 60),
        ("docs/rfc-compliance.md", 60),
        ("docs/security.md", 30),
    ] {
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
