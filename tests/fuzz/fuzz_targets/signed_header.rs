#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("signed_header"),
    |bytes: &[u8]| decoders::run("signed_header", bytes)
);
