#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("tftp_engine"),
    |bytes: &[u8]| decoders::run("tftp_engine", bytes)
);
