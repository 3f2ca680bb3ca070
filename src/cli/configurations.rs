//! The configurations that phones of an inventory get beside their firmware, made from it.

use std::path::Path;

use super::{
    Failure, Globals,
    add::{self, MAX_SHOWN},
    dial_plan,
    inventory::{self, ListFile},
    run,
};
use crate::{
    bundle::Bundle,
    display::escape,
    inventory::Inventory,
    phone::{LoadName, MacAddress, Model},
    provision::{self, DIAL_PLAN, Given, Passwords},
    stage::{self, OwnFile},
};

/// What was made for the phones of a run.
#[derive(Debug, Default)]
pub(crate) struct Made {
    /// The files; none where the list does not say enough.
    pub(crate) files: Vec<OwnFile>,
    /// Who gets one, and who does not and why.
    pub(crate) words: Vec<String>,
}

/// What phones are served beside their configurations.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beside<'a> {
    pub(crate) targets: &'a [Bundle],
    pub(crate) bridges: &'a [Bundle],
    /// The phones that the run is for, where it is not for all.
    pub(crate) only: Option<&'a [MacAddress]>,
    /// Files of the user's.
    pub(crate) added: &'a [OwnFile],
}

type Loads = Vec<(&'static Model, LoadName)>;

/// Makes the configurations of all phones on the list that the run converts and whose
/// extensions and secrets are known. No password is made up here: the PBX has to know it.
pub(crate) fn made(
    list: &ListFile,
    beside: Beside<'_>,
    globals: &Globals,
) -> Result<Made, Failure> {
    let ListFile {
        inventory, path, ..
    } = list;
    let complete = inventory.complete();
    let shown = escape(&path.display().to_string());
    let Some(pbx) = &inventory.site.pbx else {
        return Ok(Made {
            // A list of names alone is a list of names.
            words: match complete.phones.len() {
                0 => Vec::new(),
                _ => vec![format!(
                    "{shown} names no `pbx`: phones get no configuration made from it"
                )],
            },
            ..Made::default()
        });
    };
    let targets = loads(beside.targets)?;
    let is_here = |mac: &MacAddress| beside.only.is_none_or(|only| only.contains(mac));
    let has_load = |model: Option<&'static Model>| {
        model.is_some_and(|model| targets.iter().any(|(of, _)| *of == model))
    };
    let mut ready = complete;
    ready.phones.retain(|phone| is_here(&phone.mac));
    let listed = inventory.macs().iter().filter(|mac| is_here(mac)).count();
    let known = ready.phones.len();
    // A phone with a file of its own never reads XMLDefault.cnf.xml. One whose file cannot
    // name its load would not be converted.
    ready.phones.retain(|phone| has_load(phone.model));
    let count = ready.phones.len();
    let mut words = Vec::new();
    if count > 0 {
        let phones = phones(count);
        words.push(format!(
            "configurations for {phones}, made from {shown}: they register at {}",
            escape(pbx)
        ));
    }
    if listed > known {
        words.push(format!(
            "{} of {shown} without an extension or a secret: no configuration. `reflash provision \
             --show-secrets` makes secrets for phones and PBX; put them into the list",
            phones(listed - known)
        ));
    }
    if known > count {
        words.push(format!(
            "{} of {shown} without a model that the bundles are for: no configuration, as it \
             must name the load",
            phones(known - count)
        ));
    }
    if count == 0 {
        return Ok(Made {
            words,
            ..Made::default()
        });
    }
    let files = files(&ready, path, &targets, beside, globals)?;
    Ok(Made { files, words })
}

fn phones(count: usize) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} phone{plural}")
}

/// The load of each model.
fn loads(bundles: &[Bundle]) -> Result<Loads, Failure> {
    let plans = stage::plan_of(bundles).map_err(run::stage_failure)?;
    let of_plan = |plan: crate::track::StagePlan| {
        let load = plan.load;
        plan.models
            .into_iter()
            .map(move |model| (model, load.clone()))
    };
    Ok(plans.into_iter().flat_map(of_plan).collect())
}

fn files(
    ready: &Inventory,
    path: &Path,
    targets: &Loads,
    beside: Beside<'_>,
    globals: &Globals,
) -> Result<Vec<OwnFile>, Failure> {
    let is_plan = |file: &&OwnFile| file.name().eq_ignore_ascii_case(DIAL_PLAN);
    let of_site = dial_plan::of_site(&ready.site, path)?;
    // A plan that the user adds is as good as one that the list names.
    let added_plan = match of_site {
        Some(_) => None,
        None => beside.added.iter().find(is_plan),
    };
    let given = Given {
        passwords: &Passwords::default(),
        loads: targets,
        dial_plan: of_site.as_deref().or(added_plan.map(OwnFile::bytes)),
        year: jiff::Timestamp::now()
            .to_zoned(jiff::tz::TimeZone::UTC)
            .year(),
    };
    let build = |loads: &[_]| {
        provision::serve_files(ready, &Given { loads, ..given }).map_err(|faults| {
            add::show(&inventory::findings(&faults, path), MAX_SHOWN, globals);
            Failure::new(
                format!(
                    "no configurations can be made from {}; nothing was done",
                    escape(&path.display().to_string())
                ),
                "Correct these values; docs/configuration.md has every key and its default",
            )
        })
    };
    let (bridge, quiet) = (build(&loads(beside.bridges)?)?, build(&[])?);
    // The same phones in the same order each time.
    let views = build(targets)?.into_iter().zip(bridge).zip(quiet);
    views
        .filter(|(((name, _), _), _)| added_plan.is_none() || name != DIAL_PLAN)
        .map(|(((name, target), (_, bridge)), (_, quiet))| {
            let same = |file: &&OwnFile| file.name().eq_ignore_ascii_case(&name);
            if let Some(added) = beside.added.iter().find(same) {
                return Err(taken(&name, added.source(), path));
            }
            OwnFile::by_view(&name, path, target, bridge, quiet).map_err(run::stage_failure)
        })
        .collect()
}

fn taken(name: &str, added: &Path, list: &Path) -> Failure {
    let shown = |path: &Path| escape(&path.display().to_string());
    let (added, list) = (shown(added), shown(list));
    let cure = if name == DIAL_PLAN {
        "Leave out --add for it, or `dial_plan` in the list"
    } else {
        "Leave out --add for this phone, or its secret in the list"
    };
    Failure::new(
        format!("there are two files {name}: {added}, and the one that is made from {list}"),
        cure,
    )
}
