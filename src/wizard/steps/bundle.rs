//! Step 1: the firmware.

use std::path::{Path, PathBuf};

use super::{
    super::{
        answers::Answers,
        environment::Environment,
        prompt::{MenuChoice, Prompt, PromptReply, Stopped, ask_line},
        transition::Transition,
    },
    text::numbers,
    typed_path::typed_path,
};
use crate::{
    bundle::{self, Bundle, Verdict},
    diagnose::Severity,
    failure::Failure,
    inputs::bundles,
    phone::Model,
    stage::{self, AcceptPolicy, SelectionError},
};

const NUMBER: usize = 1;
const TITLE: &str = "firmware";

/// Maximum number of files in the menu; the path of any other is typed.
const MAX_FILES: usize = 8;

#[derive(Debug, Clone, PartialEq)]
enum BundlePick {
    File(PathBuf),
    Type,
    Leave,
}

/// What the operator has to consent to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Consent {
    /// The origin is unproven (`--accept-unknown`).
    Unproven,
    /// There is no SIP recovery manifest (`--without-recovery`), and what follows.
    WithoutRecovery(String),
}

impl Consent {
    /// The flag of `convert`, by its id.
    fn flag(&self) -> &'static str {
        match self {
            Self::Unproven => "accept_unknown",
            Self::WithoutRecovery(_) => "without_recovery",
        }
    }
}

/// Whether bundles may be served.
#[derive(Debug)]
enum BundleCheck {
    /// Yes.
    Accepted(Vec<Bundle>),
    /// Usable with consent to what these questions say.
    Consent(Vec<Bundle>, Vec<Consent>),
    /// No, and why.
    Rejected(String),
}

/// What came of a file that the operator chose.
enum Taken {
    Yes,
    /// The operator does not accept a bundle of unproven origin.
    Declined,
    Rejected(String),
}

pub(in super::super) fn ask(
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
) -> Result<Transition, Stopped> {
    let mut problem = None;
    if answers.is_given(&["bundles"]) {
        if !answers.selection.targets.is_empty() {
            return Ok(Transition::Skip);
        }
        prompt.page(&answers.page(NUMBER, TITLE));
        prompt.paragraph("Reading the bundle …");
        let paths = answers.bundle_files();
        match accept(&paths, answers, prompt, environment)? {
            Taken::Yes => return Ok(Transition::Skip),
            Taken::Declined => {}
            Taken::Rejected(why) => problem = Some(why),
        }
        answers.reject_given("bundles");
    }
    loop {
        prompt.page(&answers.page(NUMBER, TITLE));
        match &problem {
            Some(why) => prompt.paragraph(why),
            None => prompt.paragraph(
                "Choose Cisco's firmware file for your phones, named cmterm-…-sip.….zip. It is \
                 checked before anything is served. reflash never downloads firmware.",
            ),
        }
        let path = match pick(answers, prompt, environment)? {
            PromptReply::Given(path) => path,
            PromptReply::Back => return Ok(Transition::Back),
        };
        prompt.paragraph("Reading the bundle …");
        match accept(&[path], answers, prompt, environment)? {
            Taken::Yes => return Ok(Transition::Next),
            Taken::Declined => problem = None,
            Taken::Rejected(why) => problem = Some(why),
        }
    }
}

fn pick(
    answers: &Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
) -> Result<PromptReply<PathBuf>, Stopped> {
    let mut files = environment.candidates();
    // SCCP bundles belong to a later step.
    files.sort_by_key(|file| !name(file).contains("-sip"));
    let chosen = answers.bundle_files();
    for file in chosen.iter().rev() {
        files.retain(|other| other != file);
        files.insert(0, file.clone());
    }
    let none = files.is_empty();
    let more = files.len().saturating_sub(MAX_FILES);
    let mut choice = MenuChoice::new("Which file?");
    for file in files.into_iter().take(MAX_FILES) {
        choice = choice.item(file.display().to_string(), BundlePick::File(file));
    }
    let text = match (none, more) {
        (true, _) => "Type a path (no cmterm-… file in the current folder or in Downloads)".into(),
        (_, 0) => "Another file: type its path".into(),
        (_, more) => format!("Another file ({more} more are not listed): type its path"),
    };
    let choice = choice
        .item(text, BundlePick::Type)
        .item("Leave the wizard", BundlePick::Leave);
    match choice.ask(prompt)? {
        PromptReply::Given(BundlePick::File(file)) => Ok(PromptReply::Given(file)),
        PromptReply::Given(BundlePick::Type) => ask_path(prompt, chosen.first()),
        PromptReply::Given(BundlePick::Leave) => Err(Stopped::Left),
        PromptReply::Back => Ok(PromptReply::Back),
    }
}

