//! `--secrets`: the passwords that `provision` generated, read by `convert --inventory`.

use std::{fs, path::Path};

use assert_cmd::Command;
use reflash::{
    inputs::{extra_files, phone_list::InventoryFile},
    inventory::Inventory,
};

use super::office::{OFFICE, Office, stderr};

fn read(office: &Office, secrets: Option<&Path>) -> Result<Inventory, String> {
    InventoryFile::read(&office.path("office.toml"), secrets, true)
        .map(|file| file.inventory)
        .map_err(|failure| failure.to_string())
}

/// The secret of the first phone, which the inventory does not have.
fn secret(read: &Inventory) -> Option<&str> {
    read.phones[0]
        .secret
        .as_ref()
        .map(reflash::inventory::Secret::expose)
}

fn generated(office: &Office, folder: &str) -> String {
    let toml = fs::read_to_string(office.path(folder).join("secrets.toml")).unwrap();
    toml.split('"').nth(3).unwrap().to_owned()
}

#[test]
fn the_passwords_of_a_folder_next_to_the_inventory_are_used() {
    let office = Office::new(OFFICE);
    assert_eq!(secret(&read(&office, None).unwrap()), None);
    office.provision(&[]).success();
    let expected = generated(&office, "to");
    let inventory = read(&office, None).unwrap();
    assert_eq!(secret(&inventory), Some(expected.as_str()));
    // A secret of the inventory takes precedence.
    let given = inventory.phones[1].secret.as_ref().unwrap();
    assert_eq!(given.expose(), "hunter2");
    // A copy next to the inventory, without the list of provision.
    fs::copy(office.path("to/secrets.toml"), office.path("secrets.toml")).unwrap();
    fs::remove_dir_all(office.path("to")).unwrap();
    assert_eq!(
        secret(&read(&office, None).unwrap()),
        Some(expected.as_str())
    );
}

#[test]
fn two_folders_with_different_passwords_are_an_error_that_names_both() {
    let office = Office::new(OFFICE);
    office.provision(&[]).success();
    fs::rename(office.path("to"), office.path("first")).unwrap();
    office.provision(&[]).success();
    let error = read(&office, None).unwrap_err();
    for part in ["first/secrets.toml", "to/secrets.toml", "office.toml"] {
        assert!(error.contains(part), "{error}");
    }
    for folder in ["first", "to"] {
        let expected = generated(&office, folder);
        let folder = office.path(folder);
        for named in [folder.clone(), folder.join("secrets.toml")] {
            let read = read(&office, Some(&named)).unwrap();
            assert_eq!(secret(&read), Some(expected.as_str()));
        }
    }
}

#[test]
fn a_copy_of_the_folder_is_no_second_choice() {
    let office = Office::new(OFFICE);
    office.provision(&[]).success();
    let expected = generated(&office, "to");
    fs::copy(office.path("to/secrets.toml"), office.path("secrets.toml")).unwrap();
    let inventory = read(&office, None).unwrap();
    assert_eq!(secret(&inventory), Some(expected.as_str()));
}

#[test]
fn other_files_are_not_taken_for_passwords() {
    let office = Office::new(OFFICE);
    let folder = office.path("other");
    fs::create_dir(&folder).unwrap();
    fs::write(
        folder.join("secrets.toml"),
        "[secret]\n\"1001\" = \"abc\"\n",
    )
    .unwrap();
    let unlisted = read(&office, None).unwrap();
    assert_eq!(
        secret(&unlisted),
        None,
        "provision did not write that folder"
    );
    let error = read(&office, Some(&office.path("nowhere"))).unwrap_err();
    assert!(error.contains("nowhere does not exist"), "{error}");
    fs::write(
        folder.join("secrets.toml"),
        "[secret]\n\"1001\" = \"hunter2 x\"\n",
    )
    .unwrap();
    let error = read(&office, Some(&folder)).unwrap_err();
    assert!(
        error.contains("cannot be read") && !error.contains("hunter2"),
        "{error}"
    );
    // Without an inventory, there is nothing to add them to.
    let assert = Command::cargo_bin("reflash")
        .unwrap()
        .args(["convert", "x.zip", "--secrets", "x"])
        .assert()
        .code(2);
    assert!(
        stderr(&assert).contains("--inventory"),
        "{}",
        stderr(&assert)
    );
}

#[test]
fn several_faults_of_an_inventory_are_all_named_before_a_run() {
    let office = Office::new("[[phone]]\nmac = \"x\"\nmodel = 1\n");
    let error = read(&office, None).unwrap_err();
    assert!(error.contains("2 faults in the inventory"), "{error}");
    office.write_inventory("[[phone]]\nmac = \"x\"\n");
    let error = read(&office, None).unwrap_err();
    assert!(error.contains("line 2, column 7: 'x' is not"), "{error}");
}

#[test]
fn a_folder_of_provision_is_not_served_with_the_passwords_in_it() {
    let office = Office::new(OFFICE);
    office.provision(&[]).success();
    let folder = office.path("to");
    let serve = |folder: &Path| {
        let mut command = Command::cargo_bin("reflash").unwrap();
        command.arg("serve").arg(folder);
        // An address that no machine has: a folder that may be served fails later.
        command.args(["--listen", "192.0.2.1"]).assert()
    };
    let refused = stderr(&serve(&folder).code(2));
    let phones = folder.join("tftp");
    assert!(
        refused.contains("passwords") && refused.contains(&*phones.to_string_lossy()),
        "{refused}"
    );
    assert!(!stderr(&serve(&phones)).contains("provision"));
    assert!(extra_files::read(&[folder]).is_err());
    assert!(extra_files::read(&[phones]).is_ok());
}
