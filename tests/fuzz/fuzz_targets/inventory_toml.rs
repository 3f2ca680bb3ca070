#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("inventory_toml"),
    |bytes: &[u8]| decoders::run("inventory_toml", bytes)
);
