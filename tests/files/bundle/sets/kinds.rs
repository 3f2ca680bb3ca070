//! Every kind of bundle that Cisco published for phones: what `verify` says of its family, protocol
//! and models, and what `stage` and `convert` do with it.
//!
//! Long because: it is one table of all kinds of bundles.

use std::fmt::Write as _;

use reflash::{
    bundle::{Bundle, BundleProtocol, ExamineOptions, Verdict, examine},
    phone::{Protocol, Support, Unsupported},
    simulator::{fifth_generation_file, signed_file},
    stage::{AcceptPolicy, check_targets},
};

use super::{Files, codes, families, messages};
use crate::bundle::BundleFolder;

/// A load whose manifest names these images, one on each line.
fn set(manifest: &str, images: &[&str]) -> Files {
    let text = images.join("\n");
    images
        .iter()
        .fold(Files(Vec::new()), |files, name| {
            files.with(name, &signed_file(name, name.as_bytes()))
        })
        .with(manifest, &signed_file(manifest, text.as_bytes()))
}

/// The same with sections, as the 8961 and later phones have them.
fn sections(manifest: &str, image: &str, sign: fn(&str, &[u8]) -> Vec<u8>) -> Files {
    let file = sign(image, image.as_bytes());
    let mut text = "# RELEASE\n[CISCO-ID]\nhwcompat = 0x3\n[PLATFORM_1]\n".to_owned();
    writeln!(text, "kern={image} size={}", file.len()).unwrap();
    plain(image, &file).with(manifest, &sign(manifest, text.as_bytes()))
}

fn fifth(name: &str, payload: &[u8]) -> Vec<u8> {
    fifth_generation_file(name, 0, payload)
}

fn plain(name: &str, bytes: &[u8]) -> Files {
    Files(vec![(name.to_owned(), bytes.to_vec())])
}

fn signed(name: &str) -> Files {
    plain(name, &signed_file(name, name.as_bytes()))
}

/// A kind of bundle, and what is expected.
struct Kind {
    files: Files,
    family: &'static str,
    protocol: Option<BundleProtocol>,
    models: &'static [&'static str],
    does: Result<Support, Unsupported>,
}

fn kind(
    files: Files,
    family: &'static str,
    protocol: impl Into<Option<BundleProtocol>>,
    models: &'static [&'static str],
    does: Result<Support, Unsupported>,
) -> Kind {
    Kind {
        files,
        family,
        protocol: protocol.into(),
        models,
        does,
    }
}

const CONVERTS: Result<Support, Unsupported> = Ok(Support::Converts);
const UPGRADES: Result<Support, Unsupported> = Ok(Support::Upgrades);

use BundleProtocol::{Sccp, Sip};
use Unsupported::{Adapter, BinaryProfile, Mgcp, Module, Multiplatform, SccpOnly, SipOnly, Step};

