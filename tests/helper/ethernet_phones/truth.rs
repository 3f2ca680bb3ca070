//! What the phones of the fleet have.

use reflash::phone::LoadName;
use serde_json::json;

use super::CabledFleet;

impl CabledFleet {
    /// A JSON line for each phone.
    pub(super) fn print(&self) {
        for one in &self.phones {
            let contents = one.phone.contents();
            let line = json!({
                "mac": one.mac.to_string(),
                "address": one.address,
                "load": contents.load.as_ref().map(LoadName::as_str),
                "images": contents.images,
                "faults": one.phone.config().faults.iter().map(|it| format!("{it:?}")).collect::<Vec<_>>(),
                "start": format!("{:?}", one.phone.config().start),
                "announces": one.announces,
                "finished": one.phone.is_finished(),
            });
            println!("{line}");
        }
    }
}
