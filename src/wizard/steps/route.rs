//! Step 4: the advice to the new firmware, at once or over a bridge.

use std::{path::PathBuf, time::Duration};

use super::{
    super::{
        answers::Answers,
        prompt::{Prompt, Choice, Reply, Stopped},
        flow::Transition,
        environment::Environment,
    },
    bundle::{self, sentence},
    words,
};
use crate::{
    phone::{LoadName, Route, bridge_bundle_name},
    stage,
};

const NUMBER: usize = 4;
const TITLE: &str = "the advice there";

/// Files that are offered at most.
const MOST: usize = 4;

/// How long a run only listens where that is chosen: phones speak once a minute, and somebody
/// restarts them meanwhile.
const SURVEY: Duration = Duration::from_mins(5);

#[derive(Debug, Clone, PartialEq)]
enum Pick {
    File(PathBuf),
    Type,
    Without,
    /// Whether to listen first.
    Survey(bool),
    Back,
}

/// Why the phones go which advice.
struct RouteAdvice {
    route: Route,
    why: String,
}

pub(in super::super) fn ask(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
) -> Result<Transition, Stopped> {
    let mut trouble = None;
    if answers.is_given(&["bridges"]) {
        prompt.page(&answers.page(NUMBER, TITLE));
        prompt.tell("Reading the bridge …");
        match look(&answers.named().bridges, answers, environment) {
            Ok(()) => return Ok(Transition::Skip),
            Err(why) => trouble = Some(why),
        }
        prompt.go_on()?;
        answers.take_back("bridges");
    }
    let advice = advice(answers);
    if advice.route != Route::Unknown && !answers.is_given(&["survey"]) {
        answers.words.clear("survey");
    }
    if advice.route == Route::Direct {
        answers.words.clear("bridges");
        answers.bridges.clear();
        answers.settle(NUMBER, "advice", advice.why);
        return Ok(Transition::Skip);
    }
    loop {
        prompt.page(&answers.page(NUMBER, TITLE));
        prompt.tell(trouble.as_ref().unwrap_or(&advice.why));
        if answers.words.has("survey") {
            prompt.tell(
                "First it only listens: restart the phones then, and they tell their load. After \
                 that each one goes its advice.",
            );
        }
        let path = match pick(answers, prompt, environment, advice.route)? {
            Reply::Given(Pick::File(path)) => path,
            Reply::Given(Pick::Type) => match bundle::typed(prompt, None)? {
                Reply::Given(path) => path,
                Reply::Back => continue,
            },
            Reply::Given(Pick::Without) => {
                answers.words.clear("bridges");
                answers.bridges.clear();
                let told = format!("at once, without a bridge{}", listens(answers));
                answers.settle(NUMBER, "advice", told);
                return Ok(Transition::Next);
            }
            Reply::Given(Pick::Survey(true)) => {
                answers.words.set("survey", [survey()]);
                continue;
            }
            Reply::Given(Pick::Survey(false)) => {
                answers.words.clear("survey");
                continue;
            }
            Reply::Given(Pick::Back) | Reply::Back => return Ok(Transition::Back),
        };
        prompt.tell("Reading it …");
        let looked = look(&[path], answers, environment);
        prompt.go_on()?;
        match looked {
            Ok(()) => return Ok(Transition::Next),
            Err(why) => trouble = Some(why),
        }
    }
}

/// What is known of the phones' loads decides.
fn advice(answers: &Answers) -> RouteAdvice {
    let target = answers.bundles.first().and_then(|it| it.loads.first());
    let to = target.and_then(LoadName::release);
    let only = answers.only();
    let heard = answers.detected.phones.iter().map(|(_, phone)| phone);
    let loads: Vec<_> = heard
        .filter(|phone| only.contains(&phone.mac))
        .map(|phone| phone.load.as_ref().and_then(LoadName::release))
        .collect();
    let Some(to) = to else {
        let why = "at once: the firmware's release is not known";
        return RouteAdvice {
            route: Route::Direct,
            why: why.to_owned(),
        };
    };
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
                "A load below 8.3(3) was heard, and such a phone does not know the key that {load} \
                 is signed with. It takes 8.5(2) first (the bridge) and {load} then, in one run."
            ),
        };
    }
    if has(Route::Unknown) {
        return RouteAdvice {
            route: Route::Unknown,
            why: format!(
                "Most phones take {load} at once. Those with a load below 8.3(3) do not know its key \
                 and take 8.5(2) first: the bridge. {} With the bridge at hand, reflash gives it to \
                 phones that refuse, and to no others; without it they stay as they are, and reflash \
                 says so (bridge-needed).",
                if all_known {
                    "Of loads between 8.3(3) and 8.5(1), as were heard, nobody knows for sure."
                } else {
                    "Which load yours have was not heard."
                }
            ),
        };
    }
    RouteAdvice {
        route: Route::Direct,
        why: "at once: the phones' loads know the key".to_owned(),
    }
}

