//! Invalid inventories: each fault has its place and names the expected value.

use super::{SITE, inventory, try_build};

const PHONE: &str = "[[phone]]\nmac = \"001D45AABB01\"\nmodel = 7965\nextension = 1001\n";
const OTHER: &str = "[[phone]]\nmac = \"001D45AABB02\"\nmodel = 7945\nextension = 1001\n";

/// The faults, each as `line:column message`.
fn faults(toml: &str) -> Vec<String> {
    match try_build(&inventory(toml)) {
        Ok(_) => Vec::new(),
        Err(faults) => faults
            .iter()
            .map(|fault| format!("{}:{} {}", fault.line, fault.column, fault.message))
            .collect(),
    }
}

const LONG_SERVER: &str = "ntp = \"a-time-server-with-a-very-long-name.of-this-site.example\"";

/// A value of the site, a value of the phone, the fault.
const CASES: &[(&str, &str, &str)] = &[
    ("pbx = \"192.0.2.999\"", "", "2:7 expected the IPv4 address"),
    ("pbx = \"0.0.0.0\"", "", "2:7 expected the IPv4 address"),
    ("pbx = \"2001:db8::1\"", "", "2:7 expected the IPv4 address"),
    ("pbx = \"a b\"", "", "2:7 expected the IPv4 address"),
    ("time_zone = \"Europe/Viena\"", "", "2:13 unknown time zone"),
    (
        "time_zone = \"Asia/Kathmandu\"",
        "",
        "2:13 in 2026, no time zone of the phones",
    ),
    ("date_format = \"d.m.y\"", "", "2:15 expected a date format"),
    ("ntp = \"x y_\"", "", "2:7 expected the IPv4 address"),
    (LONG_SERVER, "", "2:7 phones take at most 50"),
    ("context = \"general\"", "", "2:11 a context has"),
    ("context = \"a]\"", "", "2:11 a context has"),
    ("voicemail = \"_X.\"", "", "2:13 a number to dial"),
    ("voicemail = \"h\"", "", "2:13 a number to dial"),
    ("locale = \"../x\"", "", "2:10 a locale is a folder"),
    (
        "language = \"de_DE\"",
        "",
        "2:12 a language without `locale`",
    ),
    (
        "ssh_user = \"admin\"",
        "",
        "SSH needs a user and a password",
    ),
    (
        "ssh_user = \"admin\"\nssh_password = \"a b\"",
        "",
        "3:16 a password has",
    ),
    ("", "label = \"a;b\"", "';' cannot be used in a name"),
    ("", "name = \"a[b\"", "'[' cannot be used in a name"),
    ("", "name = \"a\\uFFFEb\"", "cannot be used in a name"),
    ("", "name = 'a\" => b'", "'\"' cannot be used in a name"),
    ("", "secret = \"a;b\"", "a password has 1 to 30"),
    ("", "secret = \" a\"", "a password has 1 to 30"),
    ("", "secret = \"a<b\"", "a password has 1 to 30"),
    ("", "secret = \"pässword\"", "a password has 1 to 30"),
    (
        "",
        "secret = \"0123456789abcdef0123456789abcdef\"",
        "a password has at most 30 characters, but this one has 32",
    ),
    (
        "",
        "line2_extension = \"1234567890123456789012345678901\"",
        "an extension has 1 to 30",
    ),
    (
        "backup_pbx = \"192.0.2.10\"",
        "",
        "2:14 the second PBX is the first one",
    ),
    ("backup_pbx = \"a b\"", "", "2:14 expected the IPv4 address"),
    (
        "directory_url = \"192.0.2.5/book\"",
        "",
        "2:17 expected a URL",
    ),
    ("services_url = \"http://\"", "", "2:16 expected a URL"),
    (
        "emergency_trunk = \"a;b\"",
        "",
        "2:19 expected the name of a trunk",
    ),
    (
        "pickup_group = \"1,2\"",
        "",
        "2:16 expected the name of a group",
    ),
    ("", "voicemail = \"12 34\"", "a number to dial"),
    (
        "",
        "web_access = true\nssh_password = \"x\"",
        "SSH needs a user",
    ),
    ("", "line7_number = 1", "button 7 of a 7965, which has 6"),
    ("", "line2_number = \"1;2\"", "a number to dial"),
    (
        "",
        "line2_extension = \"1001\"",
        "the extension 1001 is on this phone twice",
    ),
    (
        "",
        "line2_extension = \"general\"",
        "'general' has a special meaning",
    ),
    ("", "line2_extension = \"h\"", "'h' has a special meaning"),
    ("", "line2_extension = \"_X.\"", "an extension has 1 to 30"),
    ("", "line2_extension = \"1 2\"", "an extension has 1 to 30"),
    ("", "line2_extension = \"10]\"", "an extension has 1 to 30"),
    (
        "transport = \"tcp\"",
        "line2_extension = \"1002\"",
        "a second line with transport tcp",
    ),
];