/// Asks for a path until one is typed.
pub(super) fn ask_path(
    prompt: &mut dyn Prompt,
    default: Option<&PathBuf>,
) -> Result<PromptReply<PathBuf>, Stopped> {
    loop {
        let default = default.map(|path| path.display().to_string());
        match ask_line(prompt, "Path", default)? {
            PromptReply::Given(text) if text.is_empty() => {
                prompt.paragraph("Type a path, such as /home/me/Downloads/cmterm-….zip.");
            }
            PromptReply::Given(text) => return Ok(PromptReply::Given(typed_path(&text))),
            PromptReply::Back => return Ok(PromptReply::Back),
        }
    }
}

/// Examines these files, and makes them the answer if they may be served.
fn accept(
    paths: &[PathBuf],
    answers: &mut Answers,
    prompt: &mut dyn Prompt,
    environment: &mut dyn Environment,
) -> Result<Taken, Stopped> {
    let check = examine(paths, answers, environment);
    prompt.check_signals()?;
    let (bundles, questions) = match check {
        BundleCheck::Accepted(bundles) => (bundles, Vec::new()),
        BundleCheck::Consent(bundles, questions) => (bundles, questions),
        BundleCheck::Rejected(why) => return Ok(Taken::Rejected(why)),
    };
    let sentences: Vec<String> = bundles.iter().map(sentence).collect();
    for question in &questions {
        if !consents(question, &sentences, prompt)? {
            return Ok(Taken::Declined);
        }
    }
    for flag in ["accept_unknown", "without_recovery"] {
        if questions.iter().any(|question| question.flag() == flag) {
            answers.command_line.set(flag, [""; 0]);
        } else if !answers.is_given(&[flag]) {
            answers.command_line.clear(flag);
        }
    }
    answers.command_line.set("bundles", paths);
    answers.selection.targets = bundles;
    let short: Vec<String> = answers.selection.targets.iter().map(short).collect();
    answers.set_answer_with_sentence(NUMBER, "firmware", short.join("; "), sentences.join(" "));
    Ok(Taken::Yes)
}

/// Asks for consent.
fn consents(
    question: &Consent,
    sentences: &[String],
    prompt: &mut dyn Prompt,
) -> Result<bool, Stopped> {
    match question {
        Consent::Unproven => accepts_unproven(sentences, prompt),
        Consent::WithoutRecovery(what) => accepts_no_recovery(what, prompt),
    }
}

/// Asks for what `--without-recovery` says.
fn accepts_no_recovery(what: &str, prompt: &mut dyn Prompt) -> Result<bool, Stopped> {
    prompt.paragraph(what);
    prompt.paragraph(
        "Running phones can still be converted: their configuration names the new load, and they \
         fetch it when they restart. Such a phone must not be reset, now or later, unless \
         complete firmware is served.",
    );
    let choice = MenuChoice::new("Convert running phones only, without a reset?")
        .item("No, choose another file", false)
        .item("Yes, no phone will be reset (--without-recovery)", true);
    Ok(choice.ask(prompt)? == PromptReply::Given(true))
}

/// Asks for what `--accept-unknown` says.
pub(super) fn accepts_unproven(
    sentences: &[String],
    prompt: &mut dyn Prompt,
) -> Result<bool, Stopped> {
    prompt.paragraph(&sentences.join("\n"));
    prompt.paragraph(
        "Compare its digest with the one on Cisco's download page (`reflash verify` prints it). \
         Phones also check Cisco's signature, as far as their load supports it.",
    );
    let choice = MenuChoice::new("Use this file anyway?")
        .item("No, choose another file", false)
        .item("Yes, I know where it comes from (--accept-unknown)", true);
    Ok(choice.ask(prompt)? == PromptReply::Given(true))
}

fn examine(paths: &[PathBuf], answers: &Answers, environment: &dyn Environment) -> BundleCheck {
    let read = || -> Result<(Vec<Bundle>, bundle::ExamineOptions), Failure> {
        let options = answers.options()?;
        // A checksum may belong to the bridge.
        let (_, trust) = bundles::examine_bridges(&options.bridges, &options.trust, true)?;
        check_readable(paths, environment)?;
        let bundles = environment.examine(paths, &trust)?;
        Ok((bundles, trust.expectation()?))
    };
    let (bundles, expectation) = match read() {
        Ok(read) => read,
        Err(failure) => return BundleCheck::Rejected(failure.to_string()),
    };
    if let Some(checksum) = bundle::unmatched_checksums(&bundles, &expectation).first() {
        return BundleCheck::Rejected(format!(
            "No file has the {} {checksum}.\n→ Check the checksum for a typing error. If it is \
             correct, download the file again: this is not the file it belongs to",
            checksum.kind()
        ));
    }
    check(bundles, answers)
}

