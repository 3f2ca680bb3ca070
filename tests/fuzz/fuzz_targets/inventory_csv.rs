#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("inventory_csv"),
    |bytes: &[u8]| decoders::run("inventory_csv", bytes)
);
