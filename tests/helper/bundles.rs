//! Files for `scripts/bench-verify`, which measures.

use std::{fs, io::Write as _, path::Path};

use reflash::{
    phone::Family,
    simulator::{SyntheticBundle, TEST_KEY_PEM, signed_file},
};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// Bytes of each of the five images of the large bundle.
const LARGE: usize = 40_000_000;

/// Writes 210 MB: a bundle as large as real ones, a large one, and their key.
pub(crate) fn write(folder: &Path) {
    fs::write(folder.join("key.pem"), TEST_KEY_PEM).unwrap();
    let made = SyntheticBundle::new(Family::F45, 1).unwrap();
    made.write_zip(&folder.join("small.zip")).unwrap();
    let mut writer = ZipWriter::new(fs::File::create(folder.join("large.zip")).unwrap());
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        // As real images: what does not get shorter is stored in blocks.
        .compression_level(Some(6));
    let mut put = |name: &str, body: &[u8]| {
        writer.start_file(name, options).unwrap();
        writer.write_all(&signed_file(name, body)).unwrap();
    };
    let mut manifest = String::new();
    let mut state = 1_u64;
    for stem in ["jar45sip", "cnu45", "apps45", "dsp45", "cvm45sip"] {
        let name = format!("{stem}.9-9-9.sbn");
        manifest.push_str(&name);
        manifest.push_str("\r\n");
        let body: Vec<u8> = (0..LARGE / 8)
            .flat_map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (state ^ state >> 29).to_le_bytes()
            })
            .collect();
        put(&name, &body);
    }
    put("SIP45.9-9-9S.loads", manifest.as_bytes());
    put("term45.default.loads", manifest.as_bytes());
    writer.finish().unwrap();
}
