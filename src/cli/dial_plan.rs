//! A site's dial plan: a preset's name, or a file beside the inventory.

use std::path::Path;

use super::{Failure, dial};
use crate::{
    diagnose::Severity,
    dialplan::{self, DialPlanSource},
    inventory::Site,
    text::escape,
};

/// `dialplan.xml` of a site; `None` where it names no plan. A file's path is meant from where
/// the inventory is.
pub(super) fn of_site(site: &Site, inventory: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let Some(name) = &site.dial_plan else {
        return Ok(None);
    };
    let path = inventory.with_file_name(name);
    if let Some(preset) = DialPlanSource::preset(name).filter(|_| !path.exists()) {
        return Ok(Some(preset.to_xml().into_bytes()));
    }
    let bytes = dial::for_phones(&path)?;
    let wrong = dialplan::check(&bytes)
        .into_iter()
        .find(|found| found.severity == Severity::Error);
    match wrong {
        None => Ok(Some(bytes)),
        Some(found) => {
            let shown = escape(&path.display().to_string());
            let line = found.line.map(|line| format!(", line {line}"));
            let error = format!(
                "the dial plan {shown}{}: {}",
                line.unwrap_or_default(),
                escape(&found.message)
            );
            Err(Failure::new(error, escape(&found.cure)))
        }
    }
}
