#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("sip_stream"),
    |bytes: &[u8]| decoders::run("sip_stream", bytes)
);
