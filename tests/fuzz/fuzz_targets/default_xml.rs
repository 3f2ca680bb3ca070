#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("default_xml"),
    |bytes: &[u8]| decoders::run("default_xml", bytes)
);
