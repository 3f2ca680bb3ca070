//! The `reflash convert` command line that the answers make.
//!
//! Nothing here knows an option: the syntax of `convert` is passed in.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fmt,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{ArgMatches, Command, parser::ValueSource};

use crate::{
    failure::Failure,
    inputs::bundles::Trust,
    phone::MacAddress,
    preflight::CheckOptions,
    text::{command_lines, quoted},
};

/// Arguments that the journal of a run records, by clap's ids.
const RECORDED: [&str; 19] = [
    "bundles",
    "bridges",
    "trust_keys",
    "accept_unknown",
    "without_recovery",
    "files",
    "inventory",
    "secrets",
    "only",
    "expect",
    "timeout",
    "max_failures",
    "call_manager",
    "survey",
    "registration_wait",
    "journal",
    "resume",
    // The operator agrees again.
    "yes",
    "dry_run",
];

/// The syntax of `reflash convert`. Its bundles may be missing while questions are open.
#[derive(Clone, Copy)]
pub(crate) struct Syntax {
    /// The arguments.
    pub(crate) command: fn() -> Command,
    /// Reads the options that steps use.
    pub(crate) parse: fn(&ArgMatches) -> Result<ConvertOptions, clap::Error>,
}

impl fmt::Debug for Syntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Syntax")
    }
}

/// The options of `reflash convert` that steps use.
#[derive(Debug)]
pub(crate) struct ConvertOptions {
    /// BUNDLE.
    pub(crate) bundles: Vec<PathBuf>,
    /// `--bridge`.
    pub(crate) bridges: Vec<PathBuf>,
    /// `--checksum`, `--trust-key` and `--accept-unknown`.
    pub(crate) trust: Trust,
    /// `--add`.
    pub(crate) extra_files: Vec<PathBuf>,
    /// `--inventory`.
    pub(crate) inventory: Option<PathBuf>,
    /// `--only`.
    pub(crate) only: Vec<MacAddress>,
    /// `--expect`.
    pub(crate) expect: Option<u32>,
    /// `--timeout`.
    pub(crate) timeout: Option<Duration>,
    /// Whether `--survey` is given.
    pub(crate) has_survey: bool,
    /// Network options, as the preflight uses them.
    pub(crate) check: CheckOptions,
    /// `--journal`.
    pub(crate) journal: Option<PathBuf>,
}

/// The arguments of `reflash convert`, by clap's ids.
#[derive(Debug, Clone)]
pub(crate) struct CommandLine {
    values: BTreeMap<String, Vec<OsString>>,
    syntax: Syntax,
}

impl CommandLine {
    /// The arguments that the operator gave.
    #[must_use]
    pub(crate) fn given(matches: &ArgMatches, syntax: Syntax) -> Self {
        let mut line = Self::empty(syntax);
        for arg in (syntax.command)().get_arguments() {
            let id = arg.get_id().as_str();
            if matches.value_source(id) == Some(ValueSource::CommandLine) {
                let values = matches.get_raw(id).into_iter().flatten();
                let values = values.map(OsStr::to_owned);
                let takes_values = arg.get_action().takes_values();
                line.set(id, values.filter(|_| takes_values).collect::<Vec<_>>());
            }
        }
        line
    }

    /// No arguments.
    pub(super) fn empty(syntax: Syntax) -> Self {
        Self {
            values: BTreeMap::new(),
            syntax,
        }
    }

    /// Whether an argument is set.
    pub(super) fn has(&self, id: &str) -> bool {
        self.values.contains_key(id)
    }

    /// Sets an argument, replacing its values. A flag has none.
    pub(super) fn set<T: Into<OsString>>(&mut self, id: &str, values: impl IntoIterator<Item = T>) {
        let values = values.into_iter().map(Into::into).collect();
        self.values.insert(id.to_owned(), values);
    }

    /// Removes an argument.
    pub(super) fn clear(&mut self, id: &str) {
        self.values.remove(id);
    }

    /// The words after `reflash convert`.
    pub(super) fn arguments(&self) -> Vec<OsString> {
        let command = (self.syntax.command)();
        let mut flags = Vec::new();
        let mut files = Vec::new();
        for arg in command.get_arguments() {
            let Some(values) = self.values.get(arg.get_id().as_str()) else {
                continue;
            };
            let Some(long) = arg.get_long() else {
                files.extend(values.iter().cloned());
                continue;
            };
            let flag = OsString::from(format!("--{long}"));
            match arg.get_value_delimiter() {
                _ if values.is_empty() => flags.push(flag),
                Some(delimiter) => {
                    let delimiter = OsString::from(delimiter.to_string());
                    flags.extend([flag, values.join(&delimiter)]);
                }
                None => flags.extend(
                    values
                        .iter()
                        .flat_map(|value| [flag.clone(), value.clone()]),
                ),
            }
        }
        // After `--` nothing is a flag.
        if files.iter().any(|file| file.as_bytes().starts_with(b"-")) {
            flags.push("--".into());
            return [flags, files].concat();
        }
        [files, flags].concat()
    }

    /// Parses the command line.
    ///
    /// # Errors
    /// Arguments that contradict each other.
    pub(crate) fn matches(&self) -> Result<ArgMatches, Failure> {
        (self.syntax.command)()
            .try_get_matches_from(self.arguments())
            .map_err(usage)
    }

    /// The options that steps use.
    pub(super) fn options(&self) -> Result<ConvertOptions, Failure> {
        (self.syntax.parse)(&self.matches()?).map_err(usage)
    }

    /// The `reflash` command for a shell, with this subcommand.
    pub(super) fn line(&self, subcommand: &str) -> String {
        let words = ["reflash", subcommand].map(OsString::from);
        let words = words.into_iter().chain(self.arguments());
        let quoted: Vec<String> = words.map(|word| quoted(&word)).collect();
        quoted.join(" ")
    }