fn pick(
    answers: &Answers,
    prompt: &mut dyn Prompt,
    environment: &dyn Environment,
    route: Route,
) -> Result<Reply<Pick>, Stopped> {
    let families = answers.bundles.iter().flat_map(|bundle| &bundle.models);
    let families: Vec<_> = families.map(|model| model.family).collect();
    let file = families
        .iter()
        .find_map(|family| bridge_bundle_name(*family));
    let is_bridge = |path: &PathBuf| {
        let name = bundle::name(path).to_ascii_lowercase();
        // One of them was published with a slip in its name.
        name.contains("-sccp") || name.contains("-scpp")
    };
    let mut files: Vec<PathBuf> = environment.candidates().into_iter().filter(is_bridge).collect();
    files.sort_by_key(|path| file.is_none_or(|file| bundle::name(path) != file));
    for named in answers.named().bridges {
        files.retain(|other| *other != named);
        files.insert(0, named);
    }
    let has_file = !files.is_empty();
    let mut choice = Choice::new("The bridge?");
    for path in files.into_iter().take(MOST) {
        choice = choice.item(
            format!("Take it along: {}", path.display()),
            Pick::File(path),
        );
    }
    let typed = match file {
        Some(file) => format!("Take it along: type where {file} is"),
        None => "Take it along: type where it is".to_owned(),
    };
    let without = match route {
        Route::ViaBridge => "Without: that phone will refuse the firmware",
        _ => "Without: try it at once",
    };
    let asks = route == Route::Unknown && !answers.is_given(&["survey"]) && has_time(answers);
    let surveys = answers.words.has("survey");
    let choice = choice
        .item(typed, Pick::Type)
        .item(without, Pick::Without)
        .item_if(
            asks && !surveys,
            format!(
                "First listen, {} minutes, to phones that run: which load they have",
                SURVEY.as_secs() / 60
            ),
            Pick::Survey(true),
        )
        .item_if(asks && surveys, "Do not listen first", Pick::Survey(false))
        .item("Back", Pick::Back);
    let choice = match route {
        Route::Unknown if !has_file => choice.default(&Pick::Without),
        _ => choice,
    };
    choice.ask(prompt)
}

/// As a flag says it.
fn survey() -> String {
    format!("{}m", SURVEY.as_secs() / 60)
}

/// Whether the run is long enough to listen first.
fn has_time(answers: &Answers) -> bool {
    let timeout = answers.args().ok().and_then(|args| args.timeout);
    timeout.is_none_or(|timeout| timeout > SURVEY)
}

/// That it listens first, behind the answer.
fn listens(answers: &Answers) -> &'static str {
    if answers.words.has("survey") {
        ", after listening which load each phone has"
    } else {
        ""
    }
}

/// Examines the bridge and takes it, or says why not.
fn look(paths: &[PathBuf], answers: &mut Answers, environment: &dyn Environment) -> Result<(), String> {
    let args = answers.args().map_err(|failure| words(&failure))?;
    let bridges = environment
        .examine(paths, &args.trust)
        .map_err(|failure| words(&failure))?;
    stage::check_bridges(&bridges, &answers.bundles, args.trust.accept_unknown)
        .map_err(|refusal| bundle::refused(&bridges, &refusal))?;
    let sentences: Vec<String> = bridges.iter().map(sentence).collect();
    answers.words.set("bridges", paths);
    answers.bridges = bridges;
    let short: Vec<String> = answers.bridges.iter().map(bundle::short).collect();
    let short = format!("old phones over {}{}", short.join("; "), listens(answers));
    answers.settle_saying(NUMBER, "advice", short, sentences.join(" "));
    Ok(())
}
