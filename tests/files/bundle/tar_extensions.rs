//! Tars with long names of GNU tar and extended headers of pax, good and hostile.

use reflash::bundle::Verdict;

use super::{
    BundleFolder,
    fixtures::good_entries,
    tars::{end, extension, gzip, header, member, tar},
};

#[test]
fn hostile_and_damaged_extensions_are_rejected() {
    let good = tar(&good_entries());
    let with = |more: Vec<u8>| [&more[..], &good].concat();
    let cases: Vec<(&str, Vec<u8>, Verdict, &str)> = vec![
        (
            "traversal by a long name",
            with([extension(b'L', b"../x\0"), member("a.sbn", b"x")].concat()),
            Verdict::Refused,
            "unsafe-name",
        ),
        (
            "traversal by a pax name",
            with([extension(b'x', b"13 path=../x\n"), member("a.sbn", b"x")].concat()),
            Verdict::Refused,
            "unsafe-name",
        ),
        (
            "empty long name",
            with([extension(b'L', b"\0"), member("a.sbn", b"x")].concat()),
            Verdict::Refused,
            "unsafe-name",
        ),
        (
            "sparse by pax",
            with(
                [
                    extension(b'x', b"22 GNU.sparse.major=1\n"),
                    member("a.sbn", b"x"),
                ]
                .concat(),
            ),
            Verdict::Refused,
            "unsupported-archive",
        ),
        (
            "global name",
            with(extension(b'g', b"10 path=x\n")),
            Verdict::Refused,
            "unsupported-archive",
        ),
        (
            "pax record cut",
            with(extension(b'x', b"99 path=x\n")),
            Verdict::Damaged,
            "archive-damaged",
        ),
        (
            "pax size over the limit",
            with(
                [
                    extension(b'x', b"18 size=999999999\n"),
                    member("a.sbn", b"x"),
                ]
                .concat(),
            ),
            Verdict::Refused,
            "over-limit",
        ),
        (
            "huge extension",
            with(header("././@LongLink", 70_000, b'L')),
            Verdict::Refused,
            "over-limit",
        ),
        (
            "extension without a member",
            end(extension(b'L', b"a.sbn\0")),
            Verdict::Damaged,
            "archive-damaged",
        ),
        (
            "extensions without end",
            end(extension(b'g', b"13 comment=x\n").repeat(3_001)),
            Verdict::Refused,
            "over-limit",
        ),
        (
            "link with a long target",
            with([extension(b'K', b"/etc/passwd\0"), header("a.sbn", 0, b'2')].concat()),
            Verdict::Refused,
            "not-a-regular-file",
        ),
    ];
    let dir = BundleFolder::new();
    for (what, bytes, verdict, code) in cases {
        assert_eq!(dir.verdict(&bytes), (verdict, Some(code)), "{what}");
    }
}

/// A member of this name with this data.
type Form<'f> = &'f dyn Fn(&str, &[u8]) -> Vec<u8>;

#[test]
fn long_names_and_extended_headers_are_read() {
    let dir = BundleFolder::new();
    let folder = format!("{}/telephones/", "firmware".repeat(14));
    let pax = |text: &str| {
        // The length counts its own two or three digits.
        let length = text.len() + if text.len() + 3 < 100 { 3 } else { 4 };
        format!("{length} {text}").into_bytes()
    };
    let forms: [(&str, Form<'_>); 3] = [
        ("GNU", &|name, data| {
            let name = format!("{name}\0");
            [
                extension(b'L', name.as_bytes()),
                member("firmware/of", data),
            ]
            .concat()
        }),
        ("pax", &|name, data| {
            let records = [pax("mtime=1700000000.5\n"), pax(&format!("path={name}\n"))].concat();
            [extension(b'x', &records), member("firmware/of", data)].concat()
        }),
        ("pax with sizes", &|name, data| {
            let size = pax(&format!("size={}\n", data.len()));
            let records = [pax(&format!("path={name}\n")), size].concat();
            [extension(b'x', &records), member("firmware/of", data)].concat()
        }),
    ];
    for (what, form) in forms {
        let comment = extension(b'g', &pax("comment=0123456789abcdef\n"));
        let members = good_entries()
            .iter()
            .flat_map(|entry| form(&format!("{folder}{}", entry.name), &entry.data))
            .collect();
        let bytes = end([comment, members].concat());
        for bytes in [gzip(&bytes), bytes] {
            assert_eq!(dir.verdict(&bytes).0, Verdict::Genuine, "{what}");
        }
    }
}