    /// The same for a person to copy, in lines of at most 80 columns. `program` calls this program
    /// (`sudo reflash`).
    pub(super) fn lines(&self, program: &str, subcommand: &str) -> String {
        command_lines(&format!("{program} {subcommand}"), &self.arguments(), 2)
    }

    /// The options that a journal does not record: those of this machine and its network.
    pub(crate) fn options_of_machine(&self) -> Vec<String> {
        let mut line = self.clone();
        for id in RECORDED {
            line.clear(id);
        }
        let words = line.arguments().into_iter();
        words
            .map(|word| word.to_string_lossy().into_owned())
            .collect()
    }

    /// The command line that continues the run of a journal.
    pub(super) fn resuming(
        journal: &Path,
        options: &[String],
        syntax: Syntax,
    ) -> Result<Self, Failure> {
        let words = resume_words(journal, options);
        let matches = (syntax.command)().try_get_matches_from(words);
        Ok(Self::given(&matches.map_err(usage)?, syntax))
    }

    /// The syntax.
    pub(super) fn syntax(&self) -> Syntax {
        self.syntax
    }
}

/// The words after `reflash convert` that continue the run of a journal. `options`: those that the
/// journal does not record otherwise.
pub(crate) fn resume_words(journal: &Path, options: &[String]) -> Vec<OsString> {
    let resume = ["--resume".into(), "--journal".into(), journal.into()];
    resume
        .into_iter()
        .chain(options.iter().map(OsString::from))
        .collect()
}

fn usage(error: clap::Error) -> Failure {
    Failure::usage(error, "`reflash convert --help` lists the options")
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;
    use crate::cli::wizard::SYNTAX;

    /// The id of the positional argument.
    const BUNDLES: &str = "bundles";

    fn read(list: &[OsString]) -> ArgMatches {
        (SYNTAX.command)().try_get_matches_from(list).unwrap()
    }

    /// The words that a shell reads.
    fn shell(line: &str) -> Vec<OsString> {
        let script = format!("printf '%s\\0' {line}");
        let output = std::process::Command::new("bash")
            .args(["-c", &script])
            .output()
            .unwrap();
        let words = output.stdout.split(|byte| *byte == 0);
        let mut words: Vec<_> = words
            .map(|word| OsString::from_vec(word.to_vec()))
            .collect();
        words.pop();
        words
    }

    #[test]
    fn line_is_read_back_by_a_shell() {
        let mut line = CommandLine::empty(SYNTAX);
        line.set(
            BUNDLES,
            ["my bundles/it's $HOME.zip", "b*.zip", "c\n\u{1b}.zip"],
        );
        line.set("only", ["001D45AABB0C", "001D45AABB0D"]);
        line.set("accept_unknown", [""; 0]);
        line.set("files", ["SEP001D45AABB0C.cnf.xml", "dialplan.xml"]);
        line.set("dhcp", ["isolated"]);
        line.set("timeout", ["1h30m"]);
        line.set("trust_keys", [OsString::from_vec(b"key\xff.pem".to_vec())]);
        let text = line.line("convert");
        let read_back = shell(&text);
        assert_eq!(read_back[..2], ["reflash", "convert"]);
        assert_eq!(read_back[2..], line.arguments(), "{text}");
        let again = CommandLine::given(&read(&read_back[2..]), SYNTAX);
        assert_eq!(again.values, line.values, "{text}");
        let options = |line: &CommandLine| format!("{:?}", line.options().unwrap());
        assert_eq!(options(&again), options(&line));
        assert!(options(&line).contains("accept_unknown: true"));
    }

    #[test]
    fn shown_command_has_80_columns_and_is_read_back_by_a_shell() {
        let mut line = CommandLine::empty(SYNTAX);
        line.set(BUNDLES, ["my bundles/cmterm-7945_7965-sip.9-3-1SR4-1.zip"]);
        line.set("bridges", ["cmterm-7945_7965-sccp.8-5-2.zip"]);
        line.set("trust_keys", ["key.pem"]);
        line.set("accept_unknown", [""; 0]);
        line.set("only", ["001D45AABB0C", "001D45AABB0D", "001D45AABB0E"]);
        let text = line.lines("sudo reflash", "convert");
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        assert!(text.lines().count() > 2, "{text}");
        let read_back = shell(text.trim_start().strip_prefix("sudo ").unwrap());
        assert_eq!(read_back[2..], line.arguments(), "{text}");
        assert!(
            text.contains("--bridge cmterm-7945_7965-sccp.8-5-2.zip"),
            "{text}"
        );
    }

    #[test]
    fn options_that_were_not_given_are_not_written() {
        let none = CommandLine::given(&read(&[]), SYNTAX);
        assert!(none.values.is_empty());
        assert_eq!(none.line("convert"), "reflash convert");
    }

    #[test]
    fn file_named_like_a_flag_stays_a_file() {
        let mut line = CommandLine::empty(SYNTAX);
        line.set(BUNDLES, ["--json"]);
        line.set("expect", ["2"]);
        assert_eq!(line.line("convert"), "reflash convert --expect 2 -- --json");
        let again = CommandLine::given(&read(&line.arguments()), SYNTAX);
        assert_eq!(again.values, line.values);
    }

    #[test]
    fn every_option_of_convert_has_a_long_form() {
        for arg in (SYNTAX.command)().get_arguments() {
            let id = arg.get_id().as_str();
            assert!(
                arg.get_long().is_some() || id == BUNDLES,
                "{id} has no long form"
            );
        }
    }
}