/// Bundles of the phones that are converted.
fn converted() -> Vec<Kind> {
    const P45: &[&str] = &["7945", "7965"];
    const F69: &[&str] = &["6921", "6941", "6951", "6961"];
    const F894: &[&str] = &["8941", "8945"];
    let five = "7945/7965: five images";
    let slots = "69xx: two slots, SCCP and SIP";
    let loader = "7940/7960: a loader and an application";
    let sccp45 = Files::of(Protocol::Sccp, "9-9-1SR2-1S", "9-9-1ES4");
    let of_894 = |load: &str| {
        let image = format!("{load}.bin1.sgn");
        set(&format!("{load}.loads"), &[&image])
    };
    vec![
        kind(Files::sip(), five, Sip, P45, CONVERTS),
        kind(sccp45, five, Sccp, P45, CONVERTS),
        kind(families::p3(), loader, Sip, &["7940", "7960"], CONVERTS),
        kind(
            set("SCCP6901.9-2-1-a.loads", &["APP6901SCCP.9-2-1-a.zz.sgn"]),
            "6901: two slots, SCCP and SIP",
            Sccp,
            &["6901"],
            CONVERTS,
        ),
        kind(
            set("SCCP6911.9-2-1-a.loads", &["APP6911SCCP.9-2-1-a.zz.sgn"]),
            "6911: two slots, SCCP and SIP",
            Sccp,
            &["6911"],
            CONVERTS,
        ),
        kind(
            set("SIP69xx.9-4-1-3.loads", &["SIP69xx.9-4-1-3.zz.sgn"]),
            slots,
            Sip,
            F69,
            CONVERTS,
        ),
        kind(
            set("SCCP69xx.9-2-1-0.loads", &["SCCP69xx.9-2-1-0.zz.sgn"]),
            slots,
            Sccp,
            F69,
            CONVERTS,
        ),
        kind(
            set("SCCP6945.9-2-1-0.loads", &["SCCP6945.9-2-1-0.bin1.sgn"]),
            "6945: two slots, SCCP and SIP",
            Sccp,
            &["6945"],
            CONVERTS,
        ),
        kind(
            of_894("SIP894x.9-4-2SR3-1"),
            "8941/8945: two slots, SCCP and SIP",
            Sip,
            F894,
            CONVERTS,
        ),
        kind(
            of_894("SCCP8941_8945.9-3-1-18"),
            "8941/8945: two slots, SCCP and SIP",
            Sccp,
            F894,
            CONVERTS,
        ),
    ]
}

