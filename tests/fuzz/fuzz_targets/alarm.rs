#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("alarm"),
    |bytes: &[u8]| decoders::run("alarm", bytes)
);
