//! The JSON document of `reflash restart`.

use serde::Serialize;

use crate::phone::Model;
use crate::restart::converted::{RestartRun, RestartStatus, RestartedPhone};

/// The document; docs/json.md describes it.
#[derive(Debug, Serialize)]
pub(super) struct RestartDocument {
    dry_run: bool,
    phones: Vec<PhoneDocument>,
    totals: Totals,
}

#[derive(Debug, Serialize)]
struct PhoneDocument {
    mac: String,
    name: Option<String>,
    model: Option<&'static str>,
    extension: Option<String>,
    address: Option<std::net::Ipv4Addr>,
    way: Option<&'static str>,
    event: Option<&'static str>,
    restart: Option<&'static str>,
    ready: bool,
    reason: Option<&'static str>,
    evidence: String,
    cure: String,
}

#[derive(Debug, Default, Serialize)]
struct Totals {
    back: usize,
    restarting: usize,
    ordered: usize,
    ignored: usize,
    ready: usize,
    not_ordered: usize,
}

pub(super) fn document(run: &RestartRun, dry_run: bool) -> RestartDocument {
    let mut totals = Totals::default();
    for phone in run.phones() {
        let count = match phone.status {
            RestartStatus::Ready => &mut totals.ready,
            RestartStatus::NotOrdered(_) => &mut totals.not_ordered,
            RestartStatus::Ordered => &mut totals.ordered,
            RestartStatus::Restarting => &mut totals.restarting,
            RestartStatus::Back => &mut totals.back,
            RestartStatus::Ignored => &mut totals.ignored,
        };
        *count += 1;
    }
    RestartDocument {
        dry_run,
        phones: run.phones().iter().map(PhoneDocument::of).collect(),
        totals,
    }
}

impl PhoneDocument {
    fn of(phone: &RestartedPhone) -> Self {
        let candidate = &phone.candidate;
        let order = phone.order.as_ref();
        let reason = match &phone.status {
            RestartStatus::NotOrdered(why) => Some(why.code()),
            _ => None,
        };
        Self {
            mac: candidate.mac.to_string(),
            name: candidate.name.clone(),
            model: candidate.model.map(Model::plain_number),
            extension: candidate.lines.first().cloned(),
            address: order.and_then(|order| order.address),
            way: order.map(|order| order.way.name()),
            event: order.map(|order| order.event.kind().name()),
            restart: phone.status.name(),
            ready: phone.status == RestartStatus::Ready,
            reason,
            evidence: phone.evidence.clone(),
            cure: phone.cure.clone(),
        }
    }
}
