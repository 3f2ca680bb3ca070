//! Names and labels that are longer than phones and pjsip accept: cut between characters, and
//! noted.

use reflash::{
    phone::{LoadName, Model},
    provision::{Passwords, ProvisionInputs, ProvisionOutput, conversion_notes},
};

use super::{YEAR, build, inventory, seps, text};

fn named(values: &str) -> ProvisionOutput {
    build(&format!(
        "[site]\npbx = \"192.0.2.10\"\n[[phone]]\nmac = \"001D45AABB01\"\nmodel = 7965\n\
         extension = 1001\n{values}\n"
    ))
}

fn element<'a>(built: &'a ProvisionOutput, name: &str) -> &'a str {
    let (_, written) = seps(built).next().unwrap();
    let (_, after) = written.split_once(&format!("<{name}>")).unwrap();
    after.split_once('<').unwrap().0
}

fn cut_notes(built: &ProvisionOutput) -> Vec<&String> {
    let is_cut = |note: &&String| note.contains("Cut: ");
    built.notes.iter().filter(is_cut).collect()
}

#[test]
fn a_name_is_cut_between_characters_at_30_and_noted() {
    for (letter, count) in [("x", 30), ("é", 30), ("ß", 30), ("€", 26), ("𝄞", 19)] {
        let built = named(&format!("name = \"{}\"", letter.repeat(120)));
        let kept = letter.repeat(count);
        assert_eq!(element(&built, "displayName"), kept);
        let caller = format!("callerid=\"{kept}\" <1001>");
        for file in ["asterisk/pjsip.conf", "asterisk/chan_sip/sip.conf"] {
            assert!(text(&built, file).contains(&caller), "{caller}");
        }
        let notes = cut_notes(&built);
        assert_eq!(notes.len(), 1, "{:?}", built.notes);
        let expected = format!("of 1001 to {count} characters");
        assert!(notes[0].contains(&expected), "{notes:?}");
    }
    for fits in [
        "x".repeat(30),
        "é".repeat(30),
        "Doe, Jane & Co. (2nd)".to_owned(),
    ] {
        let built = named(&format!("name = \"{fits}\""));
        assert_eq!(element(&built, "displayName"), fits.replace('&', "&amp;"));
        assert_eq!(cut_notes(&built), [""; 0]);
    }
    // A blank at the cut is dropped with the rest.
    let built = named(&format!("name = \"{} and more\"", "x".repeat(29)));
    assert_eq!(element(&built, "displayName"), "x".repeat(29));
}

#[test]
fn a_label_is_cut_for_the_button_and_for_the_corner() {
    for (label, button, corner, notes) in [
        ("Reception", "Reception", "Reception", 0),
        ("Front desk", "Front desk", "Front", 1),
        ("Besprechungsraum", "Besprechungsraum", "Besprechungs", 1),
        (
            "Konferenzzimmer im zweiten Stock, Ostflügel",
            "Konferenzzimmer im zweiten Sto",
            "Konferenzzim",
            1,
        ),
    ] {
        let built = named(&format!("label = \"{label}\""));
        assert_eq!(element(&built, "featureLabel"), button);
        assert_eq!(element(&built, "phoneLabel"), corner);
        assert_eq!(cut_notes(&built).len(), notes, "{:?}", built.notes);
    }
    let long = "y".repeat(31);
    let built = named(&format!(
        "line2_extension = 1002\nline2_label = \"{long}\"\nline3_number = 5\nline3_label = \"{long}\""
    ));
    let (_, written) = seps(&built).next().unwrap();
    let cut = format!("<featureLabel>{}</featureLabel>", "y".repeat(30));
    assert_eq!(written.matches(&cut).count(), 2);
    let note = cut_notes(&built)[0];
    assert!(note.contains("of 1002") && note.contains("of 5 "), "{note}");
}

#[test]
fn many_cut_names_make_one_note() {
    let mut toml = String::from("[site]\npbx = \"192.0.2.10\"\n");
    for number in 0..40 {
        toml += &format!(
            "[[phone]]\nmac = \"001D45AABB{number:02X}\"\nextension = {}\nname = \"{}\"\n",
            1000 + number,
            "Ö".repeat(31)
        );
    }
    let built = build(&toml);
    let notes = cut_notes(&built);
    assert!(
        notes.len() == 1 && notes[0].contains("and 35 more"),
        "{notes:?}"
    );
}

#[test]
fn a_conversion_notes_the_cut_names_of_the_phones_it_serves() {
    let notes = |name: &str| {
        let read = inventory(&format!(
            "[site]\npbx = \"192.0.2.10\"\n[[phone]]\nmac = \"001D45AABB01\"\nmodel = 7965\n\
             extension = 1001\nsecret = \"abc\"\nname = \"{name}\"\n"
        ));
        let loads = [(
            Model::by_number("7965").unwrap(),
            LoadName::new("SIP45.9-3-1SR4-1S"),
        )];
        let given = ProvisionInputs {
            passwords: &Passwords::default(),
            loads: &loads,
            dial_plan: None,
            year: YEAR,
        };
        conversion_notes(&read, &given).unwrap()
    };
    assert_eq!(notes("Reception"), [""; 0]);
    let cut = notes(&"x".repeat(31));
    assert!(cut.len() == 1 && cut[0].contains("; 1 is cut: "), "{cut:?}");
}
