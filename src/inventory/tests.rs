use proptest::prelude::*;

use super::*;

fn csv(text: &str) -> Result<Inventory, String> {
    Inventory::from_csv(text.as_bytes()).map_err(|fault| fault.to_string())
}

fn toml(text: &str) -> Result<Inventory, String> {
    Inventory::from_toml(text.as_bytes()).map_err(|fault| fault.to_string())
}

const SHEET: &str = "MAC,Model,Name,Extension,Secret\n\
                     00:1D:45:AA:BB:01,7965,Reception,1001,hunter2\n\
                     SEP001D45AABB02,CP-7945G,\"Meier, Anna\",1002,\"a;b\"\"c\"\n\
                     001d.45aa.bb03,,,1003,\n";

#[test]
fn csv_with_each_separator_and_line_ending_gives_the_same_inventory() {
    let expected = csv(SHEET).unwrap();
    let of = |at: usize| &expected.phones[at];
    assert_eq!(of(0).mac.to_string(), "001d45aabb01");
    assert_eq!(of(0).model.unwrap().number, "7965");
    assert_eq!(of(1).name.as_deref(), Some("Meier, Anna"));
    assert_eq!(of(1).secret.as_ref().unwrap().expose(), "a;b\"c");
    assert_eq!(of(2).extension.as_deref(), Some("1003"));
    assert!(of(2).model.is_none() && of(2).name.is_none() && of(2).secret.is_none());
    let names: Vec<_> = expected.names().into_values().collect();
    assert_eq!(names, ["Reception", "Meier, Anna", "1003"]);

    let windows = format!("\u{feff}{}", SHEET.replace('\n', "\r\n"));
    assert_eq!(csv(&windows).unwrap(), expected);
    let semicolons = "mac; model ;name;extension;secret\r\n\
                      001D45AABB01;7965;Reception;1001;hunter2\r\n\
                      001D45AABB02;7945;Meier, Anna;1002;\"a;b\"\"c\"\r\n\
                      001D45AABB03;;;1003;\r\n;;;;\r\n\r\n";
    assert_eq!(csv(semicolons).unwrap(), expected);
}

#[test]
fn toml_gives_the_same_phones_as_csv() {
    let text = "[site]\npbx = \"192.0.2.10\"\nport = 5060\nntp = [\"a\", \"b\"]\n\
                [[phone]]\nmac = \"001D45AABB01\"\nmodel = \"7965\"\nname = \"Reception\"\n\
                extension = 1001\nsecret = \"hunter2\"\n\
                [[phone]]\nmac = \"001D45AABB02\"\nmodel = 7945\nname = 'Meier, Anna'\n\
                extension = \"1002\"\nsecret = 'a;b\"c'\n\
                [[phone]]\nmac = \"001D45AABB03\"\nextension = \"1003\"\n";
    let read = toml(text).unwrap();
    assert_eq!(read.phones, csv(SHEET).unwrap().phones);
    assert_eq!(read.site.pbx.as_deref(), Some("192.0.2.10"));
    assert_eq!(read.site.port, Some(5060));
    assert_eq!(read.site.ntp, ["a", "b"]);
    assert_eq!(read.warnings, [""; 0]);
}

#[test]
fn unknown_names_are_ignored_with_a_warning() {
    let read = csv("mac,room\n001D45AABB01,12\n").unwrap();
    assert_eq!(read.phones.len(), 1);
    assert_eq!(read.warnings.len(), 1);
    assert!(read.warnings[0].contains("'room'") && read.warnings[0].contains("extension"));
    let read = toml("[[phone]]\nmac = \"001D45AABB01\"\nroom = 12\n[colour]\n").unwrap();
    assert_eq!((read.phones.len(), read.warnings.len()), (1, 2));
    let text = "[site]\ncall_manager = \"a\"\n[[phone]]\nmac = \"001D45AABB01\"\n\
                [[phone.line]]\nnumber = 12\ncolour = \"red\"\n";
    let read = toml(text).unwrap();
    assert_eq!((read.phones.len(), read.warnings.len()), (1, 2));
    assert!(read.warnings[0].contains("'call_manager'") && read.warnings[0].contains("pbx"));
    assert!(read.warnings[1].contains("'colour'") && read.warnings[1].contains("label"));
}

