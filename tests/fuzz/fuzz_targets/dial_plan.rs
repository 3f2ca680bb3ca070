#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("dial_plan"),
    |bytes: &[u8]| decoders::run("dial_plan", bytes)
);
