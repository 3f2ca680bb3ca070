//! A dial plan: a `dialplan.xml`, a source in the plan language, or a preset.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use super::{files, shown};
use crate::{
    diagnose::Finding,
    dialplan::{DialPlan, DialPlanSource, MAX_PLAN_BYTES, PRESETS},
    display::{self, Style},
    failure::Failure,
    lint::{self, FileKind, LintContext},
    provision::DIAL_PLAN,
    text::escape,
};

/// Bytes read of a file: more than any plan or source may have.
const MAX_FILE_BYTES: usize = 8 * MAX_PLAN_BYTES;

/// Maximum number of faults of a source that are listed.
const MAX_FAULTS: usize = 20;

enum PlanFile {
    Xml(Vec<u8>),
    Source(DialPlanSource),
}

/// Reads the plan as a phone does. Where a phone might stop reading the file, prints a
/// warning unless `quiet`.
///
/// # Errors
/// There is no file or preset of this name, or the file cannot be read or is not a dial plan.
pub fn read(path: &Path, quiet: bool) -> Result<DialPlan, Failure> {
    let bytes = match open(path)? {
        PlanFile::Source(source) => return Ok(source.template()),
        PlanFile::Xml(bytes) => bytes,
    };
    let template = DialPlan::read(&bytes).map_err(|finding| {
        let position = match (finding.line, finding.column) {
            (Some(line), Some(column)) => format!(", line {line}, column {column}"),
            _ => String::new(),
        };
        let error = format!("{}{position}: {}", shown(path), escape(&finding.message));
        Failure::new(error, escape(&finding.cure))
    })?;
    if let Some(stopped) = &template.stopped
        && !quiet
    {
        eprint!("{}", lines(stopped.clone(), path));
        eprintln!(
            "    phones may ignore every entry from there on; `reflash lint {}` lists all findings",
            shown(path)
        );
    }
    Ok(template)
}

/// Compiles a source or preset to the XML for phones, and prints its findings unless `quiet`.
///
/// # Errors
/// There is no file or preset of this name, or the file cannot be read or is already XML.
pub fn compile(path: &Path, quiet: bool) -> Result<String, Failure> {
    let PlanFile::Source(source) = open(path)? else {
        return Err(Failure::new(
            format!("{} is already XML", shown(path)),
            "Name the source of a dial plan, or a preset",
        ));
    };
    for finding in source.check().into_iter().filter(|_| !quiet) {
        eprint!("{}", lines(finding, path));
    }
    Ok(source.to_xml())
}

/// The XML for phones: the file itself if it is XML, otherwise the compiled source or preset.
///
/// # Errors
/// There is no file or preset of this name, or the file cannot be read or is not a dial plan.
pub fn xml_for_phones(path: &Path) -> Result<Vec<u8>, Failure> {
    Ok(match open(path)? {
        PlanFile::Xml(bytes) => bytes,
        PlanFile::Source(source) => source.to_xml().into_bytes(),
    })
}

fn lines(mut finding: Finding, path: &Path) -> String {
    finding.path = Some(path.to_owned());
    display::finding(&finding, Style::plain())
}

/// Opens the file of this name, or else the preset.
fn open(path: &Path) -> Result<PlanFile, Failure> {
    let within = path.join(DIAL_PLAN);
    // A folder is one with the files of a phone.
    let path = if path.is_dir() { &within } else { path };
    let bytes = match read_bytes(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let is_missing = error.kind() == io::ErrorKind::NotFound;
            let preset = path.to_str().filter(|_| is_missing);
            let preset = preset.and_then(DialPlanSource::preset);
            return preset.map(PlanFile::Source).ok_or_else(|| {
                Failure::new(
                    format!("cannot read the dial plan {}: {error}", shown(path)),
                    format!("Name a file, or one of the presets {}", PRESETS.join(", ")),
                )
            });
        }
    };
    let start = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    if let Some(failure) = of_a_phone(path, &bytes) {
        return Err(failure);
    }
    // UTF-16 is XML too; reading it says what is wrong.
    let is_wide = start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff");
    if is_wide || start.trim_ascii_start().starts_with(b"<") {
        return Ok(PlanFile::Xml(bytes));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        let error = format!("{} is neither XML nor UTF-8 text", shown(path));
        Failure::new(error, "Name a dialplan.xml or the source of a dial plan")
    })?;
    DialPlanSource::parse(text)
        .map(PlanFile::Source)
        .map_err(|faults| {
            let mut lines = vec![format!("{} is not a valid dial plan:", shown(path))];
            let listed = faults.iter().take(MAX_FAULTS);
            lines.extend(listed.map(|fault| format!("  {}", escape(&fault.to_string()))));
            if faults.len() > MAX_FAULTS {
                lines.push(format!("  and {} more", faults.len() - MAX_FAULTS));
            }
            Failure::new(
                lines.join("\n"),
                "Correct these lines; docs/dialplans.md describes the language",
            )
        })
}

/// The failure for the configuration of a phone, which only names its dial plan.
fn of_a_phone(path: &Path, bytes: &[u8]) -> Option<Failure> {
    let kind = lint::kind(path, bytes, &LintContext::default())?;
    if !matches!(
        kind,
        FileKind::Device | FileKind::Settings | FileKind::Default
    ) {
        return None;
    }
    let plans = lint::dial_templates(bytes);
    let cure = match plans.first() {
        Some(plan) => {
            let beside = path.with_file_name(plan);
            format!("Name its dial plan: {}", shown(&beside))
        }
        None => format!(
            "Name a dial plan, or one of the presets {}",
            PRESETS.join(", ")
        ),
    };
    let names = match plans.first() {
        Some(plan) => format!("names the dial plan {}", escape(plan)),
        None => "names no dial plan".to_owned(),
    };
    let error = format!(
        "{} is a configuration of phones, not a dial plan; it {names}",
        shown(path)
    );
    Some(Failure::new(error, cure))
}

fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    if path == Path::new(files::STDIN) {
        return files::read(path, MAX_FILE_BYTES);
    }
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_FILE_BYTES as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}
