//! All faults of a file at once, and values that are blank.

use super::*;

fn csv(text: &str) -> Result<Inventory, String> {
    Inventory::from_csv(text.as_bytes()).map_err(|fault| fault.to_string())
}

fn toml(text: &str) -> Result<Inventory, String> {
    Inventory::from_toml(text.as_bytes()).map_err(|fault| fault.to_string())
}

/// The positions of all faults, in the order of the text.
fn all_faults(name: &str, text: &str) -> Vec<(u64, u64)> {
    let parsed = Inventory::parse_all(Path::new(name), text.as_bytes());
    let faults = parsed.faults.iter();
    let mut places: Vec<_> = faults.map(|fault| (fault.line, fault.column)).collect();
    places.sort_unstable();
    places
}

#[test]
fn every_fault_of_a_file_is_collected() {
    let toml = "[site]\nport = 0\nrtp = \"1\"\n[[phone]]\nmac = \"x\"\nmodel = 1\n\
                [[phone]]\nmac = \"001D45AABB01\"\nshared = 2\nextension = [1]\n\
                [[phone]]\nmac = \"001D45AABB01\"\n[[phone]]\nextension = 1\n";
    let expected = [
        (2, 8),
        (3, 7),
        (5, 7),
        (6, 9),
        (9, 10),
        (10, 13),
        (12, 7),
        (13, 1),
    ];
    assert_eq!(all_faults("a.toml", toml), expected);
    let csv = "mac,model,port\nx,7965,0\n001D45AABB01,9,0\n001D45AABB02,7965\n001D45AABB02,,\n";
    assert_eq!(all_faults("a.csv", csv), [(2, 1), (2, 3), (3, 2), (4, 2)]);
    let syntax = "[site]\npbx = \nport = \n[[phone]]\nmac = \"x\"\n";
    assert_eq!(
        all_faults("a.toml", syntax).len(),
        2,
        "errors of the syntax come first"
    );
}

#[test]
fn a_file_has_a_bounded_number_of_faults() {
    let mut csv = String::from("mac\n");
    for _ in 0..5_000 {
        csv += "x\n";
    }
    assert_eq!(all_faults("a.csv", &csv).len(), 1_000);
}

#[test]
fn a_blank_extension_or_number_is_a_fault_in_toml_and_not_used_in_csv() {
    let phone = "[[phone]]\nmac = \"001D45AABB01\"\nextension = 1\n";
    for (blank, line) in [
        ("line2_extension = \"\"", 4),
        ("line2_extension = \" \"", 4),
        ("line2_extension = \"\"\nline2_label = \"x\"", 4),
        ("line3_number = \"\"", 4),
        ("[[phone.line]]\nextension = \"\"", 5),
        ("[[phone.line]]\nnumber = \"\\t\"\nlabel = \"x\"", 5),
        ("[[phone.line]]", 4),
        ("[[phone.line]]\nlabel = \"\"", 4),
        ("[[phone.line]]\nbutton = 3", 4),
    ] {
        let text = format!("{phone}{blank}\n");
        let places = all_faults("a.toml", &text);
        assert!(places.len() == 1 && places[0].0 == line, "{text}{places:?}");
    }
    let message = toml(&format!("{phone}line2_extension = \" \"\n")).unwrap_err();
    assert!(message.contains("`line2_extension` is blank"), "{message}");
    let read = csv("mac,extension,line2_extension\n001D45AABB01,1,\n001D45AABB02,2,3\n").unwrap();
    assert_eq!(read.phones[0].buttons, []);
    assert_eq!(read.phones[1].buttons.len(), 1);
    let half = csv("mac,line2_extension,line2_label\n001D45AABB01,,Sales\n").unwrap_err();
    assert!(half.contains("button 2 has no function"), "{half}");
}

#[test]
fn blf_is_for_speed_dials() {
    let button = |values: &str| {
        toml(&format!(
            "[[phone]]\nmac = \"001D45AABB01\"\n[[phone.line]]\n{values}\n"
        ))
        .map(|read| read.phones[0].buttons[0].function.clone())
    };
    let dial = |blf| {
        Ok(ButtonFunction::SpeedDial {
            number: "5".to_owned(),
            label: None,
            blf,
        })
    };
    assert_eq!(button("number = 5"), dial(false));
    assert_eq!(button("number = 5\nblf = true"), dial(true));
    assert_eq!(button("number = 5\nblf = false"), dial(false));
    let line = button("extension = 5\nblf = true").unwrap_err();
    assert!(line.contains("button 2 is a line"), "{line}");
}