#[test]
fn further_buttons_are_lines_and_speed_dials_in_both_forms() {
    let text = "[[phone]]\nmac = \"001D45AABB01\"\nextension = 1001\nshared = true\n\
                [[phone.line]]\nextension = 1002\nname = \"B\"\nsecret = \"x\"\n\
                [[phone.line]]\nbutton = 4\nnumber = \"0123\"\nlabel = \"Taxi\"\n\
                [[phone.line]]\nnumber = 9\n";
    let sheet = "mac,extension,shared,line2_extension,LINE2_name,line2_secret,line4_number,\
                 line4_label,line5_number,line6_number\n\
                 001D45AABB01,1001,yes,1002,B,x,0123,Taxi,9,\n";
    let read = toml(text).unwrap();
    assert_eq!(read.phones, csv(sheet).unwrap().phones);
    let keys: Vec<_> = read.phones[0]
        .buttons
        .iter()
        .map(|b| (b.number, &b.function))
        .collect();
    let dial = |number: &str, label: Option<&str>| ButtonFunction::SpeedDial {
        number: number.to_owned(),
        label: label.map(str::to_owned),
        blf: false,
    };
    let line = ButtonFunction::Line(SipLine {
        extension: "1002".to_owned(),
        name: Some("B".to_owned()),
        secret: Some(Secret::new("x".to_owned())),
        label: None,
        shared: false,
    });
    assert_eq!(
        keys,
        [
            (2, &line),
            (4, &dial("0123", Some("Taxi"))),
            (5, &dial("9", None))
        ]
    );
    assert!(read.phones[0].shared);
    assert_eq!(
        csv("mac,line1_extension\n001D45AABB01,7\n").unwrap().phones[0]
            .extension
            .as_deref(),
        Some("7")
    );
}

#[test]
fn csv_site_settings_are_on_one_line_or_the_same_on_all() {
    let expected = toml(
        "[site]\npbx = \"pbx.example\"\ncodecs = [\"alaw\", \"g711ulaw\"]\nrtp = \"20000-20100\"\n\
         transport = \"TCP\"\n[[phone]]\nmac = \"001D45AABB01\"\n[[phone]]\nmac = \"001D45AABB02\"\n",
    );
    let header = "mac,pbx,codecs,rtp,transport\n";
    let one = "001D45AABB01,pbx.example,alaw ulaw,20000-20100,tcp\n";
    for rest in [
        "001D45AABB02,,,,\n",
        "001D45AABB02,pbx.example,\"alaw,ulaw\",20000-20100,tcp\n",
    ] {
        let read = csv(&format!("{header}{one}{rest}")).unwrap();
        assert_eq!(read.site, expected.as_ref().unwrap().site);
    }
    let two = format!("{header}{one}001D45AABB02,other.example,,,\n");
    let message = csv(&two).unwrap_err();
    assert!(
        message.starts_with("line 3, column 2: another 'pbx' than on line 2"),
        "{message}"
    );
}

