#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("journal"),
    |bytes: &[u8]| decoders::run("journal", bytes)
);
