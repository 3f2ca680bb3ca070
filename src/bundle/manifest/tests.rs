//! Manifests of every family, good and bad.

use proptest::prelude::*;

use super::*;

fn names(parsed: &ParsedManifest) -> Vec<&str> {
    parsed
        .images
        .iter()
        .map(|image| image.name.as_str())
        .collect()
}

fn signed(body: &[u8]) -> Vec<u8> {
    crate::simulator::signed_file("x.loads", body)
}

#[test]
fn classic_manifest_is_parsed_as_the_phone_does() {
    let body = b"#\r\n# a comment, x.txt in it\r\n#HARDWARE_COMP_1 15\r\n\r\n\
        jar45sip.9-3-1.sbn\r\ncnu45.9-3-1.sbn # behind\r\n\tdsp45.9-3-1.sbn \r\n\
        cvm45sip.9-3-1.sbn two\r\napps45.bin";
    for file in [signed(body), body.to_vec()] {
        let parsed = parse("term65.default.loads", &file).unwrap();
        assert_eq!(
            names(&parsed),
            [
                "jar45sip.9-3-1.sbn",
                "cnu45.9-3-1.sbn",
                "dsp45.9-3-1.sbn",
                "cvm45sip.9-3-1.sbn",
                "apps45.bin"
            ]
        );
        assert_eq!(parsed.hardware, Some(15));
    }
}

#[test]
fn mask_is_parsed_in_every_base_of_strtol() {
    for (line, mask) in [
        ("#HARDWARE_COMP_1 7", Some(7)),
        ("#HARDWARE_COMP_1\t0x0F", Some(15)),
        ("#HARDWARE_COMP_1 017", Some(15)),
        ("#HARDWARE_COMP_1 5x", Some(5)),
        ("#HARDWARE_COMP_1 0", Some(0)),
        ("#HARDWARE_COMP_1", None),
        ("# HARDWARE_COMP_1 7", None),
        (" #HARDWARE_COMP_1 7", None),
    ] {
        let body = format!("{line}\r\na.sbn\r\n");
        assert_eq!(
            parse("SIP45.x.loads", body.as_bytes()).unwrap().hardware,
            mask,
            "{line}"
        );
    }
}

#[test]
fn line_longer_than_the_phone_buffer_is_split() {
    // 126 characters of comment, then what was meant to be comment too.
    let body = format!("#{}trap.sbn\na.sbn\n", "c".repeat(125));
    assert_eq!(
        names(&parse("SIP45.x.loads", body.as_bytes()).unwrap()),
        ["trap.sbn", "a.sbn"]
    );
    let body = b"a.sbn\0hidden.txt\nb.sbn\n";
    assert_eq!(
        names(&parse("SIP45.x.loads", body).unwrap()),
        ["a.sbn", "b.sbn"]
    );
}

#[test]
fn manifests_that_phones_reject_are_rejected() {
    for (name, body, why) in [
        ("SIP45.x.loads", &b"a.sbn\nreadme.txt\n"[..], "readme.txt"),
        ("SIP45.x.loads", b"", "no image"),
        ("SIP45.x.loads", b"# only comments\r\n", "no image"),
        ("P0S3-8-12-00.loads", b"LA_VERSION=PAS30830\n", "no image"),
        ("SIP45.x.loads", &[1, 0, 2, 9], "does not begin"),
    ] {
        let error = parse(name, body).unwrap_err();
        assert!(error.contains(why), "{name}: {error}");
    }
    let many: Vec<_> = (0..=MAX_IMAGES).map(|n| format!("{n}.sbn\n")).collect();
    let many = many.concat();
    assert!(
        parse("SIP45.x.loads", many.as_bytes())
            .unwrap_err()
            .contains("more than")
    );
}

