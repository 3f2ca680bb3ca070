//! Tables as spreadsheets write them, and values as people write them.

use super::Inventory;

#[test]
fn a_table_copied_or_exported_from_a_spreadsheet_is_read_with_its_separator() {
    for text in [
        "mac\tname\textension\n001D45AABB01\tA, B\t1001\n",
        "sep=;\r\nmac;name;extension\r\n001D45AABB01;A, B;1001\r\n",
        "\"sep=|\"\nmac|name|extension\n001D45AABB01|A, B|1001\n",
        "SEP=\t\nmac\tname\textension\n001D45AABB01\tA, B\t1001\n",
        "mac,name,extension\n001D45AABB01,\"A, B\",1001\n",
    ] {
        let read =
            Inventory::from_csv(text.as_bytes()).unwrap_or_else(|fault| panic!("{fault}\n{text}"));
        assert_eq!(read.phones.len(), 1, "{text}");
        assert_eq!(read.phones[0].name.as_deref(), Some("A, B"), "{text}");
        assert_eq!(read.phones[0].extension.as_deref(), Some("1001"), "{text}");
    }
}

#[test]
fn a_misspelled_name_is_answered_with_the_one_that_was_meant() {
    for (name, expected) in [
        ("extention", "did you mean 'extension'?"),
        ("Time Zone", "did you mean 'time_zone'?"),
        ("colour", "known: mac, model"),
    ] {
        let read = Inventory::from_csv(format!("mac,{name}\n001D45AABB01,x\n").as_bytes()).unwrap();
        let warning = &read.warnings[0];
        assert!(warning.contains(expected), "{warning}");
    }
}

#[test]
fn a_number_with_a_leading_zero_needs_quotes() {
    let toml = |value: &str| {
        let text = format!("[[phone]]\nmac = \"001D45AABB01\"\nextension = {value}\n");
        Inventory::from_toml(text.as_bytes()).map_err(|fault| fault.to_string())
    };
    let fault = toml("0100").unwrap_err();
    assert!(
        fault.contains("line 3") && fault.contains("\"0100\""),
        "{fault}"
    );
    let read = toml("\"0100\"").unwrap();
    assert_eq!(read.phones[0].extension.as_deref(), Some("0100"));
}
