//! The dial plan of the phones and that of the PBX: waits and emergency numbers.

use reflash::{dialplan::DialPlanSource, provision::ProvisionOutput};

use super::{build_with, inventory, text};

fn built(site: &str, extensions: &[&str], plan: Option<&str>) -> ProvisionOutput {
    let mut toml = format!("[site]\npbx = \"192.0.2.10\"\ntime_zone = \"UTC\"\n{site}\n");
    for (at, extension) in extensions.iter().enumerate() {
        toml += &format!("[[phone]]\nmac = \"001D45AABB{at:02X}\"\nextension = \"{extension}\"\n");
    }
    let plan = plan.map(|plan| match DialPlanSource::preset(plan) {
        Some(preset) => preset.to_xml(),
        None => DialPlanSource::parse(plan).unwrap().to_xml(),
    });
    let plan = plan.as_deref().map(str::as_bytes);
    build_with(&inventory(&toml), &[], plan).unwrap()
}

fn note<'a>(built: &'a ProvisionOutput, part: &str) -> Option<&'a str> {
    let found = built.notes.iter().find(|note| note.contains(part));
    found.map(String::as_str)
}

#[test]
fn the_emergency_numbers_of_every_preset_get_a_route_or_a_warning() {
    for (preset, numbers) in [
        ("AU", &["000", "106", "112"][..]),
        ("NANP", &["911"]),
        ("internal", &["000", "112", "911", "999"]),
    ] {
        let without = built("", &["2001"], Some(preset));
        let warning = note(&without, "has no route for the emergency numbers").unwrap();
        for number in numbers {
            assert!(warning.contains(number), "{warning}");
        }
        let dials = text(&without, "asterisk/extensions.conf");
        assert!(!dials.contains("exten => 112") && dials.contains("There is no route"));
        let with = built("emergency_trunk = \"provider\"", &["2001"], Some(preset));
        assert_eq!(note(&with, "has no route"), None);
        assert!(note(&with, "to the trunk provider").is_some());
        for number in numbers {
            let pjsip = format!("exten => {number},1,Dial(PJSIP/{number}@provider)\n");
            assert!(text(&with, "asterisk/extensions.conf").contains(&pjsip));
            let sip = format!("exten => {number},1,Dial(SIP/provider/{number})\n");
            assert!(text(&with, "asterisk/chan_sip/extensions.conf").contains(&sip));
        }
    }
}

#[test]
fn other_plans_have_their_own_emergency_numbers() {
    let trunk = "emergency_trunk = \"provider\"";
    // A number with its own route, one that the phone rewrites, and one that is an extension.
    let plan = "118 now route emergency\n112 now -> 0112\n999 now\n1... now\n";
    let with = built(trunk, &["1001", "999"], Some(plan));
    let dials = text(&with, "asterisk/extensions.conf");
    assert!(dials.contains("exten => 118,1,Dial(PJSIP/118@provider)"));
    assert!(dials.contains("exten => 0112,1,Dial(PJSIP/0112@provider)"));
    assert_eq!(dials.matches("exten => 999,1,").count(), 1);
    assert!(note(&with, "999 is an extension here and an emergency number").is_some());
    for plan in [Some("1... now\n"), None] {
        assert!(
            note(
                &built("", &["1001"], plan),
                "no route for emergency numbers"
            )
            .is_some()
        );
        let unused = built(trunk, &["1001"], plan);
        assert!(
            note(&unused, "has no effect").is_some(),
            "{:?}",
            unused.notes
        );
    }
}

#[test]
fn the_waits_of_the_dial_plan_are_noted() {
    let wait = |site: &str, extensions: &[&str], plan: &str| {
        let built = built(site, extensions, Some(plan));
        note(&built, "phones wait").map(str::to_owned)
    };
    let noted = wait("voicemail = \"*97\"", &["1001", "201"], "internal").unwrap();
    assert!(noted.contains("3 s after *97, 1001, 201"), "{noted}");
    assert!(noted.contains("Dial key or #"), "{noted}");
    assert_eq!(wait("", &["12345"], "internal"), None);
    assert_eq!(wait("", &["1001"], "1... now\n"), None);
    let own = wait("", &["1001", "22"], "1... after 7\n").unwrap();
    assert!(own.contains("10 s after 22, 7 s after 1001"), "{own}");
    let tcp = wait("transport = \"tcp\"", &["1001"], "internal").unwrap();
    assert!(!tcp.contains('#'), "over TCP, # is a digit: {tcp}");
}

#[test]
fn extensions_behind_an_emergency_number_have_a_warning_of_their_own() {
    let extensions: Vec<String> = (1115..=1125).map(|number| number.to_string()).collect();
    let extensions: Vec<&str> = extensions.iter().map(String::as_str).collect();
    let with = built("", &extensions, Some("internal"));
    let warning = note(&with, "cannot be dialled").unwrap();
    assert!(
        warning.starts_with(
            "Warning: 1120–1125 cannot be dialled: after 112 the phone calls the emergency number. "
        ),
        "{warning}"
    );
    assert_eq!(note(&with, "rewrites"), None);
    assert!(text(&with, "README.txt").contains("Warning: 1120–1125"));

    // A rule of the list's own numbers does not help, and an emergency number is never delayed.
    let own = built("", &["1120"], Some("1120 now\n112 now\n"));
    assert!(note(&own, "1120 cannot be dialled").is_some());
    let other = built("", &["2110"], Some("NANP"));
    let warning = note(&other, "cannot be dialled").unwrap();
    assert!(
        warning.contains("after 211 the phone calls 211 at once. Use another number, or give the"),
        "{warning}"
    );
    assert_eq!(
        note(&built("", &["1201"], Some("internal")), "cannot"),
        None
    );
}
