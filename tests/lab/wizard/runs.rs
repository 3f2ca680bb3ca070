//! Whole runs on loopback, from the first page to the phone.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use serde_json::Value;

use crate::support::terminal::Terminal;

use super::{
    REFLASH,
    workspace::{BRIDGE, PHONE, TARGET, Workspace, wait_for_page},
};

/// The report of the only journal.
fn report(workspace: &Workspace) -> Value {
    let folder = workspace.path("state").join("reflash");
    let mut journals = fs::read_dir(folder).unwrap().flatten();
    let journal = journals.next().unwrap().path();
    assert!(journals.next().is_none(), "one run, one journal");
    let output = Command::new(REFLASH)
        .args(["report", "--json"])
        .arg(journal)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    document["report"].clone()
}

/// A run that was started with the default answer on each page.
fn start_with_defaults(workspace: &Workspace) -> Terminal {
    let terminal = workspace.here(&format!("{TARGET} {}", workspace.loopback()));
    for (page, last) in [
        ("step 4", "  Back"),
        ("step 5", "  Back"),
        ("step 6", "nothing was changed"),
    ] {
        wait_for_page(&terminal, page, last);
        terminal.keys(&["Enter"]);
    }
    terminal.wait_for("waiting for the first phone");
    terminal
}

#[test]
#[ignore = "needs tmux"]
fn from_the_bundle_to_a_converted_phone_with_its_configuration() {
    let workspace = Workspace::with_bridge();
    // One row more: the ports of a test make the command of the last page longer.
    let terminal = workspace.wizard((80, 25), str::to_owned, &workspace.loopback());
    workspace.page(&terminal, "step 1", "Leave the wizard", "bundle-80x24");
    terminal.keys(&["Enter"]);
    workspace.page(&terminal, "step 4", "  Back", "way-80x24");
    terminal.keys(&["Enter"]);
    workspace.page(&terminal, "step 5", "  Back", "configuration-80x24");
    terminal.keys(&["Down", "Enter"]);
    for (question, answer) in [
        ("Address or host name of the PBX", "192.0.2.300"),
        ("Not valid", "192.0.2.20"),
        ("MAC address of phone 1", "0252"),
        ("is not a MAC address", PHONE),
        (": extension", "1001"),
        (": name (optional)", "Reception"),
        (": SIP password", "not-a-secret"),
        ("Inventory file to write", "phones"),
    ] {
        terminal.wait_for(question);
        terminal.types(answer);
        terminal.keys(&["Enter"]);
    }
    workspace.page(&terminal, "step 6", "nothing was changed", "summary-80x24");
    assert!(!workspace.path("phones.toml").exists());
    terminal.keys(&["Enter"]);
    terminal.wait_for("type 123456789*0# within 60");
    let list = workspace.path("phones.toml");
    let mode = fs::metadata(&list).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let _phone = workspace.phones("1", &[]);
    terminal.wait_for("The reset was accepted");
    terminal.wait_for("DO NOT UNPLUG it from now on");
    assert_eq!(terminal.code(), 0, "{}", terminal.everything());
    let screen = terminal.everything();
    let text: String = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains("is converted and is to register with the PBX 192.0.2.20"),
        "{screen}"
    );
    assert!(!screen.contains("not-a-secret\n  "), "{screen}");

    // The printed command line is valid: `convert` accepts the files that it names.
    let (_, line) = screen
        .rsplit_once("The same conversion without the wizard:\n")
        .unwrap();
    let line = line.replace(" \\\n   ", "");
    for word in [
        TARGET,
        BRIDGE,
        "--inventory phones.toml",
        "--trust-key key.pem",
    ] {
        assert!(line.contains(word), "{line}");
    }
    let report = report(&workspace);
    let phone = &report["phones"][0];
    assert_eq!(phone["state"], "confirmed", "{report:#}");
    assert_eq!(phone["name"], "Reception");
    let files = phone["files"].as_array().unwrap();
    let own = format!("SEP{PHONE}.cnf.xml");
    assert!(
        files
            .iter()
            .any(|file| file["name"] == own.as_str() && file["outcome"] == "delivered")
    );
}

#[test]
#[ignore = "needs tmux"]
fn a_phone_that_loses_power_is_reported_and_is_done_in_the_end() {
    let workspace = Workspace::new();
    let flags = workspace.loopback().replace("--expect 1", "--expect 2");
    let terminal = workspace.here(&format!("{TARGET} {flags}"));
    wait_for_page(&terminal, "step 4", "  Back");
    // Without a bridge in the folder the target is tried at once.
    terminal.keys(&["Enter"]);
    wait_for_page(&terminal, "step 5", "  Back");
    terminal.keys(&["Enter"]);
    wait_for_page(&terminal, "step 6", "nothing was changed");
    terminal.keys(&["Enter"]);
    terminal.wait_for("waiting for the first phone");
    let _phone = workspace.phones("2", &["--fault", "power-cut=apps:40"]);
    terminal.wait_for("rebooted-mid-image");
    assert_eq!(terminal.code(), 0, "{}", terminal.everything());
    let report = report(&workspace);
    let phones = report["phones"].as_array().unwrap();
    assert_eq!(phones.len(), 2, "{report:#}");
    assert!(phones.iter().all(|phone| phone["state"] == "confirmed"));
}

