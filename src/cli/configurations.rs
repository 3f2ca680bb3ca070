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
    inventory::Inventory,
    phone::{LoadName, MacAddress, Model},
    provision::{self, DIAL_PLAN, Passwords, ProvisionInputs},
    stage::{self, ExtraFile},
    text::escape,
};

/// What was made for the phones of a run.
#[derive(Debug, Default)]
pub(crate) struct Made {
    /// The files; none where the list does not say enough.
    pub(crate) files: Vec<ExtraFile>,
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
    pub(crate) added: &'a [ExtraFile],
}

type Loads = Vec<(&'static Model, LoadName)>;

/// Makes the configurations of all phones on the list that the run converts and whose
/// extensions and secrets are known, and judges them as phones would. No password is made up
/// here: the PBX has to know it.
pub(crate) fn made(
    list: Option<&ListFile>,
    beside: Beside<'_>,
    globals: &Globals,
) -> Result<Made, Failure> {
    let Some(list) = list else {
        return Ok(Made::default());
    };
    let made = unjudged(list, beside, globals)?;
    add::judge(&made.files, &[beside.targets, beside.bridges], globals)?;
    Ok(made)
}

fn unjudged(list: &ListFile, beside: Beside<'_>, globals: &Globals) -> Result<Made, Failure> {
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
    let plans = stage::stage_plans(bundles).map_err(run::stage_failure)?;
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
) -> Result<Vec<ExtraFile>, Failure> {
    let is_plan = |file: &&ExtraFile| file.name().eq_ignore_ascii_case(DIAL_PLAN);
    let of_site = dial_plan::of_site(&ready.site, path)?;
    // A plan that the user adds is as good as one that the list names.
    let added_plan = match of_site {
        Some(_) => None,
        None => beside.added.iter().find(is_plan),
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
            let same = |file: &&ExtraFile| file.name().eq_ignore_ascii_case(&name);
            if let Some(added) = beside.added.iter().find(same) {
                return Err(taken(&name, added.source(), path));
            }
            ExtraFile::per_view(&name, path, target, bridge, quiet).map_err(run::stage_failure)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bundle::ExamineOptions,
        cli::bundles,
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
        let examined = bundles::examined(&[path], &expectation, accept, true);
        let [bundle] = <[Bundle; 1]>::try_from(examined.unwrap()).unwrap();
        bundle
    }

    fn list(text: &str) -> ListFile {
        ListFile {
            inventory: Inventory::from_toml(text.as_bytes()).unwrap(),
            path: "office.toml".into(),
            sha256: String::new(),
        }
    }

    const QUIET: Globals = Globals {
        json: false,
        quiet: true,
        color: clap::ColorChoice::Never,
        verbose: 0,
    };

    const OFFICE: &str = "[site]\npbx = \"192.0.2.77\"\ntime_zone = \"UTC\"\n\
        [[phone]]\nmac = \"001D45AABB01\"\nmodel = 7965\nextension = 1001\nsecret = \"abc\"\n\
        [[phone]]\nmac = \"001D45AABB02\"\nmodel = 7941\nextension = 1002\nsecret = \"abc\"\n\
        [[phone]]\nmac = \"001D45AABB03\"\nextension = 1003\nsecret = \"abc\"\n\
        [[phone]]\nmac = \"001D45AABB04\"\nmodel = 7945\nextension = 1004\n\
        [[phone]]\nmac = \"001D45AABB05\"\nmodel = 7945\nextension = 1005\nshared = true\n\
        [[phone]]\nmac = \"001D45AABB06\"\nextension = 1005\nshared = true\nsecret = \"def\"\n";

    #[test]
    fn each_view_names_its_own_load_and_who_gets_no_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let small = || {
            SyntheticBundle::new(Family::F45, 7)
                .unwrap()
                .sizes(Sizes::Small)
        };
        let targets = [examined(&small(), folder.path())];
        let old = small().protocol(Protocol::Sccp).release(Release {
            load: "8-5-2S".to_owned(),
            images: "8-5-2TH1-9".to_owned(),
        });
        let bridges = [examined(&old, folder.path())];
        let beside = Beside {
            targets: &targets,
            bridges: &bridges,
            only: None,
            added: &[],
        };
        let made_now = made(Some(&list(OFFICE)), beside, &QUIET).unwrap();
        let names: Vec<_> = made_now.files.iter().map(ExtraFile::name).collect();
        // 1005 has its secret on a phone that gets no file.
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
            assert_eq!(load(View::Bridge).as_deref(), Some("SCCP45.8-5-2S"));
            assert_eq!((load(View::NoLoad), load(View::ConfigOnly)), (None, None));
        }
        let [some, secret, model] = made_now.words.as_slice() else {
            panic!("{:?}", made_now.words);
        };
        assert!(some.starts_with("configurations for 2 phones, made from office.toml"));
        assert!(secret.starts_with("1 phone of office.toml without an extension or a secret"));
        assert!(model.starts_with("3 phones of office.toml without a model"));

        // The run is for one phone: the others keep what they have.
        let only = ["001D45AABB05".parse().unwrap()];
        let beside = Beside {
            only: Some(&only),
            ..beside
        };
        let made_now = made(Some(&list(OFFICE)), beside, &QUIET).unwrap();
        assert_eq!((made_now.files.len(), made_now.words.len()), (1, 1));
    }

    #[test]
    fn one_name_is_one_file_and_an_added_plan_is_the_site_s() {
        let folder = tempfile::tempdir().unwrap();
        let made_up = SyntheticBundle::new(Family::F45, 7)
            .unwrap()
            .sizes(Sizes::Small);
        let targets = [examined(&made_up, folder.path())];
        let own = |name: &str| {
            let bytes = b"<DIALTEMPLATE><TEMPLATE MATCH=\"*\" Timeout=\"5\"/></DIALTEMPLATE>";
            ExtraFile::generated(name, Path::new("mine"), bytes.to_vec()).unwrap()
        };
        let with = |text: &str, added: &[ExtraFile]| {
            let beside = Beside {
                targets: &targets,
                bridges: &[],
                only: None,
                added,
            };
            made(Some(&list(text)), beside, &QUIET)
        };
        let planned = OFFICE.replacen("[site]", "[site]\ndial_plan = \"internal\"", 1);
        for (text, name) in [
            (OFFICE, "sep001d45aabb01.cnf.xml"),
            (planned.as_str(), DIAL_PLAN),
        ] {
            let failure = with(text, &[own(name)]).unwrap_err();
            assert!(failure.error.contains("there are two files"), "{failure:?}");
        }
        let added = with(OFFICE, &[own("dialplan.xml")]).unwrap();
        assert_eq!(added.files.len(), 2, "the plan is there already");
        let text = String::from_utf8(added.files[0].bytes().to_vec()).unwrap();
        assert!(text.contains("<dialTemplate>dialplan.xml</dialTemplate>"));

        let nowhere = OFFICE.replacen("pbx = \"192.0.2.77\"\n", "", 1);
        let none = with(&nowhere, &[]).unwrap();
        assert!(none.files.is_empty() && none.words[0].contains("names no `pbx`"));
        let names = with("[[phone]]\nmac = \"001D45AABB01\"\n", &[]).unwrap();
        assert!(names.files.is_empty() && names.words.is_empty());
        let wrong = OFFICE.replacen("UTC", "Nowhere", 1);
        let failure = with(&wrong, &[]).unwrap_err();
        assert!(failure.error.contains("office.toml"), "{failure:?}");
    }
}
