//! Sets of the 7940, the 792x, the 8961 and the 3905, and firmware without manifests.

use std::fmt::Write as _;

use reflash::{bundle::Verdict, simulator::signed_file};

use super::{Change, Files, LOAD, messages, verdicts};

const LOADER_VERSION: &str = "PAS39900";

/// A body as images of the 7940 have it.
fn image(id: &str) -> Vec<u8> {
    let mut body = [0x4f, 0, 0, 0xea].repeat(8);
    body.extend(id.as_bytes());
    body.resize(0x120, 0x5a);
    body.extend(LOADER_VERSION.as_bytes());
    body.resize(700, 0x5a);
    body
}

pub(super) fn p3() -> Files {
    let text = format!("P003-9-90-00.sbn\nP0S3-9-90-00.sb2\nLA_VERSION={LOADER_VERSION}\n");
    ["P003-9-90-00.sbn", "P0S3-9-90-00.sb2"]
        .iter()
        .fold(Files(Vec::new()), |files, name| {
            let body = image(name.split_once('.').unwrap().0);
            files.with(name, &signed_file(name, &body))
        })
        .with(
            "P0S3-9-90-00.loads",
            &signed_file("P0S3-9-90-00.loads", text.as_bytes()),
        )
}

/// A signed image of the 7910 or 7940.
pub(super) fn image_file(name: &str) -> Files {
    let body = image(name.split_once('.').unwrap().0);
    Files(vec![(name.to_owned(), signed_file(name, &body))])
}

#[test]
fn only_the_image_name_of_the_7940_is_served_beside_what_manifests_name() {
    let (files, id) = (p3(), "P003-9-90-00".to_owned());
    let served = |name: &str, text: &[u8]| {
        let bundle = files.clone().with(name, text).bundle();
        let member = bundle.members.iter().find(|member| member.name == name);
        (
            member.unwrap().served_as.clone(),
            messages(&bundle, "file-skipped"),
        )
    };
    for (name, text) in [
        ("OS79XX.TXT", id.clone()),
        ("os79xx.txt", format!("{id}\r\n")),
    ] {
        let (names, skipped) = served(name, text.as_bytes());
        assert_eq!(names, ["OS79XX.TXT"], "{name} {skipped}");
        assert_eq!(skipped, "");
    }
    for (name, text) in [
        // Images that are not here, or that a phone would not find.
        ("OS79XX.TXT", "P0S3-1-1-00"),
        ("OS79XX.TXT", &format!("{id} ")[..]),
        ("OS79XX.TXT", ""),
        ("SIPDefault.cnf", "image_version: P0S3-9-9-00"),
        ("SIP0002FD000001.cnf", "image_version: P0S3-9-9-00"),
        ("SEP0002FD000001.cnf.xml", "<device/>"),
        ("XMLDefault.cnf.xml", "<Default/>"),
        ("dialplan.xml", "<DIALTEMPLATE/>"),
        ("CTLSEP0002FD000001.tlv", "x"),
        ("ITLFile.tlv", "x"),
        ("sip.jar", "x"),
    ] {
        let (names, skipped) = served(name, text.as_bytes());
        assert!(names.is_empty(), "{name}: {names:?}");
        assert!(skipped.contains(name), "{name}: {skipped}");
    }
    // Beside other families, it is nothing.
    let bundle = Files::sip().with("OS79XX.TXT", id.as_bytes()).bundle();
    assert!(
        bundle
            .members
            .iter()
            .all(|m| m.name != "OS79XX.TXT" || m.served_as.is_empty())
    );
}