/// Bundles of the phones that have SIP firmware only.
fn upgraded() -> Vec<Kind> {
    let of = |load: &str, sign: fn(&str, &[u8]) -> Vec<u8>, end: &str| {
        let image = format!("kern{}{end}", &load[3..]);
        sections(&format!("{load}.loads"), &image, sign)
    };
    let old = |load| of(load, signed_file, ".sebn");
    let new = |load| of(load, fifth, ".sbn");
    let rows: [(Files, &'static str, &'static [&'static str]); 10] = [
        (old("sip8961.9-2-1"), "8961", &["8961"]),
        (old("sip9951.9-2-1"), "9951", &["9951"]),
        (old("SIP9971.9-2-1"), "9971", &["9971"]),
        (
            new("sip78xx.12-8-1-0001-455"),
            "78xx",
            &["7811", "7821", "7841", "7861"],
        ),
        (new("sip7832.12-1-1-12"), "7832", &["7832"]),
        (
            new("sip88xx.12-0-1-11"),
            "88xx",
            &["8811", "8841", "8851", "8861"],
        ),
        (new("sip8845_65.12-0-1-11"), "8845/8865", &["8845", "8865"]),
        (new("sip8821.11-0-3SR6-15"), "8821", &["8821"]),
        (new("sip8831.10-3-1SR3-5"), "8831", &["8831"]),
        (new("sip8832.12-1-1-23"), "8832", &["8832"]),
    ];
    let way = |family: &str| -> &'static str { format!("{family}: two slots, SIP only").leak() };
    rows.into_iter()
        .map(|(files, family, models)| kind(files, way(family), Sip, models, UPGRADES))
        .collect()
}

/// Bundles of the phones that are recognised only, by the names of their files.
fn recognised() -> Vec<Kind> {
    sccp_only().into_iter().chain(of_other_kinds()).collect()
}

fn sccp_only() -> Vec<Kind> {
    let only = |files, family, model: &'static [&'static str]| {
        kind(files, family, Sccp, model, Err(SccpOnly))
    };
    let mut length = vec![0; 64];
    length[0x0c] = 64;
    vec![
        only(
            plain("CP7902080002SCCP060817A.sbin", b"x"),
            "the 7902",
            &["7902"],
        ),
        only(
            families::image_file("P00405000700.sbn"),
            "the 7910",
            &["7910"],
        ),
        // Its first byte is that of a tag.
        only(
            plain("cmterm_7920.4.0-03-02.bin", b"\x3c\x32\xf8\xbd\0\x01"),
            "the wireless phone 7920",
            &["7920"],
        ),
        only(
            families::wireless_of("CP7921G-1.4.5.3"),
            "the wireless phone 7921",
            &["7921"],
        ),
        only(
            families::wireless_of("CP7925G-1.4.8.4"),
            "the wireless phone 7925",
            &["7925"],
        ),
        only(
            families::wireless_of("CP7926G-1.4.8.4"),
            "the wireless phone 7926",
            &["7926"],
        ),
        only(
            plain("P00503021900.bin", b"x"),
            "the conference phone 7935",
            &["7935"],
        ),
        only(
            plain("cmterm_7936.3-3-21-0.bin", &length),
            "the conference phone 7936",
            &["7936"],
        ),
        only(
            plain("apps37sccp.1-4-5-7.bin", b"x"),
            "the conference phone 7937",
            &["7937"],
        ),
        only(
            plain("cmterm_7985.4-1-7-0.bin", b"x"),
            "the video phone 7985",
            &["7985"],
        ),
    ]
}

fn of_other_kinds() -> Vec<Kind> {
    let mpp = |load: &str| {
        let image = format!("kern{}.sbn", &load[3..]);
        sections(&format!("{load}.loads"), &image, fifth)
    };
    let binary = |name, family, protocol, models| {
        kind(
            plain(name, b"kup1 x"),
            family,
            protocol,
            models,
            Err(BinaryProfile),
        )
    };
    let module = |name, family, models| kind(signed(name), family, None, models, Err(Module));
    let multi = |load, family, models| kind(mpp(load), family, Sip, models, Err(Multiplatform));
    let p3 = "7940/7960: a loader and an application";
    vec![
        binary("CP7905080003SCCP070409A.sbin", "the 7905", Sccp, &["7905"]),
        binary("CP790508000SIP060111A.zup", "the 7905", Sip, &["7905"]),
        binary("CP7912080004SCCP080108A.sbin", "the 7912", Sccp, &["7912"]),
        binary(
            "ATA030204SIP090202A.zup",
            "the analog adapters ATA 186 and 188",
            Sip,
            &["ATA186", "ATA188"],
        ),
        kind(
            set("ATA190.1-2-2-003.loads", &["ATA190.1-2-2-003.bin.sgn"]),
            "the analog adapter ATA 190",
            Sip,
            &["ATA190"],
            Err(Adapter),
        ),
        kind(
            plain("CP3905.9-9-1.loads", b"APP3905.9-9-1.zz\n")
                .with("APP3905.9-9-1.zz", &families::uboot_image(b"x")),
            "the 3905",
            Sip,
            &["3905"],
            Err(SipOnly),
        ),
        module("S00105000400.sbn", "the expansion module 7914", &["7914"]),
        module("B015-1-0-4.SBN", "the expansion module 7915", &["7915"]),
        module("B016-1-0-4.SBN", "the expansion module 7916", &["7916"]),
        multi("sip6821.11-3-1MSR3-3", "the 6821", &["6821"]),
        multi(
            "sip68xx.11-3-1MSR3-3",
            "the 68xx",
            &["6841", "6851", "6861", "6871"],
        ),
        multi(
            "sip78xx.12-0-7MPP0201-66",
            "78xx: two slots, SIP only",
            &["7811", "7821", "7841", "7861"],
        ),
        multi(
            "sip7832.11-3-1MSR3-3",
            "7832: two slots, SIP only",
            &["7832"],
        ),
        multi(
            "sip88xx.12-0-1MPP0001-245",
            "88xx: two slots, SIP only",
            &["8811", "8841", "8851", "8861"],
        ),
        kind(
            set("P0M3-07-4-00.loads", &["P0M3-07-4-00.sb2"]),
            "the 7940 and 7960, with MGCP",
            None,
            &["7940", "7960"],
            Err(Mgcp),
        ),
        kind(
            plain("P0S3-04-4-00.bin", b"x"),
            p3,
            Sip,
            &["7940", "7960"],
            Err(Step),
        ),
    ]
}

/// Whether `stage` may write what `convert` may not serve.
const STAGED: AcceptPolicy = AcceptPolicy {
    unknown: true,
    sccp: true,
    no_recovery: false,
};

#[test]
fn verify_names_family_protocol_models_and_what_is_done_with_every_kind_of_bundle() {
    let kinds = converted()
        .into_iter()
        .chain(upgraded())
        .chain(recognised());
    for kind in kinds {
        let bundle = kind.files.bundle();
        let set = &bundle.sets[0];
        let load = set.load.clone();
        let is_whole = matches!(bundle.verdict, Verdict::Genuine | Verdict::Intact);
        assert!(is_whole, "{load}: {:?}", bundle.problems);
        assert_eq!(set.kind(), kind.family, "{load}");
        assert_eq!(bundle.protocol, kind.protocol, "{load}");
        assert_eq!(set.models, kind.models, "{load}");
        assert_eq!(set.unsupported(), kind.does.err(), "{load}");
        let support = kind.does.unwrap_or(Support::Recognised);
        assert_eq!(set.support(), support, "{load}");
        let note = messages(&bundle, "not-converted");
        match kind.does {
            Ok(_) => assert_eq!(note, "", "{load}"),
            Err(why) => assert!(
                note.contains(load.as_str()) && note.contains(why.text()),
                "{load}: {note}"
            ),
        }
        let is_way_back = kind.does == CONVERTS && kind.protocol == Some(Sccp);
        let has_advice = codes(&bundle).contains(&"bundle-is-sccp");
        assert_eq!(has_advice, is_way_back, "{load}");
    }
}

/// What a command that converts, and `stage`, say to a bundle.
fn refusals(bundle: &Bundle) -> [Option<(String, &'static str)>; 2] {
    let policy = AcceptPolicy {
        sccp: false,
        ..STAGED
    };
    [policy, STAGED].map(|accept| {
        let refusal = check_targets(std::slice::from_ref(bundle), accept).err();
        refusal.map(|refusal| (refusal.to_string(), refusal.cure()))
    })
}

#[test]
fn bundles_that_are_recognised_only_are_refused_with_the_reason_and_what_to_do() {
    for kind in recognised() {
        let bundle = kind.files.bundle();
        let (set, why) = (&bundle.sets[0], kind.does.unwrap_err());
        let [convert, stage] = refusals(&bundle);
        if why == Step {
            let (text, cure) = convert.unwrap();
            assert!(text.contains("from before their loader"), "{text}");
            assert!(cure.contains("--bridge"), "{cure}");
            continue;
        }
        let (text, cure) = convert.unwrap();
        for part in [
            set.load.as_str(),
            kind.models[0],
            why.text(),
            "expected a SIP load",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert_eq!(cure, why.cure(), "{text}");
        // The 792x are written for a PBX with SCCP.
        let is_written = set.load.as_str().starts_with("CP792");
        assert_eq!(stage.is_none(), is_written, "{text}");
    }
}

#[test]
fn firmware_under_another_name_is_recognised_by_its_first_bytes() {
    let mut conference = vec![0; 64];
    conference[0x0c] = 64;
    for (bytes, phone, why) in [
        (&b"\x3c\x32\xf8\xbd\0\x01"[..], "7920", SccpOnly),
        (b"kup1 x", "7905", BinaryProfile),
        (&conference, "7936", SccpOnly),
    ] {
        let bundle = Files::sip().with("firmware.bin", bytes).bundle();
        let text = messages(&bundle, "file-skipped");
        assert!(text.contains(phone) && text.contains(why.text()), "{text}");
        // As a file of its own, also by its name.
        let name = if phone == "7920" {
            "cmterm_7920.4.0-03-02.bin"
        } else {
            "firmware"
        };
        let folder = BundleFolder::new();
        let path = folder.file(name, bytes);
        let [bundle] =
            <[Bundle; 1]>::try_from(examine(&path, &ExamineOptions::default()).unwrap()).unwrap();
        let problem = &bundle.problems[0];
        assert_eq!(problem.code, "not-an-archive");
        assert!(
            problem.message.contains(phone) && problem.message.contains(why.text()),
            "{problem:?}"
        );
        assert_eq!(problem.cure, why.cure());
    }
}
