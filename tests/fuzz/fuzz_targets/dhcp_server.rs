#![no_main]

libfuzzer_sys::fuzz_target!(
    init: decoders::write_seeds("dhcp_server"),
    |bytes: &[u8]| decoders::run("dhcp_server", bytes)
);
