#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("tftp_log"),
    |bytes: &[u8]| decoders::run("tftp_log", bytes)
);
