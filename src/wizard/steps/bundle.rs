//! Step 1: the firmware.

use std::path::{Path, PathBuf};

use super::{
    super::{
        super::Failure,
        answers::Answers,
        prompt::{Prompt, Choice, Reply, Stopped, field},
        flow::Transition,
        environment::Environment,
    },
    numbers, words,
};
use crate::{
    bundle::{self, Bundle, Verdict},
    diagnose::Severity,
    stage::{self, AcceptPolicy, SelectionError},
};

const NUMBER: usize = 1;
const TITLE: &str = "the firmware";

/// Files that are offered at most; another one is typed.
const MOST: usize = 8;

#[derive(Debug, Clone, PartialEq)]
enum Pick {
    File(PathBuf),
    Type,
    Leave,
}

/// What is to be said of files that were looked at.
#[derive(Debug)]
pub(super) enum BundleCheck {
    /// They may be served.
    Taken(Vec<Bundle>),
    /// Whole, and nothing proves where they come from: the person decides.
    Unproven(Vec<Bundle>),
    /// Not these, and why.
    Not(String),
}

pub(in super::super) fn ask(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
) -> Result<Transition, Stopped> {
    let mut trouble = None;
    if answers.is_given(&["bundles"]) {
        if !answers.bundles.is_empty() {
            return Ok(Transition::Skip);
        }
        prompt.page(&answers.page(NUMBER, TITLE));
        prompt.tell("Reading the bundle …");
        let paths = answers.named().bundles;
        match look(&paths, answers, prompt, environment)? {
            Some(Ok(())) => return Ok(Transition::Skip),
            Some(Err(why)) => trouble = Some(why),
            None => {}
        }
        answers.take_back("bundles");
    }
    loop {
        prompt.page(&answers.page(NUMBER, TITLE));
        match &trouble {
            Some(why) => prompt.tell(why),
            None => prompt.tell(
                "Cisco's file for your phones is called cmterm-…-sip.….zip. It is read and checked \
                 here before any phone sees it. This program never downloads firmware.",
            ),
        }
        let path = match pick(answers, prompt, environment)? {
            Reply::Given(path) => path,
            Reply::Back => return Ok(Transition::Back),
        };
        prompt.tell("Reading it …");
        match look(&[path], answers, prompt, environment)? {
            Some(Ok(())) => return Ok(Transition::Next),
            Some(Err(why)) => trouble = Some(why),
            None => trouble = None,
        }
    }
}

fn pick(
    answers: &Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
) -> Result<Reply<PathBuf>, Stopped> {
    let mut files = environment.candidates();
    // What puts SCCP on phones is for another step.
    files.sort_by_key(|file| !name(file).contains("-sip"));
    let chosen = answers.named().bundles;
    for file in chosen.iter().rev() {
        files.retain(|other| other != file);
        files.insert(0, file.clone());
    }
    let none = files.is_empty();
    let mut choice = Choice::new("Which file?");
    for file in files.into_iter().take(MOST) {
        choice = choice.item(file.display().to_string(), Pick::File(file));
    }
    let text = if none {
        "Type where it is (no cmterm-… file was found here or among the downloads)"
    } else {
        "Another file: type where it is"
    };
    let choice = choice
        .item(text, Pick::Type)
        .item("Leave the wizard", Pick::Leave);
    match choice.ask(prompt)? {
        Reply::Given(Pick::File(file)) => Ok(Reply::Given(file)),
        Reply::Given(Pick::Type) => typed(prompt, chosen.first()),
        Reply::Given(Pick::Leave) => Err(Stopped::Left),
        Reply::Back => Ok(Reply::Back),
    }
}

/// Asks for a file's place until one is typed.
pub(super) fn typed(
    prompt: &mut dyn Prompt,
    default: Option<&PathBuf>,
) -> Result<Reply<PathBuf>, Stopped> {
    loop {
        let default = default.map(|path| path.display().to_string());
        match field(prompt, "File", default)? {
            Reply::Given(text) if text.is_empty() => {
                prompt.tell("Type a path, such as /home/me/Downloads/cmterm-….zip.");
            }
            Reply::Given(text) => return Ok(Reply::Given(home(&text))),
            Reply::Back => return Ok(Reply::Back),
        }
    }
}

/// `~/` as a shell reads it: people type it.
fn home(text: &str) -> PathBuf {
    let home = std::env::home_dir();
    match (text.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(text),
    }
}

/// Examines these files and takes them, or says why not. `None`: the person does not want them.
fn look(
    paths: &[PathBuf],
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
) -> Result<Option<Result<(), String>>, Stopped> {
    let accepted = answers.is_given(&["accept_unknown"]);
    let judged = examined(paths, answers, environment, accepted);
    prompt.go_on()?;
    let (bundles, is_unproven) = match judged {
        BundleCheck::Taken(bundles) => (bundles, false),
        BundleCheck::Unproven(bundles) => (bundles, true),
        BundleCheck::Not(why) => return Ok(Some(Err(why))),
    };
    let sentences: Vec<String> = bundles.iter().map(sentence).collect();
    if is_unproven && !accepts(&sentences, prompt)? {
        return Ok(None);
    }
    if is_unproven {
        answers.words.set("accept_unknown", [""; 0]);
    } else if !accepted {
        answers.words.clear("accept_unknown");
    }
    answers.words.set("bundles", paths);
    answers.bundles = bundles;
    let short: Vec<String> = answers.bundles.iter().map(short).collect();
    answers.settle_saying(NUMBER, "firmware", short.join("; "), sentences.join(" "));
    Ok(Some(Ok(())))
}

