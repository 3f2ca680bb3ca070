//! All decoders of input from outside, and two state machines that read packets, each as a check that takes any bytes.
//!
//! A check never panics, and asserts what holds whatever the bytes are: lengths within the
//! documented limits, the same result in one piece and in many, the same value after encoding and
//! decoding. It returns whether the bytes were accepted. The test suite runs every check for about a
//! second (tests/files/fuzz.rs), `scripts/fuzz` for a given time.

#![allow(
    unreachable_pub,
    reason = "a module of the tests, and the library of the fuzz targets"
)]

use std::{env, fs, path::Path};

mod bundles;
mod documents;
mod frames;
mod restart;
mod services;
mod signalling;
mod support;
mod tables;

/// One decoder.
#[derive(Debug, Clone, Copy)]
pub struct Decoder {
    /// The name of its fuzz target.
    pub name: &'static str,
    /// Whether the bytes were accepted.
    pub check: fn(&[u8]) -> bool,
    /// Inputs that are accepted, to be mutated.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// How many inputs take the test suite about a second.
    pub cases: u32,
}

const fn decoder(
    name: &'static str,
    check: fn(&[u8]) -> bool,
    seeds: fn() -> Vec<Vec<u8>>,
    cases: u32,
) -> Decoder {
    Decoder {
        name,
        check,
        seeds,
        cases,
    }
}

/// All of them.
pub const DECODERS: &[Decoder] = &[
    decoder(
        "tftp_packet",
        services::tftp_packet,
        services::tftp_packets,
        20_000,
    ),
    decoder("ami", restart::ami, restart::ami_conversations, 4_000),
    decoder(
        "notify_answer",
        restart::notify_answer,
        restart::notify_answers,
        10_000,
    ),
    decoder("frame", frames::frame, frames::frames, 10_000),
    decoder("ipv4", frames::ipv4, frames::ipv4_packets, 20_000),
    decoder("cdp", frames::cdp, frames::cdp_packets, 8_000),
    decoder("lldp", frames::lldp, frames::lldp_packets, 20_000),
    decoder("dhcp", services::dhcp, services::dhcp_messages, 10_000),
    decoder(
        "sip_message",
        signalling::sip_message,
        signalling::sip_messages,
        4_000,
    ),
    decoder(
        "sip_stream",
        signalling::sip_stream,
        signalling::sip_streams,
        2_000,
    ),
    decoder(
        "sccp_stream",
        signalling::sccp_stream,
        signalling::sccp_streams,
        4_000,
    ),
    decoder("alarm", signalling::alarm, signalling::alarms, 5_000),
    decoder("web_page", services::web_page, services::web_pages, 4_000),
    decoder(
        "web_reply",
        services::web_reply,
        services::web_replies,
        4_000,
    ),
    decoder("container", bundles::container, bundles::containers, 100),
    decoder(
        "signed_header",
        bundles::signed_header,
        bundles::headers,
        400,
    ),
    decoder("manifest", bundles::manifest, bundles::manifests, 400),
    decoder("capture", documents::capture, documents::captures, 400),
    decoder("tftp_log", documents::tftp_log, documents::tftp_logs, 500),
    decoder("journal", documents::journal, documents::journals, 500),
    decoder(
        "device_xml",
        documents::device_xml,
        documents::device_xmls,
        300,
    ),
    decoder(
        "default_xml",
        documents::default_xml,
        documents::default_xmls,
        500,
    ),
    decoder(
        "inventory_csv",
        documents::inventory_csv,
        documents::inventory_csvs,
        2_000,
    ),
    decoder(
        "inventory_toml",
        documents::inventory_toml,
        documents::inventory_tomls,
        1_000,
    ),
    decoder(
        "dial_plan",
        documents::dial_plan,
        documents::dial_plans,
        1_000,
    ),
    decoder(
        "dial_source",
        documents::dial_source,
        documents::dial_sources,
        1_000,
    ),
    decoder("firewall", documents::firewall, documents::firewalls, 2_000),
    decoder(
        "tftp_engine",
        tables::tftp_engine,
        tables::tftp_engines,
        1_000,
    ),
    decoder(
        "dhcp_server",
        tables::dhcp_server,
        tables::dhcp_servers,
        1_000,
    ),
];

fn named(name: &str) -> &'static Decoder {
    let decoder = DECODERS.iter().find(|decoder| decoder.name == name);
    decoder.expect("a decoder of this name")
}

/// Runs the check of this decoder, for its fuzz target.
///
/// # Panics
///
/// Where what the check asserts does not hold, or no decoder has this name.
#[allow(dead_code, reason = "only the fuzz targets use it")]
pub fn run(name: &str, bytes: &[u8]) {
    (named(name).check)(bytes);
}

/// Writes the seeds of this decoder to the folder `REFLASH_FUZZ_SEEDS`, if that is set. Fuzzing reads
/// them from there.
///
/// # Panics
///
/// Where no decoder has this name, or the folder cannot be written to.
#[allow(dead_code, reason = "only the fuzz targets use it")]
pub fn write_seeds(name: &str) {
    let Some(folder) = env::var_os("REFLASH_FUZZ_SEEDS") else {
        return;
    };
    for (number, seed) in (named(name).seeds)().iter().enumerate() {
        let path = Path::new(&folder).join(format!("seed-{number}"));
        fs::write(path, seed).expect("a seed is written");
    }
}
