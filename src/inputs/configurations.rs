//! Phone configurations that a run makes from its inventory and serves with the firmware.

use std::path::Path;

use super::{
    bundles::{Selection, model_loads},
    dial_plan,
    extra_files::{self, MAX_SHOWN},
    phone_list::{self, InventoryFile},
    shown, stage_failure,
};
use crate::{
    bundle::Bundle,
    failure::Failure,
    inventory::Inventory,
    phone::{LoadName, MacAddress, Model},
    provision::{self, DIAL_PLAN, Passwords, ProvisionInputs},
    stage::{self, ExtraFile},
    text::escape,
    track::bridge_steps,
};

/// The configurations made for the phones of a run.
#[derive(Debug, Default)]
pub struct MadeConfigurations {
    /// The files; empty if the inventory lacks what they need.
    pub files: Vec<ExtraFile>,
    /// Messages for the operator: which phones get one, and which do not and why.
    pub messages: Vec<String>,
}

/// What the configurations must agree with.
#[derive(Debug, Clone, Copy)]
pub struct ConfigurationInputs<'a> {
    /// The bundles of the run.
    pub selection: &'a Selection,
    /// The phones of `--only`; `None`: every phone.
    pub only: Option<&'a [MacAddress]>,
    /// Files of `--add`.
    pub extra_files: &'a [ExtraFile],
}

/// Makes and checks the configurations of the phones that the run converts and whose
/// extensions and secrets are in the inventory. Passwords are never generated here: the PBX
/// must know them.
///
/// # Errors
/// Values from which no configuration can be made, two files with the same name, or a finding that
/// is an error.
pub fn make(
    inventory: Option<&InventoryFile>,
    inputs: ConfigurationInputs<'_>,
    quiet: bool,
) -> Result<MadeConfigurations, Failure> {
    let Some(inventory) = inventory else {
        return Ok(MadeConfigurations::default());
    };
    let made = make_unchecked(inventory, inputs, quiet)?;
    let Selection { targets, bridges } = inputs.selection;
    extra_files::check(&made.files, targets, bridges, quiet)?;
    Ok(made)
}

fn make_unchecked(
    file: &InventoryFile,
    inputs: ConfigurationInputs<'_>,
    quiet: bool,
) -> Result<MadeConfigurations, Failure> {
    let inventory = &file.inventory;
    let complete = inventory.complete();
    let path = shown(&file.path);
    let Some(pbx) = &inventory.site.pbx else {
        return Ok(MadeConfigurations {
            // An inventory without extensions is a list of names.
            messages: match complete.phones.len() {
                0 => Vec::new(),
                _ => vec![format!(
                    "{path} sets no `pbx`: no configurations are made from it"
                )],
            },
            ..MadeConfigurations::default()
        });
    };
    let targets = loads(&inputs.selection.targets)?;
    let is_selected = |mac: &MacAddress| inputs.only.is_none_or(|only| only.contains(mac));
    let has_load = |model: Option<&'static Model>| {
        model.is_some_and(|model| targets.iter().any(|(of, _)| *of == model))
    };
    let mut ready = complete;
    ready.phones.retain(|phone| is_selected(&phone.mac));
    let macs = inventory.macs();
    let listed = macs.iter().filter(|mac| is_selected(mac)).count();
    let known = ready.phones.len();
    // A phone with a file of its own never reads XMLDefault.cnf.xml: if that file could not
    // name the load, the phone would not be converted.
    ready.phones.retain(|phone| has_load(phone.model));
    let count = ready.phones.len();
    let mut messages = Vec::new();
    if count > 0 {
        messages.push(format!(
            "serving configurations for {} made from {path}; PBX: {}",
            phones(count),
            escape(pbx)
        ));
    }
    if listed > known {
        messages.push(format!(
            "no configuration for {} of {path}: extension or secret missing. `reflash provision` \
             generates secrets in its folder; --secrets reads them from there",
            phones(listed - known)
        ));
    }
    if known > count {
        messages.push(format!(
            "no configuration for {} of {path}: model missing, or not one of the bundles' models \
             (the configuration must name the load)",
            phones(known - count)
        ));
    }
    if count == 0 {
        return Ok(MadeConfigurations {
            messages,
            ..MadeConfigurations::default()
        });
    }
    let files = files(&ready, &file.path, &targets, inputs, &mut messages, quiet)?;
    Ok(MadeConfigurations { files, messages })
}

fn phones(count: usize) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} phone{plural}")
}

/// The load of each model.
fn loads(bundles: &[Bundle]) -> Result<Vec<(&'static Model, LoadName)>, Failure> {
    stage::stage_plans(bundles)
        .map(model_loads)
        .map_err(stage_failure)
}

/// The load of each model at each step of the bridges.
fn loads_by_step(bridges: &[Bundle]) -> Result<Vec<Vec<(&'static Model, LoadName)>>, Failure> {
    let plans = stage::stage_plans(bridges).map_err(stage_failure)?;
    let numbers = bridge_steps(&plans);
    let last = numbers.iter().max().copied();
    let of_step = |step| {
        let plans = plans.iter().zip(&numbers);
        let own = plans.filter(|(_, number)| **number == step);
        model_loads(own.map(|(plan, _)| plan.clone()).collect())
    };
    Ok(last.map_or_else(Vec::new, |last| (0..=last).map(of_step).collect()))
}

