#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("firewall"),
    |bytes: &[u8]| decoders::run("firewall", bytes)
);
