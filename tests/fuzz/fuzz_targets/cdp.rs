#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("cdp"),
    |bytes: &[u8]| decoders::run("cdp", bytes)
);
