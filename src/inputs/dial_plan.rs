//! The dial plan an inventory names: a preset, or a file next to the inventory.

use std::path::Path;

use super::{plan_file, shown};
use crate::{
    diagnose::Severity,
    dialplan::{self, DialPlanSource},
    failure::Failure,
    inventory::SiteSettings,
    text::escape,
};

/// The `dialplan.xml` of a site; `None` if the site names no plan. A relative path starts at
/// the inventory's folder.
///
/// # Errors
/// A plan that cannot be read, or that phones cannot use.
pub fn of_site(site: &SiteSettings, inventory: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let Some(name) = &site.dial_plan else {
        return Ok(None);
    };
    let path = inventory.with_file_name(name);
    if let Some(preset) = DialPlanSource::preset(name).filter(|_| !path.exists()) {
        return Ok(Some(preset.to_xml().into_bytes()));
    }
    let bytes = plan_file::xml_for_phones(&path)?;
    let wrong = dialplan::check(&bytes)
        .into_iter()
        .find(|finding| finding.severity == Severity::Error);
    match wrong {
        None => Ok(Some(bytes)),
        Some(finding) => {
            let line = finding.line.map(|line| format!(", line {line}"));
            let error = format!(
                "the dial plan {}{}: {}",
                shown(&path),
                line.unwrap_or_default(),
                escape(&finding.message)
            );
            Err(Failure::new(error, escape(&finding.cure)))
        }
    }
}
