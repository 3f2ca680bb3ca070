#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("lldp"),
    |bytes: &[u8]| decoders::run("lldp", bytes)
);
