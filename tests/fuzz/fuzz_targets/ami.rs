#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("ami"),
    |bytes: &[u8]| decoders::run("ami", bytes)
);
