//! A report on paper: the flags and the forms that `report` and `replay` share.

use std::{io::Write as _, path::PathBuf};

use super::{Failure, Globals, json_document, print};
use crate::{
    display::{self, Style},
    report::{csv, html},
    run_view::RunView,
    text::escape,
};

/// In which form, and where to.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct PaperArgs {
    /// The form; --json is the same as --format json.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Form,
    /// Write it to this file instead of standard output; what it held before is replaced.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// The forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// What a run says at its end, with times.
    Table,
    /// One document.
    Json,
    /// One row a phone, for a spreadsheet.
    Csv,
    /// One page that needs nothing else, for reading and printing.
    Html,
}

/// A report and what stands around it.
pub(super) struct Paper<'a> {
    pub(super) view: &'a RunView,
    pub(super) heading: html::Heading,
    /// The document of `--json`.
    pub(super) json: serde_json::Value,
}

impl PaperArgs {
    /// Whether the command line agrees with itself.
    pub(super) fn check(&self, globals: &Globals) -> Result<(), Failure> {
        if globals.json && !matches!(self.format, Form::Table | Form::Json) {
            return Err(Failure::usage(
                "--json and --format name two forms",
                "Leave one of them out",
            ));
        }
        Ok(())
    }

    /// Writes the report.
    pub(super) fn write(&self, paper: &Paper<'_>, globals: &Globals) -> Result<(), Failure> {
        let form = if globals.json {
            Form::Json
        } else {
            self.format
        };
        let text = match form {
            Form::Table => {
                let style = if self.to.is_some() {
                    Style::plain()
                } else {
                    Style::new(globals.color)
                };
                let mut text = String::new();
                for words in &paper.heading.words {
                    text.push_str(&crate::text::wrap(&escape(words), "", "  ").join("\n"));
                    text.push('\n');
                }
                text + "\n" + &display::table(paper.view, style)
            }
            Form::Json => json_document(&paper.json)?,
            Form::Csv => csv::render(paper.view),
            Form::Html => html::render(paper.view, &paper.heading),
        };
        let Some(to) = &self.to else {
            return print(&text);
        };
        // Whole or not at all: a full disk leaves what was there.
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(std::path::Path::new("."));
        tempfile::NamedTempFile::new_in(folder)
            .and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.persist(to).map_err(|error| error.error)
            })
            .map_err(|error| {
                Failure::new(
                    format!(
                        "cannot write {}: {error}",
                        escape(&to.display().to_string())
                    ),
                    "Name a file in a folder that exists and that this user may write to",
                )
            })?;
        Ok(())
    }
}
