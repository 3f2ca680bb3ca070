#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("frame"),
    |bytes: &[u8]| decoders::run("frame", bytes)
);