#[test]
#[ignore = "needs tmux"]
fn the_answer_of_the_operator_is_recorded_and_the_state_stays_flashed() {
    let workspace = Workspace::new();
    let terminal = start_with_defaults(&workspace);
    let faults = ["--fault", "no-witness", "--fault", "no-second-pass"];
    let _phone = workspace.phones("1", &faults);
    terminal.wait_for("fetched all images and starts");
    // The phone is settled a minute after its configuration.
    wait_for_page(&terminal, "Call Control Protocol", "  Stop asking");
    terminal.keys(&["Enter"]);
    assert_eq!(terminal.code(), 0, "{}", terminal.everything());
    let screen = terminal.everything();
    assert!(
        screen.contains("the operator reports its display shows SIP"),
        "{screen}"
    );
    let phone = report(&workspace)["phones"][0].clone();
    assert_eq!(phone["state"], "flashed", "{phone:#}");
    let evidence = phone["evidence"].as_array().unwrap();
    assert!(
        evidence.iter().any(|it| it["witness"] == "person"),
        "{phone:#}"
    );
}

#[test]
#[ignore = "needs tmux"]
fn a_phone_whose_display_shows_sccp_ends_the_run_as_not_converted() {
    let workspace = Workspace::new();
    let terminal = start_with_defaults(&workspace);
    let faults = ["--fault", "no-witness", "--fault", "no-second-pass"];
    let _phone = workspace.phones("1", &faults);
    wait_for_page(&terminal, "Call Control Protocol", "  Stop asking");
    terminal.keys(&["Down", "Enter"]);
    assert_eq!(terminal.code(), 1, "{}", terminal.everything());
    let screen = terminal.everything();
    let text: String = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains("does not run them: the operator reports its display shows SCCP"),
        "{screen}"
    );
    assert!(!text.contains("1 done"), "{screen}");
    let (_, command) = screen
        .split_once("This command continues the conversion:\n")
        .unwrap_or_else(|| panic!("{screen}"));
    for word in ["reflash convert --resume", "--listen 127.0.0.1"] {
        assert!(command.contains(word), "{word}: {screen}");
    }
    let phone = report(&workspace)["phones"][0].clone();
    assert_eq!(phone["state"], "configuring", "{phone:#}");
}

#[test]
#[ignore = "needs tmux"]
fn an_interrupted_run_is_offered_at_the_next_start() {
    let workspace = Workspace::new();
    let terminal = start_with_defaults(&workspace);
    let phone = workspace.phones("1", &[]);
    terminal.wait_for("DO NOT UNPLUG it from now on");
    terminal.keys(&["C-c"]);
    terminal.wait_for("stopping: no new phone is served");
    drop(phone);
    terminal.keys(&["C-c"]);
    assert_eq!(terminal.code(), 130, "{}", terminal.everything());
    let screen = terminal.everything();
    let (_, command) = screen
        .split_once("This command continues the conversion:\n")
        .unwrap_or_else(|| panic!("{screen}"));
    assert!(command.contains("reflash convert"), "{screen}");
    assert!(command.contains("--resume"), "{screen}");
    assert!(screen.contains("plugged in: it lacks images"), "{screen}");
    assert!(!screen.contains("Restore DHCP"), "{screen}");

    let terminal = workspace.here(&workspace.loopback());
    let screen = wait_for_page(&terminal, "was interrupted", "nothing was changed");
    assert!(screen.contains("1 phone came, 0 done"), "{screen}");
    for word in ["reflash convert", "--resume", "--listen 127.0.0.1"] {
        assert!(screen.contains(word), "{word}: {screen}");
    }
    terminal.keys(&["Down", "Enter"]);
    wait_for_page(&terminal, "step 1", "Leave the wizard");
    terminal.keys(&["C-c"]);
    assert_eq!(terminal.code(), 130);

    // It is continued, and the phone is not said to have lost power.
    let terminal = workspace.here(&workspace.loopback());
    wait_for_page(&terminal, "was interrupted", "nothing was changed");
    terminal.keys(&["Enter"]);
    terminal.wait_for("The conversion continues");
    let _phone = workspace.phones("1", &[]);
    assert_eq!(terminal.code(), 0, "{}", terminal.everything());
    let phone = report(&workspace)["phones"][0].clone();
    assert_eq!(phone["state"], "confirmed", "{phone:#}");
    assert_eq!(phone["withdrawn"], serde_json::json!([]), "{phone:#}");
    let evidence = phone["evidence"].to_string();
    assert!(evidence.contains("reflash was stopped at"), "{phone:#}");
}