/// The consent that `--accept-unknown` is.
fn accepts(sentences: &[String], prompt: &mut dyn Prompt) -> Result<bool, Stopped> {
    prompt.tell(&sentences.join("\n"));
    prompt.tell(
        "Compare its digest with the one on Cisco's download page (`reflash verify` prints it). \
         Phones check Cisco's signature themselves, as far as their load can.",
    );
    let choice = Choice::new("Take it all the same?")
        .item("No, choose another file", false)
        .item("Yes, I know where it comes from (--accept-unknown)", true);
    Ok(choice.ask(prompt)? == Reply::Given(true))
}

fn examined(paths: &[PathBuf], answers: &Answers, environment: &dyn Environment, accepted: bool) -> BundleCheck {
    let read = || -> Result<(Vec<Bundle>, bundle::ExamineOptions), Failure> {
        let args = answers.args()?;
        let (_, trust) = args.bridge.examine(&args.trust, &super::super::QUIET)?;
        Ok((environment.examine(paths, &trust)?, trust.expectation()?))
    };
    let (bundles, expectation) = match read() {
        Ok(read) => read,
        Err(failure) => return BundleCheck::Not(words(&failure)),
    };
    if let Some(checksum) = bundle::unmatched_checksums(&bundles, &expectation).first() {
        return BundleCheck::Not(format!(
            "No file that was named has the {} {checksum}.\n→ Check the checksum for a slip, else \
             fetch the file again: it is not the one that the checksum is for",
            checksum.kind()
        ));
    }
    judge(bundles, accepted)
}

/// Whether these bundles may be served.
fn judge(bundles: Vec<Bundle>, accepted: bool) -> BundleCheck {
    let accept = |unknown| AcceptPolicy {
        unknown,
        sccp: false,
    };
    if let Err(refusal) = stage::check_targets(&bundles, accept(true)) {
        return BundleCheck::Not(refused(&bundles, &refusal));
    }
    let fits = |bundle: &Bundle| {
        bundle
            .models
            .iter()
            .any(|model| model.family.is_convertible())
    };
    if let Some(other) = bundles.iter().find(|bundle| !fits(bundle)) {
        return BundleCheck::Not(format!(
            "{} is for phones that this program does not convert ({}).\n→ `reflash models` lists \
             those that it does",
            name(&other.path),
            numbers(&other.models)
        ));
    }
    if stage::check_targets(&bundles, accept(accepted)).is_err() {
        return BundleCheck::Unproven(bundles);
    }
    BundleCheck::Taken(bundles)
}

/// Why not these, and what to do.
pub(super) fn refused(bundles: &[Bundle], refusal: &SelectionError) -> String {
    let error = match refusal {
        SelectionError::Sccp { path, load } => format!(
            "{} holds SCCP firmware ({load}), and a conversion ends with SIP. Keep it: it is the \
             way back, and 8.5(2) is the bridge for old phones.",
            name(path)
        ),
        SelectionError::Verdict { path, verdict } => {
            let of = bundles.iter().find(|bundle| bundle.path == *path);
            let mut problems = of.into_iter().flat_map(|bundle| &bundle.problems);
            if let Some(problem) = problems.find(|it| it.severity == Severity::Error) {
                let what = problem.message.trim_end_matches('.');
                let cure = match problem.cure.as_str() {
                    "" => String::new(),
                    cure => format!("\n→ {cure}"),
                };
                return format!("{} is {verdict}: {what}.{cure}", name(path));
            }
            format!("{refusal}.").replace(&path.display().to_string(), &name(path))
        }
        refusal => format!("{refusal}."),
    };
    format!("{error}\n→ {}", refusal.cure())
}

/// What a bundle is, in one sentence.
pub(super) fn sentence(bundle: &Bundle) -> String {
    let what = match bundle.verdict {
        Verdict::Known => "is, bit for bit, what was published, and whole",
        Verdict::Genuine if bundle.uses_trusted_key => {
            "is whole and signed with the key that you named"
        }
        Verdict::Genuine => "is whole, and each signed file in it carries Cisco's signature",
        _ => "is whole, but nothing proves where it comes from",
    };
    let load = bundle.loads.first();
    let load = load.map_or_else(String::new, |load| format!(": {load}"));
    format!(
        "{} {what}{load} for {}.",
        name(&bundle.path),
        numbers(&once(bundle))
    )
}

/// The same in a few words.
pub(super) fn short(bundle: &Bundle) -> String {
    let load = bundle.loads.first();
    let load = load.map_or_else(|| name(&bundle.path), ToString::to_string);
    format!("{load} for {} ({})", numbers(&once(bundle)), bundle.verdict)
}

fn once(bundle: &Bundle) -> Vec<&'static crate::phone::Model> {
    let mut models = bundle.models.clone();
    models.dedup_by_key(|model| model.plain_number());
    models
}

/// A file's own name.
pub(super) fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}
