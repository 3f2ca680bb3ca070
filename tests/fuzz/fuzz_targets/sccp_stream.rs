#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("sccp_stream"),
    |bytes: &[u8]| decoders::run("sccp_stream", bytes)
);
