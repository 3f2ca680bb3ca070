//! Configurations that a phone does not accept.

use super::format::{clock, diagnosis, printable};
use crate::{
    diagnose::{Code, Diagnosis},
    track::observation::RunTime,
};

/// The phone requested the signed form of its configuration.
pub(crate) fn trust_list(name: &str, at: RunTime) -> Diagnosis {
    diagnosis(
        Code::TrustList,
        format!(
            "requested the signed '{}' at {}",
            printable(name),
            clock(at)
        ),
        "The phone has a trust list of its previous call manager and accepts only configurations \
         that are signed by it. Erase the list on the phone (Settings > Security Configuration > \
         Trust List, unlock with **#, Erase), or reset the phone to factory settings: recovery \
         ignores trust lists.",
    )
}

/// The phone fetched its own configuration and did not use it.
pub(crate) fn rejected_own(name: &str, at: RunTime) -> Diagnosis {
    rejected(format!(
        "its own configuration was delivered, and in the same boot it requested '{}' at {}",
        printable(name),
        clock(at)
    ))
}

/// The phone fetched `XMLDefault.cnf.xml` in several boots and nothing followed.
pub(crate) fn rejected_default(boots: u8, name: &str, at: RunTime) -> Diagnosis {
    rejected(format!(
        "'XMLDefault.cnf.xml' was delivered in {boots} consecutive boots and nothing followed; the \
         phone started over with '{}' at {}",
        printable(name),
        clock(at)
    ))
}

fn rejected(evidence: String) -> Diagnosis {
    diagnosis(
        Code::ConfigRejected,
        evidence,
        "Give the phone its own well-formed SEP file, with a telephone line and without \
         placeholders: a single error makes a phone drop the whole file. It logs the reason at \
         http://PHONE/DeviceLog.",
    )
}