fn files(
    ready: &Inventory,
    path: &Path,
    targets: &[(&'static Model, LoadName)],
    inputs: ConfigurationInputs<'_>,
    messages: &mut Vec<String>,
    quiet: bool,
) -> Result<Vec<ExtraFile>, Failure> {
    let is_plan = |file: &&ExtraFile| file.name().eq_ignore_ascii_case(DIAL_PLAN);
    let of_site = dial_plan::of_site(&ready.site, path)?;
    // A plan of --add serves as well as one that the inventory names.
    let added_plan = match of_site {
        Some(_) => None,
        None => inputs.extra_files.iter().find(is_plan),
    };
    let given = ProvisionInputs {
        passwords: &Passwords::default(),
        loads: targets,
        dial_plan: of_site.as_deref().or(added_plan.map(ExtraFile::bytes)),
        year: jiff::Timestamp::now()
            .to_zoned(jiff::tz::TimeZone::UTC)
            .year(),
    };
    let build = |loads: &[_]| {
        provision::conversion_files(ready, &ProvisionInputs { loads, ..given }).map_err(|faults| {
            extra_files::print_findings(&phone_list::findings(&faults, path), MAX_SHOWN, quiet);
            Failure::new(
                format!(
                    "no configurations can be made from {}; nothing was served or changed",
                    shown(path)
                ),
                "Correct these values; docs/configuration.md lists every key and its default",
            )
        })
    };
    // Faults are reported by `build`.
    if let Ok(notes) = provision::conversion_notes(ready, &given) {
        messages.extend(notes.iter().map(|note| escape(note)));
    }
    let mut bridges = Vec::new();
    for loads in loads_by_step(&inputs.selection.bridges)? {
        bridges.push(build(&loads)?.into_iter());
    }
    // Every view has the same phones in the same order.
    let views = build(targets)?.into_iter().zip(build(&[])?);
    views
        .map(|(file, (_, without_load))| {
            let of_steps = bridges.iter_mut().filter_map(Iterator::next);
            (
                file,
                of_steps.map(|(_, bytes)| bytes).collect(),
                without_load,
            )
        })
        .filter(|((name, _), ..)| added_plan.is_none() || name != DIAL_PLAN)
        .map(|((name, target), bridges, without_load)| {
            let same = |file: &&ExtraFile| file.name().eq_ignore_ascii_case(&name);
            if let Some(added) = inputs.extra_files.iter().find(same) {
                return Err(name_taken(&name, added.source(), path));
            }
            ExtraFile::per_view(&name, path, target, bridges, without_load).map_err(stage_failure)
        })
        .collect()
}

fn name_taken(name: &str, added: &Path, inventory: &Path) -> Failure {
    let cure = if name == DIAL_PLAN {
        "Remove --add for this file, or `dial_plan` from the inventory"
    } else {
        "Remove --add for this phone; or, to serve your file, remove the phone's `extension` from \
         the inventory (its secret is in the inventory or in secrets.toml)"
    };
    Failure::new(
        format!(
            "two files are named {name}: {}, and the one made from {}",
            shown(added),
            shown(inventory)
        ),
        cure,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bundle::ExamineOptions,
        inputs::bundles::select_expected,
        phone::{Family, Protocol},
        simulator::{Release, Sizes, SyntheticBundle, test_key},
        stage::AcceptPolicy,
        track::View,
    };

    fn examined(made: &SyntheticBundle, folder: &Path) -> Bundle {
        let path = folder.join(made.file_name());
        made.write_zip(&path).unwrap();
        let expectation = ExamineOptions {
            trusted: vec![test_key()],
            ..ExamineOptions::default()
        };
        let accept = AcceptPolicy {
            sccp: true,
            ..AcceptPolicy::default()
        };
        let examined = select_expected(&[path], &expectation, accept, true);
        let [bundle] = <[Bundle; 1]>::try_from(examined.unwrap()).unwrap();
        bundle
    }

    fn list(text: &str) -> InventoryFile {
        InventoryFile {
            inventory: Inventory::from_toml(text.as_bytes()).unwrap(),
            path: "office.toml".into(),
            sha256: String::new(),
            secrets: None,
        }
    }

    const OFFICE: &str = "[site]\npbx = \"192.0.2.77\"\ntime_zone = \"UTC\"\n\
        [[phone]]\nmac = \"001D45AABB01\"\nmodel = 7965\nextension = 1001\nsecret = \"abc\"\n\
        [[phone]]\nmac = \"001D45AABB02\"\nmodel = 7941\nextension = 1002\nsecret = \"abc\"\n\
        [[phone]]\nmac = \"001D45AABB03\"\nextension = 1003\nsecret = \"abc\"\n\
        [[phone]]\nmac = \"001D45AABB04\"\nmodel = 7945\nextension = 1004\n\
        [[phone]]\nmac = \"001D45AABB05\"\nmodel = 7945\nextension = 1005\nshared = true\n\
        [[phone]]\nmac = \"001D45AABB06\"\nextension = 1005\nshared = true\nsecret = \"def\"\n";

    #[test]
    fn each_view_names_its_own_load_and_phones_without_a_file_are_listed() {
        let folder = tempfile::tempdir().unwrap();
        let small = || {
            SyntheticBundle::new(Family::F45, 7)
                .unwrap()
                .sizes(Sizes::Small)
        };
        let targets = vec![examined(&small(), folder.path())];
        let old = small().protocol(Protocol::Sccp).release(Release {
            load: "8-5-2S".to_owned(),
            images: "8-5-2TH1-9".to_owned(),
        });
        let bridges = vec![examined(&old, folder.path())];
        let inputs = ConfigurationInputs {
            selection: &Selection { targets, bridges },
            only: None,
            extra_files: &[],
        };
        let made_now = make(Some(&list(OFFICE)), inputs, true).unwrap();
        let names: Vec<_> = made_now.files.iter().map(ExtraFile::name).collect();
        // The secret of 1005 is set on a phone that gets no file.
        assert_eq!(
            names,
            ["SEP001D45AABB01.cnf.xml", "SEP001D45AABB05.cnf.xml"]
        );
        for file in &made_now.files {
            let load = |view| {
                let text = String::from_utf8(file.bytes_for(view).to_vec()).unwrap();
                assert!(text.contains("<processNodeName>192.0.2.77<"), "{text}");
                let (_, rest) = text.split_once("<loadInformation>")?;
                Some(rest.split_once('<')?.0.to_owned())
            };
            assert_eq!(load(View::Target).as_deref(), Some("SIP45.9-3-1SR4-1S"));
            assert_eq!(load(View::Bridge(0)).as_deref(), Some("SCCP45.8-5-2S"));
            assert_eq!((load(View::NoLoad), load(View::ConfigOnly)), (None, None));
        }
        let [some, secret, model] = made_now.messages.as_slice() else {
            panic!("{:?}", made_now.messages);
        };
        assert!(some.starts_with("serving configurations for 2 phones made from office.toml"));
        assert!(
            secret.starts_with("no configuration for 1 phone of office.toml: extension or secret")
        );
        assert!(model.starts_with("no configuration for 3 phones of office.toml: model missing"));

        // With --only, only those phones get a configuration.
        let only = ["001D45AABB05".parse().unwrap()];
        let inputs = ConfigurationInputs {
            only: Some(&only),
            ..inputs
        };
        let made_now = make(Some(&list(OFFICE)), inputs, true).unwrap();
        assert_eq!((made_now.files.len(), made_now.messages.len()), (1, 1));
    }

    #[test]
    fn each_name_is_served_once_and_an_added_dial_plan_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let made_up = SyntheticBundle::new(Family::F45, 7)
            .unwrap()
            .sizes(Sizes::Small);
        let selection = Selection {
            targets: vec![examined(&made_up, folder.path())],
            bridges: Vec::new(),
        };
        let own = |name: &str| {
            let bytes = b"<DIALTEMPLATE><TEMPLATE MATCH=\"*\" Timeout=\"5\"/></DIALTEMPLATE>";
            ExtraFile::generated(name, Path::new("mine"), bytes.to_vec()).unwrap()
        };
        let with = |text: &str, added: &[ExtraFile]| {
            let inputs = ConfigurationInputs {
                selection: &selection,
                only: None,
                extra_files: added,
            };
            make(Some(&list(text)), inputs, true)
        };
        let planned = OFFICE.replacen("[site]", "[site]\ndial_plan = \"internal\"", 1);
        for (text, name) in [
            (OFFICE, "sep001d45aabb01.cnf.xml"),
            (planned.as_str(), DIAL_PLAN),
        ] {
            let failure = with(text, &[own(name)]).unwrap_err();
            assert!(failure.error.contains("two files are named"), "{failure:?}");
        }
        let added = with(OFFICE, &[own("dialplan.xml")]).unwrap();
        assert_eq!(added.files.len(), 2, "the plan is there already");
        let text = String::from_utf8(added.files[0].bytes().to_vec()).unwrap();
        assert!(text.contains("<dialTemplate>dialplan.xml</dialTemplate>"));

        let nowhere = OFFICE.replacen("pbx = \"192.0.2.77\"\n", "", 1);
        let none = with(&nowhere, &[]).unwrap();
        assert!(none.files.is_empty() && none.messages[0].contains("sets no `pbx`"));
        let names = with("[[phone]]\nmac = \"001D45AABB01\"\n", &[]).unwrap();
        assert!(names.files.is_empty() && names.messages.is_empty());
        let wrong = OFFICE.replacen("UTC", "Nowhere", 1);
        let failure = with(&wrong, &[]).unwrap_err();
        assert!(failure.error.contains("office.toml"), "{failure:?}");
    }
}
