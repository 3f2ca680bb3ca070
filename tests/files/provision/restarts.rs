//! What `provision` writes for restarts: the AMI user, `ami.toml`, and the numbers of check-sync.

use std::path::Path;

use reflash::{
    inventory::Inventory,
    lint::{self, LintContext},
    provision::{Passwords, ProvisionInputs, ProvisionOutput, build},
};

const PHONES: &str = "
[[phone]]
mac = '001D45AABB01'
model = 7960
extension = 1001
[[phone]]
mac = '001D45AABB02'
model = 7965
extension = 1002
";

fn built(site: &str, phones: &str, passwords: &Passwords) -> ProvisionOutput {
    let toml = format!("[site]\npbx = '192.0.2.10'\ntime_zone = 'Europe/Vienna'\n{site}{phones}");
    let inventory = Inventory::from_toml(toml.as_bytes()).unwrap();
    let given = ProvisionInputs {
        passwords,
        loads: &[],
        dial_plan: None,
        year: 2026,
    };
    build(&inventory, &given).unwrap()
}

/// Passwords that begin with this byte of randomness.
fn passwords(first: u8) -> Passwords {
    let toml = format!("[site]\npbx = '192.0.2.10'\n{PHONES}");
    let inventory = Inventory::from_toml(toml.as_bytes()).unwrap();
    let mut next = first;
    let mut made = Passwords::default();
    let Ok(()) = made.fill(&inventory, |bytes: &mut [u8]| {
        for byte in bytes {
            *byte = next;
            next = next.wrapping_add(7);
        }
        Ok::<_, std::convert::Infallible>(())
    });
    made
}

fn text<'a>(output: &'a ProvisionOutput, path: &str) -> &'a str {
    let file = output.files.iter().find(|file| file.path == path);
    let file = file.unwrap_or_else(|| panic!("no {path}"));
    std::str::from_utf8(&file.bytes).unwrap()
}

fn sync(output: &ProvisionOutput) -> String {
    let common = text(output, "tftp/SIPDefault.cnf");
    let line = common.lines().find_map(|line| line.strip_prefix("sync: "));
    line.unwrap().to_owned()
}

#[test]
fn the_ami_user_may_use_system_actions_from_one_host_only() {
    let made = passwords(1);
    let output = built("", PHONES, &made);
    let manager = text(&output, "asterisk/manager.conf");
    for line in [
        "[reflash]",
        "deny=0.0.0.0/0.0.0.0",
        "permit=127.0.0.1/255.255.255.255",
        "read=",
        "write=system",
    ] {
        assert!(
            manager.lines().any(|found| found == line),
            "{line}: {manager}"
        );
    }
    let ami = text(&output, "ami.toml");
    assert!(ami.contains("host = \"127.0.0.1\"\n"), "{ami}");
    let secret = manager
        .lines()
        .find_map(|line| line.strip_prefix("secret="))
        .unwrap();
    assert!(secret.len() == 24 && ami.contains(&format!("secret = \"{secret}\"\n")));
    assert!(!text(&output, "README.txt").contains(secret));
    assert!(
        made.to_toml()
            .contains(&format!("[manager]\n\"reflash\" = \"{secret}\"\n"))
    );

    let remote = built("ami_from = '192.0.2.5'\n", PHONES, &made);
    let manager = text(&remote, "asterisk/manager.conf");
    assert!(
        manager.contains("permit=192.0.2.5/255.255.255.255\n"),
        "{manager}"
    );
    assert!(text(&remote, "ami.toml").contains("host = \"192.0.2.10\"\n"));
}

#[test]
fn an_ami_host_must_be_one_ipv4_address() {
    for wrong in ["pbx.example", "0.0.0.0", "192.0.2.0/24", "255.255.255.255"] {
        let toml = format!("[site]\npbx = '192.0.2.10'\nami_from = '{wrong}'\n{PHONES}");
        let inventory = Inventory::from_toml(toml.as_bytes()).unwrap();
        let given = ProvisionInputs {
            passwords: &passwords(1),
            loads: &[],
            dial_plan: None,
            year: 2026,
        };
        let faults = build(&inventory, &given).unwrap_err();
        assert!(
            faults[0].to_string().contains("the IPv4 address of a host"),
            "{faults:?}"
        );
    }
}

#[test]
fn the_number_of_check_sync_changes_with_the_files_of_a_7940_and_is_the_same_in_both_files() {
    let made = passwords(1);
    let first = built("", PHONES, &made);
    let number = sync(&first);
    assert!(number.parse::<u32>().unwrap() > 1);
    let info = text(&first, "tftp/syncinfo.xml");
    let expected = format!("<SYNCINFO><IMAGE VERSION=\"*\" SYNC=\"{number}\"/></SYNCINFO>\n");
    assert_eq!(info, expected);
    let found = lint::check(
        Path::new("syncinfo.xml"),
        info.as_bytes(),
        &LintContext::default(),
    );
    assert!(found.is_empty(), "{found:?}");

    assert_eq!(sync(&built("", PHONES, &made)), number, "nothing changed");
    let of_other = PHONES.replace("extension = 1002", "extension = 1002\nlabel = 'Workshop'");
    assert_eq!(
        sync(&built("", &of_other, &made)),
        number,
        "another phone changed"
    );
    let renamed = PHONES.replace("extension = 1001", "extension = 1001\nlabel = 'Door'");
    assert_ne!(sync(&built("", &renamed, &made)), number);
    assert_ne!(sync(&built("port = 5070\n", PHONES, &made)), number);
    let secret = PHONES.replace(
        "extension = 1001",
        "extension = 1001\nsecret = 'another-one'",
    );
    assert_ne!(sync(&built("", &secret, &made)), number);
}

#[test]
fn passwords_cannot_be_tried_against_the_number_of_check_sync() {
    // The same files with another key have another number.
    let phones = PHONES
        .replace(
            "extension = 1001",
            "extension = 1001\nsecret = 'the-same-one'",
        )
        .replace(
            "extension = 1002",
            "extension = 1002\nsecret = 'the-same-two'",
        );
    let numbers = [1, 2].map(|first| sync(&built("", &phones, &passwords(first))));
    assert_ne!(numbers[0], numbers[1]);
}

#[test]
fn without_a_generated_secret_nothing_of_ami_is_written() {
    let phones = PHONES
        .replace(
            "extension = 1001",
            "extension = 1001\nsecret = 'the-same-one'",
        )
        .replace(
            "extension = 1002",
            "extension = 1002\nsecret = 'the-same-two'",
        );
    let output = built("", &phones, &Passwords::default());
    let paths: Vec<_> = output.files.iter().map(|file| file.path.as_str()).collect();
    for path in ["ami.toml", "asterisk/manager.conf", "tftp/syncinfo.xml"] {
        assert!(!paths.contains(&path), "{paths:?}");
    }
    assert!(!text(&output, "tftp/SIPDefault.cnf").contains("sync:"));
}

#[test]
fn the_readme_says_which_phones_notify_cannot_restart() {
    let readme = |site: &str| {
        let output = built(site, PHONES, &passwords(1));
        let text = text(&output, "README.txt");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let counts = |managed: u8, by_hand: u8| {
        format!(
            "by NOTIFY service-control: {managed}; by NOTIFY check-sync (7940, 7960): 1. Phones that \
             NOTIFY cannot restart: {by_hand}; their lines register at the address"
        )
    };
    for (site, managed, by_hand) in [("", 0, 1), ("transport = 'tcp'\n", 1, 0)] {
        let text = readme(site);
        assert!(text.contains(&counts(managed, by_hand)), "{text}");
    }
}
