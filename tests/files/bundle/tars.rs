//! Tars, gzips and packages, written by hand.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use reflash::simulator::signed_file;

use super::fixtures::{Entry, good_entries};

/// The header of a tar member of this type.
pub(super) fn header(name: &str, size: usize, kind: u8) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[100..107].copy_from_slice(b"0000777");
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[156] = kind;
    block[257..265].copy_from_slice(b"ustar\x0000");
    reseal(&mut block);
    block
}

/// Computes the checksum of the header again.
pub(super) fn reseal(block: &mut [u8]) {
    block[148..156].fill(b' ');
    let sum: u32 = block[..512].iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

pub(super) fn member(name: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = header(name, data.len(), b'0');
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

/// A header that extends the next one, as GNU tar and pax write it.
pub(super) fn extension(kind: u8, data: &[u8]) -> Vec<u8> {
    let mut bytes = member("././@LongLink", data);
    bytes[156] = kind;
    reseal(&mut bytes);
    bytes
}

pub(super) fn end(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize((bytes.len() + 1024).next_multiple_of(10_240), 0);
    bytes
}

pub(super) fn tar_in(folder: &str, entries: &[Entry]) -> Vec<u8> {
    let members = entries
        .iter()
        .map(|entry| member(&format!("{folder}{}", entry.name), &entry.data));
    end(members.collect::<Vec<_>>().concat())
}

pub(super) fn tar(entries: &[Entry]) -> Vec<u8> {
    tar_in("", entries)
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A package for a call manager: it contains the installer too.
pub(super) fn package() -> Vec<u8> {
    let mut entries = good_entries();
    entries.push(Entry::new("copstart.sh", b"#!/bin/sh\nreboot\n"));
    let mut header = signed_file("cmterm-7945.cop.sgn", b"");
    // Another key signs packages than images.
    header[16] = b'P';
    [header, gzip(&tar(&entries))].concat()
}
