#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("notify_answer"),
    |bytes: &[u8]| decoders::run("notify_answer", bytes)
);
