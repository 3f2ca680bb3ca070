#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("capture"),
    |bytes: &[u8]| decoders::run("capture", bytes)
);
