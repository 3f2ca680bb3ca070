#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("container"),
    |bytes: &[u8]| decoders::run("container", bytes)
);
