//! What the operator does after a run.

use super::messages::phone_list;
use crate::{
    run_view::format,
    text::escape,
    track::{Fleet, PhoneRef, PhoneReport, Report, State},
};

const KEEP_SCCP: &str = "Keep an SCCP bundle for these phones: it is the only way back to SCCP.";

/// The phones of a run that is over.
#[derive(Debug, Default)]
pub(super) struct PhonesAtEnd {
    /// They lack images, and request them until a server has them.
    owed: Vec<PhoneRef>,
    /// They may be writing their flash.
    writing: Vec<PhoneRef>,
    /// Their images arrived, and a source reports other firmware: phone and evidence.
    contradicted: Vec<(PhoneRef, String)>,
    /// The others that are neither done nor failed.
    unfinished: Vec<PhoneRef>,
    failed: Vec<PhoneRef>,
    /// How many were expected and never seen.
    missing: usize,
}

impl PhonesAtEnd {
    pub(super) fn of(fleet: &Fleet, report: &Report) -> Self {
        let owed = fleet.owed_images();
        let mut known = owed.clone();
        let mut others = |phones: Vec<PhoneRef>| {
            let is_new = |phone: &PhoneRef| known.iter().all(|other| other.id != phone.id);
            let others: Vec<PhoneRef> = phones.into_iter().filter(is_new).collect();
            known.extend(others.iter().cloned());
            others
        };
        let writing = others(fleet.must_stay_powered());
        let (contradicted, unfinished) = others(fleet.unfinished())
            .into_iter()
            .map(|phone| {
                let of = report.phones.iter().find(|other| other.id == phone.id);
                let evidence = of.and_then(contradiction);
                (phone, evidence)
            })
            .partition::<Vec<_>, _>(|(_, evidence)| evidence.is_some());
        Self {
            owed,
            writing,
            contradicted: contradicted
                .into_iter()
                .filter_map(|(phone, evidence)| Some((phone, evidence?)))
                .collect(),
            unfinished: unfinished.into_iter().map(|(phone, _)| phone).collect(),
            failed: fleet.failed_phones(),
            missing: report.missing.len(),
        }
    }

    fn all_done(&self) -> bool {
        self.contradicted.is_empty()
            && self.unfinished.is_empty()
            && self.failed.is_empty()
            && self.missing == 0
    }
}

/// The evidence that a phone does not run what it fetched.
fn contradiction(phone: &PhoneReport) -> Option<String> {
    let fetched = phone.pass > 0 && phone.state == State::Configuring;
    let evidence = phone.evidence.last().filter(|_| fetched)?;
    Some(escape(&format::evidence(evidence)))
}

/// What to do after a conversion. `resume`: the command that continues it. `network`: what to do in
/// the network when no more phones are to be converted.
pub(super) fn after_conversion(
    phones: &PhonesAtEnd,
    resume: Option<&str>,
    network: &str,
) -> Vec<String> {
    let continues = |before: &str| match resume {
        Some(command) => format!("{before}\nThis command continues the conversion:\n{command}"),
        None => format!("{before} Start the conversion again."),
    };
    let mut steps = Vec::new();
    if !phones.owed.is_empty() {
        let (plural, verb) = number(phones.owed.len());
        steps.push(continues(&format!(
            "Keep {} plugged in: {plural} {verb} images.",
            phone_list(&phones.owed)
        )));
    }
    if !phones.writing.is_empty() {
        let plural = if phones.writing.len() == 1 {
            "it"
        } else {
            "they"
        };
        let text = format!(
            "DO NOT UNPLUG {} for 10 minutes: {plural} may be writing the flash, for which no \
             server is needed.",
            phone_list(&phones.writing)
        );
        steps.push(if phones.owed.is_empty() {
            let after = "A phone that starts requests its configuration: keep a server for it.";
            continues(&format!("{text} {after}"))
        } else {
            text
        });
    }
    if !steps.is_empty() {
        return steps;
    }
    for (phone, evidence) in &phones.contradicted {
        steps.push(format!(
            "{} fetched all images and does not run them: {evidence}. While the conversion runs, \
             restart it and read its screen for an error such as 'Auth Fail'; if it stays as it \
             is, reset it to factory settings (hold # while powering it on, then press \
             123456789*0#).",
            phone_list(std::slice::from_ref(phone))
        ));
    }
    if !phones.unfinished.is_empty() {
        steps.push(format!(
            "Not converted so far: {}.",
            phone_list(&phones.unfinished)
        ));
    }
    if !phones.failed.is_empty() {
        steps.push(format!(
            "Failed: {}. Do what the diagnosis of each says.",
            phone_list(&phones.failed)
        ));
    }
    if !phones.all_done() {
        steps.extend(resume.map(|_| continues("").trim_start().to_owned()));
    }
    if !network.is_empty() {
        steps.push(if phones.all_done() {
            network.to_owned()
        } else {
            format!("When no more phones are to be converted: {network}")
        });
        steps.push(KEEP_SCCP.to_owned());
    }
    steps
}

fn number(phones: usize) -> (&'static str, &'static str) {
    match phones {
        1 => ("it", "lacks"),
        _ => ("they", "lack"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESUME: &str = "    reflash convert --resume";
    const NETWORK: &str = "Restore DHCP option 150 (or 66).";

    fn steps(phones: &PhonesAtEnd) -> String {
        after_conversion(phones, Some(RESUME), NETWORK).join("\n")
    }

    #[test]
    fn a_phone_that_lacks_images_is_kept_powered_and_the_network_stays_as_it_is() {
        let text = steps(&PhonesAtEnd {
            owed: vec![PhoneRef::example(1)],
            failed: vec![PhoneRef::example(2)],
            ..PhonesAtEnd::default()
        });
        assert!(text.contains("Keep SEP001D45AABB01 plugged in"), "{text}");
        assert!(text.contains(RESUME), "{text}");
        assert!(!text.contains("Restore"), "{text}");
    }

    #[test]
    fn a_phone_that_writes_is_not_unplugged_and_the_network_stays_as_it_is() {
        let text = steps(&PhonesAtEnd {
            writing: vec![PhoneRef::example(1)],
            ..PhonesAtEnd::default()
        });
        assert!(text.contains("DO NOT UNPLUG SEP001D45AABB01"), "{text}");
        assert!(text.contains(RESUME), "{text}");
        assert!(!text.contains("Restore"), "{text}");
    }

    #[test]
    fn evidence_against_a_phone_is_named_with_the_command_that_continues() {
        let text = steps(&PhonesAtEnd {
            contradicted: vec![(PhoneRef::example(1), "the operator reports SCCP".to_owned())],
            ..PhonesAtEnd::default()
        });
        assert!(
            text.contains("does not run them: the operator reports SCCP"),
            "{text}"
        );
        assert!(text.contains(RESUME), "{text}");
        assert!(
            text.contains("When no more phones are to be converted: Restore"),
            "{text}"
        );
    }

    #[test]
    fn after_a_whole_conversion_only_the_network_is_restored() {
        let text = steps(&PhonesAtEnd::default());
        assert_eq!(text, format!("{NETWORK}\n{KEEP_SCCP}"));
    }
}