#[test]
fn manifests_of_other_families_are_parsed() {
    let p3 = b"P003-8-12-00.sbn\nP0S3-8-12-00.sb2\nLA_VERSION=PAS30830\n";
    let parsed = parse("P0S3-8-12-00.loads", p3).unwrap();
    assert_eq!(names(&parsed), ["P003-8-12-00.sbn", "P0S3-8-12-00.sb2"]);

    let bare = b"BOOT69xx.0-0-0-14.zz.sgn\r\nDSP69xx.1.zz.sgn\r\nSIP69xx.9-4-1-3.zz.sgn";
    let parsed = parse("SIP69xx.9-4-1-3.loads", &signed(bare)).unwrap();
    assert_eq!(
        names(&parsed),
        [
            "BOOT69xx.0-0-0-14.zz.sgn",
            "DSP69xx.1.zz.sgn",
            "SIP69xx.9-4-1-3.zz.sgn"
        ]
    );

    let sections = b"# RELEASE Model=78xx\n[CISCO-ID]\nhwcompat = 0x00000003\n[PLATFORM_1]\n\
        sboot=sboot78xx.11.sbn size=370348\nebr_1 = (0, 1)\n[PLATFORM_2]\n\
        sboot=sboot2.78xx.11.sbn size=596540\n";
    let mut file = vec![0xcd, 0x34, 0x12, 0xab, 0x50, 1, 0, 0];
    file.resize(0x150, 0);
    file[0x0c..0x10].copy_from_slice(&u32::try_from(sections.len()).unwrap().to_le_bytes());
    file[0x34] = 23;
    file.extend(sections);
    let parsed = parse("sip78xx.11-0-1-11.loads", &file).unwrap();
    assert_eq!(
        parsed.images,
        [
            ("sboot78xx.11.sbn", 370_348, 1),
            ("sboot2.78xx.11.sbn", 596_540, 2)
        ]
        .map(|(name, size, platforms)| ImageEntry {
            name: name.to_owned(),
            size: Some(size),
            md5: None,
            optional: false,
            platforms,
        })
    );

    let sections = b"[PLATFORM_1]\nkern=kern8961.9.sebn size=5\nebr_kern = (-1,2)\n";
    let parsed = parse("sip8961.9-4-2SR4-1.loads", sections).unwrap();
    assert_eq!(names(&parsed), ["kern8961.9.sebn"]);

    let bare = parse("CP3905.9-4-1SR3.loads", b"APP3905.9-4-1SR3.zz\n").unwrap();
    assert_eq!(names(&bare), ["APP3905.9-4-1SR3.zz"]);

    let wireless = b"#? HW_REV 0-4.*\n\nAPPSH-1.4.5.3.SBN        123456 0123456789ABCDEF\n\
        #+ JUIH-1.4.5.3.SBN 7 00\n#+\n#+APPSH-1.4.5.3.SBN\n";
    let parsed = parse("CP7921G-1.4.5.3.LOADS", wireless).unwrap();
    assert_eq!(
        parsed.images,
        [
            ImageEntry {
                name: "APPSH-1.4.5.3.SBN".to_owned(),
                size: Some(123_456),
                md5: Some("0123456789ABCDEF".to_owned()),
                optional: false,
                platforms: 0,
            },
            ImageEntry {
                name: "JUIH-1.4.5.3.SBN".to_owned(),
                size: Some(7),
                md5: Some("00".to_owned()),
                optional: true,
                platforms: 0,
            }
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn any_input_is_parsed_without_panic(
        name in prop_oneof![
            Just("SIP45.1.loads"), Just("P0S3-1.loads"), Just("SIP69xx.1.loads"),
            Just("sip78xx.1.loads"), Just("CP7921G-1.LOADS"), Just("x.loads"), Just(""),
        ],
        header in prop_oneof![Just(signed(b"")), Just(Vec::new())],
        text in "([#\\[=0-9a-z. \r\n\t\u{0}ä]|#HARDWARE_COMP_1 |\\[PLATFORM_1\\]|size=){0,80}",
        bytes in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        let file: Vec<u8> = header.into_iter().chain(text.into_bytes()).chain(bytes).collect();
        if let Ok(parsed) = parse(name, &file) {
            prop_assert!((1..=MAX_IMAGES).contains(&parsed.images.len()));
        }
    }
}
