//! Files that another program must unpack or convert first, by their first bytes.

/// A file that another program must unpack or convert first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Converter {
    /// What it is: `compressed by xz`.
    pub what: &'static str,
    /// What to do with it.
    pub cure: &'static str,
}

/// The place of the name of a tar archive's format.
const TAR: usize = 257;

const CONVERTERS: [(&[u8], Converter); 16] = [
    (
        b"BZh",
        converter(
            "compressed by bzip2",
            "Unpack it in a pipe: bzcat FILE | reflash replay -",
        ),
    ),
    (
        &[0xfd, b'7', b'z', b'X', b'Z', 0],
        converter(
            "compressed by xz",
            "Unpack it in a pipe: xzcat FILE | reflash replay -",
        ),
    ),
    (
        &[0x5d, 0, 0],
        converter(
            "compressed by lzma",
            "Unpack it in a pipe: xzcat FILE | reflash replay -",
        ),
    ),
    (
        &[0x28, 0xb5, 0x2f, 0xfd],
        converter(
            "compressed by zstd",
            "Unpack it in a pipe: zstdcat FILE | reflash replay -",
        ),
    ),
    (
        &[0x04, 0x22, 0x4d, 0x18],
        converter(
            "compressed by lz4",
            "Unpack it in a pipe: lz4cat FILE | reflash replay -",
        ),
    ),
    (
        &[0x1f, 0x9d],
        converter(
            "compressed by compress",
            "Unpack it in a pipe: zcat FILE | reflash replay -",
        ),
    ),
    (
        &[0x1f, 0x8b],
        converter(
            "compressed by gzip twice",
            "Unpack it in a pipe: zcat FILE | reflash replay -",
        ),
    ),
    (
        b"PK\x03\x04",
        converter(
            "a zip archive",
            "Unpack the log or the capture in a pipe: unzip -p FILE | reflash replay -",
        ),
    ),
    (
        b"7z\xbc\xaf\x27\x1c",
        converter(
            "a 7z archive",
            "Unpack the log or the capture in a pipe: 7z x -so FILE | reflash replay -",
        ),
    ),
    (
        b"Rar!",
        converter(
            "a rar archive",
            "Unpack the log or the capture, and name it instead",
        ),
    ),
    (
        b"ElfFile\0",
        converter(
            "an event log of Windows",
            "Export it in the event viewer as CSV or text, and name that file",
        ),
    ),
    (
        b"LPKSHHRH",
        converter(
            "a file of journald",
            "Print it in a pipe: journalctl --file FILE -o short-iso | reflash replay -",
        ),
    ),
    (
        b"snoop\0\0\0",
        converter(
            "a capture of snoop",
            "Convert it with Wireshark: editcap -F pcap FILE NEW",
        ),
    ),
    (
        &[0x34, 0xcd, 0xb2, 0xa1],
        converter(
            "a capture of a modified libpcap",
            "Convert it with Wireshark: editcap -F pcap FILE NEW",
        ),
    ),
    (
        &[0xa1, 0xb2, 0xcd, 0x34],
        converter(
            "a capture of a modified libpcap",
            "Convert it with Wireshark: editcap -F pcap FILE NEW",
        ),
    ),
    (
        b"GMBU",
        converter(
            "a capture of Network Monitor",
            "Convert it with Wireshark: editcap -F pcap FILE NEW",
        ),
    ),
];

const fn converter(what: &'static str, cure: &'static str) -> Converter {
    Converter { what, cure }
}

/// What must be done with a file that begins with `head`. `packed`: gzip compressed it.
pub(super) fn converter_of(head: &[u8], packed: bool) -> Option<Converter> {
    let is_tar = head
        .get(TAR..)
        .is_some_and(|rest| rest.starts_with(b"ustar"));
    if is_tar {
        return Some(converter(
            "a tar archive",
            if packed {
                "Unpack the log or the capture in a pipe: tar xzOf FILE | reflash replay -"
            } else {
                "Unpack the log or the capture in a pipe: tar xOf FILE | reflash replay -"
            },
        ));
    }
    let mut known = CONVERTERS.iter();
    known.find_map(|(magic, converter)| head.starts_with(magic).then_some(*converter))
}
