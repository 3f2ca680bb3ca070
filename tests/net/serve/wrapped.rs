//! An image whose TFTP block numbers wrap: more than 65,535 blocks of 512 bytes, as a rootfs of the 78xx
//! and 88xx has.

use std::{fmt::Write as _, fs, future::pending, net::SocketAddr, sync::Arc, time::Duration};

use reflash::{
    phone::{Family, Model, Protocol},
    simulator::{
        fifth_generation_file,
        fleet::{self, FleetConfig, StartMix},
    },
};
use sha2::{Digest as _, Sha256};

use super::large_files::serve;

/// 65,625 blocks.
const BYTES: usize = 33_600_000;

#[test]
#[ignore = "takes 20 s: 65,625 blocks, one by one"]
fn a_phone_gets_an_image_of_more_than_65535_blocks_whole_over_tftp() {
    fetch(&["tftp-only"]);
}

#[test]
fn a_phone_gets_an_image_of_33_mb_whole_over_http() {
    fetch(&[]);
}

/// Converts one phone with these faults by a bundle with this image.
fn fetch(faults: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let model = Model::by_number("7821").unwrap();
    let load = Family::F78.slot_load(Protocol::Sip, "12-8-1-0001-455");
    let image = "rootfs78xx.12-8-1-0001-455.sbn";
    // No two blocks are equal.
    let bytes: Vec<u8> = (0..u32::try_from(BYTES / 4).unwrap())
        .flat_map(|number| number.wrapping_mul(0x9e37_79b1).to_le_bytes())
        .collect();
    let digest = Sha256::digest(&bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        });
    let manifest = format!("[PLATFORM_1]\nrootfs={image} size={BYTES}\n");
    let manifest = fifth_generation_file(&load.manifest(), 0, manifest.as_bytes());
    let id = model.device_type;
    let config = format!("<Default><loadInformation{id}>{load}</loadInformation{id}></Default>");
    for (name, bytes) in [
        (image, &bytes[..]),
        (&load.manifest(), &manifest),
        ("XMLDefault.cnf.xml", config.as_bytes()),
    ] {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let (_server, tftp, http) = serve(folder.path());
    let (tftp, http) = match (tftp, http) {
        (SocketAddr::V4(tftp), SocketAddr::V4(http)) => (tftp, http),
        other => panic!("IPv4 addresses: {other:?}"),
    };
    let config = FleetConfig {
        phones: 1,
        models: vec![model],
        start: StartMix::LoadInformation,
        from: None,
        call_manager: None,
        pace: 0.0,
        http: Some(http),
        seed: 1,
        faults: faults.iter().map(|fault| fault.parse().unwrap()).collect(),
        sizes: Arc::default(),
        addresses: Vec::new(),
        listed: Vec::new(),
        deadline: Duration::from_secs(100),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let run = fleet::run(&config, tftp, pending());
    let phones = runtime.block_on(run).unwrap();
    assert_eq!(phones[0].contents.load, Some(load.clone()), "{faults:?}");
    assert_eq!(phones[0].contents.images[image], digest, "{faults:?}");
}
