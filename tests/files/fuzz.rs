//! Every decoder on arbitrary bytes and on mutated inputs, for about a second each. The same
//! checks run as long as asked for with `scripts/fuzz`.

use std::{collections::BTreeSet, fs, path::Path};

use proptest::{
    collection::vec,
    prelude::*,
    sample::Index,
    test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner},
};

use super::fuzz_checks::{DECODERS, Decoder};

/// What fuzzers know to be worth trying in place of a byte.
const EDGES: [u8; 14] = *b"\0\x01\x7f\x80\xff\r\n \"<&%=;";

#[derive(Debug, Clone)]
enum Change {
    Put(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    /// A copy of a part of the input at another place.
    Copy(Index, Index, usize),
    Cut(Index),
}

fn change() -> impl Strategy<Value = Change> {
    let byte = || prop_oneof![any::<u8>(), prop::sample::select(&EDGES[..])];
    prop_oneof![
        8 => (any::<Index>(), byte()).prop_map(|(at, byte)| Change::Put(at, byte)),
        2 => (any::<Index>(), vec(byte(), 1..9)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        2 => (any::<Index>(), 1_usize..20).prop_map(|(at, length)| Change::Remove(at, length)),
        1 => (any::<Index>(), any::<Index>(), 1_usize..200)
            .prop_map(|(from, to, length)| Change::Copy(from, to, length)),
        1 => any::<Index>().prop_map(Change::Cut),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let length = bytes.len();
        let place = |at: &Index| at.index(length + 1);
        match change {
            Change::Put(at, byte) if length > 0 => bytes[at.index(length)] = *byte,
            Change::Put(..) => {}
            Change::Insert(at, more) => {
                bytes.splice(place(at)..place(at), more.iter().copied());
            }
            Change::Remove(at, count) => {
                bytes.drain(place(at)..length.min(place(at) + count));
            }
            Change::Copy(from, to, count) => {
                let part = bytes[place(from)..length.min(place(from) + count)].to_vec();
                bytes.splice(place(to)..place(to), part);
            }
            Change::Cut(at) => bytes.truncate(place(at)),
        }
    }
    bytes
}

/// Arbitrary bytes, and inputs that are accepted with a few changes.
fn inputs(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let mutated = (prop::sample::select(seeds), vec(change(), 0..8))
        .prop_map(|(seed, changes)| changed(seed, &changes));
    prop_oneof![1 => vec(any::<u8>(), 0..600), 4 => mutated]
}

fn run(decoder: &Decoder) {
    let seeds = (decoder.seeds)();
    for seed in &seeds {
        assert!((decoder.check)(seed), "{}: a seed is refused", decoder.name);
    }
    let config = Config {
        cases: decoder.cases,
        failure_persistence: None,
        ..Config::default()
    };
    // The same inputs in each run: what is new is found by the fuzz targets.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let result = runner.run(&inputs(seeds), |bytes| {
        (decoder.check)(&bytes);
        Ok(())
    });
    if let Err(TestError::Fail(why, bytes)) = result {
        let text = bytes.escape_ascii();
        panic!("{}: {why}, on b\"{text}\"", decoder.name);
    }
    result.unwrap();
}

/// A test for each, so that they run side by side and a failure has the decoder's name.
macro_rules! decoders {
    ($($name:ident),* $(,)?) => {
        const TESTED: &[&str] = &[$(stringify!($name)),*];
        $(
            #[test]
            fn $name() {
                let name = stringify!($name);
                run(DECODERS.iter().find(|decoder| decoder.name == name).unwrap());
            }
        )*
    };
}

decoders!(
    tftp_packet,
    frame,
    ipv4,
    cdp,
    lldp,
    dhcp,
    sip_message,
    sip_stream,
    sccp_stream,
    alarm,
    ami,
    notify_answer,
    web_page,
    web_reply,
    container,
    signed_header,
    manifest,
    capture,
    tftp_log,
    journal,
    device_xml,
    default_xml,
    inventory_csv,
    inventory_toml,
    dial_plan,
    dial_source,
    firewall,
    tftp_engine,
    dhcp_server,
);

#[test]
fn every_decoder_has_a_test_and_a_fuzz_target() {
    let names: BTreeSet<&str> = DECODERS.iter().map(|decoder| decoder.name).collect();
    assert_eq!(names, TESTED.iter().copied().collect());
    let manifest = fs::read_to_string("tests/fuzz/Cargo.toml").unwrap();
    for name in &names {
        let path = format!("fuzz_targets/{name}.rs");
        assert!(manifest.contains(&format!("path = \"{path}\"")), "{name}");
        let target = fs::read_to_string(Path::new("tests/fuzz").join(path)).unwrap();
        assert!(
            target.contains(&format!("decoders::run(\"{name}\", ")),
            "{name}"
        );
    }
    let targets = fs::read_dir("tests/fuzz/fuzz_targets").unwrap().count();
    assert_eq!(targets, names.len());
}
