//! What the operator of a conversion must know before the first phone comes, and at the end.

use std::{net::Ipv4Addr, time::Duration};

use crate::{preflight::SelectedInterface, text::clock, track::Plan};

/// What happens to the addresses of `--dhcp isolated`.
const LEASES_END: &str = "The addresses that reflash leased to phones expire within 10 minutes. \
    Connect the phones to the network whose DHCP server they are to use.";

/// What the operator must know before the first phone comes.
pub(super) fn opening(
    chosen: &SelectedInterface,
    call_manager: Ipv4Addr,
    dhcp: Option<String>,
) -> Vec<String> {
    vec![
        match &chosen.interface {
            Some(name) => format!("interface {name}: {}", chosen.reason),
            None => format!("address {}: {}", chosen.address, chosen.reason),
        },
        dhcp.unwrap_or_else(|| {
            format!(
                "the DHCP server must give phones this address: option 150 (or 66) = {call_manager}"
            )
        }),
    ]
}

/// What the operator does during a survey.
pub(super) fn survey_message(survey: Duration) -> String {
    let seconds = i64::try_from(survey.as_secs()).unwrap_or(i64::MAX);
    format!(
        "survey until {} after the start: no firmware is offered yet. Restart running phones now \
         (Settings, then **#**): each then reports the load it runs",
        clock(seconds)
    )
}

/// What the operator has to do in the network after the server is gone. `isolated`: reflash served
/// the addresses.
pub(super) fn after_conversion(plan: &Plan, isolated: bool) -> String {
    if isolated {
        return LEASES_END.to_owned();
    }
    let loads: Vec<&str> = plan
        .stages
        .iter()
        .map(|stage| stage.load.as_str())
        .collect();
    format!(
        "Restore DHCP option 150 (or 66), or point it at a permanent TFTP server. At every start a \
         phone requests SEP<MAC>.cnf.xml there. If that configuration names a load ({}), the server \
         must have its .loads file and every image; a configuration without loadInformation needs \
         neither.",
        loads.join(", ")
    )
}
