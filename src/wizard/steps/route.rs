//! Step 4: the route to the new firmware, directly or via a bridge.

use std::{path::PathBuf, time::Duration};

use super::{
    super::{
        answers::Answers,
        environment::Environment,
        prompt::{MenuChoice, Prompt, PromptReply, Stopped},
        transition::Transition,
    },
    bundle::{self, sentence},
    early_route,
};
use crate::{
    phone::{Route, bridge_bundle_name},
    stage,
};

const NUMBER: usize = 4;
const TITLE: &str = "route to the new firmware";

/// Maximum number of files in the menu.
const MAX_FILES: usize = 4;

/// The length of a survey: phones announce themselves once a minute, and the operator restarts
/// them meanwhile.
const SURVEY: Duration = Duration::from_mins(5);

#[derive(Debug, Clone, PartialEq)]
enum RoutePick {
    File(PathBuf),
    Type,
    Without,
    /// Whether to survey first.
    Survey(bool),
    Back,
}

/// The route of the phones, and why.
struct RouteAdvice {
    route: Route,
    why: String,
}

pub(in super::super) fn ask(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
) -> Result<Transition, Stopped> {
    let mut problem = None;
    if answers.is_given(&["bridges"]) {
        prompt.page(&answers.page(NUMBER, TITLE));
        prompt.paragraph("Reading the bridge …");
        match accept(&answers.bridge_files(), answers, environment) {
            Ok(()) => return Ok(Transition::Skip),
            Err(why) => problem = Some(why),
        }
        prompt.check_signals()?;
        answers.reject_given("bridges");
    }
    if early_route::is_for(answers) {
        return early_route::ask(answers, prompt, environment);
    }
    let advice = advice(answers);
    if advice.route != Route::Unknown && !answers.is_given(&["survey"]) {
        answers.command_line.clear("survey");
    }
    if advice.route == Route::Direct {
        clear_bridge(answers);
        answers.set_answer(NUMBER, "route", advice.why);
        return Ok(Transition::Skip);
    }
    loop {
        prompt.page(&answers.page(NUMBER, TITLE));
        prompt.paragraph(problem.as_ref().unwrap_or(&advice.why));
        if answers.command_line.has("survey") {
            prompt.paragraph(
                "The run begins with a survey: restart the phones during it, so that each reports \
                 its load. Each phone then takes the route that its load needs.",
            );
        }
        let path = match pick(answers, prompt, environment, advice.route)? {
            PromptReply::Given(RoutePick::File(path)) => path,
            PromptReply::Given(RoutePick::Type) => match bundle::ask_path(prompt, None)? {
                PromptReply::Given(path) => path,
                PromptReply::Back => continue,
            },
            PromptReply::Given(RoutePick::Without) => {
                clear_bridge(answers);
                let answer = format!("direct, without a bridge{}", survey_note(answers));
                answers.set_answer(NUMBER, "route", answer);
                return Ok(Transition::Next);
            }
            PromptReply::Given(RoutePick::Survey(true)) => {
                answers.command_line.set("survey", [survey_value()]);
                continue;
            }
            PromptReply::Given(RoutePick::Survey(false)) => {
                answers.command_line.clear("survey");
                continue;
            }
            PromptReply::Given(RoutePick::Back) | PromptReply::Back => return Ok(Transition::Back),
        };
        prompt.paragraph("Reading the bridge …");
        let taken = accept(&[path], answers, environment);
        prompt.check_signals()?;
        match taken {
            Ok(()) => return Ok(Transition::Next),
            Err(why) => problem = Some(why),
        }
    }
}

fn clear_bridge(answers: &mut Answers) {
    answers.command_line.clear("bridges");
    answers.selection.bridges.clear();
}

/// Decides by the loads of the phones.
fn advice(answers: &Answers) -> RouteAdvice {
    let target = answers.selection.targets.first();
    let target = target.and_then(|bundle| bundle.served_loads().next());
    let only = answers.only();
    let detected = answers.detected.phones.iter().map(|(_, phone)| phone);
    let loads: Vec<_> = detected
        .filter(|phone| only.contains(&phone.mac))
        .map(|phone| phone.load.as_ref())
        .collect();
    let direct = |why: &str| RouteAdvice {
        route: Route::Direct,
        why: why.to_owned(),
    };
    let Some(to) = target.filter(|load| load.release().is_some()) else {
        return direct("direct: the release of the firmware is unknown");
    };
    if to.generation_79x0().is_some() {
        return direct(
            "direct: with other phones, bridges of a 7940 or 7960 are given with --bridge. It takes \
             the target from SIP 5.0 or SCCP 5.0 on; older releases need SIP 4.4 and 5.x, or SCCP \
             5.x. There is no way back below 5.0",
        );
    }
    let all_known = !only.is_empty() && loads.len() == only.len();
    let routes = loads.iter().map(|from| Route::between(*from, to));
    let unknown = (!all_known).then(|| Route::between(None, to));
    let routes: Vec<Route> = routes.chain(unknown).collect();
    let has = |route| routes.contains(&route);
    let load = target.map(ToString::to_string).unwrap_or_default();
    if has(Route::ViaBridge) {
        return RouteAdvice {
            route: Route::ViaBridge,
            why: format!(
                "At least one phone runs a load below 8.3(3), which cannot verify the signature of \
                 {load}. Such a phone needs the bridge: first 8.5(2), then {load}, in one run."
            ),
        };
    }
    if has(Route::Unknown) {
        return RouteAdvice {
            route: Route::Unknown,
            why: format!(
                "Most phones load {load} directly. Phones with a load below 8.3(3) cannot verify \
                 its signature and need a bridge first: 8.5(2). {} With a bridge, reflash serves \
                 it only to phones that refuse the target. Without one, such phones stay as they \
                 are and are reported as bridge-needed.",
                if all_known {
                    "For loads from 8.3(3) to 8.5(1), as detected here, this is not certain."
                } else {
                    "The load of your phones is not known."
                }
            ),
        };
    }
    direct("direct: the phones' loads can verify the new firmware")
}