#[test]
fn images_of_the_7940_that_are_cut_or_no_images_are_damaged() {
    let name = "P0S3-9-90-00.sb2";
    assert_eq!(
        verdicts(&p3().bundle()),
        [("P0S3-9-90-00", Verdict::Genuine)]
    );
    let header = signed_file(name, b"").len();
    let cuts: [Change<'_>; 6] = [
        &|bytes| *bytes = b"<!DOCTYPE html><html>404</html>".to_vec(),
        &|bytes| bytes.truncate(bytes.len() / 2),
        &|bytes| bytes.truncate(header),
        &|bytes| bytes.truncate(100),
        &|bytes| *bytes = vec![0; 900],
        &|bytes| *bytes = image("P0S3-9-90-00"),
    ];
    for (number, cut) in cuts.iter().enumerate() {
        let bundle = p3().changed(name, cut).bundle();
        assert_eq!(
            verdicts(&bundle),
            [("P0S3-9-90-00", Verdict::Damaged)],
            "{number}"
        );
    }
    // A valid loader of another release.
    let name = "P003-9-90-00.sbn";
    let mut other = image("P003-9-90-00");
    other[0x120..0x128].copy_from_slice(b"PAS39800");
    let other = signed_file(name, &other);
    let bundle = p3().changed(name, |bytes| *bytes = other.clone()).bundle();
    assert_eq!(verdicts(&bundle), [("P0S3-9-90-00", Verdict::Damaged)]);
    let text = messages(&bundle, "loader-version");
    assert!(
        text.contains("PAS39800") && text.contains(LOADER_VERSION),
        "{text}"
    );
}

#[test]
fn every_changed_bit_of_a_set_of_the_7940_is_found() {
    let mut files = p3();
    for at in 0..files.0.len() {
        let length = files.0[at].1.len();
        // Every 13th byte: headers, signatures, names and bodies.
        for byte in (0..length).step_by(13) {
            files.0[at].1[byte] ^= 1 << (byte % 8);
            let bundle = files.bundle();
            assert_eq!(
                bundle.verdict,
                Verdict::Damaged,
                "{} at {byte}",
                files.0[at].0
            );
            files.0[at].1[byte] ^= 1 << (byte % 8);
        }
    }
}

#[test]
fn releases_before_the_loader_are_intact_at_best() {
    let unsigned = Files(vec![("P0S3-04-9-00.bin".to_owned(), image("P0S3-04-9-00"))]);
    let bundle = unsigned.bundle();
    assert_eq!(bundle.verdict, Verdict::Intact);
    assert!(!bundle.sets[0].is_convertible());
    // Signed ones may have keys that were not seen.
    let name = "P0S3-06-9-00.sbn";
    let signed = |body: &[u8]| Files(vec![(name.to_owned(), signed_file(name, body))]);
    let bundle = signed(&image("P0S3-06-9-00")).bundle();
    assert_eq!(bundle.verdict, Verdict::Genuine);
    assert_eq!(bundle.sets[0].models, ["7940", "7960"]);
    let changed = signed(&image("P0S3-06-9-00")).changed(name, |bytes| bytes[600] ^= 1);
    assert_eq!(changed.bundle().verdict, Verdict::Damaged);
}

/// A 792x set: three images, of which the last is optional.
fn wireless() -> Files {
    wireless_of("CP7925G-9.9.1")
}

pub(super) fn wireless_of(load: &str) -> Files {
    let mut files = Files(Vec::new());
    let mut text = "#? HW_REV 0-4.*\n\n".to_owned();
    for (name, mark) in [
        ("APPSH-9.9.1.SBN", ""),
        ("SYSH-9.9.1.SBN", ""),
        ("JUIH-9.9.1.SBN", "#+ "),
    ] {
        let rest = name.repeat(20);
        let md5 = md5::compute([&[0; 32][..], rest.as_bytes()].concat());
        let md5 = format!("{md5:X}");
        let file = signed_file(name, &[md5.as_bytes(), rest.as_bytes()].concat());
        writeln!(text, "{mark}{name:37}{:10} {md5}", file.len()).unwrap();
        files = files.with(name, &file);
    }
    let name = &format!("{load}.LOADS");
    files.with(name, &signed_file(name, text.as_bytes()))
}

#[test]
fn optional_images_are_checked_where_they_are_present() {
    let load = "CP7925G-9.9.1";
    let name = "JUIH-9.9.1.SBN";
    assert_eq!(verdicts(&wireless().bundle()), [(load, Verdict::Genuine)]);
    assert_eq!(
        verdicts(&wireless().without(name).bundle()),
        [(load, Verdict::Genuine)]
    );
    let changes: [Change<'_>; 4] = [
        &|bytes| *bytes = b"<html>404</html>".to_vec(),
        &|bytes| bytes[200] ^= 1,
        &|bytes| *bytes.last_mut().unwrap() ^= 1,
        &|bytes| bytes.truncate(450),
    ];
    for change in changes {
        let bundle = wireless().changed(name, change).bundle();
        assert_eq!(verdicts(&bundle), [(load, Verdict::Damaged)]);
    }
}

