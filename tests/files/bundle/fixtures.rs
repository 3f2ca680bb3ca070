//! Zips made by hand, byte by byte, so that each field of them can lie.

use std::{
    fmt::Write as _,
    io::{Cursor, Write as _},
};

use reflash::simulator::signed_file;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// One member; fields override what its headers state.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) data: Vec<u8>,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    pub(crate) attributes: u32,
    /// The name in the local header.
    pub(crate) local_name: Option<String>,
    /// The unpacked size in the directory.
    pub(crate) size: Option<u32>,
    /// The unpacked size in the local header.
    pub(crate) local_size: Option<u32>,
    /// The CRC in the directory.
    pub(crate) crc: Option<u32>,
    /// The offset of the local header in the directory.
    pub(crate) offset: Option<u64>,
    /// It has no local part of its own.
    pub(crate) listed_only: bool,
}

impl Entry {
    pub(crate) fn new(name: &str, data: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            data: data.to_vec(),
            method: 0,
            flags: 0,
            attributes: 0,
            local_name: None,
            size: None,
            local_size: None,
            crc: None,
            offset: None,
            listed_only: false,
        }
    }
}

fn length(data: &[u8]) -> u32 {
    u32::try_from(data.len()).unwrap()
}

/// Version, flags, method, time, CRC, both sizes and the name's length: what both headers
/// have in common.
fn common(entry: &Entry, crc: u32, size: u32, name: &str) -> Vec<u8> {
    let mut bytes = vec![20, 0];
    bytes.extend(entry.flags.to_le_bytes());
    bytes.extend(entry.method.to_le_bytes());
    bytes.extend([0, 0, 0x3b, 0x44]);
    bytes.extend(crc.to_le_bytes());
    bytes.extend(length(&entry.data).to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// The local header of a stored member.
pub(crate) fn local_header_of(name: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.extend(common(
        &Entry::new(name, data),
        crc32fast::hash(data),
        length(data),
        name,
    ));
    bytes.extend(name.as_bytes());
    bytes
}

/// The archive.
pub(crate) fn zip(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let offset = entry
            .offset
            .map_or(length(&bytes), |at| u32::try_from(at).unwrap());
        let crc = crc32fast::hash(&entry.data);
        if !entry.listed_only {
            let name = entry.local_name.as_ref().unwrap_or(&entry.name);
            let size = entry.local_size.unwrap_or(length(&entry.data));
            bytes.extend(b"PK\x03\x04");
            bytes.extend(common(entry, crc, size, name));
            bytes.extend(name.as_bytes());
            bytes.extend(&entry.data);
        }
        let size = entry.size.unwrap_or(length(&entry.data));
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(common(entry, entry.crc.unwrap_or(crc), size, &entry.name));
        directory.extend([0; 6]);
        directory.extend(entry.attributes.to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(entry.name.as_bytes());
    }
    let start = length(&bytes);
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(count);
    bytes.extend(count);
    bytes.extend(length(&directory).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// The same members, written by the library.
pub(crate) fn by_library(entries: &[Entry], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for entry in entries {
        writer.start_file(entry.name.as_str(), options).unwrap();
        writer.write_all(&entry.data).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The same members, deflated and written to something that cannot seek.
pub(crate) fn streamed(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ZipWriter::new_stream(&mut bytes);
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for entry in entries {
        writer.start_file(entry.name.as_str(), options).unwrap();
        writer.write_all(&entry.data).unwrap();
    }
    writer.finish().unwrap();
    bytes
}

/// A deflated archive whose first member unpacks to one byte more than both headers state.
pub(crate) fn with_wrong_sizes(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = by_library(entries, CompressionMethod::Deflated);
    let stated = length(&entries[0].data) - 1;
    let directory = u32::from_le_bytes(bytes[bytes.len() - 6..bytes.len() - 2].try_into().unwrap());
    for at in [22, directory as usize + 24] {
        assert_eq!(bytes[at..at + 4], length(&entries[0].data).to_le_bytes());
        bytes[at..at + 4].copy_from_slice(&stated.to_le_bytes());
    }
    bytes
}

/// A small bundle with everything that the 7945's has: names, signed headers, trailing
/// blanks. The bytes are made up.
pub(crate) fn good_entries() -> Vec<Entry> {
    let images = ["apps45", "cnu45", "cvm45sip", "dsp45", "jar45sip"];
    let body = "#\r\n# RELEASE load version 9-3-1ES26\r\n#\r\n#HARDWARE_COMP_1 15\r\n\r\n\
        jar45sip.9-3-1ES26.sbn\r\ncnu45.9-3-1ES26.sbn\r\napps45.9-3-1ES26.sbn\r\n\
        dsp45.9-3-1ES26.sbn \r\ncvm45sip.9-3-1ES26.sbn \r\n";
    let mut entries: Vec<_> = (0_u32..)
        .zip(images)
        .map(|(seed, image)| {
            let noise: Vec<u8> = (0..600_u32)
                .map(|n| {
                    (n.wrapping_add(seed * 7919).wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]
                })
                .collect();
            Entry::new(
                &format!("{image}.9-3-1ES26.sbn"),
                &signed_file(&format!("{image}.9-3-1ES26.sbn"), &noise),
            )
        })
        .collect();
    for name in ["SIP45.9-3-1SR4-1S", "term45.default", "term65.default"] {
        let name = format!("{name}.loads");
        entries.push(Entry::new(&name, &signed_file(&name, body.as_bytes())));
    }
    entries.push(Entry::new("load436.txt", b"436 SIP45.9-3-1SR4-1S 11\r\n"));
    entries
}

/// [`good_entries`] as an archive.
pub(crate) fn good() -> Vec<u8> {
    zip(&good_entries())
}

/// The bundle of an 8961: valid headers, signed by a key that is not known.
pub(crate) fn unproven_entries() -> Vec<Entry> {
    let file = |name: &str, body: &[u8]| Entry::new(name, &signed_file(name, body));
    let image = |name: &str| file(name, &[0x5a; 300]);
    let images = [
        image("kern8961.9-9-1SR1.sebn"),
        image("sboot8961.9-9-1SR1.sebn"),
    ];
    let mut text = "[PLATFORM_1]\n".to_owned();
    for image in &images {
        writeln!(text, "part={} size={}", image.name, image.data.len()).unwrap();
    }
    let mut entries = vec![file("sip8961.9-9-1SR1.loads", text.as_bytes())];
    entries.extend(images);
    entries
}
