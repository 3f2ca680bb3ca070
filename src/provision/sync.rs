//! `syncinfo.xml`, and the `sync` of `SIPDefault.cnf`: after a NOTIFY `check-sync`, a 7940 and 7960
//! compares the two and restarts if they differ.

use std::io;

use quick_xml::Writer;
use sha2::{Digest, Sha256};

use super::{output::DIAL_PLAN, plan::ProvisionPlan};

/// The file that these phones read after a NOTIFY.
pub(super) const NAME: &str = "syncinfo.xml";

/// The line that sets `sync` in `SIPDefault.cnf`, and `syncinfo.xml` with the same number. Both change
/// with the `files` of these phones. A running phone has the number of its last start: it restarts if its
/// files have changed since, reads the new number, and does not restart again. `None`: no phone reads
/// them, or there is no generated secret.
///
/// The number depends on passwords, and anyone can read it: it is keyed with a secret, without which
/// passwords cannot be tried against it.
pub(super) fn number(plan: &ProvisionPlan, files: &[(String, Vec<u8>)]) -> Option<SyncFiles> {
    let manager = plan.manager.as_ref()?;
    plan.site.first_phones.as_ref()?;
    let mut digest = Sha256::new();
    let mut add = |bytes: &[u8]| {
        digest.update(bytes.len().to_be_bytes());
        digest.update(bytes);
    };
    add(manager.secret.expose().as_bytes());
    let is_read = |name: &str| name.starts_with("SIP") || name == DIAL_PLAN;
    for (name, bytes) in files.iter().filter(|(name, _)| is_read(name)) {
        add(name.as_bytes());
        add(bytes);
    }
    let digest = digest.finalize();
    let number = digest
        .iter()
        .take(4)
        .fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
    // 1 is what a phone has whose files name no number.
    let number = number.max(2);
    Some(SyncFiles {
        line: format!("sync: {number}\n"),
        info: info(number),
    })
}

/// What is written with one number.
pub(super) struct SyncFiles {
    /// The line of `SIPDefault.cnf`.
    pub(super) line: String,
    /// `syncinfo.xml`.
    pub(super) info: io::Result<Vec<u8>>,
}

/// `*`: whichever load the phone runs.
fn info(number: u32) -> io::Result<Vec<u8>> {
    let mut xml = Writer::new(Vec::new());
    xml.create_element("SYNCINFO").write_inner_content(|xml| {
        xml.create_element("IMAGE")
            .with_attribute(("VERSION", "*"))
            .with_attribute(("SYNC", number.to_string().as_str()))
            .write_empty()?;
        Ok(())
    })?;
    let mut bytes = xml.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}
