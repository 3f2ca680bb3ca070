#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("device_xml"),
    |bytes: &[u8]| decoders::run("device_xml", bytes)
);
