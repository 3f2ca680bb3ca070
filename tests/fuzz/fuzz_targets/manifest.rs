#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("manifest"),
    |bytes: &[u8]| decoders::run("manifest", bytes)
);
