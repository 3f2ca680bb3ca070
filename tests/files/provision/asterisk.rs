//! What Asterisk gets for one inventory: shared lines, dial plan, mailboxes and passwords.

use reflash::{
    phone::Model,
    provision::{Passwords, ProvisionInputs, conversion_files},
};

use super::{SITE, YEAR, build, counting, ini, inventory, one, seps, text};

#[test]
fn a_shared_line_allows_one_contact_for_each_of_its_phones() {
    let built = build(&format!(
        "{SITE}\
         [[phone]]\nmac = \"001D45AABB01\"\nextension = 1001\nshared = true\n\
         [[phone]]\nmac = \"001D45AABB02\"\nextension = 1001\nshared = true\nsecret = \"abc\"\n"
    ));
    let sections = ini(text(&built, "asterisk/pjsip.conf"));
    let aor = sections.iter().find(|s| one(s, "type") == "aor").unwrap();
    assert_eq!(one(aor, "max_contacts"), "2");
    assert_eq!(sections.len(), 4);
    let dials = text(&built, "asterisk/extensions.conf");
    assert!(
        dials.contains("exten => 1001,1,Dial(${PJSIP_DIAL_CONTACTS(1001)})"),
        "{dials}"
    );
    assert!(
        built
            .notes
            .iter()
            .any(|note| note.contains("all phones that share 1001 ring only with pjsip"))
    );
    for (_, written) in seps(&built) {
        assert!(written.contains("<authPassword>abc</authPassword>"));
        assert!(written.contains("<sharedLine>true</sharedLine>"));
    }
}

#[test]
fn the_dial_plan_of_the_pbx_rings_each_phone_and_its_mailbox() {
    let built = build(&format!(
        "{SITE}context = \"office\"\nvoicemail = \"*97\"\n\
         [[phone]]\nmac = \"001D45AABB01\"\nextension = 1001\nname = \"Meier, Anna\"\n"
    ));
    let dialplan = text(&built, "asterisk/extensions.conf");
    for line in [
        "[office]",
        "exten => 1001,hint,PJSIP/1001",
        "exten => 1001,1,Dial(PJSIP/1001,25)",
        "same => n,VoiceMail(1001@default,u)",
        "exten => *97,1,VoiceMailMain(${CALLERID(num)}@default)",
    ] {
        assert!(dialplan.lines().any(|it| it == line), "{line}\n{dialplan}");
    }
    assert!(text(&built, "asterisk/chan_sip/extensions.conf").contains("Dial(SIP/1001,25)"));
    let mailboxes = ini(text(&built, "asterisk/voicemail.conf"));
    let entry = one(&mailboxes[0], "1001");
    let (pin, name) = entry.split_once(',').unwrap();
    assert!(pin.len() == 6 && pin.bytes().all(|b| b.is_ascii_digit()));
    assert_eq!(name, "Meier  Anna");
    let pjsip = ini(text(&built, "asterisk/pjsip.conf"));
    let endpoint = pjsip.iter().find(|s| one(s, "type") == "endpoint").unwrap();
    assert_eq!(one(endpoint, "mailboxes"), "1001@default");
    assert_eq!(one(endpoint, "callerid"), "\"Meier, Anna\" <1001>");
    assert_eq!(one(endpoint, "context"), "office");
}

#[test]
fn a_dial_plan_that_rewrites_an_extension_is_noted() {
    let read = inventory(&format!(
        "{SITE}voicemail = \"*97\"\ntime_zone = \"UTC\"\n\
         [[phone]]\nmac = \"001D45AABB01\"\nextension = 1001\n\
         [[phone]]\nmac = \"001D45AABB02\"\nextension = 201\n"
    ));
    let notes = |plan: &str| {
        let plan = format!("<DIALTEMPLATE>{plan}</DIALTEMPLATE>");
        let built = super::build_with(&read, &[], Some(plan.as_bytes())).unwrap();
        let mut notes = built.notes;
        notes.retain(|note| note.contains("rewrites"));
        notes
    };
    assert_eq!(notes("<TEMPLATE MATCH=\"....\" Timeout=\"0\"/>"), [""; 0]);
    let noted = notes("<TEMPLATE MATCH=\"1...\" Rewrite=\"9...\" Timeout=\"0\"/>");
    assert!(
        noted.len() == 1 && noted[0].contains("the dial plan rewrites 1001: "),
        "{noted:?}"
    );
    let broken = super::build_with(&read, &[], Some(b"<DIALTEMPLATE>"));
    assert_eq!(broken.unwrap_err().len(), 1);
}