/// An image for U-Boot: magic, checksum of the header, length and checksum of the data.
pub(super) fn uboot_image(data: &[u8]) -> Vec<u8> {
    let crc = |bytes: &[u8]| crc32fast::hash(bytes).to_be_bytes();
    let mut header = [0; 64];
    header[..4].copy_from_slice(&[0x27, 0x05, 0x19, 0x56]);
    header[12..16].copy_from_slice(&u32::try_from(data.len()).unwrap().to_be_bytes());
    header[24..28].copy_from_slice(&crc(data));
    let own = crc(&header);
    header[4..8].copy_from_slice(&own);
    [&header[..], data].concat()
}

#[test]
fn sets_of_other_families_are_judged_as_what_they_are() {
    let images: Vec<String> = ["kern", "sboot", "rootfs"]
        .iter()
        .map(|part| format!("{part}8961.9-9-1SR1.sebn"))
        .collect();
    let mut files = Files(Vec::new());
    let mut text = "# RELEASE Model=8961\n[CISCO-ID]\nhwcompat = 0x7\n[PLATFORM_1]\n".to_owned();
    for name in &images {
        let file = signed_file(name, name.as_bytes());
        writeln!(text, "x={name} size={}", file.len()).unwrap();
        files = files.with(name, &file);
    }
    text.push_str("ebr_kern    = (-1,2,0,8,0x01400000,-1)\n");
    let name = "sip8961.9-9-1SR1.loads";
    let files = files.with(name, &signed_file(name, text.as_bytes()));
    assert_eq!(
        verdicts(&files.bundle()),
        [("sip8961.9-9-1SR1", Verdict::Genuine)]
    );
    let short = files
        .clone()
        .changed(&images[0], |bytes| bytes.truncate(420));
    assert_eq!(
        verdicts(&short.bundle()),
        [("sip8961.9-9-1SR1", Verdict::Damaged)]
    );
    // Beside a set of another family, unsigned firmware is named and not served.
    let plain = Files::sip()
        .with("CP3905.9-9-1.loads", b"APP3905.9-9-1.zz\n")
        .with("APP3905.9-9-1.zz", &uboot_image(b"image of a phone"));
    let bundle = plain.bundle();
    assert_eq!(
        verdicts(&bundle),
        [("CP3905.9-9-1", Verdict::Intact), (LOAD, Verdict::Genuine)]
    );
    assert_eq!(bundle.sets[0].models, ["3905"]);
    assert!(messages(&bundle, "set-not-served").contains("CP3905.9-9-1 is complete"));
    assert_eq!(
        plain.without("SIP").without("term").bundle().verdict,
        Verdict::Intact
    );
}

#[test]
fn firmware_without_manifests_is_described_and_not_converted() {
    let cases: [(&str, Vec<u8>, &str, Verdict); 6] = [
        (
            "B015-9-9-1.SBN",
            signed_file("B015-9-9-1.SBN", b"x"),
            "7915",
            Verdict::Genuine,
        ),
        (
            "CP7905080099SIP099A.sbin",
            b"kup1 x".to_vec(),
            "7905",
            Verdict::Intact,
        ),
        (
            "CP7912080099SCCP099A.zup",
            b"kup1 x".to_vec(),
            "7912",
            Verdict::Intact,
        ),
        (
            "cmterm_7920.9.9-1.bin",
            b"x".to_vec(),
            "7920",
            Verdict::Intact,
        ),
        ("P00499999900.bin", b"x".to_vec(), "7910", Verdict::Intact),
        (
            "B016-9-9-1.SBN",
            b"<html>404</html>".to_vec(),
            "7916",
            Verdict::Damaged,
        ),
    ];
    for (name, bytes, phone, verdict) in cases {
        let bundle = Files(vec![(name.to_owned(), bytes)]).bundle();
        assert_eq!(bundle.verdict, verdict, "{name}: {bundle:?}");
        assert_eq!(bundle.sets[0].models, [phone]);
        let text = messages(&bundle, "not-converted");
        assert!(
            text.contains(phone) && text.contains("does not convert"),
            "{text}"
        );
    }
}