#[test]
fn a_fault_names_its_place_and_what_was_expected() {
    for (of_site, of_phone, message) in CASES {
        let pbx = if of_site.starts_with("pbx") {
            ""
        } else {
            "pbx = \"192.0.2.10\"\n"
        };
        let toml = format!("[site]\n{of_site}\n{pbx}{PHONE}{of_phone}\n");
        let actual = faults(&toml);
        assert!(
            actual.iter().any(|fault| fault.contains(message)),
            "{toml}\n{message}\n{actual:#?}"
        );
        assert_eq!(actual.len(), 1, "{toml}\n{actual:#?}");
        if of_site.is_empty() {
            let line = toml
                .lines()
                .position(|line| line == of_phone.lines().last().unwrap());
            let line = format!("{}:", line.unwrap() + 1);
            assert!(
                actual[0].starts_with(&line) || message.contains("SSH"),
                "{actual:#?}"
            );
        }
    }
}

#[test]
fn all_missing_values_are_reported_at_once() {
    assert_eq!(
        faults("[[phone]]\nmac = \"001D45AABB01\"\n[[phone]]\nmac = \"001D45AABB02\"\n").len(),
        3,
        "no PBX, and two phones without an extension"
    );
    let actual = faults(&format!("{SITE}[[phone]]\nmac = \"001D45AABB01\"\n"));
    assert_eq!(actual.len(), 1, "{actual:?}");
    assert!(
        actual[0].starts_with("4:7 a phone without an extension"),
        "{actual:?}"
    );
    let actual = faults(&format!(
        "{SITE}[[phone]]\nmac = \"001D45AABB01\"\nmodel = 7925\nextension = 1\n"
    ));
    assert!(
        actual[0]
            .starts_with("5:9 no configuration is written for a 7925: there is SCCP firmware only"),
        "{actual:?}"
    );
    for (model, why) in [
        ("7905", "binary profile"),
        ("7912", "Cisco's cfgfmt"),
        ("3905", "there is SIP firmware only for them"),
    ] {
        let phone = format!("mac = \"001D45AABB01\"\nmodel = {model}\nextension = 1\n");
        let actual = faults(&format!("{SITE}[[phone]]\n{phone}"));
        assert!(actual[0].contains(why), "{model}: {actual:?}");
    }
    let actual = faults(&format!(
        "{SITE}[[phone]]\nmac = \"001D45AABB01\"\nextension = 1\nline2_number = 12\n"
    ));
    assert!(
        actual[0].starts_with("6:16 a phone with further line buttons needs"),
        "{actual:?}"
    );
}

#[test]
fn an_extension_on_two_phones_has_to_be_shared_on_both() {
    let two = |one: &str, other: &str| faults(&format!("{SITE}{PHONE}{one}{OTHER}{other}"));
    let shared = "shared = true\n";
    assert!(two("", "")[0].contains("the phone 001d45aabb01 has the extension 1001 too"));
    assert_eq!(two(shared, "").len(), 1);
    assert_eq!(two("", shared).len(), 1);
    assert_eq!(two(shared, shared), [""; 0]);
    let secret = "shared = true\nsecret = \"abc\"\n";
    assert_eq!(two(secret, shared), [""; 0]);
    assert_eq!(two(shared, secret), [""; 0]);
    assert_eq!(two(secret, secret), [""; 0]);
    let another = two(secret, "shared = true\nsecret = \"abd\"\n");
    assert!(
        another[0].contains("another password for 1001"),
        "{another:?}"
    );
    assert!(!another[0].contains("abc") && !another[0].contains("abd"));
    let case =
        format!("{SITE}{PHONE}{OTHER}line2_extension = \"a1\"\n").replacen("1001", "\"A1\"", 1);
    assert!(
        faults(&case)[0].contains("has the extension a1 too"),
        "{:?}",
        faults(&case)
    );
}

#[test]
fn only_a_password_that_a_7941_may_truncate_is_noted() {
    let notes = |model: &str| {
        let toml = format!(
            "{SITE}time_zone = \"UTC\"\n[[phone]]\nmac = \"001D45AABB01\"\nmodel = \"{model}\"\n\
             extension = 1001\nsecret = \"thirteen13131\"\n"
        );
        try_build(&inventory(&toml)).unwrap().notes
    };
    for (model, count) in [("7941", 1), ("7961-GE", 1), ("7965", 0), ("7911", 0)] {
        let notes = notes(model);
        let password_notes: Vec<_> = notes
            .iter()
            .filter(|note| note.contains("password"))
            .collect();
        assert_eq!(password_notes.len(), count, "{model}: {password_notes:?}");
        assert!(password_notes.iter().all(|note| !note.contains("thirteen")));
    }
}
