#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("dial_source"),
    |bytes: &[u8]| decoders::run("dial_source", bytes)
);
