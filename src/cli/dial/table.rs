//! `--table`: numbers, and what is expected to be sent for them.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use serde::Serialize;

use super::{
    super::globals::{CommandOutcome, Globals, json_document, print},
    phone::{self, DialPhone, digits},
};
use crate::{
    dialplan::DialResult,
    display::Style,
    failure::Failure,
    inputs::files,
    text::{escape, wrap},
};

/// Maximum size of a table in bytes: about 30,000 numbers.
const MAX_TABLE_BYTES: u64 = 1_000_000;

/// A line of the table.
#[derive(Debug, PartialEq, Eq)]
struct DialCase {
    line: usize,
    digits: String,
    expected: String,
    seconds: Option<u32>,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct DialDocument {
    cases: Vec<Tried>,
}

#[derive(Debug, Serialize)]
struct Tried {
    line: usize,
    digits: String,
    expected: String,
    expected_seconds: Option<u32>,
    ok: bool,
    #[serde(flatten)]
    dialled: DialResult,
}

/// Dials every number of the table.
pub(super) fn run(
    path: &Path,
    phone: &DialPhone,
    globals: &Globals,
) -> Result<CommandOutcome, Failure> {
    let name = escape(&path.display().to_string());
    let cases = parse(&read(path, &name)?).map_err(|(line, message)| {
        Failure::new(
            format!("{name}, line {line}: {}", escape(&message)),
            "Write the digits, what is expected to be sent, and optionally the seconds: 5123 5123 0",
        )
    })?;
    let cases: Vec<_> = cases.into_iter().map(|case| tried(case, phone)).collect();
    let failed = cases.iter().filter(|case| !case.ok).count();
    if globals.json {
        print(&json_document(&DialDocument { cases })?)?;
    } else {
        print(&as_text(&cases, failed, globals))?;
    }
    Ok(match failed {
        0 => CommandOutcome::Done,
        _ => CommandOutcome::Problems,
    })
}

fn read(path: &Path, name: &str) -> Result<String, Failure> {
    let failed = |error: String| {
        let error = format!("cannot read the table {name}: {error}");
        Failure::new(error, "Name a text file with a number on each line")
    };
    let mut text = String::new();
    let source: Box<dyn Read> = if path == Path::new(files::STDIN) {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path).map_err(|error| failed(error.to_string()))?)
    };
    source
        .take(MAX_TABLE_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(|error| failed(error.to_string()))?;
    if text.len() as u64 > MAX_TABLE_BYTES {
        return Err(failed(format!("it is larger than {MAX_TABLE_BYTES} bytes")));
    }
    Ok(text)
}

/// The cases, or the first invalid line and why.
fn parse(text: &str) -> Result<Vec<DialCase>, (usize, String)> {
    let mut cases = Vec::new();
    for (line, text) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let text = text.split(';').next().unwrap_or_default();
        let words: Vec<_> = text
            .split_whitespace()
            .take_while(|word| *word != "#")
            .collect();
        let (dialled, expected, seconds) = match words.as_slice() {
            [] => continue,
            [dialled, expected] => (dialled, expected, None),
            [dialled, expected, seconds] => (dialled, expected, Some(seconds)),
            [_] => {
                return Err((
                    line,
                    "only one field: expected the digits and what is to be sent".to_owned(),
                ));
            }
            _ => {
                return Err((
                    line,
                    "more than three fields: expected the digits, what is to be sent, and \
                     optionally seconds"
                        .to_owned(),
                ));
            }
        };
        let nothing = |word: &str| {
            if word == "-" {
                String::new()
            } else {
                word.to_owned()
            }
        };
        let seconds = seconds
            .map(|word| {
                word.parse()
                    .map_err(|_| (line, format!("'{word}' is not a number of seconds")))
            })
            .transpose()?;
        cases.push(DialCase {
            line,
            digits: digits(&nothing(dialled)).map_err(|message| (line, message))?,
            expected: nothing(expected),
            seconds,
        });
    }
    if cases.is_empty() {
        return Err((1, "the table is empty".to_owned()));
    }
    Ok(cases)
}

fn tried(case: DialCase, phone: &DialPhone) -> Tried {
    let dialled = phone.dial(&case.digits);
    let in_time = case
        .seconds
        .is_none_or(|seconds| seconds == dialled.seconds);
    Tried {
        ok: dialled.sent == case.expected && in_time,
        line: case.line,
        digits: case.digits,
        expected: case.expected,
        expected_seconds: case.seconds,
        dialled,
    }
}

/// The result as text: the cases that differ, and a count.
fn as_text(cases: &[Tried], failed: usize, globals: &Globals) -> String {
    let style = Style::new(globals.color);
    let mut lines = Vec::new();
    for case in cases.iter().filter(|case| !case.ok) {
        let position = format!("line {}:", case.line);
        let expected = sent_after(&case.expected, case.expected_seconds);
        let sent = sent_after(&case.dialled.sent, Some(case.dialled.seconds));
        let by = match &case.dialled.rule {
            Some(rule) => phone::rule(rule),
            None => "no rule".to_owned(),
        };
        let what = format!("{} sends {sent} by {by}; expected {expected}", case.digits);
        lines.extend(wrap(
            &escape(&what),
            &format!("{} ", style.bad(&position)),
            "    ",
        ));
    }
    let count = cases.len();
    if failed > 0 {
        lines.push(format!(
            "{failed} of {count} numbers differ from what is expected"
        ));
    } else if !globals.quiet {
        lines.push(format!("{count} numbers, all sent as expected"));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn sent_after(sent: &str, seconds: Option<u32>) -> String {
    let sent = if sent.is_empty() { "nothing" } else { sent };
    match seconds {
        None => sent.to_owned(),
        Some(0) => format!("{sent} at once"),
        Some(seconds) => format!("{sent} after {seconds} s"),
    }
}