#[test]
fn every_csv_fault_has_a_position_and_an_expected_value() {
    let two = "mac,name\n001D45AABB01,a\n001d45aabb01,b\n";
    for (text, expected) in [
        ("", "line 1, column 1: no phone"),
        ("mac\n", "line 1, column 1: no phone"),
        (
            "name,model\nx,7965\n",
            "line 1, column 1: no column is named 'mac'",
        ),
        (
            "MAC Address,Model\n001D45AABB01,7965\n",
            "line 1, column 1: no column is named 'mac': expected a header line with column names; \
             found: MAC Address, Model; known",
        ),
        (
            "001D45AABB01,7965\n",
            "line 1, column 1: this line is a phone: expected a header line",
        ),
        (
            "sep=;\nmac;name\nx;a\n",
            "line 3, column 1: 'x' is not a MAC",
        ),
        (
            "mac,name\n1.23E+11,a\n",
            "line 2, column 1: '1.23E+11' is not a MAC address: expected 12 hex digits, with or \
             without separators (: - .); a spreadsheet made a number of it",
        ),
        (
            "mac,name\n011D45AABB01,a\n",
            "line 2, column 1: 011d45aabb01 is no address of a phone",
        ),
        (
            "mac,name\n00:00:00:00:00:00,a\n",
            "line 2, column 1: 000000000000 is no address of a phone",
        ),
        (
            "mac,name\n001D45AABB01,a\u{202e}b\n",
            "line 2, column 2: an invisible character (U+202E)",
        ),
        ("mac,MAC\n", "line 1, column 2: a second column named 'MAC'"),
        (
            "mac,name\n001D45AABB01,a\nx,b\n",
            "line 3, column 1: 'x' is not a MAC",
        ),
        ("name,mac\na,\n", "line 2, column 1: a phone without a MAC"),
        (
            "mac,model\n001D45AABB01,7999\n",
            "line 2, column 2: '7999' is not a known model",
        ),
        ("mac,name\n001D45AABB01,a,b\n", "line 2, column 3: 3 fields"),
        ("mac,name\n001D45AABB01\n", "line 2, column 1: 1 fields"),
        (
            "mac,name\n001D45AABB01,\"a\nb\n",
            "line 2, column 2: a line break",
        ),
        (
            two,
            "line 3, column 1: the phone 001d45aabb01 is on line 2 already",
        ),
    ] {
        let message = csv(text).unwrap_err();
        assert!(message.starts_with(expected), "{text:?}: {message}");
    }
    let ansi = b"mac,name\n001D45AABB01,M\xfcller\n";
    let fault = Inventory::from_csv(ansi).unwrap_err();
    assert_eq!((fault.line, fault.column), (2, 15));
    let long = format!("mac,name\n001D45AABB01,{}\n", "x".repeat(256));
    assert!(csv(&long).unwrap_err().contains("255 characters"));
}

#[test]
fn every_toml_fault_has_a_position_and_an_expected_value() {
    for (text, expected) in [
        ("", "line 1, column 1: no phone"),
        (
            "[[phone]]\nname = \"a\"\n",
            "line 1, column 1: a phone without a MAC",
        ),
        (
            "[phone]\nmac = \"1\"\n",
            "line 1, column 2: expected [[phone]]",
        ),
        ("phone = [1]\n", "line 1, column 10: expected a table"),
        ("site = 1\n", "line 1, column 1: expected a table"),
        (
            "[[phone]]\nmac = \"x\"\n",
            "line 2, column 7: 'x' is not a MAC",
        ),
        ("[site]\nport = 0\n", "line 2, column 8: expected a port"),
        (
            "[site]\ntransport = \"tls\"\n",
            "line 2, column 13: a phone takes TLS only",
        ),
        (
            "[site]\ncodecs = [\"opus\"]\n",
            "line 2, column 10: a codec that the phones",
        ),
        (
            "[site]\nrtp = \"5-4\"\n",
            "line 2, column 7: expected two ports",
        ),
        (
            "[site]\npbx = [\"a\"]\n",
            "line 2, column 7: expected a string",
        ),
        (
            "[[phone]]\nmac = \"001D45AABB01\"\nshared = \"perhaps\"\n",
            "line 3, column 10: expected true or false",
        ),
        (
            "[[phone]]\nmac = \"001D45AABB01\"\n[[phone.line]]\nlabel = \"a\"\n",
            "line 4, column 9: button 2 has no function",
        ),
        (
            "[[phone]]\nmac = \"001D45AABB01\"\n[[phone.line]]\nnumber = 1\nextension = 2\n",
            "line 4, column 10: button 2 is both a line and a speed dial",
        ),
        (
            "[[phone]]\nmac = \"001D45AABB01\"\n[[phone.line]]\nbutton = 1\nnumber = 2\n",
            "line 3, column 1: expected a button from 2 on",
        ),
        (
            "[[phone]]\nmac = \"001D45AABB01\"\nline = 1\n",
            "line 3, column 8: expected [[phone.line]]",
        ),
        (
            "[[phone]]\nmac = 0x12\n",
            "line 2, column 7: expected a string",
        ),
        (
            "[[phone]]\nmac = \"001D45AABB01\"\nMAC = \"001D45AABB01\"\n",
            "line 3, column 7: a second",
        ),
    ] {
        let message = toml(text).unwrap_err();
        assert!(message.starts_with(expected), "{text:?}: {message}");
    }
}

