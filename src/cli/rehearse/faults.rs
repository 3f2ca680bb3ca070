//! Refuses faults that the simulated phones cannot have.

use super::args::Args;
use crate::{
    failure::Failure,
    inventory::Inventory,
    phone::{Family, MacAddress, Model},
    simulator::{FaultScope, FaultSpec, PhoneFault},
    text::escape,
    track::{Plan, StagePlan},
};

/// The phones of a rehearsal, as far as their faults and their first load depend on them.
pub(super) struct FaultPhones<'a> {
    pub(super) args: &'a Args,
    /// The models, each in turn.
    pub(super) models: &'a [&'static Model],
    /// The phones of a list, with their models as far as the list has them.
    pub(super) listed: &'a [(MacAddress, Option<&'static Model>)],
    /// What is served; `None` with a server that runs elsewhere.
    pub(super) stages: Option<&'a [StagePlan]>,
}

/// Checks that phones of this model can run the load of `--from`, before a bundle is made.
pub(super) fn check_from(args: &Args, inventory: Option<&Inventory>) -> Result<(), Failure> {
    match args.model {
        Some(model) if inventory.is_none() => from_of(args, &[model]),
        _ => Ok(()),
    }
}

/// Checks `--from` and the faults against what is served, and returns what to say about the faults.
pub(super) fn checked(
    args: &Args,
    models: &[&'static Model],
    listed: &[(MacAddress, Option<&'static Model>)],
    plan: &Plan,
) -> Result<Vec<String>, Failure> {
    from_of(args, models)?;
    let stages = [&plan.stages[..], &plan.bridge[..]].concat();
    let faulty = FaultPhones {
        args,
        models,
        listed,
        stages: Some(&stages),
    };
    faulty.check()?;
    Ok(faulty.messages())
}

/// Checks that one of the models can run the load of `--from`.
pub(super) fn from_of(args: &Args, models: &[&'static Model]) -> Result<(), Failure> {
    let Some(from) = &args.from else {
        return Ok(());
    };
    let family = from.family();
    if models.iter().any(|model| Some(model.family) == family) {
        return Ok(());
    }
    let of_family: Vec<_> = family.into_iter().flat_map(Family::models).collect();
    Err(Failure::usage(
        format!(
            "--from {} is a load of the {}, not of the {}",
            escape(from.as_str()),
            numbers(&of_family),
            numbers(models)
        ),
        "Name a load of the same phones, or leave out --from for the usual one",
    ))
}

fn numbers(models: &[&'static Model]) -> String {
    let mut numbers: Vec<_> = models.iter().map(|model| model.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.join(", ")
}

impl FaultPhones<'_> {
    /// Checks that each fault changes what at least one of its phones does.
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.args.faults.iter().try_for_each(|spec| {
            if self.count(spec) > 0 {
                return Ok(());
            }
            Err(self.refusal(spec))
        })
    }

    /// How many phones have the fault.
    pub(super) fn count(&self, spec: &FaultSpec) -> usize {
        let models = self.of(spec);
        models
            .filter(|model| self.applies(&spec.fault, model))
            .count()
    }

    /// Which faults are injected, and into how many phones.
    pub(super) fn messages(&self) -> Vec<String> {
        let of_spec = |spec: &FaultSpec| {
            let phones = match (self.count(spec), self.phones()) {
                (count, all) if count == all && spec.phones.is_none() => "all phones".to_owned(),
                (1, _) => "1 phone".to_owned(),
                (count, _) => format!("{count} phones"),
            };
            format!("fault injected into {phones}: {}", spec.fault)
        };
        self.args.faults.iter().map(of_spec).collect()
    }

    fn phones(&self) -> usize {
        match self.listed.len() {
            0 => self.args.phones.into(),
            listed => listed,
        }
    }

    /// The models of the phones that the fault is for.
    fn of<'a>(&'a self, spec: &'a FaultSpec) -> impl Iterator<Item = &'static Model> + 'a {
        let phones = self.phones();
        let faulty = phones.min(spec.phones.unwrap_or(phones));
        (0..faulty).filter_map(|index| {
            let listed = self.listed.get(index).and_then(|(_, model)| *model);
            let in_turn = || self.models.get(index % self.models.len().max(1)).copied();
            listed.or_else(in_turn)
        })
    }

    fn images(&self, model: &'static Model) -> Option<Vec<&str>> {
        let stages = self.stages?.iter();
        let own = stages.filter(|stage| stage.models.contains(&model));
        let manifests = own.flat_map(|stage| &stage.manifests);
        let mut names: Vec<&str> = manifests
            .flat_map(|manifest| manifest.images.iter().map(|(name, _)| &**name))
            .collect();
        names.sort_unstable();
        names.dedup();
        Some(names)
    }

    fn applies(&self, fault: &PhoneFault, model: &'static Model) -> bool {
        let images = self.images(model);
        let from = self.args.from.as_ref();
        fault.applies(&FaultScope {
            family: model.family,
            from: from.filter(|from| from.family() == Some(model.family)),
            restarts: self.args.restart,
            images: images.as_deref(),
        })
    }

    fn refusal(&self, spec: &FaultSpec) -> Failure {
        let fault = &spec.fault;
        let models: Vec<_> = self.of(spec).collect();
        let whose = numbers(&models);
        let first = models.first().copied();
        if let PhoneFault::PowerCut { image, .. } = fault {
            let images = first
                .and_then(|model| self.images(model))
                .unwrap_or_default();
            return Failure::usage(
                format!(
                    "--fault {fault}: no image of the {whose} begins with '{}'",
                    escape(image)
                ),
                format!(
                    "Name the beginning of one of its images: {}",
                    escape(&images.join(", "))
                ),
            );
        }
        if matches!(
            fault,
            PhoneFault::LateReset | PhoneFault::IgnoresReset | PhoneFault::InCall
        ) {
            return Failure::usage(
                format!("--fault {fault}: no phone is reset by SCCP without --restart"),
                "Add --restart, or leave out this fault",
            );
        }
        let examples = PhoneFault::EXAMPLES.iter();
        let parsed = examples.filter_map(|text| text.parse::<PhoneFault>().ok());
        let possible: Vec<_> = parsed
            .filter(|fault| first.is_some_and(|model| self.applies(fault, model)))
            .map(|fault| match fault {
                PhoneFault::Loss(_) => "loss=PERCENT".to_owned(),
                fault => fault.to_string(),
            })
            .collect();
        Failure::usage(
            format!("--fault {fault}: a simulated {whose} does not have this fault"),
            format!(
                "It can have: {}, power-cut=IMAGE:PERCENT",
                possible.join(", ")
            ),
        )
    }
}
