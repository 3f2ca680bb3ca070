#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("sip_message"),
    |bytes: &[u8]| decoders::run("sip_message", bytes)
);
