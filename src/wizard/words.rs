//! The command line that the answers come to: what was given, and what each step adds to it.
//!
//! Nothing here knows a flag: clap's own description of `convert` says which there are.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt as _,
};

use clap::{
    Arg, ArgMatches, Args as _, Command, FromArgMatches as _, builder::Resettable,
    parser::ValueSource,
};

use super::super::{Failure, convert};

/// The arguments of `reflash convert`, by clap's names for them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CommandLine(BTreeMap<String, Vec<OsString>>);

/// Where bundles stand on the command line.
const BUNDLES: &str = "bundles";

/// `reflash convert`, as clap knows it. It may be incomplete while there are answers to come.
fn command() -> Command {
    let command = convert::Args::augment_args(Command::new("convert").no_binary_name(true));
    command.mut_arg(BUNDLES, optional)
}

/// Bundles need not be named: the wizard asks.
pub(super) fn optional(bundles: Arg) -> Arg {
    bundles.required_unless_present(Resettable::<clap::Id>::Reset)
}

impl CommandLine {
    /// Those that stood on the command line.
    pub(super) fn given(matches: &ArgMatches) -> Self {
        let mut words = Self::default();
        for arg in command().get_arguments() {
            let id = arg.get_id().as_str();
            if matches.value_source(id) == Some(ValueSource::CommandLine) {
                let values = matches.get_raw(id).into_iter().flatten();
                let values = values.map(OsStr::to_owned);
                let takes = arg.get_action().takes_values();
                words.set(id, values.filter(|_| takes).collect::<Vec<_>>());
            }
        }
        words
    }

    /// Those of a line that was split already.
    #[cfg(test)]
    pub(super) fn read(list: &[&str]) -> Self {
        Self::given(
            &command()
                .try_get_matches_from(list)
                .expect("flags of convert"),
        )
    }

    /// Whether something is said of it.
    pub(super) fn has(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    /// Says it, in place of what was said before. A flag without a value has none.
    pub(super) fn set<T: Into<OsString>>(&mut self, id: &str, values: impl IntoIterator<Item = T>) {
        let values = values.into_iter().map(Into::into).collect();
        self.0.insert(id.to_owned(), values);
    }

    /// Says nothing of it any more.
    pub(super) fn clear(&mut self, id: &str) {
        self.0.remove(id);
    }

    /// What follows `reflash convert`.
    pub(super) fn list(&self) -> Vec<OsString> {
        let command = command();
        let mut flags = Vec::new();
        let mut files = Vec::new();
        for arg in command.get_arguments() {
            let Some(values) = self.0.get(arg.get_id().as_str()) else {
                continue;
            };
            let Some(long) = arg.get_long() else {
                files.extend(values.iter().cloned());
                continue;
            };
            let flag = OsString::from(format!("--{long}"));
            match arg.get_value_delimiter() {
                _ if values.is_empty() => flags.push(flag),
                Some(between) => {
                    let between = OsString::from(between.to_string());
                    flags.extend([flag, values.join(&between)]);
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

    /// The same as `convert` reads it.
    pub(super) fn args(&self) -> Result<convert::Args, Failure> {
        let read = command().try_get_matches_from(self.list());
        let read = read.and_then(|matches| convert::Args::from_arg_matches(&matches));
        read.map_err(|error| Failure::usage(error, "`reflash convert --help` lists the flags"))
    }

    /// A line for a shell that runs `reflash` with this verb.
    pub(super) fn line(&self, verb: &str) -> String {
        let words = ["reflash", verb].map(OsString::from);
        let words = words.into_iter().chain(self.list());
        let quoted: Vec<String> = words.map(|word| quoted(&word)).collect();
        quoted.join(" ")
    }
}

/// A word as a shell reads it back: POSIX quotes, and for what no terminal shows those of bash.
fn quoted(word: &OsStr) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(byte);
    match word.to_str() {
        Some(text) if !text.is_empty() && text.bytes().all(|byte| is_plain(&byte)) => {
            text.to_owned()
        }
        Some(text) if !text.chars().any(char::is_control) => {
            format!("'{}'", text.replace('\'', r"'\''"))
        }
        _ => {
            let bytes = word.as_bytes().iter();
            let shown: String = bytes
                .map(|byte| match byte {
                    byte if is_plain(byte) => char::from(*byte).to_string(),
                    byte => format!("\\x{byte:02x}"),
                })
                .collect();
            format!("$'{shown}'")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;

    fn read(list: &[OsString]) -> ArgMatches {
        command().try_get_matches_from(list).unwrap()
    }

    /// What a shell makes of a line.
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
    fn a_line_is_read_back_as_what_it_was_written_from() {
        let mut words = CommandLine::default();
        words.set(
            BUNDLES,
            ["my bundles/it's $HOME.zip", "b*.zip", "c\n\u{1b}.zip"],
        );
        words.set("only", ["001D45AABB0C", "001D45AABB0D"]);
        words.set("accept_unknown", [""; 0]);
        words.set("files", ["SEP001D45AABB0C.cnf.xml", "dialplan.xml"]);
        words.set("dhcp", ["isolated"]);
        words.set("timeout", ["1h30m"]);
        words.set("trust_keys", [OsString::from_vec(b"key\xff.pem".to_vec())]);
        let line = words.line("convert");
        let read_back = shell(&line);
        assert_eq!(read_back[..2], ["reflash", "convert"]);
        assert_eq!(read_back[2..], words.list(), "{line}");
        let again = CommandLine::given(&read(&read_back[2..]));
        assert_eq!(again, words, "{line}");
        let args = |words: &CommandLine| format!("{:?}", words.args().unwrap());
        assert_eq!(args(&again), args(&words));
        assert!(args(&words).contains("accept_unknown: true"));
    }

    #[test]
    fn what_was_not_said_is_not_written() {
        let none = CommandLine::given(&read(&[]));
        assert_eq!(none, CommandLine::default());
        assert_eq!(none.line("convert"), "reflash convert");
    }

    #[test]
    fn a_file_that_looks_like_a_flag_stays_a_file() {
        let mut words = CommandLine::default();
        words.set(BUNDLES, ["--json"]);
        words.set("expect", ["2"]);
        assert_eq!(
            words.line("convert"),
            "reflash convert --expect 2 -- --json"
        );
        assert_eq!(CommandLine::given(&read(&words.list())), words);
    }

    #[test]
    fn every_flag_of_convert_survives() {
        for arg in command().get_arguments() {
            let id = arg.get_id().as_str();
            assert!(
                arg.get_long().is_some() || id == BUNDLES,
                "{id} has no long form, so that no line could name it"
            );
        }
    }
}
