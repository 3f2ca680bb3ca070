#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("ipv4"),
    |bytes: &[u8]| decoders::run("ipv4", bytes)
);