fn pick(
    answers: &Answers,
    prompt: &mut dyn Prompt,
    environment: &dyn Environment,
    route: Route,
) -> Result<PromptReply<RoutePick>, Stopped> {
    let models = answers.selection.targets.iter();
    let models = models.flat_map(|bundle| &bundle.models);
    let families: Vec<_> = models.map(|model| model.family).collect();
    let file = families
        .iter()
        .find_map(|family| bridge_bundle_name(*family));
    let is_bridge = |path: &PathBuf| {
        let name = bundle::name(path).to_ascii_lowercase();
        // One of them was published with a typing error in its name.
        name.contains("-sccp") || name.contains("-scpp")
    };
    let candidates = environment.candidates();
    let mut files: Vec<PathBuf> = candidates.into_iter().filter(is_bridge).collect();
    files.sort_by_key(|path| file.is_none_or(|file| bundle::name(path) != file));
    for named in answers.bridge_files() {
        files.retain(|other| *other != named);
        files.insert(0, named);
    }
    let has_file = !files.is_empty();
    let mut choice = MenuChoice::new("Use a bridge?");
    for path in files.into_iter().take(MAX_FILES) {
        choice = choice.item(format!("Yes: {}", path.display()), RoutePick::File(path));
    }
    let typed = match file {
        Some(file) => format!("Yes: type the path of {file}"),
        None => "Yes: type its path".to_owned(),
    };
    let without = match route {
        Route::ViaBridge => "No: such phones will refuse the firmware",
        _ => "No: try the target directly",
    };
    let can_survey = route == Route::Unknown && !answers.is_given(&["survey"]) && has_time(answers);
    let has_survey = answers.command_line.has("survey");
    let choice = choice
        .item(typed, RoutePick::Type)
        .item(without, RoutePick::Without)
        .item_if(
            can_survey && !has_survey,
            format!(
                "First survey running phones for {} minutes, to learn their loads",
                SURVEY.as_secs() / 60
            ),
            RoutePick::Survey(true),
        )
        .item_if(
            can_survey && has_survey,
            "No survey",
            RoutePick::Survey(false),
        )
        .item("Back", RoutePick::Back);
    let choice = match route {
        Route::Unknown if !has_file => choice.default(&RoutePick::Without),
        _ => choice,
    };
    choice.ask(prompt)
}

/// The value of `--survey`.
fn survey_value() -> String {
    format!("{}m", SURVEY.as_secs() / 60)
}

/// Whether the run is long enough for a survey.
fn has_time(answers: &Answers) -> bool {
    let timeout = answers.options().ok().and_then(|options| options.timeout);
    timeout.is_none_or(|timeout| timeout > SURVEY)
}

/// Mentions the survey after the answer.
fn survey_note(answers: &Answers) -> &'static str {
    if answers.command_line.has("survey") {
        ", after a survey of running phones"
    } else {
        ""
    }
}

/// Examines the bridge and makes it the answer, if it can be used; otherwise returns why not.
fn accept(
    paths: &[PathBuf],
    answers: &mut Answers,
    environment: &dyn Environment,
) -> Result<(), String> {
    let options = answers.options().map_err(|failure| failure.to_string())?;
    let bridges = bundle::check_readable(paths, environment)
        .and_then(|()| environment.examine(paths, &options.trust))
        .map_err(|failure| failure.to_string())?;
    let targets = &answers.selection.targets;
    stage::check_bridges(&bridges, targets, options.trust.accept_unknown)
        .map_err(|error| bundle::rejection(&bridges, &error))?;
    let sentences: Vec<String> = bridges.iter().map(sentence).collect();
    let short: Vec<String> = bridges.iter().map(bundle::short).collect();
    answers.command_line.set("bridges", paths);
    answers.selection.bridges = bridges;
    let short = format!(
        "old phones via {}{}",
        short.join("; "),
        survey_note(answers)
    );
    answers.set_answer_with_sentence(NUMBER, "route", short, sentences.join(" "));
    Ok(())
}