#[test]
fn no_secret_is_ever_shown() {
    let read = csv(SHEET).unwrap();
    let site = "[site]\npassword = \"hunter2\"\nssh_password = \"hunter2\"\n[[phone]]\n\
                mac = \"001D45AABB01\"\nline2_extension = 5\nline2_secret = \"hunter2\"\n";
    let shown = format!("{read:?} {read:#?} {:?}", toml(site).unwrap());
    assert!(shown.contains("not shown") && shown.contains("password"));
    for text in ["hunter2", "a;b"] {
        assert!(!shown.contains(text), "{shown}");
    }
    // No fault shows it either.
    for text in [
        "[[phone]]\nmac = \"001D45AABB01\"\nsecret = \"hunter2\" x\n",
        "[[phone]]\nmac = \"001D45AABB01\"\nsecret = \"hunter2\n",
        "[[phone]]\nmac = \"001D45AABB01\"\nsecret = [\"hunter2\"]\n",
        "[[phone]]\nmac = \"001D45AABB01\"\nsecret = hunter2\n",
        "[[phone]]\nmac = \"001D45AABB01\"\nsecret = \"hunter2\"\nsecret = \"hunter2\"\n",
    ] {
        let message = toml(text).unwrap_err();
        assert!(!message.contains("hunter2"), "{message}");
    }
    let message = csv("mac,secret\n001D45AABB01,hunter2\n001D45AABB01,hunter2\n").unwrap_err();
    assert!(!message.contains("hunter2"), "{message}");
}

#[test]
fn the_file_name_decides_the_format_and_the_size_is_limited() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let sheet = path("phones.csv", SHEET.as_bytes());
    assert_eq!(Inventory::read(&sheet).unwrap(), csv(SHEET).unwrap());
    let tree = path("phones.TOML", b"[[phone]]\nmac = \"001D45AABB01\"\n");
    assert_eq!(Inventory::read(&tree).unwrap().phones.len(), 1);
    let many = vec![b'a'; usize::try_from(MAX_FILE_BYTES).unwrap() + 1];
    let error = Inventory::read(&path("many.csv", &many)).unwrap_err();
    assert!(matches!(error, InventoryError::TooLarge { .. }), "{error}");
    let error = Inventory::read(&folder.path().join("absent.csv")).unwrap_err();
    assert!(error.to_string().contains("absent.csv"), "{error}");
    let error = Inventory::read(&path("wrong.csv", b"mac\nx\n")).unwrap_err();
    assert!(
        error.to_string().contains("wrong.csv, line 2, column 1"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn any_bytes_give_an_inventory_or_a_fault(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Inventory::from_csv(&bytes);
        let _ = Inventory::from_toml(&bytes);
    }

    #[test]
    fn any_text_like_an_inventory_gives_one_or_a_fault(
        text in "((mac|name|secret|phone|site|001D45AABB01)|[\\[\\]=\",;\n\r ]|\\PC){0,60}"
    ) {
        for read in [Inventory::from_csv(text.as_bytes()), Inventory::from_toml(text.as_bytes())] {
            match read {
                Ok(inventory) => prop_assert!(!inventory.phones.is_empty()),
                Err(fault) => prop_assert!(fault.line >= 1 && fault.column >= 1),
            }
        }
    }
}

#[test]
fn a_missing_inventory_is_said_not_to_exist() {
    let path = std::path::Path::new("/nonexistent/phones.csv");
    let error = Inventory::read(path).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read the inventory /nonexistent/phones.csv: it does not exist"
    );
    assert!(
        error.cure().starts_with("Check the name"),
        "{}",
        error.cure()
    );
}
