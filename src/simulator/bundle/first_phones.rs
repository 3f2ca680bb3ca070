//! The files of a bundle of the 7940 and 7960: a loader, an application, and the manifest that names
//! both.

use super::header::{header_length, signed};
use crate::{
    phone::{Generation79x0, LoadName, Protocol},
    simulator::rng::Rng,
};

/// The processor's vectors at the start of an image: eight branches.
const VECTORS: [u8; 32] = {
    let mut vectors = [0; 32];
    let mut at = 3;
    while at < vectors.len() {
        vectors[at] = 0xea;
        at += 4;
    }
    vectors
};
/// Where an image has its version, and a loader the length of its body less 32, before packed data.
const VERSION: usize = 0x120;
const LENGTH: usize = 0x138;
const PACKED: [u8; 2] = [0x1f, 0x9d];
/// Bytes of an image from before the loader.
const EARLY_SIZE: usize = 440_000;

/// The load of this release: `P0S3-8-12-00` for SIP, `P0030801SR02` for SCCP.
pub(super) fn load(protocol: Protocol, release: &str) -> LoadName {
    LoadName::new(&match protocol {
        // Up to 2.x without hyphens.
        Protocol::Sip if !release.contains('-') => format!("P0S3{release}"),
        Protocol::Sip => format!("P0S3-{release}"),
        Protocol::Sccp => format!("P003{release}"),
    })
}

/// The loader's load id: `P003-8-12-00`; of SCCP releases the load's own.
fn loader_id(load: &LoadName) -> String {
    match load.as_str().strip_prefix("P0S3") {
        Some(release) => format!("P003{release}"),
        None => load.to_string(),
    }
}

/// A version that differs between releases, as those of real loaders do.
fn loader_version(load: &LoadName) -> String {
    let sum = load.as_str().bytes().fold(0_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(byte.into())
    });
    format!("PAS3{:04}", sum % 10_000)
}

/// The one image of firmware from before the loader: unsigned, and from 5.0 on also signed.
fn early_files(load: &LoadName, size: usize, seed: u64) -> Vec<(String, Vec<u8>)> {
    let mut body = Rng::new(seed, 2).bytes(size);
    body[..VECTORS.len()].copy_from_slice(&VECTORS);
    body[VECTORS.len()..VERSION].fill(0);
    let id = load.as_str().as_bytes();
    body[VECTORS.len()..][..id.len()].copy_from_slice(id);
    let signed_name = format!("{load}.sbn");
    let file = signed(&signed_name, &body);
    let mut files = vec![(format!("{load}.bin"), body)];
    if load.generation_79x0() == Some(Generation79x0::Signed) {
        files.push((signed_name, file));
    }
    files
}

/// The manifest and the two images: the loader's, and the application's. `sizes` are their bytes.
pub(super) fn files(load: &LoadName, sizes: [usize; 2], seed: u64) -> Vec<(String, Vec<u8>)> {
    if load.generation_79x0() < Some(Generation79x0::Loader) {
        return early_files(load, sizes[1].min(EARLY_SIZE), seed);
    }
    let (loader, application) = (format!("{}.sbn", loader_id(load)), format!("{load}.sb2"));
    let version = loader_version(load);
    let [loader_size, application_size] = sizes;
    let body = |name: &str, size: usize, stream: u64, version: &str| {
        let mut body = Rng::new(seed, stream).bytes(size - header_length(name));
        body[..VECTORS.len()].copy_from_slice(&VECTORS);
        body[VECTORS.len()..VERSION].fill(0);
        let id = name.rsplit_once('.').map_or(name, |(id, _)| id);
        body[VECTORS.len()..][..id.len()].copy_from_slice(id.as_bytes());
        body[VERSION..][..version.len()].copy_from_slice(version.as_bytes());
        body
    };
    let mut of_loader = body(&loader, loader_size, 0, &version);
    let stated = u32::try_from(of_loader.len() - VECTORS.len()).unwrap_or(u32::MAX);
    of_loader[LENGTH..][..4].copy_from_slice(&stated.to_le_bytes());
    of_loader[LENGTH + 4..][..2].copy_from_slice(&PACKED);
    let of_application = body(&application, application_size, 1, "PAS3ARM1");
    let text = format!("{loader}\n{application}\nLA_VERSION={version}\n");
    [
        (load.manifest(), text.into_bytes()),
        (loader, of_loader),
        (application, of_application),
    ]
    .into_iter()
    .map(|(name, body)| {
        let file = signed(&name, &body);
        (name, file)
    })
    .collect()
}
