//! The report formats that `report` and `replay` share.

use std::{io::Write as _, path::PathBuf};

use super::{
    globals::{Globals, json_document, print},
    heading,
};
use crate::{
    display::{self, Style},
    failure::Failure,
    report::{csv, html},
    run_view::RunView,
    text::escape,
};

/// The format and the destination of a report.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ReportArgs {
    /// Format: table, json, csv or html
    ///
    /// table: as printed at the end of a run, with times. json: one document, as with --json.
    /// csv: one row for each phone. html: one self-contained page.
    #[arg(long, value_name = "FORMAT", default_value = "table", hide_possible_values = true,
          help_heading = heading::OUTPUT)]
    format: ReportFormat,
    /// Write to this file, replacing its content
    #[arg(long, value_name = "FILE", help_heading = heading::OUTPUT)]
    to: Option<PathBuf>,
}

/// The formats of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ReportFormat {
    /// As printed at the end of a run, with times.
    Table,
    /// One document.
    Json,
    /// One row for each phone.
    Csv,
    /// One self-contained page.
    Html,
}

/// A report and its heading.
pub(super) struct ReportOutput<'a> {
    pub(super) view: &'a RunView,
    pub(super) heading: html::Heading,
    /// The document of `--json`.
    pub(super) json: serde_json::Value,
}

impl ReportArgs {
    /// Checks the flags against each other.
    pub(super) fn check(&self, globals: &Globals) -> Result<(), Failure> {
        if globals.json && !matches!(self.format, ReportFormat::Table | ReportFormat::Json) {
            return Err(Failure::usage(
                "--json contradicts --format",
                "Remove one of them",
            ));
        }
        Ok(())
    }

    /// Writes the report.
    pub(super) fn write(
        &self,
        output: &ReportOutput<'_>,
        globals: &Globals,
    ) -> Result<(), Failure> {
        let format = if globals.json {
            ReportFormat::Json
        } else {
            self.format
        };
        let text = match format {
            ReportFormat::Table => {
                let style = if self.to.is_some() {
                    Style::plain()
                } else {
                    Style::new(globals.color)
                };
                let mut text = String::new();
                for line in &output.heading.sentences {
                    text.push_str(&crate::text::wrap(&escape(line), "", "  ").join("\n"));
                    text.push('\n');
                }
                text + "\n" + &display::table(output.view, style)
            }
            ReportFormat::Json => json_document(&output.json)?,
            ReportFormat::Csv => csv::render(output.view),
            ReportFormat::Html => html::render(output.view, &output.heading),
        };
        let Some(to) = &self.to else {
            return print(&text);
        };
        // Replaced atomically: if the disk is full, the old content stays.
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
                    "Name a file in an existing folder that this user may write to",
                )
            })?;
        Ok(())
    }
}
