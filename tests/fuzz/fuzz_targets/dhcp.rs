#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("dhcp"),
    |bytes: &[u8]| decoders::run("dhcp", bytes)
);
