#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("web_page"),
    |bytes: &[u8]| decoders::run("web_page", bytes)
);