/// Checks that the user who called sudo can read these files.
pub(super) fn check_readable(
    paths: &[PathBuf],
    environment: &dyn Environment,
) -> Result<(), Failure> {
    for path in paths {
        if let Some(user) = environment.cannot_read(path) {
            return Err(bundles::unreadable(path, &user));
        }
    }
    Ok(())
}

/// Whether these bundles may be served.
fn check(bundles: Vec<Bundle>, answers: &Answers) -> BundleCheck {
    let accept = |unknown, no_recovery| AcceptPolicy {
        unknown,
        sccp: false,
        no_recovery,
    };
    if let Err(error) = stage::check_targets(&bundles, accept(true, true)) {
        return BundleCheck::Rejected(rejection(&bundles, &error));
    }
    let is_supported = |bundle: &Bundle| {
        bundle
            .models
            .iter()
            .any(|model| model.family.is_supported())
    };
    if let Some(other) = bundles.iter().find(|bundle| !is_supported(bundle)) {
        return BundleCheck::Rejected(format!(
            "{} is for phones that reflash neither converts nor upgrades ({}).\n→ `reflash models` lists those \
             that it can",
            name(&other.path),
            numbers(&other.models)
        ));
    }
    let mut questions = Vec::new();
    let accepted = answers.is_given(&["accept_unknown"]);
    if stage::check_targets(&bundles, accept(accepted, true)).is_err() {
        questions.push(Consent::Unproven);
    }
    let accepted = answers.is_given(&["without_recovery"]);
    if let Err(error) = stage::check_targets(&bundles, accept(true, accepted)) {
        questions.push(Consent::WithoutRecovery(format!("{error}.")));
    }
    if questions.is_empty() {
        return BundleCheck::Accepted(bundles);
    }
    BundleCheck::Consent(bundles, questions)
}

/// Why bundles cannot be used, and what to do.
pub(super) fn rejection(bundles: &[Bundle], error: &SelectionError) -> String {
    let text = match error {
        SelectionError::Sccp { path, load } => format!(
            "{} contains SCCP firmware ({load}), but a conversion ends with SIP. Keep the file: it \
             is the way back to SCCP, and 8.5(2) is the bridge for old phones.",
            name(path)
        ),
        SelectionError::Verdict { path, verdict } => {
            let bundle = bundles.iter().find(|bundle| bundle.path == *path);
            let mut problems = bundle.into_iter().flat_map(|bundle| &bundle.problems);
            if let Some(problem) = problems.find(|it| it.severity == Severity::Error) {
                let what = problem.message.trim_end_matches('.');
                let cure = match problem.cure.as_str() {
                    "" => String::new(),
                    cure => format!("\n→ {cure}"),
                };
                return format!("{} is {verdict}: {what}.{cure}", name(path));
            }
            format!("{error}.").replace(&path.display().to_string(), &name(path))
        }
        error => format!("{error}."),
    };
    format!("{text}\n→ {}", error.cure())
}

/// What a bundle is, in one sentence.
pub(super) fn sentence(bundle: &Bundle) -> String {
    let what = match bundle.verdict {
        Verdict::Known => "is complete and identical to what Cisco published",
        Verdict::Genuine if bundle.uses_trusted_key => {
            "is complete and signed with the key you gave"
        }
        Verdict::Genuine => "is complete, and every signed file in it has a valid Cisco signature",
        _ => "is complete, but its origin is not proven",
    };
    let load = bundle.served_loads().next();
    let load = load.map_or_else(String::new, |load| format!(": {load}"));
    format!(
        "{} {what}{load} for {}.",
        name(&bundle.path),
        numbers(&models(bundle))
    )
}

/// The same, shorter.
pub(super) fn short(bundle: &Bundle) -> String {
    let load = bundle.served_loads().next();
    let load = load.map_or_else(|| name(&bundle.path), ToString::to_string);
    format!(
        "{load} for {} ({})",
        numbers(&models(bundle)),
        bundle.verdict
    )
}

/// The models, each number once.
fn models(bundle: &Bundle) -> Vec<&'static Model> {
    let mut models = bundle.models.clone();
    models.dedup_by_key(|model| model.plain_number());
    models
}

/// The file name of a path.
pub(super) fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}