#[test]
fn a_conversion_serves_the_phones_that_could_register_and_no_others() {
    let read = inventory(&format!(
        "{SITE}\
         [[phone]]\nmac = \"001D45AABB01\"\nextension = 1001\nsecret = \"abc\"\nmodel = 7965\n\
         [[phone]]\nmac = \"001D45AABB02\"\nextension = 1002\n\
         [[phone]]\nmac = \"001D45AABB03\"\n\
         [[phone]]\nmac = \"001D45AABB04\"\nextension = 1004\nsecret = \"abc\"\nmodel = 7945\n\
         line2_extension = 1005\n"
    ));
    let load = reflash::phone::LoadName::new("SIP45.9-3-1SR4-1S");
    let loads: Vec<_> = ["7945", "7965"]
        .map(|number| (Model::by_number(number).unwrap(), load.clone()))
        .into();
    let given = ProvisionInputs {
        passwords: &Passwords::default(),
        loads: &loads,
        dial_plan: Some(b"<DIALTEMPLATE/>"),
        year: YEAR,
    };
    let files = conversion_files(&read, &given).unwrap();
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["SEP001D45AABB01.cnf.xml", "dialplan.xml"]);
    let sep = std::str::from_utf8(&files[0].1).unwrap();
    assert!(sep.contains("<loadInformation>SIP45.9-3-1SR4-1S</loadInformation>"));
    assert!(sep.contains("<dialTemplate>dialplan.xml</dialTemplate>"));
    let without_pbx =
        inventory("[[phone]]\nmac = \"001D45AABB01\"\nextension = 1\nsecret = \"a\"\n");
    assert_eq!(conversion_files(&without_pbx, &given).unwrap(), []);
    let wrong = inventory(&format!(
        "{SITE}[[phone]]\nmac = \"001D45AABB01\"\nextension = 1\n\
         secret = \"a;b\"\n"
    ));
    assert_eq!(conversion_files(&wrong, &given).unwrap_err()[0].line, 6);
}

#[test]
fn passwords_are_generated_once_and_read_back() {
    let read = inventory(&format!(
        "{SITE}voicemail = \"*97\"\n\
         [[phone]]\nmac = \"001D45AABB01\"\nextension = 1001\n\
         [[phone]]\nmac = \"001D45AABB02\"\nextension = 1002\nsecret = \"given\"\n"
    ));
    let mut made = Passwords::default();
    let Ok(()) = made.fill(&read, counting());
    let text = made.to_toml();
    assert!(!text.contains("given") && text.contains("1001"));
    assert!(!format!("{made:?}").contains(text.split('"').nth(3).unwrap()));
    let mut again = Passwords::from_toml(&text).unwrap();
    assert_eq!(again, made);
    let Ok(()) = again.fill(
        &read,
        |_: &mut [u8]| -> Result<(), std::convert::Infallible> {
            panic!("nothing is left to make")
        },
    );
    for secret in text.split('"').skip(3).step_by(4) {
        // Passwords of phones, PINs, and the secret of the manager interface.
        assert!([12, 6, 24].contains(&secret.len()), "{secret}");
        assert!(secret.len() == 6 || !secret.contains(['0', 'O', 'o', '1', 'l', 'I']));
    }
    for wrong in [
        "[secret]\n1 = 2\n",
        "[other]\n",
        "secret = 1\n",
        "[secret]\n\"a;b\" = \"c\"\n",
        "[secret]\na = \"hunter2 x\"\n",
        "[",
    ] {
        let error = Passwords::from_toml(wrong).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
