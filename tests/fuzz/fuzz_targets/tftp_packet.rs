#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("tftp_packet"),
    |bytes: &[u8]| decoders::run("tftp_packet", bytes)
);
