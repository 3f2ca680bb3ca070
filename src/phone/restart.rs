//! What the operator does with phones that need no reset, in words.

use super::{Installation, Model, Support};

/// How phones of these models get the new firmware by a restart, with what not to do: one text for
/// each kind of phone. Models with a recovery manifest are left out.
#[must_use]
pub fn restart_instructions(models: &[&'static Model]) -> Vec<String> {
    let mut groups: Vec<(&'static Model, Vec<&str>)> = Vec::new();
    let restarted = models.iter().filter(|model| {
        !matches!(
            model.family.installation(),
            Installation::Recovery | Installation::None
        )
    });
    for model in restarted {
        let (own, support) = (model.family.installation(), model.family.support());
        let same = groups.iter_mut().find(|(first, _)| {
            first.family.installation() == own && first.family.support() == support
        });
        match same {
            Some((_, numbers)) if numbers.contains(&model.plain_number()) => {}
            Some((_, numbers)) => numbers.push(model.plain_number()),
            None => groups.push((model, vec![model.plain_number()])),
        }
    }
    groups
        .into_iter()
        .map(|(first, numbers)| instruction(first, &numbers.join(", ")))
        .collect()
}

fn instruction(first: &Model, numbers: &str) -> String {
    let Some(slots) = first.family.slots() else {
        return format!(
            "{numbers}: disconnect the phone's power (the network cable, if it supplies the power) \
             and connect it again, or press *, 6 and Settings together. It finds the new firmware at \
             every start; a reset keeps its firmware and is not needed. Do not cut its power while \
             its screen shows Upgrading or Copying to Bank: it has one place for the application. If \
             the screen stays at Protocol Application Invalid, leave it connected: it asks again by \
             itself."
        );
    };
    let what = match first.family.support() {
        Support::Converts => "to convert a phone",
        _ => "to upgrade a phone",
    };
    let mut text = format!(
        "{numbers}: {what}, {}. It reads the name of the new firmware in its configuration and needs \
         no reset. Do not cut its power between its first image and its next start. To reset it \
         nevertheless: {}.",
        slots.restart, slots.reset
    );
    for (label, value) in [
        ("Caution: ", slots.caution),
        ("Lowest releases of some hardware: ", slots.floors),
    ] {
        if !value.is_empty() {
            text.extend([" ", label, value, "."]);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::MODELS;

    fn of(numbers: &[&str]) -> Vec<String> {
        let models = numbers.iter().filter_map(|number| Model::by_number(number));
        restart_instructions(&models.collect::<Vec<_>>())
    }

    #[test]
    fn each_kind_of_phone_has_its_own_instructions() {
        let text = of(&["7965", "6921", "6941", "8945", "7940", "8851", "7921"]);
        let [of_69xx, of_8945, of_7940, of_8851] = &text[..] else {
            panic!("{text:#?}");
        };
        assert!(of_69xx.starts_with("6921, 6941: to convert a phone, disconnect"));
        assert!(of_69xx.contains("Reset Settings > All"));
        assert!(of_8945.contains("weak power-over-Ethernet") && of_8945.contains("9.4(1)"));
        assert!(of_7940.contains("a reset keeps its firmware"));
        assert!(of_7940.contains("Copying to Bank"));
        assert!(
            of_8851.starts_with("8851: to upgrade a phone") && of_8851.contains("123456789*0#")
        );
    }

    #[test]
    fn keys_that_a_phone_does_not_have_are_not_named() {
        for number in ["8821", "8831", "8832", "7832"] {
            let text = of(&[number]).concat();
            assert!(!text.contains("Headset"), "{text}");
        }
        assert!(of(&["8821"])[0].contains("red key"));
        assert!(!of(&["8821"])[0].contains("disconnect its power"));
        assert!(of(&["6901", "6911"])[0].contains("the lamp turns red"));
    }

    #[test]
    fn every_supported_model_is_reset_or_restarted() {
        for model in MODELS {
            let text = restart_instructions(&[model]);
            let is_restarted = model.family.is_supported() && !model.family.has_recovery_manifest();
            assert_eq!(!text.is_empty(), is_restarted, "{model:?}");
        }
    }
}
