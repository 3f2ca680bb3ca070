//! PLAN: a `dialplan.xml`, a source, or a preset.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use super::{Failure, Globals, presets};
use crate::{
    cli::findings,
    dialplan::{DialPlan, DialPlanSource, MAX_PLAN_BYTES},
    display::Style,
    text::escape,
};

/// Bytes that are read of a file: more than any plan or source may have.
const MAX_FILE_BYTES: u64 = 8 * MAX_PLAN_BYTES as u64;

/// Sources' faults that are told at most.
const MAX_TOLD: usize = 20;

enum Plan {
    Xml(Vec<u8>),
    Source(DialPlanSource),
}

/// The plan as a phone holds it.
pub(super) fn read(path: &Path, globals: &Globals) -> Result<DialPlan, Failure> {
    let bytes = match open(path)? {
        Plan::Source(source) => return Ok(source.template()),
        Plan::Xml(bytes) => bytes,
    };
    let cure = format!("`reflash lint {}` names all that is wrong", shown(path));
    let told = |mut finding: crate::diagnose::Finding| {
        finding.path = Some(path.to_owned());
        findings::lines(&finding, Style::plain())
    };
    let template = DialPlan::read(&bytes).map_err(|finding| {
        let place = match (finding.line, finding.column) {
            (Some(line), Some(column)) => format!(", line {line}, column {column}"),
            _ => String::new(),
        };
        let error = format!("{}{place}: {}", shown(path), escape(&finding.message));
        Failure::new(error, escape(&finding.cure))
    })?;
    if let Some(stopped) = &template.stopped
        && !globals.quiet
    {
        eprint!("{}", told(stopped.clone()));
        eprintln!("    the phone may read no entry from there on; {cure}");
    }
    Ok(template)
}

/// The file for phones.
pub(super) fn xml(path: &Path, globals: &Globals) -> Result<String, Failure> {
    let Plan::Source(source) = open(path)? else {
        return Err(Failure::new(
            format!("{} is XML already", shown(path)),
            "name the source of a plan, or a preset",
        ));
    };
    for mut finding in source.check().into_iter().filter(|_| !globals.quiet) {
        finding.path = Some(path.to_owned());
        eprint!("{}", findings::lines(&finding, Style::plain()));
    }
    Ok(source.to_xml())
}

/// The file for phones, whatever the path leads to: XML as it is, a source as XML.
pub(in crate::cli) fn for_phones(path: &Path) -> Result<Vec<u8>, Failure> {
    Ok(match open(path)? {
        Plan::Xml(bytes) => bytes,
        Plan::Source(source) => source.to_xml().into_bytes(),
    })
}

/// A file if there is one of that name, else the preset.
fn open(path: &Path) -> Result<Plan, Failure> {
    let bytes = match bytes(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let missing = error.kind() == io::ErrorKind::NotFound;
            let preset = path
                .to_str()
                .filter(|_| missing)
                .and_then(DialPlanSource::preset);
            return preset.map(Plan::Source).ok_or_else(|| {
                Failure::new(
                    format!("cannot read the dial plan {}: {error}", shown(path)),
                    format!("name a file, or one of the presets {}", presets()),
                )
            });
        }
    };
    let start = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    if start.trim_ascii_start().starts_with(b"<") {
        return Ok(Plan::Xml(bytes));
    }
    let cure = "correct these lines; docs/dialplans.md has the language of plans";
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        let error = format!("{} is neither XML nor UTF-8 text", shown(path));
        Failure::new(error, "name a dialplan.xml or the source of a plan")
    })?;
    DialPlanSource::parse(text)
        .map(Plan::Source)
        .map_err(|faults| {
            let mut lines = vec![format!("{} is no dial plan:", shown(path))];
            let told = faults.iter().take(MAX_TOLD);
            lines.extend(told.map(|fault| format!("  {}", escape(&fault.to_string()))));
            if faults.len() > MAX_TOLD {
                lines.push(format!("  and {} more", faults.len() - MAX_TOLD));
            }
            Failure::new(lines.join("\n"), cure)
        })
}

/// What a file holds, up to more than is allowed.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn shown(path: &Path) -> String {
    escape(&path.display().to_string())
}
