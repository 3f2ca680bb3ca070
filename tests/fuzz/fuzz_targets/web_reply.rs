#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("web_reply"),
    |bytes: &[u8]| decoders::run("web_reply", bytes)
);
